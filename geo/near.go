package geo

import (
	"container/heap"
	"math"
	"slices"

	"github.com/golang/geo/s2"
)

// Search says what Near looks for: shapes whose centroid is Min to Max metres away from Center, both included (Max is
// Farthest for no limit), nearest first, or farthest first. Limit is how many will be asked for, 0 when that is not
// known; it only helps to read no more than needed.
type Search struct {
	Center   Point
	Min, Max float64
	Limit    int
	Farthest bool
}

// StepKind is what Near asks for.
type StepKind uint8

// The kinds of step.
const (
	// Read asks for the entries of Intervals in their order, given to Entry; with Limit no more than so many, and with
	// Reverse the last ones first.
	Read StepKind = iota + 1
	// Measure asks for the distance from the centre of the shape of Key, given to Measured or, if there is no such shape
	// after all, to Dismiss.
	Measure
	// Result is the next result.
	Result
	// Done is the end.
	Done
)

// Step is what is to be done next.
type Step struct {
	Kind      StepKind
	Intervals []Interval // Read
	Reverse   bool
	Limit     int     // 0: all
	Key       string  // Measure and Result
	Distance  float64 // Result, in metres
}

// Near finds places nearest first. It first reads a few entries to both sides of the centre on the curve of cells, whose
// distances bound the radius within which the nearest ones lie, then circles around the centre, each wider than the one
// before. A candidate's distance is measured only when its cell says that it may be next.
type Near struct {
	search  Search
	center  Point // of the search; the opposite place when the farthest are looked for
	point   s2.Point
	low     float64
	high    float64
	margin  float64 // by how much cells may mislead
	reach   float64 // all candidates up to here have been read
	phase   phase
	read    []Interval // merged
	asked   Step
	given   int
	density float64 // entries to each cell of the smallest size, where they were counted
	last    uint64
	seen    map[string]bool
	waiting candidates
}

type phase uint8

const (
	forward phase = iota
	backward
	circles
)

// lastCell is above all cells.
const lastCell = uint64(6)<<61 - 1

// NewNear begins a search.
func NewNear(s Search) *Near {
	n := &Near{search: s, center: s.Center, low: max(0, s.Min), high: min(s.Max, Farthest), margin: 0.05, reach: -1, seen: map[string]bool{}}
	if s.Farthest {
		n.center = Point{s.Center.Longitude + 180, -s.Center.Latitude}
		if n.center.Longitude > 180 {
			n.center.Longitude -= 360
		}
		n.low, n.high, n.margin = max(0, Farthest-n.high-1), Farthest-n.low+1, 1
	}
	n.point = n.center.sphere()
	return n
}

// Next says what to do next. What it asked for before must have been given.
func (n *Near) Next() Step {
	n.took()
	n.asked = n.next()
	n.given, n.last = 0, 0
	return n.asked
}

func (n *Near) next() Step {
	if !(n.search.Max >= 0) || !(n.search.Min <= n.search.Max) || !n.search.Center.Valid() {
		return Step{Kind: Done}
	}
	cell := Cell(n.center)
	switch n.phase {
	case forward:
		return Step{Kind: Read, Intervals: []Interval{{cell, lastCell}}, Limit: n.probe()}
	case backward:
		return Step{Kind: Read, Intervals: []Interval{{0, cell - 1}}, Limit: n.probe(), Reverse: true}
	}
	for {
		if len(n.waiting) > 0 && n.waiting[0].bound <= n.reach {
			return n.candidate()
		}
		if n.reach >= min(n.high, Farthest) {
			if len(n.waiting) > 0 { // bounds a little above what they stand for
				return n.candidate()
			}
			return Step{Kind: Done}
		}
		n.widen()
		if fresh := minus(Within(n.center, n.low, n.reach), n.read); len(fresh) > 0 {
			return Step{Kind: Read, Intervals: n.joined(fresh)}
		}
	}
}

// candidate gives the first one, or asks for its distance.
func (n *Near) candidate() Step {
	c := n.waiting[0]
	if !c.exact {
		return Step{Kind: Measure, Key: c.key}
	}
	heap.Pop(&n.waiting)
	return Step{Kind: Result, Key: c.key, Distance: c.distance}
}

// worthwhile is about how many entries are read in the time that it takes to begin reading elsewhere.
const worthwhile = 40

// joined reads on over gaps between intervals where few entries are to be expected.
func (n *Near) joined(list []Interval) []Interval {
	out := list[:1]
	for _, i := range list[1:] {
		last := &out[len(out)-1]
		if float64(i.Lo-last.Hi)*n.density < worthwhile {
			last.Hi = i.Hi
			continue
		}
		out = append(out, i)
	}
	return out
}

// probe is how many entries to read to each side.
func (n *Near) probe() int { return max(8, min(n.search.Limit, 64)) }

// took notes what the last step has read.
func (n *Near) took() {
	if n.asked.Kind != Read {
		return
	}
	done := n.asked.Intervals
	if n.asked.Limit > 0 && n.given >= n.asked.Limit {
		if n.asked.Reverse {
			done = []Interval{{n.last + 1, done[0].Hi}}
		} else {
			done = []Interval{{done[0].Lo, n.last - 1}}
		}
		span := max(done[0].Hi, n.last) - min(done[0].Lo, n.last) + 1
		n.density = max(n.density, float64(n.given)/float64(span))
		if done[0].Lo > done[0].Hi {
			done = nil
		}
	}
	n.read = merged(append(n.read, done...))
	n.phase = min(n.phase+1, circles)
	n.asked = Step{}
}

// widen chooses the next circle: first the one that holds as many candidates as are wanted, then ever wider ones.
func (n *Near) widen() {
	if n.reach >= 0 {
		n.reach = max(n.reach*2, 1)
	} else {
		n.reach = n.first()
	}
	if everything := []Interval{{0, lastCell}}; len(minus(everything, n.read)) == 0 {
		n.reach = Farthest // nothing is left to be read
	}
	n.reach = min(n.reach, n.high, Farthest)
}

func (n *Near) first() float64 {
	wanted := n.search.Limit
	if wanted <= 0 {
		wanted = n.probe()
	}
	bounds := make([]float64, 0, len(n.waiting))
	for _, c := range n.waiting {
		bounds = append(bounds, c.bound)
	}
	slices.Sort(bounds)
	switch found := len(bounds); {
	case found == 0:
		return max(10_000, n.low*1.1)
	case found >= wanted:
		return bounds[wanted-1] + 2*n.margin
	default:
		return (bounds[found-1] + n.margin) * math.Sqrt(float64(wanted)/float64(found))
	}
}

// Entry takes an entry that was asked for.
func (n *Near) Entry(cell uint64, key []byte) {
	n.given++
	n.last = cell
	if !IsCentroid(cell) || n.seen[string(key)] {
		return
	}
	distance := float64(n.point.Distance(s2.CellID(cell).Point())) * EarthRadius
	if distance+n.margin < n.low || distance-n.margin > n.high {
		return
	}
	name := string(key)
	n.seen[name] = true
	heap.Push(&n.waiting, candidate{key: name, bound: max(0, distance-n.margin)})
}

// Measured takes the distance from the centre of the shape that was asked for, as Distance gives it.
func (n *Near) Measured(metres float64) {
	if n.asked.Kind != Measure {
		return
	}
	n.asked = Step{}
	if !(metres >= n.search.Min && metres <= n.search.Max) {
		heap.Pop(&n.waiting)
		return
	}
	c := &n.waiting[0]
	c.exact, c.bound, c.rank, c.distance = true, metres, metres, metres
	if n.search.Farthest {
		c.bound, c.rank = Farthest-metres, -metres
	}
	heap.Fix(&n.waiting, 0)
}

// Dismiss says that there is no such shape, or that it is not wanted.
func (n *Near) Dismiss() {
	if n.asked.Kind == Measure {
		n.asked = Step{}
		heap.Pop(&n.waiting)
	}
}

// Bytes is about how much memory the search holds.
func (n *Near) Bytes() int { return 96*len(n.seen) + 56*cap(n.waiting) + 16*cap(n.read) }

// candidate is one that was found. Until it was measured its bound is not above its distance, from the opposite place
// when the farthest are looked for. Rank orders those whose bounds are equal by rounding alone.
type candidate struct {
	key                   string
	bound, rank, distance float64
	exact                 bool
}

type candidates []candidate

// Len, Less, Swap, Push and Pop make it a heap, the nearest on top; of equal ones those that were not measured come
// first, since they may turn out to be before the others by key.
func (c candidates) Len() int { return len(c) }
func (c candidates) Less(i, j int) bool {
	switch {
	case c[i].bound != c[j].bound:
		return c[i].bound < c[j].bound
	case c[i].exact != c[j].exact:
		return c[j].exact
	case c[i].rank != c[j].rank:
		return c[i].rank < c[j].rank
	default:
		return c[i].key < c[j].key
	}
}
func (c candidates) Swap(i, j int) { c[i], c[j] = c[j], c[i] }
func (c *candidates) Push(x any)   { *c = append(*c, x.(candidate)) }
func (c *candidates) Pop() any {
	last := (*c)[len(*c)-1]
	*c = (*c)[:len(*c)-1]
	return last
}
