package top

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/selvedge-db/selvedge/client"
)

const (
	// detailEvery is the pause between two looks at collections and queries.
	detailEvery = 2 * time.Second
	// meshEvery is the pause between two looks at the mesh where no stream of states is to be had, and between two
	// tries to connect.
	meshEvery = time.Second
	// liveAgain is after how long a location that had no stream is asked for it anew.
	liveAgain = 30 * time.Second
	// mostCounted bounds how many collections are counted.
	mostCounted = 200
	// patience bounds one question.
	patience = 5 * time.Second
)

// Source asks one location.
type Source struct{ Client *client.Client }

// Run hears until the context ends. Tell may be called from several goroutines at once.
func (s *Source) Run(ctx context.Context, tell func(Heard)) {
	var group sync.WaitGroup
	group.Go(func() { s.mesh(ctx, tell) })
	group.Go(func() { s.details(ctx, tell) })
	group.Wait()
}

// mesh listens to the stream of states, and asks for them where there is no stream.
func (s *Source) mesh(ctx context.Context, tell func(Heard)) {
	for ctx.Err() == nil {
		err := s.Client.WatchMesh(ctx, func(m client.Mesh) { tell(Heard{Mesh: &m, Live: true, Of: "mesh"}) })
		if ctx.Err() != nil {
			return
		}
		var refusal *client.Error
		if !errors.As(err, &refusal) || refusal.Status == 401 || refusal.Status == 403 {
			tell(Heard{Of: "mesh", Problem: err.Error()})
			pause(ctx, meshEvery)
			continue
		}
		s.poll(ctx, tell)
	}
}

// poll asks for states for a while.
func (s *Source) poll(ctx context.Context, tell func(Heard)) {
	for range int(liveAgain / meshEvery) {
		asking, cancel := context.WithTimeout(ctx, patience)
		m, err := s.Client.Mesh(asking)
		cancel()
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			tell(Heard{Of: "mesh", Problem: err.Error()})
		default:
			tell(Heard{Mesh: &m, Of: "mesh"})
		}
		pause(ctx, meshEvery)
	}
}

func (s *Source) details(ctx context.Context, tell func(Heard)) {
	for ctx.Err() == nil {
		heard, err := s.queries(ctx)
		s.said(ctx, tell, heard, "queries", err)
		heard, err = s.counts(ctx)
		s.said(ctx, tell, heard, "collections", err)
		pause(ctx, detailEvery)
	}
}

func (s *Source) said(ctx context.Context, tell func(Heard), h Heard, of string, err error) {
	if ctx.Err() != nil {
		return
	}
	h.Of = of
	if err != nil {
		h.Problem = fmt.Sprintf("%s: %v", of, err)
	}
	tell(h)
}

func (s *Source) queries(ctx context.Context) (Heard, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	running, err := s.Client.RunningQueries(ctx)
	if err != nil {
		return Heard{}, err
	}
	slow, err := s.Client.SlowQueries(ctx)
	if err != nil {
		return Heard{}, err
	}
	return Heard{Queries: &Queries{running, slow}}, nil
}

func (s *Source) counts(ctx context.Context) (Heard, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	list, err := s.Client.Collections(ctx, false)
	if err != nil {
		return Heard{}, err
	}
	counts := map[string]Counted{}
	for _, c := range list[:min(len(list), mostCounted)] {
		n, err := s.Client.Count(ctx, c.Name)
		if client.IsNotFound(err) {
			continue // dropped meanwhile
		}
		if err != nil {
			return Heard{}, err
		}
		counts[c.Name] = Counted{kind(&c), n}
	}
	return Heard{Counts: counts}, nil
}

func kind(c *client.Collection) string {
	switch {
	case c.Timeseries != nil:
		return "time series"
	case c.Type == client.EdgeCollection:
		return "edge"
	}
	return "document"
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// Once hears until rates are known, or at least until there is something to show and the time is over.
func Once(ctx context.Context, s *Source, most time.Duration) (State, error) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	var mu sync.Mutex
	tracker, began := NewTracker(s.Client.FabricName()), time.Now()
	meshes, counts, queries := 0, 0, 0
	s.Run(ctx, func(h Heard) {
		mu.Lock()
		defer mu.Unlock()
		tracker.Hear(time.Since(began), h)
		switch {
		case h.Mesh != nil:
			meshes++
		case h.Counts != nil:
			counts++
		case h.Queries != nil:
			queries++
		}
		if meshes > 1 && counts > 1 && queries > 0 {
			cancel()
		}
	})
	state := tracker.State()
	if meshes == 0 {
		if len(state.Problems) > 0 {
			return state, errors.New(state.Problems[0])
		}
		return state, fmt.Errorf("nothing came within %s", most)
	}
	return state, nil
}
