package api

import (
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric"
)

// A conflict's rev leads to the write that the documents' _rev names.
func TestRevOfConflict(t *testing.T) {
	t.Parallel()
	stamp := clock.Stamp{Time: 0x0192f6c3a4b50007, Origin: 0x00010002}
	for _, hash := range []uint32{0, 1, 1 << 31, 1<<32 - 1} {
		rev := fabric.FormatRev(stamp, hash)
		if got := side(fabric.ConflictSide{Stamp: stamp}, nil).Rev; len(got) < 12 || !strings.HasPrefix(rev, got) {
			t.Errorf("rev %q, of a document with _rev %q", got, rev)
		}
	}
	next := clock.Stamp{Time: stamp.Time + 1, Origin: stamp.Origin}
	if side(fabric.ConflictSide{Stamp: stamp}, nil).Rev == side(fabric.ConflictSide{Stamp: next}, nil).Rev {
		t.Error("two writes have one rev")
	}
}
