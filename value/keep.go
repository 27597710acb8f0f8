package value

import "unsafe"

// ownText tells whether the value refers to text that may belong to something larger.
func (v Value) ownText() bool { return v.kind != KindBool && v.text != "" }

// TextLen is the length of the text that AppendText copies.
func (v Value) TextLen() int {
	if !v.ownText() {
		return 0
	}
	return len(v.text)
}

// AppendText copies the text of a number, string or lazy value behind dst, and gives the same value referring to the
// copy. Other values come back as they are, and dst too. The copy must not be changed afterwards.
func (v Value) AppendText(dst []byte) (Value, []byte) {
	if !v.ownText() {
		return v, dst
	}
	at := len(dst)
	dst = append(dst, v.text...)
	v.text = unsafe.String(&dst[at], len(v.text))
	return v, dst
}

// Memory is about how many bytes the value holds besides itself: its text, and all that it is made of.
func (v Value) Memory() int {
	n := 0
	if v.ownText() {
		n = len(v.text)
	}
	if v.in == nil {
		return n
	}
	n += int(unsafe.Sizeof(*v.in))
	for i := range v.in.items {
		n += int(unsafe.Sizeof(v)) + v.in.items[i].Memory()
	}
	for i := range v.in.members {
		n += int(unsafe.Sizeof(v.in.members[i])) + v.in.members[i].Value.Memory()
	}
	return n
}
