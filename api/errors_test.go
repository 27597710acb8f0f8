package api

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/value"
)

var rewrite = flag.Bool("rewrite", false, "write docs/reference/errors.md anew")

const errorsPage = "../docs/reference/errors.md"

// page is the documentation of the catalogue.
func page() string {
	var b strings.Builder
	b.WriteString(`# Errors

Every failure answers with this envelope:

` + "```json" + `
{"error": true, "code": 404, "errorNum": 1202, "errorMessage": "document not found: \"places/x\"", "errorCode": "document-not-found"}
` + "```" + `

` + "`code`" + ` is the HTTP status, ` + "`errorNum`" + ` the number that existing clients know, ` + "`errorCode`" + ` the name, which never changes
its meaning: test for that one. ` + "`errorMessage`" + ` is for people and may change. In bulk replies a failed item is the same object
without ` + "`code`" + `. A failed step of an atomic batch has its ` + "`index`" + `; a failed precondition has ` + "`_id`, `_key` and `_rev`" + ` of the document
as it is now. "Retry" is what ` + "`Retry-After`" + ` says, in seconds.

| errorCode | status | errorNum | meaning | what to do | retry |
|---|---|---|---|---|---|
`)
	for _, r := range Catalogue() {
		retry := ""
		if r.Retry > 0 {
			retry = fmt.Sprint(r.Retry)
		}
		fmt.Fprintf(&b, "| %s | %d | %d | %s | %s | %s |\n", r.Code, r.Status, r.Num, r.Text, strings.ReplaceAll(r.Help, "|", "\\|"), retry)
	}
	return b.String()
}

func TestErrorsPageIsCurrent(t *testing.T) {
	t.Parallel()
	if *rewrite {
		if err := os.WriteFile(errorsPage, []byte(page()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(errorsPage)
	if err != nil || string(have) != page() {
		t.Errorf("%s is not what the catalogue says (%v): go test ./api -run ErrorsPage -rewrite", errorsPage, err)
	}
}

func TestCatalogue(t *testing.T) {
	t.Parallel()
	seen := map[Code]bool{}
	for _, r := range Catalogue() {
		if seen[r.Code] {
			t.Errorf("%s is twice in the catalogue", r.Code)
		}
		seen[r.Code] = true
		if r.Status < 400 || r.Status > 599 || r.Num == 0 || r.Text == "" {
			t.Errorf("row %+v lacks something", r)
		}
		e := Fail(r.Code, "because of %q", "x")
		if e.Status != r.Status || e.Num != r.Num || !strings.HasPrefix(e.Message, r.Text) {
			t.Errorf("%s: %+v", r.Code, e)
		}
		if _, err := value.Parse(e.AppendJSON(nil), value.DefaultLimits); err != nil {
			t.Errorf("%s: %v", r.Code, err)
		}
	}
	if e := Fail("no such code", ""); e.Code != Internal {
		t.Errorf("an unknown code gives %+v", e)
	}
}

// A detail that begins as its row does is not told twice.
func TestMessagesDoNotRepeat(t *testing.T) {
	t.Parallel()
	for detail, want := range map[string]string{
		"":                     "unknown variable",
		"unknown variable 'b'": "unknown variable 'b'",
		"'b' is none":          "unknown variable: 'b' is none",
	} {
		e := Fail(QueryUnknownVariable, "")
		if detail != "" {
			e = Fail(QueryUnknownVariable, "%s", detail)
		}
		if e.Message != want {
			t.Errorf("%q gives %q, want %q", detail, e.Message, want)
		}
	}
}
