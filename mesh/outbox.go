package mesh

import "sync"

// message is one gRPC message ready to be written; last marks the end of a frame.
type message struct {
	part
	last bool
}

// outbox holds what waits to be written on one stream: a queue per class, bounded in bytes, control first. Safe for
// concurrent use by any number of putters and one taker.
type outbox struct {
	limits [classes]int
	wake   chan struct{} // holds one token while there may be something to take

	mu     sync.Mutex
	queues [classes][]Frame
	bytes  [classes]int
	raw    []part // pings and pongs, before everything
	closed bool

	// Of the taker alone: the rest of the frame being written, by class.
	rest [classes][]part
}

func newOutbox(limits [classes]int) *outbox {
	return &outbox{limits: limits, wake: make(chan struct{}, 1)}
}

// cost is what a frame counts in its queue; the constant stands for the memory around it.
func cost(f Frame) int { return len(f.Payload) + len(f.Fabric) + 64 }

// put queues a frame. A frame larger than the whole queue is taken when the queue is empty, or it could never be sent.
func (o *outbox) put(f Frame) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.closed:
		return ErrNotConnected
	case o.bytes[f.Class] > 0 && o.bytes[f.Class]+cost(f) > o.limits[f.Class]:
		return ErrOverflow
	}
	o.queues[f.Class] = append(o.queues[f.Class], f)
	o.bytes[f.Class] += cost(f)
	o.signal()
	return nil
}

// putRaw queues a ping or pong. Their number is bounded by their rate; a flood from the other end is dropped.
func (o *outbox) putRaw(b []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.closed && len(o.raw) < 64 {
		o.raw = append(o.raw, part{head: b})
		o.signal()
	}
}

func (o *outbox) signal() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// take gives the next message: pings, then control, then entries, part by part.
func (o *outbox) take() (message, bool) {
	o.mu.Lock()
	if len(o.raw) > 0 {
		p := o.raw[0]
		if o.raw = o.raw[1:]; len(o.raw) == 0 {
			o.raw = nil
		}
		o.mu.Unlock()
		return message{p, false}, true
	}
	o.mu.Unlock()
	for class := range Class(classes) {
		if len(o.rest[class]) == 0 {
			f, ok := o.pop(class)
			if !ok {
				continue
			}
			o.rest[class] = split(f)
		}
		p := o.rest[class][0]
		o.rest[class] = o.rest[class][1:]
		return message{p, len(o.rest[class]) == 0}, true
	}
	return message{}, false
}

func (o *outbox) pop(class Class) (Frame, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	q := o.queues[class]
	if len(q) == 0 {
		return Frame{}, false
	}
	f := q[0]
	q[0] = Frame{}
	if o.queues[class] = q[1:]; len(q) == 1 {
		o.queues[class] = nil
	}
	o.bytes[class] -= cost(f)
	return f, true
}

func (o *outbox) queued() [classes]int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.bytes
}

// close refuses what comes and lets go of what waits.
func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed, o.raw, o.queues, o.bytes = true, nil, [classes][]Frame{}, [classes]int{}
}
