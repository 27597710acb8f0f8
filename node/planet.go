package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/internal/env/disk"
	"github.com/selvedge-db/selvedge/mesh"
	"github.com/selvedge-db/selvedge/value"
)

// The methods of api.Planet.

// Fabric finds a fabric of a tenant that lives here.
func (n *Node) Fabric(tenant, name string) (*fabric.Fabric, error) {
	h, err := n.find(tenant, name)
	if err != nil {
		return nil, err
	}
	return h.fabric, nil
}

func (n *Node) find(tenant, name string) (*hosted, error) {
	n.mu.Lock()
	h := n.byName[fabricName{tenant, name}]
	n.mu.Unlock()
	if h == nil {
		return nil, api.Fail(api.FabricNotFound, "fabric %q is not at this location", name)
	}
	return h, nil
}

// ListFabrics lists a tenant's fabrics here.
func (n *Node) ListFabrics(tenant string) []api.FabricInfo {
	listings := n.listings()
	listings[systemID] = n.systemListing(tenant)
	var out []api.FabricInfo
	for _, h := range n.all() {
		if h.reg.Tenant == tenant {
			out = append(out, h.info(listings[h.reg.ID]))
		}
	}
	sort.Slice(out, func(i, j int) bool {
		if (out[i].Name == systemID) != (out[j].Name == systemID) {
			return out[i].Name == systemID
		}
		return out[i].Name < out[j].Name
	})
	return out
}

func (h *hosted) info(l listing) api.FabricInfo {
	info := api.FabricInfo{Tenant: h.reg.Tenant, Name: h.reg.Name, Metadata: l.Metadata}
	for _, m := range h.fabric.Status().Members.Remaining() {
		info.Locations = append(info.Locations, m.Name)
	}
	sort.Strings(info.Locations)
	return info
}

// CreateFabric makes a fabric whose anchor is this location, and lists it so that the others join.
func (n *Node) CreateFabric(ctx context.Context, tenant string, spec api.FabricSpec) error {
	if err := checkFabricName(spec.Name); err != nil {
		return err
	}
	here := n.cfg.Location.Name
	l := listing{Tenant: tenant, Name: spec.Name, Anchor: here, Metadata: spec.Metadata, Locations: map[string]bool{here: true}}
	if err := n.setLocations(&l, spec.Locations); err != nil {
		return err
	}
	if !l.Locations[here] {
		return api.Fail(api.BadParameter, "fabric %q is created at %s, which must be one of its locations", spec.Name, here)
	}
	system := n.fabricByID(systemID).fabric
	if _, found, err := system.Get(ctx, fabricsCollection, listingKey(tenant, spec.Name)); err != nil {
		return err
	} else if found || spec.Name == systemID {
		return api.Fail(api.FabricExists, "fabric %q exists already", spec.Name)
	}
	l.ID = fmt.Sprintf("%s:%s:%016x", tenant, spec.Name, n.env.Rand.Uint64())
	regs, err := n.register(nil, registration{ID: l.ID, Tenant: tenant, Name: spec.Name, Self: clock.OriginOf(0, 1)})
	if err != nil {
		return err
	}
	if err := n.createFabric(ctx, regs[0]); err != nil {
		return err
	}
	write := fabric.NewWrite(fabric.Insert, fabricsCollection, listingKey(tenant, spec.Name), l.document())
	if _, err := system.Commit(ctx, fabric.Transaction{Writes: []fabric.Write{write}}); err != nil {
		n.drop(n.fabricByID(l.ID))
		if fabric.CodeOf(err) == fabric.KeyExists {
			return api.Fail(api.FabricExists, "fabric %q exists already", spec.Name)
		}
		return err
	}
	if h := n.fabricByID(l.ID); h != nil {
		h.creating.Store(false)
	}
	return nil
}

const maxFabricName = 64

func checkFabricName(name string) error {
	ok := name != "" && len(name) <= maxFabricName
	for i, r := range name {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		ok = ok && (letter || i > 0 && (r >= '0' && r <= '9' || r == '_' || r == '-'))
	}
	if !ok {
		return api.Fail(api.BadName, "fabric name %q: 1 to %d letters, digits, _ and -, beginning with a letter", name, maxFabricName)
	}
	return nil
}

// setLocations fills a listing's locations: those named, or all that the planet has.
func (n *Node) setLocations(l *listing, names []string) error {
	members := n.fabricByID(systemID).fabric.Status().Members
	if len(names) == 0 {
		for _, m := range members.Remaining() {
			l.Locations[m.Name] = true
		}
		return nil
	}
	l.Locations = map[string]bool{}
	for _, name := range names {
		if _, ok := members.ByName(name); !ok {
			return api.Fail(api.LocationNotFound, "location %q is not part of this planet", name)
		}
		l.Locations[name] = true
	}
	return nil
}

// DropFabric takes a fabric out of the directory; every location then deletes it.
func (n *Node) DropFabric(ctx context.Context, tenant, name string) error {
	h, err := n.find(tenant, name)
	if err != nil {
		return err
	}
	if h.reg.ID == systemID {
		return api.Fail(api.BadParameter, "the system fabric cannot be dropped")
	}
	if err := n.removeListing(ctx, h.reg.ID); err != nil {
		return err
	}
	if err := n.registry.drop(h.reg.ID); err != nil {
		return err
	}
	n.drop(h)
	return nil
}

// removeListing takes a fabric off the directory, and no other that has its name by now.
func (n *Node) removeListing(ctx context.Context, id string) error {
	const tries = 5
	for try := 1; ; try++ {
		l, listed := n.listings()[id]
		if !listed {
			return nil
		}
		write := fabric.NewWrite(fabric.Remove, fabricsCollection, listingKey(l.Tenant, l.Name), value.Null())
		write.IgnoreAbsent, write.IfRev = true, l.Rev
		_, err := n.fabricByID(systemID).fabric.Commit(ctx, fabric.Transaction{Writes: []fabric.Write{write}})
		if fabric.CodeOf(err) != fabric.RevConflict || try == tries {
			return err
		}
	}
}

// dropAgain removes a listing that is back after its fabric was dropped here, and tells whether it is one: a location
// that had not heard of the end has changed it meanwhile (who anchors it, its metadata), and the later write won.
func (n *Node) dropAgain(ctx context.Context, id string) bool {
	dropped, err := n.registry.dropped(id)
	if dropped {
		err = n.removeListing(ctx, id)
	}
	if err != nil {
		n.log.Debug("not dropped again yet", "fabric", id, "error", err)
	}
	return dropped
}

// SetFabricLocations changes where a fabric lives.
func (n *Node) SetFabricLocations(ctx context.Context, tenant, name string, locations []string) error {
	h, err := n.find(tenant, name)
	if err != nil {
		return err
	}
	l, ok := n.listings()[h.reg.ID]
	if !ok {
		return api.Fail(api.BadParameter, "fabric %q lives at every location", name)
	}
	before := l.Locations
	if err := n.setLocations(&l, locations); err != nil {
		return err
	}
	if anchor := anchorOf(h.fabric.Status().Members); !l.Locations[anchor] {
		return api.Fail(api.BadParameter, "location %q is the anchor of fabric %q: it decides on its members and cannot be dropped; move the anchor first", anchor, name)
	}
	var members []value.Member
	for name := range before {
		if !l.Locations[name] {
			members = append(members, value.Member{Name: name, Value: value.Null()})
		}
	}
	for name := range l.Locations {
		members = append(members, value.Member{Name: name, Value: value.Bool(true)})
	}
	return n.patchListing(ctx, l, value.Member{Name: "locations", Value: value.Object(members...)})
}

// SetFabricMetadata replaces a fabric's metadata.
func (n *Node) SetFabricMetadata(ctx context.Context, tenant, name string, metadata value.Value) error {
	h, err := n.find(tenant, name)
	if err != nil {
		return err
	}
	if h.reg.ID == systemID {
		return n.setSystemMetadata(ctx, tenant, metadata)
	}
	l, ok := n.listings()[h.reg.ID]
	if !ok {
		return api.Fail(api.FabricNotFound, "fabric %q was dropped", name)
	}
	return n.patchListing(ctx, l, value.Member{Name: "metadata", Value: metadata})
}

func (n *Node) patchListing(ctx context.Context, l listing, member value.Member) error {
	write := fabric.NewWrite(fabric.Update, fabricsCollection, listingKey(l.Tenant, l.Name), value.Object(member))
	write.KeepNull, write.MergeObjects = false, member.Name == "locations"
	_, err := n.fabricByID(systemID).fabric.Commit(ctx, fabric.Transaction{Writes: []fabric.Write{write}})
	n.nudge()
	return err
}

// Local describes this location.
func (n *Node) Local() api.Location {
	l := n.cfg.Location
	return api.Location{Name: l.Name, URL: n.URL(), City: l.City, Country: l.Country, CountryName: l.Country,
		Latitude: l.Latitude, Longitude: l.Longitude, State: "up", Local: true}
}

// AllLocations lists the planet's locations in the order in which they joined.
func (n *Node) AllLocations() []api.Location {
	return n.locationsOf(n.fabricByID(systemID))
}

// locationsOf lists a fabric's members.
func (n *Node) locationsOf(h *hosted) []api.Location {
	places := n.places()
	states := map[string]string{}
	for _, p := range n.transport.Peers() {
		states[p.Name] = p.State
	}
	var out []api.Location
	for _, m := range h.fabric.Status().Members.Counted() {
		p := places[m.Name]
		if local := n.inProcess(m.Name); local != nil {
			p = local.place() // the directory may not have it yet
		}
		l := api.Location{Name: m.Name, URL: p.URL, City: p.City, Country: p.Country, CountryName: p.Country, Latitude: m.Latitude,
			Longitude: m.Longitude, Incarnation: m.Incarnation, State: "down", ClockOffsetMilliseconds: float64(n.guard.offset(m.Name))}
		switch {
		case m.State == member.Evicting:
			l.State = "evicting"
		case m.Name == n.cfg.Location.Name:
			l.State, l.Local, l.URL = "up", true, n.URL()
		case states[m.Name] == "up":
			l.State = "up"
		}
		out = append(out, l)
	}
	return out
}

// inProcess finds a location of this process.
func (n *Node) inProcess(name string) *Node {
	if name == n.cfg.Location.Name {
		return n
	}
	if n.shared.node == nil {
		return nil
	}
	return n.shared.node(name)
}

// MeshState is a fabric's replication as this location sees it.
func (n *Node) MeshState(tenant, name string) (api.MeshState, error) {
	h, err := n.find(tenant, name)
	if err != nil {
		return api.MeshState{}, err
	}
	status := h.fabric.Status()
	self, _ := status.Members.ByOrigin(status.Self)
	out := api.MeshState{Location: n.cfg.Location.Name, Incarnation: self.Incarnation, Locations: n.locationsOf(h),
		Anchor: anchorOf(status.Members), Vector: status.Vector, Stable: status.Stable, Watermark: status.Watermark, Names: map[clock.Origin]string{}}
	live := map[string]int{}
	for _, m := range status.Members.Members() {
		live[m.Name]++
	}
	for _, m := range status.Members.Members() {
		out.Names[m.Origin] = m.Name
		if live[m.Name] > 1 {
			out.Names[m.Origin] = fmt.Sprintf("%s.%s", m.Name, m.Incarnation)
		}
	}
	out.Links = n.linksOf(h)
	return out, nil
}

// linksOf lists the links between a fabric's members, those that are not up among them: in a process with several
// locations all of them, else those that begin here: what others have not sent yet only they know.
func (n *Node) linksOf(h *hosted) []api.Link {
	self, links, lags := n.cfg.Location.Name, n.transport.Links(), n.lagsOf(h)
	var names []string
	for _, m := range h.fabric.Status().Members.Counted() {
		names = append(names, m.Name)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	var out []api.Link
	for _, from := range names {
		for _, to := range names {
			if from == to || n.shared.nodes == nil && from != self {
				continue
			}
			l, lag := links.Link(from, to), lags[[2]string{from, to}]
			link := api.Link{From: from, To: to, State: l.State(), OneWayMs: ms(l.OneWay), RTTMs: ms(l.RoundTrip),
				LagEntries: lag.entries, LagBytes: lag.bytes, LagMs: lag.ms}
			if l.OneWay == 0 {
				link.OneWayMs = ms(l.RoundTrip / 2)
			}
			out = append(out, link)
		}
	}
	return out
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// lag is what one location has committed and another has not reported durable.
type lag struct {
	entries, bytes int64
	ms             float64
}

// lagsOf measures the lag of each link that ends or begins at a location of this process.
func (n *Node) lagsOf(h *hosted) map[[2]string]lag {
	out := map[[2]string]lag{}
	nodes := []*Node{n}
	if n.shared.nodes != nil {
		nodes = n.shared.nodes()
	}
	for _, other := range nodes {
		oh := other.fabricByID(h.reg.ID)
		if oh == nil {
			continue
		}
		status := oh.runner().Status()
		for _, p := range status.Peers {
			entries, bytes := oh.fabric.Behind(p.Applied)
			out[[2]string{other.cfg.Location.Name, p.Name}] = lag{entries: entries, bytes: bytes, ms: oh.age(p.Applied)}
		}
	}
	return out
}

// age is for how many milliseconds an entry has been waiting here that another location, which has reported all up to a
// time, has not.
func (h *hosted) age(applied clock.Time) float64 {
	oldest := h.fabric.OldestAfter(applied)
	if oldest == 0 {
		return 0
	}
	return float64(max(h.node.env.Clock.WallMs()-oldest.Millis(), 1))
}

// Evict ends the membership of a location.
func (n *Node) Evict(ctx context.Context, tenant, name, location string) error {
	if name == "" {
		name = systemID
	}
	h, err := n.find(tenant, name)
	if err != nil {
		return err
	}
	if _, member := h.fabric.Status().Members.ByName(location); !member {
		return api.Fail(api.LocationNotFound, "location %q is not a member of fabric %q", location, h.reg.Name)
	}
	if h.reg.ID == systemID {
		return n.evictEverywhere(ctx, location)
	}
	if err := h.notAnchor(location); err != nil {
		return err
	}
	if l, ok := n.listings()[h.reg.ID]; ok && l.Locations[location] {
		members := []value.Member{{Name: location, Value: value.Null()}}
		if err := n.patchListing(ctx, l, value.Member{Name: "locations", Value: value.Object(members...)}); err != nil {
			return err
		}
	}
	return n.refusal(n.evict(ctx, h, location))
}

// evictEverywhere takes a location out of the planet: out of every fabric that is here, the system's last.
func (n *Node) evictEverywhere(ctx context.Context, location string) error {
	for _, h := range n.all() {
		if err := h.notAnchor(location); err != nil {
			return err
		}
	}
	for _, h := range n.all() {
		if _, member := h.fabric.Status().Members.ByName(location); member && h.reg.ID != systemID {
			// Taken off the list, it may be out already, and the fabric gone from here.
			err := n.Evict(ctx, h.reg.Tenant, h.reg.Name, location)
			if gone := api.AsError(err); err != nil && gone.Code != api.LocationNotFound && gone.Code != api.FabricNotFound {
				return err
			}
		}
	}
	return n.refusal(n.evict(ctx, n.fabricByID(systemID), location))
}

// notAnchor refuses to close out the one that decides on members: nobody would decide any more.
func (h *hosted) notAnchor(location string) error {
	if anchorOf(h.fabric.Status().Members) != location {
		return nil
	}
	return api.Fail(api.Refused, "location %q is the anchor of fabric %q: let another member take over first (location anchor NAME; with --force, asked at NAME, when %s is gone for good)",
		location, h.reg.Name, location)
}

func (n *Node) refusal(err error) error {
	if err == nil {
		return nil
	}
	var call *mesh.CallError
	if errors.As(err, &call) {
		switch call.Code {
		case codeNoMember:
			return api.Fail(api.LocationNotFound, "%s", call.Message)
		case codeRefused:
			return api.Fail(api.Refused, "%s", call.Message)
		}
	}
	return api.Fail(api.Refused, "%v", err)
}

// Backup writes a consistent copy of the store to a folder.
func (n *Node) Backup(_ context.Context, folder string) error {
	if there, err := disk.Exists(n.shared.fs, folder); err != nil || there {
		return api.Fail(api.BadParameter, "folder %s exists already, or cannot be reached: a backup needs a new one", folder)
	}
	return n.db.Checkpoint(folder)
}

// Health says whether the location serves. Anybody may read it: it names no fabric, and nothing of the machine.
func (n *Node) Health() api.Health {
	h := api.Health{Live: true, Ready: true}
	because := func(reason string) {
		if !slices.Contains(h.Reasons, reason) {
			h.Reasons = append(h.Reasons, reason)
		}
	}
	if !n.started.Load() {
		h.Ready = false
		if n.fabricByID(systemID) == nil {
			because("this location is starting, or has not joined the planet yet")
		}
	}
	if n.guard.onHold() != "" {
		h.Ready = false // the fabrics tell why
	}
	for _, f := range n.all() {
		select {
		case <-f.ready:
		default:
			h.Ready = false
			because("a fabric is still being copied to this location")
		}
		if err := f.fabric.Failure(); err != nil {
			h.Ready = false
			because(err.Error())
		}
		if err := f.fabric.Unmarked(); err != nil {
			because("a fabric takes writes that do not say what this location knows of users and permissions, because the system fabric takes no note: " + err.Error())
		}
		if f.reg.ID == systemID && f.rejectedFor.Load() != 0 {
			h.Ready = false // it is out of the planet, and says why below
		}
		if err := f.fabric.WritesRefused(); err != nil && h.ReadOnly == "" {
			h.ReadOnly = err.Error()
			because(err.Error())
		}
	}
	n.guard.mu.Lock()
	if n.guard.alarm != "" {
		because(n.guard.alarm)
	}
	n.guard.mu.Unlock()
	return h
}
