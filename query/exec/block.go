package exec

import (
	"unsafe"

	"github.com/selvedge-db/selvedge/value"
)

// The sizes of blocks: the first ones are small, since often only a few rows are wanted.
const (
	firstRows  = 16
	mostRows   = 1024
	growRows   = 8
	leastRows  = 4         // that room is made for
	blockBytes = 512 << 10 // of text that one block may bring before it is handed on
)

// slotBytes is what a value takes by itself.
const slotBytes = int(unsafe.Sizeof(value.Value{}))

// block is a number of rows of the same width, one after another.
type block struct {
	slots []value.Value
	width int
	n     int // rows
}

// row gives the slots of row i.
func (b *block) row(i int) []value.Value {
	at := i * b.width
	return b.slots[at : at+b.width : at+b.width]
}

// move copies row i to the place of row j, which is before it.
func (b *block) move(i, j int) {
	if i != j {
		copy(b.row(j), b.row(i))
	}
}

// builder fills blocks of one source. Their size grows while the source is asked for more.
type builder struct {
	block
	room  int // rows that the block may have now
	bytes int // of text that its rows brought
}

// begin empties the block for the next rows.
func (b *builder) begin(width int) {
	switch {
	case b.room == 0:
		b.room = firstRows
	case b.n >= b.room && b.room < mostRows:
		b.room = min(b.room*growRows, mostRows)
	}
	b.width, b.n, b.bytes = width, 0, 0
}

// full tells whether the block must be handed on.
func (b *builder) full() bool { return b.n >= b.room || b.bytes >= blockBytes }

// add appends a row that is a copy of from, and gives it to be filled in.
func (b *builder) add(from []value.Value) []value.Value {
	b.reserve()
	b.n++
	row := b.row(b.n - 1)
	copy(row, from)
	return row
}

// drop takes the last row back.
func (b *builder) drop() { b.n-- }

// reserve makes room for one more row.
func (b *builder) reserve() {
	if need := (b.n + 1) * b.width; need > len(b.slots) {
		size := max(need, min(b.room, max(2*b.n, leastRows))*b.width)
		grown := make([]value.Value, size)
		copy(grown, b.slots[:b.n*b.width])
		b.slots = grown
	}
}

// reset makes the source begin small again.
func (b *builder) reset() { b.n, b.bytes = 0, 0 }

// arena hands out room for text. Chunks are never used twice: values that are still in use keep theirs alive.
type arena struct {
	chunk []byte
	next  int // size of the next chunk
}

// The sizes of chunks.
const (
	firstChunk = 512
	mostChunk  = 64 << 10
)

// room gives an empty slice with room for n bytes; bytes that are appended must be taken with took.
func (a *arena) room(n int) []byte {
	if cap(a.chunk)-len(a.chunk) < n {
		a.next = min(max(firstChunk, a.next*4), mostChunk)
		a.chunk = make([]byte, 0, max(n, a.next))
	}
	at := len(a.chunk)
	return a.chunk[at:at:cap(a.chunk)]
}

// took says that text was appended to what room gave, within its capacity.
func (a *arena) took(text []byte) { a.chunk = a.chunk[:len(a.chunk)+len(text)] }

// text copies bytes; the result is not changed again.
func (a *arena) text(from []byte) []byte {
	to := append(a.room(len(from)), from...)
	a.took(to)
	return to[:len(to):len(to)]
}

// str copies text as a string.
func (a *arena) str(from string) string {
	if from == "" {
		return ""
	}
	to := append(a.room(len(from)), from...)
	a.took(to)
	return unsafe.String(unsafe.SliceData(to), len(to))
}

// done gives the block when it has rows.
func (b *builder) done() (*block, error) {
	if b.n == 0 {
		return nil, nil
	}
	return &b.block, nil
}

// keep copies the text of a value that is to stay, so that it does not keep that of its neighbours alive. Arrays and
// objects that were built are left as they are.
func (a *arena) keep(v value.Value) value.Value {
	n := v.TextLen()
	if n == 0 {
		return v
	}
	v, text := v.AppendText(a.room(n))
	a.took(text)
	return v
}

// store keeps rows.
type store struct {
	width  int
	alive  []int // the slots that are kept
	chunks [][]value.Value
	n      int
	arena  arena
}

// storeRows is the number of rows in one chunk of a store.
const storeRows = 256

// add keeps a row and says how many bytes that took.
func (s *store) add(row []value.Value) int64 {
	if s.n%storeRows == 0 {
		rows := storeRows
		if s.n == 0 {
			rows = min(storeRows, 8)
		}
		s.chunks = append(s.chunks, make([]value.Value, 0, rows*s.width))
	}
	chunk := &s.chunks[s.n/storeRows]
	at := len(*chunk)
	if at+s.width > cap(*chunk) {
		*chunk = append(make([]value.Value, 0, storeRows*s.width), *chunk...)
	}
	*chunk = (*chunk)[:at+s.width]
	to, bytes := (*chunk)[at:], int64(s.width*slotBytes)
	for _, i := range s.alive {
		to[i] = s.arena.keep(row[i])
		bytes += int64(to[i].Memory())
	}
	s.n++
	return bytes
}

// row gives row i.
func (s *store) row(i int) []value.Value {
	chunk := s.chunks[i/storeRows]
	at := i % storeRows * s.width
	return chunk[at : at+s.width]
}

// put keeps a row in place of row i, and says how many bytes more that took.
func (s *store) put(i int, row []value.Value) int64 {
	to, bytes := s.row(i), int64(0)
	for _, k := range s.alive {
		bytes -= int64(to[k].Memory())
		to[k] = row[k].Clone()
		bytes += int64(to[k].Memory())
	}
	return bytes
}

// clear lets go of all rows.
func (s *store) clear() { s.chunks, s.n, s.arena = nil, 0, arena{} }

// stringOf is text as a string over the same bytes, which are not changed any more.
func stringOf(text []byte) string { return unsafe.String(unsafe.SliceData(text), len(text)) }
