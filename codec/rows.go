package codec

import (
	"fmt"
	"math/bits"

	"github.com/selvedge-db/selvedge/clock"
)

// How the milliseconds of a changed row are coded; the writer takes the mode
// that needs the fewest bits.
const (
	modeStep  = iota // how far the row moved: best for rows that move often
	modeAge          // how long before the entry: best for rows that are fresh
	modeDrift        // how much further the row moved than the entry's own origin: best after a pause
	modes
)

const (
	rowsSparse  = 1 << 2 // the changed rows are listed, not marked in a bitmap
	rowsReshape = 1 << 3 // rows come or go
	rowsK       = 4      // shift of the Rice parameter
	maxK        = 15
)

// moved is a row that both vectors have, at index among the rows kept.
type moved struct {
	index    int
	old, now clock.Time
}

// rowsChange is a difference of two vectors, sorted by kind.
type rowsChange struct {
	gone  []int // indexes in the older vector
	fresh []clock.Row
	moved []moved
	kept  int
}

// compareRows sorts out what has to be written. A row that goes down, which
// dependencies never do, counts as gone and fresh.
func compareRows(was, now clock.Vector, room []moved) rowsChange {
	c := rowsChange{moved: room}
	i, j := 0, 0
	for i < len(was) || j < len(now) {
		switch {
		case j == len(now) || i < len(was) && was[i].Origin < now[j].Origin:
			c.gone = append(c.gone, i)
			i++
		case i == len(was) || now[j].Origin < was[i].Origin:
			c.fresh = append(c.fresh, now[j])
			j++
		case now[j].Time < was[i].Time:
			c.gone = append(c.gone, i)
			c.fresh = append(c.fresh, now[j])
			i, j = i+1, j+1
		default:
			if now[j].Time != was[i].Time {
				c.moved = append(c.moved, moved{c.kept, was[i].Time, now[j].Time})
			}
			c.kept++
			i, j = i+1, j+1
		}
	}
	return c
}

// rowsFrame is what times are coded against: the entry's and the one before.
type rowsFrame struct{ prev, t clock.Time }

// number is what is written for a moved row; not every mode can write each.
func (f rowsFrame) number(mode int, m moved) (v uint64, ok bool) {
	step := m.now.Millis() - m.old.Millis()
	switch mode {
	case modeStep:
		return uint64(step), true
	case modeAge:
		age := f.t.Millis() - m.now.Millis()
		return uint64(age), age >= 0
	}
	d := step - (f.t.Millis() - f.prev.Millis())
	return uint64(d<<1) ^ uint64(d>>63), true
}

// millis is the inverse of number, given the row as it was.
func (f rowsFrame) millis(mode int, old clock.Time, v uint64) (ms int64, ok bool) {
	if v > 1<<50 {
		return 0, false
	}
	switch mode {
	case modeStep:
		ms = old.Millis() + int64(v)
	case modeAge:
		ms = f.t.Millis() - int64(v)
	default:
		ms = old.Millis() + (int64(v>>1) ^ -int64(v&1)) + f.t.Millis() - f.prev.Millis()
	}
	return ms, ms >= 0 && ms <= millisMask
}

// choose finds the mode and Rice parameter that need the fewest bits.
func (f rowsFrame) choose(rows []moved) (mode int, k uint) {
	best := -1
	for m := range modes {
		var sum uint64
		fits := true
		for _, row := range rows {
			v, ok := f.number(m, row)
			fits = fits && ok
			sum += min(v, 1<<40)
		}
		if !fits || len(rows) == 0 {
			continue
		}
		kk := min(uint(bits.Len64(sum*7/10/uint64(len(rows)))), maxK)
		size := 0
		for _, row := range rows {
			v, _ := f.number(m, row)
			size += riceBits(v, kk)
		}
		if best < 0 || size < best {
			best, mode, k = size, m, kk
		}
	}
	return mode, k
}

// appendRows appends, with its length before it, what turns was into now.
func appendRows(dst []byte, was, now clock.Vector, prev, t clock.Time) []byte {
	var room [64]moved
	c := compareRows(was, now, room[:0])
	f := rowsFrame{prev, t}
	mode, k := f.choose(c.moved)
	head := byte(mode) | byte(k<<rowsK)
	sparse := listBits(c.moved) < c.kept
	if sparse {
		head |= rowsSparse
	}
	if len(c.gone)+len(c.fresh) > 0 {
		head |= rowsReshape
	}
	start := len(dst)
	dst = append(dst, 0, head)
	if head&rowsReshape != 0 {
		dst = appendReshape(dst, c, t)
	}
	w := bitWriter{dst: dst}
	w.which(c, sparse)
	for _, m := range c.moved {
		v, _ := f.number(mode, m)
		w.rice(v, k)
		if n := uint64(m.now.Count()); n > 0 {
			w.put(1, 1)
			w.gamma(n)
		} else {
			w.put(0, 1)
		}
	}
	return setLength(w.close(), start)
}

// setLength writes into the byte kept at start how many bytes follow it, and
// makes room if one is not enough.
func setLength(dst []byte, start int) []byte {
	n := len(dst) - start - 1
	if n < 1<<7 {
		dst[start] = byte(n)
		return dst
	}
	var b [10]byte
	size := AppendUvarint(b[:0], uint64(n))
	dst = append(dst, size[1:]...)
	copy(dst[start+len(size):], dst[start+1:start+1+n])
	copy(dst[start:], size)
	return dst
}

func appendReshape(dst []byte, c rowsChange, t clock.Time) []byte {
	dst = AppendUvarint(dst, uint64(len(c.gone)))
	next := 0
	for _, i := range c.gone {
		dst = AppendUvarint(dst, uint64(i-next))
		next = i + 1
	}
	dst = AppendUvarint(dst, uint64(len(c.fresh)))
	var before clock.Origin
	for _, row := range c.fresh {
		dst = AppendUvarint(dst, uint64(row.Origin-before))
		dst = appendApart(dst, t, row.Time, true)
		before = row.Origin
	}
	return dst
}

// listBits is how many bits a list of the changed rows takes.
func listBits(rows []moved) int {
	n, next := gammaBits(uint64(len(rows)+1)), 0
	for _, m := range rows {
		n += gammaBits(uint64(m.index - next + 1))
		next = m.index + 1
	}
	return n
}

// which says which of the kept rows changed.
func (w *bitWriter) which(c rowsChange, sparse bool) {
	next := 0
	if sparse {
		w.gamma(uint64(len(c.moved) + 1))
		for _, m := range c.moved {
			w.gamma(uint64(m.index - next + 1))
			next = m.index + 1
		}
		return
	}
	for _, m := range c.moved {
		w.zeros(uint(m.index - next))
		w.put(1, 1)
		next = m.index + 1
	}
	w.zeros(uint(c.kept - next))
}

// rows reads what appendRows wrote, for the same was, prev and t.
func (r *Reader) rows(was clock.Vector, prev, t clock.Time) clock.Vector {
	part := r.Bytes()
	if r.err != nil {
		return nil
	}
	in := NewReader(r.what+": dependencies", part)
	v := in.readRows(was, rowsFrame{prev, t})
	if in.err != nil {
		r.err = in.err
		return nil
	}
	return v
}

func (r *Reader) readRows(was clock.Vector, f rowsFrame) clock.Vector {
	head := r.Byte()
	mode, k := int(head&3), uint(head>>rowsK)
	if mode >= modes {
		r.FailNewer("unknown coding of vector rows")
		return nil
	}
	kept := was
	var fresh []clock.Row
	if head&rowsReshape != 0 {
		kept, fresh = r.reshape(was, f.t)
	}
	kept = kept.Clone()
	w := bitReader{data: r.Rest()}
	if r.err != nil {
		return nil
	}
	row := func(i int) bool {
		ms, ok := f.millis(mode, kept[i].Time, w.rice(k))
		var count uint64
		if w.get(1) == 1 {
			count = w.gamma()
		}
		now := clock.Time(ms)<<16 | clock.Time(count)
		if !ok || count > 1<<16-1 || now <= kept[i].Time {
			r.Fail(fmt.Sprintf("the row of origin %s does not rise", kept[i].Origin))
			return false
		}
		kept[i].Time = now
		return true
	}
	for _, i := range w.changed(len(kept), head&rowsSparse != 0) {
		if !row(i) {
			return nil
		}
	}
	if !w.ended() {
		r.Fail("rows are cut off or too long")
		return nil
	}
	return joinRows(r, kept, fresh)
}

// changed reads which of n rows changed; reading beyond the end is noticed by
// the caller.
func (r *bitReader) changed(n int, sparse bool) []int {
	var out []int
	if !sparse {
		for i := range n {
			if r.get(1) == 1 {
				out = append(out, i)
			}
		}
		return out
	}
	next := uint64(0)
	for left := r.gamma() - 1; left > 0 && !r.over; left-- {
		i := next + r.gamma() - 1
		if i >= uint64(n) {
			r.over = true
			break
		}
		out = append(out, int(i))
		next = i + 1
	}
	return out
}

// reshape reads which rows went and which came.
func (r *Reader) reshape(was clock.Vector, t clock.Time) (kept clock.Vector, fresh []clock.Row) {
	kept = make(clock.Vector, 0, len(was))
	next := 0
	for range r.Count(1) {
		gap := r.Uvarint()
		if gap >= uint64(len(was)-next) {
			r.Fail("a row goes that is not there")
			return nil, nil
		}
		kept = append(kept, was[next:next+int(gap)]...)
		next += int(gap) + 1
	}
	kept = append(kept, was[next:]...)
	n := r.Count(2)
	if n > MaxRows {
		r.Fail(fmt.Sprintf("%d rows come, at most %d are read", n, MaxRows))
		return nil, nil
	}
	fresh = make([]clock.Row, 0, n)
	var before clock.Origin
	for range n {
		row := clock.Row{Origin: r.nextOrigin(before), Time: r.apart(t, true)}
		if row.Time == 0 {
			r.Fail("a row comes with time zero")
		}
		if r.err != nil {
			return nil, nil
		}
		fresh = append(fresh, row)
		before = row.Origin
	}
	return kept, fresh
}

// joinRows merges rows of different origins into one vector.
func joinRows(r *Reader, kept clock.Vector, fresh []clock.Row) clock.Vector {
	if len(fresh) == 0 {
		return kept
	}
	out := make(clock.Vector, 0, len(kept)+len(fresh))
	for len(kept) > 0 || len(fresh) > 0 {
		switch {
		case len(fresh) == 0 || len(kept) > 0 && kept[0].Origin < fresh[0].Origin:
			out, kept = append(out, kept[0]), kept[1:]
		case len(kept) > 0 && kept[0].Origin == fresh[0].Origin:
			r.Fail(fmt.Sprintf("the row of origin %s comes twice", fresh[0].Origin))
			return nil
		default:
			out, fresh = append(out, fresh[0]), fresh[1:]
		}
	}
	if len(out) > MaxRows {
		r.Fail(fmt.Sprintf("vector of %d rows, at most %d are read", len(out), MaxRows))
		return nil
	}
	return out
}
