package node_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/internal/testport"
	"github.com/selvedge-db/selvedge/node"
)

// TestNobodyToJoin starts a location that is to join through itself alone.
func TestNobodyToJoin(t *testing.T) {
	t.Parallel()
	port := testport.Take(t, 2)
	var log watched
	c := node.DefaultConfig()
	c.Location.Name, c.Data, c.Mesh.Join, c.Mesh.Key = "syd", t.TempDir(), []string{address(port + 1)}, "a-key-for-all-of-them"
	c.HTTP.Listen, c.Mesh.Listen = address(port), address(port+1)
	c.Logger = slog.New(slog.NewTextHandler(&log, nil))
	ctx, cancel := context.WithCancel(within(t))
	ended := make(chan error, 1)
	go func() {
		_, err := node.Start(ctx, c)
		ended <- err
	}()
	eventually(t, "what to do", func() bool { return strings.Contains(log.String(), "set mesh.join") })
	if strings.Contains(log.String(), "through="+address(port+1)) {
		t.Errorf("it called itself: %s", log.String())
	}
	cancel()
	if err := <-ended; err == nil {
		t.Error("it started")
	}
}

// TestPlacesAreKnownAtOnce asks for cities as soon as a planet serves.
func TestPlacesAreKnownAtOnce(t *testing.T) {
	t.Parallel()
	d := startDev(t, "fra,syd", "")
	defer closeDev(t, d)
	for _, n := range d.Nodes() {
		for _, l := range n.AllLocations() {
			if l.City == "" || l.Country == "" || l.URL == "" {
				t.Errorf("%s at %s: %+v", l.Name, n.Local().Name, l)
			}
		}
	}
}
