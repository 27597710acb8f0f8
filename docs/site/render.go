package site

import (
	"bytes"
	"fmt"
	"html"
	"image/jpeg"
	"io/fs"
	"path"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// markdown reads CommonMark with tables. Alignment is written as an attribute, since the pages allow no styles in HTML.
func markdown() goldmark.Markdown {
	return goldmark.New(
		goldmark.WithExtensions(extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute))),
		goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(forms{}, 100))),
	)
}

func parse(source []byte) ast.Node {
	return markdown().Parser().Parse(text.NewReader(source))
}

// render makes the HTML of a page, its contents and what search needs.
func (b *book) render(p *page, source []byte) error {
	tree := parse(source)
	err := ast.Walk(tree, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		b.visit(p, n, source)
		return ast.WalkContinue, nil
	})
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := markdown().Renderer().Render(&out, source, tree); err != nil {
		return err
	}
	p.body = out.String()
	return nil
}

// visit notes what a node says about the page, and gives headings their anchors and links their addresses.
func (b *book) visit(p *page, n ast.Node, source []byte) {
	switch n := n.(type) {
	case *ast.Heading:
		p.heading(n, source)
	case *ast.Link:
		n.Destination = []byte(b.resolve(p.file, string(n.Destination)))
	case *ast.Image:
		n.Destination = []byte(b.resolve(p.file, string(n.Destination)))
		b.measure(n)
	case *ast.Paragraph:
		if p.summary == "" {
			p.summary = shorten(plain(n, source), 180)
		}
	case *ast.Text:
		p.note(string(n.Segment.Value(source)))
	case *ast.FencedCodeBlock:
		p.note(lines(n, source))
	case *ast.CodeBlock:
		p.note(lines(n, source))
	}
}

// measure notes the size of a picture, so that the page does not jump when it comes.
func (b *book) measure(n *ast.Image) {
	file, found := strings.CutPrefix(string(n.Destination), root)
	if !found || path.Ext(file) != ".jpg" {
		return
	}
	picture, err := fs.ReadFile(b.files, file)
	if err != nil {
		return // resolve has noted it
	}
	size, err := jpeg.DecodeConfig(bytes.NewReader(picture))
	if err != nil {
		b.flaw(file, "%v", err)
		return
	}
	n.SetAttributeString("size", fmt.Sprintf(" width=\"%d\" height=\"%d\"", size.Width, size.Height))
}

// heading gives a heading its anchor. The second of a name gets -1 behind it, the third -2.
func (p *page) heading(n *ast.Heading, source []byte) {
	title := plain(n, source)
	anchor := slug(title)
	for i := 1; p.anchors[anchor]; i++ {
		anchor = fmt.Sprintf("%s-%d", slug(title), i)
	}
	p.anchors[anchor] = true
	n.SetAttributeString("id", []byte(anchor))
	if n.Level == 1 && p.title == "" {
		p.title, anchor = title, ""
	} else {
		p.contents = append(p.contents, heading{Level: n.Level, Anchor: anchor, Text: title})
	}
	p.sections = append(p.sections, section{anchor: anchor, title: title})
}

// note keeps text for search, under the heading it stands below.
func (p *page) note(words string) {
	if len(p.sections) == 0 {
		p.sections = append(p.sections, section{title: p.file})
	}
	last := &p.sections[len(p.sections)-1]
	if last.text.Len() > 0 {
		last.text.WriteByte(' ')
	}
	last.text.WriteString(words)
}

// shorten cuts a text behind a word.
func shorten(s string, most int) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) <= most {
		return s
	}
	cut := strings.LastIndexByte(s[:most], ' ')
	return strings.TrimRight(s[:max(cut, 0)], " ,;:.") + " …"
}

// lines is the text of a block of code.
func lines(n ast.Node, source []byte) string {
	var out strings.Builder
	for i := range n.Lines().Len() {
		at := n.Lines().At(i)
		out.Write(at.Value(source))
	}
	return out.String()
}

// forms writes those nodes that need more than goldmark gives them.
type forms struct{}

// RegisterFuncs makes forms a renderer of nodes.
func (forms) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindHeading, writeHeading)
	r.Register(ast.KindFencedCodeBlock, writeFenced)
	r.Register(ast.KindCodeBlock, writeCode)
	r.Register(ast.KindHTMLBlock, writeNothing)
	r.Register(ast.KindRawHTML, writeNothing)
	r.Register(ast.KindImage, writeImage)
	r.Register(east.KindTable, writeTable)
}

func writeNothing(util.BufWriter, []byte, ast.Node, bool) (ast.WalkStatus, error) {
	return ast.WalkSkipChildren, nil
}

func writeHeading(w util.BufWriter, source []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	n := node.(*ast.Heading)
	id, _ := n.AttributeString("id")
	anchor := fmt.Sprintf("%s", id)
	if entering {
		fmt.Fprintf(w, "<h%d id=\"%s\">", n.Level, html.EscapeString(anchor))
		return ast.WalkContinue, nil
	}
	if n.Level > 1 {
		fmt.Fprintf(w, " <a class=\"anchor\" href=\"#%s\" aria-label=\"Link to: %s\">#</a>", html.EscapeString(anchor), html.EscapeString(plain(n, source)))
	}
	fmt.Fprintf(w, "</h%d>\n", n.Level)
	return ast.WalkContinue, nil
}

func writeFenced(w util.BufWriter, source []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		n := node.(*ast.FencedCodeBlock)
		info := ""
		if n.Info != nil {
			info = string(n.Info.Segment.Value(source))
		}
		writeBlock(w, info, lines(n, source))
	}
	return ast.WalkSkipChildren, nil
}

func writeCode(w util.BufWriter, source []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		writeBlock(w, "", lines(node, source))
	}
	return ast.WalkSkipChildren, nil
}

// writeBlock writes a block of code, with what its first line says above it.
func writeBlock(w util.BufWriter, info, code string) {
	_, _ = w.WriteString("<figure class=\"code\">")
	if label := labelOf(info); label != "" {
		fmt.Fprintf(w, "<figcaption>%s</figcaption>", html.EscapeString(label))
	}
	_, _ = w.WriteString("<pre><code>")
	_, _ = w.WriteString(colour(info, code))
	_, _ = w.WriteString("</code></pre></figure>\n")
}

// labelOf says what a block of code is: its language, and where it is run, or the file it stands in.
func labelOf(info string) string {
	kind, rest, _ := strings.Cut(info, " ")
	switch kind {
	case "":
		return ""
	case "yaml":
		if rest != "" {
			return rest
		}
	case "sh":
		if rest == "server" {
			return "Shell, in a terminal of its own"
		}
		return "Shell"
	}
	name := map[string]string{"http": "HTTP", "c8ql": "C8QL", "explain": "C8QL and its plan", "json": "JSON", "go": "Go",
		"js": "JavaScript", "python": "Python", "yaml": "YAML", "text": "Output"}[kind]
	if name == "" {
		name = kind
	}
	if rest != "" {
		name += ", at " + rest
	}
	return name
}

// writeImage writes a picture that is loaded when it comes into view, and leads to itself in its full size.
func writeImage(w util.BufWriter, source []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		n := node.(*ast.Image)
		size, _ := n.AttributeString("size")
		if size == nil {
			size = ""
		}
		from := html.EscapeString(string(n.Destination))
		fmt.Fprintf(w, "<a class=\"picture\" href=\"%s\"><img src=\"%s\" alt=\"%s\"%s loading=\"lazy\"></a>", from, from, html.EscapeString(plain(n, source)), size)
	}
	return ast.WalkSkipChildren, nil
}

// writeTable puts a table into a frame that scrolls when the page is narrow.
func writeTable(w util.BufWriter, _ []byte, _ ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		_, _ = w.WriteString("<div class=\"table\"><table>\n")
	} else {
		_, _ = w.WriteString("</table></div>\n")
	}
	return ast.WalkContinue, nil
}
