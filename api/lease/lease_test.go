package lease

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/selvedge-db/selvedge/internal/env"
)

var (
	ann = Owner{Tenant: "demo", Fabric: "shop", User: "ann"}
	bob = Owner{Tenant: "demo", Fabric: "shop", User: "bob"}
)

// shelf is a book that notes what has ended.
func shelf(limit int) (*Book[string], *[]string) {
	ended := &[]string{}
	return New(env.Real(), limit, func(s string) { *ended = append(*ended, s) }), ended
}

func put(t *testing.T, b *Book[string], o Owner, item string, ttl time.Duration) string {
	t.Helper()
	id, err := b.Put(o, item, ttl, false)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestThingsEndByTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, ended := shelf(10)
		short, long := put(t, b, ann, "short", time.Second), put(t, b, ann, "long", time.Minute)
		time.Sleep(900 * time.Millisecond)
		h, err := b.Take(t.Context(), ann, short, false)
		if err != nil || h.Item != "short" {
			t.Fatalf("take: %v", err)
		}
		time.Sleep(10 * time.Second) // in the hand nothing expires
		if len(*ended) != 0 {
			t.Fatalf("ended in the hand: %v", *ended)
		}
		h.Return()
		time.Sleep(900 * time.Millisecond) // and its time begins anew
		if b.Len() != 2 {
			t.Fatalf("kept: %d", b.Len())
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if len(*ended) != 1 || (*ended)[0] != "short" {
			t.Fatalf("ended: %v", *ended)
		}
		if _, err := b.Take(t.Context(), ann, short, false); !errors.Is(err, ErrUnknown) {
			t.Errorf("an expired thing: %v", err)
		}
		if _, err := b.Take(t.Context(), ann, long, false); err != nil {
			t.Errorf("the other: %v", err)
		}
		b.Close()
	})
}

func TestOneHandAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, ended := shelf(10)
		id := put(t, b, ann, "x", time.Minute)
		first, err := b.Take(t.Context(), ann, id, false)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Take(t.Context(), ann, id, false); !errors.Is(err, ErrBusy) {
			t.Errorf("a second hand: %v", err)
		}
		hurry, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := b.Take(hurry, ann, id, true); !errors.Is(err, ErrBusy) {
			t.Errorf("waiting to the end of the context: %v", err)
		}
		got := make(chan error)
		go func() {
			second, err := b.Take(t.Context(), ann, id, true)
			if err == nil {
				second.Return()
			}
			got <- err
		}()
		synctest.Wait()
		first.Return()
		if err := <-got; err != nil {
			t.Errorf("waiting: %v", err)
		}
		third, err := b.Take(t.Context(), ann, id, false)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Drop(ann, id); err != nil || len(*ended) != 0 {
			t.Errorf("dropped in the hand: %v, %v", err, *ended)
		}
		if err := b.Drop(ann, id); !errors.Is(err, ErrUnknown) {
			t.Errorf("dropped twice: %v", err)
		}
		third.Return()
		if len(*ended) != 1 || b.Len() != 0 {
			t.Errorf("after the hand: %v", *ended)
		}
		b.Close()
	})
}

func TestOnlyTheOwner(t *testing.T) {
	t.Parallel()
	b, _ := shelf(10)
	defer b.Close()
	id := put(t, b, ann, "x", time.Minute)
	for _, o := range []Owner{bob, {Tenant: "demo", Fabric: "other", User: "ann"}, {Tenant: "other", Fabric: "shop", User: "ann"}} {
		if _, err := b.Take(t.Context(), o, id, true); !errors.Is(err, ErrUnknown) {
			t.Errorf("%v takes: %v", o, err)
		}
		if err := b.Drop(o, id); !errors.Is(err, ErrUnknown) {
			t.Errorf("%v drops: %v", o, err)
		}
		if _, ok := b.Peek(o, id); ok || len(b.List(o)) != 0 {
			t.Errorf("%v sees it", o)
		}
	}
	for _, bad := range []string{"", "x", "-1", id + "0", "99999999999999999999999"} {
		if _, err := b.Take(t.Context(), ann, bad, true); !errors.Is(err, ErrUnknown) {
			t.Errorf("%q: %v", bad, err)
		}
		if _, ok := b.Peek(ann, bad); ok {
			t.Errorf("%q is there", bad)
		}
	}
	if got := b.List(ann); len(got) != 1 || got[0] != id {
		t.Errorf("list: %v", got)
	}
}

func TestLimitCountsByTenant(t *testing.T) {
	t.Parallel()
	b, ended := shelf(2)
	id := put(t, b, ann, "1", time.Minute)
	put(t, b, bob, "2", time.Minute)
	if _, err := b.Put(ann, "3", time.Minute, false); !errors.Is(err, ErrFull) {
		t.Errorf("a third: %v", err)
	}
	if _, err := b.Put(ann, "3", time.Minute, true); err != nil {
		t.Errorf("one that must be kept: %v", err)
	}
	put(t, b, Owner{Tenant: "other"}, "4", time.Minute)
	if err := b.Drop(ann, id); err != nil {
		t.Fatal(err)
	}
	b.Evict(func(o Owner) bool { return o.User == "bob" })
	put(t, b, ann, "5", time.Minute)
	if got := *ended; len(got) != 2 || got[0] != "1" || got[1] != "2" {
		t.Errorf("ended: %v", got)
	}
	b.Close()
	if len(*ended) != 5 || b.Len() != 0 {
		t.Errorf("after Close: %v", *ended)
	}
	if _, err := b.Put(ann, "6", time.Minute, true); !errors.Is(err, ErrClosed) {
		t.Errorf("put after Close: %v", err)
	}
}

func TestCloseWaitsForTheHand(t *testing.T) {
	t.Parallel()
	b, ended := shelf(2)
	id := put(t, b, ann, "x", time.Minute)
	h, err := b.Take(t.Context(), ann, id, false)
	if err != nil {
		t.Fatal(err)
	}
	b.Close()
	if len(*ended) != 0 {
		t.Error("ended in the hand")
	}
	h.Return()
	if len(*ended) != 1 {
		t.Error("not ended after the hand")
	}
}

func TestHold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, ended := shelf(1)
		h, err := b.Hold(ann, "x", time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Hold(bob, "y", time.Second); !errors.Is(err, ErrFull) {
			t.Errorf("beyond the limit: %v", err)
		}
		if _, err := b.Take(t.Context(), ann, h.ID, false); !errors.Is(err, ErrBusy) {
			t.Errorf("a second hand: %v", err)
		}
		time.Sleep(time.Hour)
		if item, ok := b.Peek(ann, h.ID); !ok || item != "x" {
			t.Errorf("in the hand it expired: %q %v", item, ok)
		}
		h.Return()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if len(*ended) != 1 {
			t.Errorf("ended: %v", *ended)
		}
		b.Close()
	})
}
