package sim

import (
	"fmt"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/sim/check"
	"github.com/selvedge-db/selvedge/value"
)

// client reads and writes, one thing at a time, and carries what it has seen from location to location.
type client struct {
	w       *world
	rng     random
	number  int
	site    *site
	token   clock.Vector // what it has seen
	session string       // key of the document that only it writes
	tries   int64
	seq     int64 // that it knows to be written
	renewed int
}

// planClients gives each location a client.
func (w *world) planClients() {
	for _, s := range w.sites {
		w.addClient(s)
	}
	for i := range 3 {
		rng := w.rng.split()
		w.schemaWork(&rng, i)
	}
	w.planTellers()
}

func (w *world) addClient(s *site) {
	c := &client{w: w, rng: w.rng.split(), number: len(w.clients), site: s}
	c.newSession()
	w.clients = append(w.clients, c)
	c.pause()
}

func (c *client) newSession() {
	c.renewed++
	c.session, c.seq, c.token = fmt.Sprintf("c%d-%d", c.number, c.renewed), 0, nil
}

// pause plans the next thing that the client does.
func (c *client) pause() {
	mean := int64(1e6 / c.w.cfg.CommitsPerSecond / 1.5)
	c.w.after(c.rng.between(mean/10, mean*19/10), c.act)
}

func (c *client) act() {
	w := c.w
	if w.healed {
		return
	}
	if !c.site.serves() || c.rng.chance(6) {
		if list := w.serving(); len(list) > 0 {
			next := pick(&c.rng, list)
			if next != c.site {
				w.count.Moves++
			}
			c.site = next
		}
	}
	if !c.site.serves() {
		c.pause()
		return
	}
	c.await(0)
}

// await goes on once the location has seen what the client has seen.
func (c *client) await(waited int) {
	s := c.site
	if !s.serves() || waited > 100 || c.w.healed {
		c.newSession()
		c.pause()
		return
	}
	v := s.core.NewView(s.wall())
	behind := c.w.mutant != "impatient-session" && !c.w.ledger.Holding(v.Vector()).Dominates(c.token)
	_ = v.Close()
	if behind {
		if waited == 0 {
			c.w.count.Waits++
		}
		c.w.after(50_000, func() { c.await(waited + 1) })
		return
	}
	if c.rng.chance(35) {
		c.read()
		return
	}
	c.write()
}

// read looks at a few documents, and is answered when what it saw is durable.
func (c *client) read() {
	s := c.site
	v := s.core.NewView(s.wall())
	s.readSome(v)
	switch c.rng.below(4) {
	case 0:
		s.readIndex(v)
		if c.rng.chance(25) {
			s.readEntries(v, pick(&c.rng, []string{"docs", "ttl"}))
		}
	case 2:
		s.judgePoints(v)
	case 1:
		s.readCount(v, pick(&c.rng, []string{seriesName, "docs", "kv", "ttl", "late", "plain", "pairs"}))
	}
	mine, found := s.judge(v, "sessions", c.session)
	seen := c.w.ledger.Holding(v.Vector()).Clone()
	_ = v.Close()
	life := s.life
	answered := false
	s.whenDurable(func() {
		answered = true
		c.checkSession(s, mine, found)
		c.token = c.token.Max(seen)
		c.pause()
	})
	if !answered {
		c.giveUp(s, life, &answered)
	}
}

// giveUp makes the client go on when a crash took its request.
func (c *client) giveUp(s *site, life int, answered *bool) {
	c.w.after(5_000_000, func() {
		if !*answered {
			*answered = true
			c.newSession()
			c.pause()
		}
	})
}

func (c *client) checkSession(s *site, mine fabric.Document, found bool) {
	if c.seq == 0 {
		return
	}
	got := int64(-1)
	if found {
		if doc, err := mine.Value(); err == nil {
			n, _ := doc.Get("seq")
			got, _ = n.Int64()
		}
	}
	if got < c.seq {
		c.w.fail(check.Session, s, "client %d wrote %d and reads %d", c.number, c.seq, got)
	}
}

func (c *client) write() {
	s := c.site
	answered := false
	seq := int64(0)
	t := &commit{}
	if c.rng.chance(20) {
		c.tries++
		seq = c.tries
	}
	seed := c.rng.next()
	t.prepare = func() (*fabric.Prepared, error) {
		g := content{rng: random{seed}, s: s}
		t.writes = g.transaction()
		if seq > 0 {
			t.writes = append(t.writes, fabric.NewWrite(fabric.Upsert, "sessions", c.session, value.Object(value.Member{Name: "seq", Value: value.Int(seq)})))
		}
		all := fabric.Transaction{Writes: t.writes}
		if t.points = g.rng.chance(25); t.points {
			all.Points = g.points()
		}
		return s.core.Prepare(all, s.wall())
	}
	t.done = func(ok bool, stamp clock.Stamp) {
		if answered {
			return
		}
		answered = true
		if ok && seq > 0 && !stamp.IsZero() {
			c.seq = seq
		}
		if ok && !stamp.IsZero() {
			c.token = c.token.Max(c.w.ledger.SeenBy(stamp))
		}
		c.pause()
	}
	life := s.life
	s.submit(t)
	if !answered {
		c.giveUp(s, life, &answered)
	}
}
