package crdt

import (
	"fmt"
	"slices"
	"strings"

	"github.com/selvedge-db/selvedge/value"
)

// Type names a declared merge rule. The empty type is the register, which needs no declaration.
type Type string

const (
	Register Type = ""
	Counter  Type = "counter"
	Set      Type = "set"
	Max      Type = "max"
	Min      Type = "min"
	Multi    Type = "multi"
)

// TypeInfo describes a type for documentation, checks and error texts.
type TypeInfo struct {
	Type    Type
	Doc     string
	Options []string
	Example string
}

// Types returns the declarable types, in the order in which they are documented.
func Types() []TypeInfo {
	return []TypeInfo{
		{Counter, "Changes add up. A value set by an insert is the base; changes that it had not seen still count. With scale n it holds decimals of n digits.",
			[]string{"scale"}, `{"type":"counter","scale":2}`},
		{Set, "An array without repeats, in value order. Elements that come and go merge one by one; an addition wins over a concurrent removal.",
			nil, `{"type":"set"}`},
		{Max, "The largest value ever written, or the object whose member named by 'by' is largest; of equals the earlier.",
			[]string{"by"}, `{"type":"max","by":"amount"}`},
		{Min, "The smallest value ever written, or the object whose member named by 'by' is smallest; of equals the earlier.",
			[]string{"by"}, `{"type":"min"}`},
		{Multi, "All values that were written concurrently, as an array in value order, until someone writes one.",
			nil, `{"type":"multi"}`},
	}
}

// MaxScale is the largest scale of a counter: 10^15 is the last power of ten below 2^53.
const MaxScale = 15

// Declaration is what a collection says about one path.
type Declaration struct {
	Type  Type
	By    string // max and min: the member to compare by, empty for the value itself
	Scale int    // counter: digits behind the point
	// Disputed says that locations declared the path differently before they knew of each other. What they wrote until
	// then shows by this declaration; from then on the path is written as a register, whole.
	Disputed bool
}

// ParseDeclaration reads the JSON shape of a declaration, as in {"type":"counter","scale":2}.
func ParseDeclaration(path value.Path, v value.Value) (Declaration, error) {
	fail := func(format string, args ...any) (Declaration, error) {
		return Declaration{}, fmt.Errorf("crdt declaration of %q: %s", path.String(), fmt.Sprintf(format, args...))
	}
	if err := checkDeclaredPath(path); err != nil {
		return Declaration{}, err
	}
	name, found := v.Get("type")
	if !found || name.Kind() != value.KindString {
		return fail(`want an object with a member "type", as in %s`, Types()[0].Example)
	}
	known := Types()
	at := slices.IndexFunc(known, func(i TypeInfo) bool { return string(i.Type) == name.Str() })
	if at < 0 {
		return fail("type %q is not known; the types are counter, set, max, min and multi", name.Str())
	}
	decl := Declaration{Type: known[at].Type}
	for _, m := range v.Members() {
		switch {
		case m.Name == "type":
		case decl.Type == Counter && (m.Name == "min" || m.Name == "max"):
			return fail("bounded counters come later; leave out %q", m.Name)
		case !slices.Contains(known[at].Options, m.Name):
			return fail("%s has no option %q; its options are [%s]", decl.Type, m.Name, strings.Join(known[at].Options, ", "))
		case m.Name == "scale":
			scale, exact := m.Value.Int64()
			if !exact || scale < 0 || scale > MaxScale {
				return fail("scale must be an integer from 0 to %d", MaxScale)
			}
			decl.Scale = int(scale)
		case m.Name == "by":
			if m.Value.Kind() != value.KindString || m.Value.Str() == "" {
				return fail(`"by" must name a member of the objects that are compared`)
			}
			decl.By = m.Value.Str()
		}
	}
	return decl, nil
}

// checkDeclaredPath refuses paths that cannot have a declaration: the document itself and what the system keeps there.
func checkDeclaredPath(path value.Path) error {
	if len(path) == 0 || len(path) > MaxPath {
		return fmt.Errorf("crdt declaration: the path must have 1 to %d names, it has %d", MaxPath, len(path))
	}
	switch path[0] {
	case "_id", "_key", "_rev", "_from", "_to", expireAt:
		return fmt.Errorf("crdt declaration of %q: %s belongs to the system and merges as a register", path.String(), path[0])
	}
	return nil
}

// Value returns the declaration in the shape that ParseDeclaration reads, save that nobody can declare a dispute.
func (d Declaration) Value() value.Value {
	members := []value.Member{{Name: "type", Value: value.String(string(d.Type))}}
	if d.By != "" {
		members = append(members, value.Member{Name: "by", Value: value.String(d.By)})
	}
	if d.Scale != 0 {
		members = append(members, value.Member{Name: "scale", Value: value.Int(int64(d.Scale))})
	}
	if d.Disputed {
		members = append(members, value.Member{Name: "disputed", Value: value.Bool(true)})
	}
	return value.Object(members...)
}

// Declarations are the declared paths of one collection. The zero value declares nothing. Immutable: changes return a copy that
// shares what did not change.
type Declarations struct {
	root *declared
}

// declared is a node of the tree of declared paths. A nil one declares nothing at or below its path, and its methods say so.
type declared struct {
	decl  Declaration
	names []string // sorted
	below []*declared
}

func (n *declared) child(name string) *declared {
	if n == nil {
		return nil
	}
	if i, found := slices.BinarySearch(n.names, name); found {
		return n.below[i]
	}
	return nil
}

func (n *declared) declaration() Declaration {
	if n == nil {
		return Declaration{}
	}
	return n.decl
}

// ParseDeclarations reads {"PATH": {"type": ...}, ...}.
func ParseDeclarations(v value.Value) (Declarations, error) {
	if v.Kind() == value.KindNull {
		return Declarations{}, nil
	}
	if v.Kind() != value.KindObject {
		return Declarations{}, fmt.Errorf(`crdt declarations: want an object from paths to declarations, as in {"views": %s}, not %v`,
			Types()[0].Example, v.Kind())
	}
	var all Declarations
	for _, m := range v.Members() {
		path, err := value.ParsePath(m.Name)
		if err != nil {
			return Declarations{}, fmt.Errorf("crdt declaration of %q: %w", m.Name, err)
		}
		decl, err := ParseDeclaration(path, m.Value)
		if err != nil {
			return Declarations{}, err
		}
		if all, err = all.With(path, decl); err != nil {
			return Declarations{}, err
		}
	}
	return all, nil
}

// With returns declarations that have decl at path besides. A path above or below a declared one is refused: a declared path is
// one unit. Declaring a declared path anew replaces the declaration; whether that is allowed is the caller's to say.
func (d Declarations) With(path value.Path, decl Declaration) (Declarations, error) {
	if err := checkDeclaredPath(path); err != nil {
		return Declarations{}, err
	}
	for i := 1; i < len(path); i++ {
		if d.At(path[:i]).Type != Register {
			return Declarations{}, fmt.Errorf("crdt declaration of %q: %q above it is declared already, and is one unit", path.String(), path[:i].String())
		}
	}
	if d.at(path) != nil && len(d.at(path).names) > 0 {
		return Declarations{}, fmt.Errorf("crdt declaration of %q: paths below it are declared already", path.String())
	}
	return Declarations{root: d.root.with(path, decl)}, nil
}

func (n *declared) with(path value.Path, decl Declaration) *declared {
	if len(path) == 0 {
		return &declared{decl: decl}
	}
	out := &declared{}
	if n != nil {
		out.names, out.below = slices.Clone(n.names), slices.Clone(n.below)
	}
	i, found := slices.BinarySearch(out.names, path[0])
	if !found {
		out.names = slices.Insert(out.names, i, path[0])
		out.below = slices.Insert(out.below, i, nil)
	}
	out.below[i] = out.below[i].with(path[1:], decl)
	return out
}

func (d Declarations) at(path value.Path) *declared {
	n := d.root
	for _, name := range path {
		n = n.child(name)
	}
	return n
}

// At returns the declaration of path, which has type Register if there is none.
func (d Declarations) At(path value.Path) Declaration { return d.at(path).declaration() }

// Below reports whether anything is declared at or below path.
func (d Declarations) Below(path value.Path) bool { return d.at(path) != nil }

// Empty reports whether nothing is declared.
func (d Declarations) Empty() bool { return d.root == nil }

// Value returns the declarations in the shape that ParseDeclarations reads.
func (d Declarations) Value() value.Value {
	var members []value.Member
	d.Visit(func(path value.Path, decl Declaration) {
		members = append(members, value.Member{Name: path.String(), Value: decl.Value()})
	})
	return value.Object(members...)
}

// Visit calls f for each declared path, in order of names. The path is f's to keep.
func (d Declarations) Visit(f func(path value.Path, decl Declaration)) { d.root.visit(nil, f) }

func (n *declared) visit(path value.Path, f func(value.Path, Declaration)) {
	if n == nil {
		return
	}
	if n.decl.Type != Register {
		f(path, n.decl)
	}
	for i, name := range n.names {
		n.below[i].visit(path.With(name), f)
	}
}
