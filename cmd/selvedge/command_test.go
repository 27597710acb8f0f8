package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/selvedge-db/selvedge/client"
	"github.com/selvedge-db/selvedge/cmd/selvedge/top"
	"github.com/selvedge-db/selvedge/node"
)

func TestExitCodes(t *testing.T) {
	t.Parallel()
	f := newFakeLocation(t)
	f.command(t, "version").want(t, exitDone, "selvedge "+node.Version+" ")
	f.command(t, "--version").want(t, exitDone, "selvedge "+node.Version+" ")
	f.command(t, "get", "places/p1").want(t, exitFailed, "document not found", "1202")
	for _, wrong := range [][]string{
		{"nothing"}, {"link", "break"}, {"get"}, {"get", "places"}, {"status", "--no-such-flag"}, {"status", "--output", "xml"},
		{"status", "--every", "1ms"}, {"link", "heal"}, {"link", "heal", "--all", "a", "b"}, {"link", "cut"}, {"import", "x.jsonl"},
		{"import", "x.doc", "--to", "x"}, {"import", "x.csv", "--to", "x", "--on-error", "maybe"}, {"import", "x.csv", "--to", "x", "--escape", "ab"},
		{"import", "-", "--to", "x", "--format", "csv", "--resume"}, {"export", "x", "--format", "csv"}, {"export", "x", "--format", "xml"},
		{"put", "a/b", "[]"}, {"put", "a", "{}", "--merge"}, {"put", "a/b", `{"_key":"c"}`}, {"generate", "people"},
		{"generate", "places", "--count", "-1"}, {"status", "--url", "ftp://x"}, {"serve"}, {"serve", "--config", "/nowhere"},
		{"dev", "--locations", "0"}, {"dev", "--wan", "slow"}, {"dev", "--api-key", "short"}, {"dev", "--port", "65530"},
		{"dev", "--log-level", "loud"}, {"restore", "x"},
	} {
		if r := f.command(t, wrong...); r.code != exitUsage || !strings.Contains(r.err, "selvedge:") {
			t.Errorf("%v: exit code %d: %s", wrong, r.code, r.err)
		}
	}
	f.command(t, "import", "bad.txt", "--to", "x").want(t, exitUsage, `the name "bad.txt" does not tell the format: give --format`)
	gone := newFakeLocation(t)
	gone.Close()
	gone.command(t, "get", "a/b").want(t, exitUnreachable, "no answer from http://127.0.0.1:")
}

// Every command shows how it is used.
func TestEveryCommandHasExamples(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, c := range all((&app{}).root()) {
		if c.IsAdditionalHelpTopicCommand() {
			continue
		}
		seen++
		if c.Example == "" || c.Short == "" {
			t.Errorf("%s has no example or no description", c.CommandPath())
		}
		if r := runWith(t, "", nil, append(strings.Fields(c.CommandPath())[1:], "--help")...); r.code != exitDone || !strings.Contains(r.out, "Examples:") {
			t.Errorf("%s --help: exit code %d: %s", c.CommandPath(), r.code, r.out)
		}
		examples(t, c)
	}
	if seen < 20 {
		t.Errorf("saw only %d commands", seen)
	}
}

// examples checks that the flags in a command's examples exist.
func examples(t *testing.T, c *cobra.Command) {
	t.Helper()
	for line := range strings.Lines(strings.ReplaceAll(c.Example, "\\\n", " ")) {
		line, _, _ = strings.Cut(line, "#")
		for part := range strings.SplitSeq(line, "|") {
			words := strings.Fields(part)
			for len(words) > 0 && strings.Contains(words[0], "=") {
				words = words[1:]
			}
			if len(words) == 0 || words[0] != "selvedge" {
				t.Errorf("%s: example %q does not call selvedge", c.CommandPath(), part)
				continue
			}
			called, rest, err := c.Root().Find(words[1:])
			if err != nil || (called == c.Root() && len(words) > 1) {
				t.Errorf("example %q: %v", part, err)
				continue
			}
			for _, word := range rest {
				if name, ok := strings.CutPrefix(word, "--"); ok && called.Flags().Lookup(name) == nil {
					t.Errorf("example %q: there is no flag --%s", part, name)
				}
			}
		}
	}
}

func TestGetAndPut(t *testing.T) {
	t.Parallel()
	f := newFakeLocation(t)
	f.command(t, "put", "places/p1", `{"a":1}`).want(t, exitFailed, "1203")
	f.collections["places"] = map[string]json.RawMessage{}
	f.command(t, "put", "places/p1", `{"b":2.50,"a":"1"}`).want(t, exitDone, "places/p1 r1")
	f.command(t, "put", "places/p1", `{"c":null}`, "--merge").want(t, exitDone)
	f.command(t, "put", "places", `{}`, "--output", "json").want(t, exitDone, `"_key": "g1"`)
	f.command(t, "get", "places/p1").want(t, exitDone, "\"b\": 2.50,\n")
	f.command(t, "get", "places/p1", "--output", "yaml").want(t, exitDone, "_key: p1\na: \"1\"\nb: 2.50\nc: null\n")
	file := filepath.Join(t.TempDir(), "p2.json")
	if err := os.WriteFile(file, []byte(" {} \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f.command(t, "put", "places/p2", "@"+file).want(t, exitDone, "places/p2")
	runWith(t, `{"x":1}`, []string{"SELVEDGE_URL=" + f.URL}, "put", "places/p3").want(t, exitDone, "places/p3")
	if got := string(f.documents("places")["p2"]); got != `{"_key":"p2"}` {
		t.Errorf("p2 is %s", got)
	}
}

func TestCollections(t *testing.T) {
	t.Parallel()
	f := newFakeLocation(t)
	f.command(t, "put", "shops/s1", `{}`).want(t, exitFailed, "1203", "selvedge collection create shops makes it")
	f.command(t, "collection", "create", "shops", "--crdt", "views=counter,tags=set", "--crdt", "sum=counter:2", "--local").want(t, exitDone, "shops is made")
	if want := `{"name":"shops","type":2,"crdt":{"sum":{"type":"counter","scale":2},"tags":{"type":"set"},"views":{"type":"counter"}},"isLocal":true}`; f.made != want {
		t.Errorf("asked for %s, want %s", f.made, want)
	}
	f.command(t, "collection", "create", "knows", "--edges", "--output", "json").want(t, exitDone, `"name": "knows"`)
	if !strings.Contains(f.made, `"type":3`) {
		t.Errorf("asked for %s", f.made)
	}
	f.command(t, "collection", "create", "climate", "--time", "at", "--values", "celsius,humidity", "--series", "machine", "--rollups", "1m,1mo",
		"--retention", "365d", "--time-format", "iso").want(t, exitDone, "climate is made")
	if want := `{"name":"climate","type":2,"timeseries":{"series":["machine"],"time":"at","values":["celsius","humidity"],"retention":"365d","rollups":["1m","1mo"],"timeFormat":"iso"}}`; f.made != want {
		t.Errorf("asked for %s, want %s", f.made, want)
	}
	for _, wrong := range [][]string{{"--time", "at"}, {"--values", "v"}, {"--series", "s"}, {"--retention", "1d"}} {
		f.command(t, append([]string{"collection", "create", "c"}, wrong...)...).want(t, exitUsage, "--time and --values")
	}
	f.command(t, "collection", "list").want(t, exitDone, "knows       edge", "shops       edge")
	f.command(t, "put", "shops/s1", `{}`).want(t, exitDone)
	f.command(t, "delete", "shops/s1", "--rev", "r0").want(t, exitFailed, "1200")
	f.command(t, "delete", "shops/s1", "--rev", "r1").want(t, exitDone, "shops/s1 is removed")
	f.command(t, "delete", "shops/s1").want(t, exitFailed, "1202")
	f.command(t, "collection", "drop", "knows").want(t, exitDone, "knows is dropped")
	f.command(t, "collection", "drop", "knows").want(t, exitFailed, "1203")
	for _, wrong := range []string{"views", "=set", "a=", "a=set,a=max", "a=counter:x", "a=counter:-1"} {
		f.command(t, "collection", "create", "c", "--crdt", wrong).want(t, exitUsage, "want PATH=TYPE")
	}
}

// What is wrong with a call is said so that the next one can be right.
func TestHints(t *testing.T) {
	t.Parallel()
	f := newFakeLocation(t)
	f.closed = true
	f.command(t, "collection", "list").want(t, exitFailed, "$SELVEDGE_API_KEY", "--api-key")
	f.command(t, "collection", "list", "--api-key", "wrong.a.key").want(t, exitFailed, "credentials, which came from --api-key: they are wrong, taken back,")
	runWith(t, "", []string{"SELVEDGE_URL=" + f.URL, "SELVEDGE_API_KEY=wrong.a.key"}, "collection", "list").want(t, exitFailed, "which came from $SELVEDGE_API_KEY:")
	f.command(t, "statsu").want(t, exitUsage, "did you mean status?")
	f.command(t, "link", "hael").want(t, exitUsage, "did you mean heal?")
	f.command(t, "help", "status").want(t, exitDone, "Show the locations of a fabric")
	f.command(t, "help", "statsu").want(t, exitUsage, `no command and no topic "statsu"; did you mean status?`)
	f.command(t, "help", "link", "hael").want(t, exitUsage, `no command and no topic "link hael"; did you mean heal?`)
	f.command(t, "__complete", "help", "link", "c").want(t, exitDone, "cut\t")
	f.command(t, "zzzzzz").want(t, exitUsage, `there is no command "selvedge zzzzzz"`)
	f.command(t, "put", "places/p1", `{"a":}`).want(t, exitUsage, "not valid JSON at byte 6: invalid character '}'")
	f.command(t, "put", "places/p1", ``).want(t, exitUsage, "no document was given", "as @FILE, or on the standard input")
	f.command(t, "put", "places/p1", ` `).want(t, exitUsage, "no document was given")
	f.command(t, "put", "places/p1").want(t, exitUsage, "no document was given")
	f.command(t, "put", "places/", `{}`).want(t, exitUsage, `"places/": want COLLECTION or COLLECTION/KEY`)
	f.command(t, "user", "create", "ana").want(t, exitUsage, "no password of the new user ana was given", "< FILE")
	f.command(t, "restore", t.TempDir(), "--data", filepath.Join(t.TempDir(), "d")).want(t, exitFailed, "is not a backup: it holds no SELVEDGE-FORMAT")
	f.command(t, "put", "places/p1", `[]`).want(t, exitUsage, "not a JSON object")
	f.collections["c"] = map[string]json.RawMessage{"k": []byte(`{}`)}
	f.command(t, "get", "c/k", "--url", strings.TrimPrefix(f.URL, "http://")).want(t, exitDone)
	runWith(t, "", []string{"SELVEDGE_URL=" + strings.TrimPrefix(f.URL, "http://")}, "get", "c/k").want(t, exitDone)
	_, port, _ := strings.Cut(strings.TrimPrefix(f.URL, "http://"), ":")
	f.command(t, "dev", "--locations", "xyz", "--port", port).want(t, exitFailed, "warning: no known place: xyz stands in Frankfurt", "known are fra syd tok")
	if r := f.command(t, "dev", "--locations", "syd,fra", "--port", port); strings.Contains(r.err, "warning") {
		t.Error(r.err)
	}
	f.command(t, "dev", "--locations", "1", "--port", port).want(t, exitFailed, "address already in use", "--port")
}

func TestStatusAndLinks(t *testing.T) {
	t.Parallel()
	f := newFakeLocation(t)
	f.command(t, "status").want(t, exitDone, "seen from fra", "syd", "-0.5 ms", "3 entries, 12 ms", "250 ms", "18446744073709551615")
	f.command(t, "status", "--output", "json").want(t, exitDone, `"watermark": "18446744073709551615"`, `"fra": "9223372036854775808"`)
	f.command(t, "link", "cut", "fra", "syd").want(t, exitDone, "fra -> syd: cut\nsyd -> fra: cut")
	f.command(t, "link", "cut", "tok", "syd", "--one-way").want(t, exitDone, "tok -> syd: cut")
	f.command(t, "status").want(t, exitDone, "3 entries, cut")
	f.command(t, "link", "heal", "syd", "fra").want(t, exitDone)
	if f.cut["fra syd"] || f.cut["syd fra"] || !f.cut["tok syd"] || f.cut["syd tok"] {
		t.Errorf("links: %v", f.cut)
	}
	f.command(t, "link", "heal", "--all", "--output", "json").want(t, exitDone, `"from": "tok"`)
	f.command(t, "link", "heal", "--all").want(t, exitDone, "no link is cut")
	f.command(t, "link", "cut", "syd").want(t, exitDone, "syd -> fra: cut", "tok -> syd: cut")
	if !f.cut["syd fra"] || !f.cut["fra syd"] || !f.cut["syd tok"] || !f.cut["tok syd"] || f.cut["fra tok"] {
		t.Errorf("links: %v", f.cut)
	}
	f.command(t, "link", "heal", "syd").want(t, exitDone, "fra -> syd: up")
	f.command(t, "link", "cut", "mars").want(t, exitFailed, `there is no location "mars" on this planet`, "there are fra, syd, tok;")
	f.command(t, "link", "cut", "fra", "mars").want(t, exitFailed, `there is no location "mars" on this planet`, "there are fra, syd, tok;")
	f.command(t, "link", "set", "sid", "fra", "--loss", "1").want(t, exitFailed, `no location "sid"`, "did you mean syd?")
	f.command(t, "link", "heal", "sid").want(t, exitFailed, `no location "sid"`, "did you mean syd?")
}

// Where a new fabric is to live and where it lives already differ for a moment, which is told.
func TestNewFabric(t *testing.T) {
	t.Parallel()
	f := newFakeLocation(t)
	const joins = "other locations join it in a moment: selvedge fabric locations shop shows who has"
	f.command(t, "fabric", "create", "shop", "--locations", "fra,syd").want(t, exitDone, "fabric shop is made", joins)
	f.command(t, "fabric", "create", "shop").want(t, exitDone, joins)
	if r := f.command(t, "fabric", "create", "shop", "--locations", "fra"); r.code != exitDone || strings.Contains(r.out, joins) {
		t.Errorf("%+v", r)
	}
	f.command(t, "fabric", "create", "shop", "--output", "json").wantJSON(t)
}

// Links are the planet's: whatever the fabric, all locations have them. The one here is gone, as that of a context can be.
func TestLinksOfNoFabric(t *testing.T) {
	t.Parallel()
	f := newFakeLocation(t)
	f.command(t, "status", "--fabric", "gone").want(t, exitFailed, "404")
	f.command(t, "link", "cut", "fra", "tok", "--fabric", "gone").want(t, exitDone, "fra -> tok: cut\ntok -> fra: cut\n")
	f.command(t, "link", "set", "fra", "--delay", "1s", "--fabric", "gone").want(t, exitDone, "fra -> tok: changed")
	f.command(t, "link", "heal", "fra", "--fabric", "gone").want(t, exitDone, "fra -> tok: up")
	f.command(t, "link", "cut", "syd", "--one-way", "--fabric", "gone").want(t, exitDone, "syd -> tok: cut")
	f.command(t, "link", "heal", "--all", "--fabric", "gone").want(t, exitDone, "syd -> fra: up\nsyd -> tok: up\n")
}

func TestStatusInWords(t *testing.T) {
	t.Parallel()
	show := func(links ...client.Link) string {
		var b strings.Builder
		writeStatus(&b, client.Mesh{Location: "fra", Locations: []client.MeshLocation{{Name: "fra"}, {Name: "syd"}}, Links: links}, false)
		return b.String()
	}
	if got := show(); !strings.Contains(got, "there are no other locations") || strings.Contains(got, "0 links") {
		t.Error(got)
	}
	if got := show(client.Link{From: "fra", To: "syd", State: "up", Lag: client.Lag{Entries: 1, Ms: 5}}); !strings.Contains(got, "1 entry, 5.0 ms") {
		t.Error(got)
	}
}

// A location behind a link that is known to be cut is not told to be down, which nobody can know.
func TestStatusOfCutOff(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ from, to, link, state, want string }{
		{"fra", "syd", "cut", "down", "cut off"}, {"syd", "fra", "cut", "down", "cut off"}, {"fra", "syd", "down", "down", "down"},
		{"tok", "syd", "cut", "down", "down"}, {"fra", "syd", "cut", "up", "up"}, {"fra", "syd", "cut", "evicting", "evicting"},
	} {
		mesh := client.Mesh{Location: "fra", Links: []client.Link{{From: test.from, To: test.to, State: test.link}}}
		mesh.Locations = []client.MeshLocation{{Name: "fra", State: "up"}, {Name: "syd", State: test.state, URL: "http://syd"}}
		var b strings.Builder
		writeStatus(&b, mesh, false)
		if !regexp.MustCompile(`(?m)^syd +` + test.want + ` +http://syd`).MatchString(b.String()) {
			t.Errorf("%+v:\n%s", test, b.String())
		}
	}
}

// top counts links as the console does.
func TestTopCountsPairs(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	writeTop(&b, &top.State{LinksUp: 72, Links: make([]top.Link, 18), Pairs: top.Pairs{Up: 36, InTrouble: 9}})
	if !strings.Contains(b.String(), "links, both directions as one: 36 up, 9 in trouble\n") {
		t.Error(b.String())
	}
}

// What is to be tried next can be typed, also by somebody who has no program but go run.
func TestProgramName(t *testing.T) {
	t.Parallel()
	for executable, want := range map[string]string{
		"/tmp/go-build1561560309/b001/exe/selvedge": "go run ./cmd/selvedge", "/home/ana/.cache/go-build/0e/0e48-d/selvedge": "go run ./cmd/selvedge",
		"/usr/local/bin/selvedge": "selvedge", "/home/ana/my-go-builds/selvedge": "selvedge", "": "selvedge",
	} {
		if got := programName(executable); got != want {
			t.Errorf("%s: %s, want %s", executable, got, want)
		}
	}
}

// --wait is over when the last location has caught up, and not before.
func TestStatusWaits(t *testing.T) {
	t.Parallel()
	r := runWith(t, "", nil, "status", "--wait", "--url", fakeMesh(t, 10))
	r.want(t, exitDone, "seen from fra")
	if first, _, _ := strings.Cut(r.out, "\n"); !strings.HasPrefix(first, "fra, syd, tok: each has what any of them had committed when the command began; that took ") {
		t.Errorf("the first line is %q", first)
	}
	if !strings.Contains(r.out, "\nthe word of it may still be on its way back, so lags below may be above zero\n\n") {
		t.Errorf("lags after that contradict it:\n%s", r.out)
	}
	runWith(t, "", nil, "status", "--wait", "--output", "json", "--url", fakeMesh(t, 10)).wantJSON(t)
	never := fakeMesh(t, 1<<30)
	runWith(t, "", nil, "status", "--wait", "--url", never, "--timeout", "1s").want(t, exitFailed, "after 1s syd lacks entries of fra, tok", "selvedge link list")
	mute := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer mute.Close()
	runWith(t, "", nil, "status", "--wait", "--url", mute.URL, "--timeout", "1s").want(t, exitFailed, "after 1s "+mute.URL+" has not answered")
	runWith(t, "", nil, "location", "show", "nyc", "--url", never).want(t, exitUnreachable, "the address came from "+never+": selvedge status shows")
	runWith(t, "", nil, "status", "--wait", "--watch", "--url", never).want(t, exitUsage)
}

func TestExport(t *testing.T) {
	t.Parallel()
	f := newFakeLocation(t)
	f.collections["c"] = map[string]json.RawMessage{"1": []byte(`{"_key":"1","n":1.0,"s":"a,\"b","o":{"x":[1]}}`), "2": []byte(`{"_key":"2","n":null}`)}
	f.collections["none"] = map[string]json.RawMessage{}
	f.command(t, "export", "c").want(t, exitDone, "{\"_key\":\"1\",\"n\":1.0,\"s\":\"a,\\\"b\",\"o\":{\"x\":[1]}}\n{\"_key\":\"2\",\"n\":null}\n", "exported 2")
	f.command(t, "export", "c", "--format", "csv", "--columns", "_key,n,s,o", "--null", `\N`).want(t, exitDone,
		"_key,n,s,o\n1,1.0,\"a,\"\"b\",\"{\"\"x\"\":[1]}\"\n2,\\N,\\N,\\N\n")
	file := filepath.Join(t.TempDir(), "out.json")
	f.command(t, "export", "none", "--format", "json", "--out", file).want(t, exitDone, "exported 0")
	if text, err := os.ReadFile(file); err != nil || !json.Valid(text) {
		t.Errorf("%s, %v", text, err)
	}
	for name, want := range map[string]string{"c.csv": "_key,n\n1,1.0\n2,\n", "C.CSV": "_key,n\n1,1.0\n2,\n"} {
		named := filepath.Join(t.TempDir(), name)
		f.command(t, "export", "c", "--out", named).want(t, exitUsage, "csv needs --columns a,b,c")
		f.command(t, "export", "c", "--out", named, "--columns", "_key,n").want(t, exitDone, "exported 2")
		if text, err := os.ReadFile(named); err != nil || string(text) != want {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	for name, want := range map[string]string{"n.json": "[\n\n]\n", "n.jsonl": "", "n.txt": ""} {
		named := filepath.Join(t.TempDir(), name)
		f.command(t, "export", "none", "--out", named).want(t, exitDone, "exported 0")
		if text, err := os.ReadFile(named); err != nil || string(text) != want {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	f.command(t, "export", "gone", "--out", file+"2").want(t, exitFailed, "1203")
	if left, _ := filepath.Glob(file + "2*"); len(left) > 0 {
		t.Errorf("a failed export leaves %v", left)
	}
}

func TestGenerate(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "places.jsonl")
	runWith(t, "", nil, "generate", "places", "--out", file).want(t, exitDone)
	text, err := os.ReadFile(file)
	if err != nil || strings.Count(string(text), "\n") != 7698 {
		t.Fatalf("%d lines, %v", strings.Count(string(text), "\n"), err)
	}
	f := newFakeLocation(t)
	f.command(t, "import", file, "--to", "places").want(t, exitDone, "imported 7698, skipped 0")
	r := runWith(t, "", nil, "generate", "places", "--format", "csv", "--count", "100")
	r.want(t, exitDone, "_key,name,kind")
	runWith(t, r.out, []string{"SELVEDGE_URL=" + f.URL}, "import", "-", "--to", "table", "--format", "csv").want(t, exitDone, "imported 100, skipped 0")
	if len(f.documents("table")) != 100 || len(f.documents("places")) != 7698 {
		t.Errorf("%d and %d documents", len(f.documents("table")), len(f.documents("places")))
	}
	for k := 1; k <= 100; k++ {
		if f.documents("table")[fmt.Sprintf("p%d", k)] == nil {
			t.Fatalf("p%d is missing", k)
		}
	}
}
