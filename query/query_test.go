package query_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/selvedge-db/selvedge/internal/env"
	"github.com/selvedge-db/selvedge/query"
	"github.com/selvedge-db/selvedge/query/querytest/memory"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// bed is an engine over data in memory.
type bed struct {
	*testing.T
	engine *query.Engine
	data   *memory.Data
}

func newBed(t *testing.T, limits query.Limits) *bed {
	t.Helper()
	b := &bed{T: t, engine: query.New(query.Config{Clock: env.RealClock(), Random: env.Seeded(1), Limits: limits}), data: memory.New()}
	b.data.Create(rows.Collection{Name: "c", Indexes: []*rows.Index{{Name: "byA", Type: rows.Persistent, Fields: memory.Fields("a")}}})
	return b
}

// fill puts n documents into c: a counts to 10 again and again, n is the number, text is long.
func (b *bed) fill(n, text int) *bed {
	b.Helper()
	list := make([]value.Value, n)
	for i := range list {
		list[i] = parsed(b.T, fmt.Sprintf(`{"_key":"k%05d","a":%d,"n":%d,"text":%q}`, i, i%10, i, strings.Repeat("x", text)))
	}
	if err := b.data.Put("c", list...); err != nil {
		b.Fatal(err)
	}
	return b
}

func parsed(t testing.TB, text string) value.Value {
	t.Helper()
	v, err := value.Parse([]byte(text), value.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (b *bed) request(text string) query.Request {
	return query.Request{Text: text, Store: b.data, Fabric: "f"}
}

// start begins a query that must start.
func (b *bed) start(r query.Request) *query.Execution {
	b.Helper()
	x, err := b.engine.Start(context.Background(), r)
	if err != nil {
		b.Fatalf("%s: %v", r.Text, err)
	}
	b.Cleanup(func() { _ = x.Close() })
	return x
}

// rows gives the result of a query as JSON.
func (b *bed) rows(r query.Request) string {
	b.Helper()
	x := b.start(r)
	text, _, more, err := x.Next(context.Background(), nil, 1_000_000)
	if err != nil || more {
		b.Fatalf("%s: more %v, %v", r.Text, more, err)
	}
	return "[" + string(text) + "]"
}

func (b *bed) want(r query.Request, want string) {
	b.Helper()
	if got := b.rows(r); got != want {
		b.Errorf("%s gives %s, want %s", r.Text, got, want)
	}
}

// refused wants a query to fail with an error of a number.
func (b *bed) refused(r query.Request, number int) *query.Error {
	b.Helper()
	x, err := b.engine.Start(context.Background(), r)
	if err == nil {
		_, _, _, err = x.Next(context.Background(), nil, 1_000_000)
		_ = x.Close()
	}
	var e *query.Error
	if !errors.As(err, &e) || e.Number != number {
		b.Fatalf("%s gives %v, want an error %d", r.Text, err, number)
	}
	return e
}

func TestRowsComeInBatches(t *testing.T) {
	t.Parallel()
	for _, stream := range []bool{false, true} {
		b := newBed(t, query.Limits{}).fill(2500, 1)
		r := b.request("FOR d IN c SORT d.n RETURN d.n")
		r.Options.Stream = stream
		x := b.start(r)
		seen := 0
		for size, more := 1, true; more; size = size*3 + 1 {
			var text []byte
			var n int
			var err error
			text, n, more, err = x.Next(context.Background(), []byte("["), size)
			if err != nil {
				t.Fatal(err)
			}
			for i, v := range parsed(t, string(text)+"]").Items() {
				if got, _ := v.Int64(); int(got) != seen+i {
					t.Fatalf("row %d is %v", seen+i, v)
				}
			}
			seen += n
		}
		if n, counted := x.Count(); seen != 2500 || n != 2500 || !counted {
			t.Errorf("stream %v: %d rows, count %d %v", stream, seen, n, counted)
		}
	}
}

func TestValuesAndTextAlternate(t *testing.T) {
	t.Parallel()
	b := newBed(t, query.Limits{})
	x := b.start(b.request("FOR i IN 1..5 RETURN {i}"))
	list, more, err := x.Values(context.Background(), 2)
	if err != nil || !more || len(list) != 2 || list[1].String() != `{"i":2}` {
		t.Fatal(list, more, err)
	}
	text, n, more, err := x.Next(context.Background(), nil, 10)
	if err != nil || more || n != 3 || string(text) != `{"i":3},{"i":4},{"i":5}` {
		t.Fatal(string(text), n, more, err)
	}
}

func TestPlansAreKept(t *testing.T) {
	t.Parallel()
	b := newBed(t, query.Limits{CachedPlans: 2}).fill(20, 1)
	r := b.request("FOR d IN c FILTER d.n == @n RETURN d.n")
	for i := range 3 {
		r.Bind = parsed(t, fmt.Sprintf(`{"n":%d}`, i))
		x := b.start(r)
		if got := x.Stats().PlanCached; got != (i > 0) {
			t.Errorf("run %d: from the cache %v", i, got)
		}
		b.want(r, fmt.Sprintf("[%d]", i))
	}
	for i := range 5 {
		b.rows(b.request(fmt.Sprintf("RETURN %d", i)))
	}
	if kept, _, _ := b.engine.Plans(); kept != 2 {
		t.Errorf("%d plans are kept, want 2", kept)
	}
}

func TestPlansEndWithTheirSchema(t *testing.T) {
	t.Parallel()
	b := newBed(t, query.Limits{}).fill(10, 1)
	b.data.Create(rows.Collection{Name: "d"})
	r := b.request("FOR x IN @@c FILTER x.a == 3 RETURN x._key")
	for _, c := range []struct{ name, want string }{{"c", `["k00003"]`}, {"d", `[]`}, {"c", `["k00003"]`}} {
		r.Bind = parsed(t, `{"@c":"`+c.name+`"}`)
		b.want(r, c.want)
	}
	// The same name is another collection from now on.
	b.data.Create(rows.Collection{Name: "c"})
	b.want(r, `[]`)
	if x := b.start(r); !x.Stats().PlanCached {
		t.Error("the new plan is not kept")
	}
}

func TestErrorsNameTheirPlace(t *testing.T) {
	t.Parallel()
	b := newBed(t, query.Limits{})
	for _, c := range []struct {
		text   string
		number int
		line   int
	}{
		{"FOR d IN c\n  FILTR d.a RETURN d", 1501, 2}, {"", 1502, 1}, {"FOR d IN nope RETURN d", 1203, 1}, {"RETURN x", 1512, 1},
		{"RETURN NOPE(1)", 1540, 1}, {"RETURN ABS()", 1541, 1}, {"RETURN @x", 1551, 1}, {"FOR d IN 5 RETURN d", 1563, 0},
	} {
		e := b.refused(b.request(c.text), c.number)
		if e.Line != c.line || e.Code == "" || e.Message == "" || c.line > 0 && c.text != "" && !strings.Contains(e.Excerpt, "^") {
			t.Errorf("%q: %+v", c.text, *e)
		}
	}
	r := b.request("RETURN 1")
	r.Bind = parsed(t, `{"x":1}`)
	b.refused(r, 1552)
	r.Bind = value.Int(5)
	b.refused(r, 1553)
}

func TestManyWaitAndMoreAreRefused(t *testing.T) {
	t.Parallel()
	b := newBed(t, query.Limits{Running: 1, Waiting: 1, Wait: time.Hour})
	first := make(chan error, 1)
	go func() {
		_, err := b.engine.Start(context.Background(), b.request("RETURN SLEEP(3600)"))
		first <- err
	}()
	for len(b.engine.Running("")) == 0 {
	}
	slow := b.engine.Running("")[0].ID
	done := make(chan error)
	go func() {
		var e *query.Error
		x, err := b.engine.Start(context.Background(), b.request("RETURN 1"))
		for errors.As(err, &e) && e.Number == query.NumberBusy {
			x, err = b.engine.Start(context.Background(), b.request("RETURN 1"))
		}
		if err == nil {
			err = x.Close()
		}
		done <- err
	}()
	// One waits; once it does, another one is refused.
	var e *query.Error
	for e == nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		_, err := b.engine.Start(ctx, b.request("RETURN 2"))
		cancel()
		if !errors.As(err, &e) {
			t.Fatal(err)
		}
		if e.Number != query.NumberBusy {
			e = nil
		}
	}
	if err := b.engine.Kill("f", slow); err != nil {
		t.Fatal(err)
	}
	if err := <-first; !errors.As(err, &e) || e.Number != query.NumberKilled {
		t.Errorf("the first ended with %v", err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	b.want(b.request("RETURN 3"), "[3]")
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	b := newBed(t, query.Limits{})
	r := b.request("FOR i IN 1..100 RETURN i / (i - i)")
	if x := b.start(r); len(x.Warnings()) != 10 || x.Warnings()[0].Number != 1562 {
		t.Errorf("%v", x.Warnings())
	}
	r.Options.MaxWarnings = 3
	if x := b.start(r); len(x.Warnings()) != 3 {
		t.Errorf("%v", x.Warnings())
	}
	r.Options.MaxWarnings = -1
	if x := b.start(r); len(x.Warnings()) != 0 {
		t.Errorf("%v", x.Warnings())
	}
	r.Options.FailOnWarning = true
	b.refused(r, 1562)
	b.refused(b.request("RETURN ASSERT(false, 'no')"), 1593)
}

func TestWarningsOfThePlan(t *testing.T) {
	t.Parallel()
	b := newBed(t, query.Limits{}).fill(3, 1)
	for _, text := range []string{"FOR d IN c OPTIONS {indexHnt: 'a'} RETURN d.n", "FOR d IN c OPTIONS {indexHnt: 'a'} FILTER d._key == 'k00001' RETURN d"} {
		for range 2 { // the second time with the same plan
			if x := b.start(b.request(text)); len(x.Warnings()) != 1 || x.Warnings()[0].Number != 1575 {
				t.Errorf("%s: %v", text, x.Warnings())
			}
		}
		r := b.request(text)
		r.Options.FailOnWarning = true
		b.refused(r, 1575)
		said, err := b.engine.Explain(t.Context(), b.request(text), false)
		if err != nil || len(said.Warnings) != 1 || said.Warnings[0].Number != 1575 || !strings.Contains(said.Text, "warning 1575: unknown option") {
			t.Errorf("%s: %+v, %v", text, said, err)
		}
	}
}

func TestFullCountAndStats(t *testing.T) {
	t.Parallel()
	b := newBed(t, query.Limits{}).fill(100, 1)
	r := b.request("FOR d IN c FILTER d.n >= 40 LIMIT 5, 10 RETURN d.n")
	r.Options.FullCount = true
	x := b.start(r)
	if s := x.Stats(); s.FullCount == nil || *s.FullCount != 60 || s.ScannedFull != 100 || s.Filtered != 40 {
		t.Errorf("%+v", s)
	}
	if n, _ := x.Count(); n != 10 {
		t.Errorf("%d rows", n)
	}
	x = b.start(b.request("FOR d IN c FILTER d.a == 3 RETURN d.n"))
	if s := x.Stats(); s.FullCount != nil || s.ScannedIndex != 10 || s.ScannedFull != 0 {
		t.Errorf("%+v", s)
	}
}

func TestRowsAreLimited(t *testing.T) {
	t.Parallel()
	b := newBed(t, query.Limits{Rows: 1000})
	b.rows(b.request("FOR i IN 1..1000 RETURN i"))
	b.refused(b.request("FOR i IN 1..1001 RETURN i"), query.NumberResource)
}

func TestWritesHappenWhole(t *testing.T) {
	t.Parallel()
	b := newBed(t, query.Limits{}).fill(10, 1)
	b.refused(b.request("FOR i IN 1..5 INSERT {_key: CONCAT('n', i), v: i < 5 ? i : ASSERT(false, 'no')} INTO c"), 1593)
	b.want(b.request("RETURN LENGTH(c)"), "[10]")
	x := b.start(b.request("FOR d IN c FILTER d.n < 3 UPDATE d WITH {n: d.n + 100} IN c LIMIT 1 RETURN NEW.n"))
	if s := x.Stats(); s.WritesExecuted != 3 {
		t.Errorf("%+v", s)
	}
	b.want(b.request("FOR d IN c FILTER d.n >= 100 SORT d.n RETURN d.n"), "[100,101,102]")
	x = b.start(b.request("FOR k IN ['k00000', 'nope', 'k00001'] REMOVE k IN c OPTIONS {ignoreErrors: true}"))
	if s := x.Stats(); s.WritesExecuted != 2 || s.WritesIgnored != 1 {
		t.Errorf("%+v", s)
	}
}

func TestErrorsTellTheirPlace(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		"it is wrong":                "it is wrong, at line 2, column 3",
		"no peple; did you mean me?": "no peple; did you mean me? At line 2, column 3",
	} {
		if got := (&query.Error{Message: message, Line: 2, Column: 3}).Error(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestRevisionsOfWhatWasWritten(t *testing.T) {
	t.Parallel()
	b := newBed(t, query.Limits{})
	given := b.rows(b.request("INSERT {_key: 'x'} INTO c RETURN NEW._rev"))
	b.want(b.request("RETURN c[0]._rev"), given)
}

// racing is a store whose transactions lose a number of times.
type racing struct {
	*memory.Data
	mu    sync.Mutex
	loses int
	tries int
}

func (s *racing) Begin(ctx context.Context) (rows.Transaction, error) {
	t, err := s.Data.Begin(ctx)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tries++
	if s.loses--; s.loses < 0 {
		return t, nil
	}
	return &losing{t}, nil
}

type losing struct{ rows.Transaction }

func (losing) Commit(context.Context, rows.CommitOptions) error {
	return &memory.Error{Number: memory.NumberConflict, Text: "another was faster"}
}

func TestWritesAreTriedAgain(t *testing.T) {
	t.Parallel()
	b := newBed(t, query.Limits{Retries: 3})
	s := &racing{Data: b.data, loses: 3}
	r := b.request("INSERT {_key: 'x'} INTO c RETURN NEW._key")
	r.Store = s
	b.want(r, `["x"]`)
	if s.tries != 4 {
		t.Errorf("%d tries", s.tries)
	}
	s.loses, r.Text = 4, "INSERT {_key: 'y'} INTO c"
	var e *memory.Error
	if _, err := b.engine.Start(context.Background(), r); !errors.As(err, &e) || e.Number != memory.NumberConflict {
		t.Errorf("%v", err)
	}
	b.want(b.request("RETURN LENGTH(c)"), "[1]")
}

func TestTransactionsOfOthers(t *testing.T) {
	t.Parallel()
	b := newBed(t, query.Limits{})
	tx, err := b.data.Begin(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	r := b.request("INSERT {_key: 'x'} INTO c")
	r.Store, r.Transaction = nil, tx
	b.rows(r)
	r.Text = "FOR d IN c RETURN d._key"
	b.want(r, `["x"]`)
	b.want(b.request("RETURN LENGTH(c)"), "[0]")
	if err := tx.Commit(context.Background(), rows.CommitOptions{}); err != nil {
		t.Fatal(err)
	}
	b.want(b.request("RETURN LENGTH(c)"), "[1]")
}

var errForbidden = errors.New("forbidden")

func TestAccess(t *testing.T) {
	t.Parallel()
	b := newBed(t, query.Limits{}).fill(3, 1)
	b.data.Create(rows.Collection{Name: "secret"})
	if err := b.data.Put("secret", parsed(t, `{"_key":"s"}`)); err != nil {
		t.Fatal(err)
	}
	ask := func(text string) query.Request {
		r := b.request(text)
		r.Access = func(name string, write bool) error {
			if name == "secret" || write {
				return errForbidden
			}
			return nil
		}
		return r
	}
	b.want(ask("RETURN LENGTH(c)"), "[3]")
	for _, text := range []string{
		"FOR d IN secret RETURN d", "INSERT {} INTO c", "RETURN DOCUMENT('secret/s')", "RETURN LENGTH(secret)",
	} {
		if _, err := b.engine.Start(context.Background(), ask(text)); !errors.Is(err, errForbidden) {
			t.Errorf("%s: %v", text, err)
		}
	}
	r := ask("FOR d IN secret RETURN d")
	r.Options.SkipInaccessible = true
	b.want(r, "[]")
}

func TestExplainAndParse(t *testing.T) {
	t.Parallel()
	b := newBed(t, query.Limits{}).fill(2000, 1)
	e, err := b.engine.Explain(context.Background(), b.request("FOR d IN c FILTER d.a == 3 RETURN d.n"), true)
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Plans) != 2 || !strings.Contains(e.Plans[0].String(), "IndexNode") || strings.Contains(e.Plans[1].String(), "IndexNode") {
		t.Errorf("%v", e.Plans)
	}
	if !strings.Contains(e.Text, "byA") {
		t.Error(e.Text)
	}
	p, err := b.engine.Parse("FOR d IN @@c FILTER d.x == @x FOR e IN other RETURN d")
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(p.Collections, p.BindVars) != "[other] [@c x]" || !strings.Contains(p.AST.String(), `"for"`) {
		t.Errorf("%v %v %v", p.Collections, p.BindVars, p.AST)
	}
	if _, err := b.engine.Parse("FOR"); err == nil {
		t.Error("parsed")
	}
}

func TestProfile(t *testing.T) {
	t.Parallel()
	b := newBed(t, query.Limits{}).fill(5000, 1)
	r := b.request("FOR d IN c FILTER d.n < 50 SORT d.n DESC RETURN d.n")
	r.Options.Profile = 2
	p := b.start(r).Profile()
	if p == nil || len(p.Phases) < 5 {
		t.Fatalf("%+v", p)
	}
	found := false
	for _, n := range p.Nodes {
		found = found || n.Kind == "SortNode" && n.Rows == 50 && n.Calls > 0 && n.Filtered == 0
		if n.ID == 0 || n.Kind == "EnumerateCollectionNode" && n.Filtered != 4950 {
			t.Errorf("%+v", n)
		}
	}
	for _, part := range []string{"rows", "SortNode", "FOR d IN c", "    50  "} {
		if !strings.Contains(p.Text, part) {
			t.Errorf("no %q in\n%s", part, p.Text)
		}
	}
	if !found {
		t.Errorf("%+v", p.Nodes)
	}
	if b.start(b.request("RETURN 1")).Profile() != nil {
		t.Error("a profile that nobody asked for")
	}
}
