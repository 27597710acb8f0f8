package codec

import (
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/selvedge-db/selvedge/crdt"
	"github.com/selvedge-db/selvedge/value"
)

// ChangeKind says what a change changes. The numbers are part of the format.
type ChangeKind uint8

const (
	// Document is operations on one document.
	Document ChangeKind = iota + 1
	// Schema is a change to collections, indexes and declarations.
	Schema
	// Member is a join, an eviction or another act of the anchor.
	Member
	// Truncate empties a collection.
	Truncate
	// Mark is a point in the log with a meaning of its own, such as a seal.
	Mark
	// Idempotency remembers a client's request so that it is not done twice.
	Idempotency
	// Points is a batch of points of a time series collection.
	Points
	changeKindEnd
)

// String names the kind.
func (k ChangeKind) String() string {
	names := [...]string{Document: "document", Schema: "schema", Member: "member",
		Truncate: "truncate", Mark: "mark", Idempotency: "idempotency", Points: "points"}
	if k == 0 || int(k) >= len(names) {
		return fmt.Sprintf("change kind %d", uint8(k))
	}
	return names[k]
}

// Change is one part of an entry's body.
type Change struct {
	Kind       ChangeKind
	Collection string
	Generation uint32
	Key        string
	Ops        []crdt.Op // of a Document
	Data       []byte    // of all other kinds: as that kind says, opaque here
}

const (
	changeSame = 1 << 7 // collection and generation are those of the change before

	opSegments  = 4                 // shift of the number of path segments in an operation's head
	opManyNames = 7                 // so many or more: the number follows
	opShared    = 1 << 7            // begins with names of the path before
	opCode      = 1<<opSegments - 1 // the rest is the number of the operation's kind

	// maxDepth is how deep values in a body may nest.
	maxDepth = 1000
)

// bodyLimits are what values in a body may be. They are no policy: what was
// committed at one location must be readable at all others, so they only keep
// the parser's stack within bounds.
func bodyLimits() value.Limits {
	return value.Limits{Depth: maxDepth, Bytes: math.MaxInt, Members: math.MaxInt}
}

// AppendChange appends one change. A body is changes behind one another.
func AppendChange(dst []byte, c Change) []byte {
	return appendChange(dst, &c, false)
}

// AppendChanges appends changes and names a collection once for all changes to
// it that stand together.
func AppendChanges(dst []byte, changes []Change) []byte {
	for i := range changes {
		c := &changes[i]
		same := i > 0 && c.Collection == changes[i-1].Collection && c.Generation == changes[i-1].Generation
		dst = appendChange(dst, c, same)
	}
	return dst
}

// AppendInsert appends a change that inserts a whole document, given as
// canonical JSON text. It is what AppendChange does, without the value.
func AppendInsert(dst []byte, collection string, generation uint32, key string, text []byte) []byte {
	dst = appendHead(dst, &Change{Kind: Document, Collection: collection, Generation: generation, Key: key}, false)
	dst = append(dst, 1, byte(crdt.OpInsert))
	return AppendBytes(dst, text)
}

func appendHead(dst []byte, c *Change, same bool) []byte {
	if same {
		dst = append(dst, byte(c.Kind)|changeSame)
	} else {
		dst = AppendBytes(append(dst, byte(c.Kind)), c.Collection)
		dst = AppendUvarint(dst, uint64(c.Generation))
	}
	return AppendBytes(dst, c.Key)
}

func appendChange(dst []byte, c *Change, same bool) []byte {
	dst = appendHead(dst, c, same)
	if c.Kind != Document {
		return AppendBytes(dst, c.Data)
	}
	dst = AppendUvarint(dst, uint64(len(c.Ops)))
	var before value.Path
	for i := range c.Ops {
		dst = appendOp(dst, &c.Ops[i], before)
		before = c.Ops[i].Path
	}
	return dst
}

func appendOp(dst []byte, op *crdt.Op, before value.Path) []byte {
	shared := 0
	for shared < min(len(before), len(op.Path)) && before[shared] == op.Path[shared] {
		shared++
	}
	own := op.Path[shared:]
	head := byte(op.Kind)&opCode | byte(min(len(own), opManyNames)<<opSegments)
	if shared > 0 {
		head |= opShared
	}
	dst = append(dst, head)
	if shared > 0 {
		dst = AppendUvarint(dst, uint64(shared))
	}
	if len(own) >= opManyNames {
		dst = AppendUvarint(dst, uint64(len(own)))
	}
	for _, name := range own {
		dst = AppendBytes(dst, name)
	}
	switch {
	case op.Kind == crdt.OpDelta:
		return AppendVarint(dst, op.Number)
	case !op.Kind.HasValue():
		return dst
	}
	start := len(dst)
	return setLength(value.AppendJSON(append(dst, 0), op.Value), start)
}

// DecodeChanges reads a body. Data of the changes is part of body, not a copy.
func DecodeChanges(body []byte) ([]Change, error) {
	r := NewReader("changes", body)
	var out []Change
	for r.Len() > 0 {
		var before *Change
		if len(out) > 0 {
			before = &out[len(out)-1]
		}
		c := r.change(before)
		if r.err != nil {
			return nil, r.err
		}
		out = append(out, c)
	}
	return out, r.err
}

func (r *Reader) change(before *Change) Change {
	head := r.Byte()
	c := Change{Kind: ChangeKind(head &^ changeSame)}
	switch {
	case c.Kind == 0:
		r.Fail("change of kind 0")
	case c.Kind >= changeKindEnd:
		r.FailNewer(fmt.Sprintf("unknown %s", c.Kind))
	case head&changeSame == 0:
		c.Collection, c.Generation = r.name("collection"), r.Uvarint32()
	case before == nil:
		r.Fail("the first change names no collection")
	default:
		c.Collection, c.Generation = before.Collection, before.Generation
	}
	c.Key = r.name("key")
	if c.Kind != Document {
		c.Data = r.Bytes()
		return c
	}
	n := r.Count(1)
	if n == 0 || r.err != nil {
		return c
	}
	c.Ops = make([]crdt.Op, 0, min(n, 64)) // more only when they turn out to be there
	var path value.Path
	for range n {
		op := r.op(path)
		if r.err != nil {
			return c
		}
		c.Ops = append(c.Ops, op)
		path = op.Path
	}
	return c
}

// name reads a text that has to be valid UTF-8.
func (r *Reader) name(what string) string {
	b := r.Bytes()
	if !utf8.Valid(b) {
		r.Fail(what + " is not valid UTF-8")
		return ""
	}
	return string(b)
}

func (r *Reader) op(before value.Path) crdt.Op {
	head := r.Byte()
	op := crdt.Op{Kind: crdt.OpKind(head & opCode)}
	if !op.Kind.Known() {
		r.FailNewer("unknown " + op.Kind.String())
		return op
	}
	op.Path = r.path(head, before)
	switch {
	case op.Kind == crdt.OpDelta:
		op.Number = r.Varint()
	case op.Kind.HasValue():
		op.Value = r.value()
	}
	return op
}

func (r *Reader) path(head byte, before value.Path) value.Path {
	var shared uint64
	if head&opShared != 0 {
		shared = r.Uvarint()
	}
	own := int(head >> opSegments & opManyNames)
	if own == opManyNames {
		own = r.Count(1)
	}
	switch {
	case r.err != nil:
		return nil
	case shared > uint64(len(before)):
		r.Fail(fmt.Sprintf("path begins with %d names of one of %d", shared, len(before)))
		return nil
	case int(shared)+own > crdt.MaxPath:
		r.Fail(fmt.Sprintf("path of %d names, at most %d are read", int(shared)+own, crdt.MaxPath))
		return nil
	case own == 0:
		return before[:shared:shared]
	}
	path := append(make(value.Path, 0, int(shared)+own), before[:shared]...)
	for range own {
		path = append(path, r.name("name in a path"))
	}
	return path
}

// value reads a length and a JSON text.
func (r *Reader) value() value.Value {
	at := r.off
	text := r.Bytes()
	if r.err != nil {
		return value.Null()
	}
	v, err := value.Parse(text, bodyLimits())
	if err != nil {
		r.off = at
		r.Fail("value: " + err.Error())
	}
	return v
}
