package exec

import (
	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/exec/closure"
	"github.com/selvedge-db/selvedge/query/fn"
	"github.com/selvedge-db/selvedge/query/plan"
	"github.com/selvedge-db/selvedge/value"
)

// collectStep groups rows.
type collectStep struct {
	below   step
	width   int
	method  plan.CollectMethod
	keys    []closure.Eval
	outs    []int // slots of the groups' values
	totals  []total
	into    int // the slot of what INTO gathers, -1 when nobody reads it
	gather  closure.Eval
	made    bool // what gather gives is an object of its own each time
	counted int  // the slot of the number of rows
}

// total is an aggregate.
type total struct {
	arg closure.Eval // nil: only rows are counted
	out int
	new func() fn.Accumulator
	// copies: it keeps what it is given, whose text must be its own then.
	copies bool
	// grows: how much it holds depends on what it is given.
	grows bool
}

func (s *scope) collect(n *plan.Collect, below step) (step, error) {
	out := &collectStep{below: below, width: s.width, method: n.Method, into: s.slot(n.Into), counted: s.slot(n.CountInto)}
	for _, g := range n.Groups {
		eval, err := s.expr.Eval(g.Expr)
		if err != nil {
			return nil, err
		}
		out.keys, out.outs = append(out.keys, eval), append(out.outs, s.slot(g.Var))
	}
	var err error
	if out.totals, err = s.totals(n.Aggregates); err != nil {
		return nil, err
	}
	if out.into >= 0 {
		if out.gather, err = s.gather(n); err != nil {
			return nil, err
		}
		out.made = n.IntoExpr == nil
	}
	if out.method == plan.CollectSorted {
		return &sortedStep{collectStep: out}, nil
	}
	return out, nil
}

// totals compiles aggregates. Each has a place in what a group keeps, read or not.
func (s *scope) totals(list []ast.Aggregate) ([]total, error) {
	var out []total
	for _, a := range list {
		f, ok := fn.LookupAggregate(a.Func)
		if !ok {
			return nil, &closure.Error{Pos: a.Pos, Text: "unknown aggregate '" + a.Func + "()'"}
		}
		t := total{out: s.slot(a.Var), new: f.New}
		switch f.Name {
		case "LENGTH", "SUM", "AVERAGE", "VARIANCE_POPULATION", "VARIANCE_SAMPLE", "STDDEV_POPULATION", "STDDEV_SAMPLE",
			"BIT_AND", "BIT_OR", "BIT_XOR":
		case "MIN":
			t.new = func() fn.Accumulator { return &extreme{sign: -1} }
		case "MAX":
			t.new = func() fn.Accumulator { return &extreme{sign: 1} }
		default:
			t.copies, t.grows = true, true
		}
		if a.Arg != nil {
			var err error
			if t.arg, err = s.expr.Eval(a.Arg); err != nil {
				return nil, err
			}
		}
		out = append(out, t)
	}
	return out, nil
}

// gather compiles what INTO keeps of each row.
func (s *scope) gather(n *plan.Collect) (closure.Eval, error) {
	if n.IntoExpr != nil {
		return s.expr.Eval(n.IntoExpr)
	}
	object := &ast.Object{}
	for _, v := range n.Gather {
		object.Members = append(object.Members, ast.ObjectMember{Name: v.Name, Value: &ast.Ref{Name: v.Name, Var: v}})
	}
	return s.expr.Eval(object)
}

// extreme is MIN or MAX: it compares numbers without reading the best one again, and copies only what it keeps.
type extreme struct {
	sign   int
	best   value.Value
	number float64
}

// Add takes a value.
func (x *extreme) Add(v value.Value) {
	if v.Kind() == value.KindNull {
		return
	}
	if v.Kind() == value.KindNumber && x.best.Kind() == value.KindNumber {
		f := v.Float64()
		if x.sign < 0 && f < x.number || x.sign > 0 && f > x.number {
			x.best, x.number = v.Clone(), f
		}
		return
	}
	if x.best.IsNull() || value.Compare(v, x.best) == x.sign {
		x.best, x.number = v.Clone(), v.Float64()
	}
}

// Merge takes the best of another one.
func (x *extreme) Merge(other fn.Accumulator) { x.Add(other.Result()) }

// Result is the best so far.
func (x *extreme) Result() value.Value { return x.best }

// Bytes is what the best one holds.
func (x *extreme) Bytes() int { return x.best.Memory() }

// group is one group of rows.
type group struct {
	values []value.Value
	totals []fn.Accumulator
	into   []value.Value
	count  int64
	bytes  int64 // that it holds
}

func (s *collectStep) newGroup() group {
	g := group{totals: make([]fn.Accumulator, len(s.totals))}
	for i := range s.totals {
		g.totals[i] = s.totals[i].new()
	}
	return g
}

// groupBytes is what a group takes besides its values and totals.
const groupBytes = 160

// totalBytes is about what an accumulator takes.
const totalBytes = 96

// add takes a row into a group, and says how many bytes that took.
func (s *collectStep) add(t *task, a *arena, g *group, row []value.Value) (bytes int64) {
	g.count++
	for i := range s.totals {
		of := &s.totals[i]
		if of.arg == nil {
			g.totals[i].Add(value.Bool(true))
			continue
		}
		v := of.arg(&t.env, row)
		if !of.grows {
			g.totals[i].Add(v)
			continue
		}
		before := g.totals[i].Bytes()
		if of.copies {
			v = v.Clone()
		}
		g.totals[i].Add(v)
		bytes += int64(g.totals[i].Bytes() - before)
	}
	if s.gather != nil {
		v := s.gather(&t.env, row)
		if s.made {
			keepMembers(a, v)
		} else {
			v = a.keep(v)
		}
		g.into = append(g.into, v)
		bytes += int64(slotBytes + v.Memory())
	}
	return bytes
}

// keepMembers copies the text of an object's members, which was made for INTO alone.
func keepMembers(a *arena, v value.Value) {
	members := v.Members()
	for i := range members {
		members[i].Value = a.keep(members[i].Value)
	}
}

// fill puts what a group came to into a row.
func (s *collectStep) fill(g *group, row []value.Value) {
	for i, out := range s.outs {
		if out >= 0 {
			row[out] = g.values[i]
		}
	}
	for i := range s.totals {
		if out := s.totals[i].out; out >= 0 {
			row[out] = g.totals[i].Result()
		}
	}
	if s.into >= 0 {
		row[s.into] = value.OwnItems(g.into)
	}
	if s.counted >= 0 {
		row[s.counted] = value.Int(g.count)
	}
}

func (s *collectStep) open(t *task, f *frame) (source, error) {
	below, err := s.below.open(t, f)
	if err != nil {
		return nil, err
	}
	return &collecting{s: s, frame: f, below: below, table: table{s: s, t: t}}, nil
}

// table has the groups of rows by the encodings of their values.
type table struct {
	s      *collectStep
	t      *task
	places map[string]int32
	groups []group
	arena  arena
	room   []byte
	values []value.Value
	held   int64
}

// row takes a row.
func (b *table) row(row []value.Value) error {
	s := b.s
	b.room, b.values = b.room[:0], b.values[:0]
	for _, key := range s.keys {
		v := key(&b.t.env, row)
		b.values = append(b.values, v)
		b.room = value.AppendKey(b.room, v)
	}
	at, ok := b.places[string(b.room)]
	if !ok {
		var err error
		if at, err = b.begin(); err != nil {
			return err
		}
	}
	if bytes := s.add(b.t, &b.arena, &b.groups[at], row); bytes != 0 {
		b.held += bytes
		b.groups[at].bytes += bytes
		return b.t.grow(bytes)
	}
	return nil
}

// begin makes the group of the values that were just computed.
func (b *table) begin() (int32, error) {
	g := b.s.newGroup()
	g.values = make([]value.Value, len(b.values))
	bytes := int64(groupBytes + len(g.totals)*totalBytes + len(b.room))
	for i, v := range b.values {
		g.values[i] = b.arena.keep(v)
		bytes += int64(slotBytes + v.Memory())
	}
	if b.places == nil {
		b.places = map[string]int32{}
	}
	g.bytes = bytes
	at := int32(len(b.groups))
	b.groups = append(b.groups, g)
	b.places[stringOf(b.arena.text(b.room))] = at
	b.held += bytes
	return at, b.t.grow(bytes)
}

// count takes rows when nothing but their number is asked for.
func (b *table) count(n int) error {
	if len(b.groups) == 0 {
		if _, err := b.begin(); err != nil {
			return err
		}
	}
	b.groups[0].count += int64(n)
	return nil
}

// all takes what a source gives.
func (b *table) all(below source) error {
	onlyCount := b.s.onlyCount()
	for {
		rows, err := below.next()
		if err != nil || rows == nil {
			return err
		}
		if onlyCount {
			if err := b.count(rows.n); err != nil {
				return err
			}
			continue
		}
		for i := range rows.n {
			if err := b.row(rows.row(i)); err != nil {
				return err
			}
			if err := b.t.step(); err != nil {
				return err
			}
		}
	}
}

func (s *collectStep) onlyCount() bool {
	return len(s.keys) == 0 && len(s.totals) == 0 && s.gather == nil
}

// merge takes the groups of another table, whose rows came later.
func (b *table) merge(other *table) error {
	for key, at := range other.places {
		from := &other.groups[at]
		to, ok := b.places[key]
		if !ok {
			if b.places == nil {
				b.places = map[string]int32{}
			}
			b.places[key] = int32(len(b.groups))
			b.groups = append(b.groups, *from)
			continue
		}
		g := &b.groups[to]
		g.count += from.count
		g.bytes += from.bytes
		g.into = append(g.into, from.into...)
		for i := range g.totals {
			g.totals[i].Merge(from.totals[i])
		}
	}
	b.held += other.held
	other.held = 0
	return nil
}

// complete makes the one group that there is when nothing is grouped by, also of no rows.
func (b *table) complete() error {
	if len(b.s.keys) > 0 || len(b.groups) > 0 {
		return nil
	}
	b.values, b.room = b.values[:0], b.room[:0]
	_, err := b.begin()
	return err
}

// clear lets go of all groups.
func (b *table) clear() {
	b.t.shrink(b.held)
	b.held, b.places, b.groups, b.arena = 0, nil, nil, arena{}
}

// collecting groups by a table.
type collecting struct {
	s     *collectStep
	frame *frame
	below source
	table table
	out   builder
	at    int
	ready bool
}

func (c *collecting) next() (*block, error) {
	if !c.ready {
		c.ready = true
		if err := c.table.all(c.below); err != nil {
			return nil, err
		}
		if err := c.table.complete(); err != nil {
			return nil, err
		}
	}
	c.out.begin(c.s.width)
	for ; c.at < len(c.table.groups) && !c.out.full(); c.at++ {
		g := &c.table.groups[c.at]
		c.s.fill(g, c.out.add(c.frame.seed))
		// Whoever keeps the row counts what it holds from now on.
		c.table.held -= g.bytes
		c.table.t.shrink(g.bytes)
		c.out.bytes += int(g.bytes)
		*g = group{}
	}
	return c.out.done()
}

func (c *collecting) reset() {
	c.table.clear()
	c.at, c.ready = 0, false
	c.out.reset()
	c.below.reset()
}

func (c *collecting) close() { c.below.close() }

// sortedStep groups rows that come sorted by the values of the groups.
type sortedStep struct{ *collectStep }

func (s *sortedStep) open(t *task, f *frame) (source, error) {
	below, err := s.below.open(t, f)
	if err != nil {
		return nil, err
	}
	return &grouping{s: s.collectStep, t: t, frame: f, in: drawing{below: below}}, nil
}

type grouping struct {
	s      *collectStep
	t      *task
	frame  *frame
	in     drawing
	out    builder
	now    group
	open   bool // now has rows
	ended  bool
	arena  arena
	values []value.Value
	held   int64
}

func (g *grouping) next() (*block, error) {
	g.out.begin(g.s.width)
	for !g.out.full() && !g.ended {
		row, ok, err := g.in.row()
		if err != nil {
			return nil, err
		}
		if !ok {
			g.ended = true
			g.flush()
			break
		}
		if err := g.row(row); err != nil {
			return nil, err
		}
		if err := g.t.step(); err != nil {
			return nil, err
		}
	}
	return g.out.done()
}

// row takes a row, and ends the group before it when it begins another one.
func (g *grouping) row(row []value.Value) error {
	g.values = g.values[:0]
	same := g.open
	for i, key := range g.s.keys {
		v := key(&g.t.env, row)
		g.values = append(g.values, v)
		same = same && value.Equal(v, g.now.values[i])
	}
	bytes := int64(0)
	if !same {
		g.flush()
		g.now, g.open = g.s.newGroup(), true
		for _, v := range g.values {
			v = g.arena.keep(v)
			g.now.values = append(g.now.values, v)
			bytes += int64(slotBytes + v.Memory())
		}
	}
	bytes += g.s.add(g.t, &g.arena, &g.now, row)
	g.held += bytes
	return g.t.grow(bytes)
}

// flush gives the group that was open.
func (g *grouping) flush() {
	if !g.open && len(g.s.keys) > 0 {
		return
	}
	if !g.open {
		g.now = g.s.newGroup()
	}
	g.s.fill(&g.now, g.out.add(g.frame.seed))
	g.out.bytes += int(g.held)
	g.t.shrink(g.held)
	g.held, g.open, g.now = 0, false, group{}
}

func (g *grouping) reset() {
	g.t.shrink(g.held)
	g.held, g.open, g.ended, g.now = 0, false, false, group{}
	g.out.reset()
	g.in.reset()
}

func (g *grouping) close() { g.in.close() }
