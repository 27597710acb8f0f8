package apptest

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/internal/datatest"
	"github.com/selvedge-db/selvedge/internal/testport"
)

const routeColumns = "airline,airlineId,source,_from,destination,_to,codeshare,stops,equipment"

// world is the flights as plain maps, read from the files by nothing of what is tested.
type world struct {
	airports map[string]airport
	to       map[string][]string // airport to airports, each once
	routes   int                 // with both ends
}

type airport struct {
	id, country, iata string
	lat, lon          float64
}

func readWorld(t *testing.T, folder string) *world {
	t.Helper()
	w := &world{airports: map[string]airport{}, to: map[string][]string{}}
	// The file escapes quotes with a backslash, which encoding/csv does not know.
	text, err := os.ReadFile(filepath.Join(folder, "airports.dat"))
	must(t, err)
	plain := strings.NewReplacer(`\\`, `\`, `\"`, `""`).Replace(string(text))
	for _, r := range records(t, plain) {
		a := airport{id: r[0], country: r[3], iata: r[4]}
		a.lat, err = strconv.ParseFloat(r[6], 64)
		must(t, err)
		a.lon, err = strconv.ParseFloat(r[7], 64)
		must(t, err)
		w.airports[a.id] = a
	}
	text, err = os.ReadFile(filepath.Join(folder, "routes.dat"))
	must(t, err)
	for _, r := range records(t, string(text)) {
		if r[3] == `\N` || r[5] == `\N` {
			continue
		}
		w.routes++
		if !slices.Contains(w.to[r[3]], r[5]) {
			w.to[r[3]] = append(w.to[r[3]], r[5])
		}
	}
	return w
}

func records(t *testing.T, text string) [][]string {
	t.Helper()
	c := csv.NewReader(strings.NewReader(text))
	c.LazyQuotes = true
	out, err := c.ReadAll()
	must(t, err)
	return out
}

// hops are the least numbers of flights from an airport to all others.
func (w *world) hops(from string) map[string]int {
	hops := map[string]int{from: 0}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		for _, next := range w.to[queue[0]] {
			if _, seen := hops[next]; !seen {
				hops[next] = hops[queue[0]] + 1
				queue = append(queue, next)
			}
		}
	}
	return hops
}

func (w *world) byCode(code string) string {
	for id, a := range w.airports {
		if a.iata == code {
			return id
		}
	}
	return ""
}

// metres is the great-circle distance by the formula of the half-chord.
func metres(lat1, lon1, lat2, lon2 float64) float64 {
	const radius, degree = 6_371_008.8, math.Pi / 180
	a := math.Pow(math.Sin((lat2-lat1)*degree/2), 2) + math.Cos(lat1*degree)*math.Cos(lat2*degree)*math.Pow(math.Sin((lon2-lon1)*degree/2), 2)
	return 2 * radius * math.Asin(math.Min(1, math.Sqrt(a)))
}

// ask runs a query of the flights at the third location and decodes its rows.
type ask func(t *testing.T, out any, query string, more ...string) (explained string)

// flights brings the flights in at the first of three locations, and waits until the third has them.
func flights(t *testing.T) (*world, ask) {
	t.Helper()
	data := filepath.Join(datatest.Dir(t), "openflights")
	w := readWorld(t, data)
	folder, port := t.TempDir(), testport.Take(t, 3)
	for _, name := range []string{"airports.dat", "routes.dat"} {
		text, err := os.ReadFile(filepath.Join(data, name))
		must(t, err)
		must(t, os.WriteFile(filepath.Join(folder, name), text, 0o600))
	}
	dev(t, folder, port, "--locations", "fra,syd,tok", "--api-key", apiKey)
	environment := []string{"SELVEDGE_URL=" + url(port), "SELVEDGE_API_KEY=" + apiKey}
	for _, call := range [][]string{
		{"import", "airports.dat", "--to", "airports", "--format", "csv", "--columns", airportColumns, "--key", "id", "--null", `\N`, "--escape", `\`},
		{"import", "routes.dat", "--to", "routes", "--edges", "--format", "csv", "--columns", routeColumns, "--null", `\N`, "--on-error", "skip",
			"--from-prefix", "airports/", "--to-prefix", "airports/"},
		{"index", "create", "airports", "latitude", "longitude", "--type", "geo"},
		{"index", "create", "airports", "iata"},
	} {
		if code, out := command(t, folder, environment, call...); code != 0 {
			t.Fatalf("%v ended with %d: %s", call, code, out)
		}
	}
	tok := at(t, port+2)
	until(t, "flights in Tokyo", func() string {
		n, err := tok.Count(t.Context(), "routes")
		list, errIndexes := tok.Indexes(t.Context(), "airports")
		if err != nil || errIndexes != nil || n != int64(w.routes) || len(list) != 3 {
			return fmt.Sprintf("%d of %d routes, %d indexes, %v, %v", n, w.routes, len(list), err, errIndexes)
		}
		return ""
	})
	environment[0] = "SELVEDGE_URL=" + url(port+2)
	for _, condition := range []string{"a.iata == 'FRA'", "DISTANCE(a.latitude, a.longitude, 1, 1) < 5"} {
		until(t, "a filled index in Tokyo", func() string {
			_, plan := command(t, folder, environment, "query", "--explain", "FOR a IN airports FILTER "+condition+" RETURN a")
			if !strings.Contains(plan, "IndexNode") {
				return plan
			}
			return ""
		})
	}
	return w, func(t *testing.T, out any, query string, more ...string) string {
		t.Helper()
		code, text := command(t, folder, environment, append([]string{"query", query, "--output", "json"}, more...)...)
		if code != 0 {
			t.Fatalf("%s ended with %d: %s", query, code, text)
		}
		text, _, _ = strings.Cut(text, "\nwarning ") // routes lead to airports that the file lacks
		if err := json.Unmarshal([]byte(text), out); err != nil {
			t.Fatalf("%s: %v: %s", query, err, text)
		}
		code, plan := command(t, folder, environment, append([]string{"query", "--explain", query}, more...)...)
		if code != 0 {
			t.Fatalf("explain %s ended with %d: %s", query, code, plan)
		}
		return plan
	}
}

// Questions across documents, edges and places are answered at any location, by indexes where there are some.
func TestQueriesOverFlights(t *testing.T) {
	t.Parallel()
	w, ask := flights(t)
	t.Run("airports per country", func(t *testing.T) { countries(t, w, ask) })
	t.Run("shortest path", func(t *testing.T) { shortest(t, w, ask) })
	t.Run("two hops, within a distance", func(t *testing.T) { nearSydney(t, w, ask) })
	t.Run("nearest", func(t *testing.T) { nearest(t, w, ask) })
}

func countries(t *testing.T, w *world, ask ask) {
	var got []struct {
		Country string
		N       int
	}
	ask(t, &got, "FOR a IN airports COLLECT country = a.country WITH COUNT INTO n SORT n DESC, country RETURN {country, n}")
	want := map[string]int{}
	for _, a := range w.airports {
		want[a.country]++
	}
	if len(got) != len(want) || len(want) < 200 {
		t.Fatalf("%d countries, want %d", len(got), len(want))
	}
	for i, row := range got {
		if want[row.Country] != row.N {
			t.Errorf("%s has %d airports, want %d", row.Country, row.N, want[row.Country])
		}
		if i > 0 && got[i-1].N < row.N {
			t.Errorf("%v comes before %v", got[i-1], row)
		}
	}
}

func shortest(t *testing.T, w *world, ask ask) {
	var got []string
	plan := ask(t, &got, `FOR g IN airports FILTER g.iata == "GKA" FOR k IN airports FILTER k.iata == "KEF" FOR v IN OUTBOUND SHORTEST_PATH g TO k routes RETURN v.iata`)
	indexed(t, plan)
	want := w.hops(w.byCode("GKA"))[w.byCode("KEF")]
	if len(got) != want+1 || got[0] != "GKA" || got[len(got)-1] != "KEF" || want < 3 {
		t.Fatalf("path %v, want %d flights", got, want)
	}
	for i := range got[1:] {
		if !slices.Contains(w.to[w.byCode(got[i])], w.byCode(got[i+1])) {
			t.Errorf("there is no flight from %s to %s", got[i], got[i+1])
		}
	}
}

func nearSydney(t *testing.T, w *world, ask ask) {
	var got []string
	plan := ask(t, &got, `FOR f IN airports FILTER f.iata == "FRA" FOR s IN airports FILTER s.iata == "SYD"
		FOR v IN 2..2 OUTBOUND f routes OPTIONS {order: "bfs", uniqueVertices: "global"}
		FILTER v != null AND DISTANCE(v.latitude, v.longitude, s.latitude, s.longitude) <= 300000 SORT v._key RETURN v._key`)
	indexed(t, plan)
	hops, syd := w.hops(w.byCode("FRA")), w.airports[w.byCode("SYD")]
	want := []string{}
	for id, a := range w.airports {
		if hops[id] == 2 && metres(a.lat, a.lon, syd.lat, syd.lon) <= 300_000 {
			want = append(want, id)
		}
	}
	slices.Sort(want)
	if !slices.Equal(got, want) || len(want) == 0 {
		t.Errorf("got %v, want %v", got, want)
	}
}

func nearest(t *testing.T, w *world, ask ask) {
	const lat, lon = 46.2, 7.4
	var got []string
	plan := ask(t, &got, "FOR a IN airports SORT DISTANCE(a.latitude, a.longitude, @lat, @lon) LIMIT 10 RETURN a._key",
		"--bind", fmt.Sprintf("lat=%v", lat), "--bind", fmt.Sprintf("lon=%v", lon))
	indexed(t, plan)
	all := make([]airport, 0, len(w.airports))
	for _, a := range w.airports {
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b airport) int {
		return cmp.Compare(metres(a.lat, a.lon, lat, lon), metres(b.lat, b.lon, lat, lon))
	})
	for i, id := range got {
		if all[i].id != id {
			t.Errorf("place %d: %s, want %s", i, id, all[i].id)
		}
	}
	if len(got) != 10 {
		t.Errorf("%d airports, want 10", len(got))
	}
	var within []string
	plan = ask(t, &within, "FOR a IN airports FILTER DISTANCE(a.latitude, a.longitude, @lat, @lon) <= 500000 SORT a._key RETURN a._key",
		"--bind", fmt.Sprintf("lat=%v", lat), "--bind", fmt.Sprintf("lon=%v", lon))
	indexed(t, plan)
	want := []string{}
	for _, a := range all {
		if metres(a.lat, a.lon, lat, lon) <= 500_000 {
			want = append(want, a.id)
		}
	}
	slices.Sort(want)
	if !slices.Equal(within, want) || len(want) < 20 {
		t.Errorf("%d within 500 km, want %d", len(within), len(want))
	}
}

// indexed says that a plan uses an index or the edges of a graph, and scans no collection.
func indexed(t *testing.T, plan string) {
	t.Helper()
	if strings.Contains(plan, "EnumerateCollectionNode") || !(strings.Contains(plan, "IndexNode") || strings.Contains(plan, "TraversalNode")) {
		t.Errorf("a collection is scanned:\n%s", plan)
	}
}
