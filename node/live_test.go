package node_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/node"
	"github.com/selvedge-db/selvedge/value"
)

// moved is what came over a link as a location tells it.
func moved(t *testing.T, n *node.Node, fabric, from, to string) (entries uint64, known bool) {
	t.Helper()
	list, err := n.Delivered("demo", fabric)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range list {
		if d.From == from && d.To == to {
			return d.Entries, true
		}
	}
	return 0, false
}

func stateOf(t *testing.T, n *node.Node, fabric string) api.MeshState {
	t.Helper()
	s, err := n.LiveState("demo", fabric)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// told tells whether there is a notable event of a kind with a text.
func told(n *node.Node, kind, text string) bool {
	for _, e := range n.Notable(nil, api.NotableMost) {
		if e.Kind == kind && strings.Contains(e.Text, text) {
			return true
		}
	}
	return false
}

func TestLiveStateOfDev(t *testing.T) {
	t.Parallel()
	d := startDev(t, "fra,syd,tok", t.TempDir())
	fra := d.Node("fra")
	if err := fra.CreateFabric(within(t), "demo", api.FabricSpec{Name: "shop", Locations: []string{"fra", "syd"}}); err != nil {
		t.Fatal(err)
	}
	home, far := at(t, d, "fra", "shop"), at(t, d, "syd", "shop")
	makeCollection(t, home, "c")
	eventually(t, "the collection at syd", func() bool { _, ok := far.Collection("c"); return ok })
	if err := far.Await(within(t), home.Seen()); err != nil { // the collection is seen before what made it is durable and counted
		t.Fatal(err)
	}
	before, _ := moved(t, fra, "shop", "fra", "syd")
	for i := range 5 {
		put(t, home, "c", string(rune('a'+i)), 1)
	}
	eventually(t, "five entries come to syd", func() bool { n, _ := moved(t, fra, "shop", "fra", "syd"); return n == before+5 })
	if n, _ := moved(t, d.Node("syd"), "shop", "fra", "syd"); n != before+5 {
		t.Errorf("syd tells %d entries, want %d", n, before+5)
	}
	s := stateOf(t, fra, "shop")
	var members []string
	for _, l := range s.Locations {
		if l.Live.Member {
			members = append(members, l.Name)
		}
		if l.Live.Member != (l.Live.Commits != nil) || l.Live.Ready == nil || !*l.Live.Ready {
			t.Errorf("%s: %+v", l.Name, l.Live)
		}
	}
	if got := strings.Join(members, " "); got != "fra syd" || len(s.Locations) != 3 {
		t.Errorf("members %s of %d locations", got, len(s.Locations))
	}
	for _, l := range s.Links {
		if !l.Live.Emulated || l.Live.Delivered == nil || l.From == "fra" && *l.Live.Delivered != before+5 {
			t.Errorf("link %+v", l)
		}
	}
	cut, ms := "cut", 7.0
	if err := fra.SetLink(within(t), "fra", "tok", api.LinkChange{State: &cut, JitterMs: &ms}); err != nil {
		t.Fatal(err)
	}
	if err := fra.HealAll(within(t)); err != nil {
		t.Fatal(err)
	}
	for range 2 { // what happens again is told again
		if err := fra.SetLink(within(t), "fra", "syd", api.LinkChange{State: &cut}); err != nil {
			t.Fatal(err)
		}
		if err := fra.HealAll(within(t)); err != nil {
			t.Fatal(err)
		}
	}
	cuts := 0
	for _, e := range fra.Notable(nil, api.NotableMost) {
		if e.Kind == "cut" && strings.Contains(e.Text, "from fra to syd") {
			cuts++
		}
	}
	if cuts != 2 {
		t.Errorf("%d of 2 cuts are told", cuts)
	}
	for kind, text := range map[string]string{"start": "serves at", "cut": "from fra to tok was cut", "heal": "from fra to tok was healed", "delay": "jitter 7 ms", "fabric": `"shop" came`} {
		eventually(t, "an event "+kind, func() bool { return told(d.Node("tok"), kind, text) })
	}
	self, err := d.Node("syd").SelfState("demo", "shop")
	if err != nil || self.Location != "syd" || !self.Health.Ready || !self.ClockTrusted || self.UptimeMs < 0 || self.MemoryBytes < 1<<20 || self.Storage.FreeBytes <= 0 || len(self.Peers) != 1 {
		t.Errorf("self: %+v, %v", self, err)
	}
	limits := fra.Limits()
	if len(limits) < 20 || limits[0].Name != "limits.document" || limits[0].Value != 4<<20 || limits[0].Unit != "bytes" {
		t.Errorf("limits: %v", limits)
	}
	closeDev(t, d)
	if !told(fra, "stop", "stops") {
		t.Error("nobody tells that a location stops")
	}
}

// A location of its own process knows what came to it, and of what it sent as much as the others have reported.
func TestLiveStateOfServe(t *testing.T) {
	t.Parallel()
	s := newServed(t, 2, "fra", "syd")
	fra, syd := s.nodes["fra"], s.nodes["syd"]
	system := func(n *node.Node) uint64 {
		for _, l := range stateOf(t, n, "_system").Locations {
			if l.Local {
				return *l.Live.Commits
			}
		}
		return 0
	}
	f, err := fra.Fabric("demo", "_system")
	if err != nil {
		t.Fatal(err)
	}
	makeCollection(t, f, "c")
	for i := range 20 {
		put(t, f, "c", string(rune('a'+i)), 1)
	}
	eventually(t, "both know what went from fra to syd", func() bool {
		sent, known := moved(t, fra, "_system", "fra", "syd")
		got, _ := moved(t, syd, "_system", "fra", "syd")
		return known && sent == system(fra) && got > 20
	})
	for _, l := range stateOf(t, syd, "_system").Locations {
		if l.Local != (l.Live.Commits != nil) || l.Local != (l.Live.Ready != nil) {
			t.Errorf("%s at syd: %+v", l.Name, l.Live)
		}
	}
	if !told(fra, "heal", "syd is up") || told(syd, "heal", "syd") {
		t.Errorf("events of fra %v, of syd %v", fra.Notable(nil, 100), syd.Notable(nil, 100))
	}
	s.stop("syd")
	eventually(t, "fra tells that syd is gone", func() bool { return told(fra, "cut", "syd is gone") })
}

// What browsers open is there, without credentials, and only under the names of the location.
func TestPagesForBrowsers(t *testing.T) {
	t.Parallel()
	d := startDev(t, "fra", t.TempDir())
	defer closeDev(t, d)
	get := func(path, host string) (int, string, string) {
		hr, err := http.NewRequestWithContext(within(t), http.MethodGet, d.Node("fra").URL()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if host != "" {
			hr.Host = host
		}
		res, err := http.DefaultTransport.RoundTrip(hr)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, res.Header.Get("Content-Type"), string(text)
	}
	for _, path := range []string{"/console/", "/console/planet", "/console/data/some/thing", "/docs/"} {
		if status, kind, text := get(path, ""); status != 200 || !strings.HasPrefix(kind, "text/html") || !strings.Contains(text, "<!doctype html>") {
			t.Errorf("%s: %d %s %.80s", path, status, kind, text)
		}
		if status, _, _ := get(path, "evil.example"); status != 421 {
			t.Errorf("%s under another name: %d", path, status)
		}
	}
	if status, _, _ := get("/", ""); status != 302 {
		t.Errorf("/: %d", status)
	}
}

// Where fields came from is known at every location, also when all have them and the document itself has forgotten.
func TestProvenanceOfSettledFields(t *testing.T) {
	t.Parallel()
	d := startDev(t, "fra,syd", t.TempDir())
	defer closeDev(t, d)
	fra, syd := at(t, d, "fra", "_system"), at(t, d, "syd", "_system")
	makeCollection(t, fra, "c")
	put(t, fra, "c", "k", 1)
	eventually(t, "the document at syd", func() bool { return has(t, syd, "c", "k") })
	w := fabric.NewWrite(fabric.Update, "c", "k", value.Object(value.Member{Name: "more", Value: value.Int(2)}))
	if _, err := syd.Commit(within(t), fabric.Transaction{Writes: []fabric.Write{w}}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"fra", "syd"} {
		eventually(t, "all is settled at "+name, func() bool {
			v := at(t, d, name, "_system").View()
			defer func() { _ = v.Close() }()
			doc, settled, found, err := v.Provenance("c", "k")
			return err == nil && found && settled && doc.Touched().Origin == syd.Status().Self
		})
		service := d.Node(name).Service()
		var call api.Call
		if err := service.Begin(within(t), &call, &api.Envelope{Authorization: "apikey " + key}); err != nil {
			t.Fatal(err)
		}
		p, err := service.Provenance(within(t), &call, "c", "k")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range p.Fields {
			got = append(got, strings.Join(f.Path, ".")+"@"+f.Location)
		}
		if text := strings.Join(got, " "); text != "@syd more@syd n@fra" {
			t.Errorf("at %s: %s", name, text)
		}
	}
}
