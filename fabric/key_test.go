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
	const length = keyTimeDigits + keyOrderDigits + keyRandomDigits
	before, seen := "", map[string]bool{}
	for _, ms := range []int64{0, 1, 31, 32, 1_700_000_000_000, 1_700_000_000_001, 1_800_000_000_000, 1<<45 - 1} {
		for i := range 100 {
			key := c.generateKey(ms - int64(i%3)) // also by a clock that goes back
			if len(key) != length || seen[key] {
				t.Fatalf("key %q at %d: wrong length, or given before", key, ms)
			}
			if err := c.checkKey(key); err != nil {
				t.Fatal(err)
			}
			if key <= before {
				t.Errorf("key %q at %d does not sort behind %q, which is older", key, ms, before)
			}
			seen[key], before = true, key
		}
	}
	for i := length - keyRandomDigits; i < length; i++ { // no random digit stands still
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
