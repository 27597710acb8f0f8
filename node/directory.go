package node

import (
	"context"
	"fmt"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/mesh"
	"github.com/selvedge-db/selvedge/value"
)

// The directory is data of the system fabric, so it is everywhere and converges like everything else:
//
//	_locations/NAME          {name, city, country, latitude, longitude, url, mesh}
//	_fabrics/TENANT:NAME     {tenant, name, id, anchor, locations: {NAME: true, ...}, metadata}
//	_fabrics/TENANT:_system  {tenant, name, metadata}: the system fabric is everywhere and is listed for its metadata alone
//
// A location of a fabric is dropped by taking its name out of locations; the fabric by removing the document.
const (
	locationsCollection = api.LocationsCollection
	fabricsCollection   = api.FabricsCollection
)

// place is an entry of the directory of locations.
type place struct {
	Name, City, Country string
	Latitude, Longitude float64
	URL, Address        string
}

func (p place) document() value.Value {
	return value.Object(
		value.Member{Name: "name", Value: value.String(p.Name)},
		value.Member{Name: "city", Value: value.String(p.City)},
		value.Member{Name: "country", Value: value.String(p.Country)},
		value.Member{Name: "latitude", Value: value.Float(p.Latitude)},
		value.Member{Name: "longitude", Value: value.Float(p.Longitude)},
		value.Member{Name: "url", Value: value.String(p.URL)},
		value.Member{Name: "mesh", Value: value.String(p.Address)},
	)
}

func placeOf(doc value.Value) place {
	text := func(name string) string { v, _ := doc.Get(name); return v.Str() }
	number := func(name string) float64 { v, _ := doc.Get(name); return v.Float64() }
	return place{Name: text("name"), City: text("city"), Country: text("country"), Latitude: number("latitude"),
		Longitude: number("longitude"), URL: text("url"), Address: text("mesh")}
}

// listing is an entry of the directory of fabrics.
type listing struct {
	Tenant, Name, ID, Anchor string
	Rev                      string // of the document
	Locations                map[string]bool
	Metadata                 value.Value
}

func listingKey(tenant, name string) string { return tenant + ":" + name }

func (l listing) document() value.Value {
	members := make([]value.Member, 0, len(l.Locations))
	for name, in := range l.Locations {
		if in {
			members = append(members, value.Member{Name: name, Value: value.Bool(true)})
		}
	}
	return value.Object(
		value.Member{Name: "tenant", Value: value.String(l.Tenant)},
		value.Member{Name: "name", Value: value.String(l.Name)},
		value.Member{Name: "id", Value: value.String(l.ID)},
		value.Member{Name: "anchor", Value: value.String(l.Anchor)},
		value.Member{Name: "locations", Value: value.Object(members...)},
		value.Member{Name: "metadata", Value: l.Metadata},
	)
}

func listingOf(doc value.Value) listing {
	text := func(name string) string { v, _ := doc.Get(name); return v.Str() }
	l := listing{Tenant: text("tenant"), Name: text("name"), ID: text("id"), Anchor: text("anchor"), Locations: map[string]bool{}}
	locations, _ := doc.Get("locations")
	for _, m := range locations.Members() {
		if m.Value.Bool() {
			l.Locations[m.Name] = true
		}
	}
	l.Metadata, _ = doc.Get("metadata")
	return l
}

// makeDirectory creates the directory's collections.
func (n *Node) makeDirectory(ctx context.Context, system *fabric.Fabric) error {
	for _, name := range []string{locationsCollection, fabricsCollection} {
		spec := fabric.CollectionSpec{Name: name, Type: fabric.DocumentCollection, System: true}
		if _, err := system.CreateCollection(ctx, spec, nil); err != nil && fabric.CodeOf(err) != fabric.CollectionExists {
			return fmt.Errorf("making the directory: %w", err)
		}
	}
	return nil
}

// place is what the directory should say of this location.
func (n *Node) place() place {
	l := n.cfg.Location
	return place{Name: l.Name, City: l.City, Country: l.Country, Latitude: l.Latitude, Longitude: l.Longitude, URL: n.URL(), Address: n.cfg.Mesh.Advertise}
}

// announce writes this location into the directory when what stands there is not so any more.
func (n *Node) announce(ctx context.Context) error {
	system := n.fabricByID(systemID).fabric
	l, p := n.cfg.Location, n.place()
	if d, found, err := system.Get(ctx, locationsCollection, l.Name); err != nil {
		return err
	} else if found {
		if v, err := d.Value(); err == nil && placeOf(v) == p {
			return nil
		}
	}
	_, err := system.Commit(ctx, fabric.Transaction{Writes: []fabric.Write{fabric.NewWrite(fabric.Upsert, locationsCollection, l.Name, p.document())}})
	return err
}

// everyOf visits the documents of a collection of the directory.
func (n *Node) everyOf(collection string, visit func(doc value.Value, rev string)) {
	system := n.fabricByID(systemID)
	if system == nil {
		return
	}
	v := system.fabric.View()
	defer func() { _ = v.Close() }()
	// An error means that the collection has not come here yet: then there is nothing to visit.
	_ = v.Each(collection, "", false, func(d fabric.Document) bool {
		if doc, err := d.Value(); err == nil {
			visit(doc.Clone(), d.Rev())
		}
		return true
	})
}

func (n *Node) places() map[string]place {
	out := map[string]place{}
	n.everyOf(locationsCollection, func(doc value.Value, _ string) {
		p := placeOf(doc)
		out[p.Name] = p
	})
	return out
}

func (n *Node) listings() map[string]listing {
	out := map[string]listing{}
	n.everyOf(fabricsCollection, func(doc value.Value, rev string) {
		if l := listingOf(doc); l.ID != "" {
			l.Rev = rev
			out[l.ID] = l
		}
	})
	return out
}

// systemListing has the metadata of the system fabric, when somebody has given it some.
func (n *Node) systemListing(tenant string) (l listing) {
	n.everyOf(fabricsCollection, func(doc value.Value, _ string) {
		if one := listingOf(doc); one.ID == "" && one.Name == systemID && one.Tenant == tenant {
			l = one
		}
	})
	return l
}

func (n *Node) setSystemMetadata(ctx context.Context, tenant string, metadata value.Value) error {
	doc := value.Object(value.Member{Name: "tenant", Value: value.String(tenant)}, value.Member{Name: "name", Value: value.String(systemID)},
		value.Member{Name: "metadata", Value: metadata})
	write := fabric.NewWrite(fabric.Upsert, fabricsCollection, listingKey(tenant, systemID), doc)
	_, err := n.fabricByID(systemID).fabric.Commit(ctx, fabric.Transaction{Writes: []fabric.Write{write}})
	return err
}

// directoryOf lists the locations that a fabric should have, its anchor first.
func (n *Node) directoryOf(id string) []mesh.Peer {
	l, ok := n.listings()[id]
	if !ok {
		return nil
	}
	places := n.places()
	var out []mesh.Peer
	add := func(name string) {
		if p, ok := places[name]; ok && name != n.cfg.Location.Name {
			out = append(out, mesh.Peer{Name: name, Address: n.address(name, p.Address)})
		}
	}
	add(l.Anchor)
	for name := range l.Locations {
		if name != l.Anchor {
			add(name)
		}
	}
	return out
}

// address is where a location is reached: what the process knows goes before what the directory says.
func (n *Node) address(name, listed string) string {
	if n.shared.addresses != nil {
		if a := n.shared.addresses(name); a != "" {
			return a
		}
	}
	return listed
}

func (n *Node) addressOf(m member.Member) string {
	listed := m.Address
	if p, ok := n.places()[m.Name]; ok && p.Address != "" {
		listed = p.Address
	}
	return n.address(m.Name, listed)
}

// peers lists the other locations of the planet, as far as they are known here.
func (n *Node) peers() []mesh.Peer {
	system := n.fabricByID(systemID)
	if system == nil {
		return nil
	}
	var out []mesh.Peer
	for _, m := range system.fabric.Status().Members.Counted() {
		if m.Name != n.cfg.Location.Name {
			out = append(out, mesh.Peer{Name: m.Name, Address: n.addressOf(m)})
		}
	}
	return out
}

// addPeers tells the transport of locations beside those that the members tell.
func (n *Node) addPeers(more []mesh.Peer) {
	n.mu.Lock()
	for _, p := range more {
		if p.Name != n.cfg.Location.Name && p.Name != "" && p.Address != "" {
			n.extra[p.Name] = p.Address
		}
	}
	n.mu.Unlock()
	n.introducePeers()
}

// introducePeers gives the transport all peers that are known now.
func (n *Node) introducePeers() {
	known := map[string]string{}
	n.mu.Lock()
	for name, address := range n.extra {
		known[name] = address
	}
	n.mu.Unlock()
	for _, p := range n.peers() {
		known[p.Name] = p.Address
	}
	peers := make([]mesh.Peer, 0, len(known))
	for name, address := range known {
		if address = n.address(name, address); address != "" {
			peers = append(peers, mesh.Peer{Name: name, Address: address})
		}
	}
	if err := n.transport.SetPeers(peers); err != nil {
		n.log.Warn("peers", "error", err)
	}
}
