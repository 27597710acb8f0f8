package docs_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const metricsPage = "reference/metrics.md"

const metricsHead = `# Metrics

The page is made from what a running location gives: ` + "`go test ./docs -run MetricsAreCurrent -update`" + `.

` + "`GET /metrics`" + ` answers in the form that Prometheus reads, and wants an API key like every other path. Which of them to watch, and
when to be alarmed, is in [monitoring](../operate/monitoring.md). Besides these there are the figures of the process (` + "`process_*`" + `)
and of the Go runtime (` + "`go_*`" + `). A *counter* only grows, and begins at zero when the process starts; a *gauge* is a value of
now. Times are in seconds, sizes in bytes.

| metric | kind | labels | meaning |
|---|---|---|---|
`

// family is one metric, as /metrics tells it.
type family struct {
	name, help, kind string
	labels           map[string]map[string]bool // name: values
}

var sample = regexp.MustCompile(`^(selvedge_[a-z_]+)(?:\{(.*)\})? `)
var label = regexp.MustCompile(`([a-z_]+)="([^"]*)"`)

// families reads the text of /metrics.
func families(text string) map[string]*family {
	out := map[string]*family{}
	at := func(name string) *family {
		if out[name] == nil {
			out[name] = &family{name: name, labels: map[string]map[string]bool{}}
		}
		return out[name]
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		words := strings.SplitN(line, " ", 4)
		switch {
		case strings.HasPrefix(line, "# HELP selvedge_"):
			at(words[2]).help = words[3]
		case strings.HasPrefix(line, "# TYPE selvedge_"):
			at(words[2]).kind = words[3]
		}
		if m := sample.FindStringSubmatch(line); m != nil {
			for _, l := range label.FindAllStringSubmatch(m[2], -1) {
				if at(m[1]).labels[l[1]] == nil {
					at(m[1]).labels[l[1]] = map[string]bool{}
				}
				at(m[1]).labels[l[1]][l[2]] = true
			}
		}
	}
	return out
}

// fixedLabels have the same values at every location, so the page lists them.
var fixedLabels = []string{"event", "what", "of"}

func (f *family) row() string {
	var labels []string
	for name, values := range f.labels {
		text := "`" + name + "`"
		if slices.Contains(fixedLabels, name) {
			var list []string
			for v := range values {
				list = append(list, "`"+v+"`")
			}
			slices.Sort(list)
			text += ": " + strings.Join(list, ", ")
		}
		labels = append(labels, text)
	}
	slices.Sort(labels)
	return fmt.Sprintf("| `%s` | %s | %s | %s |\n", f.name, f.kind, strings.Join(labels, "; "), strings.ReplaceAll(f.help, "|", `\|`))
}

// metricsOf asks a location, after it has done something.
func (r *reader) metricsOf(t *testing.T, location string) string {
	t.Helper()
	for _, text := range []string{
		"POST /_api/collection\n{\"name\": \"figures\"}\n--> 200\n",
		"POST /_api/document/figures\n{\"_key\": \"a\"}\n--> 202\n",
	} {
		r.example(t, block{text: text}, location)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.urls[location]+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "apikey "+apiKey)
	answer, err := r.http.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%d %v\n%s", answer.StatusCode, err, text)
	}
	return string(text)
}

// TestMetricsAreCurrent compares the page about metrics with what a location gives, and demands that all that other pages name
// are there.
func TestMetricsAreCurrent(t *testing.T) {
	t.Parallel()
	list := families(startReader(t).metricsOf(t, "fra"))
	if len(list) < 8 {
		t.Fatalf("a location gives %d metrics", len(list))
	}
	rows := make([]string, 0, len(list))
	for _, f := range list {
		if f.help == "" || f.kind == "" {
			t.Errorf("%s has no help or no kind", f.name)
		}
		rows = append(rows, f.row())
	}
	slices.Sort(rows)
	want := metricsHead + strings.Join(rows, "")
	if *update {
		if err := os.WriteFile(metricsPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if read(t, metricsPage) != want {
		t.Error("docs/reference/metrics.md is not current: go test ./docs -run MetricsAreCurrent -update")
	}
	files, err := filepath.Glob("operate/*.md")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d pages: %v", len(files), err)
	}
	for _, file := range files {
		for _, name := range regexp.MustCompile(`selvedge_[a-z_]+`).FindAllString(read(t, file), -1) {
			if list[name] == nil {
				t.Errorf("%s names %s, which no location gives", file, name)
			}
		}
	}
}
