package bench

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/value"
)

// sight measures when other locations see the commits of the first one: durable there, and given out by their change
// feeds.
type sight struct {
	planet  *planet
	planned []atomic.Int64 // by number of the commit: when it was to start, ns after began; 0 not yet
	acked   []atomic.Int64
	began   time.Time
	seen    []latencies // by location: since planned
	since   []latencies // by location: since acknowledged, or 0 when seen before
	counted []atomic.Int64
	from    atomic.Int64 // commits before this one are of the warm-up
	cancel  context.CancelFunc
	group   sync.WaitGroup
	failed  atomic.Pointer[error]
}

// watch follows the collection at all locations but the first.
func watch(p *planet, most int) (*sight, error) {
	n := len(p.services)
	s := &sight{planet: p, planned: make([]atomic.Int64, most), acked: make([]atomic.Int64, most), began: time.Now(),
		seen: make([]latencies, n), since: make([]latencies, n), counted: make([]atomic.Int64, n)}
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	now, err := fabric.ParseToken("now")
	if err != nil {
		return nil, err
	}
	for i := 1; i < n; i++ {
		f, err := p.fabricOf(i)
		if err != nil {
			return nil, err
		}
		feed, err := f.Changes(now, benchDocuments)
		if err != nil {
			return nil, err
		}
		s.group.Go(func() { s.follow(ctx, i, feed) })
	}
	return s, nil
}

func (s *sight) follow(ctx context.Context, i int, feed *fabric.Feed) {
	for {
		m, err := feed.Next(ctx)
		if err != nil {
			if ctx.Err() == nil {
				s.failed.Store(&err)
			}
			return
		}
		now := int64(time.Since(s.began))
		for _, c := range m.Changes {
			n, err := strconv.Atoi(c.Key[1:])
			if err != nil || n >= len(s.planned) {
				continue
			}
			s.counted[i].Add(1)
			if int64(n) < s.from.Load() {
				continue
			}
			s.seen[i].add(time.Duration(now - s.planned[n].Load()))
			if acked := s.acked[n].Load(); acked != 0 {
				s.since[i].add(time.Duration(now - acked))
			} else {
				s.since[i].add(0)
			}
		}
	}
}

// commit is commit number n; its key tells the number.
func (s *sight) commit(n int64, planned time.Time) {
	s.planned[n].Store(max(int64(planned.Sub(s.began)), 1))
	err := func() error {
		var c api.Call
		if err := s.planet.services[0].Begin(context.Background(), &c, &api.Envelope{Authorization: "apikey " + rootKey}); err != nil {
			return err
		}
		var buf [documentBytes + 8]byte
		doc, err := value.Parse(document(buf[:0], n), value.DefaultLimits)
		if err != nil {
			return err
		}
		o := api.DefaultWriteOptions()
		_, err = s.planet.services[0].Write(context.Background(), &c, api.OpInsert, benchDocuments, fmt.Sprintf("n%09d", n), doc, &o)
		return err
	}()
	if err != nil {
		s.failed.Store(&err)
		return
	}
	s.acked[n].Store(int64(time.Since(s.began)))
}

// run commits at a rate; the commits get numbers from first on. It returns when all locations have seen all.
func (s *sight) run(rate int, warmup, duration time.Duration, first int64) (next int64, err error) {
	for i := range s.seen {
		s.seen[i].clear()
		s.since[i].clear()
	}
	warm := int64(float64(rate) * warmup.Seconds())
	s.from.Store(first + warm)
	var done atomic.Int64
	openLoop(rate, warmup+duration, func(i int64, planned time.Time) {
		s.commit(first+i, planned)
		done.Add(1)
	})
	next = first + done.Load()
	deadline := time.Now().Add(20 * time.Second)
	for i := 1; i < len(s.seen); i++ {
		for s.counted[i].Load() < next {
			if e := s.failed.Load(); e != nil {
				return next, *e
			}
			if time.Now().After(deadline) {
				return next, fmt.Errorf("%s saw %d of %d commits", s.planet.names[i], s.counted[i].Load(), next)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	if e := s.failed.Load(); e != nil {
		return next, *e
	}
	return next, nil
}

func (s *sight) end() {
	s.cancel()
	s.group.Wait()
}

const (
	visibleWithin  = 20.0 // ms at the 99th percentile
	mostCommits    = 4_000_000
	rateStep       = 1.25
	mostRates      = 8
	triesPerRate   = 2 // a rate fails when it fails so often
	settleBetween  = 500 * time.Millisecond
	firstRateFloor = 500
)

// startWatched starts a planet, and watches what its locations see.
func startWatched(o Options) (*planet, *sight, error) {
	p, err := startPlanet(o)
	if err != nil {
		return nil, nil, err
	}
	if err = p.awaitCollection(context.Background()); err == nil {
		var s *sight
		if s, err = watch(p, mostCommits); err == nil {
			return p, s, nil
		}
	}
	return nil, nil, errors.Join(err, p.close())
}

// replicate raises the commit rate until the slowest location sees the slowest hundredth of commits too late.
func replicate(o Options) (r Result, err error) {
	r.Name = "replicate"
	p, s, err := startWatched(o)
	if err != nil {
		return r, err
	}
	defer func() {
		s.end()
		err = errors.Join(err, p.close())
	}()
	next, failures := int64(0), 0
	rate := max(o.Rate, firstRateFloor)
	for range mostRates {
		used, began := cpu(), time.Now()
		if next, err = s.run(rate, o.Warmup, o.Duration, next); err != nil {
			return r, err
		}
		worst := s.worst(0.99)
		r.set(fmt.Sprintf("p99_ms_at_%d", rate), worst)
		if worst < visibleWithin {
			failures = 0
			r.set("commits_per_second", float64(rate))
			r.set("p50_ms", s.worst(0.50))
			r.set("p99_ms", worst)
			r.set("cpu_cores", (cpu()-used)/time.Since(began).Seconds())
			rate = int(float64(rate) * rateStep)
			continue
		}
		if failures++; failures >= triesPerRate {
			break
		}
		time.Sleep(settleBetween)
	}
	r.set("locations", float64(o.Locations))
	r.note("visible", "durable at the other location and given out by its change feed, counted from the planned start of the commit")
	return r, nil
}

// worst is a percentile at the location where it is largest.
func (s *sight) worst(share float64) float64 {
	most := 0.0
	for i := 1; i < len(s.seen); i++ {
		most = max(most, s.seen[i].at(share))
	}
	return most
}

// visibility commits at one rate and compares what each location sees with the delay of its link.
func visibility(o Options) (r Result, err error) {
	r.Name = "visibility"
	p, s, err := startWatched(o)
	if err != nil {
		return r, err
	}
	defer func() {
		s.end()
		err = errors.Join(err, p.close())
	}()
	if _, err = s.run(o.Rate, o.Warmup, o.Duration, 0); err != nil {
		return r, err
	}
	var over50, over99 float64
	for i := 1; i < len(p.services); i++ {
		name, oneWay := p.names[i], p.oneWay[p.names[i]]
		r.set(name+"_one_way_ms", oneWay)
		r.set(name+"_p50_ms", s.seen[i].at(0.50))
		r.set(name+"_p99_ms", s.seen[i].at(0.99))
		r.set(name+"_p50_since_acknowledged_ms", s.since[i].at(0.50))
		over50 = max(over50, s.seen[i].at(0.50)-oneWay)
		over99 = max(over99, s.seen[i].at(0.99)-oneWay)
	}
	r.set("rate", float64(o.Rate))
	r.set("over_one_way_p50_ms", over50)
	r.set("over_one_way_p99_ms", over99)
	r.note("visible", "durable at the other location and given out by its change feed, counted from the planned start of the commit")
	return r, nil
}
