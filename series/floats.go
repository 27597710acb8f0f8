package series

import (
	"math"
	"math/bits"
)

// The forms of a column of values.
const (
	fieldNothing = iota
	fieldDecimals
	fieldNear
	fieldBits

	fieldForm   = 15
	fieldAbsent = 16 // a bitmap follows
)

// maxDigits is how many digits behind the point decimals can have: powers of ten up to it are exact doubles.
const maxDigits = 18

var powers = [maxDigits + 1]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18}

// maxExact bounds the integers that doubles hold exactly.
const maxExact = 1 << 53

// Absent is the value of a field that a point does not have.
func Absent() float64 { return math.NaN() }

// decimals is an attempt to write values as decimals with a number of digits.
type decimals struct {
	digits  int
	n, near []int64
	exact   bool // near is all zeros
}

func (e *Encoder) appendField(dst []byte, column []float64) []byte {
	present := 0
	for _, v := range column {
		if v == v {
			present++
		}
	}
	if present == 0 {
		return append(dst, fieldNothing)
	}
	at := len(dst)
	dst = append(dst, 0)
	if present < len(column) {
		dst[at] = fieldAbsent
		dst = appendPresent(dst, column)
	}
	all := sized(e.ints, present)
	e.ints = all
	zeros, k := uint(63), 0
	for _, v := range column {
		if v == v {
			b := math.Float64bits(v)
			if b != 0 {
				zeros = min(zeros, uint(bits.TrailingZeros64(b)))
			}
			all[k] = int64(b)
			k++
		}
	}
	found := e.decimals(all)
	plain := choice{bytes: math.MaxInt}
	if len(found) == 0 || !found[0].exact {
		plain = e.chooseBits(all, zeros)
	}
	return e.appendBest(dst, at, found, plain, zeros)
}

// chooseBits measures the bits of doubles, less the zeros that all end in.
func (e *Encoder) chooseBits(all []int64, zeros uint) choice {
	e.near = sized(e.near, len(all))
	for i, b := range all {
		e.near[i] = b >> zeros
	}
	c := choose(e.near)
	c.bytes++
	return c
}

// appendBest appends the smallest form and says at at which it is.
func (e *Encoder) appendBest(dst []byte, at int, found []decimals, plain choice, zeros uint) []byte {
	var best *decimals
	var n, near choice
	size := plain.bytes
	for i := range found {
		d := &found[i]
		cn, ck := choose(d.n), choice{}
		if !d.exact {
			ck = choose(d.near)
		}
		if total := 1 + cn.bytes + ck.bytes; total < size {
			best, n, near, size = d, cn, ck, total
		}
	}
	switch {
	case best == nil:
		dst[at] |= fieldBits
		return appendChosen(append(dst, byte(zeros)), e.near, plain)
	case best.exact:
		dst[at] |= fieldDecimals
		return appendChosen(append(dst, byte(best.digits)), best.n, n)
	}
	dst[at] |= fieldNear
	return appendChosen(appendChosen(append(dst, byte(best.digits)), best.n, n), best.near, near)
}

func appendPresent(dst []byte, column []float64) []byte {
	var set byte
	for i, v := range column {
		if v == v {
			set |= 1 << (i & 7)
		}
		if i&7 == 7 || i == len(column)-1 {
			dst = append(dst, set)
			set = 0
		}
	}
	return dst
}

// sampled is how many values are looked at to see whether decimals are worth an attempt.
const sampled = 32

// decimals tries to see the doubles with these bits as decimals: with the digits that most need, and with those that all
// do. The first exact one makes others needless.
func (e *Encoder) decimals(all []int64) []decimals {
	var need [maxDigits + 2]int
	stride := max(1, len(all)/sampled)
	looked, digits := 0, 0
	for i := 0; i < len(all); i += stride {
		digits = digitsOf(math.Float64frombits(uint64(all[i])), digits)
		need[digits]++
		looked++
		if digits > maxDigits {
			digits = 0
		}
	}
	most := 0
	for d := range maxDigits + 1 {
		if need[d] > need[most] {
			most = d
		}
	}
	// Few digits more are cheaper than many doubles that lie beside their decimals.
	for d, rest := most+1, 0; d <= maxDigits; d++ {
		if rest += need[d]; rest*8 > looked && need[d] > 0 && d <= most+3 {
			most, rest = d, 0
		}
	}
	fit := 0
	for d := range most + 1 {
		fit += need[d]
	}
	if fit*4 < looked*3 {
		return nil
	}
	out := e.tries[:0]
	worst := most
	for tries := 0; tries < len(e.tries); tries++ {
		d := &e.tries[tries]
		d.digits = worst
		higher := d.fill(all)
		out = e.tries[:tries+1]
		if d.exact || higher <= worst {
			break
		}
		worst = higher
	}
	return out
}

// digitsOf is how many digits a double needs behind the point, maxDigits+1 when it is no short decimal. likely is where to
// look first.
func digitsOf(v float64, likely int) int {
	d := likely
	for ; d <= maxDigits; d++ {
		n := math.Round(v * powers[d])
		if math.Abs(n) >= maxExact {
			return maxDigits + 1
		}
		if n/powers[d] == v {
			return d
		}
	}
	return maxDigits + 1
}

// fill writes values as decimals of the digits given: what is none lies far beside the decimal before it. higher is how
// many digits would make more of them exact.
func (d *decimals) fill(all []int64) (higher int) {
	d.n, d.near = sized(d.n, len(all)), sized(d.near, len(all))
	d.exact = true
	power := powers[d.digits]
	higher = d.digits
	var before int64
	for i, b := range all {
		v := math.Float64frombits(uint64(b))
		n := math.Round(v * power)
		if math.Abs(n) < maxExact {
			before = int64(n)
		}
		d.n[i] = before
		k := b - int64(math.Float64bits(float64(before)/power))
		d.near[i] = k
		if k == 0 {
			continue
		}
		if d.exact = false; higher < maxDigits {
			if h := digitsOf(v, higher+1); h <= maxDigits {
				higher = h
			}
		}
	}
	return higher
}

// field reads a column of values.
func (d *Decoder) field(r *reader, column []float64) {
	head := r.byte()
	form := head & fieldForm
	if head&^(fieldForm|fieldAbsent) != 0 || form > fieldBits {
		r.fail("form %d of values is not known here", head)
		return
	}
	if form == fieldNothing {
		for i := range column {
			column[i] = math.NaN()
		}
		return
	}
	n := len(column)
	var bitmap []byte
	if head&fieldAbsent != 0 {
		bitmap = r.bytes((n + 7) / 8)
		if n = present(bitmap, n); n == 0 {
			r.fail("a bitmap of no values")
			return
		}
	}
	out := column[:n]
	digits := r.byte()
	d.ints = sized(d.ints, n)
	r.ints(d.ints)
	switch {
	case r.err != nil:
		return
	case form == fieldBits:
		if digits > 63 {
			r.fail("%d zeros behind 64 bits", digits)
			return
		}
		for i, b := range d.ints {
			out[i] = math.Float64frombits(uint64(b) << digits)
		}
	case digits > maxDigits:
		r.fail("decimals of %d digits", digits)
		return
	default:
		power := powers[digits]
		if digits == 0 {
			for i, v := range d.ints {
				out[i] = float64(v)
			}
		} else {
			for i, v := range d.ints {
				out[i] = float64(v) / power
			}
		}
	}
	if form == fieldNear {
		r.ints(d.ints)
		for i, k := range d.ints {
			out[i] = math.Float64frombits(uint64(int64(math.Float64bits(out[i])) + k))
		}
	}
	if bitmap != nil {
		spread(column, bitmap, n)
	}
}

// present counts the bits of a bitmap that stand for n values.
func present(bitmap []byte, n int) int {
	count := 0
	for i, b := range bitmap {
		if left := n - i*8; left < 8 {
			b &= 1<<left - 1
		}
		count += bits.OnesCount8(b)
	}
	return count
}

// spread moves the first n values of a column to the places that the bitmap says, and makes the others absent.
func spread(column []float64, bitmap []byte, n int) {
	for i := len(column) - 1; i >= 0; i-- {
		if bitmap[i/8]>>(i&7)&1 == 0 {
			column[i] = math.NaN()
			continue
		}
		n--
		column[i] = column[n]
	}
}
