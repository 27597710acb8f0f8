package points

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"

	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/series"
	"github.com/selvedge-db/selvedge/value"
)

// Invalid says what is wrong with a point.
type Invalid struct {
	Point  int // which, from 0, of those given together
	Reason string
}

func (e *Invalid) Error() string { return e.Reason }

func invalid(point int, format string, args ...any) *Invalid {
	return &Invalid{point, fmt.Sprintf(format, args...)}
}

// Columns are points of one series: Keys are the values of the fields that name it, Values has a column for each field of
// values. NaN is an absent value.
type Columns struct {
	Keys   []value.Value
	Times  []int64
	Values [][]float64
}

// Gathering is the points that one transaction writes to one collection.
type Gathering struct {
	table *Table
	parts map[string]*part
	order []*part
	key   []byte
	Span
}

// Span says how many points, and from when to when.
type Span struct {
	Points      int
	First, Last int64
}

type part struct {
	key string
	series.Block
	sorted bool
}

// Gather begins with no points.
func (t *Table) Gather() *Gathering { return &Gathering{table: t, parts: map[string]*part{}} }

// AddDocument adds a point given as a document with a member for each field. Number tells which of those given it is.
func (g *Gathering) AddDocument(number int, doc value.Value) *Invalid {
	d := g.table.Decl
	if doc.Kind() != value.KindObject {
		return invalid(number, "a point must be an object, not %s", doc.Kind())
	}
	var at int64
	timed := false
	known := 0
	g.key = g.key[:0]
	for _, name := range d.Keys {
		v, ok := doc.Get(name)
		if ok {
			known++
		}
		var err *Invalid
		if g.key, err = appendSeries(g.key, number, name, v); err != nil {
			return err
		}
	}
	if v, ok := doc.Get(d.Time); ok {
		known++
		var err *Invalid
		if at, err = timeOf(number, d.Time, v); err != nil {
			return err
		}
		timed = true
	}
	if !timed {
		return invalid(number, "the field %s with the time of the point is missing", strconv.Quote(d.Time))
	}
	row := make([]float64, len(d.Values))
	something := false
	for i, name := range d.Values {
		v, ok := doc.Get(name)
		if ok {
			known++
		}
		f, err := numberOf(number, name, v)
		if err != nil {
			return err
		}
		row[i] = f
		something = something || f == f
	}
	if known < doc.Len() {
		return unknown(d, number, doc)
	}
	if !something {
		return invalid(number, "the point has a number in none of its fields %s", d.Values)
	}
	p, err := g.part(number)
	if err != nil {
		return err
	}
	p.sorted = p.sorted && (p.Len() == 0 || p.Times[p.Len()-1] < at)
	p.Times = append(p.Times, at)
	for i, f := range row {
		p.Values[i] = append(p.Values[i], f)
	}
	g.grow(1, at, at)
	return nil
}

// unknown names the first member of a document that is no field.
func unknown(d *series.Declaration, number int, doc value.Value) *Invalid {
	for _, m := range doc.Members() {
		switch {
		case m.Name == "_key" || m.Name == "_id" || m.Name == "_rev":
			return invalid(number, "a point has no %s: its series and its time say which one it is", m.Name)
		case m.Name != d.Time && !slices.Contains(d.Keys, m.Name) && !slices.Contains(d.Values, m.Name):
			return invalid(number, "the time series has no field %s: its fields are %s, %s and %s", strconv.Quote(m.Name), d.Keys, strconv.Quote(d.Time), d.Values)
		}
	}
	return invalid(number, "the point has a field twice")
}

// ColumnsOf reads columns given as a document: the fields that name the series as they are, the time and the values as
// arrays of one length.
func ColumnsOf(d *series.Declaration, doc value.Value) (c Columns, bad *Invalid) {
	if doc.Kind() != value.KindObject {
		return c, invalid(0, "columns must be an object, not %s", doc.Kind())
	}
	known := 0
	for _, name := range d.Keys {
		v, ok := doc.Get(name)
		if ok {
			known++
		}
		c.Keys = append(c.Keys, v)
	}
	times, ok := doc.Get(d.Time)
	if !ok || times.Kind() != value.KindArray {
		return c, invalid(0, "the field %s: want an array of times", strconv.Quote(d.Time))
	}
	known++
	for i, v := range times.Items() {
		at, bad := timeOf(i, d.Time, v)
		if bad != nil {
			return c, bad
		}
		c.Times = append(c.Times, at)
	}
	for _, name := range d.Values {
		v, ok := doc.Get(name)
		if ok {
			known++
		}
		column, bad := columnOf(name, v, len(c.Times))
		if bad != nil {
			return c, bad
		}
		c.Values = append(c.Values, column)
	}
	if known < doc.Len() {
		return c, unknown(d, 0, doc)
	}
	return c, nil
}

func columnOf(name string, v value.Value, n int) ([]float64, *Invalid) {
	column := make([]float64, n)
	if v.IsNull() {
		for i := range column {
			column[i] = series.Absent()
		}
		return column, nil
	}
	if v.Kind() != value.KindArray || v.Len() != n {
		return nil, invalid(0, "the field %s: want an array of %d numbers, as many as there are times", strconv.Quote(name), n)
	}
	for i, item := range v.Items() {
		f, bad := numberOf(i, name, item)
		if bad != nil {
			return nil, bad
		}
		column[i] = f
	}
	return column, nil
}

// AddColumns adds points of one series.
func (g *Gathering) AddColumns(c *Columns) *Invalid {
	d := g.table.Decl
	if len(c.Keys) != len(d.Keys) || len(c.Values) != len(d.Values) {
		return invalid(0, "%d values name a series and there are %d columns: want %d, for %s, and %d, for %s", len(c.Keys), len(c.Values), len(d.Keys), d.Keys, len(d.Values), d.Values)
	}
	g.key = g.key[:0]
	var err *Invalid
	for i, v := range c.Keys {
		if g.key, err = appendSeries(g.key, 0, d.Keys[i], v); err != nil {
			return err
		}
	}
	for i, column := range c.Values {
		if len(column) != len(c.Times) {
			return invalid(0, "the column %s has %d numbers for %d times", strconv.Quote(d.Values[i]), len(column), len(c.Times))
		}
		for j, f := range column {
			if math.IsInf(f, 0) {
				return invalid(j, "the field %s is infinite: want a number, or none", strconv.Quote(d.Values[i]))
			}
		}
	}
	if len(c.Times) == 0 {
		return nil
	}
	b := series.Block{Times: c.Times, Values: c.Values}
	for j, at := range c.Times {
		if err := series.CheckTime(at); err != nil {
			return invalid(j, "the field %s: %v", strconv.Quote(d.Time), err)
		}
		if removed(&b, j) {
			return invalid(j, "the point has a number in none of its fields %s", d.Values)
		}
	}
	return g.add(&b)
}

// add adds points of the series that g.key names.
func (g *Gathering) add(b *series.Block) *Invalid {
	p, err := g.part(0)
	if err != nil {
		return err
	}
	before := p.Len()
	p.AppendFrom(b, 0, b.Len())
	for i := max(before, 1); i < p.Len() && p.sorted; i++ {
		p.sorted = p.Times[i-1] < p.Times[i]
	}
	g.grow(b.Len(), slices.Min(b.Times), slices.Max(b.Times))
	return nil
}

func (g *Gathering) grow(n int, first, last int64) {
	if g.Points == 0 {
		g.First, g.Last = first, last
	}
	g.Points += n
	g.First, g.Last = min(g.First, first), max(g.Last, last)
}

// part finds the part of the series that g.key names.
func (g *Gathering) part(number int) (*part, *Invalid) {
	if p, ok := g.parts[string(g.key)]; ok {
		return p, nil
	}
	if len(g.key) > maxSeriesBytes {
		return nil, invalid(number, "the fields %s, which name the series, take %d bytes: at most %d are possible", g.table.Decl.Keys, len(g.key), maxSeriesBytes)
	}
	p := &part{key: string(g.key), sorted: true}
	p.Reset(len(g.table.Decl.Values))
	g.parts[p.key] = p
	g.order = append(g.order, p)
	return p, nil
}

func appendSeries(dst []byte, number int, name string, v value.Value) ([]byte, *Invalid) {
	switch v.Kind() {
	case value.KindArray, value.KindObject:
		return dst, invalid(number, "the field %s, which names the series, is %s: want a text, a number, true, false or nothing", strconv.Quote(name), v.Kind())
	case value.KindNumber:
		f := v.Float64()
		if n, whole := v.Int64(); whole && int64(f) != n || math.IsInf(f, 0) {
			return dst, invalid(number, "the field %s, which names the series, is %.40s: a number here must be one that a double holds; write it as a text", strconv.Quote(name), v.Digits())
		}
	}
	return value.AppendKey(dst, v), nil
}

func timeOf(number int, name string, v value.Value) (at int64, bad *Invalid) {
	var err error
	switch v.Kind() {
	case value.KindNumber:
		at, err = series.TimeOfNumber(v.Float64())
	case value.KindString:
		at, err = series.ParseTime(v.Str())
	default:
		err = fmt.Errorf("want milliseconds since 1970 or an ISO 8601 text, not %s", v.Kind())
	}
	if err != nil {
		return 0, invalid(number, "the field %s: %v", strconv.Quote(name), err)
	}
	return at, nil
}

func numberOf(number int, name string, v value.Value) (float64, *Invalid) {
	switch v.Kind() {
	case value.KindNull:
		return series.Absent(), nil
	case value.KindNumber:
		if f := v.Float64(); !math.IsInf(f, 0) {
			return f, nil
		}
		return 0, invalid(number, "the field %s is larger than a double can hold", strconv.Quote(name))
	}
	return 0, invalid(number, "the field %s is %s: want a number, or null for none", strconv.Quote(name), v.Kind())
}

// settle puts points in order of time; of those of one time the last one given stays.
func (p *part) settle() {
	if p.sorted {
		return
	}
	order := make([]int, p.Len())
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return p.Times[order[i]] < p.Times[order[j]] })
	var out series.Block
	out.Reset(len(p.Values))
	for k, i := range order {
		if k+1 < len(order) && p.Times[order[k+1]] == p.Times[i] {
			continue
		}
		out.AppendFrom(&p.Block, i, i+1)
	}
	p.Block, p.sorted = out, true
}

// Encode gives the batch of what was gathered. Equal points make equal batches.
func (g *Gathering) Encode() []byte {
	slices.SortFunc(g.order, func(a, b *part) int { return bytes.Compare([]byte(a.key), []byte(b.key)) })
	parts := 0
	for _, p := range g.order {
		p.settle()
		parts += (p.Len() + g.table.chunk - 1) / g.table.chunk
	}
	data := codec.AppendPointsHead(make([]byte, 0, 64+32*len(g.order)+8*g.Points), g.table.Layout, len(g.table.Decl.Values), parts)
	var e series.Encoder
	var block []byte
	columns := make([][]float64, len(g.table.Decl.Values))
	for _, p := range g.order {
		for from := 0; from < p.Len(); from += g.table.chunk {
			to := min(from+g.table.chunk, p.Len())
			for i := range columns {
				columns[i] = p.Values[i][from:to]
			}
			block = e.Append(block[:0], p.Times[from:to], columns)
			data = codec.AppendPointPart(data, &codec.PointPart{Key: []byte(p.key), Points: to - from, First: p.Times[from], Last: p.Times[to-1], Block: block})
		}
	}
	return data
}

// Verify reads a batch that came from elsewhere to its end, and says what it holds. A batch that it takes can be merged.
// The table is that of the collection, nil when it is none of points here.
func Verify(t *Table, data []byte) (span Span, hash uint64, err error) {
	r := codec.ReadPoints(data)
	if t != nil && r.Err() == nil && r.Layout == t.Layout && r.Fields != len(t.Decl.Values) {
		return span, 0, malformed("%d values where there are %d fields", r.Fields, len(t.Decl.Values))
	}
	v := verifying{span: &span}
	var p codec.PointPart
	for r.Next(&p) {
		if t != nil && r.Layout == t.Layout {
			if _, err := t.decodeSeries(p.Key); err != nil {
				return span, 0, malformed("%v", err)
			}
		}
		if err := v.part(&p, r.Fields); err != nil {
			return span, 0, err
		}
	}
	return span, r.Layout, r.Err()
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("points of a batch: %w: %s", codec.ErrMalformed, fmt.Sprintf(format, args...))
}

// verifying reads the parts of a batch one after another.
type verifying struct {
	decoder series.Decoder
	block   series.Block
	span    *Span
	key     []byte
	last    int64 // time of the last point of the part before
}

func (v *verifying) part(p *codec.PointPart, fields int) error {
	b := &v.block
	rest, err := v.decoder.Decode(p.Block, fields, b)
	if err != nil {
		return err
	}
	if len(rest) > 0 || b.Len() != p.Points || b.Times[0] != p.First || b.Times[b.Len()-1] != p.Last {
		return malformed("a block is not what is said of it")
	}
	if len(p.Key) > maxSeriesBytes {
		return malformed("the name of a series has %d bytes", len(p.Key))
	}
	at := p.First - 1
	if v.span.Points > 0 {
		switch bytes.Compare(v.key, p.Key) {
		case 0:
			at = v.last
		case 1:
			return malformed("series out of order")
		}
	} else {
		v.span.First, v.span.Last = p.First, p.Last
	}
	for _, t := range b.Times {
		if t <= at || series.CheckTime(t) != nil {
			return malformed("times out of order or bounds")
		}
		at = t
	}
	for _, column := range b.Values {
		for _, f := range column {
			if math.IsInf(f, 0) {
				return malformed("an infinite value")
			}
		}
	}
	v.span.Points += p.Points
	v.span.First, v.span.Last = min(v.span.First, p.First), max(v.span.Last, p.Last)
	v.key, v.last = p.Key, at
	return nil
}
