package http

import (
	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/value"
)

// fields reads the members of a body and remembers the first that has the
// wrong type. Members that nobody asks for are passed over, as clients send
// options of other releases.
type fields struct {
	of  value.Value
	err error
}

// object starts reading; a body that is not an object is an error.
func object(v value.Value) *fields {
	f := &fields{of: v}
	if v.Kind() != value.KindObject {
		f.err = api.Fail(api.BadParameter, "the body is %s, want an object", v.Kind())
	}
	return f
}

// find gives a member of one kind; null counts as absent.
func (f *fields) find(name string, kind value.Kind) (value.Value, bool) {
	v, ok := f.of.Get(name)
	if !ok || v.IsNull() || f.err != nil {
		return value.Null(), false
	}
	if v.Kind() != kind {
		f.err = api.Fail(api.BadParameter, "%s is %s, want %s", name, v.Kind(), kind)
		return value.Null(), false
	}
	return v, true
}

func (f *fields) text(name string) string {
	v, _ := f.find(name, value.KindString)
	return v.Str()
}

// want is text that must be there.
func (f *fields) want(name string) string {
	v, ok := f.find(name, value.KindString)
	if f.err == nil && (!ok || v.Str() == "") {
		f.err = api.Fail(api.BadParameter, "%s is missing", name)
	}
	return v.Str()
}

func (f *fields) textOr(name string) *string {
	if v, ok := f.find(name, value.KindString); ok {
		s := v.Str()
		return &s
	}
	return nil
}

func (f *fields) flag(name string, absent bool) bool {
	if v, ok := f.find(name, value.KindBool); ok {
		return v.Bool()
	}
	return absent
}

func (f *fields) flagOr(name string) *bool {
	if v, ok := f.find(name, value.KindBool); ok {
		b := v.Bool()
		return &b
	}
	return nil
}

// integer reads a whole number within bounds.
func (f *fields) integer(name string, absent, least, most int64) int64 {
	v, ok := f.find(name, value.KindNumber)
	if !ok {
		return absent
	}
	n, whole := v.Int64()
	if !whole || n < least || n > most {
		f.err = api.Fail(api.BadParameter, "%s is %s, want a whole number from %d to %d", name, v.Digits(), least, most)
		return absent
	}
	return n
}

func (f *fields) floatOr(name string) *float64 {
	if v, ok := f.find(name, value.KindNumber); ok {
		n := v.Float64()
		return &n
	}
	return nil
}

// texts reads an array of strings.
func (f *fields) texts(name string) []string {
	v, ok := f.find(name, value.KindArray)
	if !ok {
		return nil
	}
	out, err := texts(name, v)
	if err != nil && f.err == nil {
		f.err = err
	}
	return out
}

// texts turns an array value into strings.
func texts(name string, v value.Value) ([]string, error) {
	if v.Kind() != value.KindArray {
		return nil, api.Fail(api.BadParameter, "%s is %s, want an array of strings", name, v.Kind())
	}
	out := make([]string, 0, len(v.Items()))
	for i, item := range v.Items() {
		if item.Kind() != value.KindString {
			return nil, api.Fail(api.BadParameter, "%s[%d] is %s, want a string", name, i, item.Kind())
		}
		out = append(out, item.Str())
	}
	return out, nil
}

// sub reads an object member, null when absent.
func (f *fields) sub(name string) value.Value {
	v, _ := f.find(name, value.KindObject)
	return v
}

// fail notes that something is wrong, unless something was before.
func (f *fields) fail(format string, args ...any) {
	if f.err == nil {
		f.err = api.Fail(api.BadParameter, format, args...)
	}
}
