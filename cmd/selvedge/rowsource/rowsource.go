// Package rowsource reads rows from CSV, JSON Lines and JSON as JSON objects.
//
// # Guarantees
//
// A source reads any length of input in bounded memory: one row at a time, of
// at most MaxRow bytes. A row that can't be understood comes as a Row with
// Err and the line where it begins, and reading goes on after it; only input
// that can't be followed any more (a broken JSON array, a CSV quote that is
// never closed, a failing reader) ends with an error. The same input gives the same rows.
//
// # Shapes
//
// CSV is read as RFC 4180 says, plus another delimiter, an optional escape character
// and a text that stands for null. A quoted field is a string. An unquoted one is null if
// it is the null text, a number if it is one by the grammar of JSON (its
// digits are kept), and otherwise a string. JSON members pass through as they
// were written.
//
// # What it does not check
//
// Whether the rows are good documents: duplicate members, reserved names and
// limits are the server's.
package rowsource

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// MaxRow is the most bytes that one row may have in the input.
const MaxRow = 64 << 20

// Formats that Open reads.
const (
	CSV   = "csv"
	JSONL = "jsonl"
	JSON  = "json"
)

// Row is one row: a document, or the reason why there is none.
type Row struct {
	Line     int    // where the row begins, from 1
	Document []byte // JSON object; the caller may keep it
	Err      error
}

// Options says how to read. Delimiter, Columns, Null, Escape and Prefix belong to CSV.
type Options struct {
	Format string
	// Delimiter stands between fields; 0 is a comma, unless the input looks as if another one were meant: then it is refused.
	Delimiter byte
	// Columns names the fields in order, an empty name leaves a field out.
	// Without columns the first record names them.
	Columns []string
	// Key is the field whose value becomes the _key as well.
	Key string
	// Null is the text of an unquoted field that means null; nil: none does.
	Null *string
	// Escape is the character that takes the next one as it is; 0: none.
	Escape byte
	// Prefix goes before what a field has: _from and _to name documents with their collection.
	Prefix map[string]string
}

// Source gives rows until io.EOF.
type Source interface {
	Next() (Row, error)
}

// Open starts reading. It reads the names of the columns where they are the
// first record.
func Open(r io.Reader, o Options) (Source, error) {
	buffered := bufio.NewReaderSize(r, 256<<10)
	if head, _ := buffered.Peek(3); bytes.Equal(head, []byte("\xef\xbb\xbf")) {
		_, _ = buffered.Discard(3)
	}
	if o.Format != CSV && (o.Delimiter != 0 || len(o.Columns) > 0 || o.Null != nil || o.Escape != 0 || len(o.Prefix) > 0) {
		return nil, fmt.Errorf("delimiter, columns, null, escape and prefixes belong to csv, not to %s", o.Format)
	}
	switch o.Format {
	case CSV:
		return openCSV(buffered, o)
	case JSONL:
		return &lineSource{in: buffered, key: o.Key}, nil
	case JSON:
		return openJSON(buffered, o)
	}
	return nil, fmt.Errorf("format %q: want csv, jsonl or json", o.Format)
}

// lineSource reads one object a line.
type lineSource struct {
	in   *bufio.Reader
	key  string
	line int
}

func (s *lineSource) Next() (Row, error) {
	for {
		line, tooLong, err := readLine(s.in)
		if err != nil {
			return Row{}, err
		}
		s.line++
		if tooLong {
			return Row{Line: s.line, Err: tooLongError()}, nil
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		document, err := checkDocument(line, s.key)
		return Row{Line: s.line, Document: document, Err: err}, nil
	}
}

func tooLongError() error { return fmt.Errorf("the row is longer than %d bytes", MaxRow) }

// readLine gives a line without its end; of a line that is too long the rest
// is read and dropped.
func readLine(in *bufio.Reader) (line []byte, tooLong bool, err error) {
	for {
		part, err := in.ReadSlice('\n')
		if len(line)+len(part) > MaxRow {
			tooLong, line = true, nil
		} else if !tooLong {
			line = append(line, part...)
		}
		switch {
		case err == nil:
			return line, tooLong, nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && (len(line) > 0 || tooLong):
			return line, tooLong, nil
		default:
			return nil, false, err
		}
	}
}

// checkDocument says what is wrong with the text of an object, and adds the
// _key.
func checkDocument(text []byte, key string) ([]byte, error) {
	if !utf8.Valid(text) {
		return nil, errors.New("the row is not valid UTF-8")
	}
	if !json.Valid(text) {
		return nil, Problem(text)
	}
	if text[0] != '{' {
		return nil, errors.New("the row is not a JSON object")
	}
	if key == "" || key == "_key" {
		return text, nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return nil, err
	}
	value, found := members[key]
	if !found {
		return nil, fmt.Errorf("the row has no field %q for the key", key)
	}
	if _, taken := members["_key"]; taken {
		return nil, fmt.Errorf("the row has a _key already, so field %q can't be it", key)
	}
	keyText, err := keyOf(value)
	if err != nil {
		return nil, fmt.Errorf("field %q: %w", key, err)
	}
	return withKey(keyText, text), nil
}

// Problem says where and why a text is not JSON.
func Problem(text []byte) error {
	var ignored any
	err := json.Unmarshal(text, &ignored)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("not valid JSON at byte %d: %w", syntax.Offset, err)
	}
	return fmt.Errorf("not valid JSON: %w", err)
}

// keyOf turns a string or a number into the text of a key.
func keyOf(value json.RawMessage) (string, error) {
	text := string(bytes.TrimSpace(value))
	if strings.HasPrefix(text, `"`) {
		var s string
		if err := json.Unmarshal(value, &s); err != nil {
			return "", err
		}
		text = s
	} else if !IsNumber(text) {
		return "", fmt.Errorf("%s can't be a key: want a string or a number", text)
	}
	if text == "" {
		return "", errors.New("an empty text can't be a key")
	}
	return text, nil
}

// withKey puts the _key in front of the members of an object.
func withKey(key string, object []byte) []byte {
	out := append(make([]byte, 0, len(object)+len(key)+12), `{"_key":`...)
	out = AppendString(out, key)
	rest := bytes.TrimSpace(object[1:])
	if rest[0] != '}' {
		out = append(out, ',')
	}
	return append(out, rest...)
}

// AppendString appends a JSON string that needs no more escapes than it must.
func AppendString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c >= ' ':
			dst = append(dst, c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(dst, '"')
}

// IsNumber says whether the text is a number by the grammar of JSON whose
// value a double can come near to.
func IsNumber(text string) bool {
	if text == "" || (text[0] != '-' && (text[0] < '0' || text[0] > '9')) || len(text) > 1000 {
		return false
	}
	if last := text[len(text)-1]; last < '0' || last > '9' { // Unmarshal takes blanks behind a number
		return false
	}
	var n float64
	return json.Unmarshal([]byte(text), &n) == nil
}

// jsonSource reads the objects of one array, or one object alone.
type jsonSource struct {
	decoder *json.Decoder
	lines   *lineCounter
	key     string
	inArray bool
	done    bool
}

func openJSON(in *bufio.Reader, o Options) (Source, error) {
	lines := &lineCounter{in: in, line: 1}
	s := &jsonSource{decoder: json.NewDecoder(lines), lines: lines, key: o.Key}
	for {
		c, err := in.ReadByte()
		if err != nil {
			return nil, errors.New("the input is empty: want a JSON array of objects")
		}
		if c == '\n' {
			lines.line++
		}
		if strings.IndexByte(" \t\r\n", c) >= 0 {
			continue
		}
		_ = in.UnreadByte()
		switch c {
		case '[':
			s.inArray = true
			_, err = s.decoder.Token()
			return s, err
		case '{':
			return s, nil
		}
		return nil, fmt.Errorf("the input begins with %q: want a JSON array of objects", c)
	}
}

func (s *jsonSource) Next() (Row, error) {
	if s.done {
		return Row{}, io.EOF
	}
	if s.inArray && !s.decoder.More() {
		s.done = true
		if _, err := s.decoder.Token(); err != nil {
			return Row{}, s.broken(err)
		}
		return Row{}, s.end()
	}
	var text json.RawMessage
	if err := s.decoder.Decode(&text); err != nil {
		s.done = true
		return Row{}, s.broken(err)
	}
	line := s.lines.at(s.decoder.InputOffset() - int64(len(text)))
	if len(text) > MaxRow {
		return Row{Line: line, Err: tooLongError()}, nil
	}
	document, err := checkDocument(text, s.key)
	if !s.inArray {
		s.done = true
		if end := s.end(); !errors.Is(end, io.EOF) {
			return Row{}, end
		}
	}
	return Row{Line: line, Document: document, Err: err}, nil
}

// end expects nothing but space after the value.
func (s *jsonSource) end() error {
	if _, err := s.decoder.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("line %d: more text after the end of the JSON value", s.lines.at(s.decoder.InputOffset()))
	}
	return io.EOF
}

func (s *jsonSource) broken(err error) error {
	offset := s.decoder.InputOffset()
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		offset = max(offset, syntax.Offset)
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("line %d: the JSON array can't be followed from here: %w", s.lines.at(offset), err)
}

// lineCounter knows the lines of offsets that only grow.
type lineCounter struct {
	in    io.Reader
	read  int64
	line  int     // of the last offset asked for
	feeds []int64 // offsets of line feeds that were read and not passed yet
}

func (c *lineCounter) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	for i := range n {
		if p[i] == '\n' {
			c.feeds = append(c.feeds, c.read+int64(i))
		}
	}
	c.read += int64(n)
	return n, err
}

func (c *lineCounter) at(offset int64) int {
	passed := 0
	for passed < len(c.feeds) && c.feeds[passed] < offset {
		passed++
	}
	c.line += passed
	c.feeds = slices.Delete(c.feeds, 0, passed)
	return c.line
}
