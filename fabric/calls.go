package fabric

import (
	"context"
	"errors"
	"fmt"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/fabric/schema"
	"github.com/selvedge-db/selvedge/fabric/sequencer"
	"github.com/selvedge-db/selvedge/internal/env"
	"github.com/selvedge-db/selvedge/store/kv"
	"github.com/selvedge-db/selvedge/value"
)

// Commit runs a transaction: all of it or nothing. It returns when the transaction is durable here; Async asks
// for earlier. A transaction that changes nothing, or that is refused for what it read, returns when that is durable.
func (f *Fabric) Commit(ctx context.Context, t Transaction) (Receipt, error) {
	return f.commit(ctx, t.Async, func(core *Core, wall int64, inOrder bool) (*Prepared, error) {
		return core.prepare(t, wall, inOrder)
	})
}

// NewKey makes a key that nobody has, behind all that were made here before: for writes that go side by side and are
// to lie in the order that the caller has them in.
func (f *Fabric) NewKey() string { return f.core.Load().generateKey(f.wall()) }

// aloneAfter is how often a transaction is prepared beside others before it is prepared where nothing comes between.
const aloneAfter = 2

func (f *Fabric) commit(ctx context.Context, async bool, prepare func(*Core, int64, bool) (*Prepared, error)) (Receipt, error) {
	ceilings := 0
	for attempt := 0; ; attempt++ {
		if err := f.gate.check(); err != nil {
			return Receipt{}, err
		}
		core := f.core.Load()
		p, err := prepare(core, f.wall(), false)
		if err != nil {
			return Receipt{}, f.refused(ctx, core, err)
		}
		if p.Empty() {
			return f.unchanged(ctx, core, p)
		}
		if attempt == 0 {
			if err := f.markSystem(ctx); err != nil {
				return Receipt{}, err
			}
		}
		r := &request{prepared: p, reply: make(chan ack, 1), early: async && p.allowsAsync()}
		if attempt >= aloneAfter {
			r.prepare = prepare
		}
		if !f.queue.put(r, f.cfg.QueueLimit) {
			return Receipt{}, f.overloaded()
		}
		var a ack
		select {
		case a = <-r.reply:
		case <-ctx.Done():
			return Receipt{}, timedOut(ctx, "the transaction may still be committed; repeat it with the same idempotency key")
		}
		switch {
		case a.err == nil && r.prepared.Empty():
			return f.unchanged(ctx, core, r.prepared)
		case a.err == nil:
			receipt := r.prepared.Receipt(a.stamp)
			receipt.Vector = f.seen(core, a.stamp)
			return receipt, nil
		case errors.Is(a.err, clock.ErrCeiling) && ceilings < ceilingAttempts:
			ceilings++
			attempt--
		case !errors.Is(a.err, sequencer.ErrStale):
			return Receipt{}, f.noted(a.err)
		case attempt+1 >= core.limits.Attempts:
			return Receipt{}, failure(Conflict, "the transaction met %d others that changed what it reads: try again", attempt+1)
		}
	}
}

// refused gives the error of a transaction that could not be prepared, once what it is about is durable.
func (f *Fabric) refused(ctx context.Context, core *Core, err error) error {
	switch err = f.noted(err); CodeOf(err) {
	case Failed, Timeout, Closed, ReadOnly:
		return err
	}
	if failed := f.Settle(ctx, core.applying.Load()); failed != nil {
		return failed
	}
	return err
}

// allowsAsync says whether every collection written allows an early acknowledgement.
func (p *Prepared) allowsAsync() bool {
	for _, d := range p.docs {
		if d.changed && !d.collection.AllowAsync {
			return false
		}
	}
	for _, g := range p.points {
		if !g.collection.AllowAsync {
			return false
		}
	}
	return true
}

// unchanged answers a transaction that writes nothing.
func (f *Fabric) unchanged(ctx context.Context, core *Core, p *Prepared) (Receipt, error) {
	if err := f.Settle(ctx, core.applying.Load()); err != nil {
		return Receipt{}, err
	}
	receipt := p.Receipt(clock.Stamp{})
	receipt.Vector = core.durable.Load().vector
	return receipt, nil
}

// seen is the vector that a session has seen after a commit.
func (f *Fabric) seen(core *Core, stamp clock.Stamp) clock.Vector {
	v := core.durable.Load().vector
	if v.Covers(stamp) {
		return v
	}
	return v.With(stamp.Origin, stamp.Time)
}

func (f *Fabric) overloaded() error {
	if err := f.gate.check(); err != nil {
		return err
	}
	return failure(Overloaded, "%d transactions are waiting to be committed: try again in a moment", f.cfg.QueueLimit)
}

// stored latches failures of the store that a call met.
func (f *Fabric) stored(err error) error {
	if errors.Is(err, kv.ErrSync) || errors.Is(err, kv.ErrCorrupt) || errors.Is(err, kv.ErrFull) {
		f.fail(err)
		return f.gate.failure()
	}
	return err
}

// noted latches failures of the store that a call met, and gives them a code.
func (f *Fabric) noted(err error) error {
	if CodeOf(err) != "" && CodeOf(err) != Failed {
		return err
	}
	if failed := f.stored(err); failed == nil || CodeOf(failed) != "" {
		return failed
	}
	if CodeOf(err) == "" {
		return failure(Failed, "%v", err).from(err)
	}
	return err
}

// Settle waits until the commit with a number is durable: what a reader saw may be told then.
func (f *Fabric) Settle(ctx context.Context, number uint64) error {
	for {
		wake := f.signal.wait()
		if f.core.Load().durable.Load().number >= number {
			return nil
		}
		if err := f.gate.failure(); err != nil {
			return err
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return timedOut(ctx, "what was read is not durable yet")
		}
	}
}

// View opens a view of the fabric now.
func (f *Fabric) View() *View { return f.core.Load().CommonView(f.wall()) }

// Get reads one document and waits until what it shows is durable.
func (f *Fabric) Get(ctx context.Context, collection, key string) (Document, bool, error) {
	core := f.core.Load()
	d, found, number, err := core.Get(collection, key, f.wall())
	if err != nil {
		return d, false, f.noted(err)
	}
	if number > core.durable.Load().number {
		err = f.Settle(ctx, number)
	}
	return d, found, err
}

// Collection finds a live collection.
func (f *Fabric) Collection(name string) (*Collection, bool) {
	c, ok := f.core.Load().state.Load().schema.Collection(name)
	return c, ok && c.Number >= schema.FirstNumber
}

// Seen is what this location has durably seen, for session tokens.
func (f *Fabric) Seen() clock.Vector { return f.core.Load().durable.Load().vector }

// Await waits until this location has seen what a session has seen. A timeout names who is behind.
func (f *Fabric) Await(ctx context.Context, v clock.Vector) error {
	for {
		wake := f.signal.wait()
		core := f.core.Load()
		here := withClosed(core.durable.Load().vector, core.state.Load().members, true)
		if here.Dominates(v) {
			return nil
		}
		if err := f.gate.failure(); err != nil {
			return err
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return timedOut(ctx, f.behind(core, here, v))
		}
	}
}

func (f *Fabric) behind(core *Core, here, want clock.Vector) string {
	members := core.state.Load().members
	for _, row := range want {
		if at := here.At(row.Origin); at < row.Time {
			name := row.Origin.String()
			if m, ok := members.ByOrigin(row.Origin); ok {
				name = m.Name
			}
			return fmt.Sprintf("the session has seen location %s up to %s, here it is known up to %s", name, row.Time, at)
		}
	}
	return "the session has seen more than this location"
}

// SchemaUpdate runs a schema change.
func (f *Fabric) SchemaUpdate(ctx context.Context, change SchemaChange) error {
	_, err := f.commit(ctx, false, func(core *Core, wall int64, inOrder bool) (*Prepared, error) {
		return core.prepareSchema(change, wall, inOrder)
	})
	return err
}

// CreateCollection creates a collection with CRDT declarations by path.
func (f *Fabric) CreateCollection(ctx context.Context, spec CollectionSpec, declarations map[string]value.Value) (*Collection, error) {
	if err := f.SchemaUpdate(ctx, CreateCollection(spec, declarations)); err != nil {
		return nil, err
	}
	c, ok := f.Collection(spec.Name)
	if !ok {
		return nil, failure(CollectionNotFound, "collection %q was dropped at once", spec.Name).in(spec.Name, "")
	}
	return c, nil
}

// CreateIndex creates an index and waits until it is filled. created is false when an equal one stood already.
func (f *Fabric) CreateIndex(ctx context.Context, collection string, spec IndexSpec) (x Index, created bool, err error) {
	var made Index
	if spec.Unique {
		err = f.createUnique(ctx, collection, spec, &made)
	} else {
		err = f.SchemaUpdate(ctx, CreateIndex(collection, spec, &made))
	}
	if err != nil || made.ID != "" {
		return made, false, err
	}
	for {
		c, ok := f.Collection(collection)
		if !ok {
			return x, false, failure(CollectionNotFound, "collection %q was dropped meanwhile", collection).in(collection, "")
		}
		x, ok := c.IndexNamed(made.Name)
		switch {
		case !ok || !sameIndex(x, made):
			return x, false, failure(IndexNotFound, "index %q was dropped meanwhile", made.Name).in(collection, "")
		case x.Ready:
			return x, true, nil
		}
		if f.upkeepRound(false); f.Failure() != nil {
			return x, false, f.Failure()
		}
		if err := f.closed(); err != nil {
			return x, false, err
		}
		if err := env.Sleep(ctx, f.cfg.Env.Clock, 0); err != nil {
			return x, false, timedOut(ctx, "the index is still being filled")
		}
	}
}

// createUnique makes a unique index where nothing is written meanwhile: checked, declared and filled as one.
func (f *Fabric) createUnique(ctx context.Context, collection string, spec IndexSpec, made *Index) error {
	if err := f.gate.check(); err != nil {
		return err
	}
	if err := f.markSystem(ctx); err != nil {
		return err
	}
	return f.exclusive(ctx, func(core *Core, wall int64) error {
		if err := f.admits(); err != nil {
			return err
		}
		if err := core.CheckUnique(collection, spec); err != nil {
			return err
		}
		p, err := core.prepareSchema(CreateIndex(collection, spec, made), wall, true)
		if err != nil || p.Empty() {
			return err
		}
		if _, err := core.Sequence(p, wall); err != nil {
			return err
		}
		return core.breaks(core.fillWhole(collection, made.Name))
	})
}

// DropIndex drops an index and returns what it was.
func (f *Fabric) DropIndex(ctx context.Context, collection, name string) (Index, error) {
	var dropped Index
	err := f.SchemaUpdate(ctx, DropIndex(collection, name, &dropped))
	return dropped, err
}

// Truncate empties a collection.
func (f *Fabric) Truncate(ctx context.Context, collection string) error {
	if err := f.gate.check(); err != nil {
		return err
	}
	if err := f.markSystem(ctx); err != nil {
		return err
	}
	return f.exclusive(ctx, func(core *Core, wall int64) error {
		if err := f.admits(); err != nil {
			return err
		}
		_, err := core.Truncate(collection, wall)
		return err
	})
}

// Changes opens a change feed.
func (f *Fabric) Changes(since Token, collection string) (*Feed, error) {
	return f.core.Load().Changes(since, collection)
}

// Conflicts lists writes that lost to concurrent ones, and waits until what it found is durable.
func (f *Fabric) Conflicts(ctx context.Context, collection, since string, limit int) ([]ConflictRecord, string, error) {
	core := f.core.Load()
	list, next, err := core.Conflicts(collection, since, limit)
	if err != nil {
		return nil, "", f.noted(err)
	}
	if err := f.Settle(ctx, core.applying.Load()); err != nil {
		return nil, "", err
	}
	return list, next, nil
}

// Digest computes the fabric's fingerprint at a time, the watermark when it is zero.
func (f *Fabric) Digest(ctx context.Context, at clock.Time) (Digest, error) {
	f.seq.Lock()
	core := f.core.Load()
	if at == 0 {
		at = core.watermark
	}
	v := core.NewView(f.wall())
	f.seq.Unlock()
	defer func() { _ = v.Close() }()
	if err := f.Settle(ctx, v.Number()); err != nil {
		return Digest{}, err
	}
	return v.Digest(at)
}

// Progress is what replication tells others.
func (f *Fabric) Progress() Progress {
	f.seq.Lock()
	defer f.seq.Unlock()
	core := f.core.Load()
	return core.Progress(f.trusted(core))
}

// Reincarnate ends the only member's incarnation and goes on under a new one, with a new epoch: the data is that of a
// backup, and the old incarnation may have committed more. It returns who this location is now.
func (f *Fabric) Reincarnate(ctx context.Context, join member.Change) (clock.Origin, clock.Stamp, error) {
	if err := f.renew(ctx); err != nil {
		return 0, clock.Stamp{}, err
	}
	var joined clock.Stamp
	err := f.exclusive(ctx, func(core *Core, wall int64) (err error) {
		joined, err = core.Reincarnate(join, wall)
		return err
	})
	return f.core.Load().Self(), joined, err
}

// Core gives replication the log, which may be read from any goroutine.
func (f *Fabric) Core() *Core { return f.core.Load() }

// SetStable and SetWatermark take what replication found out.
func (f *Fabric) SetStable(v clock.Vector) {
	f.seq.Lock()
	defer f.seq.Unlock()
	f.core.Load().SetStable(v)
}

// SetWatermark tells that no entry stamped at or below t can arrive any more.
func (f *Fabric) SetWatermark(t clock.Time) {
	f.seq.Lock()
	defer f.seq.Unlock()
	f.core.Load().SetWatermark(t)
}

// OpenSnapshot opens a snapshot and waits until what it shows is durable.
func (f *Fabric) OpenSnapshot(ctx context.Context) (*Snapshot, error) {
	f.seq.Lock()
	s, err := f.core.Load().OpenSnapshot(fmt.Sprintf("%016x", f.cfg.Env.Rand.Uint64()))
	f.seq.Unlock()
	if err != nil {
		return nil, err
	}
	if err := f.Settle(ctx, s.Number()); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// chunksUnsynced is how many chunks of a snapshot may be on their way to disk. They become durable in order, each with
// the mark of how far the copy has come, so that a crash only makes the copy go on a few chunks earlier.
const chunksUnsynced = 8

// InstallChunk keeps one chunk of a snapshot. The first and the last one are durable when it returns, and after the
// last one the fabric goes on with what the snapshot holds.
func (f *Fabric) InstallChunk(mark SnapshotMark, data []byte, last bool, vector clock.Vector, self clock.Origin) error {
	f.seq.Lock()
	defer f.seq.Unlock()
	defer f.core.Load().changing()()
	pending, err := Install(f.cfg.DB, f.cfg.Options.Number, mark, data, last, vector, self)
	if err == nil && !last && mark.Next%chunksUnsynced != 0 && f.core.Load().partial.ID == mark.ID {
		return nil
	}
	if err == nil {
		err = pending.Wait()
	}
	if err == nil {
		err = f.replace()
	}
	return err
}

// Reset deletes everything that the fabric holds here and goes on empty, to be filled by a snapshot. Open feeds end.
func (f *Fabric) Reset() error {
	f.seq.Lock()
	defer f.seq.Unlock()
	defer f.core.Load().changing()()
	pending, err := Destroy(f.cfg.DB, f.cfg.Options.Number)
	if err == nil {
		err = pending.Wait()
	}
	if err != nil {
		return err
	}
	return f.replace()
}

// replace opens the store anew. Everything applied before is durable by now, so that whoever waits for a commit of
// the old core's has what it waits for.
func (f *Fabric) replace() error {
	options := f.cfg.Options
	options.Resume = f.core.Load().applying.Load()
	core, err := OpenCore(f.cfg.DB, options)
	if err != nil {
		return err
	}
	old := f.core.Swap(core)
	old.retired.retire(historyGone())
	old.held.Shut()
	f.signal.fire()
	return nil
}

// closed is the error of calls after Close, nil before.
func (f *Fabric) closed() error {
	if f.closing.Load() {
		return failure(Closed, "fabric %s is closed", f.name)
	}
	return nil
}

// Status is what a fabric tells about itself.
type Status struct {
	Self      clock.Origin
	Members   member.Table
	Vector    clock.Vector
	Stable    clock.Vector
	Watermark clock.Time
	Counters  Counters
}

// Status tells where the fabric stands.
func (f *Fabric) Status() Status {
	f.seq.Lock()
	defer f.seq.Unlock()
	c := f.core.Load()
	counters := c.counters
	counters.Unmarked = f.unmarked.Load()
	return Status{Self: c.Self(), Members: c.Members(), Vector: c.durable.Load().vector, Stable: c.pub.stable, Watermark: c.watermark, Counters: counters}
}

// ReadLog returns durable entries of an origin for a peer.
func (f *Fabric) ReadLog(origin clock.Origin, after clock.Time, maxBytes int) ([]byte, clock.Time, error) {
	return f.core.Load().ReadLog(origin, after, maxBytes)
}

// Past is what the entry after (origin, at) is coded against.
func (f *Fabric) Past(origin clock.Origin, at clock.Time) (codec.Past, error) {
	return f.core.Load().Past(origin, at)
}
