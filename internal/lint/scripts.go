package lint

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Script is a file of JavaScript, HTML or CSS that browsers get, or a test of these.
type Script struct{ Path, Text string }

// loadScripts reads the console, the documentation site and their tests. Bundles of libraries are not ours.
func loadScripts(root string) ([]Script, error) {
	var out []Script
	for _, top := range []string{"console", "docs", "apptest/console"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			rel = filepath.ToSlash(rel)
			if d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata") {
				return filepath.SkipDir
			}
			bundle := under(dir(rel), "console/vendor") && !under(dir(rel), "console/vendor/src") && !strings.HasSuffix(rel, ".mjs")
			if d.IsDir() || bundle || !slices.Contains([]string{".js", ".mjs", ".html", ".css"}, filepath.Ext(rel)) {
				return nil
			}
			data, err := os.ReadFile(path)
			out = append(out, Script{Path: rel, Text: string(data)})
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// bannedWord is what a file for browsers must not have, in code or in markup.
type bannedWord struct {
	pattern *regexp.Regexp
	instead string
	markup  bool // of HTML, not of JavaScript
}

func bannedWords() []bannedWord {
	const nodes = "text goes into the page as text nodes: h of app/dom.js"
	return []bannedWord{
		{regexp.MustCompile(`\.(inner|outer)HTML\s*(\+?=[^=]|\+=)`), nodes, false},
		{regexp.MustCompile(`\binsertAdjacentHTML\b|\bdocument\.write(ln)?\b|\bcreateContextualFragment\b|\bsetHTMLUnsafe\b`), nodes, false},
		{regexp.MustCompile(`\beval\s*\(|\bnew Function\b|\bset(Timeout|Interval)\(\s*["'` + "`" + `]`), "no text becomes code", false},
		{regexp.MustCompile(`setAttribute\(\s*["']style["']`), "the content security policy refuses style attributes; set properties of element.style", false},
		{regexp.MustCompile(`(?:from|import)\s*\(?["'](?:https?:)?//`), "nothing is loaded from elsewhere; libraries are bundled in console/vendor", false},
		{regexp.MustCompile(`(?i)<[a-z][^>]*\s(style|on[a-z]+)\s*=`), "no inline style or handler: the content security policy refuses them", true},
		{regexp.MustCompile(`(?i)<script(\s[^>]*)?>\s*[^<\s]`), "no inline script: the content security policy refuses it", true},
		{regexp.MustCompile(`(?i)<(script|link|img)[^>]*\s(src|href)\s*=\s*["'](https?:)?//`), "nothing is loaded from elsewhere", true},
	}
}

// checkScripts holds the files for browsers to rules that keep hostile data out and files short.
func checkScripts(t *Tree) (out []Finding) {
	words := bannedWords()
	for _, s := range t.Scripts {
		markup := strings.HasSuffix(s.Path, ".html")
		test := under(dir(s.Path), "apptest")
		if lines := strings.Count(s.Text, "\n"); lines > maxFileLines && !strings.HasSuffix(s.Path, ".css") {
			out = append(out, Finding{"scripts", s.Path, fmt.Sprintf("has %d lines, the limit is %d", lines, maxFileLines)})
		}
		if strings.HasSuffix(s.Path, ".css") {
			continue
		}
		code := s.Text
		if !markup {
			code = withoutComments(s.Text)
		}
		for _, w := range words {
			if w.markup != markup || test {
				continue
			}
			for _, at := range w.pattern.FindAllStringIndex(code, -1) {
				out = append(out, Finding{"scripts", fmt.Sprintf("%s:%d", s.Path, 1+strings.Count(code[:at[0]], "\n")), w.instead})
			}
		}
		if markup || test {
			continue
		}
		for _, f := range scriptFunctions(s.Text) {
			if f.lines > maxFunctionLines {
				out = append(out, Finding{"scripts", fmt.Sprintf("%s:%d", s.Path, f.at), fmt.Sprintf("the function has %d lines, the limit is %d", f.lines, maxFunctionLines)})
			}
		}
	}
	return out
}
