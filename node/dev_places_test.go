package node_test

import (
	"bytes"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/selvedge-db/selvedge/internal/testport"
	"github.com/selvedge-db/selvedge/node"
)

// names of the locations that a start without a list of them has.
func names(t *testing.T, given, dir string) string {
	t.Helper()
	places, err := node.DevPlaces(given, dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range places {
		out = append(out, p.ID)
	}
	return strings.Join(out, ",")
}

// watched is a log that can be read while it is written.
type watched struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// startGiven starts a planet on a folder and returns what it logs.
func startGiven(t *testing.T, given, dir string) (*node.Dev, string) {
	t.Helper()
	places, err := node.DevPlaces(given, dir)
	if err != nil {
		t.Fatal(err)
	}
	var log watched
	d, err := node.StartDev(within(t), node.DevConfig{Places: places, Port: testport.Take(t, len(places)), APIKey: key, Data: dir,
		Limits: node.DefaultConfig().Limits, Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(log.String(), "\n")
	return d, first
}

func TestDevRemembersItsLocations(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "planet")
	if got := names(t, "", dir); len(strings.Split(got, ",")) != 10 {
		t.Errorf("a new planet has %s", got)
	}
	d, log := startGiven(t, "syd,tok,fra", dir)
	closeDev(t, d)
	if log != "" {
		t.Errorf("the first start: %s", log)
	}
	for _, given := range []string{"", "tok,syd,fra"} {
		if d, log = startGiven(t, given, dir); log != "" || len(d.Nodes()) != 3 {
			t.Errorf("started with %q: %d locations, %s", given, len(d.Nodes()), log)
		}
		closeDev(t, d)
	}
	d, log = startGiven(t, "syd,tok", dir)
	if !strings.Contains(log, "down=fra") {
		t.Errorf("started without fra: %s", log)
	}
	closeDev(t, d)
	d, log = startGiven(t, "syd,tok,fra,sao", dir)
	if !strings.Contains(log, "new=sao") {
		t.Errorf("started with sao: %s", log)
	}
	at(t, d, "sao", "_system")
	if err := d.Node("sao").Leave(within(t), "demo", ""); err != nil {
		t.Fatal(err)
	}
	eventually(t, "sao is forgotten", func() bool { return d.Node("sao") == nil && names(t, "", dir) == "syd,tok,fra" })
	closeDev(t, d)
	// A folder without the list.
	if err := os.Remove(filepath.Join(dir, "dev-locations")); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "sao")); err != nil {
		t.Fatal(err)
	}
	if got := names(t, "", dir); got != "fra,syd,tok" {
		t.Errorf("found %s", got)
	}
}

// TestPortInUseLeavesNothing starts on a port that is taken.
func TestPortInUseLeavesNothing(t *testing.T) {
	t.Parallel()
	port := testport.Take(t, 3)
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port+1)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	dir := filepath.Join(t.TempDir(), "planet")
	places, err := node.ParsePlaces("fra,syd")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := node.StartDev(within(t), node.DevConfig{Places: places, Port: port, APIKey: key, Data: dir, Limits: node.DefaultConfig().Limits}); err == nil {
		t.Error("a planet started on a port that is taken")
	}
	c := node.DefaultConfig()
	c.Location.Name, c.Data, c.RootKey, c.Mesh.Create, c.Mesh.Key = "fra", dir, key, true, "a-key-for-all-of-them"
	c.HTTP.Listen, c.Mesh.Listen = address(port+1), address(port+2)
	if _, err := node.Start(within(t), c); err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("a location started on a port that is taken: %v", err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the folder is there: %v", err)
	}
}
