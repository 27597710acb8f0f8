package mesh

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/selvedge-db/selvedge/internal/env"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds waits for what must happen; a passing test never spends it.
const patience = 30 * time.Second

const testKey = "a key for the tests of the mesh"

// testAuthority is derived once: stretching takes a while.
var testAuthority = sync.OnceValues(func() (*KeyAuthority, error) { return NewKeyAuthority(testKey) })

// recorder is a Handler that checks the order of callbacks and keeps what came.
type recorder struct {
	t     *testing.T
	block chan struct{} // when not nil, OnFrame waits until it is closed

	mu      sync.Mutex
	changed chan struct{}
	up      map[string]int // streams up, per peer: 0 or 1
	busy    map[string]bool
	infos   map[string]PeerInfo
	frames  map[string][]Frame
	downs   map[string][]error
}

func newRecorder(t *testing.T) *recorder {
	return &recorder{
		t: t, changed: make(chan struct{}),
		up: map[string]int{}, busy: map[string]bool{}, infos: map[string]PeerInfo{},
		frames: map[string][]Frame{}, downs: map[string][]error{},
	}
}

// enter and leave hold a callback to "one at a time per peer".
func (r *recorder) enter(peer string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.busy[peer] {
		r.t.Errorf("two callbacks at once for %s", peer)
	}
	r.busy[peer] = true
}

func (r *recorder) leave(peer string, change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.busy[peer] = false
	change()
	close(r.changed)
	r.changed = make(chan struct{})
}

func (r *recorder) OnUp(p PeerInfo) {
	r.enter(p.Name)
	r.leave(p.Name, func() {
		if r.up[p.Name]++; r.up[p.Name] != 1 {
			r.t.Errorf("%d streams to %s", r.up[p.Name], p.Name)
		}
		r.infos[p.Name] = p
	})
}

func (r *recorder) OnFrame(peer string, f Frame) {
	r.enter(peer)
	if r.block != nil {
		<-r.block
	}
	r.leave(peer, func() {
		if r.up[peer] != 1 {
			r.t.Errorf("a frame from %s outside of a stream", peer)
		}
		r.frames[peer] = append(r.frames[peer], f)
	})
}

func (r *recorder) OnDown(peer string, err error) {
	r.enter(peer)
	r.leave(peer, func() {
		if r.up[peer]--; r.up[peer] != 0 || err == nil {
			r.t.Errorf("down of %s: %d streams left, %v", peer, r.up[peer], err)
		}
		r.downs[peer] = append(r.downs[peer], err)
	})
}

// await waits until something holds, looking again after each callback.
func (r *recorder) await(what string, holds func() bool) {
	r.t.Helper()
	timer := env.RealClock().Timer(patience)
	defer timer.Stop()
	for {
		r.mu.Lock()
		ok, changed := holds(), r.changed
		r.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-timer.C():
			r.t.Fatalf("gave up waiting for %s", what)
		}
	}
}

// framesFrom, infoOf, downsOf and strangers give copies; the recorder goes on recording.
func (r *recorder) framesFrom(peer string) []Frame {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.frames[peer])
}

func (r *recorder) infoOf(peer string) PeerInfo {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.infos[peer]
}

func (r *recorder) downsOf(peer string) []error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.downs[peer])
}

func (r *recorder) strangers() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.infos)
}

// planet is a number of transports on loopback that share their links, as in a development planet.
type planet struct {
	t      *testing.T
	links  *Links
	peers  []Peer
	nodes  map[string]*Transport
	record map[string]*recorder
}

// newTransport makes one that is closed with the test.
func newTransport(t *testing.T, cfg Config) *Transport {
	t.Helper()
	if cfg.Identity == nil {
		authority, err := testAuthority()
		if err != nil {
			t.Fatal(err)
		}
		if cfg.Identity, err = authority.Identity(cfg.Name); err != nil {
			t.Fatal(err)
		}
	}
	cfg.Env = env.Real()
	tr, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeTransport(t, tr) })
	return tr
}

func closeTransport(t *testing.T, tr *Transport) {
	ctx, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	if err := tr.Close(ctx); err != nil {
		t.Errorf("closing %s: %v", tr.Name(), err)
	}
}

func listen(t *testing.T, tr *Transport) string {
	t.Helper()
	addr, err := tr.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return addr.String()
}

func newPlanet(t *testing.T, links *Links, names ...string) *planet {
	t.Helper()
	p := &planet{t: t, links: links, nodes: map[string]*Transport{}, record: map[string]*recorder{}}
	for _, name := range names {
		p.record[name] = newRecorder(t)
		onCall := func(_ context.Context, from, method string, body []byte) ([]byte, error) {
			switch method {
			case "refuse":
				return nil, fmt.Errorf("no: %w", &CallError{"evicted", "gone"})
			case "fail":
				return nil, fmt.Errorf("disk full")
			}
			return fmt.Appendf(nil, "%s heard %s from %s: %s", name, method, from, body), nil
		}
		p.nodes[name] = newTransport(t, Config{Name: name, Handler: p.record[name], Links: links, OnCall: onCall})
		p.peers = append(p.peers, Peer{name, listen(t, p.nodes[name])})
	}
	for _, tr := range p.nodes {
		if err := tr.SetPeers(p.peers); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func (p *planet) address(name string) string {
	for _, peer := range p.peers {
		if peer.Name == name {
			return peer.Address
		}
	}
	p.t.Fatalf("no location %s", name)
	return ""
}

// awaitUp waits for the stream between two locations at both ends.
func (p *planet) awaitUp(a, b string) { p.awaitBoth(a, b, (*Transport).WaitUp) }

func (p *planet) awaitDown(a, b string) { p.awaitBoth(a, b, (*Transport).WaitDown) }

func (p *planet) awaitBoth(a, b string, wait func(*Transport, context.Context, string) error) {
	p.t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	for _, pair := range [][2]string{{a, b}, {b, a}} {
		if err := wait(p.nodes[pair[0]], ctx, pair[1]); err != nil {
			p.t.Fatalf("%s waiting for %s: %v; peers %+v", pair[0], pair[1], err, p.nodes[pair[0]].Peers())
		}
	}
}

func (p *planet) send(from, to string, f Frame) {
	p.t.Helper()
	if err := p.nodes[from].Send(to, f); err != nil {
		p.t.Fatalf("sending from %s to %s: %v", from, to, err)
	}
}
