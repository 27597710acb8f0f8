package mesh

import (
	"fmt"

	"google.golang.org/grpc"
)

// accept serves a stream that another location opened. A gRPC stream ends for this end when its handler returns, so the
// session runs beside it and asks it to by failing.
func (t *Transport) accept(stream grpc.ServerStream) error {
	h, err := t.firstHello(stream)
	if err != nil {
		return refusal(err)
	}
	info, err := t.checkHello(stream.Context(), h)
	if err != nil {
		return refusal(err)
	}
	if !t.links.passable(t.cfg.Name, info.Name) {
		return refusal(ErrCut)
	}
	if t.cfg.Admit != nil {
		if err := t.cfg.Admit(info); err != nil {
			return refusal(err)
		}
	}
	s := t.newSession(info, stream, func() {})
	if err := t.admit(s); err != nil {
		return refusal(err)
	}
	if err := stream.SendMsg(&outgoing{head: t.hello().encode()}); err != nil {
		s.fail(explain(err))
	}
	// Close waits for the handlers first and for the group after that, so adding to the group here is in time.
	t.wg.Go(s.run)
	<-s.failed
	return refusal(fmt.Errorf("%w: %w", errEnded, s.reason))
}

func (t *Transport) firstHello(stream grpc.ServerStream) (hello, error) {
	type result struct {
		h   hello
		err error
	}
	first := make(chan result, 1)
	// Ends when the handler returns, if the other end stays silent.
	t.wg.Go(func() {
		var m incoming
		if err := stream.RecvMsg(&m); err != nil {
			first <- result{err: explain(err)}
			return
		}
		h, err := decodeHello(m.bytes())
		m.release()
		first <- result{h, err}
	})
	timer := t.cfg.Env.Clock.Timer(connectTimeout + MaxOneWay)
	defer timer.Stop()
	select {
	case r := <-first:
		return r.h, r.err
	case <-timer.C():
		return hello{}, fmt.Errorf("%w: no greeting", ErrTimeout)
	case <-t.ctx.Done():
		return hello{}, ErrClosed
	}
}
