package node

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/internal/env"
	"github.com/selvedge-db/selvedge/mesh"
	"github.com/selvedge-db/selvedge/replication"
)

// named is what never changes of a fabric's registration, for all to read.
type named struct {
	ID, Tenant, Name string
	Number           uint32 // in store keys
}

// hosted is one fabric that lives here: the fabric and what replicates it.
type hosted struct {
	node        *Node
	reg         named
	registered  atomic.Pointer[registration] // as the registry has it
	fabric      *fabric.Fabric
	driven      atomic.Pointer[replication.Runner]
	mu          sync.Mutex
	known       map[string]bool // locations that take part, beyond the members that the log tells
	told        map[string]bool // peers that the runner knows to be up
	joins       sync.Mutex      // one join at a time, at the anchor
	nonces      map[string]string
	ready       chan struct{} // closed when the fabric can serve
	once        sync.Once
	creating    atomic.Bool   // made here, not listed in the directory yet
	rejectedFor atomic.Uint32 // replication.Reason, when this incarnation must not go on
	leaving     atomic.Bool   // in order, when others have all
	witnessed   witnessed
	watched     watched
	reported    reported
	deaf        atomic.Bool // what peers say of this fabric is lost, in tests
}

// host opens a registered fabric and starts to replicate it. joining says that its data is yet to come. first, when
// given, runs before others can hear of the fabric.
func (n *Node) host(reg registration, joining bool, known []string, first ...func(*hosted) error) (*hosted, error) {
	h := &hosted{node: n, reg: named{reg.ID, reg.Tenant, reg.Name, reg.Number}, known: map[string]bool{}, told: map[string]bool{}, nonces: map[string]string{}, ready: make(chan struct{})}
	h.registered.Store(&reg)
	for _, name := range known {
		h.known[name] = true
	}
	limits := fabric.DefaultLimits()
	limits.DocumentBytes = int(n.cfg.Limits.Document)
	limits.TruncateBytes = int(n.cfg.Limits.Truncate)
	limits.History = fabric.HistoryLimits{AgeMs: n.cfg.Limits.HistoryAge.Milliseconds(), Bytes: n.cfg.Limits.HistorySize}
	var err error
	h.fabric, err = fabric.Open(fabric.Config{Name: reg.Name, DB: n.db, Env: n.fabricEnv(), Trust: n.guard.trust, System: n.systemFor(reg.ID), QueueLimit: int(n.cfg.Limits.Queue),
		Options:   fabric.Options{Number: reg.Number, Limits: limits},
		OnDurable: h.durable, OnFailure: n.storeFailed})
	if err != nil {
		return nil, fmt.Errorf("fabric %s: %w", reg.ID, err)
	}
	for _, do := range first {
		if err := do(h); err != nil {
			return nil, errors.Join(err, h.fabric.Close())
		}
	}
	if joining {
		h.fabric.RefuseWrites("joining", "the fabric is being copied to this location")
	} else {
		h.serve()
	}
	n.guard.apply(h.fabric)
	h.drive()
	n.mu.Lock()
	n.hosted[reg.ID] = h
	n.byName[fabricName{reg.Tenant, reg.Name}] = h
	n.mu.Unlock()
	h.introduce()
	return h, nil
}

// fabricEnv is the machine as fabrics see it: with the clock as far as it is trusted.
func (n *Node) fabricEnv() env.Env {
	e := n.env
	e.Clock = &n.guard.trusted
	return e
}

// drive starts to replicate the fabric under the identity that is registered.
func (h *hosted) drive() {
	n, reg := h.node, h.registered.Load()
	config := replication.RunnerConfig{
		Machine: replication.Config{Fabric: reg.ID, Location: n.cfg.Location.Name, Self: reg.Self, Start: n.transport.Start(),
			Join: reg.Join.stamp(), Feature: featureLevel, MaxAhead: n.cfg.Limits.ClockOffset.Milliseconds()},
		Fabric: h.fabric, Clock: &n.guard.trusted, Log: n.log, Send: n.transport.Send,
		OnRejected: h.rejected, OnClock: n.guard.heard, OnInstalled: h.installed, OnAlarm: h.alarmed, Lead: n.guard.lead}
	if system := n.systemFor(reg.ID); system != nil {
		h.witnessed = witnessed{system: system}
		config.System, config.Machine.GateSystem = h.witnessed.of, true
	}
	h.driven.Store(replication.Start(config))
}

// featureLevel is the level of operations that this program knows.
const featureLevel = 1

// serve marks the fabric as able to serve.
func (h *hosted) serve() { h.once.Do(func() { close(h.ready) }) }

// durable is called when something became durable in the fabric.
func (h *hosted) durable() {
	if r := h.runner(); r != nil {
		r.Durable()
	}
	if h.reg.ID != systemID {
		return
	}
	for _, other := range h.node.all() {
		if other != h {
			other.runner().Durable() // entries there may wait for this
		}
	}
}

// runner is what replicates the fabric, nil only while it is being opened.
func (h *hosted) runner() *replication.Runner { return h.driven.Load() }

// takesPart says whether a location has to do with the fabric.
func (h *hosted) takesPart(name string) bool {
	if h.known[name] {
		return true
	}
	for _, m := range h.fabric.Status().Members.Counted() {
		if m.Name == name {
			return true
		}
	}
	return false
}

// introduce tells the runner of peers that are up and take part.
func (h *hosted) introduce() {
	for _, p := range h.node.transport.Peers() {
		if p.State == "up" {
			h.up(p.Name, false)
		}
	}
}

// up tells the runner that a peer is up; certain when it has spoken of this fabric.
func (h *hosted) up(peer string, certain bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.told[peer] || !certain && !h.takesPart(peer) {
		return
	}
	h.told[peer] = true
	h.runner().PeerUp(peer)
}

func (h *hosted) down(peer string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.told[peer] {
		delete(h.told, peer)
		h.runner().PeerDown(peer)
	}
}

// rejected is called when this incarnation must not go on.
func (h *hosted) rejected(r replication.Rejected) {
	if h.leaving.Load() {
		h.node.log.Info("this location has left", "fabric", h.reg.ID)
	} else {
		h.node.log.Error("this incarnation must not go on", "fabric", h.reg.ID, "peer", r.Peer, "reason", r.Reason.String(), "text", r.Text)
		title, tenant := h.titled()
		h.node.note(api.EventError, "evict", tenant, "this incarnation must not go on in %s: %s", title, r.Text)
	}
	if h.rejectedFor.CompareAndSwap(0, uint32(r.Reason)) {
		h.node.replace(h, r)
	}
}

// close stops replicating and closes the fabric.
func (h *hosted) close() error {
	n := h.node
	n.mu.Lock()
	if n.hosted[h.reg.ID] == h {
		delete(n.hosted, h.reg.ID)
		delete(n.byName, fabricName{h.reg.Tenant, h.reg.Name})
	}
	n.mu.Unlock()
	h.runner().Close()
	return h.fabric.Close()
}

// awaitReady waits until the fabric can serve.
func (h *hosted) awaitReady(ctx context.Context) error {
	select {
	case <-h.ready:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("fabric %s is still being copied to this location: %w", h.reg.ID, ctx.Err())
	}
}

// OnUp, OnFrame and OnDown make the node the transport's handler.

// OnUp tells that a stream to a peer is up.
func (n *Node) OnUp(peer mesh.PeerInfo) {
	for _, h := range n.all() {
		h.up(peer.Name, false)
	}
	if n.shared.links == nil { // where links are emulated their changes are told
		n.note(api.EventInfo, "heal", "", "the stream to %s is up", peer.Name)
	}
}

// OnFrame takes a frame of a peer.
func (n *Node) OnFrame(peer string, frame mesh.Frame) {
	n.mu.Lock()
	h := n.hosted[frame.Fabric]
	n.mu.Unlock()
	if h == nil || h.deaf.Load() {
		return // the fabric is not here, or not here yet
	}
	h.up(peer, true)
	h.runner().Frame(peer, frame.Payload)
}

// OnDown tells that the stream to a peer is gone.
func (n *Node) OnDown(peer string, err error) {
	for _, h := range n.all() {
		h.down(peer)
	}
	if n.shared.links == nil && n.ctx.Err() == nil {
		n.note(api.EventWarn, "cut", "", "the stream to %s is gone: %v", peer, err)
	}
}

func (n *Node) all() []*hosted {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := make([]*hosted, 0, len(n.hosted))
	for _, h := range n.hosted {
		out = append(out, h)
	}
	return out
}

// installed is called when the fabric's data has come in whole.
func (h *hosted) installed() {
	reg := *h.registered.Load()
	reg.Joining = false
	if err := h.node.registry.set(reg); err != nil {
		h.node.storeFailed(err)
		return
	}
	h.registered.Store(&reg)
	h.fabric.AllowWrites("rejected")
	h.fabric.AllowWrites("joining")
	h.rejectedFor.Store(0)
	h.serve()
}
