package crdt

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/value"
)

// A counter shows its base, which is the register if that is a number, plus one running sum per origin. What clears an origin's deltas
// has seen a beginning of its log, so what is left is always an end of it: a run.

// Run is the sum of one origin's deltas with times from From to Last. The folded run has origin 0 and times 0.
type Run struct {
	Origin     clock.Origin
	From, Last clock.Time
	Sum        int64
}

// Stamp returns the stamp of the run's last delta.
func (r Run) Stamp() clock.Stamp { return clock.Stamp{Time: r.Last, Origin: r.Origin} }

// MaxCount bounds what Difference writes to counters, in units of their scale: doubles are exact up to there.
const MaxCount = 1 << 53

func (s *Slots) delta(stamp clock.Stamp, n int64) {
	for i := range s.Counter {
		// The folded run is of origin 0, as Pending is.
		if r := &s.Counter[i]; r.Origin == stamp.Origin && r.Last != 0 {
			r.From, r.Last, r.Sum = min(r.From, stamp.Time), max(r.Last, stamp.Time), r.Sum+n
			return
		}
	}
	s.Counter = append(s.Counter, Run{Origin: stamp.Origin, From: stamp.Time, Last: stamp.Time, Sum: n})
	sortRuns(s.Counter)
}

func sortRuns(runs []Run) {
	slices.SortFunc(runs, func(a, b Run) int {
		if c := int(int64(a.Origin) - int64(b.Origin)); c != 0 {
			return c
		}
		return clock.Stamp{Time: a.Last}.Compare(clock.Stamp{Time: b.Last})
	})
}

// clearRuns takes away the deltas that were seen. Where that is a part of a run, the log knows the rest.
func (m *merge) clearRuns(runs []Run) []Run {
	kept := runs[:0]
	for _, r := range runs {
		if m.seen(r.Stamp()) {
			continue
		}
		if upTo := m.upTo(r.Origin); upTo >= r.From {
			r = m.rest(r, upTo)
		}
		kept = append(kept, r)
	}
	return kept
}

func (m *merge) rest(r Run, after clock.Time) Run {
	if m.log == nil {
		m.fail(fmt.Errorf("the deltas of origin %v after %v are needed, and there is no log to read them from", r.Origin, after))
		return r
	}
	sum, err := m.log.Deltas(r.Origin, slices.Clone(m.path), after, r.Last)
	if err != nil {
		m.fail(fmt.Errorf("read the deltas of origin %v after %v up to %v: %w", r.Origin, after, r.Last, err))
		return r
	}
	r.From, r.Sum = after.Next(), sum
	return r
}

// count shows the counter: base plus sums, in units of the scale.
func count(base value.Value, runs []Run, scale int) value.Value {
	total, _ := Units(base, scale)
	for _, r := range runs {
		total += r.Sum
	}
	return Decimal(total, scale)
}

// Units returns a number in units of 10^-scale; exact is false when that is not an integer of 64 bits. What a number has beyond the
// scale is cut off; what is too large or no number counts as 0.
func Units(v value.Value, scale int) (units int64, exact bool) {
	if v.Kind() != value.KindNumber {
		return 0, false
	}
	text, negative := strings.CutPrefix(v.Digits(), "-")
	mantissa, power, _ := strings.Cut(strings.ToLower(text), "e")
	exponent := 0
	if power != "" {
		n, err := strconv.Atoi(power)
		if err != nil {
			return 0, strings.Trim(mantissa, "0.") == ""
		}
		exponent = min(max(n, -1<<30), 1<<30) // so that what is added below cannot overflow
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	exponent += scale - len(fraction)
	exact = true
	if exponent < 0 {
		cut := max(0, len(digits)+exponent)
		exact = strings.Trim(digits[cut:], "0") == ""
		digits, exponent = digits[:cut], 0
	}
	if digits == "" {
		return 0, exact
	}
	if len(digits)+exponent > len("9223372036854775807") {
		return 0, false
	}
	n, err := strconv.ParseInt(digits+strings.Repeat("0", exponent), 10, 64)
	if err != nil {
		return 0, false
	}
	if negative {
		n = -n
	}
	return n, exact
}

// Decimal writes units of 10^-scale as a number: no trailing zeros behind the point, and no point without digits behind it.
func Decimal(units int64, scale int) value.Value {
	if scale <= 0 {
		return value.Int(units)
	}
	text, negative := strings.CutPrefix(strconv.FormatInt(units, 10), "-")
	if len(text) <= scale {
		text = strings.Repeat("0", scale+1-len(text)) + text
	}
	whole, fraction := text[:len(text)-scale], strings.TrimRight(text[len(text)-scale:], "0")
	if fraction != "" {
		whole += "." + fraction
	}
	if negative {
		whole = "-" + whole
	}
	v, err := value.Number(whole)
	if err != nil {
		return value.Int(0) // not reachable: the digits above are a number
	}
	return v
}
