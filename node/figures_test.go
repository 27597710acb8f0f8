package node_test

import (
	"testing"
	"time"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/node"
	"github.com/selvedge-db/selvedge/value"
)

// TestLagIsTheAgeOfWhatWaits cuts a link after a quiet time: what is written then waits since then, not since before.
func TestLagIsTheAgeOfWhatWaits(t *testing.T) {
	t.Parallel()
	d := startDev(t, "fra,syd", t.TempDir())
	defer closeDev(t, d)
	fra := at(t, d, "fra", "_system")
	makeCollection(t, fra, "c")
	lag := func(n *node.Node) (out api.Link) {
		m, err := n.MeshState("demo", "_system")
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range m.Links {
			if l.From == "fra" {
				out = l
			}
		}
		return out
	}
	put(t, fra, "c", "a", 1)
	cut := "cut"
	eventually(t, "a cut link over which all has been reported", func() bool { return lag(d.Node("fra")).LagEntries == 0 })
	if err := d.Node("fra").SetLink(within(t), "fra", "syd", api.LinkChange{State: &cut}); err != nil {
		t.Fatal(err)
	}
	<-time.After(100 * time.Millisecond)
	if l := lag(d.Node("fra")); l.LagMs != 0 && l.LagEntries == 0 {
		t.Errorf("nothing waits, and yet for %v ms", l.LagMs)
	}
	before := time.Now()
	for i := range int64(4) {
		put(t, fra, "c", "b", i)
	}
	l := lag(d.Node("fra"))
	if most := float64(time.Since(before).Milliseconds()) + 2; l.LagEntries < 4 || l.LagMs <= 0 || l.LagMs > most {
		t.Errorf("%d entries wait for %v ms: want 4, for at most %v ms", l.LagEntries, l.LagMs, most)
	}
}

func TestSystemFabricHasMetadata(t *testing.T) {
	t.Parallel()
	d := startDev(t, "fra,syd", t.TempDir())
	defer closeDev(t, d)
	fra, syd := d.Node("fra"), d.Node("syd")
	metadata := func(n *node.Node) string {
		for _, f := range n.ListFabrics("demo") {
			if f.Name == "_system" {
				return string(value.AppendJSON(nil, f.Metadata))
			}
		}
		return "no such fabric"
	}
	for _, want := range []string{`{"team":"a"}`, `{"stage":"b"}`} {
		v, err := value.Parse([]byte(want), value.DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		if err := fra.SetFabricMetadata(within(t), "demo", "_system", v); err != nil {
			t.Fatal(err)
		}
		if got := metadata(fra); got != want {
			t.Errorf("metadata %s, want %s", got, want)
		}
		eventually(t, "metadata at syd", func() bool { return metadata(syd) == want })
	}
	// The listing for the metadata makes nobody join, leave or evict.
	fra.Reconcile()
	syd.Reconcile()
	if m, err := syd.MeshState("demo", "_system"); err != nil || len(m.Locations) != 2 {
		t.Errorf("%+v, %v", m.Locations, err)
	}
	for _, fabric := range []string{"", "_system"} {
		for _, n := range []*node.Node{fra, syd} {
			if err := n.Evict(within(t), "demo", fabric, "nope"); api.AsError(err).Code != api.LocationNotFound {
				t.Errorf("evicting a location that is not there: %v", err)
			}
		}
	}
}
