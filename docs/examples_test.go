package docs_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/selvedge-db/selvedge/gateway/openapi/conform"
	"github.com/selvedge-db/selvedge/internal/testport"
	"github.com/selvedge-db/selvedge/node"
	"github.com/selvedge-db/selvedge/value"
)

const (
	apiKey = "demo.root.secret"
	// patience bounds a broken run and is no claim about speed.
	patience = 30 * time.Second
	pause    = 20 * time.Millisecond
)

// block is a fenced block of a page.
type block struct {
	kind string // what stands behind the backticks
	text string
	line int
}

var (
	fence    = regexp.MustCompile("(?ms)^```([^\n]*)\n(.*?)^```$")
	variable = regexp.MustCompile(`\$[a-z]+`)
)

// blocks extracts the fenced blocks of a page.
func blocks(t *testing.T, file string) []block {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []block
	for _, at := range fence.FindAllSubmatchIndex(text, -1) {
		out = append(out, block{kind: string(text[at[2]:at[3]]), text: string(text[at[4]:at[5]]),
			line: 1 + strings.Count(string(text[:at[0]]), "\n")})
	}
	return out
}

// TestConcepts runs the examples of the pages about concepts.
func TestConcepts(t *testing.T) {
	t.Parallel()
	for page, least := range map[string]int{"data-model": 25, "merging": 45, "consistency": 12} {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			r := startReader(t)
			count := 0
			for _, b := range blocks(t, "concepts/"+page+".md") {
				kind, location, _ := strings.Cut(b.kind, " ")
				switch kind {
				case "http":
					count++
					r.example(t, b, location)
				case "sh":
					r.commands(t, b)
				}
				if t.Failed() {
					return // what follows builds on it
				}
			}
			if count < least {
				t.Errorf("%s has %d examples, want at least %d: has their form changed?", page, count, least)
			}
		})
	}
}

// reader does what a page says, on a planet of its own.
type reader struct {
	urls map[string]string
	kept map[string]string // values that replies gave, by name
	http http.Client
}

// startReader starts three locations without delays between them.
func startReader(t *testing.T) *reader {
	t.Helper()
	places, err := node.ParsePlaces("fra,syd,tok")
	if err != nil {
		t.Fatal(err)
	}
	password := "docs"
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	planet, err := node.StartDev(ctx, node.DevConfig{Places: places, Port: testport.Take(t, len(places)), APIKey: apiKey,
		RootPassword: &password, Data: t.TempDir(), Limits: node.DefaultConfig().Limits})
	if err != nil {
		t.Fatal(err)
	}
	r := &reader{urls: map[string]string{}, kept: map[string]string{}}
	for _, l := range planet.Locations() {
		r.urls[l.Name] = l.URL
	}
	t.Cleanup(func() {
		r.http.CloseIdleConnections()
		if err := planet.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return r
}

// example is one request with what it must give.
type example struct {
	method, path string
	header       [][2]string
	body         string
	status       string
	gives        [][2]string // headers of the reply
	reply        string
}

var headerLine = regexp.MustCompile(`^([A-Z][A-Za-z0-9-]*): (.*)$`)

// headers takes the leading header lines off.
func headers(lines []string) (out [][2]string, rest string) {
	for len(lines) > 0 {
		m := headerLine.FindStringSubmatch(lines[0])
		if m == nil {
			break
		}
		out, lines = append(out, [2]string{m[1], m[2]}), lines[1:]
	}
	return out, strings.TrimSpace(strings.Join(lines, "\n"))
}

func (r *reader) parse(t *testing.T, text string) example {
	t.Helper()
	request, reply, ok := strings.Cut(strings.TrimSuffix(text, "\n"), "\n--> ")
	if !ok {
		t.Fatalf("an example without -->:\n%s", text)
	}
	lines := strings.Split(r.fill(request), "\n")
	var e example
	if e.method, e.path, ok = strings.Cut(lines[0], " "); !ok {
		t.Fatalf("an example without a request line: %s", lines[0])
	}
	e.header, e.body = headers(lines[1:])
	lines = strings.Split(reply, "\n")
	e.status = lines[0]
	e.gives, e.reply = headers(lines[1:])
	return e
}

// fill puts kept values in the place of their names.
func (r *reader) fill(text string) string {
	return variable.ReplaceAllStringFunc(text, func(name string) string {
		if v, ok := r.kept[name]; ok {
			return v
		}
		return name
	})
}

// example runs a block of kind http.
func (r *reader) example(t *testing.T, b block, location string) {
	t.Helper()
	if location == "" {
		location = "fra"
	}
	if r.urls[location] == "" {
		t.Fatalf("line %d: no location %q", b.line, location)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	e := r.parse(t, b.text)
	last := ""
	for {
		wrong := r.ask(ctx, t, location, e)
		if wrong == "" {
			return
		}
		if ctx.Err() != nil && last != "" {
			wrong = last // what was wrong before the time was over tells more
		}
		last = wrong
		if ctx.Err() != nil || e.method != http.MethodGet {
			t.Errorf("line %d: %s %s at %s: %s", b.line, e.method, e.path, location, wrong)
			return
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}

// described holds what real locations answer to the OpenAPI document.
var described = func() *conform.Checker {
	c, err := conform.New()
	if err != nil {
		panic(err)
	}
	return c
}()

// ask sends the request once and says what is wrong with the answer.
func (r *reader) ask(ctx context.Context, t *testing.T, location string, e example) string {
	t.Helper()
	request, err := http.NewRequestWithContext(ctx, e.method, r.urls[location]+e.path, strings.NewReader(e.body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "apikey "+apiKey)
	for _, h := range e.header {
		request.Header.Set(h[0], h[1])
	}
	answer, err := r.http.Do(request)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = answer.Body.Close() }()
	status, kind, _ := strings.Cut(e.status, " ")
	if kind == "events" {
		return r.events(answer, e.reply)
	}
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return err.Error()
	}
	background := slices.ContainsFunc(e.header, func(h [2]string) bool { return strings.EqualFold(h[0], "x-c8-async") })
	if err := described.Check(conform.Exchange{Method: e.method, URL: e.path, Body: []byte(e.body), Status: answer.StatusCode, Answer: text, Background: background}); err != nil {
		return fmt.Sprintf("not as the OpenAPI document has it: %v", err)
	}
	found := map[string]string{}
	for _, h := range e.gives {
		if !r.same(h[1], answer.Header.Get(h[0]), found) {
			return fmt.Sprintf("header %s is %q, the page shows %q", h[0], answer.Header.Get(h[0]), h[1])
		}
	}
	if strconv.Itoa(answer.StatusCode) != status || !r.showsText(t, e.reply, text, found) {
		return fmt.Sprintf("%d %s\nthe page shows %s %s", answer.StatusCode, text, e.status, e.reply)
	}
	r.keep(found)
	return ""
}

func (r *reader) keep(found map[string]string) {
	for name, v := range found {
		r.kept[name] = v
	}
}

// events reads messages of a change feed.
func (r *reader) events(answer *http.Response, want string) string {
	lines := bufio.NewScanner(answer.Body)
	for text := range strings.Lines(want) {
		wanted, err := value.Parse([]byte(strings.TrimSpace(text)), value.DefaultLimits)
		if err != nil {
			return fmt.Sprintf("the page's message %s: %v", text, err)
		}
		data, found := "", false
		for !found && lines.Scan() {
			data, found = strings.CutPrefix(lines.Text(), "data: ")
		}
		kept := map[string]string{}
		got, err := value.Parse([]byte(data), value.DefaultLimits)
		if err != nil || !r.shows(wanted, got, kept) {
			return fmt.Sprintf("%d: the feed gives %s (%v)\nthe page shows %s", answer.StatusCode, data, err, text)
		}
		r.keep(kept)
	}
	return ""
}

func (r *reader) showsText(t *testing.T, want string, text []byte, found map[string]string) bool {
	t.Helper()
	if want == "" {
		return true
	}
	wanted, err := value.Parse([]byte(want), value.DefaultLimits)
	if err != nil {
		t.Fatalf("the page's reply %s: %v", want, err)
	}
	got, err := value.Parse(text, value.DefaultLimits)
	return err == nil && r.shows(wanted, got, found)
}

// shows tells whether got has everything that want shows, and notes what it names.
func (r *reader) shows(want, got value.Value, found map[string]string) bool {
	switch want.Kind() {
	case value.KindString:
		if want.Str() == "..." {
			return true
		}
		return got.Kind() == value.KindString && r.same(want.Str(), got.Str(), found)
	case value.KindObject:
		for _, m := range want.Members() {
			if v, ok := got.Get(m.Name); !ok || !r.shows(m.Value, v, found) {
				return false
			}
		}
		return got.Kind() == value.KindObject && (!whole(want) || want.Len() == got.Len())
	case value.KindArray:
		if got.Kind() != value.KindArray || len(got.Items()) != len(want.Items()) {
			return false
		}
		for i, v := range want.Items() {
			if !r.shows(v, got.Items()[i], found) {
				return false
			}
		}
		return true
	}
	return value.Identical(want, got)
}

// whole says that a document is shown with all its members: its _id, _key and _rev are.
func whole(want value.Value) bool {
	for _, name := range []string{"_id", "_key", "_rev"} {
		if _, ok := want.Get(name); !ok {
			return false
		}
	}
	return true
}

// same compares texts; a name that has no value yet takes this one.
func (r *reader) same(want, got string, found map[string]string) bool {
	if want == "..." {
		return got != ""
	}
	if variable.FindString(want) != want || want == "" {
		return want == got
	}
	if kept, ok := r.kept[want]; ok {
		return kept == got
	}
	found[want] = got
	return got != ""
}

// commands runs the link commands of a block of kind sh.
func (r *reader) commands(t *testing.T, b block) {
	t.Helper()
	links := "/_api/mesh/links"
	for line := range strings.Lines(b.text) {
		words := strings.Fields(strings.TrimSpace(line))
		switch {
		case strings.HasPrefix(line, "selvedge link heal --all"):
			r.example(t, block{text: "DELETE " + links + "\n--> 200\n", line: b.line}, "")
		case strings.HasPrefix(line, "selvedge link cut ") && len(words) == 4:
			for other := range r.urls {
				if other != words[3] {
					r.cut(t, b, words[3], other)
					r.cut(t, b, other, words[3])
				}
			}
		default:
			t.Fatalf("line %d: %q cannot be run here", b.line, line)
		}
	}
}

func (r *reader) cut(t *testing.T, b block, from, to string) {
	t.Helper()
	r.example(t, block{text: fmt.Sprintf("PUT /_api/mesh/links/%s/%s\n{\"state\": \"cut\"}\n--> 200\n", from, to), line: b.line}, "")
}
