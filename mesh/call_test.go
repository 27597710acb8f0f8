package mesh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/selvedge-db/selvedge/internal/env"
)

func TestCall(t *testing.T) {
	t.Parallel()
	p := newPlanet(t, NewLinks(), "fra", "syd")
	for _, to := range []string{"syd", p.address("syd")} {
		got, err := p.nodes["fra"].Call(t.Context(), to, "join", []byte("body"))
		if err != nil || string(got) != "syd heard join from fra: body" {
			t.Errorf("to %s: %q, %v", to, got, err)
		}
	}
	// A location without peers asks one by address, as a newcomer does.
	newcomer := newTransport(t, Config{Name: "new", Handler: newRecorder(t)})
	if got, err := newcomer.Call(t.Context(), p.address("fra"), "join", nil); err != nil || !strings.Contains(string(got), "from new") {
		t.Errorf("newcomer: %q, %v", got, err)
	}
	var refused *CallError
	if _, err := newcomer.Call(t.Context(), p.address("fra"), "refuse", nil); !errors.As(err, &refused) || *refused != (CallError{"evicted", "gone"}) {
		t.Errorf("refusal: %v", err)
	}
	if _, err := newcomer.Call(t.Context(), p.address("fra"), "fail", nil); !errors.As(err, &refused) || *refused != (CallError{"failed", "disk full"}) {
		t.Errorf("failure: %v", err)
	}
	if _, err := newcomer.Call(t.Context(), "nobody", "join", nil); err == nil || !strings.Contains(err.Error(), "neither a peer nor an address") {
		t.Errorf("to nobody: %v", err)
	}
	if _, err := p.nodes["fra"].Call(t.Context(), "syd", strings.Repeat("m", maxMethod+1), nil); !errors.Is(err, ErrTooLarge) {
		t.Errorf("long method: %v", err)
	}
	mute := newTransport(t, Config{Name: "mute", Handler: newRecorder(t)})
	if _, err := newcomer.Call(t.Context(), listen(t, mute), "join", nil); !errors.As(err, &refused) || refused.Code != "unknown" {
		t.Errorf("to one that answers no calls: %v", err)
	}
	closeTransport(t, newcomer)
	if _, err := newcomer.Call(t.Context(), p.address("fra"), "join", nil); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestCallLargeBody(t *testing.T) {
	t.Parallel()
	a := newTransport(t, Config{Name: "a", Handler: newRecorder(t)})
	b := newTransport(t, Config{Name: "b", Handler: newRecorder(t), OnCall: echo})
	body := noise(10 << 20)
	if got, err := a.Call(t.Context(), listen(t, b), "echo", body); err != nil || !bytes.Equal(got, body) {
		t.Errorf("%d bytes back, %v", len(got), err)
	}
}

func TestCallOverEmulatedLink(t *testing.T) {
	t.Parallel()
	links := NewLinks()
	_ = links.Set("a", "b", LinkSettings{OneWay: 30 * time.Millisecond})
	_ = links.Set("b", "a", LinkSettings{OneWay: 20 * time.Millisecond})
	p := newPlanet(t, links, "a", "b")
	clock := env.RealClock()
	began := clock.Monotonic()
	if _, err := p.nodes["a"].Call(t.Context(), "b", "x", nil); err != nil {
		t.Fatal(err)
	}
	if took := clock.Monotonic() - began; took < 50*time.Millisecond {
		t.Errorf("there and back in %v", took)
	}
	_ = links.Cut("b", "a", true)
	for _, to := range []string{"b", p.address("b")} {
		if _, err := p.nodes["a"].Call(t.Context(), to, "x", nil); !errors.Is(err, ErrCut) {
			t.Errorf("over a cut link to %s: %v", to, err)
		}
	}
}

// Deadlines and Close end calls whose handler does not.
func TestCallEnds(t *testing.T) {
	t.Parallel()
	entered := make(chan struct{}, 2)
	stuck := func(ctx context.Context, _, _ string, _ []byte) ([]byte, error) {
		entered <- struct{}{}
		<-ctx.Done()
		return nil, fmt.Errorf("given up: %w", ctx.Err())
	}
	a := newTransport(t, Config{Name: "a", Handler: newRecorder(t)})
	b := newTransport(t, Config{Name: "b", Handler: newRecorder(t), OnCall: stuck})
	address := listen(t, b)
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	if _, err := a.Call(ctx, address, "x", nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with a deadline: %v", err)
	}
	result := make(chan error, 1)
	go func() {
		_, err := a.Call(context.Background(), address, "x", nil)
		result <- err
	}()
	for len(result) == 0 {
		select {
		case <-entered:
			closeTransport(t, a)
			continue
		case err := <-result:
			if !errors.Is(err, ErrClosed) {
				t.Errorf("the caller was closed: %v", err)
			}
		}
		break
	}
}
