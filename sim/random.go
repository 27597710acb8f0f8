package sim

// random is SplitMix64: small, good enough, and the same for ever.
type random struct{ state uint64 }

func (r *random) next() uint64 {
	r.state += 0x9e3779b97f4a7c15
	x := r.state
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// below gives a number from 0 to n-1.
func (r *random) below(n int) int {
	if n <= 1 {
		return 0
	}
	return int(r.next() % uint64(n))
}

// between gives a number from low to high.
func (r *random) between(low, high int64) int64 {
	if high <= low {
		return low
	}
	return low + int64(r.next()%uint64(high-low+1))
}

// chance is true with a probability of percent in a hundred.
func (r *random) chance(percent float64) bool {
	return float64(r.next()>>11)/(1<<53)*100 < percent
}

// split makes a generator of its own, so that one part of a run does not change another.
func (r *random) split() random { return random{r.next()} }

func pick[T any](r *random, list []T) T { return list[r.below(len(list))] }
