package node_test

import (
	"errors"
	"testing"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/node"
)

// evictCreator takes the location that created the planet out of it, at another one, which it is to find out.
func evictCreator(t *testing.T, creator, other *node.Node) clock.Origin {
	t.Helper()
	name := other.Local().Name
	f, err := creator.Fabric("demo", "_system")
	if err != nil {
		t.Fatal(err)
	}
	before := f.Status().Self
	if err := other.SetAnchor(within(t), "demo", "_system", name, false); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the new anchor", func() bool { return anchorAt(t, other, "_system") == name })
	if err := other.Evict(within(t), "demo", "", creator.Local().Name); err != nil {
		t.Fatal(err)
	}
	return before
}

func TestEvictedCreatorOfADevPlanetComesBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := startDev(t, "fra,syd,tok", dir)
	at(t, d, "tok", "_system")
	makeCollection(t, at(t, d, "syd", "_system"), "c")
	before := evictCreator(t, d.Node("fra"), d.Node("syd"))
	eventually(t, "the creator stops", func() bool { return d.Node("fra") == nil })
	put(t, at(t, d, "syd", "_system"), "c", "meanwhile", 1)
	closeDev(t, d)
	d = startDev(t, "fra,syd,tok", dir)
	defer closeDev(t, d)
	fra, syd := at(t, d, "fra", "_system"), at(t, d, "syd", "_system")
	if fra.Status().Self == before || d.APIKey() != key {
		t.Errorf("fra is %s as before, the key %s", fra.Status().Self, d.APIKey())
	}
	eventually(t, "what was written meanwhile at fra", func() bool { return has(t, fra, "c", "meanwhile") })
	put(t, fra, "c", "after", 2)
	eventually(t, "what fra wrote after", func() bool { return has(t, syd, "c", "after") })
	same(t, fra, syd, at(t, d, "tok", "_system"))
}

func TestEvictedCreatorComesBack(t *testing.T) {
	t.Parallel()
	s := newServed(t, 3, "fra", "syd", "tok")
	s.at("tok", "_system")
	before := evictCreator(t, s.nodes["fra"], s.nodes["syd"])
	if err := ends(t, "fra", s.nodes["fra"].Failed()); !errors.Is(err, node.ErrEvicted) {
		t.Errorf("fra ended with %v", err)
	}
	s.stop("fra")
	s.start("fra") // its configuration still says that it creates the planet
	fra := s.at("fra", "_system")
	if fra.Status().Self == before {
		t.Error("fra goes on as the incarnation that was evicted")
	}
	makeCollection(t, fra, "c")
	eventually(t, "what fra made at tok", func() bool { _, ok := s.at("tok", "_system").Collection("c"); return ok })
	same(t, fra, s.at("syd", "_system"), s.at("tok", "_system"))
}
