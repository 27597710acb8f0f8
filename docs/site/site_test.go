package site

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/selvedge-db/selvedge/docs"
)

func built(t *testing.T) *site {
	t.Helper()
	s, err := build(docs.Files())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func isPage(a *answer) bool { return strings.HasPrefix(a.kind, "text/html") }

// TestFlaws demands that the files have no mistakes.
func TestFlaws(t *testing.T) {
	t.Parallel()
	b, err := read(docs.Files())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range b.flaws {
		t.Error(f)
	}
}

// TestPages looks at every page as it is sent.
func TestPages(t *testing.T) {
	t.Parallel()
	count := 0
	for address, a := range built(t).answers {
		if !isPage(a) {
			continue
		}
		count++
		page := string(a.plain)
		if n := strings.Count(page, "<h1"); n != 1 {
			t.Errorf("%s has %d titles", address, n)
		}
		if !regexp.MustCompile(`<title>[^<]{3,} · Selvedge</title>`).MatchString(page) {
			t.Errorf("%s has no title for the window", address)
		}
		if !strings.Contains(page, `name="description" content="`) {
			t.Errorf("%s has no description: it begins without a paragraph", address)
		}
		if len(a.plain) > 1<<20 || len(a.packed) > 128<<10 {
			t.Errorf("%s has %d bytes, %d compressed", address, len(a.plain), len(a.packed))
		}
		for _, wrong := range []string{"raw HTML omitted", "<script>", " style=\"", " onclick=", "javascript:", "](", "{{"} {
			if text := withoutCode(page); strings.Contains(text, wrong) {
				at := strings.Index(text, wrong)
				t.Errorf("%s contains %q: %s", address, wrong, text[max(0, at-60):min(len(text), at+60)])
			}
		}
	}
	if count < 30 {
		t.Errorf("%d pages were found", count)
	}
}

func withoutCode(page string) string {
	return regexp.MustCompile(`(?s)<code>.*?</code>`).ReplaceAllString(page, "")
}

var (
	reference = regexp.MustCompile(`(?:href|src)="([^"]*)"`)
	identity  = regexp.MustCompile(` id="([^"]*)"`)
)

// TestLinks follows every link of every page as it is sent, anchors too.
func TestLinks(t *testing.T) {
	t.Parallel()
	s := built(t)
	anchors := map[string]bool{}
	for address, a := range s.answers {
		if isPage(a) {
			for _, m := range identity.FindAllStringSubmatch(string(a.plain), -1) {
				if anchors[address+"#"+m[1]] {
					t.Errorf("%s has two elements %q", address, m[1])
				}
				anchors[address+"#"+m[1]] = true
			}
		}
	}
	links := 0
	for address, a := range s.answers {
		if !isPage(a) {
			continue
		}
		for _, m := range reference.FindAllStringSubmatch(string(a.plain), -1) {
			links++
			if wrong := s.follow(address, m[1], anchors); wrong != "" {
				t.Errorf("%s links %s: %s", address, m[1], wrong)
			}
		}
	}
	if links < 1000 {
		t.Errorf("%d links were found", links)
	}
}

// follow says what is wrong with a link.
func (s *site) follow(from, link string, anchors map[string]bool) string {
	if strings.HasPrefix(link, "https://") || link == "/console/" {
		return ""
	}
	to, anchor, _ := strings.Cut(link, "#")
	if to == "" {
		to = from
	}
	switch {
	case !strings.HasPrefix(to, root):
		return "it leads out of the documentation"
	case s.answers[to] == nil:
		return "there is no such page"
	case anchor != "" && !anchors[to+"#"+anchor]:
		return "there is no such heading"
	}
	return ""
}

// TestTurning goes from the first page to the last by the links at the end of each, and back.
func TestTurning(t *testing.T) {
	t.Parallel()
	s := built(t)
	pages := 0
	for _, a := range s.answers {
		if isPage(a) {
			pages++
		}
	}
	for _, way := range []string{"next", "prev"} {
		link := regexp.MustCompile(`rel="` + way + `" href="([^"]*)"`)
		at, seen := root, map[string]bool{}
		if way == "prev" {
			at = "/docs/comparisons"
		}
		for !seen[at] {
			seen[at] = true
			if m := link.FindStringSubmatch(string(s.answers[at].plain)); m != nil {
				at = m[1]
			}
		}
		if len(seen) != pages {
			t.Errorf("%q leads through %d of %d pages, and ends at %s", way, len(seen), pages, at)
		}
	}
}

// get asks a handler.
func get(t *testing.T, h http.Handler, method, path string, header map[string]string) *http.Response {
	t.Helper()
	request := httptest.NewRequest(method, path, nil)
	for name, value := range header {
		request.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, request)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestHandler(t *testing.T) {
	t.Parallel()
	h := Handler()
	for _, c := range []struct {
		method, path string
		status       int
		location     string
	}{
		{"GET", "/docs/", 200, ""},
		{"HEAD", "/docs/guides/geo", 200, ""},
		{"GET", "/docs", 301, "/docs/"},
		{"GET", "/docs/README.md", 301, "/docs/"},
		{"GET", "/docs/guides/geo.md", 301, "/docs/guides/geo"},
		{"GET", "/docs/guides/geo/", 301, "/docs/guides/geo"},
		{"GET", "/docs/guides/", 301, "/docs/guides/quickstart"},
		{"GET", "/docs/guides", 301, "/docs/guides/quickstart"},
		{"GET", "/docs/assets/style.css", 200, ""},
		{"GET", "/docs/images/merge.svg", 200, ""},
		{"GET", "/docs/search.json", 200, ""},
		{"GET", "/docs/none", 404, ""},
		{"GET", "/docs/../secret", 404, ""},
		{"GET", "/docs/guides/geo.html", 404, ""},
		{"POST", "/docs/", 405, ""},
	} {
		r := get(t, h, c.method, c.path, nil)
		if r.StatusCode != c.status || r.Header.Get("Location") != c.location {
			t.Errorf("%s %s: %d %q", c.method, c.path, r.StatusCode, r.Header.Get("Location"))
		}
		text := body(t, r)
		if (c.method == "HEAD") != (text == "") && c.status == 200 {
			t.Errorf("%s %s has %d bytes", c.method, c.path, len(text))
		}
		if c.status == 404 && !strings.Contains(text, "docs-search") {
			t.Errorf("%s is lost without search", c.path)
		}
		if !strings.Contains(r.Header.Get("Content-Security-Policy"), "default-src 'none'") || r.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s %s has the headers %v", c.method, c.path, r.Header)
		}
	}
}

func TestCaching(t *testing.T) {
	t.Parallel()
	h := Handler()
	plain := get(t, h, "GET", "/docs/faq", nil)
	packed := get(t, h, "GET", "/docs/faq", map[string]string{"Accept-Encoding": "br, gzip"})
	if packed.Header.Get("Content-Encoding") != "gzip" || plain.Header.Get("Content-Encoding") != "" || packed.Header.Get("Vary") != "Accept-Encoding" {
		t.Errorf("compression: %v, %v", plain.Header, packed.Header)
	}
	z, err := gzip.NewReader(packed.Body)
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := io.ReadAll(z)
	if err != nil || string(unpacked) != body(t, plain) {
		t.Errorf("the compressed page is another one: %v", err)
	}
	for _, r := range []*http.Response{plain, packed} {
		tag := r.Header.Get("ETag")
		again := get(t, h, "GET", "/docs/faq", map[string]string{"If-None-Match": tag, "Accept-Encoding": r.Header.Get("Content-Encoding")})
		if again.StatusCode != http.StatusNotModified || body(t, again) != "" {
			t.Errorf("with %s: %d", tag, again.StatusCode)
		}
	}
	if plain.Header.Get("ETag") == packed.Header.Get("ETag") {
		t.Error("both forms have one tag")
	}
}

// Headers of somebody around the handler stay.
func TestGuardYields(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	w.Header().Set("Content-Security-Policy", "default-src 'self'")
	Handler().ServeHTTP(w, httptest.NewRequest("GET", "/docs/", nil))
	if got := w.Result().Header.Values("Content-Security-Policy"); len(got) != 1 || got[0] != "default-src 'self'" {
		t.Errorf("the policy is %q", got)
	}
}

func TestBrokenFiles(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files map[string]string
		wrong string
	}{
		"page not named":   {map[string]string{"README.md": "# Map\n\n## One\n", "a.md": "# A"}, "does not name a.md"},
		"link to nothing":  {map[string]string{"README.md": "# Map\n\n[x](none.md)"}, "leads nowhere"},
		"image of nothing": {map[string]string{"README.md": "# Map\n\n![x](none.jpg)"}, "leads nowhere"},
		"no title":         {map[string]string{"README.md": "text"}, "no title"},
	} {
		files := fstest.MapFS{}
		for file, text := range c.files {
			files[file] = &fstest.MapFile{Data: []byte(text)}
		}
		if b, err := read(files); err != nil || !strings.Contains(strings.Join(b.flaws, "; "), c.wrong) {
			t.Errorf("%s: %v, %v", name, b.flaws, err)
		}
	}
	if _, err := build(fstest.MapFS{"a.md": &fstest.MapFile{Data: []byte("# A")}}); err == nil {
		t.Error("files without a map were shown")
	}
}

// Hostile text in a file is text in the page.
func TestEscapes(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{"README.md": &fstest.MapFile{Data: []byte("# A <script>x</script> & \"b\"\n\n<img src=x onerror=y>\n\n" +
		"[x](javascript:alert(1))\n\n```http\nGET /<b>\n--> 200\n{\"a\": \"</code><script>\"}\n```\n")}}
	b, err := read(files)
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []string{"<script", "<img", "onerror=", `href="javascript`} {
		if strings.Contains(b.byFile[index].body, wrong) {
			t.Errorf("%q came through: %s", wrong, b.byFile[index].body)
		}
	}
}

func TestColour(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ info, code, want string }{
		{"c8ql", "FOR a IN b FILTER a.n > @x RETURN LENGTH('y') // z", `<span class="word">FOR</span> a <span class="word">IN</span> b <span class="word">FILTER</span> a.n &gt; <span class="name">@x</span> <span class="word">RETURN</span> <span class="call">LENGTH</span>(<span class="text">&#39;y&#39;</span>) <span class="note">// z</span>`},
		{"http fra", "GET /a\nIf-Match: x\n{\"n\": 1}\n--> 200", `<span class="word">GET</span> /a` + "\n" + `<span class="name">If-Match</span>: x` + "\n" + `{<span class="text">&#34;n&#34;</span>: <span class="num">1</span>}` + "\n" + `<span class="mark">--&gt;</span><span class="num"> 200</span>`},
		{"sh", "selvedge get a\n#> b\n", `<span class="word">selvedge</span> get a` + "\n" + `<span class="out">#&gt; b</span>` + "\n"},
		{"", "plain <b> 1", "plain &lt;b&gt; 1"},
		{"json", `{"open`, `{<span class="text">&#34;open</span>`},
	} {
		if got := colour(c.info, c.code); got != c.want {
			t.Errorf("%s\n%s\nwant\n%s", c.code, got, c.want)
		}
	}
}

// Colouring changes no text, whatever it is.
func FuzzColour(f *testing.F) {
	f.Add("c8ql", "FOR x IN `y` /* z")
	f.Add("http", "POST /x\nA: b\n{}\n--> 200\n")
	f.Add("go", "func f() { s := \"\\\"\" }")
	f.Add("sh", "#> x\n# y\n'")
	tags := regexp.MustCompile(`</?span[^>]*>`)
	f.Fuzz(func(t *testing.T, info, code string) {
		code = strings.ToValidUTF8(strings.ReplaceAll(code, "\x00", ""), "")
		got := tags.ReplaceAllString(colour(info, code), "")
		for escaped, c := range map[string]string{"&lt;": "<", "&gt;": ">", "&#34;": `"`, "&#39;": "'"} {
			got = strings.ReplaceAll(got, escaped, c)
		}
		if got = strings.ReplaceAll(got, "&amp;", "&"); got != code && !strings.Contains(code, "&") {
			t.Errorf("%q became %q", code, got)
		}
	})
}

// The look is the console's: its tokens have the same values here.
func TestTokens(t *testing.T) {
	t.Parallel()
	token := regexp.MustCompile(`(--[a-z0-9-]+):\s*([^;]+);`)
	values := func(text []byte) map[string]map[string]bool {
		out := map[string]map[string]bool{}
		for _, m := range token.FindAllSubmatch(text, -1) {
			name := string(m[1])
			if out[name] == nil {
				out[name] = map[string]bool{}
			}
			out[name][string(bytes.TrimSpace(m[2]))] = true
		}
		return out
	}
	console := values(consoleStyle(t))
	style, err := assets.ReadFile("assets/style.css")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for name, own := range values(style) {
		if console[name] == nil {
			continue
		}
		count++
		for value := range own {
			if !console[name][value] {
				t.Errorf("%s: %s is not in console/style.css, which has %v", name, value, console[name])
			}
		}
	}
	if count < 12 {
		t.Errorf("%d tokens are shared: has their form changed?", count)
	}
}
