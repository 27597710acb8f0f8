package apptest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/client"
	"github.com/selvedge-db/selvedge/internal/testport"
)

// planetOfProcesses is the documented planet: a process per location.
type planetOfProcesses struct {
	t         *testing.T
	folder    string
	port      int // of the first location for clients
	names     []string
	files     []string
	env       []string
	processes []*process
}

// newMesh writes the three documented files, on ports of this test.
func newMesh(t *testing.T, env []string) *planetOfProcesses {
	t.Helper()
	m := &planetOfProcesses{t: t, folder: t.TempDir(), port: testport.Take(t, 6), env: env}
	for _, b := range blocks(t, "../docs/operate/mesh.md", "") {
		name, found := strings.CutPrefix(b.kind, "yaml ")
		if !found {
			continue
		}
		text := b.text
		for i := range 3 {
			text = strings.ReplaceAll(text, fmt.Sprintf(":840%d", i), fmt.Sprintf(":%d", m.port+i))
			text = strings.ReplaceAll(text, fmt.Sprintf(":850%d", i), fmt.Sprintf(":%d", m.port+3+i))
		}
		must(t, os.WriteFile(filepath.Join(m.folder, name), []byte(text), 0o600))
		m.files = append(m.files, name)
		m.names = append(m.names, strings.TrimSuffix(name, ".yaml"))
	}
	if len(m.files) != 3 {
		t.Fatalf("docs/operate/mesh.md has %d files, want 3", len(m.files))
	}
	m.processes = make([]*process, 3)
	return m
}

// launch starts a location without waiting for it.
func (m *planetOfProcesses) launch(i int) {
	m.processes[i] = start(m.t, m.folder, m.env, "serve", "--config", m.files[i])
}

func (m *planetOfProcesses) createCollection(name string) {
	m.t.Helper()
	_, err := at(m.t, m.port).CreateCollection(m.t.Context(), client.CollectionSpec{Name: name})
	must(m.t, err)
	m.converge(name, 0)
}

// converge waits until all locations hold so many documents and have equal
// digests at one time.
func (m *planetOfProcesses) converge(collection string, documents int64) {
	m.t.Helper()
	until(m.t, "the locations converge", func() string {
		for i, name := range m.names {
			n, err := at(m.t, m.port+i).Count(m.t.Context(), collection)
			if err != nil || n != documents {
				return fmt.Sprintf("%d of %d documents at %s, %v", n, documents, name, err)
			}
		}
		return ""
	})
	m.sameDigests()
}

// sameDigests compares the content of all locations at one time.
func (m *planetOfProcesses) sameDigests() {
	m.t.Helper()
	until(m.t, "equal digests", m.digestsDiffer)
}

// digestsDiffer says how, or nothing.
func (m *planetOfProcesses) digestsDiffer() string {
	first, err := at(m.t, m.port).Digest(m.t.Context(), "")
	if err != nil {
		return fmt.Sprintf("digest at %s: %v", m.names[0], err)
	}
	for i := 1; i < len(m.names); i++ {
		d, err := at(m.t, m.port+i).Digest(m.t.Context(), string(first.At))
		if err != nil || d.Digest != first.Digest {
			return fmt.Sprintf("digest %s at %s and %s at %s, %v", first.Digest, m.names[0], d.Digest, m.names[i], err)
		}
	}
	return ""
}

func writeOptions() client.WriteOptions { return client.WriteOptions{} }
