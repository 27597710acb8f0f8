package lint

import (
	"fmt"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// minPackages is raised as the project grows: a rule must have seen something.
const (
	minPackages = 8
	minScripts  = 60
)

func TestHouse(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	tree, err := Load(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(tree.Packages) < minPackages {
		t.Fatalf("saw %d packages, want at least %d", len(tree.Packages), minPackages)
	}
	if len(tree.Scripts) < minScripts {
		t.Fatalf("saw %d files for browsers, want at least %d", len(tree.Scripts), minScripts)
	}
	only := os.Getenv("LINT_ONLY")
	for _, f := range tree.Check() {
		if strings.HasPrefix(f.Place, only) {
			t.Error(f)
		}
	}
}

const goodTable = `
| folder | may import |
|---|---|
| value, clock, store | nothing |
| crdt | value clock |
| a1, a2, a3, a4, a5, a6, a7 | value |

| library | where | why |
|---|---|---|
| github.com/one/lib | store/kv | x |
| github.com/two/lib/v2 | anywhere | x |
| a.b/c | value | x |
| a.b/d | value | x |
| a.b/e | value | x |
`

const doc = "// Package %s is good.\npackage %s\n"

// lintSource runs every rule over one file among a small good tree.
func lintSource(t *testing.T, path, source string) []Finding {
	t.Helper()
	tree := &Tree{Architecture: goodTable, fset: token.NewFileSet()}
	p := &Package{Path: dir(path)}
	if err := tree.add(p, path, source); err != nil {
		t.Fatal(err)
	}
	tree.Packages = append(tree.Packages, p)
	return tree.Check()
}

// TestEachRuleBites breaks every rule once.
func TestEachRuleBites(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("\t_ = 1\n", maxFunctionLines)
	cases := []struct{ name, path, body, rule string }{
		{"good", "crdt/x.go", `import "github.com/selvedge-db/selvedge/value"` + "\nvar _ = value.Null", ""},
		{"import upwards", "value/x.go", `import _ "github.com/selvedge-db/selvedge/crdt"`, "imports"},
		{"unknown folder", "odd/x.go", "", "imports"},
		{"library elsewhere", "value/x.go", `import _ "github.com/one/lib/sub"`, "libraries"},
		{"library at home", "store/kv/x.go", `import _ "github.com/one/lib/sub"`, ""},
		{"library anywhere", "value/x.go", `import _ "github.com/two/lib/v2"`, ""},
		{"library unlisted", "value/x.go", `import _ "github.com/other/lib"`, "libraries"},
		{"drawer", "value/helpers.go", "", "names"},
		{"long function", "value/x.go", "func f() {\n" + long + "}", "size"},
		{"long test function", "value/x_test.go", "func f() {\n" + long + "}", ""},
		{"long file", "value/x.go", strings.Repeat("\n", maxFileLines+1), "size"},
		{"table file", "value/x.go", "// Data table: of nothing.\n" + strings.Repeat("\n", maxFileLines+1), ""},
		{"wide struct", "value/x.go", "type t struct { a, b, c, d, e, f, g, h, i, j int; k struct { l, m, n, o, p, q, r, s, t, u int } }", "size"},
		{"clock", "value/x.go", `import "time"` + "\nfunc f() { time.Now() }", "calls"},
		{"clock renamed", "value/x.go", `import clock "time"` + "\nfunc f() { clock.Now() }", "calls"},
		{"clock in a test", "value/x_test.go", `import "time"` + "\nfunc f() { time.Now() }", ""},
		{"sleep in a test", "value/x_test.go", `import "time"` + "\nfunc f() { time.Sleep(1) }", "calls"},
		{"random", "store/x.go", `import "math/rand/v2"` + "\nfunc f() { rand.Int() }", "calls"},
		{"disk", "store/x.go", `import "os"` + "\nfunc f() { os.Open(\"\") }", "calls"},
		{"panic", "store/x.go", "func f() { panic(1) }", "calls"},
		{"init", "store/x.go", "func init() {}", "calls"},
		{"leftover", "store/x.go", "// TO" + "DO later.\nfunc f() {}", "comments"},
		{"unfinished", "store/x.go", `var s = "not ` + `implemented"`, "comments"},
		{"goroutine", "value/x.go", "func f() { go f() }", "state"},
		{"goroutine elsewhere", "store/x.go", "func f() { go f() }", ""},
		{"impure import", "value/x.go", `import _ "os"`, "state"},
		{"package variable", "store/x.go", "var n int\nfunc f() { n++ }", "state"},
		{"package map", "store/x.go", "var m = map[int]int{}\nfunc f() { m[1] = 2 }", "state"},
		{"package lock", "store/x.go", "import \"sync\"\nvar mu sync.Mutex", "state"},
		{"package atomic", "store/x.go", "import \"sync/atomic\"\nvar p atomic.Pointer[int]", "state"},
		{"shadowed variable", "store/x.go", "var n int\nfunc f() { n := 1; n++ }", ""},
		{"parameter", "store/x.go", "var n int\nfunc f(n int) { n++ }", ""},
		{"skip", "store/x_test.go", "import \"testing\"\nfunc TestX(t *testing.T) { t.Parallel(); t.Skip() }", "tests"},
		{"serial", "store/x_test.go", "import \"testing\"\nfunc TestX(t *testing.T) { }", "tests"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			name := topOf(c.path)
			if i := strings.LastIndexByte(dir(c.path), '/'); i >= 0 {
				name = dir(c.path)[i+1:]
			}
			got := lintSource(t, c.path, fmt.Sprintf(doc, name, name)+c.body+"\n")
			if c.rule == "" && len(got) != 0 {
				t.Errorf("good code was found guilty: %v", got)
			}
			if c.rule != "" && (len(got) != 1 || got[0].Rule != c.rule) {
				t.Errorf("got %v, want one finding of %q", got, c.rule)
			}
		})
	}
}

func TestDocs(t *testing.T) {
	t.Parallel()
	for source, bad := range map[string]int{
		"// Package store is good.\npackage store\n": 0,
		"package store\n":                               1,
		"// Something else.\npackage store\n":           2,
		"// Something else.\n\npackage store\n":         1,
		"// Package other is good.\npackage store\n":    2,
		"// Command store is a tool.\npackage main\n":   0,
		"// Package main is a tool.\npackage main\n":    2,
		"// Package store is good.\npackage store_test": 0,
	} {
		if got := lintSource(t, "store/x.go", source); len(got) != bad {
			t.Errorf("%q: %v, want %d findings", source, got, bad)
		}
	}
}

func TestRatchet(t *testing.T) {
	t.Parallel()
	source := "// Package store is good.\npackage store\nfunc f() {\n" + strings.Repeat("\t_ = 1\n", 80) + "}\n"
	for ratchet, want := range map[string]string{
		"function store/x.go:f 82\n":              "",
		"# comment\n\nfunction store/x.go:f 90\n": "",
		"function store/x.go:f 81\n":              "grew from 81 to 82",
		"":                                        "the limit is 70",
		"function store/x.go:f 82\nfunction store/x.go:g 82\n": "no longer needed",
		"function store/x.go:f 82\nnonsense\n":                 "is not",
	} {
		tree := &Tree{Architecture: goodTable, Ratchet: ratchet, fset: token.NewFileSet()}
		p := &Package{Path: "store"}
		if err := tree.add(p, "store/x.go", source); err != nil {
			t.Fatal(err)
		}
		tree.Packages = append(tree.Packages, p)
		got := fmt.Sprint(tree.Check())
		if want == "" && got != "[]" || !strings.Contains(got, want) {
			t.Errorf("ratchet %q: %s, want %q", ratchet, got, want)
		}
	}
}

func TestTablesMustExist(t *testing.T) {
	t.Parallel()
	tree := &Tree{fset: token.NewFileSet()}
	got := fmt.Sprint(tree.Check())
	for _, want := range []string{"may-import table has 0", "table of libraries has 0", "nothing was measured"} {
		if !strings.Contains(got, want) {
			t.Errorf("an empty tree gives %s, want also %q", got, want)
		}
	}
}
