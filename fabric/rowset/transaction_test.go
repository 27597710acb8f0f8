package rowset_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/fabric/rowset"
	"github.com/selvedge-db/selvedge/internal/env"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/store/kv"
	"github.com/selvedge-db/selvedge/store/kv/memory"
	"github.com/selvedge-db/selvedge/value"
)

// TestSumsStay moves amounts between accounts from many goroutines, by ways that read in different manners, while others
// add up all accounts.
func TestSumsStay(t *testing.T) {
	t.Parallel()
	const accounts, amount, workers, moves = 8, 100, 4, 25
	w := newWorld(t)
	w.places()
	for i := range accounts {
		w.put("places", fmt.Sprintf("a%d", i), fmt.Sprintf(`{"n":%d}`, amount))
	}
	var group sync.WaitGroup
	var mu sync.Mutex
	conflicts, done := 0, 0
	for worker := range workers {
		group.Go(func() {
			for i := range moves {
				for {
					err := move(w, (worker*7+i)%accounts, (worker+i*3+1)%accounts, i%3)
					mu.Lock()
					if err == nil {
						done++
					} else {
						conflicts++
					}
					mu.Unlock()
					if err == nil {
						break
					}
					if fabric.CodeOf(err) != fabric.Conflict {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	for range 2 {
		group.Go(func() {
			for range 20 {
				s, err := w.store.Snapshot(w.ctx)
				if err != nil {
					t.Error(err)
					return
				}
				if got := sum(w, s); got != accounts*amount {
					t.Errorf("a state in which all accounts hold %d", got)
				}
				_ = s.Close()
			}
		})
	}
	group.Wait()
	if got := sum(w, w.begin()); got != accounts*amount || done != workers*moves {
		t.Fatalf("all accounts hold %d after %d moves", got, done)
	}
	t.Logf("%d moves, %d conflicts", done, conflicts)
}

func sum(w *world, r rows.Reader) (total int64) {
	c, err := r.Documents(collectionOf(w, r, "places"), rows.Bounds{})
	w.check(err)
	for c.Next() {
		n, _ := value.Lazy(c.Row().Text).Get("n")
		i, _ := n.Int64()
		total += i
	}
	w.check(c.Err())
	w.check(c.Close())
	return total
}

// move takes 1 from one account to another, if that leaves all accounts together with what they had.
func move(w *world, from, to, manner int) error {
	x, err := w.store.Begin(w.ctx)
	if err != nil {
		return err
	}
	defer func() { _ = x.Close() }()
	c, _ := x.Collection("places")
	switch manner {
	case 1:
		sum(w, x)
	case 2:
		found(w, x, "places", "by_n", value.Int(0), value.Int(1000))
	}
	for account, change := range map[int]int64{from: -1, to: 1} {
		if from == to {
			change = 0
		}
		key := fmt.Sprintf("a%d", account)
		row, _, err := x.Get(c, key)
		if err != nil {
			return err
		}
		n, _ := value.Lazy(row.Text).Get("n")
		i, _ := n.Int64()
		doc := value.Object(value.Member{Name: "n", Value: value.Int(i + change)})
		if _, err := x.Write(rows.Write{Op: rows.Update, Collection: c, Key: key, Document: doc}); err != nil {
			return err
		}
	}
	return x.Commit(w.ctx, rows.CommitOptions{})
}

// TestCommitsAreWhole lets the store fail at each of its operations in turn, and crash, and looks whether a transaction
// that moves an amount happened half.
func TestCommitsAreWhole(t *testing.T) {
	t.Parallel()
	committed, lost := 0, 0
	for n := int64(0); ; n++ {
		db := memory.New(memory.Options{})
		w := worldOver(quietly{t}, db)
		w.collection(fabric.CollectionSpec{Name: "places"}, fabric.IndexSpec{Name: "by_n", Type: "persistent", Fields: []string{"n"}})
		w.put("places", "a", `{"n":10}`)
		w.put("places", "b", `{"n":0}`)
		x := w.begin()
		x.do(rows.Update, "places", "a", `{"n":3}`)
		x.do(rows.Update, "places", "b", `{"n":7}`)
		x.do(rows.Insert, "places", "c", `{"n":1}`)
		before := db.Operations()
		db.FailAt(before+n, memory.FailedSync)
		err := x.commit()
		after := db.Operations()
		_ = x.Close()
		_ = w.f.Close()
		for keep := range 3 {
			whole(t, db.Crash(func(pending int) int { return min(pending, keep) }), err == nil)
		}
		if err == nil {
			committed++
		} else {
			lost++
		}
		if after < before+n {
			break // the commit was over before it could fail
		}
	}
	if committed == 0 || lost == 0 {
		t.Fatalf("%d commits happened and %d failed: the test tests nothing", committed, lost)
	}
}

// quietly keeps a world that breaks on purpose from failing the test when it is closed.
type quietly struct{ *testing.T }

func (quietly) Error(...any) {}

// whole opens what a crash has left and checks that the transaction is in it whole or not at all.
func whole(t *testing.T, db kv.DB, must bool) {
	t.Helper()
	f, err := fabric.Open(fabric.Config{Name: "test", DB: db, Env: env.Real(), Options: fabric.Options{Number: 1}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	v := f.View()
	defer func() { _ = v.Close() }()
	var got []string
	for _, key := range []string{"a", "b", "c"} {
		d, _, err := v.Get("places", key)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(d.Text))
	}
	entries, err := v.Lookup("places", "by_n", nil, 10)
	if err != nil {
		t.Fatal(err)
	}
	switch state := strings.Join(got, " "); {
	case state == `{"n":3} {"n":7} {"n":1}` && len(entries) == 3:
	case state == `{"n":10} {"n":0} ` && len(entries) == 2 && !must:
	default:
		t.Fatalf("after a crash there are %s and %d entries; the commit was acknowledged: %v", state, len(entries), must)
	}
}

// TestRolledBackLeavesNothing writes, rolls back, and looks at everything.
func TestRolledBackLeavesNothing(t *testing.T) {
	t.Parallel()
	w := anomalyWorld(t)
	before := w.f.Status().Vector
	x := w.begin()
	x.do(rows.Remove, "places", "a", "")
	x.do(rows.Insert, "places", "new", `{"n":15}`)
	if got := found(w, x, "places", "by_n", value.Int(0), value.Int(20)); got != "new" {
		t.Fatalf("the transaction finds %q", got)
	}
	w.check(x.Close())
	s := w.begin()
	if got := found(w, s, "places", "by_n", value.Int(0), value.Int(20)); got != "a" || s.read("places", "new") != "" || count(w, s, "places") != 5 {
		t.Fatalf("after it was rolled back: %q, %s, %d", got, s.read("places", "new"), count(w, s, "places"))
	}
	if after := w.f.Status().Vector; !after.Equal(before) {
		t.Fatalf("the log went from %v to %v", before, after)
	}
	if _, err := x.try(rows.Insert, "places", "late", `{}`); fabric.CodeOf(err) != fabric.BadArgument {
		t.Fatalf("a write after the end: %v", err)
	}
	if err := x.commit(); fabric.CodeOf(err) != fabric.BadArgument {
		t.Fatalf("a commit after the end: %v", err)
	}
}

// TestRevisionsAreRevised looks at what stands for revisions before and after the commit.
func TestRevisionsAreRevised(t *testing.T) {
	t.Parallel()
	w := anomalyWorld(t)
	x := w.begin()
	first := x.do(rows.Update, "places", "a", `{"n":11}`)
	second := x.do(rows.Insert, "places", "x", `{"text":"x"}`)
	text := []byte(`[` + first.New.String() + `,` + second.New.String() + `]`)
	rev, _ := first.New.Get("_rev")
	for _, doc := range []string{`{"copy":"` + rev.Str() + `"}`, `{"deep":[{"s":"so ` + rev.Str() + ` too"}]}`} {
		if _, err := x.try(rows.Insert, "places", "y", doc); fabric.CodeOf(err) != fabric.BadDocument || !strings.Contains(err.Error(), "_rev") {
			t.Fatalf("a document that keeps a revision of this transaction: %v", err)
		}
	}
	if _, err := x.try(rows.Insert, "places", rev.Str(), `{}`); fabric.CodeOf(err) != fabric.BadKey || !strings.Contains(err.Error(), "_rev") {
		t.Fatalf("a key that is a revision of this transaction: %v", err)
	}
	// At its own place it means that very document.
	x.do(rows.Replace, "places", "x", `{"_rev":"`+rev.Str()+`","text":"y"}`)
	if _, err := x.Write(rows.Write{Op: rows.Remove, Collection: x.in("places"), Key: "a", IfRev: strings.Repeat("A", rows.RevLen)}); fabric.CodeOf(err) != fabric.RevConflict {
		t.Fatalf("another revision: %v", err)
	}
	if _, err := x.Write(rows.Write{Op: rows.Update, Collection: x.in("places"), Key: "a", Document: parse(t, `{"n":12}`), IfRev: rev.Str()}); err != nil {
		t.Fatal(err)
	}
	third := x.do(rows.Update, "places", "a", `{"n":11}`)
	gone := x.do(rows.Remove, "places", "b", "")
	old, _ := gone.Old.Get("_rev")
	for _, op := range []rows.WriteOp{rows.Overwrite, rows.Merge} {
		w := rows.Write{Op: op, Collection: x.in("places"), Key: "b", Document: parse(t, `{}`), IfRev: old.Str()}
		if _, err := x.Write(w); fabric.CodeOf(err) != fabric.RevConflict {
			t.Fatalf("the revision of a document that this transaction removed: %v", err)
		}
	}
	x.commits()
	if got := string(x.Revise(text)); strings.Contains(got, rev.Str()) {
		t.Fatalf("%s is not revised", got)
	}
	row, _, err := w.begin().Get(x.in("places"), "a")
	w.check(err)
	if got, want := string(x.Revise([]byte(third.New.String()))), string(row.AppendDocument(nil)); got != want {
		t.Fatalf("told %s, stored %s", got, want)
	}
	if plain := `{"a":"nothing to revise"}`; string(x.Revise([]byte(plain))) != plain {
		t.Fatal("a text without revisions was changed")
	}
}

// TestLimitsOfTransactions goes beyond each.
func TestLimitsOfTransactions(t *testing.T) {
	t.Parallel()
	db := memory.New(memory.Options{})
	w := worldOver(t, db)
	w.places()
	small, err := w.store.BeginTx(w.ctx, fabric.TxOptions{MaxBytes: 20_000})
	w.check(err)
	x := &tx{w, small}
	defer func() { _ = x.Close() }()
	doc := `{"text":"` + strings.Repeat("x", 1000) + `"}`
	n := 0
	for ; n < 100 && err == nil; n++ {
		_, err = x.try(rows.Insert, "places", "", doc)
	}
	if fabric.CodeOf(err) != fabric.TooLarge || n < 4 || n > 20 {
		t.Fatalf("after %d documents: %v", n, err)
	}
	if got := count(w, x, "places"); got != int64(n-1) {
		t.Fatalf("%d documents, the refused one included", got)
	}
	x.commits()
	f, err := fabric.Open(fabric.Config{Name: "few", DB: db, Env: env.Real(), Options: fabric.Options{Number: 2, Limits: fabric.Limits{Writes: 3}}})
	w.check(err)
	defer func() { _ = f.Close() }()
	few := &world{t, w.ctx, f, rowset.New(f, rowset.Options{})}
	w.check(f.Create(w.ctx, member.Change{Kind: member.Create, Origin: 1, Fabric: "few", Name: "here", Address: "a:1"}))
	few.places()
	y := few.begin()
	for i := range 5 {
		_, err := y.try(rows.Overwrite, "places", fmt.Sprint("k", i%4), `{}`)
		if (fabric.CodeOf(err) == fabric.TooLarge) != (i == 3) {
			t.Fatalf("write %d: %v", i, err)
		}
	}
	y.commits()
	huge := `{"text":"` + strings.Repeat("x", fabric.DefaultLimits().DocumentBytes) + `"}`
	if _, err := w.begin().try(rows.Insert, "places", "h", huge); fabric.CodeOf(err) != fabric.TooLarge {
		t.Fatalf("a huge document: %v", err)
	}
}

// TestRefusedWritesChangeNothing gives every kind of wrong write.
func TestRefusedWritesChangeNothing(t *testing.T) {
	t.Parallel()
	w := anomalyWorld(t)
	w.collection(fabric.CollectionSpec{Name: "codes", Local: true}, fabric.IndexSpec{Name: "code", Type: "persistent", Fields: []string{"code"}, Unique: true})
	w.put("codes", "one", `{"code":1}`)
	x := w.begin()
	for _, c := range []struct {
		op                    rows.WriteOp
		collection, key, text string
		want                  fabric.Code
	}{
		{rows.Insert, "places", "a", `{}`, fabric.KeyExists},
		{rows.Update, "places", "no", `{}`, fabric.NotFound},
		{rows.Replace, "places", "no", `{}`, fabric.NotFound},
		{rows.Remove, "places", "no", ``, fabric.NotFound},
		{rows.Insert, "places", "bad key", `{}`, fabric.BadKey},
		{rows.Insert, "places", "k", `[1]`, fabric.BadDocument},
		{rows.Insert, "roads", "k", `{"_from":"places/a"}`, fabric.BadEdge},
		{rows.Insert, "codes", "two", `{"code":1}`, fabric.UniqueViolated},
		{rows.Insert, "_collections", "x", `{}`, fabric.BadArgument},
	} {
		if _, err := x.try(c.op, c.collection, c.key, c.text); fabric.CodeOf(err) != c.want {
			t.Errorf("%v %s/%s %s: %v, want %s", c.op, c.collection, c.key, c.text, err, c.want)
		}
	}
	// A value that is given up can be taken, and taken back no more.
	x.do(rows.Update, "codes", "one", `{"code":2}`)
	x.do(rows.Insert, "codes", "two", `{"code":1}`)
	if _, err := x.try(rows.Update, "codes", "one", `{"code":1}`); fabric.CodeOf(err) != fabric.UniqueViolated {
		t.Errorf("a value that another document took: %v", err)
	}
	x.commits()
	if w.now("codes", "one") != `{"code":2}` || w.now("codes", "two") != `{"code":1}` || w.now("places", "a") != `{"n":10}` {
		t.Fatal("the writes that were not refused are not there")
	}
}

// TestUniqueValuesTakenMeanwhile is a conflict, for the transaction itself did nothing wrong.
func TestUniqueValuesTakenMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.collection(fabric.CollectionSpec{Name: "codes", Local: true}, fabric.IndexSpec{Name: "code", Type: "persistent", Fields: []string{"code"}, Unique: true})
	x := w.begin()
	x.do(rows.Insert, "codes", "mine", `{"code":1}`)
	w.put("codes", "theirs", `{"code":1}`)
	x.conflicts("codes")
}

// TestTruncatesInTransactions empties a collection with other writes around.
func TestTruncatesInTransactions(t *testing.T) {
	t.Parallel()
	w := anomalyWorld(t)
	x := w.begin()
	x.do(rows.Insert, "places", "f", `{"n":60}`)
	inner := x.Transaction.(interface{ Tx() *fabric.Tx }).Tx()
	w.check(inner.Truncate("places"))
	x.do(rows.Insert, "places", "g", `{"n":70}`)
	if got := keysOf(w, x, "places", rows.Bounds{}, all); got != "g" || count(w, x, "places") != 1 {
		t.Fatalf("after the truncation there is %q", got)
	}
	x.commits()
	if got := keysOf(w, w.begin(), "places", rows.Bounds{}, all); got != "g" {
		t.Fatalf("after the commit there is %q", got)
	}
	y := w.begin()
	w.check(y.Transaction.(interface{ Tx() *fabric.Tx }).Tx().Truncate("places"))
	w.put("places", "late", `{}`)
	y.conflicts("places")
}

// TestRepeatedCommitsHappenOnce commits the same work twice under one idempotency key.
func TestRepeatedCommitsHappenOnce(t *testing.T) {
	t.Parallel()
	w := anomalyWorld(t)
	for range 2 {
		x := w.begin()
		row, _, err := x.Get(x.in("places"), "a")
		w.check(err)
		n, _ := value.Lazy(row.Text).Get("n")
		i, _ := n.Int64()
		x.do(rows.Update, "places", "a", fmt.Sprintf(`{"n":%d}`, i+1))
		w.check(x.Commit(w.ctx, rows.CommitOptions{Idempotency: "once"}))
	}
	if got := w.now("places", "a"); got != `{"n":11}` {
		t.Fatalf("after the repetition: %s", got)
	}
	_, err := w.f.Commit(w.ctx, fabric.Transaction{Idempotency: "once", Writes: []fabric.Write{fabric.NewWrite(fabric.Insert, "places", "q", value.Object())}})
	if fabric.CodeOf(err) != fabric.IdempotencyReused {
		t.Fatalf("another request under the key: %v", err)
	}
}

// TestExpiredMeanwhile reads what expires before the commit.
func TestExpiredMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.collection(fabric.CollectionSpec{Name: "sessions", Expires: true})
	w.put("sessions", "gone", `{"expireAt":1000}`)
	w.put("sessions", "stays", `{"expireAt":99999999999}`)
	x := w.begin()
	if x.read("sessions", "gone") != "" || x.read("sessions", "stays") == "" || count(w, x, "sessions") != 1 || keysOf(w, x, "sessions", rows.Bounds{}, all) != "stays" {
		t.Fatal("what has expired is seen, or what has not is not")
	}
	x.do(rows.Insert, "sessions", "gone", `{"again":true}`)
	if count(w, x, "sessions") != 2 {
		t.Fatalf("%d documents", count(w, x, "sessions"))
	}
	x.commits()
	if w.now("sessions", "gone") != `{"again":true}` {
		t.Fatalf("there is %s", w.now("sessions", "gone"))
	}
}

// ahead is a clock that can be put forward.
type ahead struct {
	env.Clock
	ms atomic.Int64
}

func (c *ahead) WallMs() int64 { return c.Clock.WallMs() + c.ms.Load() }

// TestWhatExpiresBeforeTheCommit puts the clock forward between reading and committing.
func TestWhatExpiresBeforeTheCommit(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		read  func(x *tx)
		fails bool
	}{
		"read":           {func(x *tx) { x.read("sessions", "soon") }, true},
		"scanned":        {func(x *tx) { keysOf(x.world, x, "sessions", rows.Bounds{}, all) }, true},
		"found":          {func(x *tx) { found(x.world, x, "sessions", "by_n", value.Int(1), value.Int(2)) }, true},
		"counted":        {func(x *tx) { count(x.world, x, "sessions") }, true},
		"written":        {func(x *tx) { x.do(rows.Update, "sessions", "soon", `{"n":2}`) }, true},
		"another one":    {func(x *tx) { x.read("sessions", "stays") }, false},
		"none of them":   {func(x *tx) { x.read("sessions", "none") }, false},
		"expired before": {func(x *tx) { x.read("sessions", "gone") }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := &ahead{Clock: env.RealClock()}
			w := worldAt(t, memory.New(memory.Options{}), clock)
			w.collection(fabric.CollectionSpec{Name: "sessions", Expires: true}, fabric.IndexSpec{Name: "by_n", Type: "persistent", Fields: []string{"n"}})
			soon := clock.WallMs()/1000 + 1000
			w.put("sessions", "gone", `{"expireAt":1000,"n":0}`)
			w.put("sessions", "soon", fmt.Sprintf(`{"expireAt":%d,"n":1}`, soon))
			w.put("sessions", "stays", `{"expireAt":99999999999,"n":2}`)
			x := w.begin()
			c.read(x)
			x.do(rows.Insert, "sessions", "more", `{}`)
			clock.ms.Store(2_000_000)
			if c.fails {
				x.conflicts("expired")
				return
			}
			x.commits()
		})
	}
}

// TestWhatHadExpiredAndHasNot puts the clock back between reading and committing.
func TestWhatHadExpiredAndHasNot(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		read  func(x *tx)
		fails bool
	}{
		"read":    {func(x *tx) { x.read("sessions", "soon") }, true},
		"scanned": {func(x *tx) { keysOf(x.world, x, "sessions", rows.Bounds{}, all) }, true},
		"found":   {func(x *tx) { found(x.world, x, "sessions", "by_n", value.Int(1), value.Int(2)) }, true},
		"counted": {func(x *tx) { count(x.world, x, "sessions") }, true},
		"by the view": {func(x *tx) {
			_, _, _ = x.Transaction.(interface{ Tx() *fabric.Tx }).Tx().View().Get("sessions", "soon")
		}, true},
		"none of them": {func(x *tx) { x.read("sessions", "none") }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := &ahead{Clock: env.RealClock()}
			w := worldAt(t, memory.New(memory.Options{}), clock)
			w.collection(fabric.CollectionSpec{Name: "sessions", Expires: true}, fabric.IndexSpec{Name: "by_n", Type: "persistent", Fields: []string{"n"}})
			soon := clock.WallMs()/1000 + 1000
			w.put("sessions", "soon", fmt.Sprintf(`{"expireAt":%d,"n":1}`, soon))
			clock.ms.Store(2_000_000)
			x := w.begin()
			clock.ms.Store(0)
			c.read(x)
			x.do(rows.Insert, "sessions", "more", `{}`)
			if c.fails {
				x.conflicts()
				return
			}
			x.commits()
		})
	}
}

// TestCountsOfWhatExpires lets others change when something expires, which changes no number that is kept.
func TestCountsOfWhatExpires(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.collection(fabric.CollectionSpec{Name: "sessions", Expires: true})
	w.put("sessions", "s", `{}`)
	x := w.begin()
	if n := count(w, x, "sessions"); n != 1 {
		t.Fatalf("%d documents", n)
	}
	x.do(rows.Insert, "sessions", "more", `{}`)
	w.put("sessions", "s", `{"expireAt":1000}`)
	x.conflicts("sessions")
}

// TestCommitsThatChangeNothing have no entry in the log.
func TestCommitsThatChangeNothing(t *testing.T) {
	t.Parallel()
	w := anomalyWorld(t)
	before := w.f.Status().Vector
	x := w.begin()
	x.do(rows.Insert, "places", "x", `{}`)
	x.do(rows.Remove, "places", "x", ``)
	same := x.do(rows.Update, "places", "a", `{"n":10}`)
	x.do(rows.Update, "places", "b", `{"n":99}`)
	x.do(rows.Update, "places", "b", `{"n":20}`)
	x.commits()
	if after := w.f.Status().Vector; !after.Equal(before) {
		t.Fatalf("the log went from %v to %v", before, after)
	}
	row, _, err := w.begin().Get(x.in("places"), "a")
	w.check(err)
	if got := string(x.Revise([]byte(same.New.String()))); got != string(row.AppendDocument(nil)) {
		t.Fatalf("told %s, there is %s", got, row.AppendDocument(nil))
	}
}

// TestClosedFabrics give no transactions, and commit none.
func TestClosedFabrics(t *testing.T) {
	t.Parallel()
	w := anomalyWorld(t)
	x := w.begin()
	x.do(rows.Insert, "places", "x", `{}`)
	w.check(w.f.Close())
	if err := x.commit(); fabric.CodeOf(err) != fabric.Closed {
		t.Fatalf("a commit: %v", err)
	}
	if _, err := w.store.Begin(w.ctx); fabric.CodeOf(err) != fabric.Closed {
		t.Fatalf("a new transaction: %v", err)
	}
	ended, cancel := context.WithCancel(w.ctx)
	cancel()
	if _, err := w.store.Snapshot(ended); !errors.Is(err, context.Canceled) {
		t.Fatalf("a snapshot for nobody: %v", err)
	}
}
