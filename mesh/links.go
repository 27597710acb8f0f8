package mesh

import (
	"fmt"
	"sort"
	"sync"
	"time"
)

// Bounds of link settings. Total loss is a cut and is asked for as one.
const (
	MaxOneWay      = time.Minute
	MaxLossPercent = 90
)

// LinkSettings is what is emulated on one directed link. The zero value is the link as it really is: up, nothing added.
type LinkSettings struct {
	Cut         bool
	OneWay      time.Duration // added to every frame
	Jitter      time.Duration // added to OneWay, evenly spread over 0 to Jitter
	LossPercent float64       // of transmissions; a lost one comes a round trip later, see Emulator
}

// Check tells what is out of bounds.
func (s LinkSettings) Check() error {
	switch {
	case s.OneWay < 0 || s.OneWay > MaxOneWay:
		return fmt.Errorf("mesh: one-way delay %v, must be 0 to %v", s.OneWay, MaxOneWay)
	case s.Jitter < 0 || s.Jitter > MaxOneWay:
		return fmt.Errorf("mesh: jitter %v, must be 0 to %v", s.Jitter, MaxOneWay)
	case !(s.LossPercent >= 0 && s.LossPercent <= MaxLossPercent):
		return fmt.Errorf("mesh: loss of %v %%, must be 0 to %d (cut the link for more)", s.LossPercent, MaxLossPercent)
	}
	return nil
}

func (s LinkSettings) delays() bool { return s.OneWay > 0 || s.Jitter > 0 || s.LossPercent > 0 }

// LinkPatch changes the settings that are not nil.
type LinkPatch struct {
	Cut         *bool
	OneWay      *time.Duration
	Jitter      *time.Duration
	LossPercent *float64
}

// Measured is what was seen of a directed link. Bytes and frames are those that the sender wrote, after compression.
type Measured struct {
	Up        bool          // a stream is up, as From sees it
	RoundTrip time.Duration // smoothed; 0: not measured yet
	Frames    uint64
	Bytes     uint64
}

// Link is one directed link with all that is known of it.
type Link struct {
	From, To string
	LinkSettings
	Measured
	strays int // measurements in a row that were far off RoundTrip
}

// State is "cut" (emulated), "up" or "down", the words of the mesh report.
func (l Link) State() string {
	switch {
	case l.Cut:
		return "cut"
	case l.Up:
		return "up"
	}
	return "down"
}

type linkName struct{ from, to string }

// Links holds the settings and measurements of directed links. In a development planet all locations share one, so that a
// change shows at both ends; a served location has its own and sees its own links only. Safe for concurrent use.
type Links struct {
	mu       sync.Mutex
	links    map[linkName]*Link
	watchers map[int]func(Link)
	nextID   int
}

// NewLinks gives an empty set: every link is as it really is.
func NewLinks() *Links {
	return &Links{links: map[linkName]*Link{}, watchers: map[int]func(Link){}}
}

// EmulateWAN gives the links between all places the one-way delay of half their round trip.
func (l *Links) EmulateWAN(places []Place) error {
	for _, a := range places {
		for _, b := range places {
			if a.ID == b.ID {
				continue
			}
			if err := l.Set(a.ID, b.ID, LinkSettings{OneWay: RoundTrip(a, b) / 2}); err != nil {
				return err
			}
		}
	}
	return nil
}

// Set replaces the settings of one directed link. It returns after the watchers have seen the change.
func (l *Links) Set(from, to string, s LinkSettings) error {
	_, err := l.change(from, to, func(old *LinkSettings) { *old = s })
	return err
}

// Patch changes some settings of one directed link and gives what holds now.
func (l *Links) Patch(from, to string, p LinkPatch) (LinkSettings, error) {
	return l.change(from, to, func(s *LinkSettings) {
		if p.Cut != nil {
			s.Cut = *p.Cut
		}
		if p.OneWay != nil {
			s.OneWay = *p.OneWay
		}
		if p.Jitter != nil {
			s.Jitter = *p.Jitter
		}
		if p.LossPercent != nil {
			s.LossPercent = *p.LossPercent
		}
	})
}

func (l *Links) change(from, to string, edit func(*LinkSettings)) (LinkSettings, error) {
	if from == "" || to == "" || from == to {
		return LinkSettings{}, fmt.Errorf("mesh: no link from %q to %q: two different locations are needed", from, to)
	}
	l.mu.Lock()
	var s LinkSettings
	if known := l.links[linkName{from, to}]; known != nil {
		s = known.LinkSettings
	}
	edit(&s)
	if err := s.Check(); err != nil {
		l.mu.Unlock()
		return LinkSettings{}, fmt.Errorf("mesh: link from %s to %s: %w", from, to, err)
	}
	link := l.link(from, to)
	link.LinkSettings = s
	changed, watchers := *link, l.copyWatchers()
	l.mu.Unlock()
	for _, w := range watchers {
		w(changed)
	}
	return s, nil
}

// link needs the lock.
func (l *Links) link(from, to string) *Link {
	link := l.links[linkName{from, to}]
	if link == nil {
		link = &Link{From: from, To: to}
		l.links[linkName{from, to}] = link
	}
	return link
}

// copyWatchers needs the lock. Watchers are called without it, so that they may ask for links.
func (l *Links) copyWatchers() []func(Link) {
	ids := make([]int, 0, len(l.watchers))
	for id := range l.watchers {
		ids = append(ids, id)
	}
	sort.Ints(ids)
	watchers := make([]func(Link), len(ids))
	for i, id := range ids {
		watchers[i] = l.watchers[id]
	}
	return watchers
}

// Cut cuts from a to b, and from b to a too unless oneWay. Delays stay as set for the time after.
func (l *Links) Cut(a, b string, oneWay bool) error { return l.setCut(a, b, oneWay, true) }

// Heal ends a cut from a to b, and from b to a too unless oneWay.
func (l *Links) Heal(a, b string, oneWay bool) error { return l.setCut(a, b, oneWay, false) }

func (l *Links) setCut(a, b string, oneWay, cut bool) error {
	if _, err := l.Patch(a, b, LinkPatch{Cut: &cut}); err != nil || oneWay {
		return err
	}
	_, err := l.Patch(b, a, LinkPatch{Cut: &cut})
	return err
}

// HealAll ends every cut. Delays, jitter and loss stay.
func (l *Links) HealAll() {
	for _, link := range l.All() {
		if link.Cut {
			// The names come from a link that was accepted, so this cannot fail.
			_ = l.setCut(link.From, link.To, true, false)
		}
	}
}

// Get gives the settings of a directed link; the zero value when nothing was ever set.
func (l *Links) Get(from, to string) LinkSettings { return l.Link(from, to).LinkSettings }

// Link gives all that is known of one directed link.
func (l *Links) Link(from, to string) Link {
	l.mu.Lock()
	defer l.mu.Unlock()
	if link := l.links[linkName{from, to}]; link != nil {
		return *link
	}
	return Link{From: from, To: to}
}

// All lists the links that were set or used, by from, then to.
func (l *Links) All() []Link {
	l.mu.Lock()
	all := make([]Link, 0, len(l.links))
	for _, link := range l.links {
		all = append(all, *link)
	}
	l.mu.Unlock()
	sort.Slice(all, func(i, j int) bool {
		if all[i].From != all[j].From {
			return all[i].From < all[j].From
		}
		return all[i].To < all[j].To
	})
	return all
}

// Watch calls fn after each change of settings, on the goroutine that changed them, until the returned function is called.
func (l *Links) Watch(fn func(Link)) (stop func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	id := l.nextID
	l.nextID++
	l.watchers[id] = fn
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.watchers, id)
	}
}

// passable tells whether a stream between two locations can live: it needs both directions, see Emulator.
func (l *Links) passable(a, b string) bool {
	return !l.Get(a, b).Cut && !l.Get(b, a).Cut
}

// latency is what the emulation adds there and back, without jitter and loss.
func (l *Links) latency(a, b string) time.Duration { return l.Get(a, b).OneWay + l.Get(b, a).OneWay }

func (l *Links) markUp(from, to string, up bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.link(from, to).Up = up
}

func (l *Links) count(from, to string, frames, bytes int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	link := l.link(from, to)
	link.Frames += uint64(frames)
	link.Bytes += uint64(bytes)
}

// observe takes a measured round trip, smoothed as TCP does it (RFC 6298: one eighth of the new value). Two in a row that
// are off by more than a factor of two mean that the link has changed, and the second is taken as it is.
func (l *Links) observe(from, to string, rtt time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	link := l.link(from, to)
	old := link.RoundTrip
	if rtt > 2*old || rtt < old/2 {
		link.strays++
	} else {
		link.strays = 0
	}
	if old == 0 || link.strays >= 2 {
		link.RoundTrip, link.strays = max(rtt, 1), 0
		return
	}
	link.RoundTrip = max(old+(rtt-old)/8, 1)
}
