package mesh

import (
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/selvedge-db/selvedge/internal/datatest"
)

func place(t *testing.T, id string) Place {
	t.Helper()
	p, ok := FindPlace(id)
	if !ok {
		t.Fatalf("place %s is unknown", id)
	}
	return p
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	fra, syd, sin := place(t, "fra"), place(t, "syd"), place(t, "sin")
	own := Place{ID: "fra", City: "Frankfort", Country: "US", Latitude: 38.2, Longitude: -84.87}
	tests := []struct {
		name string
		a, b Place
		want time.Duration
	}{
		{"measured", fra, syd, 250 * time.Millisecond},
		{"measured, the other way", syd, fra, 249 * time.Millisecond},
		{"same place", fra, fra, 0},
		{"two places at one point", Place{ID: "x"}, Place{ID: "y"}, 2 * time.Millisecond},
		{"antipodes by the model", Place{ID: "x"}, Place{ID: "y", Longitude: 180}, 302227 * time.Microsecond},
		{"nonsense", Place{ID: "x", Latitude: math.NaN()}, fra, 2 * time.Millisecond},
	}
	for _, tt := range tests {
		if got := RoundTrip(tt.a, tt.b); got != tt.want {
			t.Errorf("%s: RoundTrip = %v, want %v", tt.name, got, tt.want)
		}
	}
	if got := Distance(fra, sin); math.Abs(got-10260) > 60 {
		t.Errorf("Frankfurt to Singapore: %v km, want about 10260", got)
	}
	if got, want := RoundTrip(fra, sin), 2+1.5*Distance(fra, sin)/100; math.Abs(float64(got.Microseconds())/1000-want) > 0.01 {
		t.Errorf("model: %v, want %v ms", got, want)
	}
	// A place that only shares the name with a measured one follows the model.
	if got := RoundTrip(own, place(t, "wdc")); got > 20*time.Millisecond {
		t.Errorf("own place called fra: %v, want the model's", got)
	}
}

func TestFirstPlaces(t *testing.T) {
	t.Parallel()
	all, err := FirstPlaces(MaxDefaultPlaces)
	if err != nil || len(all) != MaxDefaultPlaces {
		t.Fatalf("FirstPlaces(%d): %d places, %v", MaxDefaultPlaces, len(all), err)
	}
	seen := map[string]bool{}
	for _, p := range all {
		if err := checkName(p.ID); err != nil || seen[p.ID] {
			t.Errorf("place %q: %v, seen before: %v", p.ID, err, seen[p.ID])
		}
		seen[p.ID] = true
		if math.Abs(p.Latitude) > 90 || math.Abs(p.Longitude) > 180 || p.City == "" || len(p.Country) != 2 {
			t.Errorf("place %+v is not plausible", p)
		}
	}
	if all[0].ID != "fra" || len(Places()) != 10 {
		t.Errorf("first place %s of %d", all[0].ID, len(Places()))
	}
	for _, n := range []int{-1, 0, MaxDefaultPlaces + 1} {
		if _, err := FirstPlaces(n); err == nil {
			t.Errorf("FirstPlaces(%d) gives no error", n)
		}
	}
}

// The table in the code must be the one that was published.
func TestMeasuredTableAgreesWithData(t *testing.T) {
	t.Parallel()
	f, err := os.Open(filepath.Join(datatest.Dir(t), "wan-rtt-ms.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	r := csv.NewReader(f)
	r.Comment = '#'
	rows, err := r.ReadAll()
	if err != nil || len(rows) != 11 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for i, row := range rows[1:] {
		for j, cell := range row[1:] {
			want, err := strconv.Atoi(cell)
			if err != nil {
				t.Fatal(err)
			}
			got := RoundTrip(place(t, row[0]), place(t, rows[0][j+1]))
			if got != time.Duration(want)*time.Millisecond {
				t.Errorf("row %d, column %d: %v, want %d ms", i, j, got, want)
			}
		}
	}
}
