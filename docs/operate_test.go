package docs_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/knadh/koanf/parsers/yaml"
)

// TestBackupPage runs the commands of the page about backups at a location with the first of the files of the page about a mesh.
func TestBackupPage(t *testing.T) {
	t.Parallel()
	s := newStory(t, 4)
	s.env = append(s.env, "SELVEDGE_API_KEY="+apiKey)
	s.config(t, blocks(t, "operate/mesh.md")[0])
	s.serve(t, strings.Fields("selvedge serve --config fra.yaml"))
	s.script(t, block{kind: "sh", text: "selvedge collection create articles\nselvedge put articles/lamp '{\"name\": \"Lamp\"}'\n" +
		"selvedge collection create copies\n"})
	for _, b := range blocks(t, "operate/backup.md") {
		switch kind, _, _ := strings.Cut(b.kind, " "); {
		case kind == "yaml":
			s.config(t, b)
		case b.kind == "sh server":
			s.serve(t, strings.Fields(b.text))
		case kind == "sh":
			// What is served by another location has its port two further on, as the file says.
			s.script(t, block{kind: b.kind, line: b.line, text: strings.ReplaceAll(b.text, "127.0.0.1:8401", "127.0.0.1:8402")})
		}
	}
	s.enough(t, 9, 6)
}

// TestCommandLine runs the commands of that guide, with a home of its own.
func TestCommandLine(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.env = slices.DeleteFunc(s.env, func(setting string) bool { return strings.HasPrefix(setting, "SELVEDGE_") })
	s.env = append(s.env, "HOME="+s.folder, "XDG_CONFIG_HOME="+filepath.Join(s.folder, "config"))
	for _, b := range blocks(t, "guides/command-line.md") {
		switch b.kind {
		case "sh server":
			s.serve(t, strings.Fields(b.text))
		case "sh":
			s.script(t, b)
		}
	}
	s.enough(t, 25, 18)
}

// TestTroubleshooting runs the commands of that page, and the request of the page about limits.
func TestTroubleshooting(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.env = append(s.env, "SELVEDGE_API_KEY="+apiKey)
	s.serve(t, strings.Fields("selvedge dev --locations 2 --api-key "+apiKey))
	for _, b := range blocks(t, "operate/troubleshooting.md") {
		s.script(t, b)
	}
	s.enough(t, 2, 2)
	r := startReader(t)
	for _, b := range blocks(t, "operate/limits.md") {
		r.example(t, b, "")
	}
}

// TestLinksPage runs the commands and requests of that page on a planet with three locations.
func TestLinksPage(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.env = append(s.env, "SELVEDGE_API_KEY="+apiKey)
	s.serve(t, strings.Fields("selvedge dev --locations fra,syd,tok --api-key "+apiKey))
	r := &reader{urls: map[string]string{"fra": fmt.Sprintf("http://127.0.0.1:%d", s.port)}, kept: map[string]string{}}
	defer r.http.CloseIdleConnections()
	requests := 0
	for _, b := range blocks(t, "operate/links.md") {
		switch b.kind {
		case "sh":
			s.script(t, b)
		case "http":
			requests++
			r.example(t, b, "")
		}
	}
	if s.commands < 5 || requests < 1 {
		t.Errorf("the page has %d commands and %d requests: has its form changed?", s.commands, requests)
	}
}

// TestMonitoringFiles reads the files of that page.
func TestMonitoringFiles(t *testing.T) {
	t.Parallel()
	files := blocks(t, "operate/monitoring.md")
	if len(files) < 2 {
		t.Errorf("the page has %d files", len(files))
	}
	for _, b := range files {
		if m, err := yaml.Parser().Unmarshal([]byte(b.text)); err != nil || len(m) == 0 {
			t.Errorf("%s: %v", b.kind, err)
		}
	}
}
