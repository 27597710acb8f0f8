package sim

import (
	"github.com/selvedge-db/selvedge/mesh"
	"github.com/selvedge-db/selvedge/replication"
)

// link is one direction between two locations.
type link struct {
	delay   int64 // microseconds
	slow    int64 // more of it
	cut     bool
	last    int64 // when what was sent last arrives: streams keep their order
	session uint64
	up      bool // the receiver's machine was told so
}

// network carries messages.
type network struct {
	w       *world
	rng     random
	links   map[[2]int]*link
	loss    float64 // percent
	repeat  float64
	reorder float64
}

func newNetwork(w *world) *network {
	return &network{w: w, rng: w.rng.split(), links: map[[2]int]*link{}}
}

// places gives n locations places on the map: the measured ones first, then made up ones.
func (w *world) places(n int) []mesh.Place {
	list, err := mesh.FirstPlaces(n)
	if err != nil {
		list = mesh.Places()
	}
	for i := len(list); i < n; i++ {
		list = append(list, mesh.Place{ID: "p" + string(rune('a'+i%26)), Latitude: float64(w.rng.between(-50, 60)), Longitude: float64(w.rng.between(-170, 170))})
	}
	return list
}

func (n *network) link(from, to int) *link {
	id := [2]int{from, to}
	l := n.links[id]
	if l == nil {
		a, b := n.w.sites[from].place, n.w.sites[to].place
		l = &link{delay: max(mesh.RoundTrip(a, b).Microseconds()/2, 200)}
		n.links[id] = l
	}
	return l
}

// send puts a message on its way.
func (n *network) send(from, to *site, msg replication.Message) {
	w := n.w
	l := n.link(from.index, to.index)
	w.count.Sent++
	if l.cut || n.rng.chance(n.loss) {
		w.count.Lost++
		return
	}
	at := w.now + l.delay + l.slow + n.rng.between(0, l.delay/20+200)
	if n.rng.chance(n.reorder) {
		at += n.rng.between(0, 150_000)
		w.count.Reordered++
	} else {
		at = max(at, l.last)
		l.last = at
	}
	n.deliver(from, to, l.session, at, msg)
	if n.rng.chance(n.repeat) {
		w.count.Repeated++
		n.deliver(from, to, l.session, at+n.rng.between(0, 300_000), msg)
	}
}

func (n *network) deliver(from, to *site, session uint64, at int64, msg replication.Message) {
	w := n.w
	w.after(at-w.now, func() {
		l := n.link(from.index, to.index)
		if !to.up || l.session != session || l.cut {
			return
		}
		to.receive(from, msg)
	})
}

// renew begins a session between two locations, when both are up and neither direction is cut for good.
func (n *network) renew(a, b *site) {
	if !a.up || !b.up || a == b {
		return
	}
	for _, pair := range [][2]*site{{a, b}, {b, a}} {
		l := n.link(pair[0].index, pair[1].index)
		l.session++
		l.last = n.w.now
		l.up = true
	}
	a.peer(b, true)
	b.peer(a, true)
}

// broken tells a location that another is not reached any more.
func (n *network) broken(s, other *site) {
	if l := n.link(other.index, s.index); l.up && s.up {
		l.up = false
		s.peer(other, false)
	}
}

// noticeAfter is how long it takes to notice that the other side is gone, in microseconds.
const noticeAfter = 1_200_000

// cut takes a link away, in one direction or both. Machines learn of it later, or, of a short cut, never.
func (n *network) cut(a, b *site, oneWay bool) {
	n.link(a.index, b.index).cut = true
	n.w.event("cut", a.index, uint64(b.index), 0)
	if !oneWay {
		n.link(b.index, a.index).cut = true
	}
	n.w.after(noticeAfter, func() {
		if n.link(a.index, b.index).cut {
			n.broken(a, b)
			n.broken(b, a)
		}
	})
}

// heal gives a link back.
func (n *network) heal(a, b *site) {
	was := n.link(a.index, b.index).cut || n.link(b.index, a.index).cut
	n.link(a.index, b.index).cut, n.link(b.index, a.index).cut = false, false
	n.link(a.index, b.index).slow, n.link(b.index, a.index).slow = 0, 0
	if was {
		n.w.event("heal", a.index, uint64(b.index), 0)
	}
	if !n.link(a.index, b.index).up || !n.link(b.index, a.index).up {
		n.renew(a, b)
	}
}

// quiet ends all disturbance.
func (n *network) quiet() {
	n.loss, n.repeat, n.reorder = 0, 0, 0
	for i, a := range n.w.sites {
		for _, b := range n.w.sites[i+1:] {
			n.heal(a, b)
		}
	}
}
