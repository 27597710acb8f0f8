package node_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/internal/testport"
	"github.com/selvedge-db/selvedge/node"
	"github.com/selvedge-db/selvedge/value"
)

const key = "demo.root.secret"

// patience bounds how long a test waits for what must happen.
const patience = 30 * time.Second

func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func address(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

func startDev(t testing.TB, locations, dir string) *node.Dev {
	t.Helper()
	return startFar(t, locations, dir, 0)
}

// startFar starts a planet whose locations are a round trip apart.
func startFar(t testing.TB, locations, dir string, roundTrip time.Duration) *node.Dev {
	t.Helper()
	places, err := node.ParsePlaces(locations)
	if err != nil {
		t.Fatal(err)
	}
	d, err := node.StartDev(within(t), node.DevConfig{Places: places, Port: testport.Take(t, len(places)), APIKey: key, Data: dir, WAN: node.WAN{RoundTrip: roundTrip},
		Limits: node.DefaultConfig().Limits, Logger: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func closeDev(t testing.TB, d *node.Dev) {
	t.Helper()
	if err := d.Close(within(t)); err != nil {
		t.Error(err)
	}
}

// at finds a fabric at a location, waiting for it to come there.
func at(t testing.TB, d *node.Dev, location, name string) *fabric.Fabric {
	t.Helper()
	var f *fabric.Fabric
	eventually(t, fmt.Sprintf("fabric %s at %s", name, location), func() bool {
		found, err := d.Node(location).Fabric("demo", name)
		f = found
		return err == nil && f.WritesRefused() == nil
	})
	return f
}

// eventually waits until something holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("never came about: %s", what)
		}
		<-time.After(5 * time.Millisecond)
	}
}

func makeCollection(t testing.TB, f *fabric.Fabric, name string) {
	t.Helper()
	spec := fabric.CollectionSpec{Name: name, Type: fabric.DocumentCollection}
	if _, err := f.CreateCollection(within(t), spec, nil); err != nil {
		t.Fatal(err)
	}
}

func put(t testing.TB, f *fabric.Fabric, collection, key string, n int64) {
	t.Helper()
	w := fabric.NewWrite(fabric.Upsert, collection, key, value.Object(value.Member{Name: "n", Value: value.Int(n)}))
	if _, err := f.Commit(within(t), fabric.Transaction{Writes: []fabric.Write{w}}); err != nil {
		t.Fatalf("put %s: %v", key, err)
	}
}

func has(t testing.TB, f *fabric.Fabric, collection, key string) bool {
	t.Helper()
	_, found, err := f.Get(within(t), collection, key)
	return err == nil && found
}

// same waits until the fabrics have the same vector and checks that they then have the same digest.
func same(t testing.TB, fabrics ...*fabric.Fabric) {
	t.Helper()
	eventually(t, "equal vectors", func() bool {
		for _, f := range fabrics[1:] {
			if !f.Seen().Equal(fabrics[0].Seen()) {
				return false
			}
		}
		return true
	})
	eventually(t, "equal digests", func() bool {
		first, err := fabrics[0].Digest(within(t), 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range fabrics[1:] {
			d, err := f.Digest(within(t), first.At)
			if err != nil {
				t.Fatal(err)
			}
			if !d.Vector.Equal(first.Vector) {
				return false // something was written meanwhile
			}
			if d.Hash != first.Hash {
				t.Fatalf("digests differ at %s: %s and %s", first.Vector, first.Hash, d.Hash)
			}
		}
		return true
	})
}

// A location that has not heard of a fabric's end and changes its listing later must not bring it back, not even when who
// ended it is started again meanwhile.
func TestDroppedFabricStaysAway(t *testing.T) {
	t.Parallel()
	for name, restarted := range map[string]bool{"": false, "with a restart": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			d := startDev(t, "fra,syd", dir)
			defer func() { closeDev(t, d) }()
			bend := func(state string) {
				t.Helper()
				for from, to := range map[string]string{"fra": "syd", "syd": "fra"} {
					if err := d.Node("fra").SetLink(within(t), from, to, api.LinkChange{State: &state}); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := d.Node("fra").CreateFabric(within(t), "demo", api.FabricSpec{Name: "shop"}); err != nil {
				t.Fatal(err)
			}
			at(t, d, "syd", "shop")
			bend("cut")
			if err := d.Node("fra").DropFabric(within(t), "demo", "shop"); err != nil {
				t.Fatal(err)
			}
			if err := d.Node("syd").SetFabricMetadata(within(t), "demo", "shop", value.Object()); err != nil {
				t.Fatal(err)
			}
			if restarted {
				closeDev(t, d)
				d = startDev(t, "fra,syd", dir)
			}
			bend("up")
			for _, name := range []string{"fra", "syd"} {
				eventually(t, "the end of the fabric at "+name, func() bool {
					_, err := d.Node(name).Fabric("demo", "shop")
					return err != nil
				})
			}
			eventually(t, "a new fabric of that name", func() bool {
				return d.Node("fra").CreateFabric(within(t), "demo", api.FabricSpec{Name: "shop"}) == nil
			})
			eventually(t, "it at syd", func() bool { _, err := d.Node("syd").Fabric("demo", "shop"); return err == nil })
		})
	}
}

func TestFabricLivesOnlyInItsLocations(t *testing.T) {
	t.Parallel()
	d := startDev(t, "fra,syd,tok", t.TempDir())
	defer closeDev(t, d)
	fra := d.Node("fra")
	if err := fra.CreateFabric(within(t), "demo", api.FabricSpec{Name: "shop", Locations: []string{"fra", "tok"}}); err != nil {
		t.Fatal(err)
	}
	home := at(t, d, "fra", "shop")
	makeCollection(t, home, "c")
	put(t, home, "c", "one", 1)
	far := at(t, d, "tok", "shop")
	eventually(t, "the document at tok", func() bool { return has(t, far, "c", "one") })
	same(t, home, far)
	if _, err := d.Node("syd").Fabric("demo", "shop"); err == nil {
		t.Fatal("the fabric is at syd, which was not asked for")
	}

	if err := fra.SetFabricLocations(within(t), "demo", "shop", []string{"fra", "tok", "syd"}); err != nil {
		t.Fatal(err)
	}
	added := at(t, d, "syd", "shop")
	eventually(t, "the document at syd", func() bool { return has(t, added, "c", "one") })
	put(t, added, "c", "two", 2)
	eventually(t, "what syd wrote at fra", func() bool { return has(t, home, "c", "two") })

	if err := fra.SetFabricLocations(within(t), "demo", "shop", []string{"fra", "syd"}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the fabric gone from tok", func() bool { _, err := d.Node("tok").Fabric("demo", "shop"); return err != nil })
	put(t, home, "c", "three", 3)
	eventually(t, "what fra wrote at syd", func() bool { return has(t, added, "c", "three") })
	eventually(t, "the eviction is over", func() bool { return len(home.Status().Members.Counted()) == 2 })
	same(t, home, added)

	if err := fra.DropFabric(within(t), "demo", "shop"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the fabric gone from syd", func() bool { _, err := d.Node("syd").Fabric("demo", "shop"); return err != nil })
}

func TestPlanetGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := startDev(t, "fra,syd,tok", dir)
	for i, name := range []string{"fra", "syd", "tok"} {
		f := at(t, d, name, "_system")
		if i == 0 {
			makeCollection(t, f, "c")
		}
		eventually(t, "the collection at "+name, func() bool { _, ok := f.Collection("c"); return ok })
		put(t, f, "c", name, int64(i))
	}
	closeDev(t, d)
	d = startDev(t, "fra,syd,tok", dir)
	defer closeDev(t, d)
	if d.APIKey() != key {
		t.Fatalf("the key is %q now", d.APIKey())
	}
	var all []*fabric.Fabric
	for _, name := range []string{"fra", "syd", "tok"} {
		f := at(t, d, name, "_system")
		for _, k := range []string{"fra", "syd", "tok"} {
			eventually(t, k+" at "+name, func() bool { return has(t, f, "c", k) })
		}
		all = append(all, f)
	}
	put(t, all[2], "c", "after", 9)
	eventually(t, "what was written after the restart", func() bool { return has(t, all[0], "c", "after") })
	same(t, all...)
}

func TestBackupOfTheOnlyLocationIsRestoredAsANewIncarnation(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := startDev(t, "fra", filepath.Join(dir, "a"))
	f := at(t, d, "fra", "_system")
	makeCollection(t, f, "c")
	put(t, f, "c", "kept", 1)
	before := f.Status().Self
	if err := d.Node("fra").Backup(within(t), filepath.Join(dir, "backup")); err != nil {
		t.Fatal(err)
	}
	put(t, f, "c", "lost", 2)
	closeDev(t, d)
	if err := node.Restore(within(t), filepath.Join(dir, "backup"), filepath.Join(dir, "b", "fra"), false); err != nil {
		t.Fatal(err)
	}
	d = startDev(t, "fra", filepath.Join(dir, "b"))
	defer closeDev(t, d)
	f = at(t, d, "fra", "_system")
	if !has(t, f, "c", "kept") || has(t, f, "c", "lost") {
		t.Fatal("the restored data is not that of the backup")
	}
	if after := f.Status().Self; after == before {
		t.Fatalf("the restored location is %s as before, not a new incarnation", after)
	}
	put(t, f, "c", "new", 3)
	eventually(t, "the old incarnation is out of the vector", func() bool { return f.Seen().At(before) == 0 })
}

// copyTree copies a folder of files.
func copyTree(t testing.TB, from, to string) {
	t.Helper()
	if err := os.RemoveAll(to); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

func TestDiskThatLiesAboutThePastBecomesANewIncarnation(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := startDev(t, "fra,syd,tok", dir)
	fra, syd := at(t, d, "fra", "_system"), at(t, d, "syd", "_system")
	makeCollection(t, fra, "c")
	eventually(t, "the collection at syd", func() bool { _, ok := syd.Collection("c"); return ok })
	put(t, syd, "c", "early", 1)
	before := syd.Status().Self
	closeDev(t, d)
	old := filepath.Join(t.TempDir(), "old")
	copyTree(t, filepath.Join(dir, "syd"), old)

	d = startDev(t, "fra,syd,tok", dir)
	fra, syd = at(t, d, "fra", "_system"), at(t, d, "syd", "_system")
	put(t, syd, "c", "late", 2)
	eventually(t, "what syd wrote late at fra", func() bool { return has(t, fra, "c", "late") })
	closeDev(t, d)
	copyTree(t, old, filepath.Join(dir, "syd"))

	d = startDev(t, "fra,syd,tok", dir)
	defer closeDev(t, d)
	eventually(t, "syd is a new incarnation that serves", func() bool {
		f, err := d.Node("syd").Fabric("demo", "_system")
		return err == nil && f.Status().Self != before && f.WritesRefused() == nil
	})
	fra, syd = at(t, d, "fra", "_system"), at(t, d, "syd", "_system")
	for _, k := range []string{"early", "late"} {
		eventually(t, k+" at syd", func() bool { return has(t, syd, "c", k) })
	}
	put(t, syd, "c", "new", 3)
	eventually(t, "what the new incarnation wrote at fra", func() bool { return has(t, fra, "c", "new") })
	eventually(t, "the old incarnation is over", func() bool { return len(fra.Status().Members.Counted()) == 3 })
	same(t, fra, syd, at(t, d, "tok", "_system"))
}

func TestEvictedLocationIsRefusedAndComesBackAsNew(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := startDev(t, "fra,syd,tok", dir)
	fra, syd := at(t, d, "fra", "_system"), at(t, d, "syd", "_system")
	makeCollection(t, fra, "c")
	eventually(t, "the collection at syd", func() bool { _, ok := syd.Collection("c"); return ok })
	put(t, syd, "c", "before", 1)
	before := syd.Status().Self
	if err := d.Node("tok").Evict(within(t), "demo", "", "syd"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "syd stops, as it is to join again", func() bool { return d.Node("syd") == nil })
	eventually(t, "syd is out at fra", func() bool { return len(fra.Status().Members.Counted()) == 2 })
	if !has(t, fra, "c", "before") {
		t.Fatal("what syd wrote before its eviction is lost at fra")
	}
	put(t, fra, "c", "meanwhile", 2)
	closeDev(t, d)

	d = startDev(t, "fra,syd,tok", dir)
	defer closeDev(t, d)
	fra, syd = at(t, d, "fra", "_system"), at(t, d, "syd", "_system")
	if syd.Status().Self == before {
		t.Fatal("syd goes on as the incarnation that was evicted")
	}
	eventually(t, "what was written meanwhile at syd", func() bool { return has(t, syd, "c", "meanwhile") })
	put(t, syd, "c", "after", 3)
	eventually(t, "what syd wrote after at fra", func() bool { return has(t, fra, "c", "after") })
	same(t, fra, syd, at(t, d, "tok", "_system"))
}

func TestWrongClockIsRefusedAndHarmsNobody(t *testing.T) {
	for _, planet := range []string{"fra,syd", "fra,syd,tok", "fra,syd,tok,sao"} {
		for _, wrong := range []string{"1h", "-1h"} {
			t.Run(planet+" "+wrong, func(t *testing.T) {
				dir := t.TempDir()
				d := startDev(t, planet, dir)
				fra, syd := at(t, d, "fra", "_system"), at(t, d, "syd", "_system")
				makeCollection(t, fra, "c")
				eventually(t, "the collection at syd", func() bool { _, ok := syd.Collection("c"); return ok })
				closeDev(t, d)
				t.Setenv(node.ClockOffset, "syd="+wrong)
				d = startDev(t, planet, dir)
				defer closeDev(t, d)
				// By the lower median two clocks that differ leave the later one in the wrong, whichever it is.
				ahead := "syd"
				if wrong == "-1h" {
					ahead = ""
					if planet == "fra,syd" {
						ahead = "fra"
					}
				}
				checkClocks(t, d, ahead)
			})
		}
	}
}

// checkClocks looks at a planet in which one location's clock is an hour ahead of the median, or none is: the others
// take writes, it does not, everybody has what is written, and no clock of the fabric is driven ahead.
func checkClocks(t *testing.T, d *node.Dev, ahead string) {
	names := []string{}
	fabrics := map[string]*fabric.Fabric{}
	for _, n := range d.Nodes() {
		name := n.Local().Name
		f, err := n.Fabric("demo", "_system")
		if err != nil {
			t.Fatal(err)
		}
		names, fabrics[name] = append(names, name), f
	}
	if ahead != "" {
		eventually(t, ahead+" refuses writes", func() bool { return d.Node(ahead).Health().ReadOnly != "" })
		w := fabric.NewWrite(fabric.Upsert, "c", "wrong", value.Object())
		_, err := fabrics[ahead].Commit(within(t), fabric.Transaction{Writes: []fabric.Write{w}})
		if fabric.CodeOf(err) != fabric.ReadOnly {
			t.Fatalf("%s, whose clock is an hour ahead, took a write: %v", ahead, err)
		}
	}
	for _, name := range names {
		if name == ahead {
			continue
		}
		eventually(t, name+" takes writes", func() bool { return d.Node(name).Health().ReadOnly == "" })
		put(t, fabrics[name], "c", "from-"+name, 1)
		for _, other := range names {
			eventually(t, "the write of "+name+" at "+other, func() bool { return has(t, fabrics[other], "c", "from-"+name) })
		}
	}
	limit := time.Now().Add(5 * time.Second).UnixMilli()
	for name, f := range fabrics {
		if newest := f.Seen().Newest().Millis(); newest > limit {
			t.Fatalf("the fabric's clock at %s is %d ms ahead", name, newest-limit)
		}
	}
}

func TestBackupAloneBringsALostPlanetBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := startDev(t, "fra,syd", filepath.Join(dir, "a"))
	fra, syd := at(t, d, "fra", "_system"), at(t, d, "syd", "_system")
	makeCollection(t, fra, "c")
	eventually(t, "the collection at syd", func() bool { _, ok := syd.Collection("c"); return ok })
	put(t, syd, "c", "kept", 1)
	eventually(t, "the document at fra", func() bool { return has(t, fra, "c", "kept") })
	if err := d.Node("fra").Backup(within(t), filepath.Join(dir, "backup")); err != nil {
		t.Fatal(err)
	}
	closeDev(t, d)
	if err := node.Restore(within(t), filepath.Join(dir, "backup"), filepath.Join(dir, "b", "fra"), true); err != nil {
		t.Fatal(err)
	}
	d = startDev(t, "fra", filepath.Join(dir, "b"))
	fra = at(t, d, "fra", "_system")
	if !has(t, fra, "c", "kept") {
		t.Fatal("the restored planet lacks what the backup held")
	}
	put(t, fra, "c", "new", 2)
	if n := len(fra.Status().Members.Counted()); n != 1 {
		t.Fatalf("%d members count, want the restored one alone", n)
	}
	closeDev(t, d)
	d = startDev(t, "fra,tok", filepath.Join(dir, "b"))
	defer closeDev(t, d)
	tok := at(t, d, "tok", "_system")
	eventually(t, "all of it at a new location", func() bool { return has(t, tok, "c", "kept") && has(t, tok, "c", "new") })
	same(t, at(t, d, "fra", "_system"), tok)
}

func TestLeavingTakesEverythingAlong(t *testing.T) {
	t.Parallel()
	d := startDev(t, "fra,syd,tok", t.TempDir())
	defer closeDev(t, d)
	fra, syd := at(t, d, "fra", "_system"), at(t, d, "syd", "_system")
	makeCollection(t, fra, "c")
	eventually(t, "the collection at syd", func() bool { _, ok := syd.Collection("c"); return ok })
	for i := range 50 {
		put(t, syd, "c", fmt.Sprint("k", i), int64(i))
	}
	if err := d.Node("syd").Leave(within(t), "demo", ""); err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		if !has(t, fra, "c", fmt.Sprint("k", i)) {
			t.Fatalf("k%d did not come along", i)
		}
	}
	eventually(t, "syd is out", func() bool { return len(fra.Status().Members.Counted()) == 2 })
	same(t, fra, at(t, d, "tok", "_system"))
}
