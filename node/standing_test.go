package node_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/internal/testport"
	"github.com/selvedge-db/selvedge/node"
)

// startCopy starts a location from a copy of its folder, on ports of its own.
func (s *served) startCopy(name, data string) *node.Node {
	s.t.Helper()
	port := testport.Take(s.t, 2)
	c := node.DefaultConfig()
	c.Limits, c.Location.Name, c.Data = s.limit, name, data
	c.Logger = slog.New(slog.NewTextHandler(os.Stderr, nil))
	c.Mesh.Key, c.Mesh.Join = "a-key-for-all-of-them", []string{address(s.port)}
	c.Mesh.Listen, c.HTTP.Listen = address(port), address(port+1)
	n, err := node.Start(within(s.t), c)
	if err != nil {
		s.t.Fatalf("starting a copy of %s: %v", name, err)
	}
	s.t.Cleanup(func() {
		if err := n.Close(within(s.t)); err != nil {
			s.t.Errorf("stopping a copy of %s: %v", name, err)
		}
	})
	return n
}

// refused waits until a location takes no writes, for a reason that says something.
func refused(t *testing.T, n *node.Node, says string) {
	t.Helper()
	f, err := n.Fabric("demo", "_system")
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, fmt.Sprintf("writes are refused: %s", says), func() bool {
		err := f.WritesRefused()
		return err != nil && strings.Contains(err.Error(), says)
	})
}

// TestAnEvictedFolderIsRefusedThoughItsNameIsTaken evicts a location, lets another one join under its name, and starts
// the folder of the first. All streams of that name are the successor's.
func TestAnEvictedFolderIsRefusedThoughItsNameIsTaken(t *testing.T) {
	t.Parallel()
	s := newServed(t, 3, "fra", "ams", "syd") // both others dial syd, not it them
	fra := s.at("fra", "_system")
	before := s.at("syd", "_system").Status().Self
	s.stop("syd")
	old := filepath.Join(s.dir, "old")
	if err := os.Rename(filepath.Join(s.dir, "syd"), old); err != nil {
		t.Fatal(err)
	}
	if err := s.nodes["fra"].Evict(within(t), "demo", "", "syd"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "syd is out at fra", func() bool { return len(fra.Status().Members.Counted()) == 2 })
	s.start("syd")
	if now := s.at("syd", "_system").Status().Self; now == before {
		t.Fatal("the successor has the same incarnation")
	}
	refused(t, s.startCopy("syd", old), "evicted")
}
