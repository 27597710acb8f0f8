package crdt

import (
	"errors"
	"testing"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/value"
)

func parse(t *testing.T, text string) value.Value {
	t.Helper()
	v, err := value.Parse([]byte(text), value.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func declare(t *testing.T, text string) Declarations {
	t.Helper()
	d, err := ParseDeclarations(parse(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

const allTypes = `{"n":{"type":"counter"},"p":{"type":"counter","scale":2},"s":{"type":"set"},"m":{"type":"max","by":"amount"},
	"l":{"type":"min"},"v":{"type":"multi"},"o.n":{"type":"counter"},"o.s":{"type":"set"}}`

// TestCommitShowsWhatItWrote writes each document over each other.
func TestCommitShowsWhatItWrote(t *testing.T) {
	t.Parallel()
	decls := declare(t, allTypes)
	texts := []string{
		`{}`, `{"a":1}`, `{"a":1.0}`, `{"a":{"b":{"c":[1,{}]}}}`, `{"a":{"b":{}}}`, `{"a":null}`, `{"n":3,"p":0.25,"s":[1,2],"v":7}`,
		`{"n":-4,"p":10,"s":[],"v":{"x":1}}`, `{"o":{"n":1,"s":["a"]}}`, `{"o":{"n":2,"s":["a","b"],"x":1}}`, `{"o":5}`,
		`{"m":{"amount":1,"who":"x"},"l":9}`, `{"m":{"amount":2},"l":8}`, `{"expireAt":5}`,
	}
	for _, from := range texts {
		for _, to := range texts {
			d := New()
			write := func(ms int64, old value.Value, existed bool, text string) error {
				ops, err := Difference(old, existed, parse(t, text), true, decls)
				for _, op := range ops {
					if _, err := d.Merge(clock.Stamp{Time: clock.TimeOf(ms), Origin: 1}, nil, op, nil); err != nil {
						t.Fatal(err)
					}
				}
				return err
			}
			if err := write(1, value.Value{}, false, from); err != nil {
				t.Fatal(err)
			}
			old, existed := d.View(decls)
			var refused *NotExpressible
			if err := write(2, old, existed, to); errors.As(err, &refused) && (refused.Type == Max || refused.Type == Min) {
				continue // it would lower a maximum
			} else if err != nil {
				t.Fatal(err)
			}
			if v, _ := d.View(decls); !value.Identical(v, parse(t, to)) {
				t.Errorf("%s over %s shows %s", to, from, value.AppendJSON(nil, v))
			}
			d.Fold(clock.VectorOf(clock.Row{Origin: 1, Time: clock.TimeOf(2)}), decls)
			if v, _ := d.View(decls); !value.Identical(v, parse(t, to)) || !d.Quiet() {
				t.Errorf("%s over %s, folded, shows %s, quiet %v", to, from, value.AppendJSON(nil, v), d.Quiet())
			}
		}
	}
}

func TestDifferenceIsWhatChanged(t *testing.T) {
	t.Parallel()
	decls := declare(t, allTypes)
	for _, c := range []struct{ old, new, want string }{
		{`{"a":1}`, `{"a":1}`, ``},
		{`{"a":1,"b":2}`, `{"a":2,"c":3}`, `assign a, unset b, assign c`},
		{`{"o":{"x":1}}`, `{"o":{"x":1,"y":{}}}`, `insert o.y`},
		{`{"n":5,"p":1.25}`, `{"n":2,"p":1.3}`, `delta n -3, delta p 5`},
		{`{"s":[1,2]}`, `{"s":[2,3,3]}`, `drop s, add s`},
		{`{"s":[1]}`, `{"s":[]}`, `assign s`},
		{`{"o":{"n":1}}`, `{"o":7}`, `assign o`},
		{`{"o":7}`, `{"o":{"n":1,"s":[4]}}`, `insert o, add o.s`},
		{`{}`, `{"v":1}`, `multi v`},
	} {
		ops, err := Difference(parse(t, c.old), true, parse(t, c.new), true, decls)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for i, op := range ops {
			if i > 0 {
				got += ", "
			}
			got += op.Kind.String() + " " + op.Path.String()
			if op.Kind == OpDelta {
				got += " " + value.Int(op.Number).Digits()
			}
		}
		if got != c.want {
			t.Errorf("%s to %s: %s, want %s", c.old, c.new, got, c.want)
		}
	}
}

func TestDifferenceRefusesWhatTypesCannotExpress(t *testing.T) {
	t.Parallel()
	decls := declare(t, allTypes)
	for _, c := range []struct {
		old, new string
		want     Type
	}{
		{`{}`, `{"n":"x"}`, Counter}, {`{"n":1}`, `{"n":1.5}`, Counter}, {`{"n":1}`, `{"n":9007199254740993}`, Counter},
		{`{"p":1}`, `{"p":1.001}`, Counter}, {`{"n":1}`, `{"n":null}`, Counter}, {`{"s":[]}`, `{"s":1}`, Set},
		{`{"m":{"amount":3}}`, `{"m":{"amount":2}}`, Max}, {`{"m":{"amount":3}}`, `{"m":{"amount":3,"x":1}}`, Max},
		{`{}`, `{"m":7}`, Max}, {`{"l":1}`, `{"l":2}`, Min},
	} {
		_, err := Difference(parse(t, c.old), true, parse(t, c.new), true, decls)
		var refused *NotExpressible
		if !errors.As(err, &refused) || refused.Type != c.want {
			t.Errorf("%s to %s: %v", c.old, c.new, err)
		}
	}
	if _, err := Difference(value.Value{}, false, parse(t, `{"o":{"s":{}}}`), true, decls); err == nil {
		t.Error("an insert with an object for a set was taken")
	}
	if _, err := Difference(value.Value{}, false, value.Int(1), true, decls); err == nil {
		t.Error("a document that is a number was taken")
	}
}

func TestDeclarations(t *testing.T) {
	t.Parallel()
	decls := declare(t, allTypes)
	if again := declare(t, string(value.AppendJSON(nil, decls.Value()))); !value.Identical(again.Value(), decls.Value()) {
		t.Errorf("written and read: %s", value.AppendJSON(nil, again.Value()))
	}
	if !decls.Below(value.Path{"o"}) || decls.Below(value.Path{"x"}) || decls.At(value.Path{"p"}).Scale != 2 {
		t.Error("what is declared is not found where it is")
	}
	for _, text := range []string{
		`7`, `{"a":1}`, `{"a":{}}`, `{"a":{"type":"heap"}}`, `{"a":{"type":"counter","min":0}}`, `{"a":{"type":"set","by":"x"}}`,
		`{"a":{"type":"counter","scale":16}}`, `{"a":{"type":"max","by":1}}`, `{"_key":{"type":"max"}}`, `{"expireAt":{"type":"max"}}`,
		`{"a":{"type":"set"},"a.b":{"type":"set"}}`, `{"":{"type":"set"}}`,
	} {
		if _, err := ParseDeclarations(parse(t, text)); err == nil {
			t.Errorf("%s was taken", text)
		}
	}
	for _, info := range Types() {
		if decl, err := ParseDeclaration(value.Path{"a"}, parse(t, info.Example)); err != nil || decl.Type != info.Type {
			t.Errorf("example of %s: %v", info.Type, err)
		}
	}
}

func TestUnits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		digits string
		scale  int
		units  int64
		exact  bool
		back   string
	}{
		{"0", 0, 0, true, "0"}, {"-0.0", 2, 0, true, "0"}, {"12.5", 2, 1250, true, "12.5"}, {"-0.05", 2, -5, true, "-0.05"},
		{"1e2", 0, 100, true, "100"}, {"1.239", 2, 123, false, "1.23"}, {"120e-1", 0, 12, true, "12"}, {"5e-300", 2, 0, false, "0"},
		{"1e300", 0, 0, false, "0"}, {"0e99999999999999999999", 3, 0, true, "0"}, {"9223372036854775807", 0, 9223372036854775807, true, "9223372036854775807"},
		{"9223372036854775808", 0, 0, false, "0"}, {"-7", 3, -7000, true, "-7"},
	} {
		v, err := value.Number(c.digits)
		if err != nil {
			t.Fatalf("%s: %v", c.digits, err)
		}
		units, exact := Units(v, c.scale)
		if back := Decimal(units, c.scale).Digits(); units != c.units || exact != c.exact || back != c.back {
			t.Errorf("%s at scale %d: %d, exact %v, back %s", c.digits, c.scale, units, exact, back)
		}
	}
}

func TestLossesAreOfConcurrentWritesOnly(t *testing.T) {
	t.Parallel()
	base := []struct {
		stamp clock.Stamp
		op    Op
	}{{clock.Stamp{Time: 5, Origin: 1}, Op{Kind: OpInsert, Value: value.Object(value.Member{Name: "a", Value: value.Int(1)})}}}
	seen := clock.VectorOf(clock.Row{Origin: 1, Time: 5})
	for _, c := range []struct {
		name  string
		stamp clock.Stamp
		op    Op
		then  clock.Stamp
		next  Op
		kept  string
		lost  string
	}{
		{"later wins", clock.Stamp{Time: 7, Origin: 1}, Op{Kind: OpAssign, Path: value.Path{"a"}, Value: value.Int(2)},
			clock.Stamp{Time: 8, Origin: 2}, Op{Kind: OpAssign, Path: value.Path{"a"}, Value: value.Int(3)}, "3", "2"},
		{"earlier loses", clock.Stamp{Time: 7, Origin: 1}, Op{Kind: OpAssign, Path: value.Path{"a"}, Value: value.Int(2)},
			clock.Stamp{Time: 6, Origin: 2}, Op{Kind: OpAssign, Path: value.Path{"a"}, Value: value.Int(3)}, "2", "3"},
		{"same value", clock.Stamp{Time: 7, Origin: 1}, Op{Kind: OpAssign, Path: value.Path{"a"}, Value: value.Int(2)},
			clock.Stamp{Time: 6, Origin: 2}, Op{Kind: OpAssign, Path: value.Path{"a"}, Value: value.Int(2)}, "", ""},
		{"update under a remove", clock.Stamp{Time: 7, Origin: 1}, Op{Kind: OpUnset},
			clock.Stamp{Time: 6, Origin: 2}, Op{Kind: OpAssign, Path: value.Path{"a"}, Value: value.Int(3)}, "absent", `{"a":3}`},
		{"remove under an update", clock.Stamp{Time: 7, Origin: 1}, Op{Kind: OpAssign, Path: value.Path{"a"}, Value: value.Int(3)},
			clock.Stamp{Time: 6, Origin: 2}, Op{Kind: OpUnset}, `{"a":3}`, "absent"},
	} {
		d := New()
		if _, err := d.Merge(base[0].stamp, nil, base[0].op, nil); err != nil {
			t.Fatal(err)
		}
		if losses, err := d.Merge(c.stamp, nil, c.op, nil); err != nil || len(losses) > 0 {
			t.Fatalf("%s: a write over what it had seen lost something: %v %v", c.name, losses, err)
		}
		losses, err := d.Merge(c.then, seen, c.next, nil)
		if err != nil {
			t.Fatal(err)
		}
		show := func(v value.Value, present bool) string {
			if !present {
				return "absent"
			}
			return string(value.AppendJSON(nil, v))
		}
		kept, lost := "", ""
		for _, l := range losses {
			if len(l.Path) <= 1 {
				kept, lost = show(l.Kept, l.KeptPresent), show(l.Lost, l.LostPresent)
			}
		}
		if kept != c.kept || lost != c.lost {
			t.Errorf("%s: kept %s, lost %s, want %s and %s", c.name, kept, lost, c.kept, c.lost)
		}
	}
}

func TestBadOperationsAreRefused(t *testing.T) {
	t.Parallel()
	for _, op := range []Op{
		{}, {Kind: 99}, {Kind: OpInsert, Value: value.Int(1)}, {Kind: OpAssign, Path: value.Path{"a"}, Value: value.Object()},
		{Kind: OpAssign, Value: value.Int(1)}, {Kind: OpDelta}, {Kind: OpUnset, Path: make(value.Path, MaxPath+1)},
	} {
		if _, err := New().Merge(clock.Stamp{Time: 1, Origin: 1}, nil, op, nil); err == nil {
			t.Errorf("%v at %v was merged", op.Kind, op.Path)
		}
	}
}
