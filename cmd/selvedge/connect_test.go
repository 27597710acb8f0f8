package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/selvedge-db/selvedge/client"
)

// listener is a location that only notes who asks for what.
type listener struct {
	*httptest.Server
	mu    sync.Mutex
	heard []string // "authorization path"
}

func newListener(t *testing.T) *listener {
	t.Helper()
	l := &listener{}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.heard = append(l.heard, r.Header.Get("Authorization")+" "+r.URL.Path)
		_, _ = w.Write([]byte(`{"result":[]}`))
	}))
	t.Cleanup(l.Close)
	return l
}

// last is what was asked for last.
func (l *listener) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.heard) == 0 {
		return ""
	}
	return l.heard[len(l.heard)-1]
}

// Flags beat --context, that beats the environment, and that the context in use; credentials of the latter go to its own
// planet alone.
func TestWhatCounts(t *testing.T) {
	t.Parallel()
	here, there := newListener(t), newListener(t)
	home := "HOME=" + t.TempDir()
	do := func(in string, environment []string, args ...string) {
		t.Helper()
		runWith(t, in, append([]string{home}, environment...), args...).want(t, exitDone)
	}
	do("t.here.secret\n", nil, "context", "add", "here", "--url", here.URL, "--fabric", "shop", "--use")
	do("t.there.secret", nil, "context", "add", "there", "--url", strings.TrimPrefix(there.URL, "http://"))
	do("", nil, "context", "add", "open", "--url", there.URL, "--anonymous")
	const key, list = "SELVEDGE_API_KEY=t.env.secret", "/_api/collection"
	for _, c := range []struct {
		name        string
		environment []string
		args        []string
		at          *listener
		want        string
	}{
		{"the context in use", nil, nil, here, "apikey t.here.secret /_fabric/shop" + list},
		{"a named context", nil, []string{"--context", "there"}, there, "apikey t.there.secret /_fabric/_system" + list},
		{"a named context beats the environment", []string{"SELVEDGE_URL=http://127.0.0.1:1", key}, []string{"--context", "there"}, there, "apikey t.there.secret /_fabric/_system" + list},
		{"the variable names a context", []string{"SELVEDGE_CONTEXT=there"}, nil, there, "apikey t.there.secret /_fabric/_system" + list},
		{"a flag names another one", []string{"SELVEDGE_CONTEXT=there"}, []string{"--context", "here"}, here, "apikey t.here.secret /_fabric/shop" + list},
		{"the environment beats the context in use", []string{key, "SELVEDGE_FABRIC=f"}, nil, here, "apikey t.env.secret /_fabric/f" + list},
		{"an address in the environment sets the context aside", []string{"SELVEDGE_URL=" + there.URL}, nil, there, " /_fabric/_system" + list},
		{"an address in a flag does so too", nil, []string{"--url", there.URL}, there, " /_fabric/_system" + list},
		{"a named context with an address", nil, []string{"--context", "here", "--url", there.URL}, there, "apikey t.here.secret /_fabric/shop" + list},
		{"flags beat all", []string{key}, []string{"--context", "here", "--api-key", "t.flag.secret", "--fabric", "_system"}, here, "apikey t.flag.secret /_fabric/_system" + list},
		{"a named context is whole", []string{key}, []string{"--context", "open"}, there, " /_fabric/_system" + list},
		{"what the variable names is for its own address", []string{"SELVEDGE_CONTEXT=here"}, []string{"--url", there.URL}, there, " /_fabric/shop" + list},
		{"a user in a flag beats a key", []string{key, "SELVEDGE_PASSWORD=p"}, []string{"--user", "u"}, here, "Basic dTpw /_fabric/shop" + list},
	} {
		do("", c.environment, append([]string{"collection", "list"}, c.args...)...)
		if got := c.at.last(); got != c.want {
			t.Errorf("%s: asked %q, want %q", c.name, got, c.want)
		}
	}
	runWith(t, "", []string{home}, "status", "--context", "nowhere").want(t, exitUsage, `there is no context "nowhere"; there are here, open, there`)
}

// certified serves with a certificate like that and gives the address, and the file with the certificate.
func certified(t *testing.T, certificate *x509.Certificate) (address, file string) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	certificate.SerialNumber = big.NewInt(1)
	text, err := x509.CreateCertificate(rand.Reader, certificate, certificate, public, private)
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: text}), 0o600); err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0) // of the refused handshake
	s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{text}, PrivateKey: private}}}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL, file
}

// A certificate that is refused is something else than silence, and --ca helps only where its authority is not known.
func TestRefusedCertificates(t *testing.T) {
	t.Parallel()
	now, here := time.Now(), []net.IP{net.IPv4(127, 0, 0, 1)}
	const another = "the location needs another one (http.tls.cert in its configuration)"
	for _, c := range []struct {
		certificate x509.Certificate
		want        string
	}{
		{x509.Certificate{IPAddresses: here, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour)}, ""},
		{x509.Certificate{DNSNames: []string{"elsewhere.example"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour)},
			"its certificate is for other names: want an address with one of those, or " + another},
		{x509.Certificate{IPAddresses: here, NotBefore: now.Add(-2 * time.Hour), NotAfter: now.Add(-time.Hour)},
			"by the clock of this machine its certificate is not valid now: where the clock is right, " + another},
		{x509.Certificate{IPAddresses: here, NotBefore: now.Add(time.Hour), NotAfter: now.Add(2 * time.Hour)},
			"by the clock of this machine its certificate is not valid now: where the clock is right, " + another},
		{x509.Certificate{IPAddresses: here, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}},
			"its certificate cannot be used: " + another},
	} {
		address, file := certified(t, &c.certificate)
		r := runWith(t, "", nil, "status", "--url", address, "--ca", file)
		if c.want == "" {
			r.want(t, exitFailed, "404")
			runWith(t, "", nil, "status", "--url", address).want(t, exitUnreachable, "certificate", "it is there, but its certificate is not trusted: --ca FILE")
			continue
		}
		r.want(t, exitUnreachable, "certificate", "\nit is there, but "+c.want+"\n")
	}
}

// Who gives an address and lets go of the credentials of the context in use by that is told so when they are missed.
func TestContextSetAside(t *testing.T) {
	t.Parallel()
	f := newFakeLocation(t)
	f.closed = true
	home := "XDG_CONFIG_HOME=" + t.TempDir()
	runWith(t, "t.k.secret\n", []string{home}, "context", "add", "prod", "--url", "http://127.0.0.1:1", "--use").want(t, exitDone)
	const aside, sends = "the context prod, which is in use, does not count because ", "--context prod sends its credentials there"
	runWith(t, "", []string{home}, "collection", "list", "--url", f.URL).want(t, exitFailed, "401", aside+"--url gives an address", sends)
	runWith(t, "", []string{home, "SELVEDGE_URL=" + f.URL}, "collection", "list").want(t, exitFailed, aside+"$SELVEDGE_URL gives an address", sends)
	if r := runWith(t, "", []string{home}, "collection", "list", "--url", f.URL, "--api-key", "wrong.a.key"); strings.Contains(r.err, "prod") {
		t.Error(r.err)
	}
	runWith(t, "", []string{home}, "context", "use", "--none").want(t, exitDone)
	if r := runWith(t, "", []string{home}, "collection", "list", "--url", f.URL); strings.Contains(r.err, "prod") {
		t.Error(r.err)
	}
}

func TestContexts(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	home := []string{"XDG_CONFIG_HOME=" + folder}
	do := func(in string, args ...string) result {
		return runWith(t, in, home, append([]string{"context"}, args...)...)
	}
	do("", "list").want(t, exitDone, "there are no contexts")
	do("", "show").want(t, exitFailed, "selvedge context use NAME")
	do("", "add", "x").want(t, exitUsage, "--url is missing")
	do("", "add", "x", "--url", "ftp://x").want(t, exitUsage)
	do("secret", "add", "x", "--url", "http://x").want(t, exitUsage, "TENANT.KEYID.SECRET")
	do("", "add", "x", "--url", "http://x", "--api-key", "t.k.s").want(t, exitUsage, "standard input", "selvedge context add x --url URL < key.txt")
	do("", "add", "x", "--url", "http://x", "--user", "u", "--password=p").want(t, exitUsage, "standard input")
	do("", "add", "none", "--url", "http://x").want(t, exitDone, "context none is made without credentials; ")
	do("", "add", "open", "--url", "http://x", "--anonymous").want(t, exitDone, "context open is made without credentials; ")
	do("t.k.verysecret\n", "add", "x", "--url", "http://x").want(t, exitDone, "context x is made; selvedge context use x")
	do("verysecret\n", "add", "y", "--url", "http://y", "--user", "root", "--use").want(t, exitDone)
	do("", "add", "x", "--url", "http://x").want(t, exitUsage, "already")
	for _, args := range [][]string{{"list"}, {"show", "x"}, {"show"}, {"list", "--output", "json"}, {"show", "y", "--output", "yaml"}} {
		if r := do("", args...); r.code != exitDone || strings.Contains(r.out+r.err, "verysecret") {
			t.Errorf("%v: %d %s%s", args, r.code, r.out, r.err)
		}
	}
	do("", "rename", "y", "z").want(t, exitDone, "is called z")
	do("", "list").want(t, exitDone, "z        yes")
	do("", "use", "--none").want(t, exitDone)
	do("", "use", "z", "--none").want(t, exitUsage)
	do("", "use", "x").want(t, exitDone)
	do("", "remove", "x").want(t, exitDone)
	do("", "remove", "x").want(t, exitUsage, "no context")
	file := filepath.Join(folder, "selvedge", "contexts.json")
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	do("", "list").want(t, exitDone, "warning: others can read "+file)
	if err := os.WriteFile(file, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	do("", "list").want(t, exitFailed, file)
	runWith(t, "", nil, "context", "add", "x", "--url", "http://x").want(t, exitFailed, "set HOME or XDG_CONFIG_HOME")
}

// With --output json an error is one object in one line, whatever went wrong.
func TestErrorsAsObjects(t *testing.T) {
	t.Parallel()
	f := newFakeLocation(t)
	gone := newFakeLocation(t)
	gone.Close()
	for _, c := range []struct {
		at   *fakeLocation
		args []string
		want failure
	}{
		{f, []string{"get", "places/p1", "-o", "json"}, failure{ExitCode: 1, Status: 404, ErrorNum: 1202, Code: "some-code"}},
		{f, []string{"query", "RETURN 1", "--bind", "x", "--output=jsonl"}, failure{ExitCode: 2, Next: "selvedge query --help tells more"}},
		{f, []string{"status", "--nothing", "--output", "json"}, failure{ExitCode: 2, Next: "selvedge status --help tells more"}},
		{f, []string{"nothing", "--output", "json"}, failure{ExitCode: 2, Next: "selvedge --help, or --help after a command, tells more"}},
		{gone, []string{"status", "--output", "json"}, failure{ExitCode: 3, Next: "is a planet running? selvedge dev starts one on this machine; the address came from $SELVEDGE_URL"}},
	} {
		r := c.at.command(t, c.args...)
		var got failure
		if err := json.Unmarshal([]byte(r.err), &got); err != nil || strings.Count(r.err, "\n") != 1 || r.out != "" {
			t.Errorf("%v: %v: %q %q", c.args, err, r.err, r.out)
			continue
		}
		if !got.Error || got.Message == "" || r.code != got.ExitCode {
			t.Errorf("%v: %+v", c.args, got)
		}
		got.Error, got.Message = false, ""
		if got != c.want {
			t.Errorf("%v: %+v, want %+v", c.args, got, c.want)
		}
	}
	f.command(t, "get", "places/p1", "--output", "yaml").want(t, exitFailed, "error: true\nexitCode: 1\n", "errorNum: 1202\n")
}

// Everything takes --output, and refuses forms that it does not have.
func TestEveryCommandHasOutput(t *testing.T) {
	t.Parallel()
	for _, c := range all((&app{}).root()) {
		if c.IsAdditionalHelpTopicCommand() {
			continue
		}
		if f := c.Flags().Lookup("output"); f == nil || f.Shorthand != "o" {
			t.Errorf("%s has no --output", c.CommandPath())
		}
		r := runWith(t, "", nil, append(strings.Fields(c.CommandPath())[1:], "--output", "xml")...)
		if r.code != exitUsage {
			t.Errorf("%s --output xml: exit code %d %s", c.CommandPath(), r.code, r.err)
		}
	}
}

func TestTopics(t *testing.T) {
	t.Parallel()
	for _, topic := range topics() {
		runWith(t, "", nil, "help", topic.Name()).want(t, exitDone, strings.SplitN(topic.Long, "\n", 2)[0])
	}
	text := exitCodesTopic + environmentTopic + contextsTopic + outputTopic
	for _, name := range []string{"SELVEDGE_URL", "SELVEDGE_API_KEY", "SELVEDGE_USER", "SELVEDGE_PASSWORD", "SELVEDGE_CA", "SELVEDGE_FABRIC", "SELVEDGE_CONTEXT", "NO_COLOR"} {
		if !strings.Contains(text, name) {
			t.Errorf("the topics do not tell of %s", name)
		}
	}
}

// Every command has a manual page.
func TestManualPages(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "man1")
	runWith(t, "", nil, "man", folder).want(t, exitDone, " pages in "+folder)
	runWith(t, "", nil, "man").want(t, exitUsage, "man needs DIR; usage: selvedge man DIR", "for example: selvedge man ./man1")
	for _, c := range all((&app{}).root()) {
		if c.IsAdditionalHelpTopicCommand() {
			continue
		}
		name := strings.ReplaceAll(c.CommandPath(), " ", "-") + ".1"
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Error(err)
			continue
		}
		if !strings.Contains(string(text), ".SH EXAMPLE") || !strings.Contains(string(text), ".SH SYNOPSIS") {
			t.Errorf("%s lacks a part", name)
		}
	}
}

// The tab key asks the location, briefly, and says nothing when there is none.
func TestCompletion(t *testing.T) {
	t.Parallel()
	f := newFakeLocation(t)
	f.collections["places"] = map[string]json.RawMessage{}
	f.command(t, "__complete", "get", "pl").want(t, exitDone, "places/\n:6\n")
	f.command(t, "__complete", "collection", "drop", "").want(t, exitDone, "places\n:4\n")
	f.command(t, "__complete", "import", "x.csv", "--to", "").want(t, exitDone, "places\n:4\n")
	f.command(t, "__complete", "query", "--output", "j").want(t, exitDone, "jsonl\n")
	f.command(t, "__complete", "link", "c").want(t, exitDone, "cut\t")
	f.command(t, "__complete", "stat").want(t, exitDone, "status\t")
	mute := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer mute.Close()
	gone := newFakeLocation(t)
	gone.Close()
	for _, url := range []string{mute.URL, gone.URL, "ftp://x"} {
		began := time.Now()
		r := runWith(t, "", nil, "__complete", "get", "--url", url, "")
		if r.code != exitDone || r.out != ":4\n" || time.Since(began) > 10*time.Second {
			t.Errorf("%s: %d %q after %s", url, r.code, r.out, time.Since(began))
		}
	}
	for shell, want := range map[string]string{"bash": "__complete", "zsh": "#compdef selvedge", "fish": "complete -c selvedge"} {
		runWith(t, "", nil, "completion", shell).want(t, exitDone, want)
	}
	runWith(t, "", nil, "completion", "tcsh").want(t, exitUsage, "bash, zsh, fish")
	runWith(t, "", nil, "completion").want(t, exitUsage)
}

func TestDidYouMean(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{{"use-index", "use-indexes,remove-filters", "; did you mean use-indexes?"}, {"tabel", "table,json", "; did you mean table?"},
		{"x", "table,json", ""}, {"", "table", ""}} {
		if got := didYouMean(c[0], strings.Split(c[1], ",")); got != c[2] {
			t.Errorf("%s: %q", c[0], got)
		}
	}
	f := newFakeLocation(t)
	f.command(t, "status", "--wach").want(t, exitUsage, "did you mean --wait or --watch?", "selvedge status --help tells more")
	f.command(t, "status", "--output", "jsn").want(t, exitUsage, "want table, json or yaml; did you mean json?")
	for _, c := range [][3]string{
		{"get", "get needs COLLECTION/KEY; usage: selvedge get COLLECTION/KEY", "for example: selvedge get places/p1; selvedge get --help tells more"},
		{"get a/b c", "get takes no more than 1, and got \"c\" besides", "for example: selvedge get places/p1"},
		{"index create", "index create needs COLLECTION and FIELD; usage: selvedge index create COLLECTION FIELD...", "for example: selvedge index create airports"},
		{"link heal", "want one or two locations, or --all; usage: selvedge link heal [A [B]]", "for example: selvedge link heal fra syd"},
		{"status now", "status takes no arguments, and got \"now\"", "for example: selvedge status"},
		{"import", "import needs FILE; usage: selvedge import FILE --to COLLECTION", "for example: selvedge import places.jsonl --to places"},
	} {
		f.command(t, strings.Fields(c[0])...).want(t, exitUsage, c[1], c[2])
	}
}

// Every code for which there is a next step is one that a location can give, and every command that is named exists.
func TestNextSteps(t *testing.T) {
	t.Parallel()
	known, err := os.ReadFile("../../docs/reference/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	check := func(code, step string) {
		t.Helper()
		if !strings.Contains(string(known), "| "+code+" |") {
			t.Errorf("no location gives %q", code)
		}
		for _, command := range regexp.MustCompile(`selvedge ([a-z]+( [a-z]+)?)`).FindAllStringSubmatch(step, -1) {
			words := strings.Fields(command[1])
			if c, _, err := (&app{}).root().Find(words[:1]); err != nil || !c.HasParent() {
				t.Errorf("%s: there is no command %q", code, command[0])
			}
		}
	}
	for code, step := range nextSteps() {
		check(code, step)
	}
	for _, code := range []string{"collection-not-found", "fabric-exists", "graph-not-found", "location-not-found", "user-exists", "query-worker-not-found", "api-key-not-found",
		"index-not-found", "document-not-found"} {
		step := (&app{}).afterRefusal(&client.Error{Code: code})
		check(code, step)
		if step == "" {
			t.Errorf("%s: nothing is said", code)
		}
	}
}

// What was made at another location a moment ago may only not have come yet.
func TestMadeElsewhere(t *testing.T) {
	t.Parallel()
	f := newFakeLocation(t)
	f.command(t, "put", "fresh/a", "{}").want(t, exitFailed, "1203", "selvedge collection create fresh makes it",
		"made elsewhere a moment ago? selvedge status --wait waits until every location has it")
	of := app{}
	of.flags.fabric = "shop"
	for code, want := range map[string]string{
		"collection-not-found": "selvedge status --wait --fabric shop waits", "graph-not-found": "selvedge status --wait --fabric shop waits",
		"fabric-not-found": "selvedge status --wait --fabric _system waits", // its own is the one that is not there
	} {
		if got := of.afterRefusal(&client.Error{Code: code}); !strings.Contains(got, want) || !strings.Contains(got, "lists what there is") {
			t.Errorf("%s: %s", code, got)
		}
	}
}
