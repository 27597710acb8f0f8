package api

import (
	"context"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/value"
)

// Planet is what the verbs need of the location they run at. The node gives
// it; each part stands alone so that a test can give only what it uses.
type Planet interface {
	Fabrics
	Locations
	Mesh
	Operations
}

// Fabrics finds and changes the fabrics that live at this location. Methods
// that fail give *Error with FabricNotFound, FabricExists, BadName,
// BadParameter or LocationNotFound.
type Fabrics interface {
	// Fabric is called for every request, so it must not block or allocate.
	Fabric(tenant, name string) (*fabric.Fabric, error)
	// ListFabrics gives the tenant's fabrics at this location, _system first,
	// then by name.
	ListFabrics(tenant string) []FabricInfo
	// CreateFabric returns when the fabric takes writes at this location.
	CreateFabric(ctx context.Context, tenant string, spec FabricSpec) error
	DropFabric(ctx context.Context, tenant, name string) error
	// SetFabricLocations adds and drops locations of a live fabric.
	SetFabricLocations(ctx context.Context, tenant, name string, locations []string) error
	SetFabricMetadata(ctx context.Context, tenant, name string, metadata value.Value) error
}

// FabricSpec is what a fabric is made of. No locations means all.
type FabricSpec struct {
	Name      string
	Locations []string
	Metadata  value.Value
}

// FabricInfo describes a fabric: its locations by name and its metadata.
type FabricInfo struct {
	Tenant, Name string
	Locations    []string
	Metadata     value.Value
}

// Locations tells where this location is and which others the planet has.
type Locations interface {
	Local() Location
	// AllLocations includes the local one; the order is that of the planet.
	AllLocations() []Location
}

// Location describes one location. URL is the address that clients call,
// scheme included, without api-.
type Location struct {
	Name, URL               string
	City, Country           string // Country is the two-letter code
	CountryName             string
	Latitude, Longitude     float64
	State                   string // "up", "down", "joining", "evicting", "evicted"
	Local                   bool
	Incarnation             clock.Time
	ClockOffsetMilliseconds float64
	// Live is set by LiveState alone.
	Live LocationLive
}

// LocationLive is what LiveState tells of a location besides. A nil pointer is what cannot be known here.
type LocationLive struct {
	Commits *uint64 // entries begun there, since its start
	Applied *uint64 // entries of others applied there, since its start
	Ready   *bool
	Member  bool // of the fabric that was asked for
}

// Mesh shows and, in dev, bends the links. Methods that fail give *Error with
// LocationNotFound, DevOnly or Refused.
type Mesh interface {
	// MeshState is the state as this location sees it for one fabric.
	MeshState(tenant, name string) (MeshState, error)
	// LiveState is MeshState with what changes fast, and with the planet's locations that are not members. It may be
	// called often: what it has to search for is shared between calls, and up to a second old.
	LiveState(tenant, name string) (MeshState, error)
	// Delivered counts what came over each link that is known here. It searches nothing.
	Delivered(tenant, name string) ([]Delivery, error)
	// SelfState is how this location itself is.
	SelfState(tenant, name string) (SelfState, error)
	// Notable gives events in the order of their numbers, those after since, at most limit; without since the newest.
	Notable(since *uint64, limit int) []Event
	SetLink(ctx context.Context, from, to string, change LinkChange) error
	HealAll(ctx context.Context) error
	// Evict closes a location out of one fabric (all fabrics when name is
	// empty); Leave does it for this one.
	Evict(ctx context.Context, tenant, name, location string) error
	Leave(ctx context.Context, tenant, name string) error
	// SetAnchor makes a member of the fabric its anchor. The present anchor
	// commits it; with force, when that one cannot be reached, this location
	// does, which must then be the one named.
	SetAnchor(ctx context.Context, tenant, name, location string, force bool) error
}

// MeshState is what GET F/mesh answers.
type MeshState struct {
	Location    string
	Incarnation clock.Time
	Anchor      string     // name of the location that decides on the members
	Locations   []Location // members of this fabric
	Links       []Link
	Vector      clock.Vector
	Stable      clock.Vector
	Watermark   clock.Time
	// Names gives each origin in the vectors its text: the location's name,
	// with the incarnation where one name has several.
	Names map[clock.Origin]string
}

// Link is one direction between two locations. Times are in milliseconds; a
// lag counts what From has committed and To has not reported durable.
type Link struct {
	From, To   string
	State      string // "up", "cut", "down"
	OneWayMs   float64
	RTTMs      float64
	LagEntries int64
	LagBytes   int64
	LagMs      float64
	// Live is set by LiveState alone.
	Live LinkLive
}

// LinkLive is what LiveState tells of a link besides.
type LinkLive struct {
	Delivered             *uint64 // entries of From durable at To since the start, nil where that is not known
	Emulated              bool    // it can be bent
	JitterMs, LossPercent float64
}

// Delivery is what came over a link: entries of From that are durable at To, counted since the later start, and how old
// the newest was when it became so, as far as that is known.
type Delivery struct {
	From, To string
	Entries  uint64
	LagMs    float64
}

// SelfState is what GET F/mesh/self answers. Waits and peers are of the fabric asked for; the storage is that of all
// fabrics here, and memory that of the process, which in dev is the whole planet.
type SelfState struct {
	Location      string
	Incarnation   clock.Time
	UptimeMs      int64
	Health        Health
	ClockOffsetMs float64 // of the clocks of the others to this one's, their median
	ClockTrusted  bool
	MemoryBytes   int64
	Storage       Storage
	Vector        clock.Vector
	Stable        clock.Vector
	Watermark     clock.Time
	Names         map[clock.Origin]string
	Waits         []Wait
	Peers         []PeerState
}

// Storage is what the store of a location takes.
type Storage struct {
	DiskBytes, FreeBytes, MemtableBytes, CacheBytes, DebtBytes int64
	Tables                                                     int64
}

// Wait is an origin whose next entry cannot be applied yet, and why.
type Wait struct {
	Origin  clock.Origin
	Entry   clock.Time
	Reason  string
	ForMs   int64
	Entries int64  // that wait, this one included
	Pulling string // the location that is asked for what is missing
}

// PeerState is how another member is seen from here. SilentMs is -1 when it was never heard.
type PeerState struct {
	Name                         string
	Connected                    bool
	RTTMs, OffsetMs              float64
	SilentMs                     int64
	WaitingEntries, WaitingBytes int64
}

// Event is something that an operator may want to know of. Tenant is set where it is of one tenant alone.
type Event struct {
	Number         uint64
	At             int64 // Unix milliseconds
	Level          string
	Kind, Location string
	Text           string
	Tenant         string
}

// The levels of events.
const (
	EventInfo  = "info"
	EventWarn  = "warn"
	EventError = "error"
)

// LimitInfo is a limit in force.
type LimitInfo struct {
	Name  string
	Value float64
	Unit  string // bytes, ms or count
	Text  string
}

// LinkChange sets what is not nil.
type LinkChange struct {
	State       *string // "up" or "cut"
	OneWayMs    *float64
	JitterMs    *float64
	LossPercent *float64
}

// Operations are what an operator asks of this location.
type Operations interface {
	// Backup writes a consistent copy of everything to a folder that must not
	// exist, on the machine of the location.
	Backup(ctx context.Context, folder string) error
	Health() Health
	// Limits lists the limits that the configuration sets.
	Limits() []LimitInfo
}

// Health says whether the location serves. Ready implies Live.
type Health struct {
	Live, Ready bool
	// Reasons says in plain words what is wrong, empty when nothing is.
	Reasons []string
	// ReadOnly says why writes are refused, or is empty.
	ReadOnly string
}
