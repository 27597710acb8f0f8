package sim

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/sim/check"
)

const (
	healStep  = 500_000
	healSteps = 160        // until all must agree, in steps
	restAfter = 25_000_000 // and how long they then rest: longer than logs are kept
	leanSteps = 60
)

// finish heals everything, waits until all locations agree, and judges what is left.
func (w *world) finish() {
	if w.report.Count > 0 {
		return // the safety phase has failed; what follows would only follow from it
	}
	w.heal()
	steps := 0
	why := ""
	for ; steps < healSteps; steps++ {
		w.until(w.now+healStep, w.stop)
		if w.report.Count > 0 {
			return
		}
		if why = w.unsettled(); why == "" {
			break
		}
	}
	if why != "" {
		w.fail(check.Convergence, w.anchor, "no agreement %d s after everything has healed: %s", healSteps*healStep/1_000_000, why)
		return
	}
	w.trace("settled")
	w.until(w.now+restAfter, w.stop)
	for range leanSteps {
		if why = w.fat(); why == "" {
			break
		}
		w.until(w.now+healStep, w.stop)
	}
	if w.report.Count > 0 {
		return
	}
	if why != "" {
		w.fail(check.Metadata, w.anchor, "%s", why)
	}
	if why = w.unsettled(); why != "" {
		w.fail(check.Convergence, w.anchor, "agreement was lost: %s", why)
	}
	w.judgeAll()
}

// heal ends all faults.
func (w *world) heal() {
	w.event("healing", 0, 0, 0)
	w.healed = true
	for _, s := range w.sites {
		if o := s.timing.offset; o > 2000 || o < -2000 || s.timing.bad {
			w.rightClock(s, s.rng.between(-200, 200))
		}
		for i := range int64(16) {
			s.disk.FailAt(s.disk.Operations()+i, 0)
		}
		if !s.up && !s.state.dead && s.self != 0 {
			w.restart(s, s.rng.between(0, 1_000_000))
		}
	}
	w.net.quiet()
}

// live lists the locations that must agree in the end.
func (w *world) live() []*site {
	var out []*site
	for _, s := range w.sites {
		if !s.state.dead && s.self != 0 {
			out = append(out, s)
		}
	}
	return out
}

// unsettled says why there is no agreement yet, nothing when there is.
func (w *world) unsettled() string {
	if w.member.pending > 0 {
		return "a membership change is under way"
	}
	var vector clock.Vector
	for _, s := range w.live() {
		if !s.up {
			return s.name + " is down"
		}
		if !s.serves() {
			return fmt.Sprintf("%s does not serve (snapshot %v, rejected %s)", s, s.state.needsSnapshot, s.state.rejected)
		}
		if n := len(s.core.Members().Leaving()); n > 0 {
			return fmt.Sprintf("%s: %d evictions are under way", s, n)
		}
		p := store{s}.Progress()
		if vector == nil {
			vector = p.Vector
		}
		if !p.Vector.Equal(vector) {
			return fmt.Sprintf("%s has %s, %s has %s", s, p.Vector, w.live()[0], vector)
		}
		st := s.machine.Status()
		if st.Waiting > 0 {
			return fmt.Sprintf("%s: %d bytes wait", s, st.Waiting)
		}
	}
	return ""
}

// fat says what is left over of metadata, nothing when all is lean.
func (w *world) fat() string {
	// A set that has lost its base to an insert must remember that it has none, as long as it has elements.
	const most, mostLoose = 32, 48
	keys := layout.NewKeys(fabricNumber)
	for _, s := range w.live() {
		space := keys.Space(nil, layout.Documents)
		it, err := s.disk.Scan(space, layout.End(space))
		if err != nil {
			return err.Error()
		}
		for it.Next() {
			record, key := append([]byte(nil), it.Value()...), append([]byte(nil), it.Key()[10:]...)
			extra := len(record) - len(codec.RecordText(record))
			if codec.RecordHidden(record) {
				_ = it.Close()
				return fmt.Sprintf("%s keeps the removed document %q: %d bytes", s, key, len(record))
			}
			if extra > mostLoose || extra > most && !codec.RecordSettled(record) {
				doc, err := codec.DecodeDocument(record)
				_ = it.Close()
				stamps := ""
				if err == nil {
					doc.Stamps(func(st clock.Stamp) bool { stamps += " " + st.String(); return true })
				}
				return fmt.Sprintf("%s keeps %d bytes of metadata in document %q: %s; stamps%s; stable %s", s, extra, key, record, stamps, s.core.Stable())
			}
		}
		if err := it.Close(); err != nil {
			return err.Error()
		}
		if why := s.longLogs(); why != "" {
			return why
		}
	}
	return ""
}

// longLogs says of which log a location keeps more than its history needs, nothing when of none. Everything is stable
// and older than the history by then, so of each log only what leads to its end may be left: back to the last record
// that can be read by itself, which is one in 64.
func (s *site) longLogs() string {
	const mostOrders, mostRecords = 60, 64
	keys := layout.NewKeys(fabricNumber)
	orders := s.count(keys.Space(nil, layout.Order), nil)
	if orders > mostOrders {
		return fmt.Sprintf("%s keeps %d records of its changelog", s, orders)
	}
	space := keys.Space(nil, layout.Log)
	logs := map[clock.Origin]int{}
	s.count(space, func(key []byte) { logs[clock.Origin(binary.BigEndian.Uint32(key[len(space):]))]++ })
	for _, o := range slices.Sorted(maps.Keys(logs)) {
		if logs[o] > mostRecords {
			return fmt.Sprintf("%s keeps %d records of the log of %s", s, logs[o], o)
		}
	}
	return ""
}

// count counts what lies in a stretch of a disk, and shows each key.
func (s *site) count(space []byte, each func(key []byte)) int {
	it, err := s.disk.Scan(space, layout.End(space))
	if err != nil {
		return 0
	}
	n := 0
	for ; it.Next(); n++ {
		if each != nil {
			each(it.Key())
		}
	}
	_ = it.Close()
	return n
}

// judgeAll compares everything with the specification at one location, and all locations with each other.
func (w *world) judgeAll() {
	w.report.Now = w.now
	live := w.live()
	at := clock.TimeOf(wallBase + w.now/1000)
	for i, s := range live {
		w.ledger.Reached(s.book(), w.ledger.Beyond)
		w.digest(s, at)
		v := s.core.NewView(s.wall())
		for _, c := range v.Collections() {
			private := ""
			if c.Local {
				private = s.self.String()
			} else if i > 0 {
				continue
			}
			for _, key := range w.ledger.Places(private, c.Name, c.Generation) {
				s.judge(v, c.Name, key)
			}
			s.readCount(v, c.Name)
		}
		s.readIndex(v)
		s.readEntries(v, "docs")
		s.readEntries(v, "ttl")
		s.judgePoints(v)
		_ = v.Close()
	}
}
