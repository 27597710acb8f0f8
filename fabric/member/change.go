package member

import (
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/selvedge-db/selvedge/clock"
)

// Kind is what a change does.
type Kind uint8

const (
	// Create is the first change of a fabric: it names the fabric's id and
	// its first member, which gets origin 1 and is the anchor.
	Create Kind = iota + 1
	// Join adds a member.
	Join
	// Evict begins to take a member out; a leave is an evict that the member
	// itself asked the anchor for.
	Evict
	// End closes an evicted member at the final end of its log.
	End
	// Anchor makes Origin the anchor, in a new epoch.
	Anchor
)

// String names the kind.
func (k Kind) String() string {
	switch k {
	case Create:
		return "create"
	case Join:
		return "join"
	case Evict:
		return "evict"
	case End:
		return "end"
	case Anchor:
		return "anchor"
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Change is one step of a Table. Fields that a kind does not use are zero.
type Change struct {
	Kind      Kind
	Origin    clock.Origin // the member it is about
	Epoch     uint16       // End: the anchor's epoch; Anchor: the new epoch
	Fabric    string       // Create: id of the fabric
	Name      string       // Create, Join: name of the location
	Address   string       // Create, Join
	Latitude  float64      // Create, Join: degrees
	Longitude float64
	End       clock.Time // End: time of the last entry of the member's log
}

const (
	maxName    = 255  // bytes of a location's name or a fabric's id
	maxAddress = 1024 // bytes of an address
)

func (c Change) validate() error {
	switch {
	case c.Kind < Create || c.Kind > Anchor:
		return fmt.Errorf("%w: %s is not known", ErrInvalid, c.Kind)
	case c.Origin.Ordinal() == 0:
		return fmt.Errorf("%w: %s of origin %s, whose ordinal is zero", ErrInvalid, c.Kind, c.Origin)
	case c.Kind == Create && (c.Fabric == "" || c.Origin != 1):
		return fmt.Errorf("%w: create needs a fabric id and origin 1, has %q and %s", ErrInvalid, c.Fabric, c.Origin)
	case c.Kind <= Join && c.Name == "":
		return fmt.Errorf("%w: %s needs the location's name", ErrInvalid, c.Kind)
	case len(c.Name) > maxName || len(c.Fabric) > maxName || len(c.Address) > maxAddress:
		return fmt.Errorf("%w: name, fabric id (at most %d bytes) or address (at most %d) too long", ErrInvalid, maxName, maxAddress)
	case !utf8.ValidString(c.Name) || !utf8.ValidString(c.Fabric) || !utf8.ValidString(c.Address):
		return fmt.Errorf("%w: name, fabric id or address is not UTF-8", ErrInvalid)
	case !within(c.Latitude, 90) || !within(c.Longitude, 180):
		return fmt.Errorf("%w: place %v, %v is not on the globe", ErrInvalid, c.Latitude, c.Longitude)
	}
	return nil
}

// within is false for NaN.
func within(degrees, limit float64) bool { return math.Abs(degrees) <= limit }

// member is the new member that a Create or Join makes.
func (c Change) member(stamp clock.Stamp) Member {
	return Member{
		Origin: c.Origin, Name: c.Name, Incarnation: stamp.Time, Address: c.Address,
		Latitude: c.Latitude, Longitude: c.Longitude, State: Joined,
	}
}
