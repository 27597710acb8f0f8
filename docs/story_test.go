package docs_test

import (
	"bufio"
	"context"
	"fmt"
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
)

// TestQuickstart runs the commands of the quickstart line by line, each once, on other ports. What stands behind #> must be
// in what the command above it prints.
func TestQuickstart(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	for _, b := range blocks(t, "guides/quickstart.md") {
		switch b.kind {
		case "sh server":
			s.serve(t, strings.Fields(b.text))
		case "sh":
			s.script(t, b)
		}
	}
	s.enough(t, 20, 20)
}

// TestReadme does the same with the README.
func TestReadme(t *testing.T) {
	t.Parallel()
	s := newStory(t, 10)
	for _, b := range blocks(t, "../README.md") {
		switch b.kind {
		case "sh server":
			s.serve(t, strings.Fields(strings.Replace(b.text, "go run ./cmd/selvedge", "selvedge", 1)))
		case "sh":
			// The first line builds what this test has already built.
			s.script(t, block{kind: b.kind, line: b.line, text: strings.Replace(b.text, "go build -o bin/ ./cmd/selvedge && export PATH=$PWD/bin:$PATH ", "export ", 1)})
		}
	}
	s.enough(t, 10, 7)
}

type story struct {
	folder           string
	port             int
	env              []string
	commands, checks int
}

// newStory is a folder with the command in it, and ports for what the page serves.
func newStory(t *testing.T, ports int) *story {
	t.Helper()
	s := &story{folder: t.TempDir(), port: testport.Take(t, ports)}
	file, err := built()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, filepath.Join(s.folder, "selvedge")); err != nil {
		t.Fatal(err)
	}
	s.env = append(os.Environ(), "PATH="+s.folder+":"+os.Getenv("PATH"), "TMPDIR="+s.folder, fmt.Sprintf("SELVEDGE_URL=http://127.0.0.1:%d", s.port))
	return s
}

// enough fails when hardly anything of a page was run.
func (s *story) enough(t *testing.T, commands, checks int) {
	t.Helper()
	if s.commands < commands || s.checks < checks {
		t.Errorf("the page has %d commands and %d checks: has its form changed?", s.commands, s.checks)
	}
}

// built makes the command once for all tests, in a folder of its own; the environment may name one that is there.
var built = sync.OnceValues(func() (string, error) {
	if file := os.Getenv("SELVEDGE_BINARY"); file != "" {
		return file, nil
	}
	file := filepath.Join(os.Getenv(buildFolder), "selvedge")
	build := exec.Command("go", "build", "-o", file, "../cmd/selvedge")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return file, fmt.Errorf("build: %w\n%s", err, out)
	}
	return file, nil
})

// buildFolder names, in the environment, the folder for what is built.
const buildFolder = "SELVEDGE_DOCS_BUILD"

func TestMain(m *testing.M) { os.Exit(runTests(m)) }

func runTests(m *testing.M) int {
	folder, err := os.MkdirTemp("", "selvedge-docs-")
	if err == nil {
		err = os.Setenv(buildFolder, folder)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(folder) }()
	return m.Run()
}

// serve starts the planet and waits for the line that says it is ready.
func (s *story) serve(t *testing.T, words []string) {
	t.Helper()
	if words[1] == "dev" {
		words = append(words, "--port", strconv.Itoa(s.port))
	}
	c := exec.Command(filepath.Join(s.folder, words[0]), words[1:]...)
	c.Dir, c.Env = s.folder, s.env
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		timer := time.AfterFunc(patience, func() { _ = c.Process.Kill() })
		defer timer.Stop()
		if err := c.Wait(); err != nil {
			t.Errorf("the planet ended with %v", err)
		}
	})
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if lines.Text() == "ready" {
			return
		}
	}
	t.Fatal("the planet is not ready")
}

// script runs the commands of a block, each with the lines that it must print.
func (s *story) script(t *testing.T, b block) {
	t.Helper()
	command, wants := "", []string(nil)
	flush := func() {
		if command != "" && !t.Failed() {
			s.run(t, b, command, wants)
		}
		command, wants = "", nil
	}
	for line := range strings.Lines(b.text) {
		line = strings.TrimSpace(line)
		if want, found := strings.CutPrefix(line, "#>"); found {
			wants = append(wants, strings.TrimSpace(want))
			continue
		}
		flush()
		command = line
	}
	flush()
}

// config writes a configuration file of a page, with the test's ports.
func (s *story) config(t *testing.T, b block) {
	t.Helper()
	text := regexp.MustCompile(`:8([45])0(\d)`).ReplaceAllStringFunc(b.text, func(port string) string {
		return fmt.Sprintf(":%d", s.port+2*int(port[4]-'0')+int(port[2]-'4'))
	})
	if err := os.WriteFile(filepath.Join(s.folder, strings.Fields(b.kind)[1]), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

var firstURL = regexp.MustCompile(`:840(\d)`)

func (s *story) run(t *testing.T, b block, command string, wants []string) {
	t.Helper()
	if setting, found := strings.CutPrefix(command, "export "); found {
		s.env = append(s.env, setting)
		return
	}
	s.commands++
	s.checks += len(wants)
	moved := firstURL.ReplaceAllStringFunc(command, func(port string) string {
		return fmt.Sprintf(":%d", s.port+int(port[len(port)-1]-'0'))
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, "bash", "-c", moved)
	c.Dir, c.Env = s.folder, s.env
	out, err := c.CombinedOutput()
	if wrong := missing(string(out), wants); err != nil || wrong != "" {
		t.Fatalf("line %d: %s: %v%s\n%s", b.line, command, err, wrong, out)
	}
}

func missing(out string, wants []string) string {
	for _, want := range wants {
		if !strings.Contains(out, want) {
			return fmt.Sprintf(", and %q is not printed", want)
		}
	}
	return ""
}
