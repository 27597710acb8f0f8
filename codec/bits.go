package codec

import "math/bits"

// bitWriter appends bits to bytes, lowest bit first.
type bitWriter struct {
	dst []byte
	acc uint64
	n   uint
}

// put appends the low n bits of v, n at most 32.
func (w *bitWriter) put(v uint64, n uint) {
	w.acc |= (v & (1<<n - 1)) << w.n
	w.n += n
	for w.n >= 8 {
		w.dst = append(w.dst, byte(w.acc))
		w.acc >>= 8
		w.n -= 8
	}
}

// gamma appends v >= 1 by Elias: as many zeros as bits follow the first, a
// one, and those bits.
func (w *bitWriter) gamma(v uint64) {
	n := uint(bits.Len64(v) - 1)
	w.zeros(n)
	w.put(1, 1)
	w.put(v, n)
}

func (w *bitWriter) zeros(n uint) {
	for ; n > 32; n -= 32 {
		w.put(0, 32)
	}
	w.put(0, n)
}

// close fills the last byte with zeros and gives the bytes.
func (w *bitWriter) close() []byte {
	if w.n > 0 {
		w.put(0, 8-w.n)
	}
	return w.dst
}

// gammaBits is how many bits gamma takes.
func gammaBits(v uint64) int { return 2*bits.Len64(v) - 1 }

// riceEscape is the quotient from which on Rice codes carry the number whole.
const riceEscape = 16

// rice appends v as its quotient by 2^k in ones, a zero, and k bits.
func (w *bitWriter) rice(v uint64, k uint) {
	q := v >> k
	if q >= riceEscape {
		w.put(1<<riceEscape-1, riceEscape)
		w.put(v, 32)
		w.put(v>>32, 32)
		return
	}
	w.put(1<<q-1, uint(q)+1)
	w.put(v, k)
}

// riceBits is how many bits rice takes.
func riceBits(v uint64, k uint) int {
	if v>>k >= riceEscape {
		return riceEscape + 64
	}
	return int(v>>k) + 1 + int(k)
}

// bitReader reads what bitWriter wrote. Beyond the end it reads zeros and
// remembers that it did.
type bitReader struct {
	data []byte
	pos  int // in bits
	over bool
}

// get reads n bits, n at most 32.
func (r *bitReader) get(n uint) uint64 {
	if n == 0 {
		return 0
	}
	if r.over || int(n) > len(r.data)*8-r.pos {
		r.over = true
		return 0
	}
	var v uint64
	for got := uint(0); got < n; {
		b := uint64(r.data[r.pos>>3]) >> uint(r.pos&7)
		take := min(8-uint(r.pos&7), n-got)
		v |= (b & (1<<take - 1)) << got
		got += take
		r.pos += int(take)
	}
	return v
}

func (r *bitReader) gamma() uint64 {
	n := uint(0)
	for r.get(1) == 0 {
		if n++; r.over || n > 32 {
			r.over = true
			return 1
		}
	}
	return 1<<n | r.get(n)
}

func (r *bitReader) rice(k uint) uint64 {
	q := uint64(0)
	for q < riceEscape && r.get(1) == 1 {
		q++
	}
	if q == riceEscape {
		low := r.get(32)
		return low | r.get(32)<<32
	}
	return q<<k | r.get(k)
}

// ended tells whether all was read, but for zeros that fill the last byte.
func (r *bitReader) ended() bool {
	left := len(r.data)*8 - r.pos
	return !r.over && left < 8 && r.get(uint(left)) == 0
}
