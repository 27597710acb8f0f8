package exec_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/selvedge-db/selvedge/query/exec"
	"github.com/selvedge-db/selvedge/query/plan"
	"github.com/selvedge-db/selvedge/query/querytest"
	"github.com/selvedge-db/selvedge/query/querytest/memory"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// documents makes a collection c of n documents: n counts, a and b repeat, big has digits that a key of an index lacks.
func documents(t testing.TB, n int, indexes ...*rows.Index) *memory.Data {
	t.Helper()
	d := memory.New()
	d.Create(rows.Collection{Name: "c", Indexes: indexes})
	list := make([]value.Value, n)
	for i := range list {
		list[i] = parsed(t, fmt.Sprintf(`{"_key":"k%06d","a":%d,"b":"b%d","big":9007199254740993,"n":%d,"o":{"p":{"q":%d}},"t":["x%d","y"]}`,
			i, i%10, i%7, i, i*2, i%5))
	}
	if err := d.Put("c", list...); err != nil {
		t.Fatal(err)
	}
	return d
}

func parsed(t testing.TB, text string) value.Value {
	t.Helper()
	v, err := value.Parse([]byte(text), value.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// many says that collections are large, so that parts are thought to pay.
type many struct{ rows.Statistics }

func (many) Count(*rows.Collection) (int64, error) { return 10_000_000, nil }

// compiled plans and compiles a query.
func compiled(t testing.TB, in rows.Snapshot, text string, parallel bool, rules ...string) *exec.Program {
	t.Helper()
	checked, err := querytest.Check(in, text, nil)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	p, err := plan.Build(checked.Query, plan.Config{Reader: in, Statistics: many{in}, Parallel: parallel, Rules: rules})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	program, err := exec.Compile(p)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return program
}

func snapshot(t testing.TB, d *memory.Data) rows.Snapshot {
	t.Helper()
	s, err := d.Snapshot(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// all gives the rows of a run, each as JSON.
func all(t testing.TB, p *exec.Program, c exec.Config) []string {
	t.Helper()
	r := p.Start(c)
	defer r.Close()
	var out []string
	for most := 1; ; most = most*2 + 1 {
		var text exec.Text
		more, err := r.Next(context.Background(), &text, most, 0)
		if err != nil {
			t.Error(err)
			return nil
		}
		at := 0
		for _, end := range text.Ends {
			out = append(out, string(text.JSON[at:end]))
			at = end + 1
		}
		if !more {
			return out
		}
	}
}

func TestPartsGiveWhatOneScanGives(t *testing.T) {
	t.Parallel()
	s := snapshot(t, documents(t, 5000))
	for _, text := range []string{
		"FOR d IN c FILTER d.a == 3 RETURN d.n",
		"FOR d IN c FILTER d.a == 3 LET x = d.n * 2 FILTER x > 100 RETURN {x, k: d._key}",
		"FOR d IN c COLLECT b = d.b AGGREGATE s = SUM(d.n), m = MIN(d.n), g = MAX(d.n), v = VARIANCE(d.n), u = COUNT_DISTINCT(d.a), n = COUNT() RETURN {b, s, m, g, n, u, v: ROUND(v)}",
		"FOR d IN c COLLECT AGGREGATE s = SUM(d.n) RETURN s",
		"FOR d IN c FILTER d.n < 0 COLLECT AGGREGATE s = MAX(d.n) RETURN s",
		"FOR d IN c COLLECT WITH COUNT INTO n RETURN n",
		"FOR d IN c FILTER d.t[* FILTER CURRENT == 'x3'] != [] RETURN d.n",
		"FOR d IN c FILTER d.a == 3 LIMIT 100000 RETURN d.n",
	} {
		serial := all(t, compiled(t, s, text, false), exec.Config{Snapshot: s})
		side := compiled(t, s, text, true)
		if !strings.Contains(plan.Text(side.Plan()), "parallel") && !strings.Contains(text, "LIMIT") && !strings.Contains(text, "COUNT INTO") {
			t.Errorf("%s is not planned in parts:\n%s", text, plan.Text(side.Plan()))
		}
		for _, workers := range []int{1, 2, 5} {
			got := all(t, side, exec.Config{Snapshot: s, Workers: workers})
			slices.Sort(got)
			slices.Sort(serial)
			if !slices.Equal(got, serial) {
				t.Errorf("%s with %d workers: %d rows, %d with one", text, workers, len(got), len(serial))
			}
		}
	}
}

func TestPartsEndWithTheirRun(t *testing.T) {
	t.Parallel()
	s := snapshot(t, documents(t, 6000))
	// The first rows are drawn, the rest is not: Close must not wait for ever, nor leave anybody behind.
	r := compiled(t, s, "FOR d IN c FILTER d.n >= 0 RETURN d", true).Start(exec.Config{Snapshot: s, Workers: 4})
	var text exec.Text
	if more, err := r.Next(context.Background(), &text, 3, 0); err != nil || !more {
		t.Fatal(more, err)
	}
	r.Close()
	// A failure in one part ends all.
	r = compiled(t, s, "FOR d IN c FILTER d.n != 5500 || ASSERT(false, 'no') RETURN d.n", true).Start(exec.Config{Snapshot: s, Workers: 4})
	defer r.Close()
	text = exec.Text{}
	if _, err := r.Next(context.Background(), &text, 1_000_000, 0); err == nil {
		t.Error("the assertion is lost")
	}
}

func TestProgramsAreShared(t *testing.T) {
	t.Parallel()
	s := snapshot(t, documents(t, 3000, &rows.Index{Name: "a", Type: rows.Persistent, Fields: memory.Fields("a", "n")}))
	for _, text := range []string{
		"FOR d IN c FILTER d.a == 4 SORT d.n DESC LIMIT 5 LET x = (FOR e IN c FILTER e.n == d.n + 1 RETURN e.b) RETURN [d.n, x, d.t[* RETURN CONCAT(CURRENT, d.b)]]",
		"FOR d IN c COLLECT a = d.a INTO g = d.n SORT a RETURN [a, SUM(g)]",
	} {
		p := compiled(t, s, text, true)
		want := all(t, p, exec.Config{Snapshot: s})
		var w sync.WaitGroup
		for range 8 {
			w.Add(1)
			go func() {
				defer w.Done()
				if got := all(t, p, exec.Config{Snapshot: s, Workers: 2}); !slices.Equal(got, want) {
					t.Errorf("%s gives %d rows, want %d", text, len(got), len(want))
				}
			}()
		}
		w.Wait()
	}
}

func TestTopRowsAreThoseOfASort(t *testing.T) {
	t.Parallel()
	s := snapshot(t, documents(t, 3000))
	for _, keys := range []string{"d.a, d.n", "d.a DESC, d.b, d.n", "d.b DESC", "d.o.p.q % 13, d.b DESC"} {
		whole := all(t, compiled(t, s, "FOR d IN c SORT "+keys+" RETURN d.n", false), exec.Config{Snapshot: s})
		for _, limit := range []int{0, 1, 17, 1500, 2999, 3000, 9999} {
			got := all(t, compiled(t, s, fmt.Sprintf("FOR d IN c SORT %s LIMIT %d RETURN d.n", keys, limit), false), exec.Config{Snapshot: s})
			if !slices.Equal(got, whole[:min(limit, len(whole))]) {
				t.Errorf("SORT %s LIMIT %d gives other rows than the whole sort", keys, limit)
			}
		}
	}
}

func TestCoveredRowsAreThoseOfDocuments(t *testing.T) {
	t.Parallel()
	s := snapshot(t, documents(t, 500, &rows.Index{Name: "x", Type: rows.Persistent, Fields: memory.Fields("a", "big", "o", "t")}))
	for _, text := range []string{
		"FOR d IN c FILTER d.a == 3 SORT d._key RETURN [d.big, d._key, d._id]",
		"FOR d IN c FILTER d.a == 3 SORT d._key RETURN [d.o, d.t]",
		"FOR d IN c FILTER d.a >= 8 SORT d.a DESC, d._key RETURN d.a",
	} {
		with := all(t, compiled(t, s, text, false), exec.Config{Snapshot: s})
		without := all(t, compiled(t, s, text, false, "-all"), exec.Config{Snapshot: s})
		if len(with) == 0 || !slices.Equal(with, without) {
			t.Errorf("%s: %d rows by the index, %d without", text, len(with), len(without))
		}
	}
}

func TestEndsOfRanges(t *testing.T) {
	t.Parallel()
	d := documents(t, 0, &rows.Index{Name: "x", Type: rows.Persistent, Fields: memory.Fields("v", "w")})
	for i, v := range []string{"null", "false", "true", "-1", "0", "0.5", "1", "2", `""`, `"a"`, `"ab"`, `"b"`, "[]", "[1]", "{}", `{"a":1}`} {
		for w := range 3 {
			if err := d.Put("c", parsed(t, fmt.Sprintf(`{"_key":"%02d-%d","v":%s,"w":%d}`, i, w, v, w))); err != nil {
				t.Fatal(err)
			}
		}
	}
	s := snapshot(t, d)
	for _, end := range []string{"null", "true", "0", "0.7", "1", "'a'", "'aa'", "[]", "{}", "{a: 1}"} {
		for _, op := range []string{"==", "<", "<=", ">", ">="} {
			for _, more := range []string{"", " FILTER d.v != 1", " FILTER d.w >= 1", " FILTER d.v > 'a'", " FILTER d.v <= 2", " SORT d.v DESC"} {
				text := fmt.Sprintf("FOR d IN c FILTER d.v %s %s%s RETURN d._key", op, end, more)
				with := all(t, compiled(t, s, text, false), exec.Config{Snapshot: s})
				without := all(t, compiled(t, s, text, false, "-all"), exec.Config{Snapshot: s})
				slices.Sort(with)
				slices.Sort(without)
				if !slices.Equal(with, without) {
					t.Errorf("%s: %v by the index, %v without", text, with, without)
				}
			}
		}
	}
}

func TestTextAndValuesAgree(t *testing.T) {
	t.Parallel()
	s := snapshot(t, documents(t, 5))
	for _, text := range []string{
		"FOR d IN c RETURN d", "FOR d IN c RETURN {z: d.n, a: [d.a, {b: d.b}], z: d.n + 1, `quo\"te`: d._rev, e: {}, f: []}",
		"FOR d IN c RETURN {[d.b]: d.n, n: 1}", "FOR d IN c RETURN d.o", "FOR d IN c RETURN d.n / 3", "FOR d IN c RETURN -d.n",
		"FOR d IN c RETURN [d.nope, d.t[0], d.t[-1], d.t[7]]",
	} {
		p := compiled(t, s, text, false)
		r := p.Start(exec.Config{Snapshot: s})
		values, more, err := r.Values(context.Background(), 100)
		if err != nil || more {
			t.Fatal(err, more)
		}
		var got []string
		for _, v := range values {
			got = append(got, v.String())
		}
		r.Close()
		if want := all(t, p, exec.Config{Snapshot: s}); !slices.Equal(got, want) {
			t.Errorf("%s: values %v, text %v", text, got, want)
		}
	}
}

func TestAClosedRunGivesNothing(t *testing.T) {
	t.Parallel()
	s := snapshot(t, documents(t, 5))
	r := compiled(t, s, "FOR d IN c RETURN d", false).Start(exec.Config{Snapshot: s})
	r.Close()
	r.Close()
	var text exec.Text
	if _, err := r.Next(context.Background(), &text, 1, 0); !errors.Is(err, exec.ErrClosed) {
		t.Error(err)
	}
}
