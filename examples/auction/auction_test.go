package auction

import (
	"testing"
	"time"
)

func TestLotsFollowEachOther(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_123, 0)
	seen := map[string]bool{}
	for slot := range open {
		name, closes := key(slot, now)
		if seen[name] {
			t.Errorf("%s is there twice", name)
		}
		seen[name] = true
		if left := closes.Sub(now); left <= 0 || left > openFor {
			t.Errorf("%s closes in %v", name, left)
		}
		if next, _ := key(slot, closes); next == name {
			t.Errorf("%s is open when it has closed", name)
		}
		if same, _ := key(slot, closes.Add(-time.Second)); same != name {
			t.Errorf("%s closes early", name)
		}
	}
}
