package changelog

import "sync"

// Tail holds the newest records in memory, with their texts, for readers that are nearly up to date.
// It may be used by many goroutines.
type Tail struct {
	mu struct {
		sync.Mutex
		records []Record
		bytes   int
		newest  uint64
		wake    chan struct{}
	}
	limit int
}

// NewTail makes a tail that holds about limit bytes of texts.
func NewTail(limit int) *Tail {
	t := &Tail{limit: limit}
	t.mu.wake = make(chan struct{})
	return t
}

// Add puts in a durable record; records come in order. A record without transactions is passed over.
func (t *Tail) Add(r Record) {
	if len(r.Transactions) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.mu.records = append(t.mu.records, r)
	t.mu.bytes += size(&r)
	t.mu.newest = r.Order
	for t.mu.bytes > t.limit && len(t.mu.records) > 1 {
		t.mu.bytes -= size(&t.mu.records[0])
		t.mu.records[0] = Record{}
		t.mu.records = t.mu.records[1:]
	}
	close(t.mu.wake)
	t.mu.wake = make(chan struct{})
}

// Start tells the order of the newest record that was durable when the fabric was opened.
func (t *Tail) Start(order uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.mu.newest = max(t.mu.newest, order)
}

func size(r *Record) int {
	n := 64
	for i := range r.Transactions {
		n += 64
		for j := range r.Transactions[i].Changes {
			n += 96 + len(r.Transactions[i].Changes[j].Text)
		}
	}
	return n
}

// After returns the record that follows an order when the tail has it. newest is the newest durable order;
// wake is closed when there is a newer one.
func (t *Tail) After(order uint64) (r Record, found bool, newest uint64, wake <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if n := len(t.mu.records); n > 0 {
		first := t.mu.records[0].Order
		if order+1 >= first && order < t.mu.newest {
			return t.mu.records[order+1-first], true, t.mu.newest, t.mu.wake
		}
	}
	return Record{}, false, t.mu.newest, t.mu.wake
}
