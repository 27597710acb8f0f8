package apptest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/selvedge-db/selvedge/client"
)

// apiKey is that of the user root in every planet of these tests.
const apiKey = "demo.root.secret"

// patience is how long anything may take before a test gives up. It bounds a
// broken run and is not a claim about speed.
const patience = 90 * time.Second

// built is where TestMain puts the binary.
var built string

func TestMain(m *testing.M) {
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	if built = os.Getenv("SELVEDGE_BINARY"); built != "" {
		return m.Run()
	}
	folder, err := os.MkdirTemp("", "selvedge-apptest-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(folder) }()
	built = filepath.Join(folder, "selvedge")
	build := exec.Command("go", "build", "-o", built, "../cmd/selvedge")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// process is a running binary.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	ready  chan struct{} // closed at the line `ready`
	exited chan struct{} // closed when the process is gone

	mu     sync.Mutex
	output bytes.Buffer // guarded by mu
}

// start runs the binary until the test ends.
func start(t *testing.T, folder string, environment []string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(built, args...), ready: make(chan struct{}), exited: make(chan struct{})}
	p.cmd.Dir = folder
	// What a killed process leaves in the temporary folder goes with the test's.
	p.cmd.Env = append(append(os.Environ(), "TMPDIR="+folder), environment...)
	p.cmd.Stderr = p
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go p.follow(bufio.NewScanner(out))
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s printed:\n%s", strings.Join(args, " "), p.text())
		}
	})
	return p
}

// follow reads to the end and then waits for the process, in this order, as
// the pipe is closed by waiting.
func (p *process) follow(lines *bufio.Scanner) {
	seen := false
	for lines.Scan() {
		_, _ = p.Write(append(bytes.Clone(lines.Bytes()), '\n'))
		if !seen && lines.Text() == "ready" {
			seen = true
			close(p.ready)
		}
	}
	_ = p.cmd.Wait()
	close(p.exited)
}

// Write collects the output.
func (p *process) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.Write(text)
}

func (p *process) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.String()
}

// waitReady waits for the line `ready`.
func (p *process) waitReady() {
	p.t.Helper()
	select {
	case <-p.ready:
	case <-p.exited:
		p.t.Fatalf("the process ended before it was ready: %v", p.cmd.ProcessState)
	case <-time.After(patience):
		p.t.Fatal("the process is not ready")
	}
}

// kill ends the process at once (SIGKILL).
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.exited
}

// stop ends the process by SIGTERM and wants it gone with code 0 within the
// 5 seconds that are promised.
func (p *process) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	select {
	case <-p.exited:
	case <-time.After(5 * time.Second):
		p.t.Fatal("the process is still there 5 s after SIGTERM")
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		p.t.Fatalf("the process ended with code %d after SIGTERM", code)
	}
}

// command runs the binary to its end.
func command(t *testing.T, folder string, environment []string, args ...string) (code int, output string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, built, args...)
	c.Dir = folder
	c.Env = append(os.Environ(), environment...)
	out, err := c.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%v: %v", args, err)
	}
	return c.ProcessState.ExitCode(), string(out)
}

// at is a client of the location on a port.
func at(t *testing.T, port int) *client.Client {
	t.Helper()
	c, err := client.New(client.Config{URL: url(port), APIKey: apiKey})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdle)
	return c
}

func url(port int) string { return fmt.Sprintf("http://127.0.0.1:%d", port) }

// until asks again and again until check says that nothing is missing.
func until(t *testing.T, what string, check func() (missing string)) {
	t.Helper()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	end := time.After(patience)
	missing := check()
	for missing != "" {
		select {
		case <-ticker.C:
			missing = check()
		case <-end:
			t.Fatalf("%s: still %s", what, missing)
		}
	}
}

// must ends the test on an error.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
