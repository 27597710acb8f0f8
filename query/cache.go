package query

import (
	"container/list"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/selvedge-db/selvedge/query/exec"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// prepared is a query that was read, checked, planned and compiled. It does not change.
type prepared struct {
	program       *exec.Program
	reads, writes []*rows.Collection
	collections   []*rows.Collection // all that the plan depends on
	graphs        []*rows.Graph
	params        []string
	shape         []string // parameters whose values the plan depends on
	counts        []int64  // documents in each of the collections when it was planned
	keep          bool     // it may be used again
}

// cacheKey is what finds plans without reading the text.
type cacheKey struct{ fabric, text, flags string }

// variant is the plan for some values of the parameters of its shape.
type variant struct {
	shape   string // their values as one text
	plan    *prepared
	checked time.Duration // when its counts were last looked at
}

// entry has the plans of one text.
type entry struct {
	key      cacheKey
	variants []variant // the newest last
}

// mostVariants is how many plans of one text are kept.
const mostVariants = 16

// cache keeps plans, those that were used last.
type cache struct {
	most int
	mu   struct {
		sync.Mutex
		entries      map[cacheKey]*list.Element
		order        *list.List // the one used last in front
		hits, misses uint64
	}
}

func (c *cache) begin(most int) {
	c.most = most
	c.clear()
}

func (c *cache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mu.entries, c.mu.order = map[cacheKey]*list.Element{}, list.New()
}

func (c *cache) figures() (kept int, hits, misses uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mu.order.Len(), c.mu.hits, c.mu.misses
}

// recount is how often the counts of a plan are compared with what is there now.
const recount = 5 * time.Second

// find gives the plan for a text and the values of parameters; stale says that its counts must be looked at.
func (c *cache) find(key cacheKey, bind value.Value, now time.Duration) (p *prepared, stale bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, ok := c.mu.entries[key]
	if !ok {
		c.mu.misses++
		return nil, false
	}
	e := at.Value.(*entry)
	for i := range e.variants {
		v := &e.variants[i]
		if len(v.plan.shape) > 0 && v.shape != shapeOf(v.plan.shape, bind) || !fits(v.plan.params, bind) {
			continue
		}
		c.mu.hits++
		c.mu.order.MoveToFront(at)
		if now-v.checked > recount {
			v.checked, stale = now, true
		}
		return v.plan, stale
	}
	c.mu.misses++
	return nil, false
}

// fits tells whether exactly the parameters of a query are bound.
func fits(params []string, bind value.Value) bool {
	if bind.Len() != len(params) {
		return false
	}
	for _, name := range params {
		if _, ok := bind.Get(name); !ok {
			return false
		}
	}
	return true
}

// shapeOf is the values of some parameters as one text.
func shapeOf(names []string, bind value.Value) string {
	var room [128]byte
	out := room[:0]
	for _, name := range names {
		v, _ := bind.Get(name)
		out = append(value.AppendJSON(out, v), 0)
	}
	return string(out)
}

// put keeps a plan, in place of an older one of the same text and shape.
func (c *cache) put(key cacheKey, bind value.Value, p *prepared, now time.Duration) {
	if c.most <= 0 || !p.keep {
		return
	}
	key = cacheKey{strings.Clone(key.fabric), strings.Clone(key.text), strings.Clone(key.flags)}
	v := variant{shape: shapeOf(p.shape, bind), plan: p, checked: now}
	c.mu.Lock()
	defer c.mu.Unlock()
	at, ok := c.mu.entries[key]
	if !ok {
		at = c.mu.order.PushFront(&entry{key: key})
		c.mu.entries[key] = at
	}
	e := at.Value.(*entry)
	e.variants = slices.DeleteFunc(e.variants, func(old variant) bool { return old.shape == v.shape })
	if len(e.variants) >= mostVariants {
		e.variants = slices.Delete(e.variants, 0, 1)
	}
	e.variants = append(e.variants, v)
	for c.mu.order.Len() > c.most {
		last := c.mu.order.Back()
		delete(c.mu.entries, last.Value.(*entry).key)
		c.mu.order.Remove(last)
	}
}

// valid tells whether a plan still says what its query means: its collections, indexes and graphs are what they were.
func (p *prepared) valid(in rows.Reader) bool {
	for _, c := range p.collections {
		now, ok := in.Collection(c.Name)
		if !ok || now != c && !same(now, c) {
			return false
		}
	}
	for _, g := range p.graphs {
		now, ok, err := in.Graph(g.Name)
		if err != nil || !ok || !sameGraph(now, g) {
			return false
		}
	}
	return true
}

func same(a, b *rows.Collection) bool {
	return a.Number == b.Number && a.Type == b.Type && a.Series == b.Series && slices.Equal(a.Indexes, b.Indexes)
}

func sameGraph(a, b *rows.Graph) bool {
	return slices.Equal(a.Orphans, b.Orphans) && slices.EqualFunc(a.Edges, b.Edges, func(x, y rows.EdgeDefinition) bool {
		return x.Collection == y.Collection && slices.Equal(x.From, y.From) && slices.Equal(x.To, y.To)
	})
}

// timely tells whether the collections have about as many documents as when the plan was made.
func (p *prepared) timely(s rows.Statistics) bool {
	const few, times = 1000, 4
	for i, c := range p.collections {
		n, err := s.Count(c)
		if err != nil {
			return false
		}
		before := p.counts[i]
		if n > times*max(before, few) || before > times*max(n, few) {
			return false
		}
	}
	return true
}
