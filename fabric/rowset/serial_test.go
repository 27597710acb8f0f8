package rowset_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/fabric/rowset"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// step is one thing that a transaction does, and what it is told.
type step struct {
	name string
	do   func(x *tx) string
}

// drawStep draws a step over few keys and values, so that transactions meet.
func drawStep(t *rapid.T) step {
	key := rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f"}).Draw(t, "key")
	n, m := rapid.IntRange(0, 6).Draw(t, "n"), rapid.IntRange(0, 6).Draw(t, "m")
	limit := rapid.IntRange(1, 4).Draw(t, "limit")
	low, high := min(n, m), max(n, m)
	switch rapid.SampledFrom([]string{"get", "scan", "back", "index", "tags", "count", "put", "put", "update", "remove"}).Draw(t, "step") {
	case "get":
		return step{"get " + key, func(x *tx) string { return x.read("places", key) }}
	case "scan":
		return step{fmt.Sprint("scan ", key, limit), func(x *tx) string {
			return keysOf(x.world, x, "places", rows.Bounds{Lower: []byte(key)}, limit)
		}}
	case "back":
		return step{fmt.Sprint("back ", key, limit), func(x *tx) string {
			return keysOf(x.world, x, "places", rows.Bounds{Upper: []byte(key), Reverse: true}, limit)
		}}
	case "index":
		return step{fmt.Sprint("index ", low, high), func(x *tx) string {
			return found(x.world, x, "places", "by_n", value.Int(int64(low)), value.Int(int64(high)))
		}}
	case "tags":
		return step{fmt.Sprint("tags ", low, high), func(x *tx) string {
			return found(x.world, x, "places", "by_tag", value.String(fmt.Sprint(low)), value.String(fmt.Sprint(high)))
		}}
	case "count":
		return step{"count", func(x *tx) string { return fmt.Sprint(count(x.world, x, "places")) }}
	case "put":
		return step{fmt.Sprint("put ", key, n), func(x *tx) string {
			return told(x.try(rows.Overwrite, "places", key, fmt.Sprintf(`{"n":%d,"tags":["%d"]}`, n, m)))
		}}
	case "update":
		return step{fmt.Sprint("update ", key, n), func(x *tx) string { return told(x.try(rows.Update, "places", key, fmt.Sprintf(`{"n":%d}`, n))) }}
	}
	return step{"remove " + key, func(x *tx) string { return told(x.try(rows.Remove, "places", key, "")) }}
}

// told is what a write says, but for revisions.
func told(w rows.Written, err error) string {
	if err != nil {
		return string(fabric.CodeOf(err))
	}
	return w.Key + w.Old.Without("_rev").String() + w.New.Without("_rev").String()
}

// running is an open transaction and what it did.
type running struct {
	*tx
	steps []step
	told  []string
}

// TestTransactionsAreSerial lets several transactions run into each other, and does those that committed again one after
// another in another fabric: each must be told the same at each of its steps, and both fabrics must end the same.
func TestTransactionsAreSerial(t *testing.T) {
	t.Parallel()
	committed, refused := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		mixed, serial := newWorld(t), newWorld(t)
		mixed.places()
		serial.places()
		for i, key := range []string{"a", "c", "e"} {
			for _, w := range []*world{mixed, serial} {
				w.put("places", key, fmt.Sprintf(`{"n":%d,"tags":["%d"]}`, i*2, i))
			}
		}
		open := make([]*running, 3)
		for range rapid.IntRange(5, 40).Draw(r, "steps") {
			i := rapid.IntRange(0, len(open)-1).Draw(r, "which")
			if open[i] == nil {
				open[i] = &running{tx: mixed.begin()}
			}
			x := open[i]
			if rapid.IntRange(0, 4).Draw(r, "commit") > 0 {
				s := drawStep(r)
				x.steps = append(x.steps, s)
				x.told = append(x.told, s.do(x.tx))
				continue
			}
			open[i] = nil
			receipt, err := x.Transaction.(*rowset.Transaction).Tx().Commit(mixed.ctx, fabric.TxCommit{})
			switch {
			case err == nil && !receipt.Stamp.IsZero():
				committed++
				again(r, serial, x)
			case err == nil: // one that only read took place when it began
			case err != nil && fabric.CodeOf(err) != fabric.Conflict:
				r.Fatal(err)
			case err != nil:
				refused++
			}
		}
		for _, x := range open {
			if x != nil {
				_ = x.Close()
			}
		}
		a, b := contents(mixed), contents(serial)
		if a != b {
			r.Fatalf("mixed:\n%s\nserial:\n%s", a, b)
		}
		mixed.close()
		serial.close()
	})
	if committed < 30 || refused < 10 {
		t.Fatalf("%d transactions committed, %d were refused: the test tests nothing", committed, refused)
	}
	t.Logf("%d committed, %d refused", committed, refused)
}

// again does a transaction's steps where nothing else happens.
func again(r *rapid.T, w *world, x *running) {
	y := w.begin()
	for i, s := range x.steps {
		if got := s.do(y); got != x.told[i] {
			var all []string
			for j := range x.steps {
				all = append(all, x.steps[j].name+" -> "+x.told[j])
			}
			r.Fatalf("%s was told %q among others, and %q alone; all steps:\n%s", s.name, x.told[i], got, strings.Join(all, "\n"))
		}
	}
	y.commits()
}

func contents(w *world) string {
	x := w.begin()
	defer func() { _ = x.Close() }()
	c, err := x.Documents(x.in("places"), rows.Bounds{})
	w.check(err)
	var out strings.Builder
	for c.Next() {
		fmt.Fprintf(&out, "%s %s\n", c.Row().Key, c.Row().Text)
	}
	w.check(c.Close())
	return out.String()
}
