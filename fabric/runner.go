package fabric

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/fabric/sequencer"
	"github.com/selvedge-db/selvedge/internal/env"
	"github.com/selvedge-db/selvedge/store/kv"
)

// Config says how to run a fabric.
type Config struct {
	Name    string
	DB      kv.DB
	Env     env.Env
	Options Options
	// Trust is asked on the sequencing side, before anything is stamped or vouched for, why the clock in Env must not be
	// used for it now; empty when it may. Then no writes are taken, and time goes on only as others' entries tell it. nil
	// trusts the clock always.
	Trust func() (refusal string)
	// System is the system fabric of this location, nil for that one itself: what was applied of it here comes, at every
	// location, before what is committed here.
	System     *Fabric
	QueueLimit int // transactions waiting to be sequenced; beyond it callers get Overloaded
	// OnDurable is called, on a goroutine of the fabric, when something became durable.
	OnDurable func()
	// OnFailure is called once when the store has failed for good.
	OnFailure func(error)
}

// Fabric is one database at one location, running: a Core with the goroutines that drive it.
type Fabric struct {
	name    string
	cfg     Config
	core    atomic.Pointer[Core]
	seq     sync.Mutex // the sequencing side of the core, and shut
	shut    bool       // nothing is handed over any more
	closing atomic.Bool
	queue   queue
	groups  chan inFlight
	flight  chan struct{} // a place for each group between Seal and Durable
	signal  signal        // something became durable
	gate    gate
	clock   error        // why nothing may be stamped, as last asked on the sequencing side
	active  atomic.Int64 // monotonic ms of the last commit or remote entry
	stop    context.CancelFunc
	done    sync.WaitGroup // the goroutines that hand groups over
	ended   chan struct{}  // settleGroups has ended
	// unmarked counts commits before which the system fabric took no mark; unsaid is why the newest one had none, nil when
	// it had.
	unmarked atomic.Uint64
	unsaid   atomic.Pointer[error]
	arrivals arrivals
}

// inFlight is a group on its way to disk and those who wait for it.
type inFlight struct {
	core  *Core
	group *Group
	acks  []ack
}

type ack struct {
	request *request
	stamp   clock.Stamp
	err     error
}

// request is one prepared transaction waiting for its place.
type request struct {
	prepared *Prepared
	prepare  func(*Core, int64, bool) (*Prepared, error) // not nil: to be prepared again in order when it is stale
	reply    chan ack
	early    bool // acknowledge when sequenced, before durable
}

// errAgain asks the caller of a transaction to prepare it again.
var errAgain = errors.New("prepare again")

// groupsInFlight is how many groups may be between sequencing and disk: one that syncs and one that gathers.
const groupsInFlight = 2

const defaultQueueLimit = 16_384

// Open opens a fabric and starts its goroutines. Close ends them.
func Open(cfg Config) (*Fabric, error) {
	if cfg.QueueLimit == 0 {
		cfg.QueueLimit = defaultQueueLimit
	}
	if cfg.Options.Random == nil {
		cfg.Options.Random = cfg.Env.Rand.Uint64
	}
	if cfg.System != nil {
		cfg.Options.System = cfg.System.ownEnd
	}
	cfg.Options.PointsApart = true
	core, err := OpenCore(cfg.DB, cfg.Options)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	f := &Fabric{name: cfg.Name, cfg: cfg, stop: stop, groups: make(chan inFlight, groupsInFlight), flight: make(chan struct{}, groupsInFlight)}
	f.core.Store(core)
	f.queue.wake = make(chan struct{}, 1)
	f.signal.init()
	f.gate.init()
	f.active.Store(-activeFor.Milliseconds())
	f.ended = make(chan struct{})
	f.done.Add(2)
	go f.sequence(ctx)
	go f.settleGroups()
	go f.keepUp(ctx)
	return f, nil
}

// Name is the fabric's name.
func (f *Fabric) Name() string { return f.name }

// Close stops the fabric: what is queued is still committed, later calls fail.
func (f *Fabric) Close() error {
	f.closing.Store(true)
	f.gate.end(failure(Closed, "fabric %s is closed", f.name))
	f.stop()
	f.done.Wait()
	f.seq.Lock()
	already := f.shut
	f.shut = true
	f.core.Load().retired.retire(f.closed())
	f.seq.Unlock()
	if !already {
		close(f.groups)
	}
	<-f.ended
	f.core.Load().held.Shut()
	return nil
}

// begin takes a place in flight and the sequencing side, and opens a group. The caller hands the group over and
// unlocks seq. It fails when the fabric is closed.
func (f *Fabric) begin() (*Core, int64, error) {
	f.flight <- struct{}{}
	f.seq.Lock()
	if f.shut {
		f.seq.Unlock()
		<-f.flight
		return nil, 0, failure(Closed, "fabric %s is closed", f.name)
	}
	core := f.core.Load()
	core.Begin()
	return core, f.trusted(core), nil
}

// trusted is the wall clock for the sequencing side, once it has been asked whether the clock is to be trusted. While it
// is not, it shows no more than the hybrid clock has seen: nothing expires, is forgotten or trimmed by a wrong clock.
func (f *Fabric) trusted(core *Core) int64 {
	f.clock = nil
	if f.cfg.Trust != nil {
		if refusal := f.cfg.Trust(); refusal != "" {
			f.clock = failure(ReadOnly, "%s", refusal)
		}
	}
	core.Trust(f.clock == nil)
	if f.clock != nil {
		return min(f.wall(), core.seq.Clock().Now().Millis())
	}
	return f.wall()
}

// admits says on the sequencing side why writes are refused, nil when they are not.
func (f *Fabric) admits() error {
	if err := f.gate.admits(); err != nil {
		return err
	}
	return f.clock
}

func (f *Fabric) wall() int64 { return f.cfg.Env.Clock.WallMs() }

// queue holds requests between callers and the sequencing goroutine.
type queue struct {
	mu   sync.Mutex
	list []*request
	shut bool
	wake chan struct{}
}

// put adds a request; false when the queue is full or shut.
func (q *queue) put(r *request, limit int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.shut || len(q.list) >= limit {
		return false
	}
	q.list = append(q.list, r)
	select {
	case q.wake <- struct{}{}:
	default:
	}
	return true
}

// take returns everything queued; spare is used for what comes next.
func (q *queue) take(spare []*request) []*request {
	q.mu.Lock()
	defer q.mu.Unlock()
	list := q.list
	q.list = spare[:0]
	return list
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.shut = true
}

// sequence is the sequencing goroutine: it takes what has queued, orders it, and hands the group over.
func (f *Fabric) sequence(ctx context.Context) {
	defer f.done.Done()
	var spare []*request
	for open := true; open; {
		select {
		case <-f.queue.wake:
		case <-ctx.Done():
			f.queue.close()
			open = false
		}
		core, wall, err := f.begin()
		if err != nil {
			return
		}
		list := f.queue.take(spare)
		f.group(core, wall, list)
		f.seq.Unlock()
		spare = list
	}
}

// group orders the requests as one group.
func (f *Fabric) group(core *Core, wall int64, list []*request) {
	acks := make([]ack, len(list))
	for i, r := range list {
		if err := f.admits(); err != nil {
			acks[i] = ack{r, clock.Stamp{}, err}
			continue
		}
		stamp, err := core.Sequence(r.prepared, wall)
		if errors.Is(err, sequencer.ErrStale) && r.prepare != nil {
			stamp, err = r.inOrder(core, wall)
		}
		if errors.Is(err, clock.ErrCeiling) {
			core.Renew()
		}
		acks[i] = ack{r, stamp, err}
	}
	f.hand(core, wall, acks)
}

// inOrder prepares a request against everything sequenced so far, and sequences it: nothing can come between. It costs
// the sequencing side what callers otherwise do, and so it is for those who met others again and again.
func (r *request) inOrder(core *Core, wall int64) (clock.Stamp, error) {
	p, err := r.prepare(core, wall, true)
	if err != nil {
		return clock.Stamp{}, err
	}
	if r.prepared, r.early = p, false; p.Empty() {
		return clock.Stamp{}, nil
	}
	return core.Sequence(p, wall)
}

// hand seals the open group and passes it on. The caller holds seq and a place in flight.
func (f *Fabric) hand(core *Core, wall int64, acks []ack) {
	g, err := core.Seal(wall)
	if err != nil {
		f.fail(err)
	}
	for i := range acks {
		a := &acks[i]
		if err != nil && (a.err == nil || errors.Is(a.err, sequencer.ErrStale)) {
			a.err = err
		}
		// What a stale transaction missed can be read now, durable or not.
		if a.request.early && a.err == nil || errors.Is(a.err, sequencer.ErrStale) {
			a.request.reply <- *a
			a.request = nil
		}
	}
	if g != nil {
		f.active.Store(f.cfg.Env.Clock.Monotonic().Milliseconds())
	}
	f.groups <- inFlight{core, g, acks}
}

// settleGroups waits for groups to be durable, one after another, and tells those who wait.
func (f *Fabric) settleGroups() {
	defer close(f.ended)
	for g := range f.groups {
		var err error
		if g.group != nil {
			if err = g.group.Pending.Wait(); err != nil {
				f.fail(err)
			} else {
				f.arrivals.add(g.group, f.wall()) // first, so that what was seen is counted
				f.seq.Lock()
				g.core.Durable(g.group)
				f.seq.Unlock()
			}
		}
		<-f.flight
		for _, a := range g.acks {
			if a.request == nil {
				continue
			}
			if err != nil && a.err == nil {
				a.err = err
			}
			a.request.reply <- a
		}
		if g.group != nil && err == nil {
			f.signal.fire()
			if f.cfg.OnDurable != nil {
				f.cfg.OnDurable()
			}
		}
	}
}

// fail latches a failure of the store: nothing is written or promised any more.
func (f *Fabric) fail(err error) {
	if f.gate.fail(err) && f.cfg.OnFailure != nil {
		f.cfg.OnFailure(err)
	}
	f.signal.fire()
}

const (
	upkeepEvery = 250 * time.Millisecond
	activeFor   = 10 * time.Second
	idleRenew   = 20 // rounds of upkeep between renewals of the ceiling while idle
)

// keepUp runs the upkeep of the core, and renews the clock's ceiling: often while the fabric is in use, rarely
// while it is not.
func (f *Fabric) keepUp(ctx context.Context) {
	defer f.done.Done()
	for round := 0; ; round++ {
		if env.Sleep(ctx, f.cfg.Env.Clock, upkeepEvery) != nil {
			return
		}
		f.core.Load().held.Drop()
		idle := f.cfg.Env.Clock.Monotonic().Milliseconds()-f.active.Load() > activeFor.Milliseconds()
		for more := true; more && ctx.Err() == nil; {
			more = f.upkeepRound(!idle || round%idleRenew == 0)
			more = f.pointsRound() || more
		}
	}
}

// upkeepRound does one round of upkeep as a group of its own.
func (f *Fabric) upkeepRound(renew bool) (more bool) {
	if f.gate.failure() != nil {
		return false
	}
	core, wall, err := f.begin()
	if err != nil {
		return false
	}
	defer f.seq.Unlock()
	active := f.active.Load()
	if more, err = core.Upkeep(wall); err != nil {
		f.fail(err)
	}
	if renew && core.Self() != 0 && f.clock == nil {
		core.Renew()
	}
	f.hand(core, wall, nil)
	f.active.Store(active)
	return more
}

// exclusive runs work in a group of its own while nothing else is sequenced, and waits until it is durable. Work stamps,
// so it needs a clock that is trusted.
func (f *Fabric) exclusive(ctx context.Context, work func(core *Core, wall int64) error) error {
	for attempt := 0; ; attempt++ {
		if err := f.gate.failure(); err != nil {
			return err
		}
		r := &request{reply: make(chan ack, 1)}
		core, wall, err := f.begin()
		if err != nil {
			return err
		}
		if err = f.clock; err == nil {
			err = work(core, wall)
		}
		if errors.Is(err, clock.ErrCeiling) {
			core.Renew()
		}
		f.hand(core, wall, []ack{{r, clock.Stamp{}, err}})
		f.seq.Unlock()
		select {
		case a := <-r.reply:
			if errors.Is(a.err, clock.ErrCeiling) && attempt < ceilingAttempts {
				continue
			}
			return f.stored(a.err)
		case <-ctx.Done():
			return timedOut(ctx, "the change may still happen")
		}
	}
}

// ceilingAttempts bounds how often a commit waits for the clock's ceiling to be renewed.
const ceilingAttempts = 4

func timedOut(ctx context.Context, text string) error {
	return failure(Timeout, "the deadline passed: %s", text).from(ctx.Err())
}

// ApplyRemote merges entries of other locations, in causal order, and returns when they are sequenced; OnDurable
// tells when they are durable. See Core.ApplyAll for what is refused.
func (f *Fabric) ApplyRemote(entries []codec.Entry) ([]Refusal, error) {
	if err := f.gate.failure(); err != nil {
		return nil, err
	}
	core, wall, err := f.begin()
	if err != nil {
		return nil, err
	}
	defer f.seq.Unlock()
	refused, err := core.ApplyAll(entries, wall)
	f.hand(core, wall, nil)
	for i := 0; err == nil && i < len(refused); i++ {
		if stored := f.stored(refused[i].Err); f.gate.failure() != nil {
			err = stored
		}
	}
	return refused, f.stored(err)
}

// Create makes the fabric with this location as its first member and anchor.
func (f *Fabric) Create(ctx context.Context, change member.Change) error {
	if err := f.renew(ctx); err != nil {
		return err
	}
	return f.exclusive(ctx, func(core *Core, wall int64) error {
		if !core.Members().IsZero() {
			return nil
		}
		_, err := core.Create(change, wall)
		return err
	})
}

// renew makes room below the clock's durable ceiling.
func (f *Fabric) renew(ctx context.Context) error {
	return f.exclusive(ctx, func(core *Core, _ int64) error { core.Renew(); return nil })
}

// AppendMember commits a membership change at the anchor.
func (f *Fabric) AppendMember(ctx context.Context, change member.Change) error {
	return f.exclusive(ctx, func(core *Core, wall int64) error {
		if err := core.Members().Check(change, core.Self()); err != nil {
			return err
		}
		_, err := core.AppendMember(change, wall)
		return err
	})
}
