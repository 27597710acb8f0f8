package lint

import (
	"fmt"
	"slices"
	"strings"
)

// table returns the body rows of the first markdown table in text whose header
// cells begin with the given words; backquotes are taken off.
func table(text string, header ...string) [][]string {
	var rows [][]string
	inside := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") {
			if inside {
				return rows
			}
			continue
		}
		var cells []string
		for c := range strings.SplitSeq(strings.Trim(line, "|"), "|") {
			cells = append(cells, strings.TrimSpace(strings.ReplaceAll(c, "`", "")))
		}
		switch {
		case inside && strings.Trim(cells[0], "-: ") != "":
			rows = append(rows, cells)
		case !inside && len(cells) >= len(header):
			inside = true
			for i, h := range header {
				inside = inside && strings.HasPrefix(cells[i], h)
			}
		}
	}
	return rows
}

// words splits "a, b c" into its words.
func words(cell string) []string {
	return strings.FieldsFunc(cell, func(r rune) bool { return r == ' ' || r == ',' })
}

// mayImport reads the import table: for each top folder the others that it may
// import.
func mayImport(architecture string) map[string][]string {
	out := map[string][]string{}
	for _, row := range table(architecture, "folder", "may import") {
		if len(row) < 2 {
			continue
		}
		allowed := words(row[1])
		if row[1] == "nothing" {
			allowed = nil
		}
		for _, f := range words(row[0]) {
			out[f] = allowed
		}
	}
	return out
}

// topOf returns the top folder of a folder.
func topOf(folder string) string {
	top, _, _ := strings.Cut(folder, "/")
	return top
}

func checkImports(t *Tree) (out []Finding) {
	allowed := mayImport(t.Architecture)
	if len(allowed) < 10 {
		return []Finding{{"imports", "ARCHITECTURE.md", fmt.Sprintf("the may-import table has %d folders, want at least 10", len(allowed))}}
	}
	for _, p := range t.Packages {
		top := topOf(p.Path)
		if _, known := allowed[top]; !known && top != "internal" {
			out = append(out, Finding{"imports", p.Path, "top folder " + top + " is not in the may-import table of ARCHITECTURE.md"})
			continue
		}
		for _, i := range p.Imports {
			target, ours := strings.CutPrefix(i, Module+"/")
			if !ours || topOf(target) == top || topOf(target) == "internal" {
				continue
			}
			if !slices.Contains(allowed[top], topOf(target)) {
				out = append(out, Finding{"imports", p.Path, fmt.Sprintf("imports %s; %s may import %v (table in ARCHITECTURE.md)", target, top, allowed[top])})
			}
		}
	}
	return out
}

// checkLibraries holds foreign modules to the folders that wrap them.
func checkLibraries(t *Tree) (out []Finding) {
	rows := table(t.Architecture, "library", "where")
	if len(rows) < 5 {
		return []Finding{{"libraries", "ARCHITECTURE.md", fmt.Sprintf("the table of libraries has %d rows, want at least 5", len(rows))}}
	}
	for _, p := range t.Packages {
		for _, f := range p.Files {
			for _, target := range f.imports {
				if !strings.Contains(topOf(target), ".") || under(target, Module) {
					continue
				}
				if text := libraryAllowed(rows, p.Path, target, f.Test); text != "" {
					out = append(out, Finding{"libraries", f.Path, text})
				}
			}
		}
	}
	return out
}

func libraryAllowed(rows [][]string, folder, target string, test bool) string {
	for _, row := range rows {
		if len(row) < 2 || !under(target, row[0]) {
			continue
		}
		where := words(row[1])
		if slices.Contains(where, "anywhere") || test || underAny(folder, where) {
			return ""
		}
		return fmt.Sprintf("imports %s; only %v may (table of libraries in ARCHITECTURE.md)", target, where)
	}
	return "imports " + target + ", which the table of libraries in ARCHITECTURE.md does not list with a reason"
}
