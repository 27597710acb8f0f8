package value

import "fmt"

// AppendJSON appends the canonical text.
func AppendJSON(dst []byte, v Value) []byte {
	if v.lazy() {
		return append(dst, v.text...)
	}
	switch v.kind {
	case KindBool, KindNumber:
		return append(dst, v.text...)
	case KindString:
		return AppendQuoted(dst, v.text)
	case KindArray:
		dst = append(dst, '[')
		for i, item := range v.Items() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = AppendJSON(dst, item)
		}
		return append(dst, ']')
	case KindObject:
		dst = append(dst, '{')
		members := v.Members()
		for i := range members {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = AppendQuoted(dst, members[i].Name)
			dst = append(dst, ':')
			dst = AppendJSON(dst, members[i].Value)
		}
		return append(dst, '}')
	}
	return append(dst, "null"...)
}

// AppendQuoted appends a string, which must be valid UTF-8, as JSON: only the
// quote, the backslash and control characters are escaped, as short as can be.
func AppendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	done := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[done:i]...)
		done = i + 1
		dst = appendEscape(dst, c)
	}
	dst = append(dst, s[done:]...)
	return append(dst, '"')
}

func appendEscape(dst []byte, c byte) []byte {
	const digits = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	return append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
}

// MarshalJSON gives the canonical text, so that a Value can be a field of
// something that encoding/json writes.
func (v Value) MarshalJSON() ([]byte, error) { return AppendJSON(nil, v), nil }

// UnmarshalJSON parses under DefaultLimits.
func (v *Value) UnmarshalJSON(text []byte) error {
	parsed, err := Parse(text, Limits{})
	if err != nil {
		return fmt.Errorf("reading a value: %w", err)
	}
	*v = parsed
	return nil
}
