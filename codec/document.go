package codec

import (
	"encoding/binary"
	"fmt"

	"github.com/cespare/xxhash/v2"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/crdt"
	"github.com/selvedge-db/selvedge/value"
)

// The stored record of a document. What it shows stands last, as canonical text, so that reading needs no decoding.
//
//	+----------------+-----------+--------------------+--------------------+------+
//	| version, flags | hash      | touched            | extension          | text |
//	| 4 bits, 4 bits | 4, of the | 12: time 8 and     | only with the flag | JSON |
//	| 1 byte         | text      | origin 4, high     | 'extended'         |      |
//	|                |           | byte first         |                    |      |
//	+----------------+-----------+--------------------+--------------------+------+
//
// Without an extension every path bears the stamp 'touched', or is folded, which is the same to whatever can still arrive. That is
// what a fresh insert and a document at rest look like: 17 bytes.
//
//	extension: length (uvarint) | stamps: count (uvarint), 12 bytes each | root node
//	node:      flags (1) | [stamp] | [stamp of its plain members] | [register's text] | [text of its plain members] | [slots] |
//	           [count, then name and node of each child]
//	slots:     kinds (1 byte, a bit each) | per kind a count, then per item
//	           counter: stamp of the last delta, how far back the first lies, sum | set: text, count and stamps of the dots |
//	           max, min, multi: stamp, text
//
// A stamp in a node is an index into the table, from 1; 0 is the folded stamp. Only nodes that the text and the stamp of their
// parent's plain members do not tell all about are listed; values are listed only where the text does not show them.

const (
	documentVersion = 1

	recordHidden   = 1 << 0
	recordExtended = 1 << 1
	recordFlags    = recordHidden | recordExtended

	hashAt      = 1
	touchedAt   = hashAt + 4
	recordFixed = touchedAt + StampSize
)

const (
	nodeState      = 3 // bits of crdt.State; nodeLoose in their place is a scalar that is a loose set
	nodeLoose      = 3
	nodeSlots      = 1 << 2
	nodeChildren   = 1 << 3
	nodePlainStamp = 1 << 4
	nodeStamp      = 1 << 5
	nodeValue      = 1 << 6
	nodePlain      = 1 << 7
)

const (
	slotCounter = 1 << iota
	slotSet
	slotMax
	slotMin
	slotMulti
	slotKinds = iota
)

// maxNodeDepth bounds the nesting of nodes and of the text: a path and a value below it.
const maxNodeDepth = 2 * crdt.MaxPath

// ContentHash is the part of a revision that tells what a document shows.
func ContentHash(text []byte) uint32 {
	h := xxhash.Sum64(text)
	return uint32(h ^ h>>32)
}

// AppendUniformDocument appends the record of a document that one insert wrote, whose stamp is not known yet. stampOffset is where
// it goes, counted from the beginning of dst.
func AppendUniformDocument(dst []byte, v value.Value) (rec []byte, stampOffset int) {
	start := len(dst)
	dst = value.AppendJSON(appendRecordHead(dst, 0, crdt.Pending), v)
	binary.LittleEndian.PutUint32(dst[start+hashAt:], ContentHash(dst[start+recordFixed:]))
	return dst, start + touchedAt
}

// PatchStamp writes a stamp over the placeholder at an offset that AppendUniformDocument or AppendDocumentPending gave.
func PatchStamp(record []byte, offset int, s clock.Stamp) {
	if offset < 0 || offset+StampSize > len(record) {
		return
	}
	AppendStamp(record[offset:offset:offset+StampSize], s)
}

func appendRecordHead(dst []byte, flags byte, touched clock.Stamp) []byte {
	dst = append(dst, documentVersion<<4|flags)
	dst = AppendUint32(dst, 0)
	return AppendStamp(dst, touched)
}

// AppendDocument appends the record of a document. The declarations choose what its text shows.
func AppendDocument(dst []byte, d *crdt.Document, decls crdt.Declarations) []byte {
	dst, _ = appendDocument(dst, d, decls, nil)
	return dst
}

// AppendDocumentPending appends the record of a document that a transaction without a stamp has changed, under crdt.Pending. The
// offsets, from the beginning of dst, are where the stamp goes.
func AppendDocumentPending(dst []byte, d *crdt.Document, decls crdt.Declarations) (rec []byte, offsets []int) {
	return appendDocument(dst, d, decls, make([]int, 0, 2))
}

func appendDocument(dst []byte, d *crdt.Document, decls crdt.Declarations, offsets []int) ([]byte, []int) {
	start, flags := len(dst), byte(0)
	if !d.Exists() {
		flags |= recordHidden
	}
	quiet := d.Quiet()
	if !quiet {
		flags |= recordExtended
	}
	dst = appendRecordHead(dst, flags, d.Touched())
	if d.Touched() == crdt.Pending {
		offsets = append(offsets, start+touchedAt)
	}
	if !quiet {
		var w documentWriter
		w.node(d.Root(), clock.Stamp{}, true, true)
		table := AppendUvarint(make([]byte, 0, 10+len(w.stamps)*StampSize), uint64(len(w.stamps)))
		count := len(table)
		for _, s := range w.stamps {
			table = AppendStamp(table, s)
		}
		dst = AppendUvarint(dst, uint64(len(table)+len(w.out)))
		for i, s := range w.stamps {
			if s == crdt.Pending {
				offsets = append(offsets, len(dst)+count+i*StampSize)
			}
		}
		dst = append(append(dst, table...), w.out...)
	}
	text := len(dst)
	dst = value.AppendJSON(dst, d.HiddenView(decls))
	binary.LittleEndian.PutUint32(dst[start+hashAt:], ContentHash(dst[text:]))
	return dst, offsets
}

// documentWriter writes nodes and collects their stamps.
type documentWriter struct {
	out    []byte
	stamps []clock.Stamp // few: as many as transactions under way that touched the document
}

func (w *documentWriter) stamp(s clock.Stamp) {
	if s.IsZero() {
		w.out = AppendUvarint(w.out, 0)
		return
	}
	for i := range w.stamps {
		if w.stamps[i] == s {
			w.out = AppendUvarint(w.out, uint64(i+1))
			return
		}
	}
	w.stamps = append(w.stamps, s)
	w.out = AppendUvarint(w.out, uint64(len(w.stamps)))
}

func (w *documentWriter) text(v value.Value) {
	w.out = AppendBytes(w.out, value.AppendJSON(nil, v))
}

// node writes a node. inherited is the stamp of its parent's plain members; shown says that the text shows it, if it is to be seen.
func (w *documentWriter) node(n *crdt.Node, inherited clock.Stamp, shown, root bool) {
	inText := shown && n.Slots == nil
	open := inText && (root || n.State == crdt.Object)
	own := root || len(n.Plain.Members()) > 0
	covering := inherited
	if own {
		covering = n.PlainStamp
	}
	plain, listed := splitMembers(n, covering, open)
	flags := byte(n.State)
	if n.Loose {
		flags = nodeLoose
	}
	set := func(bit byte, on bool) bool {
		if on {
			flags |= bit
		}
		return on
	}
	at := len(w.out)
	w.out = append(w.out, 0)
	if set(nodeStamp, n.Stamp != inherited) {
		w.stamp(n.Stamp)
	}
	if set(nodePlainStamp, covering != inherited) {
		w.stamp(covering)
	}
	if set(nodeValue, n.State == crdt.Scalar && !inText) {
		w.text(n.Value)
	}
	if set(nodePlain, len(plain) > 0) {
		w.text(value.Object(plain...))
	}
	if set(nodeSlots, n.Slots != nil) {
		w.slots(n.Slots)
	}
	if set(nodeChildren, len(listed) > 0) {
		w.out = AppendUvarint(w.out, uint64(len(listed)))
		for _, c := range listed {
			w.out = AppendBytes(w.out, c.Name)
			w.node(c.Node, covering, open, false)
		}
	}
	w.out[at] = flags
}

// splitMembers tells the children that need a place of their own from what is as plain as Plain is. The plain ones are returned only
// when the text does not show them.
func splitMembers(n *crdt.Node, covering clock.Stamp, open bool) (plain []value.Member, listed []crdt.Child) {
	if !open {
		plain = append(plain, n.Plain.Members()...)
	}
	for _, c := range n.Children {
		switch {
		case !isPlain(c.Node, covering):
			listed = append(listed, c)
		case !open:
			plain = append(plain, value.Member{Name: c.Name, Value: c.Node.Content()})
		}
	}
	return plain, listed
}

// isPlain reports whether a node could be a member of its parent's Plain.
func isPlain(n *crdt.Node, covering clock.Stamp) bool {
	members := len(n.Plain.Members())
	if n.State == crdt.Absent || n.Loose || n.Stamp != covering || n.Slots != nil || (members > 0 && n.PlainStamp != covering) {
		return false
	}
	if n.State == crdt.Scalar {
		return members == 0 && len(n.Children) == 0
	}
	for _, c := range n.Children {
		if !isPlain(c.Node, covering) {
			return false
		}
	}
	return true
}

func (w *documentWriter) slots(s *crdt.Slots) {
	at := len(w.out)
	w.out = append(w.out, 0)
	kinds := byte(0)
	begin := func(kind byte, n int) {
		if n > 0 {
			kinds |= kind
			w.out = AppendUvarint(w.out, uint64(n))
		}
	}
	begin(slotCounter, len(s.Counter))
	for _, r := range s.Counter {
		w.stamp(r.Stamp())
		w.out = AppendUvarint(w.out, uint64(r.Last-r.From))
		w.out = AppendVarint(w.out, r.Sum)
	}
	begin(slotSet, len(s.Set))
	for _, e := range s.Set {
		w.text(e.Value)
		w.out = AppendUvarint(w.out, uint64(len(e.Dots)))
		for _, dot := range e.Dots {
			w.stamp(dot)
		}
	}
	for i, list := range [...][]crdt.Candidate{s.Max, s.Min, s.Multi} {
		begin(slotMax<<i, len(list))
		for _, c := range list {
			w.stamp(c.Stamp)
			w.text(c.Value)
		}
	}
	w.out[at] = kinds
}

// recordTextAt returns where the text begins, or -1.
func recordTextAt(record []byte) int {
	if len(record) < recordFixed || record[0]>>4 != documentVersion || record[0]&0xF&^recordFlags != 0 {
		return -1
	}
	if record[0]&recordExtended == 0 {
		return recordFixed
	}
	size, n := binary.Uvarint(record[recordFixed:])
	if n <= 0 || size > uint64(len(record)-recordFixed-n) {
		return -1
	}
	return recordFixed + n + int(size)
}

// RecordText returns what the document shows, or would show if it were not hidden: a part of the record. Nil if it is no record.
func RecordText(record []byte) []byte {
	at := recordTextAt(record)
	if at < 0 {
		return nil
	}
	return record[at:]
}

// RecordHidden reports whether the document is removed, and only remembered.
func RecordHidden(record []byte) bool { return len(record) > 0 && record[0]&recordHidden != 0 }

// RecordQuiet reports whether one stamp speaks for the whole document, which is not hidden.
func RecordQuiet(record []byte) bool {
	return len(record) > 0 && record[0]&(recordExtended|recordHidden) == 0
}

// RecordSettled reports whether nothing in the record is left to fold: the document is not hidden, and one stamp speaks for all of
// it or none of its stamps is kept. Such a record may still say what its text cannot, as that a set has no base.
func RecordSettled(record []byte) bool {
	if RecordQuiet(record) {
		return true
	}
	if len(record) <= recordFixed || RecordHidden(record) {
		return false
	}
	r := NewReader("document", record[recordFixed:])
	r.Uvarint()
	return r.Uvarint() == 0 && r.Err() == nil
}

// RecordRev returns the two parts of the document's revision: the newest stamp that touched it and the hash of its text.
func RecordRev(record []byte) (touched clock.Stamp, hash uint32) {
	if len(record) < recordFixed {
		return clock.Stamp{}, 0
	}
	r := NewReader("document", record[hashAt:])
	hash = r.Uint32()
	return r.Stamp(), hash
}

// RecordMetaLen returns how many bytes of the record are not its text.
func RecordMetaLen(record []byte) int { return max(recordTextAt(record), 0) }

// DecodeDocument reads a record. It shares no bytes with it.
func DecodeDocument(record []byte) (*crdt.Document, error) {
	r := NewReader("document", record)
	head := r.Byte()
	if head>>4 > documentVersion || head&0xF&^recordFlags != 0 {
		r.FailNewer("the version or a flag is not known")
	} else if head>>4 != documentVersion {
		r.Fail("no version 0 was ever written")
	}
	r.Uint32()
	touched := r.Stamp()
	var extension []byte
	if head&recordExtended != 0 {
		extension = r.Bytes()
	} else if head&recordHidden != 0 {
		r.Fail("a hidden document must have an extension")
	}
	if r.Err() != nil {
		return nil, r.Err()
	}
	text, err := value.Parse(r.Rest(), value.Limits{Depth: maxNodeDepth, Bytes: len(record)})
	if err == nil && text.Kind() != value.KindObject {
		err = fmt.Errorf("it is %v, not an object", text.Kind())
	}
	if err != nil {
		return nil, &FormatError{What: "document", Offset: r.Offset(), Reason: "the text: " + err.Error(), Kind: ErrMalformed}
	}
	if head&recordExtended == 0 {
		return crdt.Uniform(text, touched), nil
	}
	return decodeExtended(extension, text, touched, head&recordHidden != 0)
}

func decodeExtended(extension []byte, text value.Value, touched clock.Stamp, hidden bool) (*crdt.Document, error) {
	d := documentReader{Reader: NewReader("document extension", extension)}
	d.stamps = make([]clock.Stamp, d.Count(StampSize))
	for i := range d.stamps {
		d.stamps[i] = d.Stamp()
	}
	root := d.node(place{text: text, present: true, shown: true, root: true})
	if d.Err() == nil && (root.State == crdt.Scalar || root.Slots != nil || (root.State == crdt.Absent) != hidden) {
		d.Fail("the root is no document, or hidden against what the record says")
	}
	if err := d.Done(); err != nil {
		return nil, err
	}
	return crdt.Restore(root, touched), nil
}

// documentReader reads nodes.
type documentReader struct {
	Reader
	stamps []clock.Stamp
	depth  int
}

// place is where a node is: what the text shows there, and the stamp of its parent's plain members.
type place struct {
	text      value.Value
	present   bool // in the text
	shown     bool // everything above is open to the text
	root      bool
	inherited clock.Stamp
}

func (d *documentReader) stampIndex() clock.Stamp {
	i := d.Uvarint()
	if i == 0 {
		return clock.Stamp{}
	}
	if i > uint64(len(d.stamps)) {
		d.Fail(fmt.Sprintf("stamp %d of %d", i, len(d.stamps)))
		return clock.Stamp{}
	}
	return d.stamps[i-1]
}

func (d *documentReader) value() value.Value {
	b := d.Bytes()
	if d.Err() != nil {
		return value.Value{}
	}
	v, err := value.Parse(b, value.Limits{Depth: maxNodeDepth, Bytes: max(len(b), 1)})
	if err != nil {
		d.Fail("a value: " + err.Error())
	}
	return v
}

// node reads a node. After a failure it returns whatever it has.
func (d *documentReader) node(p place) *crdt.Node {
	flags := d.Byte()
	n := &crdt.Node{State: crdt.State(flags & nodeState), Stamp: p.inherited, PlainStamp: p.inherited}
	if flags&nodeState == nodeLoose {
		n.State, n.Loose = crdt.Scalar, true
	}
	if flags&nodeStamp != 0 {
		n.Stamp = d.stampIndex()
	}
	if flags&nodePlainStamp != 0 {
		n.PlainStamp = d.stampIndex()
	}
	inText := p.shown && flags&nodeSlots == 0
	open := inText && (p.root || n.State == crdt.Object)
	d.content(n, p, flags, inText, open)
	if flags&nodeSlots != 0 {
		n.Slots = d.slots()
	}
	if flags&nodeChildren != 0 {
		d.children(n, p, open)
	}
	return n
}

// content reads the register and the plain members, or takes them from the text.
func (d *documentReader) content(n *crdt.Node, p place, flags byte, inText, open bool) {
	switch {
	case (flags&nodeValue != 0) != (n.State == crdt.Scalar && !inText):
		d.Fail("a value where the text has it, or none where it has not")
	case flags&nodeValue != 0:
		n.Value = d.value()
	case n.State == crdt.Scalar:
		n.Value = p.text
	}
	if n.Loose && n.Value.Kind() != value.KindArray {
		d.Fail("a loose set that is no array")
	}
	if n.State == crdt.Scalar && (n.Value.Kind() == value.KindObject || (inText && !p.present)) {
		d.Fail("no scalar and no array where the register is one")
	}
	if flags&nodePlain != 0 {
		n.Plain = d.value()
	}
	if flags&nodePlain != 0 && (open || n.Plain.Kind() != value.KindObject) {
		d.Fail("plain members that the text has already, or that are no object")
	}
	if open {
		if p.text.Kind() != value.KindObject {
			d.Fail("no object in the text where the register says so")
		}
		n.Plain = p.text
	}
}

// children reads the listed members, and takes them out of the plain ones.
func (d *documentReader) children(n *crdt.Node, p place, open bool) {
	if d.depth++; d.depth > maxNodeDepth {
		d.Fail("nodes are nested too deep")
		return
	}
	count := d.Count(2)
	n.Children = make([]crdt.Child, 0, count)
	plain, members := make([]value.Member, 0, len(n.Plain.Members())), n.Plain.Members()
	for i := range count {
		name := d.String()
		if i > 0 && name <= n.Children[i-1].Name {
			d.Fail("members are out of order")
		}
		for len(members) > 0 && members[0].Name < name {
			plain, members = append(plain, members[0]), members[1:]
		}
		below := place{shown: open, inherited: n.PlainStamp}
		if len(members) > 0 && members[0].Name == name {
			below.text, below.present = members[0].Value, true
			members = members[1:]
		}
		child := d.node(below)
		if d.Err() != nil {
			return
		}
		n.Children = append(n.Children, crdt.Child{Name: name, Node: child})
	}
	n.Plain = value.Object(append(plain, members...)...)
	d.depth--
}

func (d *documentReader) slots() *crdt.Slots {
	kinds := d.Byte()
	if kinds == 0 || kinds >= 1<<slotKinds {
		d.Fail("slots of no kind that is known")
	}
	s := &crdt.Slots{}
	count := func(kind byte) int {
		if kinds&kind == 0 {
			return 0
		}
		n := d.Count(2)
		if n == 0 {
			d.Fail("a slot with nothing in it")
		}
		return n
	}
	for range count(slotCounter) {
		last := d.stampIndex()
		back := clock.Time(d.Uvarint())
		if back > last.Time {
			d.Fail("a run begins before time zero")
		}
		s.Counter = append(s.Counter, crdt.Run{Origin: last.Origin, Last: last.Time, From: last.Time - back, Sum: d.Varint()})
	}
	for range count(slotSet) {
		s.Set = append(s.Set, d.element())
	}
	for i, list := range [...]*[]crdt.Candidate{&s.Max, &s.Min, &s.Multi} {
		for range count(slotMax << i) {
			stamp := d.stampIndex()
			*list = append(*list, crdt.Candidate{Stamp: stamp, Value: d.value()})
		}
	}
	return s
}

func (d *documentReader) element() crdt.Element {
	e := crdt.Element{Value: d.value()}
	n := d.Count(1)
	if n == 0 {
		d.Fail("an element that nothing keeps in its set")
	}
	for range n {
		e.Dots = append(e.Dots, d.stampIndex())
	}
	return e
}
