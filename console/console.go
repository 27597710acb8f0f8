// Package console is the web console, as the files that a browser gets.
//
// # Guarantees
//
// Handler serves /console/ and what is below it, out of memory: files under
// app, pages and vendor as they are, style.css, and index.html for every other
// address, so that a link into the console opens where it points. A file has
// an ETag of its content, is asked for anew each time (Cache-Control:
// no-cache) and is sent compressed to those who take gzip. A file that is not
// there is answered with 404.
//
// The console has no rights: these files hold nothing that is secret, and all
// that the page does goes through the public interface with the credential of
// whoever uses it.
//
// # What it does not give
//
// It does not look at the Host header, asks for no credentials and sets no
// content security policy: the gateway that mounts it does the first and the
// last. The files keep to the policy of that gateway: scripts, styles and
// pictures from the same origin only, nothing inline, no frame around them.
//
// # A page
//
// A page is a folder of pages: page.js with title and mount(root, context), and
// style.css, which is linked while the page is shown. mount fills root and
// answers {unmount(), changed(route)}. The frame is app: main.js says what
// context has, dom.js builds nodes, api.js makes requests and words their
// errors, live.js shares the stream of the mesh, and table, dialog, menu, tabs,
// states, jsonview, chart, editor and map are parts to build from. A page comes
// when it is opened, and the libraries of charts, maps and editors with the
// first of these. All data is hostile: it becomes text nodes, through
// app/text.js where somebody reads it. The list of pages is in app/shell.js;
// apptest/console has a test for each.
//
// # Building
//
// Nothing is built: our own files are served as they stand in the repository.
// Libraries are bundled in vendor by vendor/build.mjs from the versions of its
// lock file, and the bundles are committed; make console-check makes them anew
// and compares.
package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

//go:embed index.html style.css app pages vendor/*.js vendor/*.css vendor/world.json vendor/LICENSES.txt
var embedded embed.FS

// Prefix is where the console lives.
const Prefix = "/console/"

// Handler serves the console. It fails only when the files that were built
// into the program are not whole.
func Handler() (http.Handler, error) {
	files, err := load(embedded)
	if err != nil {
		return nil, fmt.Errorf("console: %w", err)
	}
	return handler(files), nil
}

// file is one of those that are served; packed is made when it is first asked
// for compressed.
type file struct {
	content []byte
	kind    string // Content-Type
	etag    string
	packed  func() []byte // nil when it is not smaller
}

// handler has the files by their path below Prefix.
type handler map[string]*file

// kinds are the types of the files that there are.
func kinds() map[string]string {
	return map[string]string{
		".html": "text/html; charset=utf-8",
		".css":  "text/css; charset=utf-8",
		".js":   "text/javascript; charset=utf-8",
		".json": "application/json; charset=utf-8",
		".svg":  "image/svg+xml",
		".txt":  "text/plain; charset=utf-8",
	}
}

// load reads all files whose kind a browser knows.
func load(from fs.FS) (map[string]*file, error) {
	out := map[string]*file{}
	types := kinds()
	err := fs.WalkDir(from, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		kind, ok := types[path.Ext(name)]
		if !ok {
			return nil
		}
		content, err := fs.ReadFile(from, name)
		if err != nil {
			return err
		}
		out[name] = newFile(content, kind)
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"index.html", "style.css", "app/main.js"} {
		if out[name] == nil {
			return nil, fmt.Errorf("%s is not among the embedded files", name)
		}
	}
	return out, nil
}

func newFile(content []byte, kind string) *file {
	sum := sha256.Sum256(content)
	f := &file{content: content, kind: kind, etag: `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}
	f.packed = sync.OnceValue(func() []byte {
		var b bytes.Buffer
		// Level and sink are fixed, so that neither can fail.
		z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
		_, _ = z.Write(content)
		_ = z.Close()
		if b.Len() >= len(content) {
			return nil
		}
		return b.Bytes()
	})
	return f
}

func (files handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "the console is read with GET", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(r.URL.Path, Prefix)
	f := files[name]
	if f == nil && isFile(name) {
		h.Set("Cache-Control", "no-store")
		http.Error(w, "there is no such file in the console", http.StatusNotFound)
		return
	}
	if f == nil {
		f = files["index.html"]
	}
	f.serve(w, r)
}

// isFile tells the address of a file from that of a page.
func isFile(name string) bool {
	top, _, below := strings.Cut(name, "/")
	return below && (top == "app" || top == "pages" || top == "vendor")
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-cache")
	h.Set("Vary", "Accept-Encoding")
	h.Set("Etag", f.etag)
	if matches(r.Header.Get("If-None-Match"), f.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	content := f.content
	if takesGzip(r.Header.Get("Accept-Encoding")) {
		if packed := f.packed(); packed != nil {
			content = packed
			h.Set("Content-Encoding", "gzip")
		}
	}
	h.Set("Content-Type", f.kind)
	h.Set("Content-Length", strconv.Itoa(len(content)))
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodGet {
		_, _ = w.Write(content) // a browser that is gone cannot be told
	}
}

// matches tells whether If-None-Match names the file. Proxies that compress
// make an ETag weak; the content is the same.
func matches(header, etag string) bool {
	for one := range strings.SplitSeq(header, ",") {
		if one = strings.TrimSpace(one); one == "*" || strings.TrimPrefix(one, "W/") == etag {
			return true
		}
	}
	return false
}

// takesGzip reads Accept-Encoding.
func takesGzip(header string) bool {
	for one := range strings.SplitSeq(header, ",") {
		coding, q, weighed := strings.Cut(one, ";")
		if name := strings.TrimSpace(coding); name != "gzip" && name != "*" {
			continue
		}
		if !weighed {
			return true
		}
		weight, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(q), "q="), 64)
		return err == nil && weight > 0
	}
	return false
}
