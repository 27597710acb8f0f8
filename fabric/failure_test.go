package fabric_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/internal/env"
	"github.com/selvedge-db/selvedge/internal/env/disk"
	"github.com/selvedge-db/selvedge/store/kv"
	"github.com/selvedge-db/selvedge/store/kv/memory"
	"github.com/selvedge-db/selvedge/store/kv/pebble"
	"github.com/selvedge-db/selvedge/value"
)

// burst writes with a few writers until something fails or all is written, and returns what was acknowledged.
func burst(ctx context.Context, f *fabric.Fabric) map[string]bool {
	acked := map[string]bool{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 10 {
				key := fmt.Sprintf("w%d-%d", w, i)
				_, err := f.Commit(ctx, fabric.Transaction{Writes: []fabric.Write{fabric.NewWrite(fabric.Insert, "c", key, value.Object(value.Member{Name: "n", Value: value.Int(int64(i))}))}})
				if err != nil {
					return
				}
				mu.Lock()
				acked[key] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return acked
}

func founded(ctx context.Context, db kv.DB) (*fabric.Fabric, error) {
	f, err := fabric.Open(fabric.Config{Name: "test", DB: db, Env: env.Real(), Options: fabric.Options{Number: 1}})
	if err != nil {
		return nil, err
	}
	err = f.Create(ctx, member.Change{Kind: member.Create, Origin: 1, Fabric: "test", Name: "here", Address: "a:1"})
	if _, there := f.Collection("c"); err == nil && !there {
		_, err = f.CreateCollection(ctx, fabric.CollectionSpec{Name: "c", Type: 2}, nil)
		if err == nil {
			_, _, err = f.CreateIndex(ctx, "c", fabric.IndexSpec{Name: "by_n", Type: "persistent", Fields: []string{"n"}})
		}
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// judge opens a store anew and checks that everything acknowledged is there, whole, and that writing goes on.
func judge(ctx context.Context, t *testing.T, db kv.DB, acked map[string]bool) {
	t.Helper()
	f, err := founded(ctx, db)
	if err != nil {
		t.Fatalf("opened anew: %v", err)
	}
	defer func() { _ = f.Close() }()
	v := f.View()
	defer func() { _ = v.Close() }()
	c, _ := v.Collection("c")
	checkCollection(t, v, "opened anew", c)
	for key := range acked {
		if _, found, err := v.Get("c", key); !found || err != nil {
			t.Fatalf("%s was acknowledged and is gone (%v)", key, err)
		}
	}
	if _, err := f.Commit(ctx, fabric.Transaction{Writes: []fabric.Write{fabric.NewWrite(fabric.Upsert, "c", "more", value.Object())}}); err != nil {
		t.Fatalf("writing after opening anew: %v", err)
	}
}

// failed checks what a fabric does once its store has failed: it refuses writes, says why, and nobody waits for ever.
func failed(ctx context.Context, t *testing.T, f *fabric.Fabric, acked map[string]bool, readable bool) {
	t.Helper()
	_, err := f.Commit(ctx, fabric.Transaction{Writes: []fabric.Write{fabric.NewWrite(fabric.Insert, "c", "late", value.Object())}})
	if fabric.CodeOf(err) != fabric.Failed || fabric.CodeOf(f.WritesRefused()) != fabric.Failed || f.Failure() == nil {
		t.Fatalf("a write after the failure: %v; refused: %v", err, f.WritesRefused())
	}
	// Whoever writes reads this: what the store says, with its files, is for the log.
	if told := f.Failure().Error(); !errors.Is(f.Failure(), kv.ErrFull) && !errors.Is(f.Failure(), kv.ErrSync) || strings.Contains(told, kv.ErrSync.Error()) {
		t.Fatalf("the failure says %q", told)
	}
	if err := f.Truncate(ctx, "c"); fabric.CodeOf(err) != fabric.Failed {
		t.Fatalf("truncating after the failure: %v", err)
	}
	if _, _, err := f.CreateIndex(ctx, "c", fabric.IndexSpec{Name: "late", Type: "persistent", Fields: []string{"x"}}); fabric.CodeOf(err) != fabric.Failed {
		t.Fatalf("an index after the failure: %v", err)
	}
	if !readable {
		return
	}
	for key := range acked {
		if _, found, err := f.Get(ctx, "c", key); !found || err != nil {
			t.Fatalf("reading %s after the failure: %v, %v", key, found, err)
		}
	}
}

func TestEveryFailureOfTheStore(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]memory.Fault{"disk full": memory.FullDisk, "sync fails": memory.FailedSync} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			for n := int64(0); ; n++ {
				db := memory.New(memory.Options{})
				db.FailAt(n, fault)
				f, err := founded(ctx, db)
				var acked map[string]bool
				if err == nil {
					acked = burst(ctx, f)
					if f.Failure() != nil {
						failed(ctx, t, f, acked, fault == memory.FullDisk)
					}
					if err := f.Close(); err != nil {
						t.Fatal(err)
					}
				}
				met := db.Operations() > n
				judge(ctx, t, db.Crash(func(int) int { return 0 }), acked)
				if !met {
					return
				}
			}
		})
	}
}

// TestEveryFailureOfTheDisk is the same below the real store: operations of the disk fail.
func TestEveryFailureOfTheDisk(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for n := int64(1); n < 200; n += 7 {
		fault := disk.NewFault(disk.NewStrict(disk.Memory()))
		fault.FailOnce(n, errors.New("the disk is broken"))
		acked := map[string]bool{}
		if db, err := pebble.Open("data", pebble.Options{FS: fault, MemtableBytes: 1 << 20}); err == nil {
			if f, err := founded(ctx, db); err == nil {
				acked = burst(ctx, f)
				_ = f.Close()
			}
			_ = db.Close()
		}
		fault.Plan(nil)
		db, err := pebble.Open("data", pebble.Options{FS: fault})
		if err != nil {
			t.Fatalf("after failing operation %d: %v", n, err)
		}
		judge(ctx, t, db, acked)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestClosingLeavesNothingRunning(t *testing.T) {
	// Not parallel, and this keeps it so: it counts the goroutines of the process.
	t.Setenv("SELVEDGE_TEST_ALONE", "1")
	before := goleak.IgnoreCurrent()
	ctx := context.Background()
	f, err := founded(ctx, memory.New(memory.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	feed, err := f.Changes(mustToken(t, "now"), "")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := feed.Next(ctx)
		ended <- err
	}()
	burst(ctx, f)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() { _ = f.Close() })
	}
	wg.Wait()
	for range 50 {
		if err = <-ended; err != nil {
			break
		}
		go func() {
			_, err := feed.Next(ctx)
			ended <- err
		}()
	}
	if fabric.CodeOf(err) != fabric.Closed {
		t.Errorf("the feed ended with %v", err)
	}
	if _, err := f.Commit(ctx, fabric.Transaction{Writes: []fabric.Write{fabric.NewWrite(fabric.Insert, "c", "late", value.Object())}}); fabric.CodeOf(err) != fabric.Closed {
		t.Errorf("a write after closing: %v", err)
	}
	if _, _, err := f.CreateIndex(ctx, "c", fabric.IndexSpec{Type: "persistent", Fields: []string{"x"}}); fabric.CodeOf(err) != fabric.Closed {
		t.Errorf("an index after closing: %v", err)
	}
	goleak.VerifyNone(t, before)
}

func mustToken(t testing.TB, text string) fabric.Token {
	t.Helper()
	token, err := fabric.ParseToken(text)
	if err != nil {
		t.Fatal(err)
	}
	return token
}
