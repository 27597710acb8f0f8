package rowsource

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"
)

// field is one field of a record. raw is the text before escapes were taken
// away, which is what the null text is compared with.
type field struct {
	text   []byte
	raw    []byte
	quoted bool
}

// csvSource reads records.
type csvSource struct {
	in      *bufio.Reader
	o       Options
	comma   byte // between fields
	key     int  // index of the key's column, -1 for none
	line    int  // of the next byte
	ended   bool // the byte before was the end of a line
	first   int  // line of the record
	size    int  // bytes of the record so far
	fields  []field
	problem error // of the record so far
}

func openCSV(in *bufio.Reader, o Options) (Source, error) {
	s := &csvSource{in: in, o: o, comma: cmp.Or(o.Delimiter, ','), key: -1, line: 1}
	if len(o.Columns) == 0 {
		if err := s.record(); err != nil {
			if errors.Is(err, io.EOF) {
				return nil, errors.New("the input is empty: want a record with the names of the columns, or the columns as an option")
			}
			return nil, err
		}
		if s.problem != nil {
			return nil, fmt.Errorf("names of the columns: %w", s.problem)
		}
		if hint := s.otherDelimiter(); len(s.fields) == 1 && hint != "" {
			return nil, fmt.Errorf("names of the columns: there is only one, %q; %s, and --delimiter , if one column is right", s.fields[0].text, hint)
		}
		for _, f := range s.fields {
			s.o.Columns = append(s.o.Columns, string(f.text))
		}
	}
	seen := map[string]bool{}
	for i, name := range s.o.Columns {
		if !utf8.ValidString(name) {
			return nil, fmt.Errorf("column %d: the name is not valid UTF-8", i+1)
		}
		if name != "" && seen[name] {
			return nil, fmt.Errorf("column %q comes twice", name)
		}
		seen[name] = true
	}
	if o.Key != "" {
		if s.key = slices.Index(s.o.Columns, o.Key); s.key < 0 {
			return nil, fmt.Errorf("there is no column %q for the key", o.Key)
		}
	}
	return s, nil
}

func (s *csvSource) Next() (Row, error) {
	for {
		line := s.line
		if err := s.record(); err != nil {
			return Row{}, err
		}
		if s.problem == nil && len(s.fields) == 1 && len(s.fields[0].raw) == 0 && !s.fields[0].quoted && len(s.o.Columns) > 1 {
			continue // an empty line
		}
		document, err := s.document()
		if last := s.lastLine(); err != nil && last > line {
			err = fmt.Errorf("%w; the row goes to line %d, because of a quote", err, last)
		}
		return Row{Line: line, Document: document, Err: err}, nil
	}
}

// lastLine is the line of the last byte that was read.
func (s *csvSource) lastLine() int {
	if s.ended {
		return s.line - 1
	}
	return s.line
}

func (s *csvSource) document() ([]byte, error) {
	if s.problem != nil {
		return nil, s.problem
	}
	if len(s.fields) != len(s.o.Columns) {
		err := fmt.Errorf("the row has %d fields, want %d", len(s.fields), len(s.o.Columns))
		if hint := s.otherDelimiter(); hint != "" && len(s.fields) < len(s.o.Columns) {
			err = fmt.Errorf("%w; %s", err, hint)
		}
		return nil, err
	}
	out := []byte{'{'}
	if s.key >= 0 && s.o.Key != "_key" {
		f := s.fields[s.key]
		if s.isNull(f) || len(f.text) == 0 {
			return nil, fmt.Errorf("field %q is empty and can't be the key", s.o.Key)
		}
		out = AppendString(append(out, `"_key":`...), string(f.text))
	}
	for i, f := range s.fields {
		name := s.o.Columns[i]
		if name == "" {
			continue
		}
		if !utf8.Valid(f.text) {
			return nil, fmt.Errorf("field %q is not valid UTF-8", name)
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(AppendString(out, name), ':')
		switch {
		case s.isNull(f):
			out = append(out, "null"...)
		case s.o.Prefix[name] != "":
			out = AppendString(out, s.o.Prefix[name]+string(f.text))
		case !f.quoted && name != "_key" && IsNumber(string(f.text)):
			out = append(out, f.text...)
		default:
			out = AppendString(out, string(f.text))
		}
	}
	return append(out, '}'), nil
}

// otherDelimiter says how to read a record that seems to have been written with another delimiter, where none was given.
func (s *csvSource) otherDelimiter() string {
	if s.o.Delimiter != 0 {
		return ""
	}
	for _, f := range s.fields {
		at := bytes.IndexAny(f.text, ";\t|")
		switch {
		case f.quoted || at < 0:
		case f.text[at] == '\t':
			return "want --delimiter tab if tabs stand between the fields"
		default:
			return fmt.Sprintf("want --delimiter '%c' if that stands between the fields", f.text[at])
		}
	}
	return ""
}

func (s *csvSource) isNull(f field) bool {
	return s.o.Null != nil && !f.quoted && string(f.raw) == *s.o.Null
}

// record reads one record into fields, or says in problem why it is bad; a
// bad record ends with its line. io.EOF means that there is no more.
func (s *csvSource) record() error {
	s.fields, s.problem, s.size, s.first = s.fields[:0], nil, 0, s.line
	if _, err := s.in.Peek(1); err != nil {
		return err
	}
	for {
		f, last, err := s.field()
		if err != nil {
			return err
		}
		s.fields = append(s.fields, f)
		if s.problem != nil && !last {
			return s.skipLine()
		}
		if last {
			return nil
		}
	}
}

// readByte counts lines and bytes; at the end of the input it gives ok false.
func (s *csvSource) readByte() (c byte, ok bool, err error) {
	c, err = s.in.ReadByte()
	if errors.Is(err, io.EOF) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	if s.ended = c == '\n'; s.ended {
		s.line++
	}
	if s.size++; s.size > MaxRow && s.problem == nil {
		s.problem = tooLongError()
	}
	return c, true, nil
}

func (s *csvSource) skipLine() error {
	for {
		c, ok, err := s.readByte()
		if err != nil || !ok || c == '\n' {
			return err
		}
	}
}

// field reads up to and with the delimiter or the end of the record.
func (s *csvSource) field() (f field, last bool, err error) {
	c, ok, err := s.readByte()
	if err == nil && ok && c == '"' {
		return s.quotedField()
	}
	for ; err == nil; c, ok, err = s.readByte() {
		switch {
		case s.problem != nil:
			return f, !ok || c == '\n', nil
		case !ok, c == '\n':
			return withoutReturn(f), true, nil
		case c == s.comma:
			return f, false, nil
		case c == s.o.Escape && c != 0:
			f.raw = append(f.raw, c)
			if c, ok, err = s.readByte(); err != nil || !ok {
				s.problem = errors.New("the row ends with the escape character")
				return f, true, err
			}
			f.raw, f.text = append(f.raw, c), append(f.text, unescaped(c))
		default:
			f.raw, f.text = append(f.raw, c), append(f.text, c)
		}
	}
	return f, true, err
}

// withoutReturn drops the CR of a CRLF.
func withoutReturn(f field) field {
	if n := len(f.raw); n > 0 && f.raw[n-1] == '\r' {
		f.raw, f.text = f.raw[:n-1], f.text[:len(f.text)-1]
	}
	return f
}

func unescaped(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 't':
		return '\t'
	case 'r':
		return '\r'
	}
	return c
}

// quotedField reads after the opening quote.
func (s *csvSource) quotedField() (f field, last bool, err error) {
	f.quoted = true
	start := s.line
	for s.problem == nil {
		c, ok, err := s.readByte()
		if err != nil {
			return f, true, err
		}
		if !ok {
			return f, true, fmt.Errorf("line %d: a quote opens here and is never closed, so lines %d to %d could not be read", start, s.first, s.lastLine())
		}
		switch {
		case c == s.o.Escape && c != 0:
			if c, ok, err = s.readByte(); err != nil || !ok {
				s.problem = errors.New("the row ends with the escape character")
				return f, true, err
			}
			f.text = append(f.text, unescaped(c))
		case c != '"':
			f.text = append(f.text, c)
		default:
			again, last, err := s.afterQuote(&f)
			if err != nil || !again {
				return f, last, err
			}
		}
	}
	return f, false, nil
}

// afterQuote decides what a quote within a quoted field means: again when the
// field goes on.
func (s *csvSource) afterQuote(f *field) (again, last bool, err error) {
	c, ok, err := s.readByte()
	switch {
	case err != nil:
		return false, true, err
	case !ok, c == '\n':
		return false, true, nil
	case c == '"':
		f.text = append(f.text, '"')
		return true, false, nil
	case c == s.comma:
		return false, false, nil
	case c == '\r':
		if c, ok, err = s.readByte(); err != nil || !ok || c == '\n' {
			return false, true, err
		}
	}
	s.problem = fmt.Errorf("text after a closing quote: %q (a quote within a quoted field is doubled)", c)
	return false, c == '\n', nil
}
