package docs_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/client"
)

// storied guides have tests of their own: those of commands and programs here, ten-locations.md in apptest. The console's
// tour has nothing to run.
var storied = map[string]bool{"quickstart.md": true, "go-client.md": true, "clients.md": true, "demos.md": true, "command-line.md": true,
	"ten-locations.md": true, "console.md": true}

// TestGuides runs every request and every query of the guides, each page on a planet of its own.
func TestGuides(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("guides/*.md")
	if err != nil || len(files) < 2 {
		t.Fatalf("found %d guides: %v", len(files), err)
	}
	for _, file := range append(files, "reference/c8ql.md") {
		if storied[filepath.Base(file)] {
			continue
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".md"), func(t *testing.T) {
			t.Parallel()
			r, count := startReader(t), 0
			for _, b := range blocks(t, file) {
				kind, location, _ := strings.Cut(b.kind, " ")
				switch kind {
				case "http":
					count++
					r.example(t, b, location)
				case "c8ql":
					count++
					r.query(t, b, location)
				case "explain":
					count++
					r.explain(t, b)
				case "sh":
					r.commands(t, b)
				}
				if t.Failed() {
					return // what follows builds on it
				}
			}
			if count < 8 {
				t.Errorf("%s has %d examples, want at least 8: has their form changed?", file, count)
			}
		})
	}
}

// parameters reads the query of a block, the lines before it that give parameters their values, and what is behind -->.
func (r *reader) parameters(t *testing.T, b block) (q client.Query, want string, shown bool) {
	t.Helper()
	text, want, shown := strings.Cut(strings.TrimSuffix(b.text, "\n"), "\n-->")
	q.Bind = map[string]any{}
	for strings.HasPrefix(text, "@") {
		line, rest, _ := strings.Cut(text, "\n")
		name, v, ok := strings.Cut(line[1:], " = ")
		if !ok || !json.Valid([]byte(v)) {
			t.Fatalf("line %d: %q is not @NAME = JSON", b.line, line)
		}
		q.Bind[name], text = json.RawMessage(r.fill(v)), rest
	}
	q.Text = r.fill(text)
	return q, strings.TrimPrefix(want, " "), shown
}

// query runs a block of kind c8ql: lines that give parameters their values, the query, and behind --> its rows. Rows are
// compared as an array; an array around one row may be left out. "error" and a number stand for a refusal.
func (r *reader) query(t *testing.T, b block, location string) {
	t.Helper()
	q, want, compare := r.parameters(t, b)
	if location == "" {
		location = "fra"
	}
	c, err := client.New(client.Config{URL: r.urls[location], APIKey: apiKey})
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseIdle()
	rows := []json.RawMessage{}
	err = c.QueryAll(t.Context(), q, &rows)
	if number, refused := strings.CutPrefix(want, "error "); refused {
		if err == nil || !strings.Contains(err.Error(), number) {
			t.Errorf("line %d: the query gave %s and %v, the page shows an error with %s", b.line, rows, err, number)
		}
		return
	}
	if err != nil {
		t.Errorf("line %d: %v", b.line, err)
		return
	}
	got, err := json.Marshal(rows)
	if err != nil {
		t.Fatal(err)
	}
	if !compare {
		return
	}
	found := map[string]string{}
	if !r.showsText(t, want, got, found) {
		t.Errorf("line %d: the query gives %s\nthe page shows %s", b.line, got, want)
	}
	r.keep(found)
}

// costs are the estimates in a line of a plan; they change with the statistics.
var costs = regexp.MustCompile(`^( *\d+ +\w+Node) +\S+ +\S+`)

// planLines are the lines of a plan without what may change: estimates, and the width of columns.
func planLines(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		if line = strings.Join(strings.Fields(costs.ReplaceAllString(line, "$1")), " "); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// explain compares the plan of a query with what the page shows behind --> : each of its lines, in this order.
func (r *reader) explain(t *testing.T, b block) {
	t.Helper()
	q, want, ok := r.parameters(t, b)
	if !ok {
		t.Fatalf("line %d: a plan is not shown", b.line)
	}
	c, err := client.New(client.Config{URL: r.urls["fra"], APIKey: apiKey})
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseIdle()
	got, err := c.Explain(t.Context(), q)
	if err != nil {
		t.Errorf("line %d: %v", b.line, err)
		return
	}
	if lines := planLines(got.Text); !slices.Equal(lines, planLines(want)) {
		t.Errorf("line %d: the plan is\n%s\nthe page shows\n%s", b.line, got.Text, want)
	}
}

// The functions of the reference are those that are there, with their examples: see query/fn. Here it is only that the
// page is linked and not empty.
func TestFunctionsPage(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("reference/functions.md")
	if err != nil || bytes.Count(text, []byte("\n### ")) < 200 {
		t.Errorf("reference/functions.md has %d functions: %v", bytes.Count(text, []byte("\n### ")), err)
	}
}
