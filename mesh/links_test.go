package mesh

import (
	"math"
	"reflect"
	"sync"
	"testing"
	"time"
)

func TestLinksSettings(t *testing.T) {
	t.Parallel()
	l := NewLinks()
	if got := l.Get("a", "b"); got != (LinkSettings{}) {
		t.Fatalf("an untouched link: %+v", got)
	}
	s := LinkSettings{OneWay: 125 * time.Millisecond, Jitter: time.Millisecond, LossPercent: 1}
	if err := l.Set("a", "b", s); err != nil {
		t.Fatal(err)
	}
	if err := l.Cut("a", "b", false); err != nil {
		t.Fatal(err)
	}
	s.Cut = true
	if got := l.Get("a", "b"); got != s {
		t.Errorf("a cut must keep the delay: %+v", got)
	}
	if !l.Get("b", "a").Cut || l.passable("a", "b") || l.passable("b", "a") {
		t.Error("a cut of both ways must show both ways")
	}
	if err := l.Heal("b", "a", true); err != nil {
		t.Fatal(err)
	}
	if l.Get("b", "a").Cut || l.passable("b", "a") {
		t.Error("one way healed: the other one still stops the stream")
	}
	l.HealAll()
	s.Cut = false
	if got := l.Get("a", "b"); got != s || !l.passable("a", "b") {
		t.Errorf("after HealAll: %+v", got)
	}
	loss := 2.5
	if got, err := l.Patch("a", "b", LinkPatch{LossPercent: &loss}); err != nil || got.LossPercent != 2.5 || got.OneWay != s.OneWay {
		t.Errorf("patched: %+v, %v", got, err)
	}
}

func TestLinksRefuse(t *testing.T) {
	t.Parallel()
	bad := []LinkSettings{
		{OneWay: -1}, {OneWay: MaxOneWay + 1}, {Jitter: -1}, {Jitter: MaxOneWay + 1},
		{LossPercent: -1}, {LossPercent: 91}, {LossPercent: math.NaN()}, {LossPercent: math.Inf(1)},
	}
	l := NewLinks()
	for _, s := range bad {
		if err := l.Set("a", "b", s); err == nil {
			t.Errorf("%+v was taken", s)
		}
	}
	for _, n := range [][2]string{{"a", "a"}, {"", "a"}, {"a", ""}} {
		if err := l.Set(n[0], n[1], LinkSettings{}); err == nil {
			t.Errorf("a link from %q to %q was taken", n[0], n[1])
		}
	}
	if got := l.All(); len(got) != 0 {
		t.Errorf("refused settings left links: %v", got)
	}
}

func TestLinksWatch(t *testing.T) {
	t.Parallel()
	l := NewLinks()
	var seen []string
	stop := l.Watch(func(link Link) {
		// A watcher may ask for links.
		if l.Get(link.From, link.To) != link.LinkSettings {
			t.Error("the watcher was told before the change")
		}
		seen = append(seen, link.From+link.To+link.State())
	})
	_ = l.Cut("a", "b", false)
	_ = l.Heal("a", "b", true)
	stop()
	l.HealAll()
	if want := []string{"abcut", "bacut", "abdown"}; !reflect.DeepEqual(seen, want) {
		t.Errorf("seen %v, want %v", seen, want)
	}
}

func TestLinksWAN(t *testing.T) {
	t.Parallel()
	l := NewLinks()
	if err := l.EmulateWAN(Places()); err != nil {
		t.Fatal(err)
	}
	if got := l.All(); len(got) != 90 || got[0].From != "dal" || got[89].To != "tor" {
		t.Errorf("%d links", len(got))
	}
	if got := l.Get("fra", "syd").OneWay; got != 125*time.Millisecond {
		t.Errorf("fra to syd: %v", got)
	}
	r := l.Link("fra", "syd").Report(Lag{Entries: 3})
	if r.OneWayMs != 125 || r.State != "down" || r.Lag.Entries != 3 {
		t.Errorf("report %+v", r)
	}
}

func TestLinksMeasure(t *testing.T) {
	t.Parallel()
	l := NewLinks()
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 100 {
				l.count("a", "b", 1, 10)
			}
		})
	}
	group.Wait()
	l.markUp("a", "b", true)
	if got := l.Link("a", "b"); got.Frames != 400 || got.Bytes != 4000 || got.State() != "up" {
		t.Errorf("%+v", got)
	}
	// A steady link moves slowly, one stray value too, two strays in a row mean another link.
	steps := []struct{ observed, want time.Duration }{{80, 80}, {88, 81}, {801, 171}, {171, 171}, {1000, 274}, {1000, 1000}, {10, 877}, {10, 10}}
	for i, s := range steps {
		l.observe("a", "b", s.observed)
		if got := l.Link("a", "b").RoundTrip; got != s.want {
			t.Fatalf("step %d: %d, want %d", i, got, s.want)
		}
	}
	r := Link{Measured: Measured{RoundTrip: 3 * time.Millisecond}}.Report(Lag{})
	if r.OneWayMs != 1.5 || r.RttMs != 3 {
		t.Errorf("without emulation half the round trip stands for the delay: %+v", r)
	}
}
