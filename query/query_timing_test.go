package query_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/selvedge-db/selvedge/internal/env"
	"github.com/selvedge-db/selvedge/query"
	"github.com/selvedge-db/selvedge/query/querytest/memory"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// What a query costs besides the work that it is for. The data lie in memory.
func BenchmarkQuery(b *testing.B) {
	d := memory.New()
	d.Create(rows.Collection{Name: "c"})
	for i := range 100 {
		doc := value.Object(value.Member{Name: "_key", Value: value.String(fmt.Sprintf("k%d", i))}, value.Member{Name: "n", Value: value.Int(int64(i))})
		if err := d.Put("c", doc); err != nil {
			b.Fatal(err)
		}
	}
	e := query.New(query.Config{Clock: env.RealClock(), Random: env.Seeded(1)})
	key := value.Object(value.Member{Name: "k", Value: value.String("k7")})
	for _, c := range []struct {
		name, text string
		bind       value.Value
		cold       bool
	}{
		{"Return", "RETURN 1", value.Null(), false},
		{"ReturnCold", "RETURN 1", value.Null(), true},
		{"Key", "FOR d IN c FILTER d._key == @k RETURN d", key, false},
		{"KeyProjection", "FOR d IN c FILTER d._key == @k RETURN {n: d.n, k: d._key}", key, false},
		{"KeyCold", "FOR d IN c FILTER d._key == @k RETURN d", key, true},
		{"Calls", "FOR d IN c FILTER d._key == @k RETURN UPPER(d._key)", key, false},
		{"Ten", "FOR d IN c LIMIT 10 RETURN d.n", value.Null(), false},
	} {
		b.Run(c.name, func(b *testing.B) {
			ctx := context.Background()
			var room [4096]byte
			b.ReportAllocs()
			for b.Loop() {
				x, err := e.Start(ctx, query.Request{Text: c.text, Bind: c.bind, Store: d, Options: query.Options{NoCache: c.cold}})
				if err != nil {
					b.Fatal(err)
				}
				if _, n, _, err := x.Next(ctx, room[:0], 100); err != nil || n == 0 {
					b.Fatal(n, err)
				}
				if err := x.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
