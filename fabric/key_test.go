package fabric

import (
	"strings"
	"testing"
)

func TestGeneratedKeysSortByTimeAndDiffer(t *testing.T) {
	t.Parallel()
	var state uint64
	c := &Core{place: place{limits: defaultLimits, random: func() uint64 { // the finalizer of splitmix64
		state += 0x9e3779b97f4a7c15
		z := state
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		return z ^ z>>31
	}}}
	before, seen := "", map[string]bool{}
	for _, ms := range []int64{0, 1, 31, 32, 1_700_000_000_000, 1_700_000_000_001, 1_800_000_000_000, 1<<45 - 1} {
		least := "~"
		greatest := ""
		for range 100 {
			key := c.generateKey(ms)
			if len(key) != keyTimeDigits+keyRandomDigits || seen[key] {
				t.Fatalf("key %q at %d: wrong length, or given before", key, ms)
			}
			if err := c.checkKey(key); err != nil {
				t.Fatal(err)
			}
			seen[key] = true
			least, greatest = min(least, key), max(greatest, key)
		}
		if least <= before {
			t.Errorf("key %q at %d does not sort behind %q, which is older", least, ms, before)
		}
		before = greatest
	}
	for i := keyTimeDigits; i < keyTimeDigits+keyRandomDigits; i++ { // no digit stands still
		digits := map[byte]bool{}
		for key := range seen {
			digits[key[i]] = true
		}
		if len(digits) < 16 {
			t.Errorf("digit %d of the keys has only %d values", i, len(digits))
		}
	}
	if strings.ToLower(before) != before {
		t.Errorf("key %q has capital letters", before)
	}
}
