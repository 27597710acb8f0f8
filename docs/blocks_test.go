package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tested are the kinds of blocks that a test runs, reads or compares, by page or by folder. Blocks without a kind only show
// something.
var tested = map[string]string{
	"README.md":                  "", // docs/README.md, the map
	"concepts/":                  "http sh",
	"guides/":                    "http c8ql explain sh",
	"guides/quickstart.md":       "sh",
	"guides/ten-locations.md":    "sh", // apptest
	"guides/clients.md":          "sh js python text",
	"guides/command-line.md":     "sh",
	"guides/demos.md":            "sh c8ql",
	"guides/go-client.md":        "sh go text",
	"guides/console.md":          "",
	"operate/mesh.md":            "yaml", // apptest
	"operate/backup.md":          "sh yaml",
	"operate/links.md":           "sh http",
	"operate/limits.md":          "http",
	"operate/monitoring.md":      "yaml",
	"operate/troubleshooting.md": "sh",
	"reference/c8ql.md":          "http c8ql explain",
	"reference/functions.md":     "c8ql",      // query/fn
	"reference/rest.md":          "http json", // gateway/http; the one of JSON shows a form
	"reference/errors.md":        "json",      // api
	"reference/configuration.md": "yaml",      // node
	"reference/cli.md":           "sh text",   // cmd/selvedge
}

// TestEveryBlockIsTested demands that each block with a kind is of one that a test looks at, so that none is added that nobody
// runs.
func TestEveryBlockIsTested(t *testing.T) {
	t.Parallel()
	count := 0
	err := fs.WalkDir(os.DirFS("."), ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(file) != ".md" {
			return err
		}
		kinds, found := tested[file]
		if !found {
			folder, _, _ := strings.Cut(file, "/")
			kinds = tested[folder+"/"]
		}
		for _, b := range blocks(t, file) {
			kind, _, _ := strings.Cut(b.kind, " ")
			count++
			if kind != "" && !slices.Contains(strings.Fields(kinds), kind) {
				t.Errorf("%s, line %d: no test looks at blocks of kind %q there", file, b.line, kind)
			}
		}
		return nil
	})
	if err != nil || count < 500 {
		t.Errorf("%d blocks: %v", count, err)
	}
}
