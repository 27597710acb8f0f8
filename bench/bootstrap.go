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
	r.set("fill_per_second", float64(o.Documents)/time.Since(began).Seconds())
	f, err := p.fabricOf(0)
	if err != nil {
		return r, err
	}
	var during atomic.Bool
	var alone, copying latencies
	var failed atomic.Pointer[error]
	ctx, stop := context.WithCancel(context.Background())
	var writers sync.WaitGroup
	writers.Go(func() {
		for i := int64(0); ctx.Err() == nil; {
			const lot = 250 * time.Millisecond
			openLoop(o.Rate, lot, func(n int64, planned time.Time) {
				if err := insert(context.Background(), p.services[0], benchDocuments, document(nil, i+n)); err != nil {
					failed.Store(&err)
				}
				if during.Load() {
					copying.add(time.Since(planned))
				} else {
					alone.add(time.Since(planned))
				}
			})
			i += int64(float64(o.Rate) * lot.Seconds())
		}
	})
	err = func() error {
		defer func() { stop(); writers.Wait() }()
		time.Sleep(o.Warmup)
		alone = latencies{}
		time.Sleep(o.Duration / 2)
		during.Store(true)
		defer during.Store(false)
		began, used := time.Now(), cpu()
		n, err := startMember(one, dir, 1)
		if err != nil {
			return err
		}
		p.stop, p.services, p.names = append(p.stop, n.Close), append(p.services, n.Service()), append(p.names, memberName(1))
		seen := f.Seen()
		copied := time.Since(began).Seconds()
		r.set("copy_seconds", copied)
		r.set("cpu_seconds_both_ends", cpu()-used)
		r.set("mib_per_second", float64(o.Documents)*documentBytes/(1<<20)/copied)
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
	}()
	if e := failed.Load(); e != nil {
		err = errors.Join(err, fmt.Errorf("a write failed: %w", *e))
	}
	if err != nil {
		return r, err
	}
	r.set("documents", float64(o.Documents))
	r.set("write_rate", float64(o.Rate))
	r.set("write_p99_before_ms", alone.at(0.99))
	r.set("write_p99_during_ms", copying.at(0.99))
	r.set("write_max_before_ms", alone.at(1))
	r.set("write_max_during_ms", copying.at(1))
	return r, compareCounts(p)
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
