package site

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/docs"
)

func consoleStyle(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile("../../console/style.css")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestSearchIndex(t *testing.T) {
	t.Parallel()
	b, err := read(docs.Files())
	if err != nil {
		t.Fatal(err)
	}
	x := indexOf(b)
	if !slices.IsSorted(x.Words) || len(x.Words) != len(x.Places) || len(x.Words) < 2000 || len(x.Sections) < 400 {
		t.Errorf("%d words, %d places, %d sections", len(x.Words), len(x.Places), len(x.Sections))
	}
	for i, places := range x.Places {
		section := 0
		for j := 0; j < len(places); j += 2 {
			if section += places[j]; section >= len(x.Sections) || places[j+1] <= 0 {
				t.Fatalf("%q stands at %v", x.Words[i], places)
			}
		}
	}
	whole, err := x.encode()
	if err != nil {
		t.Fatal(err)
	}
	if a := newAnswer("application/json", whole); len(a.packed) > 256<<10 {
		t.Errorf("the index has %d bytes, %d compressed", len(whole), len(a.packed))
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Set `limits.history-age` (24 h).": "set limits.history-age limits history age 24",
		"Größe, São-Paulo":                 "größe são-paulo são paulo",
		"_key -- x":                        "key",
	} {
		if got := strings.Join(wordsOf(text), " "); got != want {
			t.Errorf("%q has the words %q, want %q", text, got, want)
		}
	}
}

// TestSearchFinds asks search.js, as browsers do, for what people look for.
func TestSearchFinds(t *testing.T) {
	t.Parallel()
	node, err := exec.LookPath("node")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("Node.js is not installed")
		}
		t.Log("passed over: needs Node.js")
		return
	}
	wanted := []struct{ text, href string }{
		{"counter", "/docs/concepts/merging#counter"},
		{"backup", "/docs/operate/backup"},
		{"quickstart", "/docs/guides/quickstart"},
		{"how do i evict a location", "/docs/operate/members#evicting"},
		{"limits.history-age", "/docs/reference/configuration"},
		{"idempotency", "/docs/reference/rest#repeats"},
		{"geo", "/docs/guides/geo"},
		{"keep unique", "/docs/faq#-keep-a-value-unique"},
		{"x-gdn-trxid", "/docs/guides/transactions#step-by-step"},
		{"levenshtein", "/docs/reference/functions#levenshtein_distance"},
		{"clock", "/docs/operate/running#clocks"},
		{"1202", "/docs/reference/errors"},
		{"conflict", "/docs/concepts/merging#the-conflicts-feed"},
		{"revoke key", "/docs/operate/security#clients"},
	}
	files := t.TempDir()
	index := built(t).answers[root+"search.json"].plain
	code, err := assets.ReadFile("assets/search.js")
	if err != nil {
		t.Fatal(err)
	}
	texts := make([]string, len(wanted))
	for i, w := range wanted {
		texts[i] = w.text
	}
	asked, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string]string{"search.mjs": string(code), "index.json": string(index), "ask.mjs": `
import { readFileSync } from 'node:fs'
import { search } from './search.mjs'
const index = JSON.parse(readFileSync(new URL('index.json', import.meta.url)))
console.log(JSON.stringify(` + string(asked) + `.map((text) => search(index, text).map((hit) => hit.href))))
console.log(JSON.stringify([search(index, ''), search(index, '   '), search(index, 'zzqqxx'), search(index, '...')].map((hits) => hits.length)))
`} {
		if err := os.WriteFile(filepath.Join(files, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.CommandContext(t.Context(), node, filepath.Join(files, "ask.mjs")).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	first, rest, _ := strings.Cut(string(out), "\n")
	var found [][]string
	if err := json.Unmarshal([]byte(first), &found); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for i, w := range wanted {
		if at := slices.Index(found[i], w.href); at < 0 || at > 3 {
			t.Errorf("%q finds %v, not %s at first", w.text, found[i], w.href)
		}
	}
	if strings.TrimSpace(rest) != "[0,0,0,0]" {
		t.Errorf("nothing finds %s", rest)
	}
}
