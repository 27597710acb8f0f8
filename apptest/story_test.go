package apptest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/internal/testport"
)

// block is a fenced block of a document.
type block struct {
	kind string // what stands behind the backticks
	text string
}

// blocks extracts the fenced blocks of a document from a heading to the next
// one of its level; an empty heading means all.
func blocks(t *testing.T, file, heading string) []block {
	t.Helper()
	text, err := os.ReadFile(file)
	must(t, err)
	page := string(text)
	if heading != "" {
		_, rest, found := strings.Cut(page, "\n"+heading+"\n")
		if !found {
			t.Fatalf("%s has no %q", file, heading)
		}
		page, _, _ = strings.Cut(rest, "\n## ")
	}
	var list []block
	for _, match := range regexp.MustCompile("(?ms)^```([^\n]*)\n(.*?)^```$").FindAllStringSubmatch(page, -1) {
		list = append(list, block{match[1], match[2]})
	}
	return list
}

// story runs the commands of a document as a reader would, on other ports.
type story struct {
	t       *testing.T
	folder  string
	port    int
	env     []string
	server  *process
	checked int
}

// TestTenLocations runs that guide line by line, each command once. A line that
// begins with #> must be found in what the command above it prints.
func TestTenLocations(t *testing.T) {
	t.Parallel()
	s := &story{t: t, folder: t.TempDir(), port: testport.Take(t, 10)}
	bin := filepath.Join(s.folder, "bin")
	must(t, os.Mkdir(bin, 0o700))
	must(t, os.Symlink(built, filepath.Join(bin, "selvedge")))
	s.env = []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "SELVEDGE_URL=" + url(s.port)}
	commands := 0
	for _, b := range blocks(t, "../docs/guides/ten-locations.md", "") {
		switch b.kind {
		case "sh server":
			s.serve(strings.TrimSpace(b.text))
		case "sh":
			commands += s.script(b.text)
		}
	}
	if commands < 15 || s.checked < 10 {
		t.Fatalf("the story had only %d commands and %d checks", commands, s.checked)
	}
}

// serve starts the planet of the story on the test's ports.
func (s *story) serve(line string) {
	s.t.Helper()
	words := strings.Fields(line)
	if words[0] != "selvedge" {
		s.t.Fatalf("the server's command is %q", line)
	}
	if s.server != nil {
		<-s.server.exited // the story has killed it
	}
	s.server = start(s.t, s.folder, nil, append(words[1:], "--port", strconv.Itoa(s.port))...)
	s.server.waitReady()
}

// script runs the commands of a block, each with the lines that it must print.
func (s *story) script(text string) (commands int) {
	s.t.Helper()
	var line string
	var wants []string
	flush := func() {
		if line != "" {
			commands++
			s.run(line, wants)
		}
		line, wants = "", nil
	}
	for next := range strings.Lines(text) {
		next = strings.TrimSpace(next)
		if want, found := strings.CutPrefix(next, "#>"); found {
			wants = append(wants, strings.TrimSpace(want))
			continue
		}
		flush()
		line = next
	}
	flush()
	return commands
}

func (s *story) run(line string, wants []string) {
	s.t.Helper()
	if setting, found := strings.CutPrefix(line, "export "); found {
		s.env = append(s.env, setting)
		return
	}
	moved := regexp.MustCompile(`:840(\d)`).ReplaceAllStringFunc(line, func(port string) string {
		return fmt.Sprintf(":%d", s.port+int(port[len(port)-1]-'0'))
	})
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, "bash", "-c", moved)
	c.Dir, c.Env = s.folder, append(os.Environ(), s.env...)
	out, err := c.CombinedOutput()
	if err != nil {
		s.t.Fatalf("%s: %v\n%s", line, err, out)
	}
	for _, want := range wants {
		if !strings.Contains(string(out), want) {
			s.t.Fatalf("%s does not print %q, but\n%s", line, want, out)
		}
	}
	s.checked += len(wants)
}

// TestThreeFiles starts the three locations of docs/operate/mesh.md, the
// joining ones first.
func TestThreeFiles(t *testing.T) {
	t.Parallel()
	m := newMesh(t, nil)
	for i := len(m.files) - 1; i >= 0; i-- {
		m.launch(i)
	}
	for _, p := range m.processes {
		p.waitReady()
	}
	m.createCollection("c")
	for i := range m.files {
		_, err := at(t, m.port+i).Insert(t.Context(), "c", map[string]string{"_key": m.names[i]}, writeOptions())
		must(t, err)
	}
	m.converge("c", 3)
	for _, p := range m.processes {
		p.stop()
	}
	for i := range m.files { // and again on the same folders
		m.launch(i)
		m.processes[i].waitReady()
	}
	m.converge("c", 3)
}
