package value

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestKeysOrderByExample(t *testing.T) {
	t.Parallel()
	for i, group := range ascending {
		for j, other := range ascending {
			a := AppendKey(nil, mustParse(t, group[len(group)-1]))
			b := AppendKey(nil, mustParse(t, other[0]))
			if got, want := bytes.Compare(a, b), max(-1, min(1, i-j)); got != want {
				t.Errorf("keys of %s and %s compare as %d, want %d", group, other, got, want)
			}
		}
	}
}

func TestKeysOrderAsValues(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := genValue(3)
		a, b := g.Draw(t, "a"), g.Draw(t, "b")
		if got, want := bytes.Compare(AppendKey(nil, a), AppendKey(nil, b)), Compare(a, b); got != want {
			t.Fatalf("keys of %v and %v compare as %d, values as %d", a, b, got, want)
		}
	})
}

func TestTuplesOrderAsTheirValues(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tuple := rapid.SliceOfN(genValue(1), 3, 3)
		a, b := tuple.Draw(t, "a"), tuple.Draw(t, "b")
		var x, y []byte
		want := 0
		for i := range a {
			x, y = AppendKey(x, a[i]), AppendKey(y, b[i])
			if want == 0 {
				want = Compare(a[i], b[i])
			}
		}
		if got := bytes.Compare(x, y); got != want {
			t.Fatalf("keys of %v and %v compare as %d, want %d", a, b, got, want)
		}
		for _, v := range a {
			got, rest, err := DecodeKey(x)
			if err != nil || !Equal(v, got) {
				t.Fatalf("%v decoded as %v, %v", v, got, err)
			}
			x = rest
		}
		if len(x) != 0 {
			t.Fatalf("%x left over", x)
		}
	})
}

// Keys are stored, so their bytes are a format: a change here needs a new one.
func TestKeyBytesAreFixed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`null`:             "\x10",
		`false`:            "\x20",
		`true`:             "\x21",
		`-0`:               "\x30\x80\x00\x00\x00\x00\x00\x00\x00",
		`1.50`:             "\x30\xbf\xf8\x00\x00\x00\x00\x00\x00",
		`-1.5`:             "\x30\x40\x07\xff\xff\xff\xff\xff\xff",
		`"a\u0000b"`:       "\x40a\x00\xffb\x00\x01",
		`[null,true,null]`: "\x50\x10\x21\x00",
		`{"b":true,"a":false,"c":null,"\u0000":{}}`: "\x60\x01\xff\x00\xff\xfe\x60\x00\x01\x9e\xff\xfe\x20\x01\x9d\xff\xfe\x21\x00",
	} {
		if got := AppendKey(nil, mustParse(t, text)); string(got) != want {
			t.Errorf("%s encodes as %x, want %x", text, got, want)
		}
	}
}

func TestStringAndNumberKeys(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 2, 0x7f, 0xfe, 0xff}), 0, 5)
		a, b := string(g.Draw(t, "a")), string(g.Draw(t, "b"))
		m, n := rapid.Uint64().Draw(t, "m"), rapid.Uint64().Draw(t, "n")
		x := AppendKeyUint64(AppendKeyString(nil, a), m)
		y := AppendKeyUint64(AppendKeyString(nil, b), n)
		want := strings.Compare(a, b)
		if want == 0 && m != n {
			want = 1
			if m < n {
				want = -1
			}
		}
		if got := bytes.Compare(x, y); got != want {
			t.Fatalf("%x and %x compare as %d, want %d", x, y, got, want)
		}
		s, rest, err := DecodeKeyString(x)
		if err != nil || s != a {
			t.Fatalf("%q decoded as %q, %v", a, s, err)
		}
		k, rest, err := DecodeKeyUint64(rest)
		if err != nil || k != m || len(rest) != 0 {
			t.Fatalf("%d decoded as %d, %x left, %v", m, k, rest, err)
		}
	})
}

var badKeys = []string{
	"", "\x00", "\xff", "\x30", "\x30\x80\x00\x00\x00\x00\x00\x00",
	"\x30\xff\xf0\x00\x00\x00\x00\x00\x00", // infinity
	"\x30\xff\xf8\x00\x00\x00\x00\x00\x00", // not a number
	"\x30\x7f\xff\xff\xff\xff\xff\xff\xff", // negative zero
	"\x40", "\x40a", "\x40a\x00", "\x40a\x00\x02", "\x40\xff\x00\x01",
	"\x50", "\x50\x10\x00", "\x50\x20", "\x50\x50\x00",
	"\x60", "\x60\x02", "\x60\x01", "\x60\x01\x9e\xff\xfe", "\x60\x01\x9e\xff\xfe\x10\x00",
	"\x60\x01\x9e\xff\xfe\x20\x01\x9e\xff\xfe\x20\x00", // the same name twice
	"\x60\x01\x9d\xff\xfe\x20\x01\x9e\xff\xfe\x20\x00", // b before a
	strings.Repeat("\x50", keyDepth+1),
}

func TestBadKeysAreRefused(t *testing.T) {
	t.Parallel()
	for _, key := range badKeys {
		if v, _, err := DecodeKey([]byte(key)); !errors.Is(err, ErrKey) {
			t.Errorf("%x gave %v, %v", key, v, err)
		}
	}
	if _, _, err := DecodeKeyUint64(make([]byte, 7)); !errors.Is(err, ErrKey) {
		t.Errorf("seven bytes of a number: %v", err)
	}
}

func FuzzDecodeKey(f *testing.F) {
	for _, group := range ascending {
		f.Add(AppendKey(nil, mustParse(f, group[0])))
	}
	for _, key := range badKeys {
		f.Add([]byte(key))
	}
	f.Fuzz(func(t *testing.T, key []byte) {
		v, rest, err := DecodeKey(key)
		if err != nil {
			if !errors.Is(err, ErrKey) {
				t.Fatalf("%x: %v", key, err)
			}
			return
		}
		used := key[:len(key)-len(rest)]
		if again := AppendKey(nil, v); !bytes.Equal(used, again) {
			t.Fatalf("%x decoded as %v, which encodes as %x", used, v, again)
		}
	})
}

// TestSkipKeyFindsTheEnd passes over what DecodeKey reads.
func TestSkipKeyFindsTheEnd(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v, tail := genValue(3).Draw(t, "value"), rapid.SliceOf(rapid.Byte()).Draw(t, "tail")
		key := append(AppendKey(nil, v), tail...)
		rest, err := SkipKey(key)
		if err != nil || !bytes.Equal(rest, tail) {
			t.Fatalf("%v: %x is left of %x (%v)", v, rest, tail, err)
		}
		s := genText().Draw(t, "text")
		if rest, err = SkipKeyString(append(AppendKeyString(nil, s), tail...)); err != nil || !bytes.Equal(rest, tail) {
			t.Fatalf("%q: %x is left of %x (%v)", s, rest, tail, err)
		}
	})
}

func FuzzSkipKey(f *testing.F) {
	for _, v := range []Value{Null(), Bool(true), Int(-3), String("a\x00b"), Array(Int(1), Object(Member{"a", String("x")}))} {
		f.Add(AppendKey(nil, v))
	}
	f.Add([]byte{tagArray, tagString, 'a', 0, 1, markMember})
	f.Fuzz(func(t *testing.T, key []byte) {
		rest, err := SkipKey(key)
		_, decoded, failed := DecodeKey(key)
		if failed == nil && (err != nil || !bytes.Equal(rest, decoded)) {
			t.Fatalf("%x leaves %x (%v), decoding leaves %x", key, rest, err, decoded)
		}
		if err == nil && len(rest) >= len(key) {
			t.Fatalf("%x: nothing was passed over", key)
		}
	})
}
