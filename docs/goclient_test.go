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

// TestGoClient runs the program of the page about the Go client against the planet that the page starts, on other ports. It
// prints what the page shows.
func TestGoClient(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.env = append(s.env, "SELVEDGE_API_KEY="+apiKey, "CGO_ENABLED=0")
	program := filepath.Join(s.folder, "main.go")
	ran := false
	var printed []byte
	for _, b := range blocks(t, "guides/go-client.md") {
		switch b.kind {
		case "sh server":
			s.serve(t, strings.Fields(b.text))
		case "go":
			text := firstURL.ReplaceAllStringFunc(b.text, func(port string) string {
				return fmt.Sprintf(":%d", s.port+int(port[len(port)-1]-'0'))
			})
			if err := os.WriteFile(program, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 2*patience) // the compiler's time too
			defer cancel()
			c := exec.CommandContext(ctx, "go", "run", program)
			c.Env = s.env
			var err error
			if printed, err = c.CombinedOutput(); err != nil {
				t.Fatalf("line %d: %v\n%s", b.line, err, printed)
			}
		case "text":
			if ran = true; string(printed) != b.text {
				t.Errorf("line %d: the program prints\n%s\nthe page shows\n%s", b.line, printed, b.text)
			}
		}
	}
	if !ran {
		t.Error("the page shows no program with what it prints")
	}
}
