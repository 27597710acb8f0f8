package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// bootstrap fills one location, then starts a second one that copies it, while callers go on to write at the first.
func bootstrap(o Options) (r Result, err error) {
	r.Name = "bootstrap"
	dir, own, err := folder(o.Dir)
	if err != nil {
		return r, err
	}
	one := o
	one.Dir, one.Locations, one.WAN = dir, 1, "none"
	p, err := startPlanet(one)
	if err != nil {
		return r, err
	}
	p.own = own
	defer func() { err = errors.Join(err, p.close()) }()
	began := time.Now()
	if err := fill(p.services[0], benchDocuments, o.Documents); err != nil {
		return r, err
	}
	r.set("documents", float64(o.Documents))
	r.set("fill_per_second", float64(o.Documents)/time.Since(began).Seconds())
	w := startWriters(p, o.Rate)
	time.Sleep(o.Warmup)
	w.before.clear()
	time.Sleep(o.Duration / 2)
	w.during.Store(true)
	err = p.copyTo(one, dir, &r)
	if err = errors.Join(err, w.stop()); err != nil {
		return r, err
	}
	r.set("write_rate", float64(o.Rate))
	r.set("write_p99_before_ms", w.before.at(0.99))
	r.set("write_p99_during_ms", w.copying.at(0.99))
	r.set("write_max_before_ms", w.before.at(1))
	r.set("write_max_during_ms", w.copying.at(1))
	return r, compareCounts(p)
}

// copyTo starts a second location on a folder and waits until it has the data of the first one.
func (p *planet) copyTo(o Options, dir string, r *Result) error {
	f, err := p.fabricOf(0)
	if err != nil {
		return err
	}
	began, used := time.Now(), cpu()
	n, err := startMember(o, dir, 1)
	if err != nil {
		return err
	}
	p.stop, p.services, p.names = append(p.stop, n.Close), append(p.services, n.Service()), append(p.names, memberName(1))
	seen, copied := f.Seen(), time.Since(began).Seconds()
	r.set("copy_seconds", copied)
	r.set("cpu_seconds_both_ends", cpu()-used)
	r.set("mib_per_second", float64(o.Documents)*documentBytes/(1<<20)/copied)
	r.note("rate", "documents of 600 bytes copied by the time that the new location serves; indexes and log come with them, uncounted")
	there, err := p.fabricOf(1)
	if err != nil {
		return err
	}
	within, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := there.Await(within, seen); err != nil {
		return err
	}
	r.set("caught_up_seconds", time.Since(began).Seconds())
	return nil
}

// background is callers that write at a steady rate while something else is measured.
type background struct {
	during          atomic.Bool
	before, copying latencies
	failed          atomic.Pointer[error]
	end             context.CancelFunc
	group           sync.WaitGroup
}

func startWriters(p *planet, rate int) *background {
	ctx, end := context.WithCancel(context.Background())
	w := &background{end: end}
	w.group.Go(func() {
		for i := int64(0); ctx.Err() == nil; {
			const lot = 250 * time.Millisecond
			openLoop(rate, lot, func(n int64, planned time.Time) {
				if err := insert(context.Background(), p.services[0], benchDocuments, document(nil, i+n)); err != nil {
					w.failed.Store(&err)
				}
				if w.during.Load() {
					w.copying.add(time.Since(planned))
				} else {
					w.before.add(time.Since(planned))
				}
			})
			i += int64(float64(rate) * lot.Seconds())
		}
	})
	return w
}

func (w *background) stop() error {
	w.end()
	w.group.Wait()
	if err := w.failed.Load(); err != nil {
		return fmt.Errorf("a write failed: %w", *err)
	}
	return nil
}

// compareCounts waits until both locations hold equally many documents.
func compareCounts(p *planet) error {
	var last [2]int64
	for range 1000 {
		for i := range last {
			l := location{service: p.services[i]}
			n, err := l.count(benchDocuments)
			if err != nil {
				return err
			}
			last[i] = n
		}
		if last[0] == last[1] {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Errorf("the copy has %d documents of %d", last[1], last[0])
}
