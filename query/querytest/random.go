package querytest

import "strconv"

// source is a sequence of numbers that follow from a seed (splitmix64, Steele, Lea and Flood, OOPSLA 2014).
type source struct{ state uint64 }

func (s *source) next() uint64 {
	s.state += 0x9e3779b97f4a7c15
	z := s.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// below gives a number from 0 to n-1.
func (s *source) below(n int) int { return int(s.next() % uint64(n)) }

// chance is true in so many of a hundred cases.
func (s *source) chance(percent int) bool { return s.below(100) < percent }

// between gives a number from low to high, both included.
func (s *source) between(low, high int) int { return low + s.below(high-low+1) }

func pick[T any](s *source, list ...T) T { return list[s.below(len(list))] }

func itoa(n int) string { return strconv.Itoa(n) }
