package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// answering is a location that answers cursors with these rows, in batches, and keeps what it was asked.
func answering(t *testing.T, batch int, rows ...string) (*fakeLocation, *[]map[string]any) {
	t.Helper()
	asked := &[]map[string]any{}
	at := 0
	next := func() map[string]any {
		end := min(at+batch, len(rows))
		part := []json.RawMessage{}
		for _, row := range rows[at:end] {
			part = append(part, json.RawMessage(row))
		}
		at = end
		return map[string]any{"error": false, "code": 201, "result": part, "hasMore": at < len(rows), "id": "77",
			"extra": map[string]any{"stats": map[string]any{"scannedFull": 12, "executionTime": 0.5}, "warnings": []any{map[string]any{"code": 1562, "message": "division by zero"}}}}
	}
	mux := http.NewServeMux()
	const prefix = "/_fabric/_system/_api"
	mux.HandleFunc("POST "+prefix+"/cursor", func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		body := map[string]any{}
		_ = json.Unmarshal(text, &body)
		*asked = append(*asked, body)
		_ = json.NewEncoder(w).Encode(next())
	})
	mux.HandleFunc("PUT "+prefix+"/cursor/77", func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(next()) })
	mux.HandleFunc("DELETE "+prefix+"/cursor/77", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(202); _, _ = w.Write([]byte("{}")) })
	mux.HandleFunc("POST "+prefix+"/query/explain", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"text": "ReturnNode\n", "plan": map[string]any{"nodes": []any{}}, "warnings": []any{}})
	})
	mux.HandleFunc("GET "+prefix+"/query/rules", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`[{"name":"use-indexes","doc":""},{"name":"remove-filters","doc":""}]`))
	})
	mux.HandleFunc("GET "+prefix+"/query/slow", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`[{"id":"9","query":"FOR a\n IN b RETURN a","runTime":1.5,"state":"finished"}]`))
	})
	f := &fakeLocation{Server: httptest.NewServer(mux)}
	t.Cleanup(f.Close)
	return f, asked
}

func TestQueryForms(t *testing.T) {
	t.Parallel()
	rows := []string{`{"name":"Reykjavík","n":2}`, `{"name":"Oslo","n":10,"more":[1,null]}`, `{"n":null}`}
	for _, c := range []struct {
		form string
		want string
	}{
		{"table", "name        n  more\nReykjavík   2\nOslo       10  [1,null]\n"},
		{"csv", "name,n,more\nReykjavík,2,\nOslo,10,\"[1,null]\"\n,,\n"},
		{"jsonl", rows[0] + "\n" + rows[1] + "\n" + rows[2] + "\n"},
		{"json", "[\n" + rows[0] + ",\n" + rows[1] + ",\n" + rows[2] + "\n]\n"},
		{"yaml", "-\n  name: Reykjavík\n"},
	} {
		f, _ := answering(t, 2, rows...)
		r := f.command(t, "query", "FOR a IN b RETURN a", "--output", c.form)
		if r.code != exitDone || !strings.HasPrefix(r.out, c.want) {
			t.Errorf("%s: exit code %d\n%s%s", c.form, r.code, r.out, r.err)
		}
		if !strings.Contains(r.err, "warning 1562: division by zero") {
			t.Errorf("%s: no warning in %q", c.form, r.err)
		}
	}
}

// Columns stand as the query names them, or as they are chosen.
func TestOrderOfColumns(t *testing.T) {
	t.Parallel()
	rows := []string{`{"a":1,"b":2,"c":3}`, `{"a":4,"c":6,"d":7}`}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"FOR x IN y RETURN {c: x.c, a: x.a, b: 1}"}, "c,a,b,d\n3,1,2,\n6,4,,7\n"},
		{[]string{"FOR x IN y RETURN x"}, "a,b,c,d\n1,2,3,\n4,,6,7\n"},
		{[]string{"FOR x IN y RETURN {c: x.c, a: x.a}", "--columns", "d,a,z"}, "d,a,z\n,1,\n7,4,\n"},
	} {
		f, _ := answering(t, 2, rows...)
		f.command(t, append([]string{"query", "--output", "csv"}, c.args...)...).want(t, exitDone, c.want)
	}
}

func TestQueryAsks(t *testing.T) {
	t.Parallel()
	f, asked := answering(t, 10, "1")
	r := f.command(t, "query", "RETURN @a", "--bind", "a=1", "--bind", "b=plain text", "--bind", "@c=airports", "--batch", "5", "--timing",
		"--full-count", "--max-runtime", "2s", "--rule=-use-indexes", "--memory-limit", "1000", "--stream", "--fail-on-warning")
	r.want(t, exitDone, "")
	if !strings.Contains(r.err, "12 documents scanned") {
		t.Errorf("timing: %q", r.err)
	}
	want := map[string]any{"query": "RETURN @a", "batchSize": 5.0, "memoryLimit": 1000.0, "bindVars": map[string]any{"a": 1.0, "b": "plain text", "@c": "airports"},
		"options": map[string]any{"fullCount": true, "maxRuntime": 2.0, "stream": true, "failOnWarning": true, "optimizer": map[string]any{"rules": []any{"-use-indexes"}}}}
	if fmt.Sprint((*asked)[0]) != fmt.Sprint(want) {
		t.Errorf("asked %v, want %v", (*asked)[0], want)
	}
	f.command(t, "query", "--explain", "RETURN 1").want(t, exitDone, "ReturnNode\n")
	f.command(t, "query", "--explain", "RETURN 1", "--rule=-use-indixes").want(t, exitUsage, "there is no such rule; did you mean use-indexes?")
	f.command(t, "query", "--explain", "RETURN 1", "--rule=+xyz").want(t, exitUsage, "the rules are use-indexes, remove-filters, all")
	f.command(t, "query", "RETURN 1", "--rule=-all").want(t, exitDone, "")
	f.command(t, "query", "--slow").want(t, exitDone, "FOR a IN b RETURN a")
	for _, wrong := range [][]string{{"query", "RETURN 1", "--bind", "x"}, {"query", "RETURN 1", "--bind", "x=1", "--bind", "x=2"},
		{"query", "RETURN 1", "--file", "x"}, {"query", " "}, {"query", "RETURN 1", "--batch", "-1"}, {"query", "RETURN 1", "--memory-limit", "-1"},
		{"query", "RETURN", "1"}, {"query", "RETURN 1", "--max-runtime", "-1s"}, {"query", "--slow", "--running"}, {"query", "RETURN 1", "--output", "xml"}} {
		if r := f.command(t, wrong...); r.code != exitUsage {
			t.Errorf("%v: exit code %d: %s", wrong, r.code, r.err)
		}
	}
}

// Members that turn up too late for a column are not dropped in silence.
func TestLateColumns(t *testing.T) {
	t.Parallel()
	var out, note bytes.Buffer
	c := &columnRows{out: &tableCells{out: &out}, note: &note}
	for i := range tableRows + 5 {
		row := `{"a":1}`
		if i == tableRows+1 {
			row = `{"a":1,"late":2}`
		}
		if err := c.row([]byte(row)); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.end(); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "1\n"); n != tableRows+5 || !strings.Contains(note.String(), "1 members appear only after") {
		t.Errorf("%d rows printed, note %q", n, note.String())
	}
}

// What is stored does not command the terminal that it is shown on.
func TestTablesHoldNoControlCharacters(t *testing.T) {
	t.Parallel()
	f, _ := answering(t, 2, `{"\u001b[2Jname":"a\u001b]0;title\u0007b\u009b1m"}`)
	r := f.command(t, "query", "FOR a IN b RETURN a")
	if r.code != exitDone || strings.ContainsAny(r.out, "\x1b\x07\u009b") || !strings.Contains(r.out, "]0;title") {
		t.Errorf("exit code %d: %q %s", r.code, r.out, r.err)
	}
}

// A shell sends the parameters that a query names, and no others.
func TestParametersOfAShell(t *testing.T) {
	t.Parallel()
	s := &querySession{}
	s.query.Bind = map[string]any{"c": 1, "country": 2, "@c": 3, "x": 4}
	for text, want := range map[string]string{
		"RETURN @country":                "map[country:2]",
		"RETURN [@c,@x]":                 "map[c:1 x:4]",
		"FOR a IN @@c RETURN a":          "map[@c:3]",
		"FOR a IN @@c FILTER a.b==@c":    "map[@c:3 c:1]",
		"FOR a IN @@country RETURN @x1":  "map[]",
		"RETURN a.@c + @@x + CONCAT(@c)": "map[c:1]",
	} {
		if got := fmt.Sprint(s.used(text)); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestCommandsOfAShell(t *testing.T) {
	t.Parallel()
	f, asked := answering(t, 1, "1")
	var out, errOut bytes.Buffer
	a := &app{out: &out, err: &errOut, flags: globalFlags{url: f.URL, fabric: "_system", output: outputTable}}
	c, err := a.connect(false)
	if err != nil {
		t.Fatal(err)
	}
	s := &querySession{app: a, client: c}
	for _, line := range []string{`\explain`, "RETURN 7", `\explain`, `\profile`, `\timing`, `\timing`, `\output`} {
		if s.run(t.Context(), line) {
			t.Fatalf("%s ended the shell", line)
		}
	}
	want := "the query is empty\nvalue\n    1\nReturnNode\ntiming is on\ntiming is off\n\\output: want table, json, jsonl, csv or yaml\n"
	if out.String() != want {
		t.Errorf("showed %q, want %q", out.String(), want)
	}
	if n := len(*asked); n != 2 || (*asked)[1]["query"] != "RETURN 7" { // itself, and once more for the profile
		t.Errorf("asked %v", *asked)
	}
}

// What others have written does not command the terminal; characters may come in pieces.
func TestScreen(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	s := &screen{w: &b}
	const text = "a\x1b[2J\tb\u009bc\r\n\u00e9\U0001F600\x7f\n"
	for i := range len(text) {
		if n, err := s.Write([]byte{text[i]}); n != 1 || err != nil {
			t.Fatalf("%d, %v", n, err)
		}
	}
	s.end() // nothing is left
	if want := "a\uFFFD[2J\tb\uFFFDc\uFFFD\n\u00e9\U0001F600\uFFFD\n"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}

// Buffers cut characters anywhere: those that come whole in the end are shown, and of one that does not it is seen.
func TestScreenOfCutCharacters(t *testing.T) {
	t.Parallel()
	const euro, held, count = "\u20ac", 64<<10 - len("n\n"), 30_000 // a buffer holds that many bytes behind the first line
	for _, c := range []struct {
		name, ending string
		code         int
		want         string
	}{
		{"whole", "]}", exitDone, "n\n" + strings.Repeat(euro, count) + "\n"},
		{"breaks off", "", exitFailed, "n\n" + strings.Repeat(euro, held/len(euro)) + "\uFFFD"},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/count") {
				_, _ = io.WriteString(w, `{"count":1}`)
				return
			}
			_, _ = io.WriteString(w, `{"result":[{"n":"`+strings.Repeat(euro, count)+`"}`+c.ending)
		}))
		var b, errors strings.Builder
		a := &app{out: &b, err: &errors, screen: &screen{w: &b}, environment: []string{"SELVEDGE_URL=" + s.URL}}
		code := a.run(t.Context(), []string{"export", "c", "--format", "csv", "--columns", "n"})
		s.Close()
		if got := b.String(); code != c.code || got != c.want {
			t.Errorf("%s: exit code %d, %d bytes that end in %q; want %d bytes\n%s", c.name, code, len(got), got[max(len(got)-10, 0):], len(c.want), errors.String())
		}
	}
}
