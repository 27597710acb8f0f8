package node_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/node"
)

// ends waits for the error after which a location cannot go on.
func ends(t *testing.T, what string, failed <-chan error) error {
	t.Helper()
	ctx := within(t)
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		t.Fatalf("%s does not end", what)
		return nil
	}
}

// noSalvage wants no file of entries that others may not have.
func noSalvage(t *testing.T, dir string) {
	t.Helper()
	if files, err := filepath.Glob(filepath.Join(dir, "salvage-*")); err != nil || len(files) > 0 {
		t.Errorf("salvaged: %v %v", files, err)
	}
}

// TestLeaving takes two of three locations out of the planet, with a fabric: one that decides on nothing, and the anchor.
func TestLeaving(t *testing.T) {
	t.Parallel()
	s := newServed(t, 3, "fra", "syd", "tok")
	if err := s.nodes["fra"].CreateFabric(within(t), "demo", api.FabricSpec{Name: "shop"}); err != nil {
		t.Fatal(err)
	}
	makeCollection(t, s.at("fra", "shop"), "c")
	syd := s.at("syd", "shop")
	eventually(t, "the collection at tok", func() bool { _, ok := s.at("tok", "shop").Collection("c"); return ok })
	for _, name := range []string{"tok", "fra"} {
		put(t, s.at(name, "shop"), "c", name, 1)
		leaver := s.nodes[name]
		if err := leaver.Leave(within(t), "demo", ""); err != nil {
			t.Fatalf("%s leaves: %v", name, err)
		}
		if err := ends(t, name, leaver.Failed()); !errors.Is(err, node.ErrLeft) {
			t.Errorf("%s ended with %v", name, err)
		}
		if h := leaver.Health(); h.Ready {
			t.Errorf("health of %s when it is out: %+v", name, h)
		}
		s.stop(name)
		noSalvage(t, filepath.Join(s.dir, name))
		eventually(t, "what "+name+" wrote at syd", func() bool { return has(t, syd, "c", name) })
		for _, of := range []string{"shop", "_system"} {
			eventually(t, name+" is out of "+of, func() bool {
				_, in := s.at("syd", of).Status().Members.ByName(name)
				return !in && anchorAt(t, s.nodes["syd"], of) != name
			})
		}
	}
	if err := s.nodes["syd"].Leave(within(t), "demo", ""); err == nil || !strings.Contains(err.Error(), "only one") {
		t.Errorf("the last location leaves: %v", err)
	}
	put(t, syd, "c", "after", 1)
	s.start("tok")
	if _, err := s.nodes["tok"].Fabric("demo", "shop"); err == nil {
		t.Error("tok has a fabric again that it left")
	}
	same(t, s.at("syd", "_system"), s.at("tok", "_system"))
}

// TestEvictedEnds has a location find out that it was closed out.
func TestEvictedEnds(t *testing.T) {
	t.Parallel()
	s := newServed(t, 2, "fra", "syd")
	syd := s.nodes["syd"]
	s.at("syd", "_system")
	if err := syd.Evict(within(t), "demo", "", "fra"); err == nil || !strings.Contains(err.Error(), "is the anchor") {
		t.Errorf("evicting the anchor: %v", err)
	}
	if err := s.nodes["fra"].Evict(within(t), "demo", "", "syd"); err != nil {
		t.Fatal(err)
	}
	if err := ends(t, "syd", syd.Failed()); !errors.Is(err, node.ErrEvicted) {
		t.Errorf("syd ended with %v", err)
	}
	if h := syd.Health(); h.Ready || !strings.Contains(h.ReadOnly, "evicted") {
		t.Errorf("health: %+v", h)
	}
}

// TestStayingWhenNobodyTakesOver has an anchor leave that is alone for now.
func TestStayingWhenNobodyTakesOver(t *testing.T) {
	t.Parallel()
	s := newServed(t, 2, "fra", "syd")
	s.at("syd", "_system")
	s.stop("syd")
	fra := s.nodes["fra"]
	eventually(t, "fra misses syd", func() bool { return fra.AllLocations()[1].State == "down" })
	if err := fra.Leave(within(t), "demo", ""); err == nil || !strings.Contains(err.Error(), "take over") {
		t.Errorf("leaving: %v", err)
	}
	if f := s.at("fra", "_system"); f.WritesRefused() != nil {
		t.Error("fra takes no writes")
	}
}

// TestDevGoesOnWithoutALocation closes locations of one process out one by one.
func TestDevGoesOnWithoutALocation(t *testing.T) {
	t.Parallel()
	d := startDev(t, "fra,syd,tok", t.TempDir())
	defer closeDev(t, d)
	at(t, d, "tok", "_system")
	at(t, d, "syd", "_system")
	if err := d.Node("tok").Leave(within(t), "demo", ""); err != nil {
		t.Fatal(err)
	}
	if err := d.Node("fra").Evict(within(t), "demo", "", "syd"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "fra is alone", func() bool { return len(d.Nodes()) == 1 })
	select {
	case err := <-d.Failed():
		t.Errorf("the planet ended: %v", err)
	default:
	}
	makeCollection(t, at(t, d, "fra", "_system"), "c")
	if code, _, _ := page(t, d.Nodes()[0].URL()+"/health/ready", ""); code != 200 {
		t.Errorf("fra answers %d", code)
	}
}
