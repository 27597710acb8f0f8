package node_test

import (
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/fabric"
)

// witnessPlanet is a dev planet with a collection c in the system fabric and in a fabric shop, at every location.
func witnessPlanet(t *testing.T, locations ...string) (d map[string]planetAt) {
	t.Helper()
	names := ""
	for i, name := range locations {
		if i > 0 {
			names += ","
		}
		names += name
	}
	dev := startDev(t, names, t.TempDir())
	t.Cleanup(func() { closeDev(t, dev) })
	if err := dev.Node(locations[0]).CreateFabric(within(t), "demo", api.FabricSpec{Name: "shop"}); err != nil {
		t.Fatal(err)
	}
	d = map[string]planetAt{}
	for i, name := range locations {
		p := planetAt{system: at(t, dev, name, "_system"), shop: at(t, dev, name, "shop"),
			deafen: func(deaf bool) { dev.Node(name).Deafen("demo", "_system", deaf) },
			health: dev.Node(name).Health,
			waits:  func() map[string]string { return dev.Node(name).Waits("demo", "shop") }}
		for _, f := range []*fabric.Fabric{p.system, p.shop} {
			if i == 0 {
				makeCollection(t, f, "c")
			}
			eventually(t, "the collection at "+name, func() bool { _, ok := f.Collection("c"); return ok })
		}
		d[name] = p
	}
	// What locations write into the directory when they start is over.
	for _, p := range d {
		for _, name := range locations {
			eventually(t, name+" is listed", func() bool { return has(t, p.system, "_locations", name) })
		}
	}
	return d
}

// planetAt is what one location has.
type planetAt struct {
	system, shop *fabric.Fabric
	deafen       func(bool)
	health       func() api.Health
	waits        func() map[string]string
}

// holds waits until what from wrote last waits for the system fabric, and checks that a document does not show.
func (p planetAt) holds(t *testing.T, from, key string) {
	t.Helper()
	eventually(t, key+" waits for the system fabric", func() bool { return p.waits()[from] == "system" })
	if has(t, p.shop, "c", key) {
		t.Fatalf("%s shows before what its author had seen of the system fabric", key)
	}
}

// follows waits for a document and checks that what it follows is there.
func (p planetAt) follows(t *testing.T, key, cause string) {
	t.Helper()
	eventually(t, "document "+key, func() bool { return has(t, p.shop, "c", key) })
	if !has(t, p.system, "c", cause) {
		t.Fatalf("%s shows, and %s, which its author had seen, does not", key, cause)
	}
}

func TestDataFollowsTheSystemFabric(t *testing.T) {
	t.Parallel()
	d := witnessPlanet(t, "fra", "syd", "tok")
	fra, syd, tok := d["fra"], d["syd"], d["tok"]

	// What fra itself changed before.
	syd.deafen(true)
	put(t, fra.system, "c", "own", 1)
	put(t, fra.shop, "c", "after-own", 1)
	tok.follows(t, "after-own", "own")
	syd.holds(t, "fra", "after-own")
	// What tok writes having seen that waits as well, though it has nothing to do with the system fabric.
	put(t, tok.shop, "c", "after-after", 1)
	if has(t, syd.shop, "c", "after-after") {
		t.Fatal("an effect shows before its cause")
	}
	syd.deafen(false)
	syd.follows(t, "after-own", "own")
	syd.follows(t, "after-after", "own")

	// What fra had only heard of: a change made at syd, which tok does not hear of.
	tok.deafen(true)
	put(t, syd.system, "c", "heard", 1)
	eventually(t, "the change at fra", func() bool { return has(t, fra.system, "c", "heard") })
	put(t, fra.shop, "c", "after-heard", 1)
	syd.follows(t, "after-heard", "heard")
	tok.holds(t, "fra", "after-heard")
	tok.deafen(false)
	tok.follows(t, "after-heard", "heard")
	same(t, fra.shop, syd.shop, tok.shop)
	same(t, fra.system, syd.system, tok.system)
}

func TestMarksAreMadeOnlyForChanges(t *testing.T) {
	t.Parallel()
	d := witnessPlanet(t, "fra", "syd", "tok")
	for name, p := range d { // everybody has marked what there is
		put(t, p.shop, "c", "first-"+name, 1)
	}
	same(t, d["fra"].system, d["syd"].system, d["tok"].system)
	before := d["fra"].system.Seen()
	for i := range int64(5) {
		for name, p := range d {
			put(t, p.shop, "c", "more-"+name, i)
		}
		same(t, d["fra"].shop, d["syd"].shop, d["tok"].shop)
	}
	for name, p := range d {
		if now := p.system.Seen(); !now.Equal(before) {
			t.Fatalf("the idle system fabric went on at %s from %s to %s", name, before, now)
		}
	}

	put(t, d["syd"].system, "c", "change", 1)
	changed := d["syd"].system.Seen()
	for _, p := range d {
		eventually(t, "the change", func() bool { return p.system.Seen().Dominates(changed) })
	}
	logs := func() (n uint64) {
		for _, p := range d {
			n += p.system.Status().Counters.Commits
		}
		return n
	}
	committed := logs()
	for i := range int64(5) {
		for name, p := range d {
			put(t, p.shop, "c", "still-more-"+name, i)
		}
	}
	if marks := logs() - committed; marks != 2 {
		t.Fatalf("%d marks were made for one change that two locations had not made themselves", marks)
	}
}

// A system fabric that takes no writes stops nobody else's.
func TestCommitsGoOnWithoutTheirMark(t *testing.T) {
	t.Parallel()
	d := witnessPlanet(t, "fra", "syd")
	fra, syd := d["fra"], d["syd"]
	put(t, syd.system, "c", "change", 1)
	eventually(t, "the change at fra", func() bool { return has(t, fra.system, "c", "change") })
	fra.system.RefuseWrites("test", "for a test")
	put(t, fra.shop, "c", "unmarked", 1)
	if n := fra.shop.Status().Counters.Unmarked; n == 0 {
		t.Fatal("a commit without its mark is not counted")
	}
	says := func() bool { return strings.Contains(strings.Join(fra.health().Reasons, " "), "users and permissions") }
	if !says() {
		t.Fatalf("health does not tell of it: %q", fra.health().Reasons)
	}
	eventually(t, "the document at syd", func() bool { return has(t, syd.shop, "c", "unmarked") })
	fra.system.AllowWrites("test")
	if says() {
		t.Fatal("health still tells of it")
	}
	put(t, fra.shop, "c", "marked", 1)
	if n := fra.shop.Status().Counters.Unmarked; n != 1 {
		t.Fatalf("%d commits without their mark, want 1", n)
	}
	same(t, fra.shop, syd.shop)
}
