package value

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Path names a place in a document by member names from its root. The empty
// path is the document itself.
type Path []string

const (
	pathNames = 100      // no deeper than Parse reads by default
	pathBytes = 64 << 10 // of text
)

// PathError says where the text of a path is wrong, and why.
type PathError struct {
	Text   string
	Offset int // bytes
	Reason string
}

// Error gives the reason and the place.
func (e *PathError) Error() string {
	return fmt.Sprintf("invalid path %q at byte %d: %s", shortened(e.Text), e.Offset, e.Reason)
}

// ParsePath reads what Path.String writes: names joined by dots, and between
// backticks where they are empty or have dots or backticks.
func ParsePath(text string) (Path, error) {
	fail := func(at int, reason string) (Path, error) {
		return nil, &PathError{Text: text, Offset: at, Reason: reason}
	}
	switch {
	case text == "":
		return nil, nil
	case len(text) > pathBytes:
		return fail(pathBytes, fmt.Sprintf("it is longer than %d bytes", pathBytes))
	case !utf8.ValidString(text):
		return fail(invalidAt(text), "it is not valid UTF-8")
	}
	var path Path
	for at := 0; ; at++ { // at is the start of a name
		if len(path) == pathNames {
			return fail(at, fmt.Sprintf("it has more than %d names", pathNames))
		}
		name, end, reason := pathName(text, at)
		if reason != "" {
			return fail(end, reason)
		}
		path = append(path, name)
		at = end
		switch {
		case at == len(text):
			return path, nil
		case text[at] != '.':
			return fail(at, "a dot must follow a quoted name")
		}
	}
}

// pathName reads the name at text[at:] and returns the offset behind it.
func pathName(text string, at int) (name string, end int, reason string) {
	if at == len(text) || text[at] == '.' {
		return "", at, "a name is missing here; an empty name is written ``"
	}
	if text[at] == '`' {
		return quotedName(text, at)
	}
	for end = at; end < len(text) && text[end] != '.'; end++ {
		if text[end] == '`' {
			return "", end, "a name with a backtick must be quoted"
		}
	}
	return text[at:end], end, ""
}

func quotedName(text string, at int) (name string, end int, reason string) {
	var b strings.Builder
	for i := at + 1; ; {
		tick := strings.IndexByte(text[i:], '`')
		if tick < 0 {
			return "", at, "the closing backtick is missing"
		}
		b.WriteString(text[i : i+tick])
		i += tick + 1
		if i == len(text) || text[i] != '`' {
			return b.String(), i, ""
		}
		b.WriteByte('`')
		i++
	}
}

// String writes the path so that ParsePath reads it back.
func (p Path) String() string {
	if len(p) == 1 && plainName(p[0]) {
		return p[0]
	}
	var b strings.Builder
	for i, name := range p {
		if i > 0 {
			b.WriteByte('.')
		}
		if plainName(name) {
			b.WriteString(name)
			continue
		}
		b.WriteByte('`')
		b.WriteString(strings.ReplaceAll(name, "`", "``"))
		b.WriteByte('`')
	}
	return b.String()
}

func plainName(name string) bool {
	return name != "" && !strings.ContainsAny(name, ".`")
}

// With returns the path one name deeper; it never shares room with p.
func (p Path) With(name string) Path {
	longer := make(Path, 0, len(p)+1)
	return append(append(longer, p...), name)
}

// Clone returns a copy.
func (p Path) Clone() Path { return slices.Clone(p) }

// Equal reports whether both paths have the same names.
func (p Path) Equal(q Path) bool { return slices.Equal(p, q) }

// Compare orders paths name by name; a path comes before those below it.
func (p Path) Compare(q Path) int { return slices.Compare(p, q) }

// HasPrefix reports whether p is at or below q.
func (p Path) HasPrefix(q Path) bool {
	return len(p) >= len(q) && slices.Equal(p[:len(q)], q)
}
