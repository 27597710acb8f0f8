package querytest

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/check"
	"github.com/selvedge-db/selvedge/query/fn"
)

// Coverage counts what random queries reached: operators, functions, clauses and rules of the planner. What is counted
// stood in a query that gave rows. It may be used from many goroutines.
type Coverage struct {
	mu     sync.Mutex
	counts map[string]map[string]int
	made   map[string]int // how often something was put into a query, with rows or not

	Queries, WithRows, Failed, Skipped int
}

// NewCoverage counts from zero.
func NewCoverage() *Coverage {
	return &Coverage{counts: map[string]map[string]int{}, made: map[string]int{}}
}

// least picks the one of several that was put into the fewest queries, now and then any of them.
func (c *Coverage) least(s *source, class string, names ...string) string {
	if c == nil || s.chance(25) {
		return pick(s, names...)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	first := s.below(len(names))
	best := names[first]
	for i := range names {
		if name := names[(first+i)%len(names)]; c.made[class+" "+name] < c.made[class+" "+best] {
			best = name
		}
	}
	c.made[class+" "+best]++
	return best
}

func (c *Coverage) add(class, name string) {
	if c.counts[class] == nil {
		c.counts[class] = map[string]int{}
	}
	c.counts[class][name]++
}

// Note counts a query and what came of it.
func (c *Coverage) Note(q *check.Checked, out Outcome) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Queries++
	if out.Err != nil {
		c.Failed++
		return
	}
	if len(out.Rows) == 0 {
		return
	}
	c.WithRows++
	for _, rule := range out.Rules {
		c.add("rule", rule)
	}
	seen := map[string]bool{}
	once := func(class, name string) {
		if !seen[class+name] {
			seen[class+name] = true
			c.add(class, name)
		}
	}
	ast.WalkBlock(q.Query.Body, func(o ast.Operation) bool {
		once("operation", operationName(o))
		for _, a := range aggregatesOf(o) {
			once("aggregate", a.Func)
		}
		return true
	}, func(e ast.Expr) bool {
		noteExpr(once, e)
		return true
	})
}

func aggregatesOf(o ast.Operation) []ast.Aggregate {
	switch o := o.(type) {
	case *ast.Collect:
		return o.Aggregates
	case *ast.Window:
		return o.Aggregates
	}
	return nil
}

func operationName(o ast.Operation) string {
	switch o := o.(type) {
	case *ast.Modify:
		return o.Kind.String()
	case *ast.PathSearch:
		return o.Kind.String()
	}
	return strings.ToUpper(strings.TrimPrefix(fmt.Sprintf("%T", o), "*ast."))
}

func noteExpr(once func(class, name string), e ast.Expr) {
	switch e := e.(type) {
	case *ast.Binary:
		once("operator", e.Op.String())
	case *ast.Unary:
		once("operator", "unary "+e.Op.String())
	case *ast.Quantified:
		once("operator", e.Quant.String())
	case *ast.Ternary:
		if e.Then == nil {
			once("operator", "?:")
		} else {
			once("operator", "? :")
		}
	case *ast.Range:
		once("operator", "..")
	case *ast.Expansion:
		once("operator", "["+strings.Repeat("*", e.Levels)+"]")
	case *ast.Index:
		once("operator", "[]")
	case *ast.Attribute:
		once("operator", ".")
	case *ast.Subquery:
		once("operator", "subquery")
	case *ast.Call:
		if f, ok := fn.Lookup(e.Name); ok {
			once("function", f.Name)
		}
	}
}

// Count is how many queries with rows had something.
func (c *Coverage) Count(class, name string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts[class][name]
}

// Rare lists what of a class was reached fewer times than wanted.
func (c *Coverage) Rare(class string, wanted int, names ...string) []string {
	var rare []string
	for _, name := range names {
		if n := c.Count(class, name); n < wanted {
			rare = append(rare, fmt.Sprintf("%s %s: %d", class, name, n))
		}
	}
	return rare
}

// String prints all counts.
func (c *Coverage) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "%d queries, %d with rows, %d refused, %d not compared\n", c.Queries, c.WithRows, c.Failed, c.Skipped)
	var classes []string
	for class := range c.counts {
		classes = append(classes, class)
	}
	slices.Sort(classes)
	for _, class := range classes {
		var names []string
		for name := range c.counts[class] {
			names = append(names, name)
		}
		slices.Sort(names)
		fmt.Fprintf(&b, "%s:", class)
		for _, name := range names {
			fmt.Fprintf(&b, "  %s %d", name, c.counts[class][name])
		}
		b.WriteString("\n")
	}
	return b.String()
}
