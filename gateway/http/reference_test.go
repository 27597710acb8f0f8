package http

import (
	"context"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/access"
	"github.com/selvedge-db/selvedge/value"
)

// example is one request of the reference with what it must give.
type example struct {
	method, path string
	header       []string
	body         string
	status       int
	reply        string
}

// parseExample reads the text of one block.
func parseExample(t *testing.T, text string) example {
	t.Helper()
	request, reply, ok := strings.Cut(text, "\n-->")
	if !ok {
		t.Fatalf("an example without -->:\n%s", text)
	}
	lines := strings.Split(request, "\n")
	var e example
	if e.method, e.path, ok = strings.Cut(lines[0], " "); !ok {
		t.Fatalf("an example without a request line: %s", lines[0])
	}
	lines = lines[1:]
	for len(lines) > 0 && lines[0] != "" && lines[0][0] >= 'A' && lines[0][0] <= 'Z' {
		name, val, _ := strings.Cut(lines[0], ": ")
		e.header, lines = append(e.header, name, val), lines[1:]
	}
	e.body = strings.Join(lines, "\n")
	status, body, _ := strings.Cut(strings.TrimSpace(reply), "\n")
	var err error
	if e.status, err = strconv.Atoi(status); err != nil {
		t.Fatalf("status of %s %s: %v", e.method, e.path, err)
	}
	e.reply = body
	return e
}

// shows tells whether got has everything that want shows.
func shows(want, got value.Value) bool {
	if want.Str() == "..." {
		return true
	}
	switch want.Kind() {
	case value.KindObject:
		for _, m := range want.Members() {
			v, ok := got.Get(m.Name)
			if !ok || !shows(m.Value, v) {
				return false
			}
		}
		return got.Kind() == value.KindObject
	case value.KindArray:
		if got.Kind() != value.KindArray || len(got.Items()) != len(want.Items()) {
			return false
		}
		for i, v := range want.Items() {
			if !shows(v, got.Items()[i]) {
				return false
			}
		}
		return true
	}
	return value.Equal(want, got)
}

// TestReference runs the examples of the reference in their order.
func TestReference(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/reference/rest.md")
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	if _, err := w.access.Bootstrap(context.Background(), access.Root{Tenant: "demo", Password: "docs", APIKey: rootKey}); err != nil {
		t.Fatal(err)
	}
	count := 0
	rest := string(text)
	for {
		_, after, found := strings.Cut(rest, "\n```http\n")
		if !found {
			break
		}
		block, tail, closed := strings.Cut(after, "\n```\n")
		if !closed {
			t.Fatal("a block is not closed")
		}
		rest, count = "\n"+tail, count+1
		e := parseExample(t, block)
		a := w.call(e.method, e.path, e.body, e.header...)
		got, err := value.Parse([]byte(a.body), value.DefaultLimits)
		if err != nil {
			t.Fatalf("%s %s: %s: %v", e.method, e.path, a.body, err)
		}
		want, err := value.Parse([]byte(e.reply), value.DefaultLimits)
		if err != nil {
			t.Fatalf("the reply of %s %s in the reference: %v", e.method, e.path, err)
		}
		if a.status != e.status || !shows(want, got) {
			t.Errorf("%s %s: %d %s\nthe reference shows %d %s", e.method, e.path, a.status, a.body, e.status, want)
		}
	}
	if count < 40 {
		t.Errorf("%d examples found; has the form of the reference changed?", count)
	}
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		if !strings.Contains(string(text), "```http\n"+method+" ") {
			t.Errorf("no example of %s", method)
		}
	}
}
