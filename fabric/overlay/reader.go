package overlay

import (
	"bytes"
	"sync"

	"github.com/selvedge-db/selvedge/fabric/sequencer"
	"github.com/selvedge-db/selvedge/store/kv"
)

// Reader is the store as it was, with a tree of changes on top. It notes what is read.
type Reader struct {
	base kv.Reader
	Tree

	mu     sync.Mutex
	points map[string]struct{}
	ranges []sequencer.Range
	tidied int // pieces that were left when the ranges were last brought in order
	open   map[*tracked]struct{}
}

// New makes a reader over a state of the store. The seed should be random: by it the tree is balanced, whatever keys somebody
// thinks out.
func New(base kv.Reader, seed uint64) *Reader {
	return &Reader{base: base, Tree: Tree{seed: seed | 1}, points: map[string]struct{}{}, open: map[*tracked]struct{}{}}
}

// Base is the state below the changes; what is read there is not noted.
func (r *Reader) Base() kv.Reader { return r.base }

// Unnoted shows what the reader shows now. What is read through it is not noted.
func (r *Reader) Unnoted() kv.Reader { return quiet{r} }

type quiet struct{ r *Reader }

func (q quiet) Get(key []byte) ([]byte, bool, error) {
	if value, deleted, known := q.r.Tree.Get(key); known {
		return bytes.Clone(value), !deleted, nil
	}
	return q.r.base.Get(key)
}

func (q quiet) View(key []byte, read func(value []byte) error) (bool, error) {
	if value, deleted, known := q.r.Tree.Get(key); known {
		if deleted {
			return false, nil
		}
		return true, read(value)
	}
	return q.r.base.View(key, read)
}

func (q quiet) Scan(lower, upper []byte) (kv.Iterator, error) {
	it, err := q.r.base.Scan(lower, upper)
	if err != nil {
		return nil, err
	}
	if n := atOrAfter(q.r.root, lower, false); n != nil && (upper == nil || bytes.Compare(n.key, upper) < 0) {
		it = &merged{base: it, root: q.r.picture(), lower: lower, upper: upper}
	}
	return it, nil
}

// Get implements kv.Reader.
func (r *Reader) Get(key []byte) ([]byte, bool, error) {
	r.Note(key)
	return quiet{r}.Get(key)
}

// View implements kv.Reader.
func (r *Reader) View(key []byte, read func(value []byte) error) (bool, error) {
	r.Note(key)
	return quiet{r}.View(key, read)
}

// Scan implements kv.Reader.
func (r *Reader) Scan(lower, upper []byte) (kv.Iterator, error) {
	it, err := quiet{r}.Scan(lower, upper)
	if err != nil {
		return nil, err
	}
	if !sequencer.Seen(lower) {
		return it, nil
	}
	t := &tracked{Iterator: it, reader: r, lower: lower, upper: upper}
	r.mu.Lock()
	r.open[t] = struct{}{}
	r.mu.Unlock()
	return t, nil
}

// Note counts a key as read.
func (r *Reader) Note(key []byte) {
	if !sequencer.Seen(key) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.points[string(key)]; ok {
		return
	}
	r.points[string(key)] = struct{}{}
	if len(r.points) > maxPieces {
		for key := range r.points {
			r.ranges = append(r.ranges, sequencer.Point([]byte(key)))
		}
		clear(r.points)
		r.tidy()
	}
}

// NoteRange counts a stretch of keys as read.
func (r *Reader) NoteRange(lower, upper []byte) {
	if sequencer.Seen(lower) {
		r.add(sequencer.Range{Lower: lower, Upper: upper})
	}
}

// tracked notes what an iterator passes: a stretch that begins where it was put, and ends where it stands.
type tracked struct {
	kv.Iterator
	reader       *Reader
	lower, upper []byte
	from         []byte // where the stretch begins: its lower end going forward, its upper end going backward
	moving       bool   // there is a stretch
	backward     bool
	on           bool
}

// begin starts a stretch.
func (t *tracked) begin(from []byte, backward bool) {
	t.end()
	t.from, t.backward, t.moving = from, backward, true
}

// end notes the stretch so far.
func (t *tracked) end() {
	if !t.moving {
		return
	}
	t.moving = false
	lower, upper := t.lower, t.upper
	if t.backward {
		if upper = t.from; t.on {
			lower = bytes.Clone(t.Key())
		}
	} else {
		if lower = t.from; t.on {
			upper = append(bytes.Clone(t.Key()), 0)
		}
	}
	t.reader.add(sequencer.Range{Lower: lower, Upper: upper})
}

// Next implements kv.Iterator.
func (t *tracked) Next() bool {
	if !t.moving || t.backward {
		from := t.lower
		if t.on {
			from = bytes.Clone(t.Key())
		}
		t.begin(from, false)
	}
	t.on = t.Iterator.Next()
	return t.on
}

// Prev implements kv.Iterator.
func (t *tracked) Prev() bool {
	if !t.moving || !t.backward {
		from := t.upper
		if t.on {
			from = append(bytes.Clone(t.Key()), 0)
		}
		t.begin(from, true)
	}
	t.on = t.Iterator.Prev()
	return t.on
}

// SeekGE implements kv.Iterator.
func (t *tracked) SeekGE(key []byte) bool {
	from := bytes.Clone(key)
	if bytes.Compare(key, t.lower) < 0 {
		from = t.lower
	}
	t.begin(from, false)
	t.on = t.Iterator.SeekGE(key)
	return t.on
}

// Last implements kv.Iterator.
func (t *tracked) Last() bool {
	t.begin(t.upper, true)
	t.on = t.Iterator.Last()
	return t.on
}

// Close implements kv.Iterator.
func (t *tracked) Close() error {
	t.reader.mu.Lock()
	delete(t.reader.open, t)
	t.reader.mu.Unlock()
	t.end()
	t.on = false
	return t.Iterator.Close()
}
