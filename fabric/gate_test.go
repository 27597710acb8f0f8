package fabric_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/store/kv"
	"github.com/selvedge-db/selvedge/store/kv/memory"
	"github.com/selvedge-db/selvedge/value"
)

func TestGateStaysClosedWhileReasonsComeAndGo(t *testing.T) {
	t.Parallel()
	f := open(t, t.TempDir())
	f.RefuseWrites("rejected", "for a test")
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
				f.RefuseWrites("clock", "for a test")
				f.AllowWrites("clock")
			}
		}
	})
	passed := 0
	for range 200_000 {
		if f.WritesRefused() == nil {
			passed++
		}
	}
	close(done)
	wg.Wait()
	if passed > 0 {
		t.Fatalf("%d of 200000 looks found a closed gate open", passed)
	}
	f.AllowWrites("rejected")
	if err := f.WritesRefused(); err != nil {
		t.Fatalf("refused without a reason: %v", err)
	}
}

// slowDB makes batches durable only when it is let go.
type slowDB struct {
	kv.DB
	mu   sync.Mutex
	hold chan struct{}
}

type slowPending struct {
	kv.Pending
	hold chan struct{}
}

func (p slowPending) Wait() error {
	if p.hold != nil {
		<-p.hold
	}
	return p.Pending.Wait()
}

func (d *slowDB) Apply(b kv.Batch) (kv.Pending, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	p, err := d.DB.Apply(b)
	return slowPending{p, d.hold}, err
}

// set holds batches until the channel is closed; nil lets them through.
func (d *slowDB) set(hold chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hold = hold
}

// queued starts commits one after another: the first ones are in flight, the last one waits for its place.
func queued(ctx context.Context, f *fabric.Fabric, keys ...string) []chan error {
	var out []chan error
	for _, key := range keys {
		answer := make(chan error, 1)
		out = append(out, answer)
		go func() {
			w := fabric.NewWrite(fabric.Insert, "c", key, value.Object())
			_, err := f.Commit(ctx, fabric.Transaction{Writes: []fabric.Write{w}})
			answer <- err
		}()
		synctest.Wait()
	}
	return out
}

func TestWhatIsQueuedWhenWritesAreRefusedIsRefused(t *testing.T) {
	t.Parallel()
	for _, closing := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			db := &slowDB{DB: memory.New(memory.Options{})}
			f, err := founded(t.Context(), db)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			let := make(chan struct{})
			db.set(let)
			answers := queued(t.Context(), f, "a", "b", "late")
			if closing {
				go f.Close()
			} else {
				f.RefuseWrites("test", "for a test")
			}
			synctest.Wait()
			close(let)
			for _, early := range answers[:2] {
				if err := <-early; err != nil {
					t.Errorf("a commit that was sequenced before: %v", err)
				}
			}
			want := fabric.ReadOnly
			if closing {
				want = "" // closing loses nothing that was taken
			}
			if err := <-answers[2]; fabric.CodeOf(err) != want || closing != (err == nil) {
				t.Errorf("the commit that was queued (closing: %v): %v", closing, err)
			}
		})
	}
}
