package graph

import (
	"errors"
	"fmt"
	"math"
	"math/rand"
	"slices"
	"sort"
	"testing"
)

func TestShortestPath(t *testing.T) {
	t.Parallel()
	found := 0
	for seed := range int64(2000) {
		r := rand.New(rand.NewSource(seed))
		m := random(r)
		from, to := fmt.Sprint("v/", r.Intn(4)), fmt.Sprint("v/", r.Intn(4))
		all := m.simple(from, to, 100)
		for _, weighted := range []bool{false, true} {
			g := New(Config{Source: m})
			p, err := g.ShortestPath(from, to, weighted)
			if err != nil {
				t.Fatal(err)
			}
			best := math.Inf(1)
			for _, w := range all {
				best = min(best, cost(w, weighted))
			}
			if p == nil {
				if len(all) > 0 {
					t.Fatalf("seed %d: no path, want %v", seed, all[0])
				}
				continue
			}
			found++
			if p.Weight != best || !slices.ContainsFunc(all, func(w walk) bool { return w.String() == text(g, p) }) {
				t.Fatalf("seed %d of %+v: %s with %v, want %v", seed, m, text(g, p), p.Weight, best)
			}
		}
	}
	if found < 1000 {
		t.Fatalf("only %d paths", found)
	}
}

func cost(w walk, weighted bool) float64 {
	if weighted {
		return w.weight()
	}
	return float64(len(w.edges))
}

func gather(t *testing.T, g *Graph, paths Paths, err error) (out []string, weights []float64) {
	t.Helper()
	for err == nil {
		var p *Path
		if p, err = paths.Next(); p == nil {
			break
		}
		out, weights = append(out, text(g, p)), append(weights, p.Weight)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out, weights
}

func TestKShortestPaths(t *testing.T) {
	t.Parallel()
	for seed := range int64(2000) {
		r := rand.New(rand.NewSource(seed))
		m := random(r)
		from, to := "v/0", fmt.Sprint("v/", r.Intn(4))
		weighted := r.Intn(2) == 0
		all := m.simple(from, to, 100)
		sort.SliceStable(all, func(i, j int) bool { return cost(all[i], weighted) < cost(all[j], weighted) })
		g := New(Config{Source: m})
		paths, err := g.KShortestPaths(from, to, weighted)
		got, weights := gather(t, g, paths, err)
		var want []string
		for i, w := range all {
			want = append(want, w.String())
			if i < len(weights) && weights[i] != cost(w, weighted) {
				t.Fatalf("seed %d: path %d weighs %v, want %v", seed, i, weights[i], cost(w, weighted))
			}
		}
		compareSets(t, seed, got, want)
	}
}

func compareSets(t *testing.T, seed int64, got, want []string) {
	t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("seed %d: got %q, want %q", seed, got, want)
	}
}

func TestAllPaths(t *testing.T) {
	t.Parallel()
	for seed := range int64(2000) {
		r := rand.New(rand.NewSource(seed))
		m := random(r)
		from, to := "v/0", fmt.Sprint("v/", r.Intn(4))
		low := r.Intn(4)
		high := low + r.Intn(3)
		all := m.simple(from, to, 100)
		shortest := math.MaxInt
		for _, w := range all {
			shortest = min(shortest, len(w.edges))
		}
		var between, best []string
		for _, w := range all {
			if n := len(w.edges); n >= low && n <= high {
				between = append(between, w.String())
			}
			if len(w.edges) == shortest {
				best = append(best, w.String())
			}
		}
		g := New(Config{Source: m, Shared: true})
		paths, err := g.KPaths(from, to, low, high)
		got, _ := gather(t, g, paths, err)
		if !slices.Equal(got, between) {
			t.Fatalf("seed %d, %d to %d of %+v: got %q, want %q", seed, low, high, m, got, between)
		}
		paths, err = g.AllShortestPaths(from, to)
		got, _ = gather(t, g, paths, err)
		compareSets(t, seed, got, best)
	}
}

func TestNegativeWeight(t *testing.T) {
	t.Parallel()
	for _, weight := range []float64{-1, math.NaN(), math.Inf(1)} {
		m := &memory{directions: "o", arcs: []arc{{0, "bad", "v/0", "v/1", weight}}}
		_, err := New(Config{Source: m}).ShortestPath("v/0", "v/1", true)
		var wrong *WeightError
		if !errors.As(err, &wrong) || wrong.Key != "bad" || wrong.Error() == "" {
			t.Errorf("weight %v: %v", weight, err)
		}
	}
}

// TestPathsFail lets each call in turn fail.
func TestPathsFail(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	m := &memory{directions: "a", arcs: []arc{{0, "x", "v/0", "v/1", 1}, {0, "y", "v/1", "v/2", 1}, {0, "z", "v/2", "v/0", 3},
		{0, "w", "v/1", "v/3", 1}, {0, "u", "v/3", "v/2", 1}}}
	search := map[string]func(g *Graph) (Paths, error){
		"shortest": func(g *Graph) (Paths, error) { _, err := g.ShortestPath("v/0", "v/2", false); return none{}, err },
		"weighted": func(g *Graph) (Paths, error) { _, err := g.ShortestPath("v/0", "v/2", true); return none{}, err },
		"k":        func(g *Graph) (Paths, error) { return g.KShortestPaths("v/0", "v/2", true) },
		"all":      func(g *Graph) (Paths, error) { return g.AllShortestPaths("v/0", "v/2") },
		"between":  func(g *Graph) (Paths, error) { return g.KPaths("v/0", "v/2", 0, 3) },
	}
	for name, begin := range search {
		ended := false
		for at := 0; !ended && at < 1000; at++ {
			calls := 0
			count := func() error {
				if calls++; calls > at {
					return broken
				}
				return nil
			}
			g := New(Config{Source: failing{m, count}, Grow: func(int) error { return count() }, Step: count})
			paths, err := begin(g)
			for p := (&Path{}); err == nil && p != nil; {
				p, err = paths.Next()
			}
			if ended = calls <= at; ended && err != nil || !ended && !errors.Is(err, broken) {
				t.Fatalf("%s, call %d failed: %v", name, at, err)
			}
		}
		if !ended {
			t.Fatalf("%s never came to its end", name)
		}
	}
}
