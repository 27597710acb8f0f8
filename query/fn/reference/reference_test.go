package reference_test

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/query/fn"
	"github.com/selvedge-db/selvedge/query/fn/reference"
)

var update = flag.Bool("update", false, "write the page instead of comparing it")

const file = "../../../docs/reference/functions.md"

// TestPageIsCurrent compares the page in the documentation with the declarations.
func TestPageIsCurrent(t *testing.T) {
	t.Parallel()
	want := reference.Functions()
	if *update {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("docs/reference/functions.md is not what the functions declare (%v): run go test ./query/fn/reference -update", err)
	}
}

func TestPageHasEveryFunction(t *testing.T) {
	t.Parallel()
	text := string(reference.Functions())
	for _, f := range fn.All() {
		if n := strings.Count(text, "\n### "+f.Name+"\n"); n != 1 {
			t.Errorf("%s is there %d times", f.Name, n)
		}
	}
	for _, a := range fn.AllAggregates() {
		if n := strings.Count(text, "\n### AGGREGATE "+a.Name+"\n"); n != 1 {
			t.Errorf("aggregate %s is there %d times", a.Name, n)
		}
	}
}
