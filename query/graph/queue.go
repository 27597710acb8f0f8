package graph

// ordered is what a queue holds.
type ordered[T any] interface{ before(T) bool }

// queue is a binary heap: its first element comes before the others.
type queue[T ordered[T]] []T

func (q *queue[T]) push(x T) {
	h := append(*q, x)
	at := len(h) - 1
	for at > 0 {
		up := (at - 1) / 2
		if !x.before(h[up]) {
			break
		}
		h[at], at = h[up], up
	}
	h[at] = x
	*q = h
}

func (q *queue[T]) pop() T {
	h := *q
	first, last := h[0], h[len(h)-1]
	h = h[:len(h)-1]
	*q = h
	for at := 0; len(h) > 0; {
		down := 2*at + 1
		if down+1 < len(h) && h[down+1].before(h[down]) {
			down++
		}
		if down >= len(h) || !h[down].before(last) {
			h[at] = last
			break
		}
		h[at], at = h[down], down
	}
	return first
}
