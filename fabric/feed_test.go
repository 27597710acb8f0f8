package fabric_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/value"
)

// ready lists the messages that a feed has now.
func ready(t testing.TB, feed *fabric.Feed) (out []fabric.Message) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // a feed looks before it waits
	for {
		m, err := feed.Next(ctx)
		if err != nil {
			if fabric.CodeOf(err) != "" {
				t.Fatal(err)
			}
			return out
		}
		out = append(out, m)
	}
}

func (r *replica) feed(token, collection string) *fabric.Feed {
	r.t.Helper()
	feed, err := r.core.Changes(mustToken(r.t, token), collection)
	if err != nil {
		r.t.Fatalf("%s: feed from %q: %v", r.name, token, err)
	}
	return feed
}

func describe(messages []fabric.Message) string {
	var out []string
	for _, m := range messages {
		for _, ch := range m.Changes {
			out = append(out, ch.Type+" "+ch.Collection+"/"+ch.Key)
		}
		out = append(out, ";")
	}
	return strings.Join(out, " ")
}

func TestFeedsGoOnFromEveryToken(t *testing.T) {
	t.Parallel()
	r := newReplica(t, "one", 3)
	r.found()
	r.mustSchema(fabric.CreateCollection(fabric.CollectionSpec{Name: "c", Type: 2}, nil))
	r.mustSchema(fabric.CreateCollection(fabric.CollectionSpec{Name: "d", Type: 2}, nil))
	// Several transactions in each group, so that tokens lie inside of records.
	for group := range 5 {
		for i := range 4 {
			w := write(t, fabric.Upsert, "c", fmt.Sprint("k", i), fmt.Sprintf(`{"g":%d}`, group))
			if _, err := r.try(fabric.Transaction{Writes: []fabric.Write{w, write(t, fabric.Upsert, "d", fmt.Sprint("k", i), fmt.Sprintf(`{"g":%d}`, group))}}); err != nil {
				t.Fatal(err)
			}
		}
		r.seal()
		r.sync()
	}
	r.must(write(t, fabric.Remove, "c", "k0", ""))
	r.do(func() error { _, err := r.core.Truncate("d", r.wall); return err })
	r.mustSchema(fabric.DropCollection("d"))
	for _, reopen := range []bool{false, true} {
		if reopen {
			r.crash() // the tail in memory is gone: what follows comes from the disk
		}
		all := ready(t, r.feed("start", ""))
		if len(all) != 23 || all[22].Changes[0].Type != "drop" || all[22].Transaction == "" || len(all[21].Changes) != 4 || all[20].Changes[0].Type != "remove" {
			t.Fatalf("%d messages: %s", len(all), describe(all))
		}
		for i, m := range all {
			rest := ready(t, r.feed(m.Token.String(), ""))
			if got, want := describe(rest), describe(all[i+1:]); got != want {
				t.Fatalf("after message %d: %s, want %s", i, got, want)
			}
		}
		only := ready(t, r.feed("start", "d"))
		if len(only) != 22 {
			t.Fatalf("%d messages of one collection: %s", len(only), describe(only))
		}
		if rest := ready(t, r.feed(only[len(only)-1].Token.String(), "d")); len(rest) != 0 {
			t.Fatalf("after the last: %s", describe(rest))
		}
		// The document is there only while the change is the last one of it.
		for i, m := range all[:20] {
			shown := m.Changes[0].Document != nil
			if latest := i >= 17 && reopen || !reopen; shown != latest && reopen {
				t.Fatalf("message %d carries a document: %v", i, shown)
			}
		}
	}
	r.must(write(t, fabric.Insert, "c", "last", `{}`))
	if now := ready(t, r.feed("now", "")); len(now) != 0 {
		t.Fatalf("from now on there is already %s", describe(now))
	}
}

// TestFeedsGoOnElsewhere reads half at one location and the rest at another: nothing is missed.
func TestFeedsGoOnElsewhere(t *testing.T) {
	t.Parallel()
	p := newPlanet(t, 5, 3)
	written := map[string]bool{}
	round := func(tag string) {
		for i, r := range p.all {
			for j := range 3 {
				key := fmt.Sprintf("%s-%d-%d", tag, i, j)
				r.must(fabric.NewWrite(fabric.Insert, "docs", key, value.Object()))
				written[key] = true
			}
		}
	}
	round("first")
	p.all[0].pull(p.all[1], p.all[1].self, 2)
	seen := map[string]int{}
	var token string
	for _, m := range ready(t, p.all[0].feed("start", "docs")) {
		for _, ch := range m.Changes {
			seen[ch.Key]++
		}
		token = m.Token.String()
	}
	round("second")
	exchange(p.all)
	for _, r := range p.all[1:] {
		again := map[string]int{}
		for _, m := range ready(t, r.feed(token, "docs")) {
			for _, ch := range m.Changes {
				again[ch.Key]++
			}
		}
		for key := range written {
			if seen[key]+again[key] != 1 {
				t.Errorf("%s: %s came %d times before and %d after", r.name, key, seen[key], again[key])
			}
		}
	}
}

func TestHistoryIsTrimmed(t *testing.T) {
	t.Parallel()
	r := newReplica(t, "one", 4)
	r.limits = fabric.DefaultLimits()
	r.limits.History = fabric.HistoryLimits{AgeMs: 10_000, Bytes: 1 << 30}
	r.open()
	r.found()
	r.mustSchema(fabric.CreateCollection(fabric.CollectionSpec{Name: "c", Type: 2}, nil))
	early := ready(t, r.feed("start", ""))
	for i := range 150 {
		r.must(write(t, fabric.Upsert, "c", "k", fmt.Sprintf(`{"i":%d}`, i)))
	}
	all := ready(t, r.feed("start", "c"))
	if len(all) != 150 || len(early) != 0 {
		t.Fatalf("%d messages", len(all))
	}
	last := all[149].Token.String()
	for range 3 {
		r.wall += 20_000
		r.renew()
		r.alone()
	}
	if r.core.Counters().Trimmed == 0 {
		t.Fatal("nothing was trimmed")
	}
	if _, err := r.core.Changes(mustToken(t, all[3].Token.String()), "c"); fabric.CodeOf(err) != fabric.HistoryGone {
		t.Fatalf("an old token: %v", err)
	}
	if rest := ready(t, r.feed(last, "c")); len(rest) != 0 {
		t.Fatalf("whoever had read everything gets %s", describe(rest))
	}
	if rest := ready(t, r.feed("start", "c")); len(rest) != 0 {
		t.Fatalf("from the start there is %s", describe(rest))
	}
	if _, _, err := r.core.ReadLog(1, 0, 1000); err == nil || !strings.Contains(err.Error(), fabric.ErrTrimmed.Error()) {
		t.Fatalf("reading a trimmed log: %v", err)
	}
	r.wall += 1000
	r.renew()
	r.must(write(t, fabric.Upsert, "c", "k", `{"i":999}`))
	end := r.core.Progress(r.wall).OwnEnd
	last = ready(t, r.feed(last, "c"))[0].Token.String()
	if _, _, err := r.core.ReadLog(1, end-1, 1000); err == nil || !strings.Contains(err.Error(), fabric.ErrUnlinked.Error()) {
		t.Fatalf("reading after what never was: %v", err)
	}
	before := r.digest(r.wall)
	r.crash()
	r.must(write(t, fabric.Upsert, "c", "k", `{"i":1000}`))
	if after := r.digest(r.wall); after.Hash == before.Hash {
		t.Fatal("the digest did not notice a write")
	}
	if rest := ready(t, r.feed(last, "c")); len(rest) != 1 {
		t.Fatalf("after a trim and a restart: %s", describe(rest))
	}
}

func TestConflictsArePaged(t *testing.T) {
	t.Parallel()
	p := newPlanet(t, 9, 2)
	a, b := p.all[0], p.all[1]
	a.must(write(t, fabric.Insert, "docs", "k", `{"a":0,"b":0}`))
	exchange(p.all)
	for i := range 5 {
		a.must(write(t, fabric.Update, "docs", "k", fmt.Sprintf(`{"a":%d}`, 10+i)))
		b.must(write(t, fabric.Update, "docs", "k", fmt.Sprintf(`{"a":%d}`, 20+i)))
		exchange(p.all)
	}
	for _, r := range p.all {
		whole, next, err := r.core.Conflicts("docs", "", 1000)
		if err != nil || next != "" || len(whole) != 5 {
			t.Fatalf("%s: %d conflicts, next %q, %v", r.name, len(whole), next, err)
		}
		var paged []fabric.ConflictRecord
		for since := ""; ; {
			page, next, err := r.core.Conflicts("docs", since, 2)
			if err != nil || len(page) > 2 {
				t.Fatal(page, err)
			}
			if paged = append(paged, page...); next == "" {
				break
			}
			since = next
		}
		if !slices.EqualFunc(whole, paged, func(x, y fabric.ConflictRecord) bool { return x.Lost.Stamp == y.Lost.Stamp && x.Path == y.Path }) {
			t.Fatalf("%s: paged %+v, whole %+v", r.name, paged, whole)
		}
		if other, _, err := r.core.Conflicts("kv", "", 10); err != nil || len(other) != 0 {
			t.Fatalf("conflicts of another collection: %+v, %v", other, err)
		}
	}
	if _, _, err := a.core.Conflicts("", "zz", 10); fabric.CodeOf(err) != fabric.BadArgument {
		t.Fatalf("a place that is none: %v", err)
	}
}

func FuzzParseToken(f *testing.F) {
	for _, text := range []string{"start", "now", "", "AQAFAAA", "!", "AQ"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		token, err := fabric.ParseToken(text)
		if err != nil {
			return
		}
		again, err := fabric.ParseToken(token.String())
		if err != nil || again.String() != token.String() {
			t.Fatalf("%q became %q, %v", text, token, err)
		}
	})
}

func FuzzParseRev(f *testing.F) {
	f.Add("AAAAAAAAAAAAAAAAAAAAAA")
	f.Add("x")
	f.Fuzz(func(t *testing.T, text string) {
		if stamp, hash, ok := fabric.ParseRev(text); ok {
			if back, more, ok := fabric.ParseRev(fabric.FormatRev(stamp, hash)); !ok || back != stamp || more != hash {
				t.Fatalf("%q: %v %v", text, stamp, hash)
			}
		}
	})
}
