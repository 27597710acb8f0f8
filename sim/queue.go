package sim

import "container/heap"

// step is something that happens at a moment. Steps of one moment happen in the order in which they were planned.
type step struct {
	at    int64
	order uint64
	run   func()
}

type steps []step

func (s steps) Len() int { return len(s) }
func (s steps) Less(i, j int) bool {
	return s[i].at < s[j].at || s[i].at == s[j].at && s[i].order < s[j].order
}
func (s steps) Swap(i, j int) { s[i], s[j] = s[j], s[i] }
func (s *steps) Push(x any)   { *s = append(*s, x.(step)) }
func (s *steps) Pop() any {
	old := *s
	last := old[len(old)-1]
	old[len(old)-1] = step{}
	*s = old[:len(old)-1]
	return last
}

// schedule is virtual time: nothing takes any, everything happens at a planned moment.
type schedule struct {
	now     int64 // microseconds
	planned uint64
	queue   steps
}

// after plans a step in so many microseconds.
func (q *schedule) after(us int64, run func()) {
	q.planned++
	heap.Push(&q.queue, step{q.now + max(us, 0), q.planned, run})
}

// until takes the steps up to a moment, and goes there.
func (q *schedule) until(moment int64, stop func() bool) {
	for len(q.queue) > 0 && q.queue[0].at <= moment && !stop() {
		s := heap.Pop(&q.queue).(step)
		q.now = s.at
		s.run()
	}
	q.now = max(q.now, moment)
}
