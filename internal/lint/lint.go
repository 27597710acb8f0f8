// Package lint holds the house rules of the project as code.
//
// # Guarantees
//
// Load finds every folder of the repository that has Go files, by walking it,
// and demands that `go list` knows the same ones: a rule that looked at
// nothing does not pass. Check runs every rule and returns what breaks it,
// each with the way out. The tables that it enforces are read from
// ARCHITECTURE.md, so the map that people read is the one that holds.
//
// # What it does not give
//
// It reads syntax, not types: a banned function reached through a variable or
// an alias goes unseen.
//
// # Ratchet
//
// testdata/ratchet.txt lists what may exceed a size limit, as lines
// "kind place size". An entry may shrink and never grow, and one that is no
// longer needed must go.
package lint

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Module is the import path of the repository's root.
const Module = "github.com/selvedge-db/selvedge"

// Finding is one broken rule.
type Finding struct {
	Rule  string
	Place string // file:line, or a folder
	Text  string // what is wrong and what would be right
}

func (f Finding) String() string { return f.Place + ": " + f.Rule + ": " + f.Text }

// File is one parsed Go file; Path is relative to the root, with slashes.
type File struct {
	Path  string
	Test  bool
	Lines int
	AST   *ast.File
	// imports maps the name under which a package is used to its path.
	imports map[string]string
}

// Package is one folder with Go files.
type Package struct {
	Path    string // relative to the root; "." is the root
	Name    string
	Files   []*File
	Imports []string // of files that are not tests
}

// Tree is the repository.
type Tree struct {
	Packages     []*Package
	Architecture string // text of ARCHITECTURE.md
	Ratchet      string
	Scripts      []Script // what browsers get
	fset         *token.FileSet
}

// Load reads the repository at root.
func Load(root string) (*Tree, error) {
	t := &Tree{fset: token.NewFileSet()}
	folders, err := goFolders(root)
	if err != nil {
		return nil, err
	}
	listed, err := goList(root)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(folders, listed) {
		return nil, fmt.Errorf("go list names the folders %v, the disk has %v: the rules would miss some", listed, folders)
	}
	for _, f := range folders {
		p, err := t.load(root, f)
		if err != nil {
			return nil, err
		}
		t.Packages = append(t.Packages, p)
	}
	for name, text := range map[string]*string{
		"ARCHITECTURE.md":                    &t.Architecture,
		"internal/lint/testdata/ratchet.txt": &t.Ratchet,
	} {
		data, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return nil, err
		}
		*text = string(data)
	}
	if t.Scripts, err = loadScripts(root); err != nil {
		return nil, err
	}
	return t, nil
}

// goFolders returns the folders below root that hold Go files, sorted.
func goFolders(root string) ([]string, error) {
	seen := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && path != root &&
			(name == "testdata" || name == "vendor" || name == "node_modules" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")) {
			return filepath.SkipDir
		}
		if !d.IsDir() && strings.HasSuffix(name, ".go") && !strings.HasPrefix(name, ".") && !strings.HasPrefix(name, "_") {
			rel, err := filepath.Rel(root, filepath.Dir(path))
			if err != nil {
				return err
			}
			seen[filepath.ToSlash(rel)] = true
		}
		return nil
	})
	var out []string
	for f := range seen {
		out = append(out, f)
	}
	slices.Sort(out)
	return out, err
}

// goList returns the folders of the packages that the go command sees, sorted.
func goList(root string) ([]string, error) {
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath", "./...")
	cmd.Dir = root
	var stderr strings.Builder
	cmd.Stderr = &stderr
	data, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w: %s", err, stderr.String())
	}
	var out []string
	for dec := json.NewDecoder(strings.NewReader(string(data))); ; {
		var p struct{ ImportPath string }
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			slices.Sort(out)
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		rel := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, Module), "/")
		if rel == "" {
			rel = "."
		}
		out = append(out, rel)
	}
}

func (t *Tree) load(root, folder string) (*Package, error) {
	p := &Package{Path: folder}
	entries, err := os.ReadDir(filepath.Join(root, folder))
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if e.IsDir() || !strings.HasSuffix(e.Name(), ".go") {
			continue
		}
		data, err := os.ReadFile(filepath.Join(root, folder, e.Name()))
		if err != nil {
			return nil, err
		}
		path := e.Name()
		if folder != "." {
			path = folder + "/" + path
		}
		if err := t.add(p, path, string(data)); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// add parses one file into p.
func (t *Tree) add(p *Package, path, source string) error {
	parsed, err := parser.ParseFile(t.fset, path, source, parser.ParseComments)
	if err != nil {
		return err
	}
	f := &File{
		Path:    path,
		Test:    strings.HasSuffix(path, "_test.go"),
		Lines:   strings.Count(source, "\n"),
		AST:     parsed,
		imports: map[string]string{},
	}
	for _, i := range parsed.Imports {
		target := strings.Trim(i.Path.Value, `"`)
		name := importName(i, target)
		f.imports[name] = target
		if !f.Test && !slices.Contains(p.Imports, target) {
			p.Imports = append(p.Imports, target)
		}
	}
	if !f.Test || p.Name == "" {
		p.Name = strings.TrimSuffix(parsed.Name.Name, "_test")
	}
	p.Files = append(p.Files, f)
	return nil
}

// importName is the name under which a file uses a package.
func importName(i *ast.ImportSpec, target string) string {
	if i.Name != nil {
		return i.Name.Name
	}
	parts := strings.Split(target, "/")
	last := parts[len(parts)-1]
	if len(parts) > 1 && len(last) > 1 && last[0] == 'v' && strings.Trim(last[1:], "0123456789") == "" {
		last = parts[len(parts)-2]
	}
	return last
}

func (t *Tree) place(p token.Pos) string {
	at := t.fset.Position(p)
	return fmt.Sprintf("%s:%d", at.Filename, at.Line)
}

// Check runs every rule.
func (t *Tree) Check() []Finding {
	var out []Finding
	for _, rule := range []func(*Tree) []Finding{
		checkImports, checkLibraries, checkDocs, checkNames,
		checkSizes, checkCalls, checkComments, checkState, checkTests, checkScripts,
	} {
		out = append(out, rule(t)...)
	}
	return out
}

// under tells whether folder is top or lies in it.
func under(folder, top string) bool {
	return folder == top || strings.HasPrefix(folder, top+"/")
}

func underAny(folder string, tops []string) bool {
	return slices.ContainsFunc(tops, func(top string) bool { return under(folder, top) })
}

func dir(path string) string {
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		return path[:i]
	}
	return "."
}
