package fabric_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/internal/env"
	"github.com/selvedge-db/selvedge/store/kv"
	"github.com/selvedge-db/selvedge/store/kv/memory"
)

// moved is a clock that somebody sets.
type moved struct {
	env.Clock
	wall atomic.Int64
}

func (m *moved) WallMs() int64 { return m.wall.Load() }

func openOver(t *testing.T, db kv.DB, machine env.Env) *fabric.Fabric {
	t.Helper()
	f, err := fabric.Open(fabric.Config{Name: "test", DB: db, Env: machine, Options: fabric.Options{Number: 1}})
	if err != nil {
		t.Fatal(err)
	}
	change := member.Change{Kind: member.Create, Origin: 1, Fabric: "test", Name: "here", Address: "a:1"}
	if err := f.Create(context.Background(), change); err != nil {
		t.Fatal(err)
	}
	return f
}

// TestViewsMissNothingAcknowledged lets several writers read what they wrote at once, on another goroutine, while the
// others commit.
func TestViewsMissNothingAcknowledged(t *testing.T) {
	t.Parallel()
	db := memory.New(memory.Options{})
	f := openOver(t, db, env.Real())
	create(t, f, "c", nil)
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			key, done := fmt.Sprint(g), make(chan string)
			for i := range 1500 {
				text := fmt.Sprintf(`{"n":%d}`, i)
				if _, err := f.Commit(context.Background(), fabric.Transaction{Writes: []fabric.Write{fabric.NewWrite(fabric.Upsert, "c", key, parse(t, text))}}); err != nil {
					t.Error(err)
					return
				}
				go func() {
					v := f.View()
					defer func() { _ = v.Close() }()
					d, _, err := v.Get("c", key)
					if err != nil {
						t.Error(err)
					}
					done <- string(d.Text)
				}()
				if got := <-done; got != text {
					t.Errorf("%s was read after %s had been written", got, text)
				}
			}
		})
	}
	all.Wait()
	held := f.View()
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if held.Close() != nil || held.Close() != nil {
		t.Error("closing a view failed")
	}
	after := f.View()
	if err := after.Close(); err != nil {
		t.Error(err)
	}
	if n := db.Metrics().SnapshotsOpened; n != 0 {
		t.Errorf("%d snapshots are open", n)
	}
}

// TestExpiryIsJudgedByView opens two views of one state, before and after a document expires.
func TestExpiryIsJudgedByView(t *testing.T) {
	t.Parallel()
	machine := env.Real()
	clock := &moved{Clock: machine.Clock}
	clock.wall.Store(1_700_000_000_000)
	machine.Clock = clock
	db := memory.New(memory.Options{})
	f := openOver(t, db, machine)
	ctx := context.Background()
	create(t, f, "c", nil)
	if _, _, err := f.CreateIndex(ctx, "c", fabric.IndexSpec{Name: "t", Type: "ttl", Fields: []string{"t"}, ExpireAfter: 0}); err != nil {
		t.Fatal(err)
	}
	commit(t, f, fabric.NewWrite(fabric.Insert, "c", "a", parse(t, `{"t":1700000010}`)))
	before := f.View()
	clock.wall.Add(20_000)
	after := f.View()
	if _, found, err := before.Get("c", "a"); err != nil || !found {
		t.Errorf("before it expires: %v, %v", found, err)
	}
	if _, found, err := after.Get("c", "a"); err != nil || found {
		t.Errorf("after it expired: %v, %v", found, err)
	}
	if before.Close() != nil || after.Close() != nil || f.Close() != nil {
		t.Error("closing failed")
	}
	if n := db.Metrics().SnapshotsOpened; n != 0 {
		t.Errorf("%d snapshots are open", n)
	}
}

// TestReplacedFabricsShareNoOldState empties a fabric that has views.
func TestReplacedFabricsShareNoOldState(t *testing.T) {
	t.Parallel()
	db := memory.New(memory.Options{})
	f := openOver(t, db, env.Real())
	create(t, f, "c", nil)
	commit(t, f, fabric.NewWrite(fabric.Insert, "c", "a", parse(t, `{}`)))
	v := f.View()
	if err := f.Reset(); err != nil {
		t.Fatal(err)
	}
	now := f.View()
	if _, ok := now.Collection("c"); ok {
		t.Error("a collection outlived the reset")
	}
	if _, found, err := v.Get("c", "a"); err != nil || !found {
		t.Errorf("in the view of before: %v, %v", found, err)
	}
	if v.Close() != nil || now.Close() != nil || f.Close() != nil {
		t.Error("closing failed")
	}
	if n := db.Metrics().SnapshotsOpened; n != 0 {
		t.Errorf("%d snapshots are open", n)
	}
}
