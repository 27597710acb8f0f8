package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/selvedge-db/selvedge/internal/testport"
	"github.com/spf13/cobra"
)

// asProgram in the environment makes the test's binary the program itself, so that nothing has to be built anew.
const asProgram = "SELVEDGE_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main() // does not come back
	}
	os.Exit(m.Run())
}

// examplePatience bounds a broken run and is no claim about speed.
const examplePatience = 2 * time.Minute

// notRun are commands whose examples no test runs, with why.
func notRun() map[string]string {
	reasons := map[string]string{
		"sim":   "runs for minutes; package sim runs it small",
		"bench": "measures for minutes; package bench runs it small",
	}
	for _, c := range all((&app{}).root()) {
		if c.HasParent() && c.Parent().Name() == "bench" {
			reasons["bench "+c.Name()] = reasons["bench"]
		}
	}
	return reasons
}

// atTerminal are lines that need one.
func atTerminal() []string { return []string{"selvedge query", "selvedge top"} }

// failing are lines that end with 1, with what they then say.
func failing() map[string]string {
	return map[string]string{"selvedge delete places/p2 --rev AZL2w6S1AAcAAQACMZQ-UQ": "revision-conflict"} // nobody knows a _rev beforehand
}

// endless is what is ended by an interrupt, once it has begun.
func endless() *regexp.Regexp {
	return regexp.MustCompile(`^(SELVEDGE_\w+=\S+ )*selvedge (dev|serve|changes$|status --watch)`)
}

// TestExamplesRun runs every line of the examples of every command, as a user would type it, against a planet.
func TestExamplesRun(t *testing.T) {
	t.Parallel()
	w := newExampleWorld(t)
	before := preparations()
	reasons := notRun()
	for _, c := range all((&app{}).root()) {
		if c.IsAdditionalHelpTopicCommand() {
			continue
		}
		path := strings.TrimPrefix(strings.TrimPrefix(c.CommandPath(), "selvedge"), " ")
		lines := exampleLines(c)
		if len(lines) == 0 {
			t.Errorf("%s has no example", c.CommandPath())
		}
		if reasons[path] != "" {
			delete(reasons, path)
			continue
		}
		if script, ok := before[path]; ok {
			delete(before, path)
			if out, err := w.shell(script); err != nil {
				t.Errorf("what is needed for %s: %v\n%s", path, err, out)
			}
		}
		for _, line := range lines {
			w.try(path, line)
		}
	}
	for path := range before {
		t.Errorf("there is no command %q to prepare for", path)
	}
	for path := range reasons {
		t.Errorf("there is no command %q to leave out", path)
	}
	if left, err := w.shell("ls *.unfinished 2>/dev/null"); err == nil {
		t.Errorf("left behind: %s", left)
	}
}

// exampleLines are the lines of a command's examples; one that ends with a backslash goes on.
func exampleLines(c *cobra.Command) []string {
	var lines []string
	for line := range strings.Lines(strings.ReplaceAll(c.Example, "\\\n", "")) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// preparations are what the examples of a command need, as lines for a shell that stops at the first failure.
func preparations() map[string]string {
	quiet := " >/dev/null 2>&1 || true\n"
	everywhere := "for port in 8400 8401 8402; do\n"
	shop := "selvedge fabric drop shop" + quiet + everywhere + // a location that has not heard of the end of the last one would tell of that
		"while selvedge fabric locations shop --url http://127.0.0.1:$port >/dev/null 2>&1; do sleep 0.05; done; done\n" +
		"selvedge fabric create shop >/dev/null\n" + everywhere +
		"until [ \"$(selvedge fabric locations shop --url http://127.0.0.1:$port 2>&1)\" = 'fra, syd, tok' ]; do sleep 0.05; done; done\n"
	airports := "selvedge import airports.dat --to airports --format csv --null '\\N' --escape '\\' --key id --overwrite --quiet " +
		"--columns id,name,city,country,iata,icao,latitude,longitude,altitude,offset,dst,zone,type,source >/dev/null\n"
	places := "selvedge collection create places" + quiet
	worker := "selvedge worker save by-country 'FOR a IN airports FILTER a.country == @c RETURN a.name' --default c=Iceland --replace >/dev/null\n"
	network := "selvedge graph drop network" + quiet + "selvedge graph create network --edges flights=airports:airports >/dev/null\n"
	noContexts := "rm -f \"$HOME/.config/selvedge/contexts.json\"\n"
	home := noContexts + "selvedge context add home --url http://127.0.0.1:8400 --anonymous --use >/dev/null\n"
	user := "selvedge user remove ana" + quiet
	articles := "selvedge collection drop articles" + quiet + "selvedge collection create articles --crdt views=counter,tags=set >/dev/null\n"
	return map[string]string{
		"": "rm -f places.jsonl", "changes": places + strings.Repeat("selvedge put places '{}' >/dev/null\n", 10),
		"collection": "selvedge collection drop articles" + quiet, "collection create": "selvedge collection drop articles" + quiet,
		"collection drop": articles, "collection list": "selvedge fabric create shop >/dev/null 2>&1 || true", "collection show": articles, "collection truncate": articles,
		"context": noContexts, "context add": noContexts, "context list": home, "context remove": home, "context rename": home, "context show": home,
		"context use": home, "delete": places + "selvedge put places/p1 '{}' >/dev/null\nselvedge put places/p2 '{}' >/dev/null",
		"export": places + airports, "fabric": "selvedge fabric drop shop" + quiet, "fabric create": "selvedge fabric drop shop" + quiet,
		"fabric drop": shop, "fabric locations": shop, "get": places + "selvedge put places/p1 '{}' >/dev/null\nselvedge status --wait >/dev/null",
		"graph": "selvedge graph drop network" + quiet, "graph create": "selvedge graph drop network" + quiet, "graph show": network,
		"graph drop":      network + "selvedge graph create trade --edges sells=shops:goods" + quiet,
		"generate places": "selvedge collection drop places" + quiet,
		"import":          "selvedge collection drop places" + quiet + "selvedge collection drop airports" + quiet + "selvedge generate places --count 100 --out places.jsonl", "index": airports,
		"index create": airports + articles + "selvedge collection create shops" + quiet + "selvedge collection create sessions" + quiet,
		"index drop":   airports + "selvedge index create airports country --name by-country >/dev/null", "index list": airports,
		"key": "selvedge key remove deploy" + quiet, "key create": "selvedge key remove deploy" + quiet + "selvedge key remove ci" + quiet,
		"key remove": "selvedge key create deploy >/dev/null 2>&1 || true", "link heal": "selvedge link cut fra syd >/dev/null", "link set": "selvedge link heal --all >/dev/null",
		"location": "selvedge link heal --all >/dev/null\n" + shop, "location anchor": shop, "location evict": shop, "location leave": shop, "put": places, "query": airports,
		"restore": "rm -rf fra-2026-01-31\nselvedge backup ./fra-2026-01-31 >/dev/null", "user": user, "user create": user,
		"user password": user + "selvedge user create ana < password.txt >/dev/null", "user remove": user + "selvedge user create ana < password.txt >/dev/null",
		"worker": airports + "selvedge worker delete by-country" + quiet, "worker run": airports + worker, "worker show": worker, "worker delete": worker,
		"worker save": "selvedge worker delete by-country" + quiet, "backup": "rm -rf fra-2026-01-31",
	}
}

// exampleWorld is a planet, and a folder with what the examples read.
type exampleWorld struct {
	t           *testing.T
	folder      string
	port        int
	environment []string
}

func newExampleWorld(t *testing.T) *exampleWorld {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	w := &exampleWorld{t: t, folder: t.TempDir(), port: testport.Take(t, 20)} // three locations, serve, and dev
	for name, text := range map[string]string{
		"bin/selvedge":  "#!/bin/sh\nexec '" + program + "' \"$@\"\n",
		"customers.csv": "id;name;city\n1;Müller;Köln\n",
		"airports.dat": "16,\"Akureyri Airport\",\"Akureyri\",\"Iceland\",\"AEY\",\"BIAR\",65.6,-18.07,6,0,\"N\",\"Atlantic/Reykjavik\",\"airport\",\"OurAirports\"\n" +
			"507,\"London Heathrow Airport\",\"London\",\"United Kingdom\",\"LHR\",\"EGLL\",51.47,-0.46,83,0,\"E\",\\N,\"airport\",\"OurAirports\"\n",
		"routes.dat":  "BA,1355,LHR,507,AEY,16,,0,320\n2B,410,AER,2965,KZN,not/a/key,,0,CR2\n",
		"big.csv":     "name,n\na,1\nb,2\n",
		"report.c8ql": "FOR a IN airports FILTER a.country == 'Iceland' RETURN {name: a.name, iata: a.iata}\n",
		"new.json":    `{"name": "Lantern Books"}`, "key.txt": "demo.root.secret\n", "password.txt": "a long enough password\n", "ca.pem": "",
		"fra.yaml": fmt.Sprintf("location: {name: fra, latitude: 50.1, longitude: 8.7, city: Frankfurt, country: DE}\ndata: %s\nhttp: {listen: '127.0.0.1:%d'}\n"+
			"mesh: {listen: '127.0.0.1:%d', key: a-key-of-at-least-sixteen, create: true}\nroot-key: demo.root.secret\n", filepath.Join(w.folder, "serve"), w.port+3, w.port+4),
	} {
		file := filepath.Join(w.folder, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	w.environment = []string{asProgram + "=1", "PATH=" + filepath.Join(w.folder, "bin") + ":" + os.Getenv("PATH"), "HOME=" + w.folder, "TMPDIR=" + w.folder,
		fmt.Sprintf("SELVEDGE_URL=http://127.0.0.1:%d", w.port), "SELVEDGE_API_KEY=demo.root.secret", "GOCOVERDIR=" + w.folder}
	line := fmt.Sprintf("selvedge dev --locations fra,syd,tok --wan none --port %d --api-key demo.root.secret --root-password docs", w.port)
	began := make(chan error, 1)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.untilInterrupt(ctx, line, "ready", func() { began <- nil }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil && !t.Failed() {
			t.Errorf("the planet: %v", err)
		}
	})
	select {
	case <-began:
	case err := <-ended:
		ended <- err
		t.Fatalf("the planet did not start: %v", err)
	}
	return w
}

// command runs a line in a shell, with the addresses that documents use turned into those of the planet.
func (w *exampleWorld) command(ctx context.Context, line string) *exec.Cmd {
	line = regexp.MustCompile(`\b84(\d\d)\b`).ReplaceAllStringFunc(line, func(s string) string {
		n, _ := strconv.Atoi(s[len(s)-2:])
		return strconv.Itoa(w.port + n)
	})
	c := exec.CommandContext(ctx, "sh", "-c", line)
	c.Dir, c.Env = w.folder, w.environment
	c.WaitDelay = examplePatience // how fast a planet ends is for other tests
	return c
}

func (w *exampleWorld) shell(script string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), examplePatience)
	defer cancel()
	out, err := w.command(ctx, "set -e\n"+script).CombinedOutput()
	return string(out), err
}

// try runs one line of an example.
func (w *exampleWorld) try(path, line string) {
	w.t.Helper()
	for _, l := range atTerminal() {
		if line == l {
			return
		}
	}
	if endless().MatchString(line) {
		ctx, cancel := context.WithTimeout(context.Background(), examplePatience)
		defer cancel()
		mark := ""
		line, _, _ = strings.Cut(line, "#")
		if strings.Contains(line, "selvedge dev") {
			line, mark = strings.TrimSpace(line)+fmt.Sprintf(" --port %d", w.port+8), "ready" // the last one counts
		} else if strings.Contains(line, "selvedge serve") {
			mark = "ready"
		} else if strings.HasPrefix(line, "selvedge changes") {
			var writing sync.WaitGroup
			writing.Go(func() { w.writeUntil(ctx) })
			defer writing.Wait()
			defer cancel()
		}
		if err := w.untilInterrupt(ctx, line, mark, cancel); err != nil {
			w.t.Errorf("%s: %s: %v", path, line, err)
		}
		return
	}
	out, err := w.shell(line)
	if want, fails := failing()[line]; fails {
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != exitFailed || !strings.Contains(out, want) {
			w.t.Errorf("%s: %s: %v, want it to fail with %s\n%s", path, line, err, want, out)
		}
		return
	}
	if err != nil {
		w.t.Errorf("%s: %s: %v\n%s", path, line, err, out)
	}
}

// writeUntil writes now and then, so that a feed has something to tell.
func (w *exampleWorld) writeUntil(ctx context.Context) {
	for ctx.Err() == nil {
		_ = w.command(ctx, "exec selvedge put places '{}'").Run()
	}
}

// untilInterrupt runs a line, calls begun when a line of its output is the mark (or with the first one, without a mark),
// and interrupts it when the context ends. It is to have begun, and to end well then.
func (w *exampleWorld) untilInterrupt(ctx context.Context, line, mark string, begun func()) error {
	c := w.command(ctx, "exec env "+line)
	var told bytes.Buffer
	c.Stderr = &told
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGINT) }
	out, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	lines := bufio.NewScanner(out)
	seen := false
	for lines.Scan() {
		if !seen && (mark == "" || lines.Text() == mark) {
			seen = true
			begun()
		}
	}
	_, _ = io.Copy(io.Discard, out)
	if err := c.Wait(); err != nil && (c.ProcessState == nil || c.ProcessState.ExitCode() != exitDone) {
		return fmt.Errorf("%w\n%s", err, told.String())
	}
	if !seen {
		return fmt.Errorf("it ended before it had begun, without a line %q\n%s", mark, told.String())
	}
	return nil
}
