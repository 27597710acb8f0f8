package points

import (
	"bytes"
	"slices"
	"sort"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/store/kv"
)

// arrived is batches that are not merged into chunks yet, by series.
type arrived struct {
	table  *Table
	parts  map[string][]arrivedPart
	points int
	keys   [][]byte    // of the batches
	last   clock.Stamp // of the last batch
	more   bool        // there are batches behind it
	decode reading
}

// arrivedPart is points of one series in one batch.
type arrivedPart struct {
	codec.PointPart
	stamp clock.Stamp
}

// arrivals reads batches in the order of their stamps, until more than most points are read; most 0 reads all. want says
// which parts are of interest, nil for all.
func (t *Table) arrivals(r kv.Reader, most int, want func(p *codec.PointPart) bool) (*arrived, error) {
	a := &arrived{table: t, parts: map[string][]arrivedPart{}}
	space := t.key(arrivals)
	it, err := r.Scan(space, layout.End(space))
	if err != nil {
		return nil, err
	}
	defer func() { _ = it.Close() }()
	for it.Next() {
		if most > 0 && a.points >= most {
			a.more = true
			break
		}
		if err := a.batch(bytes.Clone(it.Key()), it.Value(), len(space), want); err != nil {
			return nil, err
		}
	}
	return a, it.Err()
}

func (a *arrived) batch(key, data []byte, prefix int, want func(p *codec.PointPart) bool) error {
	k := codec.NewReader("key of points", key[prefix:])
	stamp := k.Stamp()
	if _ = k.Fixed(4); k.Done() != nil {
		return corrupt(key, k.Done())
	}
	a.keys, a.last = append(a.keys, key), stamp
	r := codec.ReadPoints(bytes.Clone(data)) // the value is the iterator's: parts stay longer
	if r.Err() == nil && r.Fields != len(a.table.Decl.Values) {
		return corrupt(key, malformed("%d values where there are %d fields", r.Fields, len(a.table.Decl.Values)))
	}
	var p codec.PointPart
	for r.Next(&p) {
		a.points += p.Points
		if want == nil || want(&p) {
			a.parts[string(p.Key)] = append(a.parts[string(p.Key)], arrivedPart{p, stamp})
		}
	}
	if err := r.Err(); err != nil {
		return corrupt(key, err)
	}
	return nil
}

// series lists the series that have arrivals, in order.
func (a *arrived) series() []string {
	out := make([]string, 0, len(a.parts))
	for key := range a.parts {
		out = append(out, key)
	}
	slices.Sort(out)
	return out
}

// run gives the points of a series in order of time: of those of one time the one with the latest stamp, and of those of
// one stamp the one that came last.
func (a *arrived) run(key string, r *run) error {
	fields := len(a.table.Decl.Values)
	r.reset(fields)
	parts := a.parts[key]
	sorted := true
	var one run
	for i := range parts {
		p := &parts[i]
		if _, err := a.decode.decoder.Decode(p.Block, fields, &one.Block); err != nil {
			return corrupt([]byte(key), err)
		}
		if n := r.Len(); n > 0 && one.Len() > 0 && one.Times[0] <= r.Times[n-1] {
			sorted = false
		}
		r.AppendFrom(&one.Block, 0, one.Len())
		for range one.Len() {
			r.stamps = append(r.stamps, p.stamp)
		}
	}
	if !sorted {
		*r = *r.sorted()
	}
	return nil
}

// sorted gives the points in order of time, each time once.
func (r *run) sorted() *run {
	order := make([]int, r.Len())
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool {
		a, b := order[i], order[j]
		if r.Times[a] != r.Times[b] {
			return r.Times[a] < r.Times[b]
		}
		return r.stamps[a].Less(r.stamps[b])
	})
	out := &run{}
	out.reset(len(r.Values))
	for k, i := range order {
		if k+1 < len(order) && r.Times[order[k+1]] == r.Times[i] {
			continue
		}
		out.appendFrom(r, i, i+1)
	}
	return out
}
