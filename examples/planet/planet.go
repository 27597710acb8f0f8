// Package planet is what the examples stand on: a client for each location of a planet, work that goes on at all of them,
// and links that are cut now and then.
//
// It shows that an application needs no more than one client for each location: nothing in here coordinates anything, each
// location answers alone, and what they write meets later.
//
// Open gives the places. Make sees to collections. Everywhere runs work until its context ends, whatever fails meanwhile.
// Unsettle cuts links for some seconds and heals them, and always leaves healed what it cut; what somebody else cut it
// leaves alone.
package planet

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/selvedge-db/selvedge/client"
)

// Place is a location of the planet with a client of its own.
type Place struct {
	Name                string
	Latitude, Longitude float64
	*client.Client
}

// Say takes one line for people.
type Say func(format string, args ...any)

// Open finds the locations of a planet through one of them.
func Open(ctx context.Context, cfg client.Config) ([]Place, error) {
	first, err := client.New(cfg)
	if err != nil {
		return nil, err
	}
	mesh, err := first.Mesh(ctx)
	if err != nil {
		return nil, fmt.Errorf("finding the locations: %w", err)
	}
	var places []Place
	for _, l := range mesh.Locations {
		at := cfg
		at.URL, at.Sessionless = l.URL, true // each place writes for itself, and waits for nobody
		c, err := client.New(at)
		if err != nil {
			return nil, fmt.Errorf("location %s: %w", l.Name, err)
		}
		places = append(places, Place{l.Name, l.Latitude, l.Longitude, c})
	}
	return places, nil
}

// Make creates collections that are not there yet, at the first place, and waits until every place has them.
func Make(ctx context.Context, places []Place, specs ...client.CollectionSpec) error {
	for _, spec := range specs {
		if _, err := places[0].Collection(ctx, spec.Name); err == nil {
			continue
		}
		if _, err := places[0].CreateCollection(ctx, spec); err != nil && !Exists(err) {
			return fmt.Errorf("collection %s: %w", spec.Name, err)
		}
	}
	for _, p := range places {
		for _, spec := range specs {
			err := Until(ctx, func() bool { _, err := p.Collection(ctx, spec.Name); return err == nil })
			if err != nil {
				return fmt.Errorf("collection %s has not come to %s: %w", spec.Name, p.Name, err)
			}
		}
	}
	return nil
}

// Exists says that something was to be made that is there already.
func Exists(err error) bool {
	var e *client.Error
	return errors.As(err, &e) && e.Status == http.StatusConflict
}

// Until waits until something holds.
func Until(ctx context.Context, holds func() bool) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// Everywhere runs work at each place again and again, until the context ends. What fails is told, not more than once in a
// while, and tried again in the next turn.
func Everywhere(ctx context.Context, places []Place, every time.Duration, say Say, work func(ctx context.Context, p Place) error) {
	var all sync.WaitGroup
	var mu sync.Mutex
	var told time.Time
	for i, p := range places {
		all.Go(func() {
			wait(ctx, every*time.Duration(i)/time.Duration(len(places))) // not all at the same moment
			for ctx.Err() == nil {
				if err := work(ctx, p); err != nil && ctx.Err() == nil {
					mu.Lock()
					if time.Since(told) > 30*time.Second {
						told = time.Now()
						say("%s: %v", p.Name, err)
					}
					mu.Unlock()
				}
				wait(ctx, every)
			}
		})
	}
	all.Wait()
}

// wait lets time pass, less when the context ends.
func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// Weather says how often links are cut, and for how long.
type Weather struct {
	Every, Cut time.Duration
}

// DefaultWeather cuts a link for some seconds about twice a minute.
func DefaultWeather() Weather { return Weather{Every: 25 * time.Second, Cut: 6 * time.Second} }

// healWithin bounds the healing of a link when all ends.
const healWithin = 2 * time.Second

// Unsettle cuts a link between two places now and then and lets both write meanwhile, then heals it. It returns when the
// context ends, or when links cannot be bent here. A planet of one place has no links.
func Unsettle(ctx context.Context, places []Place, w Weather, say Say, meanwhile func(ctx context.Context, a, b Place) error) {
	for len(places) > 1 {
		wait(ctx, w.Every*3/4+rand.N(w.Every/2))
		if ctx.Err() != nil {
			return
		}
		i, j := rand.IntN(len(places)), rand.IntN(len(places)-1)
		if j >= i {
			j++
		}
		err := cutAndHeal(ctx, places[i], places[j], w, say, meanwhile)
		if client.StatusOf(err) == http.StatusForbidden {
			say("links cannot be cut here: %v", err)
			return
		}
		if err != nil && ctx.Err() == nil {
			say("%s and %s: %v", places[i].Name, places[j].Name, err)
		}
	}
}

func cutAndHeal(ctx context.Context, a, b Place, w Weather, say Say, meanwhile func(ctx context.Context, a, b Place) error) error {
	if cut, err := anyCut(ctx, a, b); cut || err != nil {
		return err
	}
	defer func() {
		// Also when all ends: nobody should find a planet with links that stay cut.
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), healWithin)
		defer cancel()
		_, _ = a.HealLink(end, a.Name, b.Name), a.HealLink(end, b.Name, a.Name)
	}()
	for _, link := range [][2]string{{a.Name, b.Name}, {b.Name, a.Name}} {
		if err := a.CutLink(ctx, link[0], link[1]); err != nil {
			return err
		}
	}
	say("the link between %s and %s is cut; both go on writing", a.Name, b.Name)
	if err := meanwhile(ctx, a, b); err != nil && ctx.Err() == nil {
		say("%s and %s: %v", a.Name, b.Name, err)
	}
	wait(ctx, w.Cut*3/4+rand.N(w.Cut/2))
	if ctx.Err() == nil {
		say("the link between %s and %s heals; what both wrote merges", a.Name, b.Name)
	}
	return nil
}

// anyCut tells whether a direction between two places is cut.
func anyCut(ctx context.Context, a, b Place) (bool, error) {
	mesh, err := a.Mesh(ctx)
	if err != nil {
		return false, err
	}
	for _, l := range mesh.Links {
		if l.State == "cut" && (l.From == a.Name && l.To == b.Name || l.From == b.Name && l.To == a.Name) {
			return true, nil
		}
	}
	return false, nil
}

// Both runs work at two places at the same time.
func Both(ctx context.Context, a, b Place, work func(ctx context.Context, p Place) error) error {
	second := make(chan error, 1)
	go func() { second <- work(ctx, b) }()
	return errors.Join(work(ctx, a), <-second)
}

// Nearest is the place nearest to a point on the globe.
func Nearest(places []Place, latitude, longitude float64) Place {
	best, least := places[0], math.Inf(1)
	for _, p := range places {
		if d := Angle(p.Latitude, p.Longitude, latitude, longitude); d < least {
			best, least = p, d
		}
	}
	return best
}

// EarthKM is the mean radius of the Earth.
const EarthKM = 6371.0088

// Angle is the angle between two points on the globe in radians: times EarthKM it is their distance.
func Angle(lat1, lon1, lat2, lon2 float64) float64 {
	const rad = math.Pi / 180
	h := math.Pow(math.Sin((lat2-lat1)*rad/2), 2) + math.Cos(lat1*rad)*math.Cos(lat2*rad)*math.Pow(math.Sin((lon2-lon1)*rad/2), 2)
	return 2 * math.Asin(math.Min(1, math.Sqrt(h)))
}
