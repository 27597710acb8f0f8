package openapi

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/reference/operations.md anew")

func TestDocument(t *testing.T) {
	t.Parallel()
	text, err := Document("1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	again, err := Document("1.2.3")
	if err != nil || !bytes.Equal(text, again) {
		t.Fatal("two documents differ", err)
	}
	var doc struct {
		OpenAPI    string
		Info       struct{ Version string }
		Paths      map[string]map[string]json.RawMessage
		Components struct{ Schemas map[string]json.RawMessage }
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	if doc.OpenAPI != "3.1.0" || doc.Info.Version != "1.2.3" || len(doc.Paths) < 90 {
		t.Errorf("%s, %s, %d paths", doc.OpenAPI, doc.Info.Version, len(doc.Paths))
	}
	for _, part := range strings.Split(string(text), `"$ref": "#/components/schemas/`)[1:] {
		name, _, _ := strings.Cut(part, `"`)
		if _, ok := doc.Components.Schemas[name]; !ok {
			t.Errorf("a reference to %s, which is not there", name)
		}
	}
	ids := map[string]bool{}
	for _, o := range Operations() {
		if ids[o.ID] || o.ID == "" || o.Summary == "" || !strings.HasSuffix(o.Summary, ".") {
			t.Errorf("%s %s: id %q, summary %q", o.Method, o.Path, o.ID, o.Summary)
		}
		ids[o.ID] = true
		if _, ok := doc.Paths[o.Path][strings.ToLower(o.Method)]; !ok {
			t.Errorf("%s %s is not in the document", o.Method, o.Path)
		}
		for _, part := range strings.Split(o.Path, "/") {
			if name, ok := strings.CutPrefix(part, "{"); ok && parameterTexts[strings.TrimSuffix(name, "}")] == "" {
				t.Errorf("%s: parameter %s has no text", o.Path, name)
			}
		}
	}
}

func TestNotation(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`string`:                       `{"type":"string"}`,
		`"on" | "off" | null`:          `{"anyOf":[{"const":"on"},{"const":"off"},{"type":"null"}]}`,
		`[<integer>]`:                  `{"items":{"additionalProperties":{"type":"integer"},"type":"object"},"type":"array"}`,
		`[]`:                           `{"items":{},"type":"array"}`,
		`{a?: any}`:                    `{"additionalProperties":false,"properties":{"a":{}},"type":"object"}`,
		`{...}`:                        `{"properties":{},"type":"object"}`,
		`{a: string, ...Ok, a: Error}`: `{"additionalProperties":false,"properties":{"a":{"$ref":"#/components/schemas/Error"},"code":{"type":"integer"},"error":{"type":"boolean"}},"required":["a","error","code"],"type":"object"}`,
	} {
		s, err := parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got, err := json.Marshal((&document{strict: true}).schema(s))
		if err != nil || string(got) != want {
			t.Errorf("%s gives %s, want %s (%v)", text, got, want, err)
		}
	}
	for _, text := range []string{``, `strin`, `{a}`, `{a: }`, `{a: string b: string}`, `[string`, `<string`, `"a`, `string string`, `{...Nobody}`, `{...CRDT}`, `{: string}`} {
		if _, err := parse(text); err == nil {
			t.Errorf("%q is read", text)
		}
	}
}

// TestOperationsPage holds the page of the reference to the operations.
func TestOperationsPage(t *testing.T) {
	t.Parallel()
	const page = "../../docs/reference/operations.md"
	var b strings.Builder
	b.WriteString("# Operations\n\nEvery operation of the REST surface, as the OpenAPI document at `/openapi.json` of each location has them; that has the shapes\n" +
		"of bodies and replies too. [REST and WebSocket](rest.md) says what they mean. Paths are below `/_fabric/NAME/_api`.\n\n" +
		"This page is written by `go test ./gateway/openapi -update`.\n")
	for _, g := range groups {
		fmt.Fprintf(&b, "\n## %s%s\n\n%s\n\n| operation | what it does | parameters |\n|---|---|---|\n", strings.ToUpper(g.tag[:1]), g.tag[1:], g.text)
		for _, o := range g.operations {
			names := []string{}
			query, err := parse("{" + o.Query + "}")
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range query.members {
				names = append(names, "`"+m.name+"`")
			}
			fmt.Fprintf(&b, "| `%s %s` | %s | %s |\n", o.Method, o.Path, o.Summary, strings.Join(names, " "))
		}
	}
	if *update {
		if err := os.WriteFile(page, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != b.String() {
		t.Errorf("%s is not what the operations say; go test ./gateway/openapi -update writes it", page)
	}
}

func TestHandler(t *testing.T) {
	t.Parallel()
	h, err := Handler("1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	get := func(tag string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", "/openapi.json", nil)
		r.Header.Set("If-None-Match", tag)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	first := get("")
	want, err := Document("1.2.3")
	if err != nil || first.Code != 200 || first.Body.String() != string(want) || first.Header().Get("Content-Type") != "application/json; charset=utf-8" {
		t.Errorf("%d, %d bytes, %v, %v", first.Code, first.Body.Len(), first.Header(), err)
	}
	if again := get(first.Header().Get("ETag")); again.Code != 304 || again.Body.Len() > 0 {
		t.Errorf("again: %d", again.Code)
	}
}
