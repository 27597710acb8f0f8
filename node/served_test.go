package node_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/internal/env"
	"github.com/selvedge-db/selvedge/internal/testport"
	"github.com/selvedge-db/selvedge/node"
)

// served is a planet of locations that are started and stopped one by one, as serve does it.
type served struct {
	t     *testing.T
	dir   string
	port  int // of the mesh of the first location; HTTP ports follow those of the mesh
	names []string
	limit node.LimitsConfig
	bent  map[string]env.Clock // the clocks of locations that have none of the machine's
	nodes map[string]*node.Node
}

// newServed prepares a planet whose first location creates it, and starts the first n.
func newServed(t *testing.T, n int, names ...string) *served {
	s := &served{t: t, dir: t.TempDir(), port: testport.Take(t, 2*len(names)), names: names, limit: node.DefaultConfig().Limits, nodes: map[string]*node.Node{}}
	t.Cleanup(func() {
		for _, name := range names {
			s.stop(name)
		}
	})
	for _, name := range names[:n] {
		s.start(name)
	}
	return s
}

// start starts a location; it may join through any other.
func (s *served) start(name string) *node.Node {
	s.t.Helper()
	c := node.DefaultConfig()
	c.Limits = s.limit
	c.Location.Name, c.Data = name, filepath.Join(s.dir, name)
	c.Logger = slog.New(slog.NewTextHandler(os.Stderr, nil))
	c.Mesh.Key = "a-key-for-all-of-them"
	for i, other := range s.names {
		address := fmt.Sprintf("127.0.0.1:%d", s.port+i)
		switch {
		case other != name:
			c.Mesh.Join = append(c.Mesh.Join, address)
		default:
			c.Mesh.Listen, c.HTTP.Listen = address, fmt.Sprintf("127.0.0.1:%d", s.port+len(s.names)+i)
			c.Mesh.Create, c.RootKey = i == 0, key
		}
	}
	if c.Mesh.Create {
		c.Mesh.Join = nil
	} else {
		c.RootKey = ""
	}
	e := env.Real()
	if clock := s.bent[name]; clock != nil {
		e.Clock = clock
	}
	n, err := node.StartOn(within(s.t), c, e)
	if err != nil {
		s.t.Fatalf("starting %s: %v", name, err)
	}
	s.nodes[name] = n
	return n
}

func (s *served) stop(name string) {
	s.t.Helper()
	if n := s.nodes[name]; n != nil {
		delete(s.nodes, name)
		if err := n.Close(within(s.t)); err != nil {
			s.t.Errorf("stopping %s: %v", name, err)
		}
	}
}

// at finds a fabric at a location, waiting for it to come there and to take writes.
func (s *served) at(location, name string) *fabric.Fabric {
	s.t.Helper()
	var f *fabric.Fabric
	eventually(s.t, fmt.Sprintf("fabric %s at %s", name, location), func() bool {
		found, err := s.nodes[location].Fabric("demo", name)
		f = found
		return err == nil && f.WritesRefused() == nil
	})
	return f
}

func anchorAt(t *testing.T, n *node.Node, name string) string {
	t.Helper()
	m, err := n.MeshState("demo", name)
	if err != nil {
		t.Fatal(err)
	}
	return m.Anchor
}

func TestAnchorMovesAndIsTakenOver(t *testing.T) {
	t.Parallel()
	s := newServed(t, 3, "fra", "syd", "tok", "sao")
	fra, syd, tok := s.nodes["fra"], s.nodes["syd"], s.nodes["tok"]
	if err := fra.CreateFabric(within(t), "demo", api.FabricSpec{Name: "shop"}); err != nil {
		t.Fatal(err)
	}
	makeCollection(t, s.at("fra", "shop"), "c")
	shop := s.at("syd", "shop")
	s.at("tok", "shop")

	// There and back, asked at a location that is neither.
	for _, to := range []string{"syd", "fra"} {
		if err := tok.SetAnchor(within(t), "demo", "shop", to, false); err != nil {
			t.Fatalf("moving the anchor to %s: %v", to, err)
		}
		if got := anchorAt(t, tok, "shop"); got != to {
			t.Fatalf("the anchor is %s, want %s", got, to)
		}
	}
	if err := tok.SetAnchor(within(t), "demo", "shop", "mars", false); err == nil {
		t.Fatal("a location that is no member became the anchor")
	}
	eventually(t, "the collection at syd", func() bool { _, ok := shop.Collection("c"); return ok })
	put(t, s.at("fra", "shop"), "c", "last", 1)
	eventually(t, "what fra wrote at syd", func() bool { return has(t, shop, "c", "last") })
	s.stop("fra")

	refused := func(what string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), "--force") {
			t.Fatalf("%s without its anchor: %v", what, err)
		}
	}
	refused("evicting from a fabric", syd.Evict(within(t), "demo", "shop", "fra"))
	refused("moving the anchor of a fabric", syd.SetAnchor(within(t), "demo", "shop", "syd", false))
	if err := syd.SetAnchor(within(t), "demo", "shop", "tok", true); err == nil {
		t.Fatal("syd let tok take over")
	}
	for _, name := range []string{"shop", "_system"} {
		if err := syd.SetAnchor(within(t), "demo", name, "syd", true); err != nil {
			t.Fatalf("syd takes %s over: %v", name, err)
		}
		eventually(t, "tok knows the new anchor of "+name, func() bool { return anchorAt(t, tok, name) == "syd" })
	}
	if err := tok.Evict(within(t), "demo", "", "fra"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"shop", "_system"} {
		eventually(t, "fra is out of "+name, func() bool { return len(s.at("tok", name).Status().Members.Counted()) == 2 })
	}

	s.start("sao")
	if err := tok.SetFabricLocations(within(t), "demo", "shop", []string{"syd", "tok", "sao"}); err != nil {
		t.Fatal(err)
	}
	added := s.at("sao", "shop")
	eventually(t, "what the first anchor wrote at sao", func() bool { return has(t, added, "c", "last") })
	put(t, added, "c", "new", 2)
	eventually(t, "what sao wrote at syd", func() bool { return has(t, shop, "c", "new") })
	same(t, shop, added, s.at("tok", "shop"))
	if err := tok.SetFabricLocations(within(t), "demo", "shop", []string{"tok", "sao"}); err == nil {
		t.Fatal("the anchor was dropped")
	}
}
