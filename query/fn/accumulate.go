package fn

import (
	"math"
	"slices"

	"github.com/selvedge-db/selvedge/value"
)

// counter is LENGTH.
type counter struct{ rows int64 }

func (c *counter) Add(value.Value)     { c.rows++ }
func (c *counter) Merge(o Accumulator) { c.rows += o.(*counter).rows }
func (c *counter) Result() value.Value { return value.Int(c.rows) }
func (c *counter) Bytes() int          { return 0 }

// extreme is MIN (sign -1) and MAX (sign 1). Numbers are compared without reading the best one again.
type extreme struct {
	sign   int
	best   value.Value // null: none yet
	number float64     // that of best
}

func (x *extreme) Add(v value.Value) {
	switch {
	case v.IsNull():
	case v.Kind() == value.KindNumber && x.best.Kind() == value.KindNumber:
		if f := v.Float64(); x.sign < 0 && f < x.number || x.sign > 0 && f > x.number {
			x.best, x.number = v.Clone(), f
		}
	case x.best.IsNull() || value.Compare(v, x.best)*x.sign > 0:
		x.best, x.number = v.Clone(), v.Float64()
	}
}

func (x *extreme) Merge(o Accumulator) { x.Add(o.(*extreme).best) }
func (x *extreme) Result() value.Value { return x.best }
func (x *extreme) Bytes() int          { return x.best.Memory() }

// exactWhole is the largest number up to which doubles hold every whole number.
const exactWhole = 1 << 53

// sum adds whole numbers exactly, so that their order does not matter, and fractions with Neumaier's compensation.
type sum struct {
	whole          int64
	fraction, rest float64
}

func (s *sum) add(f float64) {
	if n := int64(f); float64(n) == f && n > -exactWhole && n < exactWhole && s.whole < math.MaxInt64/2 && s.whole > math.MinInt64/2 {
		s.whole += n
		return
	}
	s.compensate(f)
}

func (s *sum) compensate(f float64) {
	t := s.fraction + f
	if math.Abs(s.fraction) >= math.Abs(f) {
		s.rest += (s.fraction - t) + f
	} else {
		s.rest += (f - t) + s.fraction
	}
	s.fraction = t
}

func (s *sum) merge(o sum) {
	s.compensate(o.fraction)
	s.rest += o.rest
	if total := s.whole + o.whole; (total > s.whole) == (o.whole > 0) {
		s.whole = total
		return
	}
	s.compensate(float64(o.whole))
}

func (s *sum) total() float64 {
	t := *s
	t.compensate(float64(t.whole))
	if math.IsInf(t.fraction, 0) {
		return t.fraction
	}
	return t.fraction + t.rest
}

// adder is SUM and AVERAGE.
type adder struct {
	sum
	mean, seen, wrong bool
	count             int64
}

func (a *adder) Add(v value.Value) {
	a.seen = true
	switch v.Kind() {
	case value.KindNull:
	case value.KindNumber:
		a.count++
		a.add(v.Float64())
	default:
		a.wrong = true
	}
}

func (a *adder) Merge(o Accumulator) {
	b := o.(*adder)
	a.seen = a.seen || b.seen
	a.wrong = a.wrong || b.wrong
	a.count += b.count
	a.merge(b.sum)
}

func (a *adder) Result() value.Value {
	switch {
	case a.wrong || !a.seen || a.mean && a.count == 0:
		return value.Null()
	case a.mean:
		return value.Float(a.total() / float64(a.count))
	}
	return value.Float(a.total())
}

func (a *adder) Bytes() int { return 0 }

// spread is the variances and standard deviations, after Welford; parts join after Chan, Golub and LeVeque.
type spread struct {
	sample, root, wrong bool
	count, mean, square float64
}

func (s *spread) Add(v value.Value) {
	switch v.Kind() {
	case value.KindNull:
	case value.KindNumber:
		s.add(v.Float64())
	default:
		s.wrong = true
	}
}

func (s *spread) add(f float64) {
	s.count++
	delta := f - s.mean
	s.mean += delta / s.count
	s.square += delta * (f - s.mean)
}

func (s *spread) Merge(o Accumulator) {
	b := o.(*spread)
	s.wrong = s.wrong || b.wrong
	if b.count == 0 {
		return
	}
	total := s.count + b.count
	delta := b.mean - s.mean
	s.square += b.square + delta*delta*s.count*b.count/total
	s.mean += delta * b.count / total
	s.count = total
}

func (s *spread) Result() value.Value {
	divisor := s.count
	if s.sample {
		divisor--
	}
	if s.wrong || divisor <= 0 {
		return value.Null()
	}
	variance := s.square / divisor
	if s.root {
		variance = math.Sqrt(variance)
	}
	return value.Float(variance)
}

func (s *spread) Bytes() int { return 0 }

// distinct is UNIQUE, SORTED_UNIQUE (both keep the values) and COUNT_DISTINCT. UNIQUE is in order as well, so that it
// does not depend on the plan.
type distinct struct {
	keep   bool
	seen   map[string]struct{}
	values []value.Value
	key    []byte
	bytes  int
}

func (d *distinct) Add(v value.Value) {
	d.key = value.AppendKey(d.key[:0], v)
	if _, found := d.seen[string(d.key)]; found {
		return
	}
	if d.seen == nil {
		d.seen = map[string]struct{}{}
	}
	d.seen[string(d.key)] = struct{}{}
	d.bytes += len(d.key) + mapEntryBytes
	if d.keep {
		v = v.Clone()
		d.values = append(d.values, v)
		d.bytes += valueBytes + v.Memory()
	}
}

// mapEntryBytes is about what an entry of a map of strings takes besides the string.
const mapEntryBytes = 48

func (d *distinct) Merge(o Accumulator) {
	b := o.(*distinct)
	if d.keep {
		for _, v := range b.values {
			d.Add(v)
		}
		return
	}
	if d.seen == nil {
		d.seen, d.bytes = b.seen, b.bytes
		return
	}
	for key := range b.seen {
		if _, found := d.seen[key]; !found {
			d.seen[key] = struct{}{}
			d.bytes += len(key) + mapEntryBytes
		}
	}
}

func (d *distinct) Result() value.Value {
	if !d.keep {
		return value.Int(int64(len(d.seen)))
	}
	sorted := slices.Clone(d.values)
	slices.SortFunc(sorted, value.Compare)
	return value.OwnItems(sorted)
}

func (d *distinct) Bytes() int { return d.bytes }

// gatherer is PUSH.
type gatherer struct {
	values []value.Value
	bytes  int
}

func (g *gatherer) Add(v value.Value) {
	v = v.Clone()
	g.values = append(g.values, v)
	g.bytes += valueBytes + v.Memory()
}

func (g *gatherer) Merge(o Accumulator) {
	b := o.(*gatherer)
	g.values = append(g.values, b.values...)
	g.bytes += b.bytes
}
func (g *gatherer) Result() value.Value { return value.Array(g.values...) }
func (g *gatherer) Bytes() int          { return g.bytes }

// bits is BIT_AND, BIT_OR and BIT_XOR.
type bits struct {
	join        func(a, b uint64) uint64
	all         uint64
	seen, wrong bool
}

func (b *bits) Add(v value.Value) {
	if v.IsNull() {
		return
	}
	n, ok := bitNumber(v)
	switch {
	case !ok:
		b.wrong = true
	case !b.seen:
		b.all, b.seen = n, true
	default:
		b.all = b.join(b.all, n)
	}
}

func (b *bits) Merge(o Accumulator) {
	other := o.(*bits)
	b.wrong = b.wrong || other.wrong
	if other.seen {
		if b.seen {
			other.all = b.join(b.all, other.all)
		}
		b.all, b.seen = other.all, true
	}
}

func (b *bits) Result() value.Value {
	if b.wrong || !b.seen {
		return value.Null()
	}
	return value.Int(int64(b.all))
}

func (b *bits) Bytes() int { return 0 }

// ranks is MEDIAN and, wide, PERCENTILE: what is asked for is what the first row asked for.
type ranks struct {
	wide, wrong, asked bool
	n                  float64
	method             percentileMethod
	numbers            []float64
}

func (r *ranks) Add(v value.Value) {
	if r.wide {
		args := v.Items()
		if len(args) < 2 {
			r.wrong = true
			return
		}
		if !r.asked {
			r.ask(args)
		}
		v = args[0]
	}
	switch v.Kind() {
	case value.KindNull:
	case value.KindNumber:
		r.numbers = append(r.numbers, v.Float64())
	default:
		r.wrong = true
	}
}

func (r *ranks) ask(args []value.Value) {
	r.asked = true
	r.n = args[1].Float64()
	ok := args[1].Kind() == value.KindNumber && r.n > 0 && r.n <= 100
	if len(args) > 2 && ok {
		r.method, ok = percentileBy(args[2])
	}
	r.wrong = r.wrong || !ok
}

func (r *ranks) Merge(o Accumulator) {
	b := o.(*ranks)
	if !r.asked {
		r.asked, r.n, r.method = b.asked, b.n, b.method
	}
	r.wrong = r.wrong || b.wrong
	r.numbers = append(r.numbers, b.numbers...)
}

func (r *ranks) Result() value.Value {
	if r.wrong || len(r.numbers) == 0 {
		return value.Null()
	}
	slices.Sort(r.numbers)
	if r.wide {
		return value.Float(percentile(r.numbers, r.n, r.method))
	}
	return value.Float(median(r.numbers))
}

func (r *ranks) Bytes() int { return 8 * cap(r.numbers) }

// edge is FIRST (sign -1) and LAST (sign 1) by time. Equal times are told apart by the value, so that the order of the
// rows does not matter.
type edge struct {
	sign  int
	found bool
	time  int64
	best  value.Value
}

func (e *edge) Add(v value.Value) {
	args := v.Items()
	if len(args) < 2 || args[0].IsNull() {
		return
	}
	if at, ok := instant(args[1]); ok {
		e.take(args[0], at)
	}
}

func (e *edge) take(v value.Value, at int64) {
	better := !e.found
	switch {
	case better:
	case at != e.time:
		better = (at > e.time) == (e.sign > 0)
	default:
		better = value.Compare(v, e.best)*e.sign > 0
	}
	if better {
		e.best, e.time, e.found = v.Clone(), at, true
	}
}

func (e *edge) Merge(o Accumulator) {
	if b := o.(*edge); b.found {
		e.take(b.best, b.time)
	}
}
func (e *edge) Result() value.Value { return e.best }
func (e *edge) Bytes() int          { return e.best.Memory() }

// rate is RATE.
type rate struct {
	points []point
	unit   int64 // milliseconds
	wrong  bool
}

func (r *rate) Add(v value.Value) {
	args := v.Items()
	if len(args) < 2 {
		return
	}
	if r.unit == 0 {
		r.unit = 1000
		if len(args) > 2 {
			unit, ok := span(args[2])
			r.unit, r.wrong = unit, r.wrong || !ok
		}
	}
	at, ok := instant(args[1])
	if ok && args[0].Kind() == value.KindNumber {
		r.points = append(r.points, point{at, args[0].Float64()})
	}
}

func (r *rate) Merge(o Accumulator) {
	b := o.(*rate)
	if r.unit == 0 {
		r.unit = b.unit
	}
	r.wrong = r.wrong || b.wrong
	r.points = append(r.points, b.points...)
}

func (r *rate) Result() value.Value {
	if r.wrong {
		return value.Null()
	}
	return value.Float(rateOf(r.points, r.unit))
}

func (r *rate) Bytes() int { return 16 * cap(r.points) }
