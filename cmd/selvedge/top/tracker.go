// Package top shows a planet as it lives: locations with lag and rates, links in trouble, collections that change most,
// queries that run.
//
// Guarantees: Tracker is pure: it makes states of what was heard and when, and the same of the same. Model draws a state
// on a screen of any size without ever writing a line that is too long or one line too many, and shows control
// characters of data as one visible character. Source keeps asking for as long as its context lasts, whatever fails
// meanwhile, and says what failed.
//
// Not guaranteed: that two figures are of one moment; each is the newest that was heard. Rates are averages over the
// last few seconds. A collection is hot by how its number of documents changes: changes of documents that stay are not
// seen. What the location does not tell is left out, and shown as a dash.
//
// Units: milliseconds, entries, entries per second, documents per second.
package top

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/selvedge-db/selvedge/client"
)

// rateSpan is over how long rates are taken.
const rateSpan = 5 * time.Second

// State is what is shown of one moment.
type State struct {
	Location    string       `json:"location"` // that was asked
	Fabric      string       `json:"fabric"`
	Source      string       `json:"source"` // live, or polled
	Locations   []Location   `json:"locations"`
	Links       []Link       `json:"links"` // in trouble: not up, or late
	LinksUp     int          `json:"linksUp"`
	Pairs       Pairs        `json:"pairs"`
	Collections []Collection `json:"collections"` // the hottest first, by change of their counts
	Queries     []Query      `json:"queries"`     // those that run, then those that took long
	Problems    []string     `json:"problems"`
}

// Pairs counts links as people do: both directions between two locations are one.
type Pairs struct {
	Up        int `json:"up"`        // in both directions
	InTrouble int `json:"inTrouble"` // in one direction at least
}

// Location is one place. Rates are nil where they are not known.
type Location struct {
	Name          string   `json:"name"`
	City          string   `json:"city,omitempty"`
	URL           string   `json:"url"`
	State         string   `json:"state"`
	Member        bool     `json:"member"`
	LagMs         float64  `json:"lagMs"`         // of the oldest entry that it has not got yet
	BehindEntries int64    `json:"behindEntries"` // that it has not got yet
	Writes        *float64 `json:"writesPerSecond"`
	Arrivals      *float64 `json:"arrivalsPerSecond"`
	Sent          *float64 `json:"sentPerSecond"` // its entries that became durable elsewhere, all others together
	ClockOffsetMs float64  `json:"clockOffsetMs"`
}

// Link is a direction that is in trouble.
type Link struct {
	From     string   `json:"from"`
	To       string   `json:"to"`
	State    string   `json:"state"`
	OneWayMs float64  `json:"oneWayMs"`
	Entries  int64    `json:"entries"`
	Bytes    int64    `json:"bytes"`
	LagMs    float64  `json:"lagMs"`
	Rate     *float64 `json:"deliveredPerSecond"`
}

// Collection is one collection of the fabric.
type Collection struct {
	Name      string   `json:"name"`
	Type      string   `json:"type"`
	Documents int64    `json:"documents"`
	Change    *float64 `json:"changePerSecond"`
}

// Query is one that runs, or one that took long lately.
type Query struct {
	ID      string  `json:"id"`
	State   string  `json:"state"`
	Seconds float64 `json:"seconds"`
	Text    string  `json:"query"`
	Slow    bool    `json:"slow"`
}

// Heard is news of one kind; what is nil was not heard.
type Heard struct {
	Mesh    *client.Mesh
	Live    bool               // the mesh came from the stream
	Counts  map[string]Counted // by collection
	Queries *Queries
	Problem string // what failed, empty for what went well again
	Of      string // what the problem is of
}

// Counted is a collection and how many documents it has.
type Counted struct {
	Type      string
	Documents int64
}

// Queries are those that run and those that took long.
type Queries struct{ Running, Slow []client.RunningQuery }

// Tracker makes states of what was heard.
type Tracker struct {
	fabric   string
	mesh     client.Mesh
	live     bool
	counts   map[string]Counted
	queries  Queries
	rates    map[string]*rate
	problems map[string]string
}

// NewTracker follows one fabric.
func NewTracker(fabric string) *Tracker {
	return &Tracker{fabric: fabric, rates: map[string]*rate{}, problems: map[string]string{}}
}

// rate is how fast a growing number grows.
type rate struct{ points []point }

type point struct {
	at time.Duration
	n  int64
}

// note takes a new value. One that fell began anew.
func (r *rate) note(at time.Duration, n int64, mayFall bool) {
	if len(r.points) > 0 && n < r.points[len(r.points)-1].n && !mayFall {
		r.points = nil
	}
	r.points = append(r.points, point{at, n})
	for len(r.points) > 2 && at-r.points[1].at >= rateSpan {
		r.points = r.points[1:]
	}
}

func (r *rate) perSecond() *float64 {
	if r == nil || len(r.points) < 2 {
		return nil
	}
	first, last := r.points[0], r.points[len(r.points)-1]
	seconds := (last.at - first.at).Seconds()
	if seconds <= 0 {
		return nil
	}
	of := float64(last.n-first.n) / seconds
	return &of
}

// Hear takes news. At grows from one to the next.
func (t *Tracker) Hear(at time.Duration, h Heard) {
	if h.Of != "" {
		delete(t.problems, h.Of)
		if h.Problem != "" {
			t.problems[h.Of] = h.Problem
		}
	}
	if h.Mesh != nil {
		t.mesh, t.live = *h.Mesh, h.Live
		for _, l := range h.Mesh.Locations {
			t.note("writes "+l.Name, at, l.Commits)
			t.note("arrivals "+l.Name, at, l.Applied)
		}
		for _, l := range h.Mesh.Links {
			t.note("link "+l.From+" "+l.To, at, l.Delivered)
		}
	}
	if h.Counts != nil {
		t.counts = h.Counts
		for name, c := range h.Counts {
			t.rate("count "+name).note(at, c.Documents, true)
		}
	}
	if h.Queries != nil {
		t.queries = *h.Queries
	}
}

func (t *Tracker) rate(of string) *rate {
	if t.rates[of] == nil {
		t.rates[of] = &rate{}
	}
	return t.rates[of]
}

func (t *Tracker) note(of string, at time.Duration, n *int64) {
	if n != nil {
		t.rate(of).note(at, *n, false)
	}
}

// State is what is known now.
func (t *Tracker) State() State {
	s := State{Location: t.mesh.Location, Fabric: t.fabric, Source: "polled", Locations: t.locations(), Collections: t.collections(), Queries: t.queryList(),
		Links: []Link{}, Problems: []string{}}
	if t.live {
		s.Source = "live"
	}
	all, down, troubled := map[[2]string]bool{}, map[[2]string]bool{}, map[[2]string]bool{}
	for _, l := range t.mesh.Links {
		pair := [2]string{min(l.From, l.To), max(l.From, l.To)}
		all[pair] = true
		if l.State != "up" {
			down[pair] = true
		} else {
			s.LinksUp++
			if !late(&l) {
				continue
			}
		}
		troubled[pair] = true
		s.Links = append(s.Links, Link{From: l.From, To: l.To, State: l.State, OneWayMs: l.OneWayMs, Entries: l.Lag.Entries, Bytes: l.Lag.Bytes, LagMs: l.Lag.Ms,
			Rate: t.rates["link "+l.From+" "+l.To].perSecond()})
	}
	s.Pairs = Pairs{Up: len(all) - len(down), InTrouble: len(troubled)}
	slices.SortStableFunc(s.Links, func(a, b Link) int {
		up := func(l Link) int { return strings.Count(l.State, "up") }
		return cmp.Or(cmp.Compare(up(a), up(b)), cmp.Compare(b.LagMs, a.LagMs), cmp.Compare(a.From+" "+a.To, b.From+" "+b.To))
	})
	for _, text := range t.problems {
		s.Problems = append(s.Problems, text)
	}
	slices.Sort(s.Problems)
	return s
}

// late tells whether a link that is up brings its entries later than its delay explains: there, back again, and a
// second for the work at both ends.
func late(l *client.Link) bool { return l.Lag.Entries > 0 && l.Lag.Ms > 1000+3*l.OneWayMs }

func (t *Tracker) locations() []Location {
	out := []Location{}
	for _, l := range t.mesh.Locations {
		x := Location{Name: l.Name, City: l.City, URL: l.URL, State: l.State, Member: l.Member == nil || *l.Member, ClockOffsetMs: l.ClockOffsetMs,
			Writes: t.rates["writes "+l.Name].perSecond(), Arrivals: t.rates["arrivals "+l.Name].perSecond()}
		if l.Ready != nil && !*l.Ready && x.State == "up" {
			x.State = "not ready"
		}
		if !x.Member {
			x.State = "no member"
		}
		for _, link := range t.mesh.Links {
			if link.To == l.Name {
				x.LagMs, x.BehindEntries = max(x.LagMs, link.Lag.Ms), x.BehindEntries+link.Lag.Entries
			}
			if sent := t.rates["link "+link.From+" "+link.To].perSecond(); link.From == l.Name && sent != nil {
				if x.Sent == nil {
					x.Sent = new(float64)
				}
				*x.Sent += *sent
			}
		}
		out = append(out, x)
	}
	return out
}

func (t *Tracker) collections() []Collection {
	out := []Collection{}
	for name, c := range t.counts {
		out = append(out, Collection{Name: name, Type: c.Type, Documents: c.Documents, Change: t.rates["count "+name].perSecond()})
	}
	heat := func(c Collection) float64 {
		if c.Change == nil {
			return 0
		}
		return math.Abs(*c.Change)
	}
	slices.SortFunc(out, func(a, b Collection) int {
		return cmp.Or(cmp.Compare(heat(b), heat(a)), cmp.Compare(b.Documents, a.Documents), cmp.Compare(a.Name, b.Name))
	})
	return out
}

func (t *Tracker) queryList() []Query {
	out := []Query{}
	add := func(list []client.RunningQuery, slow bool) {
		from := len(out)
		for _, q := range list {
			out = append(out, Query{ID: q.ID, State: q.State, Seconds: q.Seconds, Text: q.Text, Slow: slow})
		}
		slices.SortStableFunc(out[from:], func(a, b Query) int { return cmp.Compare(b.Seconds, a.Seconds) })
	}
	add(t.queries.Running, false)
	add(t.queries.Slow, true)
	return out
}
