package series

import (
	"encoding/binary"
	"math/bits"
)

// The forms of a column of integers.
const (
	formOne = iota
	formPlain
	formSteps
	formSecond
	formLine
	formRuns
)

// groupSize is how many numbers share a width: few enough that one outlier costs little, many enough that the head of
// a group does too.
const groupSize = 128

// cost measures, number by number, how many bytes groups take.
type cost struct {
	bytes      int
	n          int
	least, top int64
}

func (c *cost) add(v int64) {
	if c.n == 0 {
		c.least, c.top = v, v
	} else if v < c.least {
		c.least = v
	} else if v > c.top {
		c.top = v
	}
	if c.n++; c.n == groupSize {
		c.close()
	}
}

func (c *cost) close() {
	if c.n == 0 {
		return
	}
	c.bytes += varintSize(c.least) + 1 + packedSize(c.n, bits.Len64(uint64(c.top-c.least)))
	c.n = 0
}

func varintSize(v int64) int { return uvarintSize(uint64(v)<<1 ^ uint64(v>>63)) }

func uvarintSize(u uint64) int { return (bits.Len64(u|1) + 6) / 7 }

func packedSize(n, width int) int { return (n*width + 7) / 8 }

// choice is how a column of integers is written, and in how many bytes about.
type choice struct {
	form  byte
	bytes int
	step  int64 // of a line
	runs  int
}

// choose measures the forms of a column that is not empty.
func choose(v []int64) choice {
	var plain, steps, second, line cost
	first, last := v[0], v[len(v)-1]
	step := int64(0)
	if len(v) > 1 {
		step = (last - first) / int64(len(v)-1)
	}
	runs, runBytes := 0, 0
	before, beforeStep, on := first, int64(0), first
	start := 0
	for i, x := range v {
		plain.add(x)
		line.add(x - on)
		on += step
		if i > 0 {
			d := x - before
			steps.add(d)
			if i > 1 {
				second.add(d - beforeStep)
			}
			if beforeStep = d; d != 0 {
				runs++
				runBytes += varintSize(d) + uvarintSize(uint64(i-1-start))
				start = i
			}
			before = x
		}
	}
	if runs == 0 {
		return choice{form: formOne, bytes: 1 + varintSize(first)}
	}
	for _, c := range []*cost{&plain, &steps, &second, &line} {
		c.close()
	}
	head := 1 + varintSize(first)
	best := choice{form: formPlain, bytes: 1 + plain.bytes}
	better := func(c choice) {
		if c.bytes < best.bytes {
			best = c
		}
	}
	better(choice{form: formSteps, bytes: head + steps.bytes})
	better(choice{form: formSecond, bytes: head + varintSize(v[1]-first) + second.bytes})
	better(choice{form: formLine, bytes: head + varintSize(step) + line.bytes, step: step})
	better(choice{form: formRuns, bytes: head + uvarintSize(uint64(runs)) + runBytes + uvarintSize(uint64(len(v)-1-start)), runs: runs + 1})
	return best
}

// appendInts appends a column that is not empty.
func appendInts(dst []byte, v []int64) []byte { return appendChosen(dst, v, choose(v)) }

func appendChosen(dst []byte, v []int64, c choice) []byte {
	dst = append(dst, c.form)
	var group [groupSize]int64
	switch c.form {
	case formOne:
		return binary.AppendVarint(dst, v[0])
	case formRuns:
		return appendRuns(dst, v, c.runs)
	case formPlain:
		for len(v) > 0 {
			n := min(len(v), groupSize)
			dst = appendGroup(dst, v[:n])
			v = v[n:]
		}
		return dst
	}
	dst = binary.AppendVarint(dst, v[0])
	at, before, step := 1, v[0], int64(0)
	switch c.form {
	case formSecond:
		step = v[1] - v[0]
		dst = binary.AppendVarint(dst, step)
		at, before = 2, v[1]
	case formLine:
		dst = binary.AppendVarint(dst, c.step)
		at = 0
	}
	on := v[0]
	for at < len(v) {
		n := min(len(v)-at, groupSize)
		for i, x := range v[at : at+n] {
			switch c.form {
			case formSteps:
				group[i] = x - before
			case formSecond:
				group[i] = x - before - step
				step = x - before
			case formLine:
				group[i] = x - on
				on += c.step
			}
			before = x
		}
		dst = appendGroup(dst, group[:n])
		at += n
	}
	return dst
}

func appendRuns(dst []byte, v []int64, runs int) []byte {
	dst = binary.AppendUvarint(dst, uint64(runs))
	before, start := int64(0), 0
	for i := 1; i <= len(v); i++ {
		if i < len(v) && v[i] == v[start] {
			continue
		}
		dst = binary.AppendVarint(dst, v[start]-before)
		dst = binary.AppendUvarint(dst, uint64(i-start-1))
		before, start = v[start], i
	}
	return dst
}

func appendGroup(dst []byte, v []int64) []byte {
	least, top := v[0], v[0]
	for _, x := range v {
		least, top = min(least, x), max(top, x)
	}
	width := bits.Len64(uint64(top - least))
	dst = append(binary.AppendVarint(dst, least), byte(width))
	return pack(dst, v, least, uint(width))
}

// pack appends numbers less least in width bits each, low bits first.
func pack(dst []byte, v []int64, least int64, width uint) []byte {
	if width == 0 {
		return dst
	}
	var word uint64
	var used uint
	for _, x := range v {
		u := uint64(x - least)
		word |= u << used
		if used += width; used >= 64 {
			dst = binary.LittleEndian.AppendUint64(dst, word)
			used -= 64
			word = 0
			if used > 0 {
				word = u >> (width - used)
			}
		}
	}
	for ; used > 0; used -= min(used, 8) {
		dst = append(dst, byte(word))
		word >>= 8
	}
	return dst
}

// ints reads a column into v, which is not empty.
func (r *reader) ints(v []int64) {
	switch form := r.byte(); form {
	case formOne:
		one := r.varint()
		for i := range v {
			v[i] = one
		}
	case formPlain:
		r.groups(v)
	case formSteps:
		v[0] = r.varint()
		r.groups(v[1:])
		sum := v[0]
		for i := 1; i < len(v); i++ {
			sum += v[i]
			v[i] = sum
		}
	case formSecond:
		if len(v) < 2 {
			r.fail("second steps of one number")
			return
		}
		v[0] = r.varint()
		step := r.varint()
		r.groups(v[2:])
		sum := v[0] + step
		v[1] = sum
		for i := 2; i < len(v); i++ {
			step += v[i]
			sum += step
			v[i] = sum
		}
	case formLine:
		on, step := r.varint(), r.varint()
		r.groups(v)
		for i := range v {
			v[i] += on
			on += step
		}
	case formRuns:
		r.runs(v)
	default:
		r.fail("form %d of integers is not known here", form)
	}
}

func (r *reader) runs(v []int64) {
	runs := r.uvarint()
	if runs > uint64(len(v)) {
		r.fail("%d runs of %d numbers", runs, len(v))
		return
	}
	var x int64
	for range runs {
		x += r.varint()
		n := r.uvarint()
		if r.err != nil || n >= uint64(len(v)) {
			r.fail("a run of more numbers than are left")
			return
		}
		for i := range v[:n+1] {
			v[i] = x
		}
		v = v[n+1:]
	}
	if len(v) > 0 {
		r.fail("%d numbers are in no run", len(v))
	}
}

func (r *reader) groups(v []int64) {
	for len(v) > 0 {
		n := min(len(v), groupSize)
		least := r.varint()
		width := r.byte()
		if width > 64 {
			r.fail("a group of %d bits a number", width)
			return
		}
		packed := r.bytes(packedSize(n, int(width)))
		if r.err != nil {
			return
		}
		unpack(v[:n], packed, least, uint(width))
		v = v[n:]
	}
}

// unpack reads len(v) numbers of width bits each and adds least. src has exactly as many bytes as they take.
func unpack(v []int64, src []byte, least int64, width uint) {
	if width == 0 {
		for i := range v {
			v[i] = least
		}
		return
	}
	mask := ^uint64(0) >> (64 - width)
	at, i := uint(0), 0
	if width <= 56 && len(src) >= 8 {
		// A number lies within the eight bytes that begin where it does. whole is how many can be read so.
		whole := min((uint(len(src)-8)*8+7)/width+1, uint(len(v)))
		for ; i < int(whole); i++ {
			word := binary.LittleEndian.Uint64(src[at>>3:])
			v[i] = int64(word>>(at&7)&mask) + least
			at += width
		}
	}
	for ; i < len(v); i++ {
		v[i] = int64(bitsAt(src, at)&mask) + least
		at += width
	}
}

// bitsAt gives the 64 bits from a bit on; there may be fewer.
func bitsAt(src []byte, at uint) uint64 {
	var tail [9]byte
	copy(tail[:], src[at>>3:])
	word := binary.LittleEndian.Uint64(tail[:]) >> (at & 7)
	if at&7 != 0 {
		word |= uint64(tail[8]) << (64 - at&7)
	}
	return word
}
