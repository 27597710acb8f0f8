package points

import (
	"bytes"
	"encoding/binary"
	"math"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/fabric/sequencer"
	"github.com/selvedge-db/selvedge/series"
	"github.com/selvedge-db/selvedge/store/kv"
)

// Round is a bounded piece of upkeep: what it changes in the store, all at once.
type Round struct {
	Puts, Deletes []sequencer.Put
	Shown         int64 // how many points more the chunks show
	More          bool  // there is more to do
	Purged        bool  // points that had expired are gone

	table   *Table
	reader  kv.Reader
	settled clock.Time // nothing with a stamp up to it can still arrive
	reading reading
	encoder series.Encoder
	old     run
	out     run
	block   []byte
}

func (t *Table) round(r kv.Reader, settled clock.Time) *Round {
	return &Round{table: t, reader: r, settled: settled}
}

func (r *Round) put(key, data []byte) { r.Puts = append(r.Puts, sequencer.Put{Key: key, Value: data}) }

func (r *Round) delete(key []byte) { r.Deletes = append(r.Deletes, sequencer.Put{Key: key}) }

// count brings the number of points that chunks show up to date, from what it was before.
func (r *Round) count(before int64) {
	if r.Shown != 0 {
		r.put(r.table.key(counted), layout.Long(nil, uint64(before+r.Shown)))
	}
}

// counting ends a round with the number of points brought up to date.
func (r *Round) counting() (*Round, error) {
	before, err := r.table.Kept(r.reader)
	if err != nil {
		return nil, err
	}
	r.count(before)
	return r, nil
}

// Kept is how many points the chunks show, expired ones included.
func (t *Table) Kept(r kv.Reader) (n int64, err error) {
	key := t.key(counted)
	_, err = r.View(key, func(data []byte) error {
		if len(data) != 8 {
			return corrupt(key, malformed("a number of %d bytes", len(data)))
		}
		n = int64(binary.BigEndian.Uint64(data))
		return nil
	})
	return n, err
}

// Empty says whether the round changes nothing.
func (r *Round) Empty() bool { return len(r.Puts)+len(r.Deletes) == 0 }

// Waiting says how many batches have arrived and are not merged, up to most, and the stamp of the first.
func (t *Table) Waiting(r kv.Reader, most int) (n int, first clock.Stamp, err error) {
	space := t.key(arrivals)
	it, err := r.Scan(space, layout.End(space))
	if err != nil {
		return 0, first, err
	}
	defer func() { _ = it.Close() }()
	for n < most && it.Next() {
		if n++; n == 1 {
			k := codec.NewReader("key of points", it.Key()[len(space):])
			first = k.Stamp()
		}
	}
	return n, first, it.Err()
}

// Behind counts what upkeep has yet to do: batches to merge, chunks to settle and stretches to sum up.
func (t *Table) Behind(r kv.Reader) (n int, err error) {
	for _, letter := range []byte{arrivals, settling, stale} {
		space := t.key(letter)
		it, err := r.Scan(space, layout.End(space))
		if err != nil {
			return 0, err
		}
		for it.Next() {
			n++
		}
		if err := it.Close(); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// Merge puts arrivals into chunks, the oldest first, until more than most points are merged. No entry with a stamp up to
// watermark can still arrive, nor is one on its way to the store.
func (t *Table) Merge(reader kv.Reader, watermark clock.Time, most int) (*Round, error) {
	a, err := t.arrivals(reader, most, nil)
	if err != nil {
		return nil, err
	}
	r := t.round(reader, watermark)
	if r.More = a.more; a.more {
		// Those that are left are later than these. A point may lose its stamp only when they are, too.
		r.settled = min(watermark, a.last.Time-1)
	}
	for _, key := range a.keys {
		r.delete(key)
	}
	if len(a.parts) == 0 {
		return r, nil
	}
	l := t.points()
	it, err := reader.Scan(l.prefix, layout.End(l.prefix))
	if err != nil {
		return nil, err
	}
	defer func() { _ = it.Close() }()
	var in run
	for _, key := range a.series() {
		if err := a.run(key, &in); err != nil {
			return nil, err
		}
		if err := r.merge(&l, it, []byte(key), &in); err != nil {
			return nil, err
		}
	}
	return r.counting()
}

// merge merges points of one series into the chunks of a lane.
func (r *Round) merge(l *lane, it kv.Iterator, key []byte, in *run) error {
	watch, err := r.watch(l.points, key)
	if err != nil {
		return err
	}
	at := stretch{lane: *l, it: it, key: key}
	done := int64(math.MinInt64)
	for from := 0; from < in.Len(); {
		at.from = in.Times[from]
		start, found, err := r.chunkFor(&at)
		if err != nil {
			return err
		}
		var was codec.PointChunk
		r.old.reset(l.fields)
		bound, last := int64(math.MaxInt64), true
		if found {
			if was, err = r.reading.decode(l, it.Key(), it.Value(), &r.old); err != nil {
				return err
			}
			if it.Next() {
				name, next, err := l.split(it.Key())
				if err != nil {
					return err
				}
				if bytes.Equal(name, key) {
					bound, last = next, false
				}
			}
			if err := it.Err(); err != nil {
				return err
			}
		}
		to := from
		for to < in.Len() && in.Times[to] < bound {
			to++
		}
		c := change{lane: l, key: key, start: start, found: found, was: was, last: last, done: done}
		if found {
			done = start
		}
		tail, full, err := r.rewrite(&c, it, in, from, to)
		if err != nil {
			return err
		}
		watch.touched(in, from, to, last && full, tail)
		from = to
	}
	return watch.note(r, key)
}

// chunkFor moves to the chunk in which a time lies: the last one that begins at or before it, else the first one.
func (r *Round) chunkFor(at *stretch) (start int64, found bool, err error) {
	if !at.seek() {
		return 0, false, at.it.Err()
	}
	name, start, err := at.lane.split(at.it.Key())
	return start, err == nil && bytes.Equal(name, at.key), err
}

// change is one chunk that is written anew: with points more, without stamps.
type change struct {
	lane  *lane
	key   []byte
	start int64
	found bool
	was   codec.PointChunk
	last  bool  // no chunk of the series lies behind it
	done  int64 // chunks up to the one that begins there are written anew in the same round
}

// rewrite writes a chunk anew, with points of in, as one chunk or several. The old chunk's points are in r.old. It gives
// where the last of these chunks begins, and whether so many points are in them that all before that is done with.
func (r *Round) rewrite(c *change, it kv.Iterator, in *run, from, to int) (tail int64, full bool, err error) {
	behind := c.last && from < to
	if behind && c.found && in.Times[from] > r.old.Times[r.old.Len()-1] {
		// The points come behind the chunk, and are a chunk of their own unless it is small (gather).
		c.found = false
		r.old.reset(c.lane.fields)
	}
	r.out.reset(c.lane.fields)
	merge(&r.out, &r.old, in, from, to)
	if c.found {
		r.drop(c)
	}
	if behind {
		if err := r.gather(c, it); err != nil {
			return 0, false, err
		}
	}
	for i, s := range r.out.stamps {
		if s.Time <= r.settled {
			r.out.stamps[i] = clock.Stamp{}
		}
	}
	r.out.forget()
	n := r.out.Len()
	size := r.table.chunk
	if pieces := (n + size - 1) / size; !c.last && pieces > 1 {
		size = (n + pieces - 1) / pieces
	}
	for at := 0; at < n; at += size {
		tail = r.out.Times[at]
		r.chunk(c, at, min(at+size, n))
	}
	return tail, n >= r.table.chunk/2, nil
}

// gather takes the chunks before the points in r.out in, as long as they are not much larger: so a series that grows by a
// few points at a time is not written anew each time, and yet has few chunks.
func (r *Round) gather(c *change, it kv.Iterator) error {
	prefix := c.lane.series(c.key)
	for {
		n := r.out.Len()
		on := it.SeekGE(sortable(bytes.Clone(prefix), r.out.Times[0]))
		if on {
			on = it.Prev()
		} else {
			on = it.Last()
		}
		if !on || !bytes.HasPrefix(it.Key(), prefix) || len(it.Key()) != len(prefix)+timeBytes {
			return it.Err()
		}
		before := change{lane: c.lane, key: c.key}
		var err error
		if _, before.start, err = c.lane.split(it.Key()); err != nil {
			return err
		}
		if before.was, err = codec.DecodePointChunk(it.Value()); err != nil {
			return corrupt(it.Key(), err)
		}
		if before.start <= c.done || before.was.Points > 2*n || before.was.Points+n > r.table.chunk {
			return nil
		}
		if _, err := r.reading.decode(c.lane, it.Key(), it.Value(), &r.old); err != nil {
			return err
		}
		r.drop(&before)
		r.old.appendFrom(&r.out, 0, n)
		r.old, r.out = r.out, r.old
	}
}

// forget takes out removals that nothing can come before any more.
func (r *run) forget() {
	k := 0
	for i := range r.Times {
		if r.stamps[i].IsZero() && removed(&r.Block, i) {
			continue
		}
		if k != i {
			r.Times[k], r.stamps[k] = r.Times[i], r.stamps[i]
			for _, column := range r.Values {
				column[k] = column[i]
			}
		}
		k++
	}
	r.cut(k)
}

// drop takes the old chunk away.
func (r *Round) drop(c *change) {
	r.delete(c.lane.chunk(c.key, c.start))
	if c.lane.points {
		r.Shown -= int64(c.was.Shown)
		if newest := newestOf(c.was.Runs); newest > 0 {
			r.delete(r.table.settleKey(newest, c.key, c.start))
		}
	}
}

func newestOf(runs []codec.PointRun) (newest clock.Time) {
	for i := range runs {
		newest = max(newest, runs[i].Stamp.Time)
	}
	return newest
}

func (t *Table) settleKey(newest clock.Time, key []byte, start int64) []byte {
	return sortable(append(layout.Long(t.key(settling), uint64(newest)), key...), start)
}

// chunk writes the points [from, to) of r.out as a chunk.
func (r *Round) chunk(c *change, from, to int) {
	part := series.Block{Times: r.out.Times[from:to]}
	for _, column := range r.out.Values {
		part.Values = append(part.Values, column[from:to])
	}
	out := codec.PointChunk{Points: to - from, Shown: shown(&part), Last: part.Times[to-from-1], Runs: runsOf(r.out.stamps[from:to])}
	r.block = r.encoder.Append(r.block[:0], part.Times, part.Values)
	out.Block = r.block
	start := part.Times[0]
	r.put(c.lane.chunk(c.key, start), codec.AppendPointChunk(nil, &out))
	if c.lane.points {
		r.Shown += int64(out.Shown)
		if out.Runs != nil {
			r.put(r.table.settleKey(newestOf(out.Runs), c.key, start), nil)
		}
	}
}

// runsOf gives the stamps of points as runs, nil when all are zero.
func runsOf(stamps []clock.Stamp) (out []codec.PointRun) {
	any := false
	for i, s := range stamps {
		any = any || !s.IsZero()
		if i > 0 && s == stamps[i-1] {
			out[len(out)-1].Points++
			continue
		}
		out = append(out, codec.PointRun{Points: 1, Stamp: s})
	}
	if !any {
		return nil
	}
	return out
}

// Settle takes the stamps away of chunks in which none can matter any more, at most as many chunks as given. Arrivals with
// stamps up to watermark must have been merged.
func (t *Table) Settle(reader kv.Reader, watermark clock.Time, most int) (*Round, error) {
	_, first, err := t.Waiting(reader, 1)
	if err != nil {
		return nil, err
	}
	if !first.IsZero() {
		watermark = min(watermark, first.Time-1)
	}
	r := t.round(reader, watermark)
	space := t.key(settling)
	it, err := reader.Scan(space, layout.Long(append([]byte(nil), space...), uint64(watermark)+1))
	if err != nil {
		return nil, err
	}
	defer func() { _ = it.Close() }()
	l := t.points()
	for n := 0; it.Next(); n++ {
		if n == most {
			r.More = true
			break
		}
		body := bytes.Clone(it.Key()[len(space):])
		if len(body) < 2*timeBytes {
			return nil, corrupt(it.Key(), codec.ErrMalformed)
		}
		key, start := body[timeBytes:len(body)-timeBytes], unsortable(body[len(body)-timeBytes:])
		if err := r.settle(&l, key, start, bytes.Clone(it.Key())); err != nil {
			return nil, err
		}
	}
	if err := it.Err(); err != nil {
		return nil, err
	}
	return r.counting()
}

func (r *Round) settle(l *lane, key []byte, start int64, note []byte) error {
	ckey := l.chunk(key, start)
	data, found, err := r.reader.Get(ckey)
	if err != nil {
		return err
	}
	if !found {
		r.delete(note)
		return nil
	}
	c := change{lane: l, key: key, start: start, found: true, last: true}
	if c.was, err = r.reading.decode(l, ckey, data, &r.old); err != nil {
		return err
	}
	_, _, err = r.rewrite(&c, nil, &run{}, 0, 0)
	return err
}

// Purge takes away the chunks of a bounded number of series, from a place on, in which every point has expired by a time
// that everybody has passed, and gives the place to go on from, nil when it has seen all.
func (t *Table) Purge(reader kv.Reader, passedMs int64, from []byte, most int) (*Round, []byte, error) {
	r := t.round(reader, 0)
	if t.Decl.Retention == 0 {
		return r, nil, nil
	}
	since := t.since(passedMs)
	lanes := []purging{{t.points(), func(last int64) bool { return last < since }}}
	for _, b := range t.Decl.Rollups {
		lanes = append(lanes, purging{t.rollup(b), func(last int64) bool { return b.Next(last) <= since }})
	}
	w, err := t.walk(reader, lanes[0].lane, selection{}, nil)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = w.it.Close() }()
	if from != nil {
		w.next = from
	}
	for n := 0; ; n++ {
		if n >= most || len(r.Deletes) >= most {
			r.More = true
			r, err = r.counting()
			return r, w.next, err
		}
		ok, err := w.step()
		if err != nil {
			return nil, nil, err
		}
		if !ok {
			r, err = r.counting()
			return r, nil, err
		}
		for i := range lanes {
			if err := r.purge(&lanes[i], w.key); err != nil {
				return nil, nil, err
			}
		}
	}
}

type purging struct {
	lane
	gone func(last int64) bool
}

// purge takes away the first chunks of a series, as long as all in them is gone.
func (r *Round) purge(l *purging, key []byte) error {
	prefix := l.series(key)
	it, err := r.reader.Scan(prefix, sortable(bytes.Clone(prefix), math.MaxInt64))
	if err != nil {
		return err
	}
	defer func() { _ = it.Close() }()
	for it.Next() {
		name, start, err := l.split(it.Key())
		if err != nil {
			return err
		}
		if !bytes.Equal(name, key) {
			break
		}
		c := change{lane: &l.lane, key: bytes.Clone(key), start: start}
		if c.was, err = codec.DecodePointChunk(it.Value()); err != nil {
			return corrupt(it.Key(), err)
		}
		if !l.gone(c.was.Last) {
			break
		}
		r.drop(&c)
		r.Purged = true
	}
	return it.Err()
}

// Truncate gives what of a collection a removal of everything leaves: points with a stamp after it. The caller deletes all
// keys of the layout first, but for arrivals with later stamps (see Cleared).
func (t *Table) Truncate(reader kv.Reader, stamp clock.Stamp) (*Round, error) {
	r := t.round(reader, 0)
	space := t.key(settling)
	l := t.points()
	it, err := reader.Scan(layout.Long(bytes.Clone(space), uint64(stamp.Time)), layout.End(space))
	if err != nil {
		return nil, err
	}
	defer func() { _ = it.Close() }()
	for it.Next() {
		body := bytes.Clone(it.Key()[len(space):])
		if len(body) < 2*timeBytes {
			return nil, corrupt(it.Key(), codec.ErrMalformed)
		}
		c := change{lane: &l, key: body[timeBytes : len(body)-timeBytes], start: unsortable(body[len(body)-timeBytes:]), last: true}
		ckey := l.chunk(c.key, c.start)
		data, found, err := reader.Get(ckey)
		if err != nil {
			return nil, err
		}
		if !found {
			continue
		}
		if _, err = r.reading.decode(&l, ckey, data, &r.old); err != nil {
			return nil, err
		}
		var left run
		left.reset(l.fields)
		for i, s := range r.old.stamps {
			if stamp.Less(s) {
				left.appendFrom(&r.old, i, i+1)
			}
		}
		if left.Len() > 0 {
			r.old.reset(l.fields)
			c.last = false // what lies beside it goes
			if _, _, err := r.rewrite(&c, nil, &left, 0, left.Len()); err != nil {
				return nil, err
			}
		}
	}
	r.count(0)
	return r, it.Err()
}

// Cleared are the ranges of keys that a removal of everything deletes, of one layout.
func Cleared(keys layout.Keys, collection uint32, hash uint64, stamp clock.Stamp) [][2][]byte {
	space := Space(keys, collection, hash)
	later, _ := ArrivalKey(keys, collection, hash, stamp, 0)
	return [][2][]byte{{append(bytes.Clone(space), arrivals), later},
		{append(bytes.Clone(space), arrivals+1), layout.End(space)}}
}

// Layouts lists the layouts of which a collection has points.
func Layouts(reader kv.Reader, keys layout.Keys, collection uint32) ([]uint64, error) {
	space := keys.PointSpace(collection)
	it, err := reader.Scan(space, layout.End(space))
	if err != nil {
		return nil, err
	}
	defer func() { _ = it.Close() }()
	var out []uint64
	for on := it.Next(); on; {
		if len(it.Key()) < len(space)+8 {
			return nil, corrupt(it.Key(), codec.ErrMalformed)
		}
		hash := binary.BigEndian.Uint64(it.Key()[len(space):])
		out = append(out, hash)
		next := layout.End(Space(keys, collection, hash))
		if next == nil {
			break
		}
		on = it.SeekGE(next)
	}
	return out, it.Err()
}
