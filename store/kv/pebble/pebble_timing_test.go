package pebble_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/selvedge-db/selvedge/store/kv"
	"github.com/selvedge-db/selvedge/store/kv/pebble"
)

// BenchmarkCommit measures durable batches of four small keys.
func BenchmarkCommit(b *testing.B) {
	for _, writers := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			db := open(b, b.TempDir(), pebble.Options{})
			value := bulk[:100]
			var next atomic.Int64
			b.ReportAllocs()
			b.ResetTimer()
			var group sync.WaitGroup
			for range writers {
				group.Go(func() {
					for {
						i := next.Add(1)
						if i > int64(b.N) {
							return
						}
						if err := four(db, i, value); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			group.Wait()
			b.StopTimer()
			b.ReportMetric(float64(db.Metrics().Syncs)/float64(b.N), "syncs/op")
			if err := db.Close(); err != nil {
				b.Error(err)
			}
		})
	}
}

func four(db kv.DB, i int64, value []byte) error {
	batch := db.NewBatch()
	for k := range 4 {
		batch.Set(fmt.Appendf(nil, "%d/%012d", k, i*7919%1_000_003), value)
	}
	p, err := db.Apply(batch)
	if err != nil {
		return err
	}
	return p.Wait()
}

// BenchmarkView measures point reads without copying.
func BenchmarkView(b *testing.B) {
	db := open(b, b.TempDir(), pebble.Options{CacheBytes: 128 << 20})
	const n = 100_000
	batch := db.NewBatch()
	for i := range n {
		batch.Set(key(i), bulk[:600])
	}
	if _, err := db.Apply(batch); err != nil {
		b.Fatal(err)
	}
	if err := db.Compact(key(0), key(n)); err != nil {
		b.Fatal(err)
	}
	var next atomic.Int64
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		size := 0
		read := func(v []byte) error { size += len(v); return nil }
		for p.Next() {
			k := key(int(next.Add(1) * 7919 % n))
			if found, err := db.View(k, read); err != nil || !found {
				b.Error(found, err)
				return
			}
		}
	})
	b.StopTimer()
	if err := db.Close(); err != nil {
		b.Error(err)
	}
}
