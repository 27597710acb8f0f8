package rowsource

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"
)

// all renders the rows of a source, one a line: LINE DOCUMENT or LINE !reason.
func all(s Source) string {
	var b strings.Builder
	for {
		row, err := s.Next()
		switch {
		case errors.Is(err, io.EOF):
			return strings.TrimSuffix(b.String(), "\n")
		case err != nil:
			fmt.Fprintf(&b, "end: %v", err)
			return b.String()
		case row.Err != nil:
			fmt.Fprintf(&b, "%d !%v\n", row.Line, row.Err)
		default:
			fmt.Fprintf(&b, "%d %s\n", row.Line, row.Document)
		}
	}
}

func TestRows(t *testing.T) {
	t.Parallel()
	null := `\N`
	empty := ""
	flights := Options{Format: CSV, Columns: []string{"id", "name", "code"}, Null: &null, Escape: '\\'}
	plain := Options{Format: CSV, Columns: []string{"a", "b"}}
	for _, test := range []struct {
		name, in, want string
		o              Options
	}{
		{"types", "1,\"1\",\\N\n", `1 {"id":1,"name":"1","code":null}`, flights},
		{"escapes", "2,\"O\\'Connor \\\"x\\\" \"\"y\"\"\",a\\,b\n", `1 {"id":2,"name":"O'Connor \"x\" \"y\"","code":"a,b"}`, flights},
		{"semicolons", "a;b\n1;\"x;y\"\n2;\"\";3\n4,5;z\n", "2 {\"a\":1,\"b\":\"x;y\"}\n3 !the row has 3 fields, want 2\n4 {\"a\":\"4,5\",\"b\":\"z\"}", Options{Format: CSV, Delimiter: ';'}},
		{"tabs", "a\tb\r\n1\tx, y\r\n", `2 {"a":1,"b":"x, y"}`, Options{Format: CSV, Delimiter: '\t'}},
		{"commas, surely", "a;b\n1;2\n", `2 {"a;b":"1;2"}`, Options{Format: CSV, Delimiter: ','}},
		{"other delimiters", "1;x\n1\tx\n\"1;x\"\n1;x,2\n", "1 !the row has 1 fields, want 2; want --delimiter ';' if that stands between the fields\n" +
			"2 !the row has 1 fields, want 2; want --delimiter tab if tabs stand between the fields\n3 !the row has 1 fields, want 2\n4 {\"a\":\"1;x\",\"b\":2}", plain},
		{"quoted null text is text", "3,\"\\\\N\",\"\"\n", `1 {"id":3,"name":"\\N","code":""}`, flights},
		{"header and CRLF", "a,b\r\n1,x\r\n\r\n\"2\",\"y\"\r\n", "2 {\"a\":1,\"b\":\"x\"}\n4 {\"a\":\"2\",\"b\":\"y\"}", Options{Format: CSV}},
		{"no line end", "1,2", `1 {"a":1,"b":2}`, plain},
		{"line within quotes", "1,\"x\ny\"\n2,z\n", "1 {\"a\":1,\"b\":\"x\\ny\"}\n3 {\"a\":2,\"b\":\"z\"}", plain},
		{"blanks are text", "777 , 5\n1\t,2\n", "1 {\"a\":\"777 \",\"b\":\" 5\"}\n2 {\"a\":\"1\\t\",\"b\":2}", plain},
		{"not numbers", "007,1.\n+1,.5\n1e999,0x1\n-0,1e3\n", "1 {\"a\":\"007\",\"b\":\"1.\"}\n2 {\"a\":\"+1\",\"b\":\".5\"}\n3 {\"a\":\"1e999\",\"b\":\"0x1\"}\n4 {\"a\":-0,\"b\":1e3}", plain},
		{"fields", "1\n1,2,3\n1,2\n", "1 !the row has 1 fields, want 2\n2 !the row has 3 fields, want 2\n3 {\"a\":1,\"b\":2}", plain},
		{"text after quote", "\"x\"y,2\n1,2\n", "1 !text after a closing quote: 'y' (a quote within a quoted field is doubled)\n2 {\"a\":1,\"b\":2}", plain},
		{"never closed", "1,2\n3,\"x\ny\n", "1 {\"a\":1,\"b\":2}\nend: line 2: a quote opens here and is never closed, so lines 2 to 3 could not be read", plain},
		{"closed too late", "1,\"x\n2,y\n3,\"z\n4,w\n", "1 !text after a closing quote: 'z' (a quote within a quoted field is doubled); the row goes to line 3, because of a quote\n4 {\"a\":4,\"b\":\"w\"}", plain},
		{"bad text", "1,\xff\n1,2\n", "1 !field \"b\" is not valid UTF-8\n2 {\"a\":1,\"b\":2}", plain},
		{"left out", "1,2\n", `1 {"b":2}`, Options{Format: CSV, Columns: []string{"", "b"}}},
		{"prefix", "1,2\n\\N,3\n", "1 {\"_from\":\"a/1\",\"b\":2}\n2 {\"_from\":null,\"b\":3}", Options{Format: CSV, Columns: []string{"_from", "b"}, Null: &null, Prefix: map[string]string{"_from": "a/"}}},
		{"key", "1,2\n,3\n", "1 {\"_key\":\"1\",\"a\":1,\"b\":2}\n2 !field \"a\" is empty and can't be the key", Options{Format: CSV, Columns: []string{"a", "b"}, Key: "a"}},
		{"_key column", "_key,b\n1,2\n", `2 {"_key":"1","b":2}`, Options{Format: CSV}},
		{"empty is null", "1,\n\"\",2\n", "1 {\"a\":1,\"b\":null}\n2 {\"a\":\"\",\"b\":2}", Options{Format: CSV, Columns: []string{"a", "b"}, Null: &empty}},
		{"mark at the start", "\xef\xbb\xbfa\n1\n", `2 {"a":1}`, Options{Format: CSV}},
		{"lines", "{\"a\":1}\n\n [1]\n{\"a\":\n{\"b\":2.50}", "1 {\"a\":1}\n3 !the row is not a JSON object\n4 !not valid JSON at byte 5: unexpected end of JSON input\n5 {\"b\":2.50}", Options{Format: JSONL}},
		{"lines with key", "{\"a\":1}\n{ }\n{\"a\":null}\n{\"a\":\"x\"}\n{\"a\":1,\"_key\":\"2\"}", "1 {\"_key\":\"1\",\"a\":1}\n2 !the row has no field \"a\" for the key\n3 !field \"a\": null can't be a key: want a string or a number\n4 {\"_key\":\"x\",\"a\":\"x\"}\n5 !the row has a _key already, so field \"a\" can't be it", Options{Format: JSONL, Key: "a"}},
		{"array", "\n[{\"a\":1},\n\n 7,\n{\"b\":[\n]}]\n", "2 {\"a\":1}\n4 !the row is not a JSON object\n5 {\"b\":[\n]}", Options{Format: JSON}},
		{"one object", " {\"a\":1} ", `1 {"a":1}`, Options{Format: JSON}},
		{"broken array", "[{\"a\":1},\n{\"a\"}]", "1 {\"a\":1}\nend: line 2: the JSON array can't be followed from here: invalid character '}' after object key", Options{Format: JSON}},
		{"array without end", "[{\"a\":1}", "1 {\"a\":1}\nend: line 1: the JSON array can't be followed from here: unexpected EOF", Options{Format: JSON}},
		{"more after the array", "[]\n[]", "end: line 2: more text after the end of the JSON value", Options{Format: JSON}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, err := Open(strings.NewReader(test.in), test.o)
			if err != nil {
				t.Fatal(err)
			}
			if got := all(s); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		in string
		o  Options
	}{
		{"a", Options{Format: "xml"}}, {"", Options{Format: CSV}}, {"a,a\n", Options{Format: CSV}},
		{"\"a", Options{Format: CSV}}, {"a,b\n", Options{Format: CSV, Key: "c"}}, {"\xff\n", Options{Format: CSV}},
		{"", Options{Format: JSON}}, {"7", Options{Format: JSON}}, {"{}", Options{Format: JSONL, Columns: []string{"a"}}},
		{"a;b\n", Options{Format: CSV}}, {"a\tb\n", Options{Format: CSV}}, {"a|b\n", Options{Format: CSV}}, {"{}", Options{Format: JSONL, Delimiter: ';'}},
	} {
		if _, err := Open(strings.NewReader(test.in), test.o); err == nil {
			t.Errorf("%q with %+v is taken", test.in, test.o)
		}
	}
}

// Rows that are too long are refused without being kept.
func TestLongRows(t *testing.T) {
	t.Parallel()
	long := io.MultiReader(strings.NewReader("a\n\""), io.LimitReader(zeros{}, MaxRow+10), strings.NewReader("\n1\n"))
	s, err := Open(long, Options{Format: CSV})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := all(s), fmt.Sprintf("2 !the row is longer than %d bytes\n3 {\"a\":1}", MaxRow); got != want {
		t.Errorf("got %s", got)
	}
	long = io.MultiReader(strings.NewReader("{\"a\":\""), io.LimitReader(zeros{}, MaxRow), strings.NewReader("\"}\n{}\n"))
	if s, err = Open(long, Options{Format: JSONL}); err != nil {
		t.Fatal(err)
	}
	if got, want := all(s), fmt.Sprintf("1 !the row is longer than %d bytes\n2 {}", MaxRow); got != want {
		t.Errorf("got %s", got)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	return len(p), nil
}

// Whatever comes in, good rows are valid objects and reading comes to an end.
func FuzzRows(f *testing.F) {
	f.Add([]byte("a,b\n1,\"x\"\"\\\"y\"\n\\N,2\r\n"), uint8(0))
	f.Add([]byte("{\"a\":1}\n[\n"), uint8(1))
	f.Add([]byte("[{\"a\":1}, {}]"), uint8(2))
	f.Fuzz(func(t *testing.T, in []byte, choice uint8) {
		o := Options{Format: []string{CSV, JSONL, JSON}[choice%3]}
		if choice&4 != 0 {
			o.Key = "a"
		}
		if null := `\N`; o.Format == CSV && choice&8 != 0 {
			o.Null, o.Escape = &null, '\\'
		}
		s, err := Open(bytes.NewReader(in), o)
		if err != nil {
			return
		}
		line := 0
		for range len(in) + 2 {
			row, err := s.Next()
			if err != nil {
				return
			}
			if row.Line < line {
				t.Fatalf("line %d after %d", row.Line, line)
			}
			line = row.Line
			if row.Err == nil && (!json.Valid(row.Document) || !utf8.Valid(row.Document) || row.Document[0] != '{') {
				t.Fatalf("line %d: not an object: %q", row.Line, row.Document)
			}
		}
		t.Fatal("more rows than bytes")
	})
}
