package replication

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/internal/env"
	"github.com/selvedge-db/selvedge/mesh"
)

// RunnerConfig is what a runner drives and with what.
type RunnerConfig struct {
	Machine Config
	Fabric  *fabric.Fabric
	Clock   env.Clock // its wall clock is the one that Fabric goes by
	Log     *slog.Logger
	// Send hands a frame to the transport; what it cannot take is lost, and repaired later.
	Send func(peer string, frame mesh.Frame) error
	// OnRejected is called when this incarnation must not go on.
	OnRejected func(Rejected)
	// OnClock is told how far a peer's clock is ahead of Clock, and how long ago that was found, again and again while it
	// is connected.
	OnClock func(peer string, offsetMs, agoMs int64)
	// OnInstalled is called when a snapshot was taken in whole.
	OnInstalled func()
	// OnAlarm is told what an operator should see; it must not wait.
	OnAlarm func(Alarm)
	// Lead is how far the others' clocks are ahead of Clock, in milliseconds.
	Lead func() int64
	// System tells how far the system fabric is applied here, as Progress.System has it, for the members given; nil in
	// the system fabric itself.
	System func(member.Table) clock.Vector
}

// Runner drives the machine of one fabric: one goroutine that takes what comes in and carries out the effects.
type Runner struct {
	cfg     RunnerConfig
	machine *Machine
	inbox   chan input
	durable chan struct{}
	shown   struct {
		sync.Mutex
		status Status
	}
	ctx  context.Context
	stop context.CancelFunc
	done sync.WaitGroup
}

// input is one event for the machine.
type input struct {
	peer    string
	message Message
	up      bool
	down    bool
	call    func()
}

// inboxLimit bounds the events that wait; beyond it frames are dropped, which the protocol repairs.
const inboxLimit = 4096

// Start makes the machine and begins to drive it.
func Start(cfg RunnerConfig) *Runner {
	r := &Runner{cfg: cfg, inbox: make(chan input, inboxLimit), durable: make(chan struct{}, 1)}
	r.ctx, r.stop = context.WithCancel(context.Background())
	r.machine = New(cfg.Machine, &runnerStore{r}, r.now())
	r.done.Add(1)
	go r.run()
	return r
}

// Close stops the runner and waits for it.
func (r *Runner) Close() {
	r.stop()
	r.done.Wait()
}

// Durable tells that something became durable in the fabric. It never blocks.
func (r *Runner) Durable() {
	select {
	case r.durable <- struct{}{}:
	default:
	}
}

// PeerUp tells that a stream to a peer is up.
func (r *Runner) PeerUp(peer string) { r.put(input{peer: peer, up: true}) }

// PeerDown tells that the stream to a peer is gone.
func (r *Runner) PeerDown(peer string) { r.put(input{peer: peer, down: true}) }

func (r *Runner) put(in input) {
	select {
	case r.inbox <- in:
	case <-r.ctx.Done():
	}
}

// Frame takes a frame from a peer. One that is malformed, or for which there is no room, is dropped.
func (r *Runner) Frame(peer string, payload []byte) {
	message, err := Decode(payload)
	if err != nil {
		r.cfg.Log.Warn("malformed replication message", "fabric", r.cfg.Machine.Fabric, "peer", peer, "error", err)
		return
	}
	select {
	case r.inbox <- input{peer: peer, message: message}:
	default:
		r.cfg.Log.Debug("replication inbox is full", "fabric", r.cfg.Machine.Fabric, "peer", peer)
	}
}

// Status is the machine's status as of a moment ago.
func (r *Runner) Status() Status {
	r.shown.Lock()
	defer r.shown.Unlock()
	return r.shown.status
}

func (r *Runner) now() Instant {
	return Instant{Mono: r.cfg.Clock.Monotonic().Milliseconds(), Wall: r.cfg.Clock.WallMs()}
}

// statusEvery is how often the status that others see is renewed while there is traffic.
const statusEvery = 100 * time.Millisecond

// run is the goroutine of the machine.
func (r *Runner) run() {
	defer r.done.Done()
	defer r.machine.Close()
	timer := r.cfg.Clock.Timer(time.Millisecond)
	defer timer.Stop()
	var shown time.Duration
	for {
		select {
		case <-r.ctx.Done():
			return
		case in := <-r.inbox:
			r.take(in)
		case <-r.durable:
			r.machine.Progressed(r.now(), r.progress())
		case <-timer.C():
			r.machine.Progressed(r.now(), r.progress())
			r.machine.Tick(r.now())
		}
		r.carryOut()
		if now := r.cfg.Clock.Monotonic(); now-shown >= statusEvery || now < shown {
			shown = now
			r.show()
		}
		timer.Reset(r.untilWake())
	}
}

// untilWake is how long the machine can wait.
func (r *Runner) untilWake() time.Duration {
	d := time.Duration(r.machine.NextWake()-r.cfg.Clock.Monotonic().Milliseconds()) * time.Millisecond
	return min(max(d, time.Millisecond), time.Second)
}

func (r *Runner) show() {
	status := r.machine.Status()
	r.shown.Lock()
	r.shown.status = status
	r.shown.Unlock()
	if r.cfg.OnClock != nil {
		for i := range status.Peers {
			if p := &status.Peers[i]; p.Connected && p.Silent >= 0 {
				r.cfg.OnClock(p.Name, p.Offset, p.Silent)
			}
		}
	}
}

func (r *Runner) take(in input) {
	switch {
	case in.call != nil:
		in.call()
	case in.up:
		r.machine.PeerUp(r.now(), in.peer)
	case in.down:
		r.machine.PeerDown(r.now(), in.peer)
	default:
		r.machine.Receive(r.now(), in.peer, in.message)
	}
}

func (r *Runner) progress() Progress {
	p := ProgressOf(r.cfg.Fabric.Progress())
	if r.cfg.System != nil {
		p.System = r.cfg.System(p.Members)
	}
	if r.cfg.Lead != nil {
		p.Lead = r.cfg.Lead()
	}
	return p
}

// carryOut does what the machine wants done, until it wants nothing more.
func (r *Runner) carryOut() {
	for effects := r.machine.Effects(); len(effects) > 0; effects = r.machine.Effects() {
		for _, e := range effects {
			r.effect(e)
		}
	}
}

func (r *Runner) effect(e Effect) {
	log := r.cfg.Log
	switch e := e.(type) {
	case Send:
		class := mesh.Control
		if e.Message.Bulk() {
			class = mesh.Entries
		}
		frame := mesh.Frame{Fabric: r.cfg.Machine.Fabric, Class: class, Payload: e.Message.Append(nil)}
		if err := r.cfg.Send(e.Peer, frame); err != nil {
			log.Debug("replication message not sent", "peer", e.Peer, "error", err)
		}
	case Apply:
		refused, err := r.cfg.Fabric.ApplyRemote(e.Entries)
		if err != nil {
			log.Error("entries of another location could not be applied", "fabric", r.cfg.Machine.Fabric, "error", err)
			r.cfg.Fabric.RefuseWrites("replication", "entries of another location could not be applied; the log of this location says why")
		}
		for _, f := range refused {
			r.machine.NotApplied(r.now(), f.Stamp, f.Prev, f.Err)
		}
	case SetStable:
		r.cfg.Fabric.SetStable(e.Vector)
	case SetWatermark:
		r.cfg.Fabric.SetWatermark(e.Time)
	case AppendMember:
		r.appendMember(e)
	case NeedSnapshot:
		log.Info("taking a snapshot", "fabric", r.cfg.Machine.Fabric, "reason", e.Text)
		r.cfg.Fabric.RefuseWrites("snapshot", "the fabric is being copied to this location")
	case InstallSnapshot:
		r.install(e)
	case Rejected:
		r.cfg.Fabric.RefuseWrites("rejected", e.Text)
		if r.cfg.OnRejected != nil {
			r.cfg.OnRejected(e)
		}
	case Alarm:
		log.Warn("replication alarm", "fabric", r.cfg.Machine.Fabric, "code", string(e.Code), "peer", e.Peer, "text", e.Text)
		if r.cfg.OnAlarm != nil {
			r.cfg.OnAlarm(e)
		}
	}
}

// appendMember commits a membership change without holding the machine up; it is asked again when it fails.
func (r *Runner) appendMember(e AppendMember) {
	r.done.Add(1)
	go func() {
		defer r.done.Done()
		if err := r.cfg.Fabric.AppendMember(r.ctx, e.Change); err != nil {
			r.cfg.Log.Warn("membership change not committed yet", "fabric", r.cfg.Machine.Fabric, "change", e.Change.Kind.String(), "error", err)
		}
	}()
}

func (r *Runner) install(e InstallSnapshot) {
	mark := fabric.SnapshotMark{ID: e.ID, Next: e.Index}
	err := r.cfg.Fabric.InstallChunk(mark, e.Data, e.Last, e.Vector, r.cfg.Machine.Self)
	if err != nil {
		r.cfg.Log.Error("snapshot chunk not kept", "fabric", r.cfg.Machine.Fabric, "chunk", e.Index, "error", err)
		r.machine.NotInstalled(r.now(), e.ID)
		return
	}
	if e.Last {
		r.cfg.Fabric.AllowWrites("snapshot")
		if r.cfg.OnInstalled != nil {
			r.cfg.OnInstalled()
		}
	}
	r.machine.Progressed(r.now(), r.progress())
}

// runnerStore is the fabric as the machine reads it. The core behind it changes when a snapshot was taken in.
type runnerStore struct{ runner *Runner }

func (s *runnerStore) log() LogOf { return LogOf{s.runner.cfg.Fabric.Core()} }

func (s *runnerStore) Progress() Progress { return s.runner.progress() }

func (s *runnerStore) Read(origin clock.Origin, after clock.Time, maxBytes int) ([]byte, clock.Time, error) {
	return s.log().Read(origin, after, maxBytes)
}

func (s *runnerStore) Past(origin clock.Origin, at clock.Time) (codec.Past, error) {
	return s.log().Past(origin, at)
}

func (s *runnerStore) ChainAt(origin clock.Origin, at clock.Time) (uint32, bool) {
	return s.log().ChainAt(origin, at)
}

func (s *runnerStore) OpenSnapshot() (SnapshotSource, error) {
	ctx, cancel := context.WithTimeout(s.runner.ctx, snapshotWait)
	defer cancel()
	snapshot, err := s.runner.cfg.Fabric.OpenSnapshot(ctx)
	if err != nil {
		return nil, err
	}
	return snapshot, nil
}

// snapshotWait bounds the wait for a snapshot's state to be durable.
const snapshotWait = 2 * time.Second
