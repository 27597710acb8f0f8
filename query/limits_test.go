package query_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/selvedge-db/selvedge/internal/env"
	"github.com/selvedge-db/selvedge/query"
	"github.com/selvedge-db/selvedge/query/querytest/memory"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

func TestMemoryIsLimited(t *testing.T) {
	t.Parallel()
	const limit = 4 << 20
	for _, text := range []string{
		"FOR d IN c SORT d.text, d.n RETURN d",
		"FOR d IN c RETURN d",
		"FOR d IN c FOR e IN c COLLECT n = [d.n, e.n] RETURN n",
		"FOR d IN c FOR e IN c COLLECT a = d.a INTO g RETURN LENGTH(g)",
		"FOR i IN 1..1000000 RETURN DISTINCT i",
		"LET x = (FOR d IN c FOR e IN c RETURN d.text) RETURN x",
		"RETURN LENGTH(1..1000000)",
		"LET x = (FOR i IN 1..200 RETURN i) RETURN x[* RETURN x[* RETURN x[* RETURN CURRENT]]]",
		"LET x = [[1,2,3],[4,5,6]] LET y = [x,x,x,x,x,x,x,x] LET z = [y,y,y,y,y,y,y,y] LET w = [z,z,z,z,z,z,z,z] LET v = [w,w,w,w,w,w,w,w] RETURN [v,v,v,v,v,v,v,v,v][*******]",
		"FOR i IN 1..100000000 COLLECT AGGREGATE u = UNIQUE(i) RETURN LENGTH(u)",
		"FOR d IN c FOR e IN c WINDOW {preceding: 1} AGGREGATE m = MAX(d.text) RETURN m",
	} {
		b := newBed(t, query.Limits{}).fill(3000, 2000)
		r := b.request(text)
		r.Options.MemoryLimit = limit
		x, err := b.engine.Start(context.Background(), r)
		var e *query.Error
		if !errors.As(err, &e) || e.Number != query.NumberResource {
			if err == nil {
				t.Errorf("%s: not stopped, peak %d", text, x.Stats().PeakMemoryUsage)
			} else {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
}

// TestMemoryOfPlaces holds the keys of all documents that an index of places finds.
func TestMemoryOfPlaces(t *testing.T) {
	t.Parallel()
	b := newBed(t, query.Limits{})
	b.data.Create(rows.Collection{Name: "places", Indexes: []*rows.Index{{Name: "byPlace", Type: rows.Geo, Fields: memory.Fields("at"), GeoJSON: true}}})
	list := make([]value.Value, 6000)
	for i := range list {
		list[i] = parsed(t, `{}`)
		if i%2 == 0 {
			list[i] = parsed(t, fmt.Sprintf(`{"at":[8,%g]}`, float64(i)/1e6))
		}
	}
	if err := b.data.Put("places", list...); err != nil {
		t.Fatal(err)
	}
	for _, filter := range []string{"GEO_DISTANCE(d.at, [8, 0]) < 0.01", "GEO_INTERSECTS(d.at, {type: 'Polygon', coordinates: [[[7, -1], [9, -1], [9, 1], [7, 1], [7, -1]]]})"} {
		r := b.request("FOR d IN places FILTER " + filter + " COLLECT WITH COUNT INTO n RETURN n")
		peak := b.start(r).Stats().PeakMemoryUsage
		if peak < 3000*20 {
			t.Errorf("%s: the peak is said to be %d", filter, peak)
		}
		r.Options.MemoryLimit = peak / 2
		b.refused(r, query.NumberResource)
	}
}

func TestPeakIsWithinTheLimit(t *testing.T) {
	t.Parallel()
	b := newBed(t, query.Limits{}).fill(3000, 100)
	x := b.start(b.request("FOR d IN c SORT d.text, d.n RETURN d.n"))
	peak := x.Stats().PeakMemoryUsage
	if peak < 3000*100 || peak > 3000*1000 {
		t.Fatalf("sorting 3000 documents of 150 bytes took %d bytes", peak)
	}
	r := b.request("FOR d IN c SORT d.text, d.n RETURN d.n")
	r.Options.MemoryLimit = peak * 11 / 10
	b.rows(r)
	r.Options.MemoryLimit = peak * 9 / 10
	b.refused(r, query.NumberResource)
}

func TestMemoryIsGivenBack(t *testing.T) {
	t.Parallel()
	b := newBed(t, query.Limits{})
	// Each array is gone before the next one is made.
	r := b.request("FOR i IN 1..2000 LET a = (FOR j IN 1..500 RETURN CONCAT(i, '-', j)) FILTER LENGTH(a) == 0 RETURN a")
	r.Options.MemoryLimit = 16 << 20
	r.Options.Rules = []string{"-all"}
	b.want(r, "[]")
}

func TestRuntimeIsLimited(t *testing.T) {
	t.Parallel()
	b := newBed(t, query.Limits{})
	for _, text := range []string{
		"FOR i IN 1..1000000000000 FILTER i < 0 RETURN i",
		"FOR i IN 1..1000000 FOR j IN 1..1000000 COLLECT WITH COUNT INTO n RETURN n",
		"RETURN SLEEP(600)",
	} {
		r := b.request(text)
		r.Options.MaxRuntime = 20 * time.Millisecond
		if e := b.refused(r, query.NumberKilled); e.Code != "query-runtime" {
			t.Errorf("%s: %v", text, e)
		}
	}
}

func TestPlanningCanBeStopped(t *testing.T) {
	t.Parallel()
	b := newBed(t, query.Limits{})
	const deep = 400 // plans for more than a second
	text := "RETURN 1"
	for i := range deep {
		text = fmt.Sprintf("FOR a%d IN (%s) RETURN a%d", i, text, i)
	}
	r := b.request(text)
	r.Options.MaxRuntime = 20 * time.Millisecond
	if e := b.refused(r, query.NumberKilled); e.Code != "query-runtime" {
		t.Errorf("runtime: %v", e)
	}
	var e *query.Error
	if _, err := b.engine.Explain(context.Background(), r, true); !errors.As(err, &e) || e.Number != query.NumberKilled {
		t.Errorf("explain: %v", err)
	}
	failed := make(chan error)
	go func() {
		_, err := b.engine.Start(context.Background(), b.request(text))
		failed <- err
	}()
	var list []query.QueryInfo
	for len(list) == 0 {
		list = b.engine.Running("f")
	}
	if err := b.engine.Kill("f", list[0].ID); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; !errors.As(err, &e) || e.Code != "query-killed" {
		t.Errorf("kill: %v", err)
	}
}

const endless = "FOR i IN 1..1000000000000 FILTER i < 0 RETURN i"

func TestKill(t *testing.T) {
	t.Parallel()
	b := newBed(t, query.Limits{SlowAfter: time.Nanosecond})
	failed := make(chan error)
	go func() {
		_, err := b.engine.Start(context.Background(), b.request(endless))
		failed <- err
	}()
	var list []query.QueryInfo
	for len(list) == 0 {
		list = b.engine.Running("f")
	}
	if list[0].Text != endless || list[0].Fabric != "f" || list[0].State != "executing" {
		t.Errorf("%+v", list[0])
	}
	if err := b.engine.Kill("other", list[0].ID); err == nil {
		t.Error("killed from another fabric")
	}
	if err := b.engine.Kill("f", list[0].ID); err != nil {
		t.Error(err)
	}
	var e *query.Error
	if err := <-failed; !errors.As(err, &e) || e.Number != query.NumberKilled || e.Code != "query-killed" {
		t.Errorf("the query ended with %v", err)
	}
	if err := b.engine.Kill("f", list[0].ID); !errors.As(err, &e) || e.Number != query.NumberNotFound {
		t.Errorf("killed again: %v", err)
	}
	if slow := b.engine.Slow("f"); len(slow) != 1 || slow[0].State != "killed" || slow[0].Text != endless {
		t.Errorf("%+v", slow)
	}
	b.engine.ClearSlow("f")
	if slow := b.engine.Slow("f"); len(slow) != 0 {
		t.Errorf("%+v", slow)
	}
}

func TestKillOfAnIdleStream(t *testing.T) {
	t.Parallel()
	b := newBed(t, query.Limits{})
	r := b.request("FOR i IN 1..1000000 RETURN i")
	r.Options.Stream = true
	x := b.start(r)
	if _, n, more, err := x.Next(context.Background(), nil, 10); n != 10 || !more || err != nil {
		t.Fatal(n, more, err)
	}
	if err := b.engine.Kill("f", x.ID()); err != nil {
		t.Fatal(err)
	}
	if list := b.engine.Running("f"); len(list) != 0 {
		t.Errorf("still runs: %+v", list)
	}
	var e *query.Error
	if _, _, _, err := x.Next(context.Background(), nil, 10); !errors.As(err, &e) || e.Number != query.NumberKilled {
		t.Error(err)
	}
}

func TestCallersThatGoAway(t *testing.T) {
	t.Parallel()
	for _, text := range []string{endless, "RETURN SLEEP(600)"} {
		b := newBed(t, query.Limits{})
		ctx, cancel := context.WithCancel(context.Background())
		failed := make(chan error)
		go func() {
			_, err := b.engine.Start(ctx, b.request(text))
			failed <- err
		}()
		for len(b.engine.Running("")) == 0 {
		}
		cancel()
		var e *query.Error
		if err := <-failed; !errors.As(err, &e) || e.Number != query.NumberKilled || e.Code != "query-caller-gone" {
			t.Errorf("%s ended with %v", text, err)
		}
		if list := b.engine.Running(""); len(list) != 0 {
			t.Errorf("still runs: %+v", list)
		}
	}
}

// TestWarningsAreBounded: nobody fills the memory with them, whatever he asks for.
func TestWarningsAreBounded(t *testing.T) {
	t.Parallel()
	e := query.New(query.Config{Clock: env.RealClock(), Random: env.Seeded(1)})
	run := func(text string) []query.Warning {
		x, err := e.Start(t.Context(), query.Request{Text: text, Store: memory.New(), Fabric: "f", Options: query.Options{MaxWarnings: 1 << 30}})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = x.Close() }()
		return x.Warnings()
	}
	if got := run("FOR i IN 1..5000 FILTER 1 / (i - i) == 7 RETURN i"); len(got) != 1000 {
		t.Errorf("%d warnings", len(got))
	}
	if got := run("RETURN WARN(false, REPEAT('x', 100000))"); len(got) != 1 || len(got[0].Message) > 1100 || !strings.HasPrefix(got[0].Message, "xxx") {
		t.Errorf("%d warnings, the first of %d bytes", len(got), len(got[0].Message))
	}
}
