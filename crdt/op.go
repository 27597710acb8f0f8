package crdt

import (
	"fmt"
	"math"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/value"
)

// OpKind says what an operation does. The numbers are stored and sent: add at the end, never change one.
type OpKind uint8

const (
	OpInsert OpKind = 1 + iota // Value (an object) replaces everything seen at and below Path; Path nil is the document
	OpAssign                   // Value (a scalar or array) at Path
	OpUnset                    // nothing at Path; Path nil removes the document
	OpDelta                    // Number is added to the counter at Path, in units of its scale
	OpAdd                      // Value joins the set at Path
	OpDrop                     // Value leaves the set at Path, as far as it was seen there
	OpMax                      // Value is a candidate for the maximum at Path
	OpMin                      // Value is a candidate for the minimum at Path
	OpMulti                    // Value replaces the values seen at Path, and stands beside those not seen
)

var opNames = [...]string{
	OpInsert: "insert", OpAssign: "assign", OpUnset: "unset", OpDelta: "delta", OpAdd: "add", OpDrop: "drop", OpMax: "max",
	OpMin: "min", OpMulti: "multi",
}

// Known reports whether this version can merge the kind.
func (k OpKind) Known() bool { return k >= OpInsert && k <= OpMulti }

// HasValue reports whether operations of the kind carry a Value.
func (k OpKind) HasValue() bool { return k.Known() && k != OpUnset && k != OpDelta }

func (k OpKind) String() string {
	if k.Known() {
		return opNames[k]
	}
	return fmt.Sprintf("operation kind %d", uint8(k))
}

// Op is one operation on one document. It bears the stamp and the dependencies of the entry that it is part of.
type Op struct {
	Kind   OpKind
	Path   value.Path
	Value  value.Value
	Number int64 // OpDelta only
}

// MaxPath bounds the length of an operation's path, as the depth of documents is bounded.
const MaxPath = 100

// check refuses operations that cannot have come from Difference.
func (o Op) check() error {
	switch {
	case !o.Kind.Known():
		return fmt.Errorf("merge at %q: %v is not known to this version", o.Path.String(), o.Kind)
	case len(o.Path) > MaxPath:
		return fmt.Errorf("merge: a path of %d names is longer than %d", len(o.Path), MaxPath)
	case o.Kind == OpInsert && o.Value.Kind() != value.KindObject:
		return fmt.Errorf("merge at %q: an insert carries an object, not %v", o.Path.String(), o.Value.Kind())
	case o.Kind == OpAssign && o.Value.Kind() == value.KindObject:
		return fmt.Errorf("merge at %q: an assign carries a scalar or an array; an object is inserted", o.Path.String())
	case len(o.Path) == 0 && o.Kind != OpInsert && o.Kind != OpUnset:
		return fmt.Errorf("merge: %v needs a path; only insert and unset speak of the whole document", o.Kind)
	}
	return nil
}

// Pending stands for the stamp of a transaction that is prepared but not sequenced: newer than every stamp, and no origin's.
// A prepared record holds it where the sequencer writes the real stamp.
var Pending = clock.Stamp{Time: math.MaxUint64}

// Log reads back what a running sum has forgotten.
type Log interface {
	// Deltas returns the sum of the OpDelta operations at path, in this document, of the entries of origin o with times in
	// (after, upTo]. It is asked only about entries that are not stable, so they are in the log. Of an entry that also clears the
	// path (an assign, unset or insert at or above it) only the deltas behind that operation count.
	Deltas(o clock.Origin, path value.Path, after, upTo clock.Time) (int64, error)
}

// Loss is a write of a register that lost to a concurrent one with another value: the one merged now or the one present before.
// Path is where they met; when a nested write met a scalar or a removal there, its side shows the object that it stood for.
type Loss struct {
	Path        value.Path
	Kept, Lost  value.Value
	KeptPresent bool
	LostPresent bool
	KeptStamp   clock.Stamp
	LostStamp   clock.Stamp
}
