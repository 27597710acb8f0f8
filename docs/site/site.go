package site

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// root is where the site stands, and repository where its files stand on the web.
const (
	root       = "/docs/"
	repository = "https://github.com/selvedge-db/selvedge/blob/main/"
	index      = "README.md"
)

// page is one Markdown file, made ready to be shown.
type page struct {
	file     string // below docs/, as guides/geo.md
	address  string // as /docs/guides/geo
	title    string
	label    string // in the navigation
	group    string // the section of the map that names it first
	summary  string
	body     string // HTML
	contents []heading
	sections []section
	anchors  map[string]bool
}

// heading is an entry of a page's table of contents.
type heading struct {
	Level        int
	Anchor, Text string
}

// section is what stands below one heading, for search.
type section struct {
	anchor, title string
	text          strings.Builder
}

// group is a section of the navigation.
type group struct {
	title, anchor string
	pages         []*page
}

// book is all pages, in the order of the map.
type book struct {
	files  fs.FS
	groups []group
	pages  []*page // the map first
	byFile map[string]*page
	flaws  []string // mistakes in the files
}

// flaw notes a mistake in a file.
func (b *book) flaw(file, format string, values ...any) {
	b.flaws = append(b.flaws, "docs/"+file+": "+fmt.Sprintf(format, values...))
}

// read makes all pages of the files.
func read(files fs.FS) (*book, error) {
	b := &book{files: files, byFile: map[string]*page{}}
	err := fs.WalkDir(files, ".", func(file string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && path.Ext(file) == ".md" {
			b.byFile[file] = &page{file: file, address: addressOf(file), anchors: map[string]bool{}}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if b.byFile[index] == nil {
		return nil, fmt.Errorf("the documentation has no %s", index)
	}
	for _, p := range b.byFile {
		text, err := fs.ReadFile(files, p.file)
		if err != nil {
			return nil, err
		}
		if err := b.render(p, text); err != nil {
			return nil, fmt.Errorf("docs/%s: %w", p.file, err)
		}
		if p.title == "" {
			b.flaw(p.file, "it has no title")
			p.title = p.file
		}
	}
	return b, b.order()
}

// addressOf is where a Markdown file is shown.
func addressOf(file string) string {
	if file == index {
		return root
	}
	return root + strings.TrimSuffix(file, ".md")
}

// order makes the navigation from the map: its sections, and in each the pages that it is the first to link.
func (b *book) order() error {
	text, err := fs.ReadFile(b.files, index)
	if err != nil {
		return err
	}
	home := b.byFile[index]
	home.label = "Overview"
	b.pages = []*page{home}
	err = ast.Walk(parse(text), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			if n.Level == 2 {
				title := plain(n, text)
				b.groups = append(b.groups, group{title: title, anchor: slug(title)})
			}
		case *ast.Link:
			b.place(n, text)
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		return err
	}
	for file, p := range b.byFile {
		if p.label == "" {
			b.flaw(index, "it does not name %s", file)
			p.label = p.title
			b.pages = append(b.pages, p)
		}
	}
	return nil
}

// place puts the page that a link of the map leads to at the end of the navigation.
func (b *book) place(n *ast.Link, text []byte) {
	p := b.byFile[path.Clean(string(n.Destination))]
	if p == nil || p.label != "" || len(b.groups) == 0 {
		return
	}
	last := &b.groups[len(b.groups)-1]
	p.label, p.group = plain(n, text), last.title
	last.pages = append(last.pages, p)
	b.pages = append(b.pages, p)
}

// resolve turns the destination of a link or picture in a file into an address.
func (b *book) resolve(file, destination string) string {
	if strings.HasPrefix(destination, "https://") || strings.HasPrefix(destination, "http://") || strings.HasPrefix(destination, "mailto:") {
		return destination
	}
	target, anchor, _ := strings.Cut(destination, "#")
	if anchor != "" {
		anchor = "#" + anchor
	}
	to := file
	if target != "" {
		to = path.Join(path.Dir(file), target)
	}
	if strings.HasPrefix(to, "../") {
		return repository + strings.TrimPrefix(to, "../") + anchor
	}
	if p := b.byFile[to]; p != nil {
		return p.address + anchor
	}
	if _, err := fs.Stat(b.files, to); err != nil {
		if path.Ext(to) == ".go" {
			return repository + "docs/" + to
		}
		b.flaw(file, "the link %s leads nowhere", destination)
		return root
	}
	return root + to
}

// plain is the text of a node without its form.
func plain(n ast.Node, source []byte) string {
	var out bytes.Buffer
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Text:
			out.Write(n.Segment.Value(source))
			if n.SoftLineBreak() || n.HardLineBreak() {
				out.WriteByte(' ')
			}
		case *ast.String:
			out.Write(n.Value)
		case *ast.AutoLink:
			out.Write(n.Label(source))
		}
		return ast.WalkContinue, nil
	})
	return out.String()
}

// slug is the anchor of a heading, as those who show repositories make it.
func slug(title string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c == ' ':
			return '-'
		case c == '-', c == '_', c >= '0' && c <= '9', c >= 'a' && c <= 'z', c > 127:
			return c
		}
		return -1
	}, strings.ToLower(strings.TrimSpace(title)))
}
