package node

import (
	"fmt"
	"runtime/metrics"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/internal/env"
	"github.com/selvedge-db/selvedge/mesh"
	"github.com/selvedge-db/selvedge/replication"
)

// What people watch: notable events, counters that move, and how a location is.

// notables keeps the last notable events of all locations of a process. Numbers grow over starts, as they begin with
// the time.
type notables struct {
	clock env.Clock
	mu    sync.Mutex
	ring  []api.Event // in order of their numbers
	next  uint64
	links map[[2]string]mesh.LinkSettings // as last told
}

func newNotables(c env.Clock) *notables {
	return &notables{clock: c, next: uint64(max(c.WallMs(), 1)), links: map[[2]string]mesh.LinkSettings{}}
}

// An alarm that comes again within repeatedWithin, among the last repeatedAmong events, is told once.
const repeatedWithin, repeatedAmong = 30_000, 16

func (r *notables) add(e api.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e.Number, e.At = r.next, r.clock.WallMs()
	if e.Kind == "alarm" {
		for i := max(len(r.ring)-repeatedAmong, 0); i < len(r.ring); i++ {
			o := &r.ring[i]
			if o.Kind == e.Kind && o.Location == e.Location && o.Text == e.Text && e.At-o.At < repeatedWithin {
				return
			}
		}
	}
	r.next++
	if len(r.ring) == api.NotableMost {
		r.ring = append(r.ring[:0], r.ring[1:]...)
	}
	r.ring = append(r.ring, e)
}

// after gives at most limit events after a number, the newest without one.
func (r *notables) after(since *uint64, limit int) []api.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	if since == nil {
		return slices.Clone(r.ring[max(len(r.ring)-limit, 0):])
	}
	i, _ := slices.BinarySearchFunc(r.ring, *since+1, func(e api.Event, n uint64) int {
		if e.Number < n {
			return -1
		}
		return int(min(e.Number-n, 1))
	})
	return slices.Clone(r.ring[i:min(i+limit, len(r.ring))])
}

// follow tells of changes to emulated links from now on.
func (r *notables) follow(links *mesh.Links) (stop func()) {
	for _, l := range links.All() {
		r.links[[2]string{l.From, l.To}] = l.LinkSettings
	}
	return links.Watch(r.linkChanged)
}

func (r *notables) linkChanged(l mesh.Link) {
	r.mu.Lock()
	name := [2]string{l.From, l.To}
	was, now := r.links[name], l.LinkSettings
	r.links[name] = now
	r.mu.Unlock()
	tell := func(level, kind, format string, args ...any) {
		r.add(api.Event{Level: level, Kind: kind, Location: l.From, Text: fmt.Sprintf("the link from %s to %s ", l.From, l.To) + fmt.Sprintf(format, args...)})
	}
	if was.Cut != now.Cut && now.Cut {
		tell(api.EventWarn, "cut", "was cut")
	} else if was.Cut != now.Cut {
		tell(api.EventInfo, "heal", "was healed")
	}
	was.Cut, now.Cut = false, false
	if was != now {
		tell(api.EventInfo, "delay", "now takes %v ms one way, jitter %v ms, loss %v %%", ms(now.OneWay), ms(now.Jitter), now.LossPercent)
	}
}

// note tells of something notable at this location.
func (n *Node) note(level, kind, tenant, format string, args ...any) {
	n.shared.notables.add(api.Event{Level: level, Kind: kind, Location: n.cfg.Location.Name, Tenant: tenant, Text: fmt.Sprintf(format, args...)})
}

// Notable lists notable events of the locations of this process.
func (n *Node) Notable(since *uint64, limit int) []api.Event {
	return n.shared.notables.after(since, limit)
}

// titled is a fabric in texts for people, and the tenant that may read of it.
func (h *hosted) titled() (text, tenant string) {
	if h.reg.ID == systemID {
		return "the planet", ""
	}
	return fmt.Sprintf("fabric %q", h.reg.Name), h.reg.Tenant
}

// alarmed is called when replication has something that an operator should see.
func (h *hosted) alarmed(a replication.Alarm) {
	text, tenant := h.titled()
	h.node.note(api.EventWarn, "alarm", tenant, "replication of %s: %s", text, a.Text)
}

// watched is what people were told, or may be told again for a moment.
type watched struct {
	mu    sync.Mutex
	state api.MeshState // with the planet's locations that are no members behind those that are
	at    time.Duration
	fresh bool
	known map[clock.Origin]member.State // members, as last told
}

// noteMembers tells of members that came and went. In a process with several locations the anchor does that for all.
func (h *hosted) noteMembers() {
	n, status := h.node, h.fabric.Status()
	if status.Members.IsZero() {
		return
	}
	h.watched.mu.Lock()
	known := h.watched.known
	h.watched.known = map[clock.Origin]member.State{}
	for _, m := range status.Members.Members() {
		h.watched.known[m.Origin] = m.State
	}
	h.watched.mu.Unlock()
	if known == nil || n.shared.nodes != nil && status.Self != status.Members.Anchor() {
		return
	}
	title, tenant := h.titled()
	for _, m := range status.Members.Members() {
		if known[m.Origin] == m.State {
			continue
		}
		e := api.Event{Level: api.EventInfo, Kind: "join", Location: m.Name, Tenant: tenant, Text: fmt.Sprintf("%s joined %s", m.Name, title)}
		switch m.State {
		case member.Evicting:
			e.Level, e.Kind, e.Text = api.EventWarn, "evict", fmt.Sprintf("%s is being taken out of %s", m.Name, title)
		case member.Closed:
			e.Kind, e.Text = "leave", fmt.Sprintf("%s is out of %s", m.Name, title)
		}
		n.shared.notables.add(e)
	}
}

// liveFor is for how long a state is good that had to be searched for.
const liveFor = 900 * time.Millisecond

// LiveState is MeshState with what changes fast.
func (n *Node) LiveState(tenant, name string) (api.MeshState, error) {
	h, err := n.find(tenant, name)
	if err != nil {
		return api.MeshState{}, err
	}
	out, err := n.watchedState(h)
	if err != nil {
		return out, err
	}
	out.Locations, out.Links = slices.Clone(out.Locations), slices.Clone(out.Links)
	for i := range out.Locations {
		l := &out.Locations[i]
		other := n.inProcess(l.Name)
		if other == nil {
			continue
		}
		if oh := other.fabricByID(h.reg.ID); oh != nil {
			commits, applied := oh.counted()
			l.Live.Commits, l.Live.Applied = &commits, &applied
		}
	}
	delivered := map[[2]string]uint64{}
	for _, d := range n.deliveries(h) {
		delivered[[2]string{d.From, d.To}] = d.Entries
	}
	for i := range out.Links {
		l := &out.Links[i]
		l.State = n.transport.Links().Link(l.From, l.To).State()
		entries, known := delivered[[2]string{l.From, l.To}]
		if known || n.inProcess(l.To) != nil {
			l.Live.Delivered = &entries
		}
		if n.shared.links != nil {
			s := n.shared.links.Get(l.From, l.To)
			l.OneWayMs, l.Live.Emulated, l.Live.JitterMs, l.Live.LossPercent = ms(s.OneWay), true, ms(s.Jitter), s.LossPercent
		}
	}
	return out, nil
}

// watchedState is what has to be searched for, made at most once in a while.
func (n *Node) watchedState(h *hosted) (api.MeshState, error) {
	w, now := &h.watched, n.env.Clock.Monotonic()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fresh && now-w.at < liveFor {
		return w.state, nil
	}
	state, err := n.MeshState(h.reg.Tenant, h.reg.Name)
	if err != nil {
		return state, err
	}
	members := len(state.Locations)
	if h.reg.ID != systemID {
		for _, l := range n.AllLocations() {
			if !slices.ContainsFunc(state.Locations[:members], func(m api.Location) bool { return m.Name == l.Name }) {
				state.Locations = append(state.Locations, l)
			}
		}
	}
	for i := range state.Locations {
		l := &state.Locations[i]
		l.Live.Member = i < members
		if other := n.inProcess(l.Name); other != nil {
			ready := other.Health().Ready
			l.Live.Ready = &ready
		}
	}
	w.state, w.at, w.fresh = state, now, true
	return state, nil
}

// counted gives how many entries began here, and how many of others were applied here, since the start.
func (h *hosted) counted() (commits, applied uint64) {
	self := h.registered.Load().Self
	_, members := h.fabric.Known()
	for _, a := range h.fabric.Arrivals() {
		from, known := members.ByOrigin(a.Origin)
		if a.Origin == self || known && from.Name == h.node.cfg.Location.Name { // of an earlier incarnation
			commits += a.Entries
		} else {
			applied += a.Entries
		}
	}
	return commits, applied
}

// Delivered counts what came over the fabric's links: those to the locations of this process, and those that begin here
// as far as the other ends have reported.
func (n *Node) Delivered(tenant, name string) ([]api.Delivery, error) {
	h, err := n.find(tenant, name)
	if err != nil {
		return nil, err
	}
	return n.deliveries(h), nil
}

func (n *Node) deliveries(h *hosted) []api.Delivery {
	nodes := []*Node{n}
	if n.shared.nodes != nil {
		nodes = n.shared.nodes()
	}
	var out []api.Delivery
	_, members := h.fabric.Known()
	for _, to := range nodes {
		th := to.fabricByID(h.reg.ID)
		if th == nil {
			continue
		}
		self, before := th.registered.Load().Self, len(out)
		for _, a := range th.fabric.Arrivals() {
			from, known := members.ByOrigin(a.Origin)
			if !known || a.Origin == self || from.Name == to.cfg.Location.Name {
				continue
			}
			d := api.Delivery{From: from.Name, To: to.cfg.Location.Name, Entries: a.Entries, LagMs: float64(a.LagMs)}
			mine := out[before:]
			if i := slices.IndexFunc(mine, func(o api.Delivery) bool { return o.From == d.From }); i >= 0 {
				mine[i].Entries, mine[i].LagMs = mine[i].Entries+d.Entries, d.LagMs // of an earlier incarnation
				continue
			}
			out = append(out, d)
		}
	}
	if n.shared.nodes == nil {
		out = append(out, h.sent()...)
	}
	return out
}

// reported is how many entries of this location others have, by name, as last told.
type reported struct {
	mu   sync.Mutex
	most map[string]uint64
}

// raise gives the larger of a count and what was told before: OwnUntil may tell a few entries fewer than a moment ago.
func (r *reported) raise(name string, entries uint64) uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.most == nil {
		r.most = map[string]uint64{}
	}
	r.most[name] = max(r.most[name], entries)
	return r.most[name]
}

// sent counts what others say that they have of this location.
func (h *hosted) sent() (out []api.Delivery) {
	for _, p := range h.runner().Status().Peers {
		if entries, known := h.fabric.OwnUntil(p.Applied); known {
			out = append(out, api.Delivery{From: h.node.cfg.Location.Name, To: p.Name, Entries: h.reported.raise(p.Name, entries), LagMs: -1})
		}
	}
	return out
}

// SelfState tells how this location is.
func (n *Node) SelfState(tenant, name string) (api.SelfState, error) {
	h, err := n.find(tenant, name)
	if err != nil {
		return api.SelfState{}, err
	}
	state, err := n.watchedStateOf(h)
	if err != nil {
		return api.SelfState{}, err
	}
	out := api.SelfState{Location: state.Location, Incarnation: state.Incarnation, Health: n.Health(), MemoryBytes: memoryBytes(), Storage: n.storage(),
		UptimeMs: (n.env.Clock.Monotonic() - n.since).Milliseconds(), Vector: state.Vector, Stable: state.Stable, Watermark: state.Watermark, Names: state.Names}
	out.ClockOffsetMs, out.ClockTrusted = n.guard.standing()
	status := h.runner().Status()
	for _, w := range status.Waits {
		out.Waits = append(out.Waits, api.Wait{Origin: w.Origin, Entry: w.Entry, Reason: w.Reason, ForMs: w.Millis, Entries: int64(w.Entries), Pulling: w.Pulling})
	}
	for _, p := range status.Peers {
		out.Peers = append(out.Peers, api.PeerState{Name: p.Name, Connected: p.Connected, RTTMs: float64(p.RTT), OffsetMs: float64(p.Offset),
			SilentMs: p.Silent, WaitingEntries: int64(p.Lag), WaitingBytes: int64(p.LagBytes)})
	}
	return out, nil
}

// watchedStateOf is the part of MeshState that costs nothing.
func (n *Node) watchedStateOf(h *hosted) (api.MeshState, error) {
	state, err := n.watchedState(h)
	if err != nil {
		return state, err
	}
	status := h.fabric.Status()
	state.Vector, state.Stable, state.Watermark = status.Vector, status.Stable, status.Watermark
	return state, nil
}

// memoryBytes is what the process holds of the machine's memory, by its runtime.
func memoryBytes() int64 {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	return int64(samples[0].Value.Uint64() - samples[1].Value.Uint64())
}

func (n *Node) storage() api.Storage {
	m := n.db.Metrics()
	out := api.Storage{DiskBytes: m.DiskBytes, MemtableBytes: m.MemtableBytes, CacheBytes: m.CacheBytes, DebtBytes: m.DebtBytes, Tables: m.Tables, FreeBytes: -1}
	if usage, err := n.shared.fs.GetDiskUsage(n.cfg.Data); err == nil {
		out.FreeBytes = int64(usage.AvailBytes)
	}
	return out
}

// Limits lists the limits that the configuration sets.
func (n *Node) Limits() []api.LimitInfo {
	var out []api.LimitInfo
	cfg := n.cfg
	for _, k := range ConfigKeys() {
		if !strings.HasPrefix(k.Path, "limits.") {
			continue
		}
		l := api.LimitInfo{Name: k.Path, Text: k.Text}
		switch v := k.place(&cfg).(type) {
		case *byteSize:
			l.Value, l.Unit = float64(*v), "bytes"
		case *int64:
			l.Value, l.Unit = float64(*v), "count"
		case *time.Duration:
			l.Value, l.Unit = float64(v.Milliseconds()), "ms"
		default:
			continue
		}
		out = append(out, l)
	}
	return out
}
