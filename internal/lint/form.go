package lint

import (
	"fmt"
	"go/ast"
	"slices"
	"strconv"
	"strings"
)

// checkDocs demands exactly one package comment per package.
func checkDocs(t *Tree) (out []Finding) {
	for _, p := range t.Packages {
		var where []string
		for _, f := range p.Files {
			if f.AST.Doc == nil {
				continue
			}
			want := "Package " + p.Name + " "
			if p.Name == "main" {
				want = "Command "
			}
			if strings.HasPrefix(f.AST.Doc.Text(), want) {
				where = append(where, f.Path)
			} else {
				out = append(out, Finding{"docs", f.Path, fmt.Sprintf("the comment above the package clause must begin with %q, or be parted from it by a blank line", want)})
			}
		}
		if len(where) != 1 {
			out = append(out, Finding{"docs", p.Path, fmt.Sprintf("has %d package comments %v, want exactly one: guarantees, non-guarantees, shapes, units, errors", len(where), where)})
		}
	}
	return out
}

// drawers returns the names under which things pile up that belong nowhere.
func drawers() []string {
	return []string{"util", "utils", "common", "helper", "helpers", "types", "misc", "manager"}
}

func checkNames(t *Tree) (out []Finding) {
	const text = "is a drawer; name the thing that is inside"
	for _, p := range t.Packages {
		if slices.Contains(drawers(), p.Name) {
			out = append(out, Finding{"names", p.Path, "package " + p.Name + " " + text})
		}
		for _, f := range p.Files {
			base := strings.TrimSuffix(strings.TrimSuffix(f.Path[strings.LastIndexByte(f.Path, '/')+1:], ".go"), "_test")
			if slices.Contains(drawers(), base) {
				out = append(out, Finding{"names", f.Path, text})
			}
		}
	}
	return out
}

// The limits on size.
const (
	maxFunctionLines = 70
	maxFileLines     = 600
	maxStructFields  = 19
	maxPackageFiles  = 25
)

// tableMark in a file's comments says that the file is a table of data, which
// may be long.
const tableMark = "Data table:"

// measure is one thing that has a size.
type measure struct {
	kind, place string
	size, limit int
	at          string
}

// checkSizes compares everything that has a limit with it and with the ratchet.
func checkSizes(t *Tree) (out []Finding) {
	ratchet, bad := parseRatchet(t.Ratchet)
	out = append(out, bad...)
	seen := 0
	for _, m := range measures(t) {
		seen++
		key := m.kind + " " + m.place
		allowed, listed := ratchet[key]
		switch {
		case m.size <= m.limit:
			continue
		case !listed:
			out = append(out, Finding{"size", m.at, fmt.Sprintf("%s %s has %d, the limit is %d", m.kind, m.place, m.size, m.limit)})
		case m.size > allowed:
			out = append(out, Finding{"size", m.at, fmt.Sprintf("%s %s grew from %d to %d, the limit is %d", m.kind, m.place, allowed, m.size, m.limit)})
		}
		delete(ratchet, key)
	}
	for key := range ratchet {
		out = append(out, Finding{"size", "internal/lint/testdata/ratchet.txt", "the entry " + key + " is no longer needed; take it out"})
	}
	if seen == 0 {
		out = append(out, Finding{"size", ".", "nothing was measured"})
	}
	return out
}

func parseRatchet(text string) (map[string]int, []Finding) {
	out := map[string]int{}
	var bad []Finding
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		parts := strings.Fields(line)
		size, err := 0, error(nil)
		if len(parts) == 3 {
			size, err = strconv.Atoi(parts[2])
		}
		if len(parts) != 3 || err != nil {
			bad = append(bad, Finding{"size", "internal/lint/testdata/ratchet.txt", fmt.Sprintf("%q is not \"kind place size\"", line)})
			continue
		}
		out[parts[0]+" "+parts[1]] = size
	}
	return out, bad
}

func measures(t *Tree) (out []measure) {
	for _, p := range t.Packages {
		files := 0
		for _, f := range p.Files {
			if ast.IsGenerated(f.AST) {
				continue
			}
			if !f.Test {
				files++
			}
			if !isTable(f) {
				out = append(out, measure{"file", f.Path, f.Lines, maxFileLines, f.Path})
			}
			out = append(out, t.declarations(f)...)
		}
		out = append(out, measure{"package", p.Path, files, maxPackageFiles, p.Path})
	}
	return out
}

func isTable(f *File) bool {
	return slices.ContainsFunc(f.AST.Comments, func(c *ast.CommentGroup) bool {
		return strings.HasPrefix(c.Text(), tableMark)
	})
}

// declarations measures the functions and structs of a file.
func (t *Tree) declarations(f *File) (out []measure) {
	ast.Inspect(f.AST, func(n ast.Node) bool {
		switch d := n.(type) {
		case *ast.FuncDecl:
			if !f.Test && d.Body != nil {
				lines := t.fset.Position(d.End()).Line - t.fset.Position(d.Pos()).Line + 1
				out = append(out, measure{"function", f.Path + ":" + functionName(d), lines, maxFunctionLines, t.place(d.Pos())})
			}
		case *ast.TypeSpec:
			if s, ok := d.Type.(*ast.StructType); ok {
				out = append(out, measure{"struct", f.Path + ":" + d.Name.Name, fields(s), maxStructFields, t.place(d.Pos())})
			}
		}
		return true
	})
	return out
}

func functionName(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return d.Name.Name
	}
	receiver := d.Recv.List[0].Type
	for {
		switch r := receiver.(type) {
		case *ast.StarExpr:
			receiver = r.X
		case *ast.IndexExpr:
			receiver = r.X
		case *ast.Ident:
			return r.Name + "." + d.Name.Name
		default:
			return d.Name.Name
		}
	}
}

// fields counts the fields of a struct, those of nested structs included, so
// that grouping does not hide a god struct.
func fields(s *ast.StructType) int {
	n := 0
	for _, f := range s.Fields.List {
		if inner, ok := f.Type.(*ast.StructType); ok {
			n += fields(inner)
			continue
		}
		n += max(1, len(f.Names))
	}
	return n
}
