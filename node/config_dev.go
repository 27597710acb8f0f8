package node

import (
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/selvedge-db/selvedge/mesh"
)

// DevConfig is a planet of several locations in one process.
type DevConfig struct {
	// Places are the locations in the order of their ports.
	Places []mesh.Place
	// Port is that of the first location; location i has Port+i.
	Port int
	// APIKey is that of the user root; empty means: that of the data folder,
	// or a new one.
	APIKey string
	// RootPassword is nil for a generated one. The empty password makes
	// calls without credentials root.
	RootPassword *string
	// Data is the folder; empty means one that goes when the process ends.
	Data string
	WAN  WAN
	// Limits of each location.
	Limits LimitsConfig
	Logger *slog.Logger
}

// WAN is the delay between the locations of a dev planet.
type WAN struct {
	// Measured means as between the real places.
	Measured bool
	// RoundTrip is used between any two when Measured is false; zero is none.
	RoundTrip time.Duration
}

// MaxDevLocations is the largest full mesh.
const MaxDevLocations = mesh.MaxDefaultPlaces

const longestRoundTrip = time.Minute

// ParseWAN reads real, none, or a round trip in milliseconds.
func ParseWAN(text string) (WAN, error) {
	switch text {
	case "real":
		return WAN{Measured: true}, nil
	case "none":
		return WAN{}, nil
	}
	ms, err := strconv.ParseFloat(strings.TrimSuffix(text, "ms"), 64)
	d := time.Duration(ms * float64(time.Millisecond))
	if err != nil || !(ms >= 0) || ms > float64(longestRoundTrip/time.Millisecond) {
		return WAN{}, fmt.Errorf("wan %q: want real, none, or a round trip of 0 to 60000 milliseconds", text)
	}
	return WAN{RoundTrip: d}, nil
}

// ParsePlaces reads how many locations, or which: 10 or fra,syd,tok. Names
// that are not among the known places get the coordinates of one that is free.
func ParsePlaces(text string) ([]mesh.Place, error) {
	if n, err := strconv.Atoi(text); err == nil {
		if n < 1 || n > MaxDevLocations {
			return nil, fmt.Errorf("locations %d: want 1 to %d", n, MaxDevLocations)
		}
		return mesh.FirstPlaces(n)
	}
	names := strings.Split(text, ",")
	if len(names) > MaxDevLocations {
		return nil, fmt.Errorf("locations: %d names: want at most %d", len(names), MaxDevLocations)
	}
	valid := regexp.MustCompile(LocationName)
	for i, name := range names {
		names[i] = strings.TrimSpace(name)
		if !valid.MatchString(names[i]) {
			return nil, fmt.Errorf("location %q: want a letter, then up to 30 letters, digits and hyphens, all in lower case", name)
		}
		if slices.Contains(names[:i], names[i]) {
			return nil, fmt.Errorf("location %q comes twice", name)
		}
	}
	return placesOf(names)
}

// Misnamed says which of the places bear a name that is not known, and stand somewhere all the same: "" when none does.
func Misnamed(places []mesh.Place) (string, error) {
	known, err := mesh.FirstPlaces(MaxDevLocations)
	if err != nil {
		return "", err
	}
	var names, strange []string
	for _, p := range known {
		names = append(names, p.ID)
	}
	for _, p := range places {
		if !slices.Contains(names, p.ID) {
			strange = append(strange, fmt.Sprintf("%s stands in %s", p.ID, p.City))
		}
	}
	if len(strange) == 0 {
		return "", nil
	}
	return fmt.Sprintf("no known place: %s; known are %s", strings.Join(strange, ", "), strings.Join(names, " ")), nil
}

func placesOf(names []string) ([]mesh.Place, error) {
	known, err := mesh.FirstPlaces(MaxDevLocations)
	if err != nil {
		return nil, err
	}
	free := slices.DeleteFunc(slices.Clone(known), func(p mesh.Place) bool { return slices.Contains(names, p.ID) })
	var out []mesh.Place
	for _, name := range names {
		if i := slices.IndexFunc(known, func(p mesh.Place) bool { return p.ID == name }); i >= 0 {
			out = append(out, known[i])
			continue
		}
		if len(free) == 0 {
			return nil, errors.New("more locations than known places")
		}
		place := free[0]
		free = free[1:]
		place.ID = name
		out = append(out, place)
	}
	return out, nil
}
