package planet

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	places := []Place{{Name: "fra", Latitude: 50.1, Longitude: 8.7}, {Name: "syd", Latitude: -33.9, Longitude: 151.2}, {Name: "sfo", Latitude: 37.6, Longitude: -122.4}}
	for _, c := range []struct {
		latitude, longitude float64
		want                string
	}{{48, 2, "fra"}, {-40, 175, "syd"}, {20, -160, "sfo"}, {90, 0, "fra"}} {
		if got := Nearest(places, c.latitude, c.longitude).Name; got != c.want {
			t.Errorf("nearest to %v, %v: %s, want %s", c.latitude, c.longitude, got, c.want)
		}
	}
	if km := Angle(50.1, 8.7, -33.9, 151.2) * EarthKM; math.Abs(km-16_490) > 100 {
		t.Errorf("from Frankfurt to Sydney are %.0f km", km)
	}
}

func TestWorkGoesOnWhateverFails(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	turns, said := make(chan string, 100), 0
	go func() {
		defer cancel()
		for seen := map[string]int{}; seen["a"] < 3 || seen["b"] < 3; {
			seen[<-turns]++
		}
	}()
	Everywhere(ctx, []Place{{Name: "a"}, {Name: "b"}}, time.Millisecond, func(string, ...any) { said++ }, func(_ context.Context, p Place) error {
		select {
		case turns <- p.Name:
		case <-ctx.Done():
		}
		return errors.New("it fails")
	})
	if said != 1 {
		t.Errorf("failures are told %d times in a moment, want once", said)
	}
	if err := Until(ctx, func() bool { return false }); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting ends with %v", err)
	}
}
