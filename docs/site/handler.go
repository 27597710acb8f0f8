package site

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/selvedge-db/selvedge/docs"
)

//go:embed page.html assets
var assets embed.FS

// Handler shows the documentation that is in the binary. It is mounted at /docs/ and sees whole paths.
func Handler() http.Handler {
	load := sync.OnceValues(func() (*site, error) { return build(docs.Files()) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := load()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		s.ServeHTTP(w, r)
	})
}

// site is everything that is shown, ready to be sent.
type site struct {
	answers map[string]*answer // by address
	moved   map[string]string  // addresses that are led elsewhere
	lost    *answer            // what is not there
}

// answer is one file or page, as it is and compressed.
type answer struct {
	kind          string
	plain, packed []byte
	tag           string
}

func newAnswer(kind string, body []byte) *answer {
	sum := sha256.Sum256(body)
	a := &answer{kind: kind, plain: body, tag: base64.RawURLEncoding.EncodeToString(sum[:12])}
	if strings.HasPrefix(kind, "text/") || strings.HasPrefix(kind, "application/json") || strings.HasPrefix(kind, "image/svg") {
		var packed bytes.Buffer
		z, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression) // the level is one that exists
		_, _ = z.Write(body)                                       // into memory
		_ = z.Close()
		a.packed = packed.Bytes()
	}
	return a
}

// view is what page.html shows.
type view struct {
	Title, Summary, Address string
	Home, Lost              bool
	Body                    template.HTML
	Contents                []heading
	Groups                  []viewGroup
	Before, After           *viewLink
}

type viewGroup struct {
	Title string
	Links []viewLink
}

type viewLink struct {
	Address, Label string
	Here           bool
}

// build makes all answers.
func build(files fs.FS) (*site, error) {
	b, err := read(files)
	if err != nil {
		return nil, err
	}
	layout, err := template.ParseFS(assets, "page.html")
	if err != nil {
		return nil, err
	}
	s := &site{answers: map[string]*answer{}, moved: map[string]string{strings.TrimSuffix(root, "/"): root}}
	for i := range b.pages {
		if s.answers[b.pages[i].address], err = show(layout, b.view(i)); err != nil {
			return nil, err
		}
		s.lead(b.pages[i])
	}
	lost := view{Title: "Page not found", Lost: true, Groups: b.navigation("")}
	if s.lost, err = show(layout, lost); err != nil {
		return nil, err
	}
	words, err := indexOf(b).encode()
	if err != nil {
		return nil, err
	}
	s.answers[root+"search.json"] = newAnswer("application/json", words)
	if err := s.files(assets, "assets"); err != nil {
		return nil, err
	}
	return s, s.files(files, "images")
}

// lead notes the other addresses of a page.
func (s *site) lead(p *page) {
	if p.file == index {
		s.moved[root+index] = root
		return
	}
	s.moved[p.address+".md"] = p.address
	s.moved[p.address+"/"] = p.address
	if folder := path.Dir(p.address); folder+"/" != root && s.moved[folder] == "" {
		s.moved[folder], s.moved[folder+"/"] = p.address, p.address
	}
}

func show(layout *template.Template, v view) (*answer, error) {
	var out bytes.Buffer
	if err := layout.Execute(&out, v); err != nil {
		return nil, err
	}
	return newAnswer("text/html; charset=utf-8", out.Bytes()), nil
}

// files adds those of a folder as they are.
func (s *site) files(from fs.FS, folder string) error {
	return fs.WalkDir(from, folder, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(from, file)
		if err != nil {
			return err
		}
		kind := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
			".jpg": "image/jpeg", ".png": "image/png"}[path.Ext(file)]
		if kind == "" {
			return fmt.Errorf("docs/%s: no kind is known for it", file)
		}
		s.answers[root+file] = newAnswer(kind, body)
		return nil
	})
}

// view is what there is to show of the page with this number.
func (b *book) view(number int) view {
	p := b.pages[number]
	v := view{Title: p.title, Summary: p.summary, Address: p.address, Home: p.file == index, Body: template.HTML(p.body),
		Groups: b.navigation(p.address), Contents: p.outline()}
	if number > 0 {
		v.Before = &viewLink{Address: b.pages[number-1].address, Label: b.pages[number-1].title}
	}
	if number+1 < len(b.pages) {
		v.After = &viewLink{Address: b.pages[number+1].address, Label: b.pages[number+1].title}
	}
	return v
}

// mostContents is how many entries a table of contents has before it is cut to the upper level.
const mostContents = 60

// outline is the table of contents: headings of the second level, and of the third where that is not too much.
func (p *page) outline() []heading {
	for _, deepest := range []int{3, 2} {
		var out []heading
		for _, h := range p.contents {
			if h.Level > 1 && h.Level <= deepest {
				out = append(out, h)
			}
		}
		if len(out) <= mostContents || deepest == 2 {
			return out
		}
	}
	return nil
}

func (b *book) navigation(here string) []viewGroup {
	var out []viewGroup
	for _, g := range b.groups {
		if len(g.pages) == 0 {
			continue
		}
		shown := viewGroup{Title: g.title}
		for _, p := range g.pages {
			shown.Links = append(shown.Links, viewLink{Address: p.address, Label: p.label, Here: p.address == here})
		}
		out = append(out, shown)
	}
	return out
}

// ServeHTTP answers a request.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	guard(w.Header())
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "the documentation is only read: use GET", http.StatusMethodNotAllowed)
		return
	}
	if a := s.answers[r.URL.Path]; a != nil {
		a.send(w, r, http.StatusOK)
		return
	}
	if to := s.moved[r.URL.Path]; to != "" {
		http.Redirect(w, r, to, http.StatusMovedPermanently)
		return
	}
	s.lost.send(w, r, http.StatusNotFound)
}

// guard sets the headers that keep a page from doing harm, where nobody has set them yet.
func guard(h http.Header) {
	for name, value := range map[string]string{
		"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
			"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
		"X-Content-Type-Options":     "nosniff",
		"Referrer-Policy":            "no-referrer",
		"Cross-Origin-Opener-Policy": "same-origin",
	} {
		if h.Get(name) == "" {
			h.Set(name, value)
		}
	}
}

func (a *answer) send(w http.ResponseWriter, r *http.Request, status int) {
	h := w.Header()
	body, tag := a.plain, a.tag
	if a.packed != nil {
		h.Set("Vary", "Accept-Encoding")
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			h.Set("Content-Encoding", "gzip")
			body, tag = a.packed, tag+"z"
		}
	}
	h.Set("Content-Type", a.kind)
	h.Set("Cache-Control", "no-cache")
	if status == http.StatusOK {
		h.Set("ETag", `"`+tag+`"`)
		if strings.Contains(r.Header.Get("If-None-Match"), `"`+tag+`"`) {
			h.Del("Content-Encoding")
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // a client that went away needs no answer
	}
}
