package mesh

import "time"

// maxTransmissions bounds how often one frame is lost in a row.
const maxTransmissions = 16

// Emulator gives one directed link of a stream its delay, jitter and loss. It is a step machine: times come in as
// monotonic durations, items wait inside, and the caller takes them out when they are due. Not safe for concurrent use.
//
// It behaves as a stream (TCP) behaves on such a link, not as datagrams do:
//
//   - Order is kept. An item is never due before the one pushed before it, whatever the jitter says.
//   - Loss loses no bytes. A lost transmission is sent again after one more round trip (and again, if that is lost too), and
//     everything behind it waits, as it waits behind a lost segment.
//   - A cut link delivers nothing and keeps nothing: what was in flight is gone and the stream is broken. A stream lives on
//     acknowledgements from the other side, so a cut in either direction breaks it in both; the emulator knows only its own
//     direction, Transport ends the stream.
//
// Settings that change apply to what is pushed from then on. A link that has become faster does not overtake what is on its
// way already.
type Emulator[T any] struct {
	settings  LinkSettings
	roundTrip time.Duration
	random    uint64
	last      time.Duration
	queue     []timed[T]
	head      int
}

type timed[T any] struct {
	due  time.Duration
	item T
}

// NewEmulator gives a link as it really is. Equal seeds and equal calls give equal times.
func NewEmulator[T any](seed uint64) *Emulator[T] { return &Emulator[T]{random: seed} }

// Configure sets the link. roundTrip is what a retransmission costs; 0 means twice the one-way delay. A cut drops what is
// in flight; the number of dropped items is returned.
func (e *Emulator[T]) Configure(s LinkSettings, roundTrip time.Duration) (dropped int) {
	e.settings = s
	if e.roundTrip = roundTrip; roundTrip <= 0 {
		e.roundTrip = 2 * s.OneWay
	}
	if s.Cut {
		return e.drop()
	}
	return 0
}

func (e *Emulator[T]) drop() int {
	n := e.InFlight()
	clear(e.queue)
	e.queue, e.head, e.last = e.queue[:0], 0, 0
	return n
}

// Push puts an item on the link at time now. It reports false, and takes nothing, when the link is cut.
func (e *Emulator[T]) Push(now time.Duration, item T) bool {
	if e.settings.Cut {
		return false
	}
	due := now + e.settings.OneWay
	if e.settings.Jitter > 0 {
		due += time.Duration(e.next() % uint64(e.settings.Jitter+1))
	}
	for i := 1; i < maxTransmissions && e.lost(); i++ {
		due += e.roundTrip
	}
	if due < e.last {
		due = e.last
	}
	e.last = due
	e.queue = append(e.queue, timed[T]{due, item})
	return true
}

// Next tells when the first item in flight is due.
func (e *Emulator[T]) Next() (due time.Duration, ok bool) {
	if e.InFlight() == 0 {
		return 0, false
	}
	return e.queue[e.head].due, true
}

// Pop takes the first item out if it is due.
func (e *Emulator[T]) Pop(now time.Duration) (item T, ok bool) {
	if e.InFlight() == 0 || e.queue[e.head].due > now {
		return item, false
	}
	slot := &e.queue[e.head]
	item, ok = slot.item, true
	*slot = timed[T]{}
	e.head++
	switch {
	case e.head == len(e.queue):
		e.queue, e.head = e.queue[:0], 0
	case e.head >= 64 && 2*e.head >= len(e.queue):
		// Move the rest down, so that a link that is never empty does not grow without end.
		n := copy(e.queue, e.queue[e.head:])
		clear(e.queue[n:])
		e.queue, e.head = e.queue[:n], 0
	}
	return item, ok
}

// InFlight is how many items are on the link.
func (e *Emulator[T]) InFlight() int { return len(e.queue) - e.head }

func (e *Emulator[T]) lost() bool {
	if e.settings.LossPercent <= 0 {
		return false
	}
	return float64(e.next()>>11)/(1<<53)*100 < e.settings.LossPercent
}

// next is splitmix64 (Steele, Lea, Flood 2014): small, seedable, good enough for delays.
func (e *Emulator[T]) next() uint64 {
	e.random += 0x9e3779b97f4a7c15
	z := e.random
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
