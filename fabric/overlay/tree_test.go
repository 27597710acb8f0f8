package overlay

import (
	"fmt"
	"testing"

	"github.com/cespare/xxhash/v2"
)

func depth(n *node) int {
	if n == nil {
		return 0
	}
	return 1 + max(depth(n.left), depth(n.right))
}

// TestChosenKeys sets keys whose hashes rise with them: their tree must not be a list.
func TestChosenKeys(t *testing.T) {
	t.Parallel()
	const keys = 2000
	tree := Tree{seed: 0x9e3779b97f4a7c15}
	least := uint64(0)
	n := 0
	for i := 0; n < keys && i < 100_000_000; i++ {
		key := fmt.Appendf(nil, "%012d", i)
		if h := xxhash.Sum64(key); h > least && h-least < 1<<53 {
			tree.Set(key, nil)
			least = h
			n++
		}
	}
	if d := depth(tree.root); n < keys*9/10 || d > 60 {
		t.Fatalf("%d keys are up to %d deep", n, d)
	}
}
