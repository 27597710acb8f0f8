package api

import (
	"sync/atomic"
	"testing"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/internal/env"
	"github.com/selvedge-db/selvedge/store/kv"
	"github.com/selvedge-db/selvedge/store/kv/memory"
	"github.com/selvedge-db/selvedge/value"
)

// betweenDB lets something happen just before a snapshot is taken.
type betweenDB struct {
	*memory.DB
	before atomic.Pointer[func()]
}

func (d *betweenDB) Snapshot() kv.Snapshot {
	if run := d.before.Swap(nil); run != nil {
		(*run)()
	}
	return d.DB.Snapshot()
}

// TestSessionsHaveSeenWhatWasShown: a view shows a commit that came after its vector was read; the session has seen it.
func TestSessionsHaveSeenWhatWasShown(t *testing.T) {
	t.Parallel()
	db := &betweenDB{DB: memory.New(memory.Options{})}
	f, err := fabric.Open(fabric.Config{Name: "f", DB: db, Env: env.Real(), Options: fabric.Options{Number: 1}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := f.Create(t.Context(), member.Change{Kind: member.Create, Origin: 1, Fabric: "f", Name: "here"}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.CreateCollection(t.Context(), fabric.CollectionSpec{Name: "c", Type: fabric.DocumentCollection}, nil); err != nil {
		t.Fatal(err)
	}
	var receipt fabric.Receipt
	commit := func() {
		receipt, err = f.Commit(t.Context(), fabric.Transaction{Writes: []fabric.Write{fabric.NewWrite(fabric.Insert, "c", "k", value.Object())}})
		if err != nil {
			t.Error(err)
		}
	}
	db.before.Store(&commit)
	v := f.Core().NewView(env.RealClock().WallMs()) // one that is shared cannot begin in the middle of a commit
	defer shut(v)
	if _, found, err := v.Get("c", "k"); err != nil || !found || v.Vector().Covers(receipt.Stamp) {
		t.Fatalf("the view shows the document: %v, its vector %s, the commit %s, %v: want it shown and not in the vector", found, v.Vector(), receipt.Stamp, err)
	}
	c := &Call{Fabric: f}
	if err := c.settle(t.Context(), v); err != nil {
		t.Fatal(err)
	}
	if !c.seen.Covers(receipt.Stamp) {
		t.Errorf("the session was shown the commit %s and has seen %s", receipt.Stamp, c.seen)
	}
}
