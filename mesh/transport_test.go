package mesh

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/selvedge-db/selvedge/internal/env"
)

func numbered(class Class, n, size int) Frame {
	b := bytes.Repeat([]byte{byte(n)}, max(size, 8))
	binary.BigEndian.PutUint64(b, uint64(n))
	return Frame{Fabric: "fabric", Class: class, Payload: b}
}

// checkNumbered wants the frames of a class to be 0 to n-1 in order.
func checkNumbered(t *testing.T, frames []Frame, class Class, n int) {
	t.Helper()
	next := 0
	for _, f := range frames {
		if f.Class != class {
			continue
		}
		if want := numbered(class, next, len(f.Payload)); !bytes.Equal(f.Payload, want.Payload) || f.Fabric != "fabric" {
			t.Fatalf("frame %d of class %d is not what was sent", next, class)
		}
		next++
	}
	if next != n {
		t.Fatalf("%d frames of class %d, want %d", next, class, n)
	}
}

func TestFramesArriveInOrder(t *testing.T) {
	t.Parallel()
	names := []string{"fra", "syd", "tok"}
	p := newPlanet(t, NewLinks(), names...)
	const n = 300
	for _, a := range names {
		for _, b := range names {
			if a != b {
				p.awaitUp(a, b)
			}
		}
	}
	for i := range n {
		for _, a := range names {
			for _, b := range names {
				if a != b {
					p.send(a, b, numbered(Entries, i, 1+i*61%9000))
					p.send(a, b, numbered(Control, i, 20))
				}
			}
		}
	}
	for _, a := range names {
		for _, b := range names {
			if a == b {
				continue
			}
			r := p.record[b]
			r.await(fmt.Sprintf("frames from %s at %s", a, b), func() bool { return len(r.frames[a]) >= 2*n })
			checkNumbered(t, r.framesFrom(a), Entries, n)
			checkNumbered(t, r.framesFrom(a), Control, n)
			if info := r.infoOf(a); info.Start != p.nodes[a].Start() || info.Version != ProtocolVersion || info.Dialled != (b < a) {
				t.Errorf("%s knows of %s: %+v", b, a, info)
			}
		}
	}
	for _, s := range p.nodes["fra"].Peers() {
		if s.State != "up" || s.SentFrames < 2*n || s.SentBytes == 0 || s.LastFailure != "" {
			t.Errorf("status %+v", s)
		}
	}
}

func TestLargeFrames(t *testing.T) {
	t.Parallel()
	p := newPlanet(t, NewLinks(), "a", "b")
	p.awaitUp("a", "b")
	sizes := []int{0, 1, maxPart - 1, maxPart, maxPart + 1, 20 << 20}
	for i, n := range sizes {
		p.send("a", "b", Frame{Fabric: fmt.Sprint(i), Class: Entries, Payload: noise(n)})
		r := p.record["b"]
		r.await("a large frame", func() bool { return len(r.frames["a"]) > i })
		if f := r.framesFrom("a")[i]; f.Fabric != fmt.Sprint(i) || !bytes.Equal(f.Payload, noise(n)) {
			t.Errorf("%d bytes came as %d for fabric %q", n, len(f.Payload), f.Fabric)
		}
	}
}

func TestSendRefuses(t *testing.T) {
	t.Parallel()
	tr := newTransport(t, Config{Name: "a", Handler: newRecorder(t)})
	if err := tr.Send("b", Frame{}); !errors.Is(err, ErrNotConnected) {
		t.Errorf("to a stranger: %v", err)
	}
	if err := tr.Send("b", Frame{Class: 2}); err == nil {
		t.Error("a class that does not exist was taken")
	}
	if err := tr.Send("b", Frame{Fabric: string(make([]byte, maxFabric+1))}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("with a long fabric id: %v", err)
	}
	if err := tr.SetPeers([]Peer{{"b", "nowhere"}}); err == nil {
		t.Error("an address without a port was taken")
	}
	if err := tr.SetPeers([]Peer{{"b/c", "127.0.0.1:1"}}); err == nil {
		t.Error("a name with a slash was taken")
	}
	closeTransport(t, tr)
	if err := tr.Send("b", Frame{}); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if err := tr.SetPeers(nil); !errors.Is(err, ErrClosed) {
		t.Errorf("SetPeers after Close: %v", err)
	}
	if _, err := tr.Listen("127.0.0.1:0"); err == nil {
		t.Error("Listen after Close")
	}
}

func TestDelayAsSet(t *testing.T) {
	t.Parallel()
	const there, back = 60 * time.Millisecond, 20 * time.Millisecond
	links := NewLinks()
	_ = links.Set("a", "b", LinkSettings{OneWay: there, Jitter: time.Millisecond})
	_ = links.Set("b", "a", LinkSettings{OneWay: back})
	p := newPlanet(t, links, "a", "b")
	p.awaitUp("a", "b")
	clock := env.RealClock()
	began := clock.Monotonic()
	for i := range 50 {
		p.send("a", "b", numbered(Control, i, 10))
	}
	r := p.record["b"]
	r.await("delayed frames", func() bool { return len(r.frames["a"]) == 50 })
	if took := clock.Monotonic() - began; took < there {
		t.Errorf("frames came after %v, the link takes %v", took, there)
	}
	checkNumbered(t, r.framesFrom("a"), Control, 50)
	began = clock.Monotonic()
	p.send("b", "a", numbered(Entries, 0, 10))
	q := p.record["a"]
	q.await("the answer", func() bool { return len(q.frames["b"]) == 1 })
	if took := clock.Monotonic() - began; took < back {
		t.Errorf("the way back took %v, want at least %v", took, back)
	}
	// The first ping of a stream is answered before frames that were sent after it.
	for _, l := range []Link{links.Link("a", "b")} {
		if l.RoundTrip < there {
			t.Errorf("%s to %s: measured %v", l.From, l.To, l.RoundTrip)
		}
	}
}

func TestCutAndHeal(t *testing.T) {
	t.Parallel()
	for _, oneWay := range []bool{false, true} {
		t.Run(fmt.Sprintf("oneWay=%v", oneWay), func(t *testing.T) {
			t.Parallel()
			links := NewLinks()
			p := newPlanet(t, links, "fra", "syd", "tok")
			p.awaitUp("fra", "syd")
			p.awaitUp("fra", "tok")
			p.awaitUp("syd", "tok")
			// On its way for a minute: the cut must swallow it.
			_ = links.Set("fra", "syd", LinkSettings{OneWay: time.Minute})
			p.send("fra", "syd", numbered(Entries, 99, 10))
			if err := links.Cut("fra", "syd", oneWay); err != nil {
				t.Fatal(err)
			}
			p.awaitDown("fra", "syd")
			for _, name := range []string{"fra", "syd"} {
				for _, s := range p.nodes[name].Peers() {
					if want := map[bool]string{true: "up", false: "cut"}[s.Name == "tok"]; s.State != want {
						t.Errorf("%s sees %s as %s, want %s", name, s.Name, s.State, want)
					}
				}
			}
			if err := p.nodes["syd"].Send("fra", Frame{}); !errors.Is(err, ErrNotConnected) {
				t.Errorf("over a cut link: %v", err)
			}
			p.send("fra", "tok", numbered(Entries, 0, 10))
			tok := p.record["tok"]
			tok.await("a frame on the healthy link", func() bool { return len(tok.frames["fra"]) == 1 })
			_ = links.Set("fra", "syd", LinkSettings{})
			if !oneWay {
				_ = links.Heal("syd", "fra", true)
			}
			p.awaitUp("fra", "syd")
			p.send("fra", "syd", numbered(Entries, 0, 10))
			syd := p.record["syd"]
			syd.await("a frame after the heal", func() bool { return len(syd.frames["fra"]) == 1 })
			checkNumbered(t, syd.framesFrom("fra"), Entries, 1)
			if len(syd.downsOf("fra")) != 1 || !errors.Is(syd.downsOf("fra")[0], ErrCut) {
				t.Errorf("reasons at syd: %v", syd.downsOf("fra"))
			}
		})
	}
}

func TestRapidCutsLeaveNothing(t *testing.T) {
	t.Parallel()
	links := NewLinks()
	p := newPlanet(t, links, "a", "b")
	for i := range 200 {
		p.awaitUp("a", "b")
		_ = p.nodes["a"].Send("b", numbered(Entries, i, 5000)) // may find the stream gone already
		_ = links.Cut("a", "b", i%3 == 0)
		if i%2 == 0 {
			p.awaitDown("a", "b")
		}
		links.HealAll()
	}
	// The last streams may still be replacing each other; then one must stay.
	a := p.record["a"]
	for arrived := false; !arrived; {
		p.awaitUp("a", "b")
		if p.nodes["b"].Send("a", numbered(Entries, 0, 8)) != nil {
			continue
		}
		downs := len(a.downsOf("b"))
		a.await("a frame after it all", func() bool {
			arrived = len(a.frames["b"]) > 0
			return arrived || len(a.downs["b"]) > downs
		})
	}
	// TestMain sees to it that no goroutine is left after Close.
}

func TestSlowReceiverHoldsUpItselfOnly(t *testing.T) {
	t.Parallel()
	p := newPlanet(t, NewLinks(), "fra", "syd")
	slow := newRecorder(t)
	slow.block = make(chan struct{})
	tr := newTransport(t, Config{Name: "tok", Handler: slow, Links: p.links})
	peers := append(p.peers, Peer{"tok", listen(t, tr)})
	if err := p.nodes["fra"].SetPeers(peers); err != nil {
		t.Fatal(err)
	}
	p.nodes["tok"], p.record["tok"] = tr, slow
	p.awaitUp("fra", "tok")
	p.awaitUp("fra", "syd")
	sent := 0
	for ; ; sent++ {
		err := p.nodes["fra"].Send("tok", Frame{"f", Entries, noise(1 << 20)})
		if errors.Is(err, ErrOverflow) {
			break
		}
		if err != nil || sent > 100 {
			t.Fatalf("frame %d: %v", sent, err)
		}
	}
	for i := range 100 {
		p.send("fra", "syd", numbered(Entries, i, 10_000))
	}
	syd := p.record["syd"]
	syd.await("frames at the fast one", func() bool { return len(syd.frames["fra"]) == 100 })
	checkNumbered(t, syd.framesFrom("fra"), Entries, 100)
	if got := p.nodes["fra"].Peers()[1]; got.Name != "tok" || got.Overflows != 1 || got.Queued[Entries] == 0 {
		t.Errorf("status of the slow one: %+v", got)
	}
	close(slow.block)
	slow.await("all frames at the slow one", func() bool { return len(slow.frames["fra"]) == sent })
}

// The higher name reaches a lower one that cannot reach it.
func TestHigherNameDialsWhenItMust(t *testing.T) {
	t.Parallel()
	ra, rb := newRecorder(t), newRecorder(t)
	a := newTransport(t, Config{Name: "a", Handler: ra})
	b := newTransport(t, Config{Name: "b", Handler: rb})
	if err := b.SetPeers([]Peer{{"a", listen(t, a)}}); err != nil {
		t.Fatal(err)
	}
	ra.await("the stream at a", func() bool { return ra.up["b"] == 1 })
	rb.await("the stream at b", func() bool { return rb.up["a"] == 1 })
	if !rb.infoOf("a").Dialled || ra.infoOf("b").Dialled {
		t.Error("b must have dialled")
	}
}

func TestRestartedPeerTakesOver(t *testing.T) {
	t.Parallel()
	ra := newRecorder(t)
	a := newTransport(t, Config{Name: "z", Handler: ra})
	address := listen(t, a)
	var starts []uint64
	for range 3 {
		// The one before is still there, as after a move whose old end has not noticed.
		b := newTransport(t, Config{Name: "b", Handler: newRecorder(t), Ping: time.Hour})
		starts = append(starts, b.Start())
		// Dialled by hand, so that the two do not fight for the stream.
		go func() { _ = b.dial(b.ctx, "z", address) }()
		ra.await("the newest start", func() bool { return ra.up["b"] == 1 && ra.infos["b"].Start == b.Start() })
	}
	if len(ra.downsOf("b")) != 2 || !errors.Is(ra.downsOf("b")[0], ErrReplaced) || starts[0] == starts[1] {
		t.Errorf("downs %v, starts %v", ra.downsOf("b"), starts)
	}
}

func TestSilentPeerTimesOut(t *testing.T) {
	t.Parallel()
	ra := newRecorder(t)
	a := newTransport(t, Config{Name: "z", Handler: ra, Ping: 5 * time.Millisecond, Timeout: 20 * time.Millisecond})
	// b dials and then never pings.
	b := newTransport(t, Config{Name: "b", Handler: newRecorder(t), Ping: time.Hour})
	if err := b.SetPeers([]Peer{{"z", listen(t, a)}}); err != nil {
		t.Fatal(err)
	}
	ra.await("a timeout", func() bool { return len(ra.downs["b"]) > 0 })
	if !errors.Is(ra.downsOf("b")[0], ErrTimeout) {
		t.Errorf("broke because of %v", ra.downsOf("b")[0])
	}
}

func TestSetPeersRemoves(t *testing.T) {
	t.Parallel()
	p := newPlanet(t, NewLinks(), "a", "b")
	p.awaitUp("a", "b")
	for _, name := range []string{"a", "b"} {
		if err := p.nodes[name].SetPeers(nil); err != nil {
			t.Fatal(err)
		}
	}
	p.awaitDown("a", "b")
	if got := p.nodes["a"].Peers(); len(got) != 0 {
		t.Errorf("peers left: %v", got)
	}
}

func TestAdmitRefuses(t *testing.T) {
	t.Parallel()
	rz := newRecorder(t)
	z := newTransport(t, Config{Name: "z", Handler: rz, Admit: func(p PeerInfo) error {
		if p.Dialled || p.Start == 0 || p.Address == "" {
			t.Errorf("asked about %+v", p)
		}
		return fmt.Errorf("%s was evicted", p.Name)
	}})
	b := newTransport(t, Config{Name: "b", Handler: newRecorder(t)})
	if err := b.dial(b.ctx, "z", listen(t, z)); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "b was evicted") {
		t.Errorf("dialling: %v", err)
	}
	closeTransport(t, z)
	if rz.strangers() != 0 {
		t.Errorf("a stream came up: %v", rz.strangers())
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	authority, err := testAuthority()
	if err != nil {
		t.Fatal(err)
	}
	id, err := authority.Identity("a")
	if err != nil {
		t.Fatal(err)
	}
	bad := []Config{
		{},
		{Name: "a", Identity: id, Env: env.Real()},
		{Name: "a", Identity: id, Handler: newRecorder(t)},
		{Name: "a", Env: env.Real(), Handler: newRecorder(t)},
		{Name: "a:1", Identity: id, Env: env.Real(), Handler: newRecorder(t)},
		{Name: "a", Identity: id, Env: env.Real(), Handler: newRecorder(t), Ping: -1},
	}
	for i, cfg := range bad {
		if _, err := New(cfg); err == nil {
			t.Errorf("configuration %d was taken", i)
		}
	}
}
