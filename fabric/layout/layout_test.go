package layout_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric/layout"
)

// TestKeysSortAsTheirParts builds keys of rising parts and checks that they rise, lie in their space and not in that of
// the next fabric, and come apart again.
func TestKeysSortAsTheirParts(t *testing.T) {
	t.Parallel()
	numbers := []uint32{0, 1, 255, 256, math.MaxUint32}
	longs := []uint64{0, 1, 255, 1 << 20, math.MaxInt64, math.MaxUint64}
	for _, fabric := range numbers {
		k := layout.NewKeys(fabric)
		var documents, logs, orders, expiries, folds, conflicts [][]byte
		for _, n := range numbers {
			for _, key := range []string{"", "a", "aa", "b", "\xff"} {
				documents = append(documents, k.Document(nil, n, key))
			}
			for _, at := range longs {
				logs = append(logs, k.LogRecord(nil, clock.Origin(n), clock.Time(at)))
			}
			for _, at := range longs[:5] {
				expiries = append(expiries, k.Expiry(layout.Expiring, n, int64(at), "a"), k.Expiry(layout.Expiring, n, int64(at), "b"))
			}
		}
		for _, at := range longs {
			orders = append(orders, k.OrderRecord(at))
			for _, n := range numbers {
				folds = append(folds, k.Fold(clock.Time(at), n, "a"))
				conflicts = append(conflicts, k.Conflict(clock.Stamp{Time: clock.Time(at), Origin: clock.Origin(n)}, 5))
			}
		}
		for letter, keys := range map[byte][][]byte{layout.Documents: documents, layout.Log: logs, layout.Order: orders,
			layout.Expiring: expiries, layout.Folding: folds, layout.Conflicts: conflicts} {
			space := k.Space(nil, letter)
			for i, key := range keys {
				if i > 0 && bytes.Compare(keys[i-1], key) >= 0 {
					t.Errorf("fabric %d, space %c: %x is not before %x", fabric, letter, keys[i-1], key)
				}
				if !bytes.HasPrefix(key, space) || bytes.Compare(key, layout.End(space)) >= 0 {
					t.Errorf("%x is not in the space %x", key, space)
				}
			}
		}
	}
}

func TestTailTakesKeysApart(t *testing.T) {
	t.Parallel()
	k := layout.NewKeys(7)
	fixed, key, ok := layout.Tail(k.Expiry(layout.Expired, 16, 123_456, "the key"), 12)
	if !ok || binary.BigEndian.Uint32(fixed) != 16 || binary.BigEndian.Uint64(fixed[4:]) != 123_456 || string(key) != "the key" {
		t.Errorf("expiry: %x %q %v", fixed, key, ok)
	}
	fixed, key, ok = layout.Tail(k.Fold(9, 17, ""), 12)
	if !ok || binary.BigEndian.Uint64(fixed) != 9 || binary.BigEndian.Uint32(fixed[8:]) != 17 || len(key) != 0 {
		t.Errorf("fold: %x %q %v", fixed, key, ok)
	}
	for n := range 18 {
		if _, _, ok := layout.Tail(k.Fold(9, 17, "")[:n], 12); ok {
			t.Errorf("a key of %d bytes was taken apart", n)
		}
	}
}

func TestEndIsAfterAllThatBeginsSo(t *testing.T) {
	t.Parallel()
	for prefix, want := range map[string][]byte{"a": []byte("b"), "a\xff": []byte("b"), "a\x00": []byte("a\x01"), "\xff\xff": nil, "": nil} {
		if got := layout.End([]byte(prefix)); !bytes.Equal(got, want) {
			t.Errorf("after %q comes %q, not %q", prefix, got, want)
		}
	}
	prefix := []byte("ab")
	layout.End(prefix)
	if string(prefix) != "ab" {
		t.Errorf("the prefix became %q", prefix)
	}
}
