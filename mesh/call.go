package mesh

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/selvedge-db/selvedge/internal/env"
)

// A call is one gRPC request and reply:
//
//	request | version | length | name of the caller | length | method | body |
//	reply   | 0 | body |    or    | 1 | length | code | length | message |
const (
	replyBody  byte = 0
	replyError byte = 1

	defaultCallTimeout = 30 * time.Second
	maxCallMessage     = 16 << 10
)

// Call asks a location one thing and waits for the answer. to is the name of a peer or an address (host:port), which need
// not be that of a peer. Without a deadline in ctx it waits 30 s. A call may have been carried out though it failed, and is
// never repeated by itself. A refusal by the handler is a *CallError.
func (t *Transport) Call(ctx context.Context, to, method string, body []byte) ([]byte, error) {
	name, address, err := t.resolve(to)
	if err != nil {
		return nil, err
	}
	if len(method) > maxMethod || len(body) > MaxCall {
		return nil, fmt.Errorf("%w: a call of %d bytes (at most %d), method of %d (at most %d)", ErrTooLarge, len(body), MaxCall, len(method), maxMethod)
	}
	if _, ok := ctx.Deadline(); !ok {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, defaultCallTimeout)
		defer stop()
	}
	ctx, stop := t.whileOpen(ctx)
	defer stop()
	reply, err := t.callOnce(ctx, name, address, method, body)
	if err != nil {
		if t.ctx.Err() != nil {
			err = ErrClosed
		}
		var refused *CallError
		if errors.As(err, &refused) {
			return nil, err
		}
		return nil, fmt.Errorf("mesh: calling %s at %s: %w", method, to, err)
	}
	return reply, nil
}

// whileOpen ends the context with the transport.
func (t *Transport) whileOpen(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	unhook := context.AfterFunc(t.ctx, cancel)
	return ctx, func() {
		unhook()
		cancel()
	}
}

// resolve finds the address of a peer, and the peer at an address (for its link; empty when it is none).
func (t *Transport) resolve(to string) (name, address string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.closed:
		return "", "", ErrClosed
	case !strings.Contains(to, ":"):
		d := t.peers[to]
		if d == nil {
			return "", "", fmt.Errorf("mesh: calling %q: neither a peer nor an address (host:port)", to)
		}
		return to, d.currentAddress(), nil
	}
	for name, d := range t.peers {
		if d.currentAddress() == to {
			return name, to, nil
		}
	}
	return "", to, nil
}

func (t *Transport) callOnce(ctx context.Context, name, address, method string, body []byte) ([]byte, error) {
	if err := t.travel(ctx, t.cfg.Name, name); err != nil {
		return nil, err
	}
	conn, err := t.connect(address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	head := binary.AppendUvarint(nil, ProtocolVersion)
	head = appendString(appendString(head, t.cfg.Name), method)
	var reply incoming
	if err := conn.Invoke(ctx, callMethod, &outgoing{head, body}, &reply); err != nil {
		return nil, explain(err)
	}
	defer reply.release()
	answer, callErr := decodeReply(reply.bytes())
	if err := t.travel(ctx, name, t.cfg.Name); err != nil {
		return nil, err
	}
	return answer, callErr
}

// travel is the emulated way of a call in one direction.
func (t *Transport) travel(ctx context.Context, from, to string) error {
	if from == "" || to == "" {
		return nil
	}
	if delay := t.links.Get(from, to).OneWay; delay > 0 {
		if err := env.Sleep(ctx, t.cfg.Env.Clock, delay); err != nil {
			return err
		}
	}
	if !t.links.passable(from, to) {
		return fmt.Errorf("%w between %s and %s", ErrCut, from, to)
	}
	return nil
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// decodeReply copies what it gives.
func decodeReply(b []byte) ([]byte, error) {
	if len(b) == 0 || b[0] > replyError {
		return nil, malformed("reply of a call")
	}
	if b[0] == replyBody {
		return append([]byte{}, b[1:]...), nil
	}
	code, b, ok := cutString(b[1:], maxMethod)
	if !ok {
		return nil, malformed("code in the refusal of a call")
	}
	text, _, ok := cutString(b, maxCallMessage)
	if !ok {
		return nil, malformed("message in the refusal of a call")
	}
	return nil, &CallError{code, text}
}

func encodeRefusal(err error) []byte {
	refused := &CallError{Code: "failed", Message: err.Error()}
	var given *CallError
	if errors.As(err, &given) {
		refused = given
	}
	code, text := refused.Code, refused.Message
	b := appendString([]byte{replyError}, code[:min(len(code), maxMethod)])
	return appendString(b, text[:min(len(text), maxCallMessage)])
}

// decodeRequest keeps the body in the given bytes.
func decodeRequest(b []byte) (from, method string, body []byte, err error) {
	version, b, ok := cutUvarint(b)
	if !ok || version != ProtocolVersion {
		return "", "", nil, fmt.Errorf("%w: a call of mesh protocol %d, this location speaks %d", ErrRefused, version, ProtocolVersion)
	}
	if from, b, ok = cutString(b, maxName); !ok {
		return "", "", nil, malformed("name in a call")
	}
	if err := checkName(from); err != nil {
		return "", "", nil, err
	}
	if method, b, ok = cutString(b, maxMethod); !ok {
		return "", "", nil, malformed("method of a call")
	}
	return from, method, b, nil
}

// answer serves one call.
func (t *Transport) answer(ctx context.Context, request *incoming) (*outgoing, error) {
	from, method, body, err := decodeRequest(request.bytes())
	if err != nil {
		return nil, refusal(err)
	}
	_, leaf, err := remote(ctx)
	if err != nil {
		return nil, refusal(err)
	}
	if !certifies(leaf, from) {
		return nil, refusal(fmt.Errorf("%w: a call from %q with the certificate of %q", ErrRefused, from, leaf.Subject.CommonName))
	}
	if from != t.cfg.Name && !t.links.passable(t.cfg.Name, from) {
		return nil, refusal(ErrCut)
	}
	if t.cfg.OnCall == nil {
		return &outgoing{head: encodeRefusal(&CallError{"unknown", "this location answers no calls"})}, nil
	}
	// The handler may keep the body; the buffer goes back to gRPC.
	reply, err := t.cfg.OnCall(ctx, from, method, append([]byte{}, body...))
	if err != nil {
		return &outgoing{head: encodeRefusal(err)}, nil
	}
	if len(reply) > MaxCall {
		return &outgoing{head: encodeRefusal(fmt.Errorf("%w: a reply of %d bytes", ErrTooLarge, len(reply)))}, nil
	}
	return &outgoing{[]byte{replyBody}, reply}, nil
}
