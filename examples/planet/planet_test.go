package planet

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/selvedge-db/selvedge/client"
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

// A link that somebody cut is not healed by the weather; one that is whole is cut and healed, both ways.
func TestWeatherLeavesAloneWhatOthersCut(t *testing.T) {
	t.Parallel()
	for state, want := range map[string]int{"cut": 0, "up": 4} {
		var mu sync.Mutex
		changes := 0
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				_, _ = io.WriteString(w, `{"location":"a","links":[{"from":"a","to":"b","state":"up"},{"from":"b","to":"a","state":"`+state+`"},{"from":"b","to":"c","state":"cut"}]}`)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if strings.Contains(r.URL.Path, "/mesh/links/") {
				changes++
			}
			_, _ = io.WriteString(w, `{"result":true}`)
		}))
		c, err := client.New(client.Config{URL: s.URL})
		if err != nil {
			t.Fatal(err)
		}
		written := 0
		err = cutAndHeal(t.Context(), Place{Name: "a", Client: c}, Place{Name: "b", Client: c}, Weather{Cut: 2 * time.Millisecond}, func(string, ...any) {},
			func(context.Context, Place, Place) error { written++; return nil })
		s.Close()
		if err != nil || changes != want || written != want/4 {
			t.Errorf("a link that is %s: %d changes, %d writes, %v; want %d changes", state, changes, written, err, want)
		}
	}
}
