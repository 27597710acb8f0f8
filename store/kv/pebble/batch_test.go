package pebble

import (
	"errors"
	"testing"

	"github.com/selvedge-db/selvedge/store/kv"
)

func TestBatchesAreBounded(t *testing.T) {
	t.Parallel()
	db, err := Open(t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for name, over := range map[string]func(kv.Batch){
		"set":    func(b kv.Batch) { b.Set([]byte("k"), make([]byte, 1000)) },
		"many":   func(b kv.Batch) { b.Set([]byte("k"), make([]byte, 500)); b.Set([]byte("l"), make([]byte, 500)) },
		"delete": func(b kv.Batch) { b.Delete(make([]byte, 1000)) },
		"range":  func(b kv.Batch) { b.DeleteRange([]byte("a"), append([]byte("b"), make([]byte, 1000)...)) },
	} {
		b := db.NewBatch()
		b.(*batch).most = 1000
		b.Set([]byte("before"), []byte("x"))
		over(b)
		b.Set([]byte("after"), []byte("x"))
		if _, err := db.Apply(b); !errors.Is(err, kv.ErrBatchTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
		for _, key := range []string{"before", "after", "k"} {
			if _, found, err := db.Get([]byte(key)); found || err != nil {
				t.Errorf("%s: %s was written of a batch that was refused (%v)", name, key, err)
			}
		}
	}
}
