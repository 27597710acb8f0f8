package console

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"strings"
	"testing"
)

func serve(t *testing.T) http.Handler {
	t.Helper()
	h, err := Handler()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func ask(t *testing.T, h http.Handler, method, target string, headers ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) []byte {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestAddresses asks for each kind of address.
func TestAddresses(t *testing.T) {
	t.Parallel()
	h := serve(t)
	for _, c := range []struct {
		target string
		status int
		kind   string
	}{
		{"/console/", 200, "text/html; charset=utf-8"},
		{"/console/planet", 200, "text/html; charset=utf-8"},
		{"/console/data/some.collection/key.js", 200, "text/html; charset=utf-8"},
		{"/console/style.css", 200, "text/css; charset=utf-8"},
		{"/console/app/main.js", 200, "text/javascript; charset=utf-8"},
		{"/console/vendor/world.json", 200, "application/json; charset=utf-8"},
		{"/console/vendor/LICENSES.txt", 200, "text/plain; charset=utf-8"},
		{"/console/app/none.js", 404, ""},
		{"/console/app/", 404, ""},
		{"/console/pages/none/page.js", 404, ""},
		{"/console/vendor/../app/main.js", 404, ""},
		{"/console/vendor/package.json", 404, ""},
		{"/console/vendor/package-lock.json", 404, ""},
		{"/console/vendor/build.mjs", 404, ""},
	} {
		got := ask(t, h, "GET", c.target)
		if got.StatusCode != c.status || (c.kind != "" && got.Header.Get("Content-Type") != c.kind) {
			t.Errorf("%s: %d %s, want %d %s", c.target, got.StatusCode, got.Header.Get("Content-Type"), c.status, c.kind)
		}
	}
	if got := ask(t, h, "POST", "/console/"); got.StatusCode != 405 || got.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d %v", got.StatusCode, got.Header)
	}
	if got := ask(t, h, "HEAD", "/console/"); len(body(t, got)) != 0 || got.Header.Get("Content-Length") == "" {
		t.Error("HEAD has a body, or no length")
	}
}

// TestRepeat asks again with the ETag, and compressed.
func TestRepeat(t *testing.T) {
	t.Parallel()
	h := serve(t)
	plain := ask(t, h, "GET", "/console/app/main.js")
	whole, etag := body(t, plain), plain.Header.Get("Etag")
	if plain.Header.Get("Content-Encoding") != "" || plain.Header.Get("Cache-Control") != "no-cache" || etag == "" {
		t.Errorf("headers %v", plain.Header)
	}
	packed := ask(t, h, "GET", "/console/app/main.js", "Accept-Encoding", "br, gzip;q=0.5")
	if packed.Header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("headers %v", packed.Header)
	}
	z, err := gzip.NewReader(packed.Body)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(z)
	if err != nil || !bytes.Equal(got, whole) {
		t.Errorf("unpacked %d bytes (%v), want %d", len(got), err, len(whole))
	}
	for header, want := range map[string]int{etag: 304, "W/" + etag: 304, `"x", ` + etag: 304, "*": 304, `"x"`: 200, "": 200} {
		if got := ask(t, h, "GET", "/console/app/main.js", "If-None-Match", header); got.StatusCode != want {
			t.Errorf("If-None-Match %q: %d, want %d", header, got.StatusCode, want)
		}
	}
	for _, header := range []string{"", "br", "gzip;q=0", "identity, gzip; q=0.0"} {
		if got := ask(t, h, "GET", "/console/app/main.js", "Accept-Encoding", header); got.Header.Get("Content-Encoding") != "" {
			t.Errorf("Accept-Encoding %q: compressed", header)
		}
	}
}

// mostCompressed is what all of the console may weigh, as the browser gets it.
const mostCompressed = 1536 << 10

func TestWeight(t *testing.T) {
	t.Parallel()
	files, err := load(embedded)
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, f := range files {
		if p := f.packed(); p != nil {
			total += len(p)
		} else {
			total += len(f.content)
		}
	}
	t.Logf("%d files, %d bytes compressed", len(files), total)
	if len(files) < 30 || total > mostCompressed {
		t.Errorf("%d files of %d bytes compressed, want at least 30 of at most %d", len(files), total, mostCompressed)
	}
}

// TestReferences follows what the files name: a module that is not there
// would be found only by whoever opens that page.
func TestReferences(t *testing.T) {
	t.Parallel()
	files, err := load(embedded)
	if err != nil {
		t.Fatal(err)
	}
	imports := regexp.MustCompile(`(?m)(?:^|\s)(?:import|export)\s(?:[^'";]*?\sfrom\s*)?['"]([^'"]+)['"]|import\(['"]([^'"]+)['"]\)`)
	named := regexp.MustCompile(`(?:href|src)="(/console/[^"]+)"`)
	seen := 0
	for name, f := range files {
		text := string(f.content)
		if strings.HasPrefix(name, "vendor/") {
			continue
		}
		for _, m := range imports.FindAllStringSubmatch(text, -1) {
			if path.Ext(name) != ".js" {
				break
			}
			to := m[1] + m[2]
			if strings.HasPrefix(to, "/console/") {
				to = strings.TrimPrefix(to, Prefix)
			} else {
				to = path.Join(path.Dir(name), to)
			}
			seen++
			if files[to] == nil {
				t.Errorf("%s imports %s, which is not there", name, m[1]+m[2])
			}
		}
		for _, m := range named.FindAllStringSubmatch(text, -1) {
			seen++
			if files[strings.TrimPrefix(m[1], Prefix)] == nil {
				t.Errorf("%s names %s, which is not there", name, m[1])
			}
		}
	}
	if seen < 50 {
		t.Errorf("saw %d references, want at least 50", seen)
	}
}

// TestEmbeddedWhole compares with the folder: a file of a kind that nobody
// knows would be left out in silence.
func TestEmbeddedWhole(t *testing.T) {
	t.Parallel()
	files, err := load(embedded)
	if err != nil {
		t.Fatal(err)
	}
	err = fs.WalkDir(embedded, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && files[name] == nil {
			t.Errorf("%s is embedded and not served: give its kind a type", name)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
