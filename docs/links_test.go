package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestLinks follows every link inside the repository.
func TestLinks(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	pages, links := 0, 0
	err := filepath.WalkDir("..", func(file string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && (d.Name() == ".git" || d.Name() == "node_modules") {
			return fs.SkipDir
		}
		if err != nil || d.IsDir() || filepath.Ext(file) != ".md" {
			return err
		}
		pages++
		text := prose(read(t, file))
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "mailto:") {
				continue
			}
			links++
			follow(t, file, m[1])
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if pages < 15 || links < 60 {
		t.Errorf("%d pages with %d links were found: has their form changed?", pages, links)
	}
}

// TestMap demands that the map of the documentation names every page.
func TestMap(t *testing.T) {
	t.Parallel()
	index := read(t, "README.md")
	count := 0
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(file) == ".md" && file != "README.md" {
			count++
			if page := filepath.ToSlash(file); !strings.Contains(index, "("+page+")") && !strings.Contains(index, "`"+page+"`") {
				t.Errorf("docs/README.md does not name %s", file)
			}
		}
		return err
	})
	if err != nil || count < 10 {
		t.Errorf("%d pages: %v", count, err)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// prose is a page without its code.
func prose(text string) string {
	text = fence.ReplaceAllString(text, "")
	return regexp.MustCompile("`[^`\n]*`").ReplaceAllString(text, "")
}

func follow(t *testing.T, file, target string) {
	t.Helper()
	path, anchor, _ := strings.Cut(target, "#")
	to := file
	if path != "" {
		to = filepath.Join(filepath.Dir(file), filepath.FromSlash(path))
	}
	if _, err := os.Stat(to); err != nil {
		t.Errorf("%s: the link %s leads nowhere", file, target)
		return
	}
	if anchor == "" {
		return
	}
	for line := range strings.Lines(fence.ReplaceAllString(read(t, to), "")) {
		if heading := strings.TrimLeft(line, "#"); heading != line && slug(heading) == anchor {
			return
		}
	}
	t.Errorf("%s: the link %s names a heading that is not there", file, target)
}

// slug is the anchor that a heading gets where the pages are shown.
func slug(heading string) string {
	heading = strings.ToLower(strings.TrimSpace(heading))
	return strings.Map(func(c rune) rune {
		switch {
		case c == ' ':
			return '-'
		case c == '-', c == '_', c >= '0' && c <= '9', c >= 'a' && c <= 'z', c > 127:
			return c
		}
		return -1
	}, heading)
}
