package codec

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/crdt"
	"github.com/selvedge-db/selvedge/value"
)

// constantLog answers alike whoever asks.
type constantLog struct{}

func (constantLog) Deltas(clock.Origin, value.Path, clock.Time, clock.Time) (int64, error) {
	return 3, nil
}

// TestStoringIsInvisible merges operations of all kinds, in any order between origins and with any dependencies, into a document that stays in memory
// and into one that is stored and read after each. They must show the same, and be hidden alike, whatever comes after.
func TestStoringIsInvisible(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6000) {
		r := rand.New(rand.NewPCG(seed, 3))
		kept, stored := crdt.New(), crdt.New()
		decls := crdt.Declarations{}
		var last clock.Vector
		for step := range 12 {
			o := clock.Origin(1 + r.IntN(3))
			last = last.With(o, last.At(o).Plus(int64(1+r.IntN(9))))
			stamp := clock.Stamp{Time: last.At(o), Origin: o}
			var deps clock.Vector
			for o := range clock.Origin(3) {
				deps = deps.With(o+1, clock.TimeOf(int64(r.IntN(30))))
			}
			op := randomOp(r)
			if r.IntN(6) == 0 {
				stable := deps.Min(clock.VectorOf(clock.Row{Origin: 1, Time: clock.TimeOf(9)}, clock.Row{Origin: 2, Time: clock.TimeOf(9)}))
				if kept.Fold(stable, decls) != stored.Fold(stable, decls) {
					t.Fatalf("seed %d step %d: one is to be forgotten, the other not", seed, step)
				}
			}
			for _, d := range []*crdt.Document{kept, stored} {
				if _, err := d.Merge(stamp, deps, op, constantLog{}); err != nil {
					t.Fatal(err)
				}
			}
			a, b := AppendDocument(nil, kept, decls), AppendDocument(nil, stored, decls)
			if !bytes.Equal(RecordText(a), RecordText(b)) || RecordHidden(a) != RecordHidden(b) || kept.Touched() != stored.Touched() {
				t.Fatalf("seed %d step %d, %v at %v:\n  kept %q\nstored %q", seed, step, op.Kind, op.Path, a, b)
			}
			var err error
			if stored, err = DecodeDocument(b); err != nil {
				t.Fatalf("seed %d step %d: %v\n%q", seed, step, err, b)
			}
		}
	}
}

func randomOp(r *rand.Rand) crdt.Op {
	op := crdt.Op{Kind: crdt.OpKind(1 + r.IntN(int(crdt.OpMulti)))}
	for range 1 + r.IntN(3) {
		op.Path = append(op.Path, []string{"a", "b", "expireAt"}[r.IntN(3)])
	}
	switch op.Kind {
	case crdt.OpInsert:
		op.Path = op.Path[:r.IntN(3)%(len(op.Path)+1)]
		op.Value = randomObject(r, 2)
	case crdt.OpUnset:
		op.Path = op.Path[:r.IntN(len(op.Path)+1)]
	case crdt.OpDelta:
		op.Number = int64(r.IntN(9) - 4)
	case crdt.OpMax, crdt.OpMin, crdt.OpMulti:
		if op.Value = number(r.IntN(4)); r.IntN(3) == 0 {
			op.Value = randomObject(r, 1)
		}
	default:
		if op.Value = number(r.IntN(4)); r.IntN(3) == 0 {
			op.Value = value.Array(number(r.IntN(3)), number(r.IntN(3)))
		}
	}
	return op
}

func randomObject(r *rand.Rand, depth int) value.Value {
	v := value.Object()
	for _, name := range []string{"a", "b", "expireAt"} {
		switch n := r.IntN(4); {
		case n == 0 && depth > 0:
			v = v.With(name, randomObject(r, depth-1))
		case n == 1:
			v = v.With(name, number(r.IntN(9)))
		}
	}
	return v
}
