package sequencer

import (
	"bytes"
	"slices"
	"sort"

	"github.com/selvedge-db/selvedge/fabric/layout"
)

// Range is a stretch of keys, [Lower, Upper); nil Upper is the end of all keys.
type Range struct{ Lower, Upper []byte }

// Point is the range of one key.
func Point(key []byte) Range {
	upper := append(key[:len(key):len(key)], 0)
	return Range{upper[:len(key)], upper}
}

// Scanned is what a transaction has read since it began, beside Reads: it is checked against everything that others
// wrote since, however long ago that is.
type Scanned struct {
	Since  uint64   // number of the last commit that was visible when it began
	Ranges []Range  // in order, none overlapping another
	Counts []uint32 // collections whose number of documents was read
}

// Overtaken says that another commit wrote what a transaction had read.
type Overtaken struct {
	Key        []byte // that was written, or its beginning; nil when it is the number of documents of Collection
	Collection uint32
	Forgotten  bool // the transaction began so long ago that nobody knows any more
}

func (o *Overtaken) Error() string { return "what the transaction read was changed by another one" }

const (
	chunkKeys  = 1024
	keepChunks = 64   // chunks of written keys that are kept in any case
	mostChunks = 1024 // and as long as an open transaction may ask for them
	// wholeKey is up to which length a key is kept whole. Of longer ones the beginning stands for all that begin so: that
	// may cost a conflict that was none.
	wholeKey = 256
)

// written remembers the keys that commits wrote, in their order. What is in a chunk stays as it is.
type written struct {
	chunks [][]change
	floor  uint64        // commits up to this one are forgotten
	oldest func() uint64 // number from which on an open transaction needs to know
	total  uint64        // changes noted
}

// change is one key written, or a number of documents changed.
type change struct {
	number     uint64
	key        []byte
	collection uint32
	cut        bool // the key is the beginning of the one written
}

// Seen says whether a key is one that queries read, so that it counts in what transactions have read.
func Seen(key []byte) bool {
	if len(key) <= layout.PrefixLen {
		return false
	}
	switch key[layout.PrefixLen] {
	case layout.Log, layout.Order, layout.Expiring, layout.Expired, layout.Folding, layout.Conflicts, layout.Idempotency, layout.Forgetting, layout.State:
		return false
	}
	return true
}

func (w *written) add(c change) {
	if c.cut = len(c.key) > wholeKey; c.cut {
		c.key = bytes.Clone(c.key[:wholeKey])
	}
	n := len(w.chunks)
	if n == 0 || len(w.chunks[n-1]) == chunkKeys {
		w.chunks = append(w.chunks, make([]change, 0, chunkKeys))
		n++
	}
	w.chunks[n-1] = append(w.chunks[n-1], c)
	w.total++
}

// note remembers what a commit writes.
func (w *written) note(p *Prepared, number uint64) {
	for i := range p.Deletes {
		if Seen(p.Deletes[i].Key) {
			w.add(change{number: number, key: p.Deletes[i].Key})
		}
	}
	for i := range p.Puts {
		if Seen(p.Puts[i].Key) {
			w.add(change{number: number, key: p.Puts[i].Key})
		}
	}
	for _, c := range p.Counts {
		if c.Delta != 0 {
			w.add(change{number: number, collection: c.Collection})
		}
	}
}

// turn forgets what nobody needs.
func (w *written) turn() {
	for len(w.chunks) > keepChunks {
		first := w.chunks[0]
		last := first[len(first)-1].number
		if len(w.chunks) <= mostChunks && w.oldest != nil && w.oldest() < last {
			return
		}
		w.floor = last
		w.chunks[0] = nil
		w.chunks = w.chunks[1:]
	}
}

// Look is what commits have written up to a moment. It stays as it is, and may be compared from any goroutine.
type Look struct {
	chunks [][]change
	floor  uint64
	number uint64 // of the last commit
}

// since is what commits after one have written, of which number is the last.
func (w *written) since(from, number uint64) Look {
	first := sort.Search(len(w.chunks), func(i int) bool { return w.chunks[i][len(w.chunks[i])-1].number > from })
	return Look{w.chunks[first:], w.floor, number}
}

// Look takes what was written since a transaction began: to compare it beforehand, where that holds up nobody else.
func (m *Machine) Look(s *Scanned) Look {
	l := m.recent.written.since(s.Since, m.number)
	l.chunks = slices.Clone(l.chunks)
	return l
}

// Written is how many keys commits have written: the work that comparing may take.
func (m *Machine) Written() uint64 { return m.recent.written.total }

// Compare looks for a commit that wrote what was read. When there is none it need not be done again up to here.
func (l Look) Compare(s *Scanned) error {
	if s.Since < l.floor {
		return &Overtaken{Forgotten: true}
	}
	for _, chunk := range l.chunks {
		from := sort.Search(len(chunk), func(j int) bool { return chunk[j].number > s.Since })
		for j := range chunk[from:] {
			if c := &chunk[from+j]; s.holds(c) {
				return &Overtaken{Key: c.key, Collection: c.collection}
			}
		}
	}
	s.Since = max(s.Since, l.number)
	return nil
}

// holds says whether a change concerns what was read.
func (s *Scanned) holds(c *change) bool {
	if c.key == nil {
		for _, n := range s.Counts {
			if n == c.collection {
				return true
			}
		}
		return false
	}
	if c.cut {
		return s.Meets(Range{c.key, layout.End(c.key)})
	}
	// The last range that begins at or before the key.
	i := sort.Search(len(s.Ranges), func(i int) bool { return bytes.Compare(s.Ranges[i].Lower, c.key) > 0 }) - 1
	return i >= 0 && (s.Ranges[i].Upper == nil || bytes.Compare(c.key, s.Ranges[i].Upper) < 0)
}

// Meets says whether something in a stretch of keys was read.
func (s *Scanned) Meets(r Range) bool {
	// The last range that begins before the end of the stretch.
	i := len(s.Ranges) - 1
	if r.Upper != nil {
		i = sort.Search(len(s.Ranges), func(i int) bool { return bytes.Compare(s.Ranges[i].Lower, r.Upper) >= 0 }) - 1
	}
	return i >= 0 && (s.Ranges[i].Upper == nil || bytes.Compare(r.Lower, s.Ranges[i].Upper) < 0)
}
