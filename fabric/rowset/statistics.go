package rowset

import (
	"bytes"
	"encoding/binary"
	"maps"
	"sync"

	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/store/kv"
	"github.com/selvedge-db/selvedge/value"
)

// estimates keeps what is costly to estimate: how many values an index holds, and where a collection can be cut.
type estimates struct {
	mu       sync.Mutex
	distinct map[uint32]estimate[[]float64]
	split    map[cut]estimate[[][]byte]
}

type cut struct {
	collection uint32
	parts      int
}

// estimate is something estimated when the collection had so many documents.
type estimate[T any] struct {
	value T
	count int64
}

// tolerance is the part of a collection that may come or go before what was estimated of it is estimated anew.
const tolerance = 5

func (e *estimates) init() {
	e.distinct, e.split = map[uint32]estimate[[]float64]{}, map[cut]estimate[[][]byte]{}
}

// kept finds an estimate that still holds.
func kept[K comparable, T any](e *estimates, m map[K]estimate[T], key K, count int64) (T, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	old, ok := m[key]
	if d := (count - old.count) * tolerance; d > old.count || -d > old.count {
		ok = false
	}
	return old.value, ok
}

func keep[K comparable, T any](e *estimates, m map[K]estimate[T], key K, value T, count int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	m[key] = estimate[T]{value, count}
}

// prune forgets what was estimated of collections and indexes that are gone.
func (e *estimates) prune(c *catalogue) {
	collections, indexes := map[uint32]bool{}, map[uint32]bool{}
	for _, in := range c.list {
		collections[in.Number] = true
		for _, x := range in.Indexes {
			indexes[x.Number] = true
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	maps.DeleteFunc(e.distinct, func(number uint32, _ estimate[[]float64]) bool { return !indexes[number] })
	maps.DeleteFunc(e.split, func(k cut, _ estimate[[][]byte]) bool { return !collections[k.collection] })
}

// Count implements rows.Statistics.
func (s *Snapshot) Count(c *rows.Collection) (int64, error) {
	if virtual(c) {
		return int64(len(s.listing(c))), nil
	}
	return s.view.Count(c.Name)
}

// Within implements rows.Statistics.
func (s *Snapshot) Within(_ *rows.Collection, x *rows.Index, b rows.Bounds, limit int) (int, error) {
	lower, upper := within(s.Keys.IndexSpace(nil, x.Number), b)
	it, err := s.Unnoted.Scan(lower, upper)
	if err != nil {
		return 0, err
	}
	n := 0
	for n < limit && it.Next() {
		n++
	}
	return n, it.Close()
}

// Distinct implements rows.Statistics. Of an edge index it gives how many vertices have edges that go out, and how many
// have edges that come in.
func (s *Snapshot) Distinct(c *rows.Collection, x *rows.Index) ([]float64, error) {
	count, err := s.Estimates().Count(c)
	if err != nil {
		return nil, err
	}
	if d, ok := kept(&s.store.estimates, s.store.estimates.distinct, x.Number, count); ok {
		return d, nil
	}
	d, err := s.estimateDistinct(x, float64(count))
	if err == nil {
		keep(&s.store.estimates, s.store.estimates.distinct, x.Number, d, count)
	}
	return d, err
}

func (s *Snapshot) estimateDistinct(x *rows.Index, count float64) (out []float64, err error) {
	space := s.Keys.IndexSpace(nil, x.Number)
	if x.Type == rows.EdgeIndex {
		for _, direction := range []byte{'o', 'i'} {
			n, err := s.distinctPrefixes(append(bytes.Clone(space), direction), count, value.SkipKeyString)
			if err != nil {
				return nil, err
			}
			out = append(out, n)
		}
		return out, nil
	}
	for depth := 1; depth <= max(1, len(x.Fields)); depth++ {
		if x.Unique && depth == len(x.Fields) {
			out = append(out, count)
			continue
		}
		n, err := s.distinctPrefixes(space, count, prefixOf(x, depth))
		if err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, nil
}

// prefixOf gives how to pass over the first values of an entry.
func prefixOf(x *rows.Index, depth int) func(entry []byte) ([]byte, error) {
	switch x.Type {
	case rows.Geo:
		return func(entry []byte) ([]byte, error) { return entry[min(geoCellBytes, len(entry)):], nil }
	case rows.Fulltext:
		return value.SkipKeyString
	}
	return func(entry []byte) (rest []byte, err error) {
		rest = entry
		for range depth {
			if rest, err = value.SkipKey(rest); err != nil {
				return nil, err
			}
		}
		return rest, nil
	}
}

const (
	exactSeeks = 256 // up to so many different values are counted one by one
	samples    = 32  // stretches that are looked at when there are more
	runLimit   = 256 // entries of one value that are counted
)

// distinctPrefixes counts the different beginnings of the keys in a space. When they are many it looks at the lengths
// of runs of equal ones at places spread over the space.
func (s *Snapshot) distinctPrefixes(space []byte, count float64, skip func([]byte) ([]byte, error)) (float64, error) {
	it, err := s.Unnoted.Scan(space, layout.End(space))
	if err != nil {
		return 0, err
	}
	defer func() { _ = it.Close() }()
	r := runs{it: it, space: len(space), skip: skip}
	n := 0
	for ok := it.Next(); ok && n < exactSeeks; n++ {
		ok = r.leave()
	}
	if n < exactSeeks || r.err != nil {
		return float64(n), r.failure()
	}
	entries, found := 0, 0
	for _, at := range spread(it, space, samples) {
		if !it.SeekGE(at) || !r.leave() {
			continue
		}
		entries += r.length()
		found++
	}
	if found == 0 || r.err != nil {
		return max(float64(n), 1), r.failure()
	}
	return max(count*float64(found)/float64(max(entries, 1)), exactSeeks), nil
}

// runs walks over keys by runs of equal beginnings.
type runs struct {
	it     kv.Iterator
	space  int
	skip   func([]byte) ([]byte, error)
	prefix []byte
	err    error
}

func (r *runs) failure() error {
	if r.err != nil {
		return r.err
	}
	return r.it.Err()
}

// begin notes the beginning of the key that the iterator stands on.
func (r *runs) begin() bool {
	key := r.it.Key()
	rest, err := r.skip(key[r.space:])
	if err != nil {
		r.err = err
		return false
	}
	r.prefix = append(r.prefix[:0], key[:len(key)-len(rest)]...)
	return true
}

// leave goes to the first key of the run after the one that the iterator stands in.
func (r *runs) leave() bool {
	if !r.begin() {
		return false
	}
	end := layout.End(r.prefix)
	return end != nil && r.it.SeekGE(end)
}

// length counts the run that begins where the iterator stands, up to a limit.
func (r *runs) length() int {
	if !r.begin() {
		return 0
	}
	n := 1
	for n < runLimit && r.it.Next() && bytes.HasPrefix(r.it.Key(), r.prefix) {
		n++
	}
	return n
}

// spread gives keys at even distances between the first and the last key of an iterator's space.
func spread(it kv.Iterator, space []byte, n int) (out [][]byte) {
	if !it.SeekGE(space) {
		return nil
	}
	first := bytes.Clone(it.Key())
	if !it.Last() {
		return nil
	}
	last := bytes.Clone(it.Key())
	same := 0
	for same < len(first) && same < len(last) && first[same] == last[same] {
		same++
	}
	low, high := digits(first[same:]), digits(last[same:])
	for i := range uint64(n) {
		at := low + (high-low)/uint64(n+1)*(i+1)
		out = append(out, binary.BigEndian.AppendUint64(bytes.Clone(first[:same]), at))
	}
	return out
}

// digits are the first eight bytes of a key as a number.
func digits(key []byte) uint64 {
	var room [8]byte
	copy(room[:], key)
	return binary.BigEndian.Uint64(room[:])
}

// smallestPart is how many documents a part of a collection should have, to be worth being read beside others.
const smallestPart = 2000

// Split implements rows.Statistics.
func (s *Snapshot) Split(c *rows.Collection, parts int) ([][]byte, error) {
	if virtual(c) {
		return nil, nil
	}
	count, err := s.Estimates().Count(c)
	if err != nil {
		return nil, err
	}
	if parts = int(min(int64(parts), count/smallestPart)); parts < 2 {
		return nil, nil
	}
	key := cut{c.Number, parts}
	if keys, ok := kept(&s.store.estimates, s.store.estimates.split, key, count); ok {
		return keys, nil
	}
	keys, err := s.estimateSplit(c, parts, count)
	if err == nil {
		keep(&s.store.estimates, s.store.estimates.split, key, keys, count)
	}
	return keys, err
}

// countedKeys is up to how many documents are counted to cut a collection evenly.
const countedKeys = 20_000

func (s *Snapshot) estimateSplit(c *rows.Collection, parts int, count int64) ([][]byte, error) {
	space := s.Keys.DocumentSpace(c.Number)
	it, err := s.Unnoted.Scan(space, layout.End(space))
	if err != nil {
		return nil, err
	}
	defer func() { _ = it.Close() }()
	cuts := cuts{prefix: len(space)}
	if count <= countedKeys {
		// What has expired is not counted, and may be much: more cuts than wanted are not made for it.
		for n := int64(0); len(cuts.keys) < parts-1 && it.Next(); n++ {
			if n > 0 && n%(count/int64(parts)+1) == 0 {
				cuts.at(it)
			}
		}
		return cuts.keys, it.Err()
	}
	places, err := s.halved(it, space, parts)
	if err != nil {
		return nil, err
	}
	for _, at := range places {
		if it.SeekGE(at) {
			cuts.at(it)
		}
	}
	return cuts.keys, it.Err()
}

// cuts gathers keys, each once.
type cuts struct {
	prefix int
	keys   [][]byte
}

func (c *cuts) at(it kv.Iterator) {
	key := it.Key()[c.prefix:]
	if n := len(c.keys); n == 0 || bytes.Compare(c.keys[n-1], key) < 0 {
		c.keys = append(c.keys, bytes.Clone(key))
	}
}

// halvings is how often the stretch in which a cut lies is halved: what is left then is small beside a block.
const halvings = 40

// halved finds where a space is to be cut so that the parts have about the same size on disk. A store that cannot tell is
// cut at even distances.
func (s *Snapshot) halved(it kv.Iterator, space []byte, parts int) (out [][]byte, err error) {
	all, err := s.view.Size(space, layout.End(space))
	if err != nil || all < int64(parts) {
		return spread(it, space, parts-1), err
	}
	if !it.SeekGE(space) {
		return nil, it.Err()
	}
	first := bytes.Clone(it.Key())
	if !it.Last() {
		return nil, it.Err()
	}
	last := bytes.Clone(it.Key())
	for i := 1; i < parts; i++ {
		low, high := first, last
		for range halvings {
			mid := between(low, high)
			if bytes.Compare(mid, low) <= 0 || bytes.Compare(mid, high) >= 0 {
				break
			}
			size, err := s.view.Size(space, mid)
			if err != nil {
				return nil, err
			}
			if size < all/int64(parts)*int64(i) {
				low = mid
			} else {
				high = mid
			}
		}
		out = append(out, high)
	}
	return out, nil
}

// between is a key about half-way between two, not between them when there is none.
func between(low, high []byte) []byte {
	same := 0
	for same < len(low) && same < len(high) && low[same] == high[same] {
		same++
	}
	a, b := digits(low[same:]), digits(high[same:])
	return binary.BigEndian.AppendUint64(bytes.Clone(low[:same]), a+(b-a)/2)
}
