package api

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	"github.com/selvedge-db/selvedge/access"
	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/mesh"
)

// ServerName is what version answers, as clients of the reference expect it.
const ServerName = "C8DB"

// Version gives the release of this location.
func (s *Service) Version() string { return s.version }

// Health says whether the location serves.
func (s *Service) Health() Health { return s.planet.Health() }

// Local describes this location, Locations all of the planet.
func (s *Service) Local() Location       { return s.planet.Local() }
func (s *Service) Locations() []Location { return s.planet.AllLocations() }

// Location finds a location by name.
func (s *Service) Location(name string) (Location, error) {
	for _, l := range s.planet.AllLocations() {
		if l.Name == name {
			return l, nil
		}
	}
	return Location{}, Fail(LocationNotFound, "%s", quote(name))
}

// MeshState shows the fabric's mesh as this location sees it.
func (s *Service) MeshState(_ context.Context, c *Call) (MeshState, error) {
	state, err := s.planet.MeshState(c.Tenant, c.FabricName)
	if err != nil {
		return state, AsError(err)
	}
	return state, nil
}

// LiveState shows the fabric's mesh with what changes fast.
func (s *Service) LiveState(_ context.Context, c *Call) (MeshState, error) {
	state, err := s.planet.LiveState(c.Tenant, c.FabricName)
	return state, orNil(err)
}

// Delivered counts what came over each link of the fabric.
func (s *Service) Delivered(c *Call) ([]Delivery, error) {
	list, err := s.planet.Delivered(c.Tenant, c.FabricName)
	return list, orNil(err)
}

// SelfState tells how this location is.
func (s *Service) SelfState(_ context.Context, c *Call) (SelfState, error) {
	state, err := s.planet.SelfState(c.Tenant, c.FabricName)
	return state, orNil(err)
}

// NotableMost is how many notable events a location keeps.
const NotableMost = 1000

// Notable gives the notable events after a number, at most limit, that the caller may know of; without a number the
// newest. Next is the number to go on after.
func (s *Service) Notable(c *Call, since *uint64, limit int) (list []Event, next uint64) {
	if since != nil {
		next = *since
	}
	for _, e := range s.planet.Notable(since, limit) {
		next = e.Number
		if e.Tenant == "" || e.Tenant == c.Identity.Tenant || c.Identity.Admin() {
			list = append(list, e)
		}
	}
	return list, next
}

// LiveStreams is how many streams of mesh/live a location feeds at once.
const LiveStreams = 64

// LimitInfos lists the limits in force: those of the configuration, and those that are fixed.
func (s *Service) LimitInfos() []LimitInfo {
	ms := func(d time.Duration) float64 { return float64(d.Milliseconds()) }
	l := &s.limits
	return append(s.planet.Limits(),
		LimitInfo{"deadline", ms(l.Deadline), "ms", "How long a request may take that names no deadline; queries have limits.query.time."},
		LimitInfo{"deadline-most", ms(l.DeadlineMax), "ms", "The longest deadline that a request can ask for."},
		LimitInfo{"page", float64(l.Page), "count", "Most documents in one page of a list."},
		LimitInfo{"key", 254, "bytes", "Longest key of a document."},
		LimitInfo{"idempotency", fabric.IdempotencyWindowMs, "ms", "For how long a repeat with the same Idempotency-Key is answered as the first."},
		LimitInfo{"token", ms(access.TokenLife), "ms", "How long a session token of a sign-in is good."},
		LimitInfo{"live-streams", LiveStreams, "count", "Most streams of mesh/live at one location."},
		LimitInfo{"notable-events", NotableMost, "count", "Notable events that a location keeps."})
}

// Digest is a fingerprint of the fabric: equal at two locations when and only
// when they show the same at that time.
type Digest struct {
	Hash   string
	Vector clock.Vector
	At     clock.Time
	// Names gives each origin its text, as MeshState does.
	Names map[clock.Origin]string
}

// Digest takes a fingerprint at a time, or at the watermark when at is empty.
func (s *Service) Digest(ctx context.Context, c *Call, at string) (Digest, error) {
	var t clock.Time
	if at != "" {
		var err error
		if t, err = clock.ParseTime(at); err != nil {
			return Digest{}, Fail(BadParameter, "at: %v", err)
		}
	}
	d, err := c.Fabric.Digest(ctx, t)
	if err != nil {
		return Digest{}, AsError(err)
	}
	state, err := s.MeshState(ctx, c)
	if err != nil {
		return Digest{}, err
	}
	return Digest{Hash: d.Hash, Vector: d.Vector, At: d.At, Names: state.Names}, nil
}

// root refuses callers that are not the first user of their tenant.
func root(c *Call) error {
	if !c.Identity.Root() {
		return Fail(Forbidden, "only the user root may do this")
	}
	return nil
}

// SetLink bends one direction of a link; only dev can.
func (s *Service) SetLink(ctx context.Context, c *Call, from, to string, change LinkChange) error {
	if err := root(c); err != nil {
		return err
	}
	if st := change.State; st != nil && *st != "up" && *st != "cut" {
		return Fail(BadParameter, "state %s: want up or cut", quote(*st))
	}
	for _, n := range []*float64{change.OneWayMs, change.JitterMs} {
		if n != nil && (*n < 0 || *n > 60_000) {
			return Fail(BadParameter, "oneWayMs and jitterMs are 0 to 60000 milliseconds, not %v", *n)
		}
	}
	if p := change.LossPercent; p != nil && !(*p >= 0 && *p <= mesh.MaxLossPercent) {
		return Fail(BadParameter, "lossPercent %v: want 0 to %d; cut the link for more", *p, mesh.MaxLossPercent)
	}
	return orNil(s.planet.SetLink(ctx, from, to, change))
}

// HealAll takes all cuts back; only dev can.
func (s *Service) HealAll(ctx context.Context, c *Call) error {
	if err := root(c); err != nil {
		return err
	}
	return orNil(s.planet.HealAll(ctx))
}

// Evict closes a location out of the fabric; an empty name is this location,
// which then leaves.
func (s *Service) Evict(ctx context.Context, c *Call, location string) error {
	if err := root(c); err != nil {
		return err
	}
	if location == "" {
		return orNil(s.planet.Leave(ctx, c.Tenant, c.FabricName))
	}
	return orNil(s.planet.Evict(ctx, c.Tenant, c.FabricName, location))
}

// SetAnchor makes a location decide on the fabric's members from now on. Force
// is an operator's word that the location that does it now is gone for good.
func (s *Service) SetAnchor(ctx context.Context, c *Call, location string, force bool) error {
	if err := root(c); err != nil {
		return err
	}
	return orNil(s.planet.SetAnchor(ctx, c.Tenant, c.FabricName, location, force))
}

// Backup writes a copy of everything to a new folder on this machine.
func (s *Service) Backup(ctx context.Context, c *Call, folder string) error {
	if err := root(c); err != nil {
		return err
	}
	if folder == "" || strings.ContainsRune(folder, 0) {
		return Fail(BadParameter, "path is missing: want a folder that does not exist yet")
	}
	if !filepath.IsAbs(folder) {
		return Fail(BadParameter, "path %s: want an absolute one: a relative one would be taken from the server's working directory", quote(folder))
	}
	return orNil(s.planet.Backup(ctx, folder))
}

// Login trades a password for a token. Local is as in Envelope.
func (s *Service) Login(ctx context.Context, tenant, user, email, password string, local bool) (string, access.Identity, error) {
	token, id, err := s.access.Login(ctx, tenant, user, email, password, local)
	return token, id, orNil(err)
}

// Vector is what a place has applied, per origin.
type Vector = clock.Vector

// Origin is who committed, as fabrics number their members.
type Origin = clock.Origin
