package docs_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// programs are the languages of the page about clients: what runs a file, and how the file is called.
var programs = map[string][2]string{"js": {"node", "main.mjs"}, "python": {"python3", "main.py"}}

// TestClients runs the commands and the programs of the page about clients, on other ports. A program prints what the block of
// text behind it shows.
func TestClients(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	printed, shown := "", 0
	for _, b := range blocks(t, "guides/clients.md") {
		switch b.kind {
		case "sh server":
			s.serve(t, strings.Fields(b.text))
		case "sh":
			s.script(t, b)
		case "js", "python":
			printed = s.program(t, b)
		case "text":
			shown++
			if printed != "" && printed != b.text {
				t.Errorf("line %d: the program prints\n%s\nthe page shows\n%s", b.line, printed, b.text)
			}
		default:
			t.Errorf("line %d: nothing runs a block of kind %q", b.line, b.kind)
		}
	}
	if s.commands < 4 || s.checks < 4 || shown < 2 {
		t.Errorf("the page has %d commands, %d checks and %d programs: has its form changed?", s.commands, s.checks, shown)
	}
}

// program runs one; where its language is not installed that is passed over, save in CI.
func (s *story) program(t *testing.T, b block) string {
	t.Helper()
	how := programs[b.kind]
	interpreter, err := exec.LookPath(how[0])
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("line %d: %v", b.line, err)
		}
		t.Logf("line %d is passed over: %v", b.line, err)
		return ""
	}
	file := filepath.Join(s.folder, how[1])
	text := firstURL.ReplaceAllStringFunc(b.text, func(port string) string {
		return fmt.Sprintf(":%d", s.port+int(port[len(port)-1]-'0'))
	})
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, interpreter, file).CombinedOutput()
	if err != nil {
		t.Fatalf("line %d: %v\n%s", b.line, err, out)
	}
	return string(out)
}
