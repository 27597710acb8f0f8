package invariant_test

import (
	"testing"

	"github.com/selvedge-db/selvedge/internal/invariant"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	invariant.Check(true, "never shown")
	defer func() {
		if got := recover(); got != "invariant broken: 1 is not 2" {
			t.Errorf("panicked with %v", got)
		}
	}()
	invariant.Check(false, "%d is not %d", 1, 2)
	t.Error("a broken invariant went on")
}
