package lint

import (
	"fmt"
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strings"
)

// ban is a function, or with Name "*" a whole package, that may be used only in
// some folders.
type ban struct {
	pkg, name string
	instead   string
	except    []string
	tests     bool // tests may not use it either
}

// outside lists the folders that stand outside the simulated world: they talk
// to the machine because that is their purpose.
func outside() []string {
	return []string{"internal/env", "internal/lint", "internal/datatest", "internal/testport", "cmd", "bench", "apptest", "examples"}
}

func bans() []ban {
	out := []ban{
		{pkg: "time", name: "Now", instead: "env.Clock", except: outside()},
		{pkg: "time", name: "Since", instead: "env.Clock.Monotonic", except: outside()},
		{pkg: "time", name: "Until", instead: "env.Clock.Monotonic", except: outside()},
		{pkg: "time", name: "Sleep", instead: "env.Sleep with a context; in tests testing/synctest or a channel", except: outside(), tests: true},
		{pkg: "math/rand", name: "*", instead: "env.Rand", except: outside()},
		{pkg: "math/rand/v2", name: "*", instead: "env.Rand", except: outside()},
		{pkg: "os", name: "Exit", instead: "an error that the command reports", except: []string{"cmd", "bench"}},
		{pkg: "log", name: "*", instead: "log/slog with a logger that was handed in", tests: true},
		{pkg: "net", name: "Listen", instead: "env.Net.Listen", except: outside()},
		{pkg: "net", name: "Dial", instead: "env.Net.Dial", except: outside()},
		{pkg: "net", name: "DialTimeout", instead: "env.Net.Dial with a context", except: outside()},
		{pkg: "io/ioutil", name: "*", instead: "io and os", tests: true},
	}
	for _, name := range []string{
		"Open", "Create", "OpenFile", "ReadFile", "WriteFile", "ReadDir", "Mkdir", "MkdirAll", "MkdirTemp", "CreateTemp",
		"Remove", "RemoveAll", "Rename", "Link", "Symlink", "Stat", "Lstat", "Truncate", "Chmod", "Chtimes", "DirFS",
	} {
		out = append(out, ban{pkg: "os", name: name, instead: "internal/env/disk", except: outside()})
	}
	return out
}

func checkCalls(t *Tree) (out []Finding) {
	list := bans()
	for _, p := range t.Packages {
		for _, f := range p.Files {
			synctest := slices.Contains(importPaths(f), "testing/synctest")
			ast.Inspect(f.AST, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.SelectorExpr:
					out = append(out, t.selector(list, f, n, synctest)...)
				case *ast.CallExpr:
					if id, ok := n.Fun.(*ast.Ident); ok && id.Name == "panic" && id.Obj == nil && !f.Test && !under(dir(f.Path), "internal/invariant") {
						out = append(out, Finding{"calls", t.place(n.Pos()), "panic: return an error; for what only a mistake in the code can cause, invariant.Check"})
					}
				case *ast.FuncDecl:
					if n.Name.Name == "init" && n.Recv == nil {
						out = append(out, Finding{"calls", t.place(n.Pos()), "init runs unasked: let node construct and hand in"})
					}
				}
				return true
			})
		}
	}
	return out
}

func importPaths(f *File) (out []string) {
	for _, p := range f.imports {
		out = append(out, p)
	}
	return out
}

func (t *Tree) selector(list []ban, f *File, n *ast.SelectorExpr, synctest bool) []Finding {
	id, ok := n.X.(*ast.Ident)
	if !ok || id.Obj != nil {
		return nil
	}
	pkg := f.imports[id.Name]
	for _, b := range list {
		if b.pkg != pkg || (b.name != "*" && b.name != n.Sel.Name) || underAny(dir(f.Path), b.except) {
			continue
		}
		if f.Test && (!b.tests || synctest) {
			continue
		}
		return []Finding{{"calls", t.place(n.Pos()), fmt.Sprintf("%s.%s is banned here; use %s", pkg, n.Sel.Name, b.instead)}}
	}
	return nil
}

// leftovers matches what unfinished work leaves in comments. The words are
// split so that this file does not match itself.
func leftovers() *regexp.Regexp {
	return regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X|HA` + `CK)\b|not ` + `implemented|/wo` + `rk/|/ro` + `ot/`)
}

func checkComments(t *Tree) (out []Finding) {
	pattern := leftovers()
	for _, p := range t.Packages {
		for _, f := range p.Files {
			ast.Inspect(f.AST, func(n ast.Node) bool {
				if s, ok := n.(*ast.BasicLit); ok && s.Kind == token.STRING {
					if word := pattern.FindString(s.Value); strings.HasPrefix(word, "not ") {
						out = append(out, Finding{"comments", t.place(s.Pos()), fmt.Sprintf("%q: finish it, or leave it out", word)})
					}
				}
				return true
			})
			for _, c := range f.AST.Comments {
				if word := pattern.FindString(c.Text()); word != "" {
					out = append(out, Finding{"comments", t.place(c.Pos()), fmt.Sprintf("%q: finish it, or write it into an issue; no paths of one machine", word)})
				}
			}
		}
	}
	return out
}

// pure lists the packages without goroutines, locks and input or output.
func pure() []string {
	return []string{"value", "clock", "crdt", "codec", "rows", "query/ast", "query/parse", "query/check", "query/plan", "query/fn", "query/operator", "query/graph", "geo", "text", "series"}
}

// impure lists what they must not import. A context is not among them: it only says how long to wait, and rows passes it on.
func impure() []string {
	return []string{"os", "net", "net/http", "crypto/rand", "log/slog", "sync", "sync/atomic", "syscall"}
}

// checkState looks for goroutines in pure packages and for package variables
// that change.
func checkState(t *Tree) (out []Finding) {
	for _, p := range t.Packages {
		clean := underAny(p.Path, pure())
		names := packageVariables(p)
		for _, f := range p.Files {
			if f.Test {
				continue
			}
			if clean {
				for _, i := range importPaths(f) {
					if slices.Contains(impure(), i) {
						out = append(out, Finding{"state", f.Path, "a pure package must not import " + i})
					}
				}
			}
			ast.Inspect(f.AST, func(n ast.Node) bool {
				if g, ok := n.(*ast.GoStmt); ok && clean {
					out = append(out, Finding{"state", t.place(g.Pos()), "a pure package must not start goroutines"})
				}
				for _, target := range changed(n) {
					if id := root(target); id != nil && id.Name != "_" && names[id.Name] && packageLevel(f, id) {
						out = append(out, Finding{"state", t.place(id.Pos()), "package variable " + id.Name + " is changed: keep it in a value that node constructs"})
					}
				}
				return true
			})
			out = append(out, t.lockedVariables(f)...)
		}
	}
	return out
}

func packageVariables(p *Package) map[string]bool {
	names := map[string]bool{}
	for _, f := range p.Files {
		for _, s := range variables(f) {
			for _, n := range s.Names {
				names[n.Name] = true
			}
		}
	}
	return names
}

func variables(f *File) (out []*ast.ValueSpec) {
	for _, d := range f.AST.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.VAR {
			continue
		}
		for _, s := range g.Specs {
			out = append(out, s.(*ast.ValueSpec))
		}
	}
	return out
}

// changed returns the expressions that a statement assigns to.
func changed(n ast.Node) []ast.Expr {
	switch s := n.(type) {
	case *ast.AssignStmt:
		if s.Tok != token.DEFINE {
			return s.Lhs
		}
	case *ast.IncDecStmt:
		return []ast.Expr{s.X}
	}
	return nil
}

// root returns the variable at the bottom of x.y[z].
func root(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return nil
		}
	}
}

// packageLevel tells whether id names something of the package rather than of
// a function: the parser resolves only what is declared in the same file.
func packageLevel(f *File, id *ast.Ident) bool {
	if id.Obj == nil {
		return f.imports[id.Name] == ""
	}
	return f.AST.Scope.Lookup(id.Name) == id.Obj
}

// lockedVariables finds package variables that exist to be changed.
func (t *Tree) lockedVariables(f *File) (out []Finding) {
	for _, s := range variables(f) {
		expr := s.Type
		if expr == nil && len(s.Values) > 0 {
			if c, ok := s.Values[0].(*ast.CompositeLit); ok {
				expr = c.Type
			}
		}
		if x, ok := expr.(*ast.IndexExpr); ok {
			expr = x.X
		}
		sel, ok := expr.(*ast.SelectorExpr)
		if !ok {
			continue
		}
		if id, ok := sel.X.(*ast.Ident); ok {
			if pkg := f.imports[id.Name]; pkg == "sync" || pkg == "sync/atomic" {
				out = append(out, Finding{"state", t.place(s.Pos()), "package variable of type " + pkg + "." + sel.Sel.Name + ": keep it in a value that node constructs"})
			}
		}
	}
	return out
}

// mayskip lists the folders whose test code may skip: the one that looks for
// data files, and fails instead of skipping when CI is set.
func mayskip() []string { return []string{"internal/datatest"} }

// checkTests demands tests that run in parallel and do not skip.
func checkTests(t *Tree) (out []Finding) {
	for _, p := range t.Packages {
		for _, f := range p.Files {
			ast.Inspect(f.AST, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok && slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, s.Sel.Name) {
					if id, ok := s.X.(*ast.Ident); ok && slices.Contains([]string{"t", "b", "tb", "f"}, id.Name) && !underAny(p.Path, mayskip()) {
						out = append(out, Finding{"tests", t.place(s.Pos()), "a test must not skip; data files come from internal/datatest"})
					}
				}
				return true
			})
			if !f.Test {
				continue
			}
			for _, d := range f.AST.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && isTest(fn) && !parallel(fn) {
					out = append(out, Finding{"tests", t.place(fn.Pos()), fn.Name.Name + " does not call t.Parallel"})
				}
			}
		}
	}
	return out
}

func isTest(fn *ast.FuncDecl) bool {
	return fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Test") && fn.Name.Name != "TestMain" &&
		fn.Type.Params.NumFields() == 1 && fn.Body != nil
}

// parallel tells whether a test says that it runs beside others, or calls what
// the testing package forbids beside others.
func parallel(fn *ast.FuncDecl) bool {
	found := false
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			switch s.Sel.Name {
			case "Parallel", "Setenv", "Chdir", "AllocsPerRun":
				found = true
			}
		}
		return !found
	})
	return found
}
