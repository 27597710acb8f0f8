package bench

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/value"
)

// queryCache is the memory for what was read, as the databases compared with have 2 GiB.
const queryCache = 1 << 30

// queries measures queries over documents, and over the flights when Options.Flights names a folder of them.
func queries(o Options) (r Result, err error) {
	r.Name = "queries"
	l, err := startCached(o, queryCache)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	began := time.Now()
	if err := fillForQueries(l.service, o); err != nil {
		return r, err
	}
	r.set("load_seconds", time.Since(began).Seconds())
	rest()
	w := queryRun{o: o, s: l.service}
	if err := w.lookups(); err != nil {
		return r, err
	}
	if err := w.overhead(); err != nil {
		return r, err
	}
	for _, q := range []wholeQuery{
		{name: "query-scan", text: "FOR d IN places FILTER d.score < 100 RETURN {name: d.name, visits: d.visits}", of: o.Documents},
		{name: "query-collect", text: "FOR d IN places COLLECT city = d.city AGGREGATE n = COUNT(), mean = AVERAGE(d.visits) RETURN {city, n, mean}", of: o.Documents},
	} {
		if err := w.whole(q); err != nil {
			return r, err
		}
	}
	if o.Flights != "" {
		return r, w.flights()
	}
	return r, nil
}

// rest waits, for a minute at most, until the process does nothing of itself any more: the store goes on merging tables
// after a load, as others vacuum theirs.
func rest() {
	const span, idle, spans = 500 * time.Millisecond, 0.02, 4
	still := 0
	for range 120 {
		before := cpu()
		time.Sleep(span)
		if still++; cpu()-before >= idle*span.Seconds() {
			still = 0
		}
		if still == spans {
			return
		}
	}
}

// queryRun is a filled location under measurement.
type queryRun struct {
	o Options
	s *api.Service
}

// run carries a query out as a gateway does, and gives its rows.
func (w *queryRun) run(text string, bind value.Value, batch int) (rows int, first []byte, err error) {
	ctx := context.Background()
	var c api.Call
	if err := w.s.Begin(ctx, &c, &api.Envelope{Authorization: "apikey " + rootKey}); err != nil {
		return 0, nil, err
	}
	b, err := w.s.Query(ctx, &c, &api.QueryRequest{Text: text, Bind: bind, BatchSize: batch})
	if err != nil {
		return 0, nil, err
	}
	if b.More {
		return 0, nil, fmt.Errorf("more than %d rows", batch)
	}
	return b.Len, b.Rows, nil
}

// lookups are prepared queries that find one document.
func (w *queryRun) lookups() error {
	for _, q := range []struct {
		name, text string
		bind       func(i int64) value.Value
	}{
		{"query-point", "FOR d IN places FILTER d._key == @k RETURN d", func(i int64) value.Value { return value.String(fmt.Sprintf("k%d", i)) }},
		{"query-indexed", "FOR d IN places FILTER d.name == @k RETURN d", func(i int64) value.Value { return value.String(fmt.Sprintf("Place %09d", i)) }},
		{"query-return", "RETURN @k", func(int64) value.Value { return value.Int(1) }},
	} {
		r := Result{Name: q.name}
		o := w.o
		o.Writers = min(o.Writers, 8)
		_, err := closedLoop(o, &r, func(i int64) error {
			n, text, err := w.run(q.text, value.Object(value.Member{Name: "k", Value: q.bind(spread(i) % int64(w.o.Documents))}), 100)
			if err == nil && (n != 1 || len(text) < 1) {
				err = fmt.Errorf("%s gave %d rows", q.name, n)
			}
			return err
		})
		if err != nil {
			return err
		}
		w.o.Say(r)
	}
	return nil
}

// overhead is what a query costs that does nothing: with its plan kept, and parsed and planned each time.
func (w *queryRun) overhead() error {
	r := Result{Name: "query-overhead"}
	ctx := context.Background()
	for name, cached := range map[string]bool{"cached_us": true, "cold_us": false} {
		const calls = 50_000
		var took []float64
		for range 5 {
			began := time.Now()
			for range calls {
				var c api.Call
				if err := w.s.Begin(ctx, &c, &api.Envelope{Authorization: "apikey " + rootKey}); err != nil {
					return err
				}
				if _, err := w.s.Query(ctx, &c, &api.QueryRequest{Text: "RETURN 1", Options: api.QueryOptions{NoCache: !cached}}); err != nil {
					return err
				}
			}
			took = append(took, float64(time.Since(began).Microseconds())/calls)
		}
		slices.Sort(took)
		r.set(name, median(took))
	}
	w.o.Say(r)
	return nil
}

// wholeQuery is one that is measured by how long it takes; of is how many things it goes through.
type wholeQuery struct {
	name, text string
	bind       []value.Member
	of         int
}

// wholeRuns is how often such a query is run; the median counts.
const wholeRuns = 5

func (w *queryRun) whole(q wholeQuery) error {
	r := Result{Name: q.name}
	var took []float64
	used := cpu()
	for i := range wholeRuns + 1 {
		if i == 1 {
			used = cpu() // the first run fills the cache
		}
		began := time.Now()
		n, _, err := w.run(q.text, value.Object(q.bind...), math.MaxInt32)
		if err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
		r.set("rows", float64(n))
		if i > 0 {
			took = append(took, float64(time.Since(began).Microseconds())/1000)
		}
	}
	slices.Sort(took)
	r.set("ms", median(took))
	r.set("cpu_ms", (cpu()-used)*1000/wholeRuns)
	if q.of > 0 {
		r.set("per_second", float64(q.of)/median(took)*1000)
	}
	w.o.Say(r)
	return nil
}

// flights asks about airports and the routes between them.
func (w *queryRun) flights() error {
	starts, err := busiest(w.o.Flights, 1000)
	if err != nil {
		return err
	}
	here := []value.Member{{Name: "lat", Value: value.Float(46.2)}, {Name: "lon", Value: value.Float(7.4)}}
	for _, q := range []wholeQuery{
		{"query-twohop", `FOR s IN @starts RETURN {s, n: LENGTH(FOR v IN 1..2 OUTBOUND s routes OPTIONS {order: "bfs", uniqueVertices: "global"} RETURN 1)}`,
			[]value.Member{{Name: "starts", Value: value.Array(starts...)}}, len(starts)},
		{"query-nearest", "FOR a IN airports SORT DISTANCE(a.latitude, a.longitude, @lat, @lon) LIMIT 10 RETURN a.name", here, 1},
		{"query-within", "FOR a IN airports FILTER DISTANCE(a.latitude, a.longitude, @lat, @lon) <= 500000 RETURN a.name", here, 1},
		{"query-path", `FOR v IN OUTBOUND SHORTEST_PATH "airports/5436" TO "airports/16" routes RETURN v.name`, nil, 1},
	} {
		if err := w.whole(q); err != nil {
			return err
		}
	}
	return nil
}

// busiest are the airports with the most routes from them.
func busiest(folder string, n int) ([]value.Value, error) {
	edges, err := routes(folder)
	if err != nil {
		return nil, err
	}
	count := map[string]int{}
	for _, e := range edges {
		from, _ := e.Get("_from")
		count[from.Str()]++
	}
	var ids []string
	for id := range count {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b string) int {
		if count[a] != count[b] {
			return count[b] - count[a]
		}
		return strings.Compare(a, b)
	})
	var out []value.Value
	for _, id := range ids[:min(n, len(ids))] {
		out = append(out, value.String(id))
	}
	return out, nil
}

// fillForQueries loads what the queries are about.
func fillForQueries(s *api.Service, o Options) error {
	var text []byte
	if err := load(s, "places", 2, o.Documents, func(i int) (value.Value, error) {
		text = queryDocument(text[:0], int64(i))
		return value.Parse(text, value.DefaultLimits)
	}); err != nil {
		return err
	}
	if err := index(s, "places", api.IndexRequest{Type: "persistent", Fields: []string{"name"}}); err != nil || o.Flights == "" {
		return err
	}
	airports, err := airportDocuments(o.Flights)
	if err != nil {
		return err
	}
	edges, err := routes(o.Flights)
	if err != nil {
		return err
	}
	if err := load(s, "airports", 2, len(airports), func(i int) (value.Value, error) { return airports[i], nil }); err != nil {
		return err
	}
	if err := load(s, "routes", 3, len(edges), func(i int) (value.Value, error) { return edges[i], nil }); err != nil {
		return err
	}
	return index(s, "airports", api.IndexRequest{Type: "geo", Fields: []string{"latitude", "longitude"}})
}

func index(s *api.Service, name string, x api.IndexRequest) error {
	c, err := begin(s)
	if err == nil {
		_, err = s.CreateIndex(context.Background(), c, name, x)
	}
	return err
}

// load makes a collection and writes n documents, many with one call.
func load(s *api.Service, name string, kind uint8, n int, document func(i int) (value.Value, error)) error {
	c, err := begin(s)
	if err != nil {
		return err
	}
	ctx := context.Background()
	if _, err := s.CreateCollection(ctx, c, api.CollectionRequest{Name: name, Type: kind}); err != nil {
		return err
	}
	const lot = 1000
	for at := 0; at < n; at += lot {
		docs := make([]value.Value, 0, lot)
		for i := at; i < min(at+lot, n); i++ {
			d, err := document(i)
			if err != nil {
				return err
			}
			docs = append(docs, d)
		}
		if c, err = begin(s); err != nil {
			return err
		}
		o := api.DefaultWriteOptions()
		items, err := s.WriteMany(ctx, c, api.OpInsert, name, docs, &o)
		if err != nil {
			return err
		}
		for _, item := range items {
			if item.Err != nil {
				return item.Err
			}
		}
	}
	return nil
}

// airportDocuments reads the airports of OpenFlights: what the queries need of them.
func airportDocuments(folder string) ([]value.Value, error) {
	text, err := os.ReadFile(filepath.Join(folder, "airports.dat"))
	if err != nil {
		return nil, err
	}
	var out []value.Value
	for line := range strings.Lines(string(text)) {
		f := fields(line)
		if len(f) < 8 {
			return nil, fmt.Errorf("airports.dat: %q", line)
		}
		lat, err := value.Number(f[6])
		if err != nil {
			return nil, err
		}
		lon, err := value.Number(f[7])
		if err != nil {
			return nil, err
		}
		out = append(out, value.Object(value.Member{Name: "_key", Value: value.String(f[0])}, value.Member{Name: "name", Value: value.String(f[1])},
			value.Member{Name: "country", Value: value.String(f[3])}, value.Member{Name: "iata", Value: value.String(f[4])},
			value.Member{Name: "latitude", Value: lat}, value.Member{Name: "longitude", Value: lon}))
	}
	return out, nil
}

// routes reads the routes that have both ends.
func routes(folder string) ([]value.Value, error) {
	text, err := os.ReadFile(filepath.Join(folder, "routes.dat"))
	if err != nil {
		return nil, err
	}
	var out []value.Value
	for line := range strings.Lines(string(text)) {
		if f := strings.Split(line, ","); len(f) > 5 && f[3] != `\N` && f[5] != `\N` {
			out = append(out, value.Object(value.Member{Name: "_from", Value: value.String("airports/" + f[3])},
				value.Member{Name: "_to", Value: value.String("airports/" + f[5])}))
		}
	}
	return out, nil
}

// fields cuts a line of CSV whose quotes are escaped by a backslash.
func fields(line string) (out []string) {
	var b strings.Builder
	quoted := false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\' && i+1 < len(line) && line[i+1] != 'N':
			i++
			b.WriteByte(line[i])
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted, c == '\n':
			out = append(out, b.String())
			b.Reset()
		default:
			b.WriteByte(c)
		}
	}
	return out
}
