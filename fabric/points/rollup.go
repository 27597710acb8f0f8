package points

import (
	"bytes"
	"math"
	"slices"

	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/series"
	"github.com/selvedge-db/selvedge/store/kv"
)

// Of each series it is kept how far its roll-ups reach: they hold all points in chunks before that time. What comes late,
// before it, is noted as a stretch to sum up again, and so is the stretch by which they are to reach further: up to the
// last chunk of the series, which is still being filled.

// watching notes what merging means for the roll-ups of a series.
type watching struct {
	on      bool
	reach   int64
	begun   bool // there are roll-ups already
	late    [][2]int64
	tail    int64
	further bool
}

func (t *Table) reachKey(key []byte) []byte { return append(t.key(reached), key...) }

func (t *Table) staleKey(key []byte, from int64) []byte {
	return sortable(append(t.key(stale), key...), from)
}

// reach says how far the roll-ups of a series reach.
func (t *Table) reach(r kv.Reader, key []byte) (at int64, begun bool, err error) {
	at = math.MinInt64
	rkey := t.reachKey(key)
	begun, err = r.View(rkey, func(data []byte) error {
		if len(data) != timeBytes {
			return corrupt(rkey, malformed("a time of %d bytes", len(data)))
		}
		at = unsortable(data)
		return nil
	})
	return at, begun, err
}

func (r *Round) watch(points bool, key []byte) (w watching, err error) {
	if w.on = points && len(r.table.Decl.Rollups) > 0; !w.on {
		return w, nil
	}
	w.reach, w.begun, err = r.table.reach(r.reader, key)
	return w, err
}

// touched notes the points [from, to) that went into a chunk, and where the last chunk of the series now begins, when it is
// worth to sum up all before it.
func (w *watching) touched(in *run, from, to int, last bool, tail int64) {
	if !w.on {
		return
	}
	if w.begun && in.Times[from] < w.reach {
		until := from
		for until < to && in.Times[until] < w.reach {
			until++
		}
		w.late = append(w.late, [2]int64{in.Times[from], in.Times[until-1] + 1})
	}
	if last && tail > w.reach {
		w.tail, w.further = tail, true
	}
}

func (w *watching) note(r *Round, key []byte) error {
	if w.further {
		w.late = append(w.late, [2]int64{w.reach, w.tail})
	}
	for _, l := range w.late {
		if err := r.stale(key, l[0], l[1]); err != nil {
			return err
		}
	}
	return nil
}

// stale notes a stretch of a series. A longer one that begins at the same time stays.
func (r *Round) stale(key []byte, from, to int64) error {
	skey := r.table.staleKey(key, from)
	_, err := r.reader.View(skey, func(data []byte) error {
		if len(data) != timeBytes {
			return corrupt(skey, malformed("a time of %d bytes", len(data)))
		}
		to = max(to, unsortable(data))
		return nil
	})
	r.put(skey, sortable(nil, to))
	return err
}

// stretchOf is a stretch of time of a series, to be summed up.
type stretchOf struct {
	from, to int64
	key      []byte // of the note of it
}

// Sum brings the roll-ups of series up to date, until it has read about as many points as given.
func (t *Table) Sum(reader kv.Reader, most int) (*Round, error) {
	r := t.round(reader, math.MaxUint64)
	space := t.key(stale)
	it, err := reader.Scan(space, layout.End(space))
	if err != nil {
		return nil, err
	}
	defer func() { _ = it.Close() }()
	read := 0
	for on := it.Next(); on; {
		if read >= most {
			r.More = true
			break
		}
		key, err := noted(it, len(space))
		if err != nil {
			return nil, err
		}
		var list []stretchOf
		for on && len(list) < 64 {
			name, err := noted(it, len(space))
			if err != nil {
				return nil, err
			}
			if !bytes.Equal(name, key) {
				break
			}
			nkey := bytes.Clone(it.Key())
			list = append(list, stretchOf{unsortable(nkey[len(nkey)-timeBytes:]), unsortable(it.Value()), nkey})
			on = it.Next()
		}
		n, err := r.sum(bytes.Clone(key), list, most)
		if err != nil {
			return nil, err
		}
		read += n
		on = it.SeekGE(append(t.staleKey(key, math.MaxInt64), 0))
		r.More = r.More || len(list) == 64
	}
	return r, it.Err()
}

// noted gives the series of a note.
func noted(it kv.Iterator, prefix int) ([]byte, error) {
	body := it.Key()[prefix:]
	if len(body) < timeBytes || len(it.Value()) != timeBytes {
		return nil, corrupt(it.Key(), malformed("the note of a stretch is cut off"))
	}
	return bytes.Clone(body[:len(body)-timeBytes]), nil
}

// sum sums stretches of one series up and gives how many points it read.
func (r *Round) sum(key []byte, list []stretchOf, most int) (read int, err error) {
	reach, begun, err := r.table.reach(r.reader, key)
	if err != nil {
		return 0, err
	}
	further := reach
	for i := range list {
		s := &list[i]
		r.delete(s.key)
		if s.to > further {
			stop, err := r.within(key, max(s.from, reach), s.to, most)
			if err != nil {
				return 0, err
			}
			if further = stop; stop < s.to {
				r.More = true
				r.put(r.table.staleKey(key, stop), sortable(nil, s.to))
			}
			s.to = stop
		}
	}
	for _, b := range r.table.Decl.Rollups {
		n, err := r.sumBucket(b, key, list, reach, further, begun)
		if err != nil {
			return read, err
		}
		read += n
	}
	r.put(r.table.reachKey(key), sortable(nil, further))
	return read, nil
}

// within gives the beginning of the first chunk before which about as many points lie as given, upTo at most.
func (r *Round) within(key []byte, from, upTo int64, most int) (int64, error) {
	l := r.table.points()
	lower := l.chunk(key, from)
	it, err := r.reader.Scan(lower, l.chunk(key, upTo))
	if err != nil {
		return 0, err
	}
	defer func() { _ = it.Close() }()
	for n := 0; it.Next(); n += r.table.chunk {
		if n >= most {
			_, at, err := l.split(it.Key())
			return at, err
		}
	}
	return upTo, it.Err()
}

// span is a stretch of time that is summed up in one go. It begins with a bucket, or goes on with one that is kept.
type span struct {
	from, to int64
	on       bool // the kept summary of the bucket of from holds all before from
}

// spans gives the stretches in whole buckets, in order and apart.
func spans(b series.Bucket, list []stretchOf, reach, further int64, begun bool) (out []span) {
	for _, s := range list {
		if s.from >= s.to {
			continue
		}
		one := span{from: start(b, s.from), to: further}
		if s.to < further {
			one.to = min(b.Next(b.Start(s.to-1)), further)
		}
		if one.on = begun && s.from == reach && one.from < reach; one.on {
			one.from = reach
		}
		if n := len(out); n > 0 && start(b, one.from) < out[n-1].to || n > 0 && one.from <= out[n-1].to && !one.on {
			out[n-1].to = max(out[n-1].to, one.to)
			continue
		}
		out = append(out, one)
	}
	return out
}

// start is the beginning of the bucket in which a time lies; before all times there is none.
func start(b series.Bucket, t int64) int64 {
	if t < series.FirstTime {
		return t
	}
	return b.Start(t)
}

// sumBucket writes the roll-ups of one span of a series anew, in the stretches given.
func (r *Round) sumBucket(b series.Bucket, key []byte, list []stretchOf, reach, further int64, begun bool) (read int, err error) {
	l, p := r.table.rollup(b), r.table.points()
	kept, err := r.reader.Scan(l.prefix, layout.End(l.prefix))
	if err != nil {
		return 0, err
	}
	defer func() { _ = kept.Close() }()
	it, err := r.reader.Scan(p.prefix, layout.End(p.prefix))
	if err != nil {
		return 0, err
	}
	defer func() { _ = it.Close() }()
	in := run{}
	in.reset(l.fields)
	for _, s := range spans(b, list, reach, further, begun) {
		f := folding{bucket: b, fields: len(r.table.Decl.Values)}
		first := start(b, s.from)
		old, err := r.rows(&l, kept, key, first, s.to)
		if err != nil {
			return read, err
		}
		if s.on && old.Len() > 0 && old.Times[0] == first {
			f.resume(&old.Block, 0)
		}
		points := stretch{lane: p, it: it}
		points.begin(key, s.from, s.to, nil)
		for {
			block, err := points.next()
			if err != nil {
				return read, err
			}
			if block == nil {
				break
			}
			read += block.Len()
			f.add(block)
		}
		f.flush()
		in.replace(old, &f.out)
	}
	if in.Len() == 0 {
		return read, nil
	}
	return read, r.merge(&l, kept, key, &in)
}

// rows reads the kept summaries of a series whose buckets begin between two times.
func (r *Round) rows(l *lane, it kv.Iterator, key []byte, from, to int64) (*run, error) {
	out := &run{}
	out.reset(l.fields)
	s := stretch{lane: *l, it: it}
	s.begin(key, from, to, nil)
	for {
		b, err := s.next()
		if err != nil || b == nil {
			return out, err
		}
		out.AppendFrom(b, 0, b.Len())
	}
}

// replace appends what makes out of the old summaries the fresh ones: these, and removals of those that are no more.
func (r *run) replace(old *run, fresh *series.Block) {
	absent := math.NaN()
	i := 0
	gone := func(until int64) {
		for ; i < old.Len() && old.Times[i] < until; i++ {
			r.Times = append(r.Times, old.Times[i])
			for c := range r.Values {
				r.Values[c] = append(r.Values[c], absent)
			}
		}
	}
	for k, at := range fresh.Times {
		gone(at)
		if i < old.Len() && old.Times[i] == at {
			i++
		}
		r.AppendFrom(fresh, k, k+1)
	}
	gone(math.MaxInt64)
	r.stamps = slices.Grow(r.stamps, r.Len())[:r.Len()]
	clear(r.stamps)
}

// folding sums points up in buckets.
type folding struct {
	bucket   series.Bucket
	fields   int
	now      []series.Summary
	from, to int64 // the bucket being summed up
	points   int64
	out      series.Block
}

// resume goes on with a bucket of which a summary is kept.
func (f *folding) resume(b *series.Block, i int) {
	f.begin(b.Times[i])
	for k := range f.now {
		f.now[k] = series.TakeSummary(b, k*series.SummaryFields, i)
	}
	f.points = int64(b.Values[rollupColumns(f.fields)-1][i])
}

func (f *folding) begin(start int64) {
	f.from, f.to = start, f.bucket.Next(start)
	if f.now == nil {
		f.now = make([]series.Summary, f.fields)
	}
	clear(f.now)
	f.points = 0
}

// add adds points, behind those added before.
func (f *folding) add(b *series.Block) {
	for i := 0; i < b.Len(); {
		if f.now == nil || b.Times[i] >= f.to {
			f.flush()
			f.begin(f.bucket.Start(b.Times[i]))
		}
		j := b.Len()
		if b.Times[j-1] >= f.to {
			j = i + search(b.Times[i:], f.to)
		}
		f.points += int64(j - i)
		for k := range f.now {
			f.now[k].Add(b.Times[i:j], b.Values[k][i:j])
		}
		i = j
	}
}

// flush ends the bucket, if something is in it.
func (f *folding) flush() {
	if f.points == 0 {
		return
	}
	last := rollupColumns(f.fields) - 1
	if f.out.Values == nil {
		f.out.Reset(last + 1)
	}
	f.out.Times = append(f.out.Times, f.from)
	for k := range f.now {
		f.now[k].Put(&f.out, k*series.SummaryFields)
	}
	f.out.Values[last] = append(f.out.Values[last], float64(f.points))
	f.points = 0
	clear(f.now)
}
