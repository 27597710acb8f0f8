package query

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/selvedge-db/selvedge/internal/env"
	"github.com/selvedge-db/selvedge/value"
)

// registry knows what runs, what waits, and what was slow.
type registry struct {
	limits *Limits
	clock  env.Clock

	mu struct {
		sync.Mutex
		last    uint64
		running map[uint64]*Execution
		active  int                 // of them, without streams that nobody reads just now
		waiting []chan struct{}     // closed when it may run; in order of arrival
		slow    []QueryInfo         // the oldest first
		notes   map[string]Tracking // by fabric, where it was changed
	}
}

func (g *registry) begin(l *Limits, clock env.Clock) {
	g.limits, g.clock = l, clock
	g.mu.running = map[uint64]*Execution{}
}

// admit lets a query in, at once or when another one ends.
func (g *registry) admit(ctx context.Context, x *Execution) error {
	x.about.begun, x.about.startedMs = g.clock.Monotonic(), g.clock.WallMs()
	g.mu.Lock()
	if g.mu.active < g.limits.Running && len(g.mu.waiting) == 0 {
		g.enter(x)
		g.mu.Unlock()
		return nil
	}
	if len(g.mu.waiting) >= g.limits.Waiting {
		g.mu.Unlock()
		return busy("as many wait as may")
	}
	turn := make(chan struct{})
	g.mu.waiting = append(g.mu.waiting, turn)
	g.mu.Unlock()
	return g.wait(ctx, x, turn)
}

func busy(why string) *Error {
	return &Error{Number: NumberBusy, Code: "query-too-many", Message: "too many queries run at a time, and " + why + ": try again later"}
}

func (g *registry) wait(ctx context.Context, x *Execution, turn chan struct{}) error {
	timer := g.clock.Timer(g.limits.Wait)
	defer timer.Stop()
	var err error
	select {
	case <-turn:
	case <-ctx.Done():
		err = goneError()
	case <-timer.C():
		err = busy("none has ended for " + g.limits.Wait.String())
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if at := slices.Index(g.mu.waiting, turn); at >= 0 {
		g.mu.waiting = slices.Delete(g.mu.waiting, at, at+1)
	} else if err != nil {
		g.next() // its turn had come: somebody else's, then
	}
	if err != nil {
		return err
	}
	g.enter(x)
	return nil
}

func (g *registry) enter(x *Execution) {
	g.mu.last++
	x.about.id = g.mu.last
	g.mu.running[x.about.id] = x
	g.mu.active++
	x.about.active = true
}

// rest is called when a stream waits for its reader: it then takes no room from others.
func (g *registry) rest(x *Execution) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if x.about.active {
		x.about.active = false
		g.mu.active--
		g.next()
	}
}

// resume is called when the reader of a stream asks for more. It does not wait: what was let in goes on.
func (g *registry) resume(x *Execution) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.mu.running[x.about.id] == x && !x.about.active {
		x.about.active = true
		g.mu.active++
	}
}

// next lets those in that wait and for whom there is room.
func (g *registry) next() {
	if len(g.mu.waiting) > 0 && g.mu.active < g.limits.Running {
		close(g.mu.waiting[0])
		g.mu.waiting = g.mu.waiting[1:]
	}
}

// leave takes a query off the list, and notes it when it was slow.
func (g *registry) leave(x *Execution, state string, number int) {
	took := x.took
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.mu.running[x.about.id] != x {
		return
	}
	delete(g.mu.running, x.about.id)
	if x.about.active {
		x.about.active = false
		g.mu.active--
	}
	g.next()
	note := g.tracking(x.r.Fabric)
	if !note.Enabled || !note.Slow || note.SlowQueries <= 0 || took < note.SlowAfter || note.SlowAfter < 0 {
		return
	}
	info := x.info(took, &note)
	info.State, info.Error = state, number
	g.trim(x.r.Fabric, note.SlowQueries-1)
	if len(g.mu.slow) >= g.limits.SlowQueries {
		g.mu.slow = slices.Delete(g.mu.slow, 0, len(g.mu.slow)-g.limits.SlowQueries+1)
	}
	g.mu.slow = append(g.mu.slow, info)
}

func (g *registry) find(fabric, id string) *Execution {
	n, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if x := g.mu.running[n]; x != nil && (fabric == "" || x.r.Fabric == fabric) {
		return x
	}
	return nil
}

func (g *registry) current(fabric string) []QueryInfo {
	now := g.clock.Monotonic()
	g.mu.Lock()
	list := make([]*Execution, 0, len(g.mu.running))
	for _, x := range g.mu.running {
		if fabric == "" || x.r.Fabric == fabric {
			list = append(list, x)
		}
	}
	g.mu.Unlock()
	slices.SortFunc(list, func(a, b *Execution) int { return int(int64(a.about.id) - int64(b.about.id)) })
	out := make([]QueryInfo, len(list))
	for i, x := range list {
		note := g.trackingOf(x.r.Fabric)
		out[i] = x.info(now-x.about.begun, &note)
	}
	return out
}

func (g *registry) slowOnes(fabric string) []QueryInfo {
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []QueryInfo
	for _, info := range g.mu.slow {
		if fabric == "" || info.Fabric == fabric {
			out = append(out, info)
		}
	}
	return out
}

func (g *registry) clearSlow(fabric string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.mu.slow = slices.DeleteFunc(g.mu.slow, func(info QueryInfo) bool { return fabric == "" || info.Fabric == fabric })
}

// info is a query as lists show it.
func (x *Execution) info(took time.Duration, note *Tracking) QueryInfo {
	shown := strings.Clone(x.r.Text) // which may be a part of a whole request
	if len(shown) > note.SlowText {
		shown = strings.ToValidUTF8(shown[:note.SlowText], "") + "..."
	}
	out := QueryInfo{
		ID: x.ID(), Fabric: x.r.Fabric, User: x.r.User, Text: shown, StartedMs: x.about.startedMs,
		RunTime: took.Seconds(), State: "executing", Stream: x.r.Options.Stream, Modifies: x.about.writes.Load(),
	}
	if note.BindVars {
		out.Bind = shortened(x.r.Bind, note.SlowText)
	}
	if run := x.run.Load(); run != nil {
		out.PeakMemory, out.Warnings = run.Memory(), len(run.Warnings())
	}
	if x.about.killed.Load() {
		out.State = "killed"
	}
	return out
}

// shortened is the parameters as lists show them: about so many bytes in all, with dots for what goes beyond.
func shortened(bind value.Value, most int) value.Value {
	if bind.Kind() != value.KindObject {
		return value.Null()
	}
	var out []value.Member
	for _, m := range bind.Members() {
		if most -= len(m.Name); most < 0 {
			break
		}
		kept := most
		if !fitsIn(m.Value, &kept) {
			out = append(out, value.Member{Name: strings.Clone(m.Name), Value: value.String("...")})
			continue
		}
		most = kept
		out = append(out, value.Member{Name: strings.Clone(m.Name), Value: m.Value.Clone()})
	}
	return value.Object(out...)
}

// fitsIn takes what a value takes as text from what is left, and says whether that is enough. It looks no further then.
func fitsIn(v value.Value, left *int) bool {
	*left -= 1 + len(v.Str())
	switch v.Kind() {
	case value.KindNumber:
		*left -= len(v.Digits())
	case value.KindArray:
		for _, item := range v.Items() {
			if *left < 0 || !fitsIn(item, left) {
				return false
			}
		}
	case value.KindObject:
		for _, m := range v.Members() {
			*left -= len(m.Name)
			if *left < 0 || !fitsIn(m.Value, left) {
				return false
			}
		}
	}
	return *left >= 0
}

// tracking is what is noted of a fabric's queries; the caller holds the lock.
func (g *registry) tracking(fabric string) Tracking {
	if t, ok := g.mu.notes[fabric]; ok {
		return t
	}
	return Tracking{Enabled: true, Slow: true, BindVars: true, SlowAfter: g.limits.SlowAfter, SlowQueries: g.limits.SlowQueries, SlowText: g.limits.SlowText}
}

func (g *registry) trackingOf(fabric string) Tracking {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.tracking(fabric)
}

func (g *registry) setTracking(fabric string, t Tracking) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.mu.notes == nil {
		g.mu.notes = map[string]Tracking{}
	}
	t.SlowQueries, t.SlowText = max(0, min(t.SlowQueries, g.limits.SlowQueries)), max(0, min(t.SlowText, g.limits.SlowText))
	g.mu.notes[fabric] = t
	g.trim(fabric, t.SlowQueries)
}

// trim keeps no more slow queries of a fabric than the last few.
func (g *registry) trim(fabric string, keep int) {
	n := 0
	for _, info := range g.mu.slow {
		if info.Fabric == fabric {
			n++
		}
	}
	g.mu.slow = slices.DeleteFunc(g.mu.slow, func(info QueryInfo) bool {
		if info.Fabric != fabric || n <= keep {
			return false
		}
		n--
		return true
	})
}
