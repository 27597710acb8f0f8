package sim

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/internal/env"
	"github.com/selvedge-db/selvedge/mesh"
	"github.com/selvedge-db/selvedge/replication"
	"github.com/selvedge-db/selvedge/sim/check"
	"github.com/selvedge-db/selvedge/store/kv"
	"github.com/selvedge-db/selvedge/store/kv/memory"
	"github.com/selvedge-db/selvedge/value"
)

// slowDisk is a store in memory whose batches are durable a moment after they are seen.
type slowDisk struct{ *memory.DB }

type slowPending struct {
	disk  *memory.DB
	below kv.Pending
}

func (d slowDisk) Apply(b kv.Batch) (kv.Pending, error) {
	p, err := d.DB.Apply(b)
	return slowPending{d.DB, p}, err
}

func (p slowPending) Wait() error {
	<-time.After(2 * time.Millisecond)
	if err := p.disk.Sync(); err != nil {
		return err
	}
	return p.below.Wait()
}

// place is a location as the product runs it: a fabric and a runner, with all their goroutines.
type place struct {
	name   string
	fabric *fabric.Fabric
	runner atomic.Pointer[replication.Runner]
}

// company is some places in one process, joined by links that lose frames.
type company struct {
	t      *testing.T
	places []*place
	mu     sync.Mutex
	rng    random
	seen   []sight
	behind atomic.Int64 // requests that found their location behind their session
}

// sight is what one view has shown to a session: documents as they were at some moment between two vectors.
type sight struct {
	place       string
	texts       map[string]string // by key; empty for none
	least, most clock.Vector
}

const sessionFabric = "company"

func newCompany(t *testing.T, seed uint64, names ...string) *company {
	c := &company{t: t, rng: random{seed}}
	var clocks []env.Clock
	for i, name := range names {
		p, disk := &place{name: name}, memory.New(memory.Options{Manual: true})
		around := env.Real()
		around.Clock = env.Offset(around.Clock, int64(i)*300-300)
		f, err := fabric.Open(fabric.Config{Name: sessionFabric, DB: slowDisk{disk}, Env: around, Options: fabric.Options{Number: fabricNumber},
			OnDurable: func() {
				if r := p.runner.Load(); r != nil {
					r.Durable()
				}
			}})
		if err != nil {
			t.Fatal(err)
		}
		p.fabric = f
		c.places = append(c.places, p)
		t.Cleanup(func() {
			if r := p.runner.Load(); r != nil {
				r.Close()
			}
			if err := f.Close(); err != nil {
				t.Error(err)
			}
		})
		clocks = append(clocks, around.Clock)
	}
	for i, p := range c.places {
		c.enter(p, clocks[i])
	}
	return c
}

// enter makes the fabric at the first place, and lets the others join it.
func (c *company) enter(p *place, around env.Clock) {
	ctx, first := within(c.t), c.places[0]
	change := member.Change{Kind: member.Create, Origin: 1, Fabric: sessionFabric, Name: p.name}
	err := error(nil)
	if p == first {
		err = p.fabric.Create(ctx, change)
	} else {
		change = member.Change{Kind: member.Join, Origin: first.fabric.Core().Members().NextOrigin(), Name: p.name}
		err = first.fabric.AppendMember(ctx, change)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	config := replication.Config{Fabric: sessionFabric, Location: p.name, Self: change.Origin, Start: uint64(change.Origin)}
	if _, members := first.fabric.Known(); p != first {
		m, _ := members.ByOrigin(change.Origin)
		config.Join = clock.Stamp{Time: m.Incarnation, Origin: 1}
	}
	p.runner.Store(replication.Start(replication.RunnerConfig{Machine: config, Fabric: p.fabric, Clock: around, Log: slog.New(slog.DiscardHandler),
		Send: func(to string, frame mesh.Frame) error { return c.send(p, to, frame) }}))
	for _, other := range c.places {
		if r := other.runner.Load(); other != p && r != nil {
			p.runner.Load().PeerUp(other.name)
			r.PeerUp(p.name)
		}
	}
	if err := p.fabric.Await(ctx, first.fabric.Seen()); err != nil {
		c.t.Fatal(err)
	}
}

// send hands a frame over, and loses some of those with entries.
func (c *company) send(from *place, to string, frame mesh.Frame) error {
	c.mu.Lock()
	lost := frame.Class == mesh.Entries && c.rng.chance(20)
	c.mu.Unlock()
	for _, p := range c.places {
		if r := p.runner.Load(); p.name == to && r != nil && !lost {
			r.Frame(from.name, frame.Payload)
		}
	}
	return nil
}

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// session is one client: it goes from place to place and carries what it has seen.
type session struct {
	c     *company
	rng   random
	key   string // of the document that only it writes
	seq   int64
	token clock.Vector
}

// act writes or reads at some place, as a request that carries a token does.
func (s *session) act(ctx context.Context) error {
	p := pick(&s.rng, s.c.places)
	if !p.fabric.Seen().Dominates(s.token) {
		s.c.behind.Add(1)
	}
	if err := p.fabric.Await(ctx, s.token); err != nil {
		return err
	}
	if s.rng.chance(50) {
		return s.write(ctx, p)
	}
	return s.read(ctx, p)
}

func (s *session) write(ctx context.Context, p *place) error {
	s.seq++
	own := parse(fmt.Sprintf(`{"seq":%d,"at":%q}`, s.seq, p.name))
	shared := parse(fmt.Sprintf(`{"last":%q,"tags":[%q]}`, s.key, p.name))
	r, err := p.fabric.Commit(ctx, fabric.Transaction{Writes: []fabric.Write{fabric.NewWrite(fabric.Upsert, "c", s.key, own),
		fabric.NewWrite(fabric.UpsertPatch, "c", fmt.Sprint("shared", s.rng.below(3)), shared)}})
	if err != nil {
		return err
	}
	if !r.Vector.Covers(r.Stamp) {
		return fmt.Errorf("%s answers the commit %s with the vector %s", p.name, r.Stamp, r.Vector)
	}
	s.token = s.token.Max(r.Vector)
	return nil
}

func (s *session) read(ctx context.Context, p *place) error {
	v := p.fabric.View()
	shown := sight{place: p.name, texts: map[string]string{}, least: v.Vector().Clone()}
	for _, key := range []string{s.key, "shared0", "shared1", "shared2"} {
		d, _, err := v.Get("c", key)
		if err != nil {
			return err
		}
		shown.texts[key] = string(d.Text)
		if n, _ := d.Value(); key == s.key && s.seq > 0 {
			seq, _ := n.Get("seq")
			if got, _ := seq.Int64(); got != s.seq {
				return fmt.Errorf("%s wrote %d and reads %d at %s", s.key, s.seq, got, p.name)
			}
		}
	}
	number := v.Number()
	if err := v.Close(); err != nil {
		return err
	}
	if !shown.least.Dominates(s.token) {
		return fmt.Errorf("%s has seen %s and reads at %s as of %s", s.key, s.token, p.name, shown.least)
	}
	if err := p.fabric.Settle(ctx, number); err != nil {
		return err
	}
	if shown.most = p.fabric.Seen(); !shown.most.Dominates(shown.least) {
		return fmt.Errorf("%s answers a read of %s, durable is %s", p.name, shown.least, shown.most)
	}
	s.token = s.token.Max(shown.most)
	s.c.mu.Lock()
	s.c.seen = append(s.c.seen, shown)
	s.c.mu.Unlock()
	return nil
}

// books makes a ledger of the log of a place, as if all had been done in the order of stamps.
func (c *company) books(p *place, entries []codec.Entry) *check.Ledger {
	c.t.Helper()
	l := check.NewLedger(&check.Report{})
	names := map[clock.Origin]string{}
	for _, m := range p.fabric.Core().Members().Members() {
		names[m.Origin] = check.Book(m.Name, m.Origin)
	}
	for i := range entries {
		e := &entries[i]
		book := names[e.Stamp.Origin]
		for j := range entries[:i] {
			if d := entries[j].Stamp; d.Origin != e.Stamp.Origin && e.Deps.Covers(d) && !l.Holds(book).Covers(d) {
				l.Apply(book, &entries[j])
			}
		}
		l.Commit(book, e.Stamp, e.Body, e.Local)
	}
	for _, v := range l.Violations {
		c.t.Error(v)
	}
	return l
}

// log is everything that a place has, in the order of stamps, in which causes come before effects.
func (c *company) log(p *place) []codec.Entry {
	c.t.Helper()
	var out []codec.Entry
	for _, row := range p.fabric.Seen() {
		for after := clock.Time(0); after < row.Time; {
			past, err := p.fabric.Past(row.Origin, after)
			if err != nil {
				c.t.Fatal(err)
			}
			data, last, err := p.fabric.ReadLog(row.Origin, after, 1<<20)
			if err != nil {
				c.t.Fatal(err)
			}
			b, err := codec.DecodeBatch(data, past)
			if err != nil {
				c.t.Fatal(err)
			}
			out, after = append(out, b.Entries...), last
		}
	}
	slices.SortFunc(out, func(a, b codec.Entry) int { return a.Stamp.Compare(b.Stamp) })
	return out
}

// TestSessionsOverFabrics runs the product's own waiting and answering, with all its goroutines: sessions go from
// location to location, read what they have written and never go back; and whatever a view shows is what its vector
// says that it shows.
func TestSessionsOverFabrics(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			t.Parallel()
			c := newCompany(t, seed, "fra", "syd", "tok")
			ctx, first := within(t), c.places[0].fabric
			declared := map[string]value.Value{"tags": parse(`{"type":"set"}`)}
			if _, err := first.CreateCollection(ctx, fabric.CollectionSpec{Name: "c", Type: fabric.DocumentCollection}, declared); err != nil {
				t.Fatal(err)
			}
			var work sync.WaitGroup
			for i := range 9 {
				s := &session{c: c, rng: random{seed<<8 + uint64(i)}, key: fmt.Sprint("s", i), token: first.Seen()}
				work.Go(func() {
					for range 40 {
						if err := s.act(ctx); err != nil {
							t.Error(err)
							return
						}
					}
				})
			}
			work.Wait()
			c.judge(ctx)
		})
	}
}

// judge compares everything that was shown with the specification.
func (c *company) judge(ctx context.Context) {
	c.t.Helper()
	for _, p := range c.places {
		for _, other := range c.places {
			if err := p.fabric.Await(ctx, other.fabric.Seen()); err != nil {
				c.t.Fatal(err)
			}
		}
	}
	entries := c.log(c.places[0])
	l := c.books(c.places[0], entries)
	in, _ := c.places[0].fabric.Collection("c")
	for i := range c.seen {
		if s := &c.seen[i]; !s.right(l, in, entries) {
			c.t.Errorf("%s showed %v: no state between %s and %s is like that", s.place, s.texts, s.least, s.most)
		}
	}
	if len(c.seen) == 0 || c.behind.Load() == 0 {
		c.t.Errorf("%d views were read, %d requests had to wait: nothing was tested", len(c.seen), c.behind.Load())
	}
	c.t.Logf("%d views read, %d requests waited", len(c.seen), c.behind.Load())
}

// right tells whether all that was shown was so at one moment between the two vectors.
func (s *sight) right(l *check.Ledger, in *fabric.Collection, entries []codec.Entry) bool {
	moments := []clock.Vector{s.least}
	for i := range entries { // of an origin in order: each moment goes on with it, or not
		e := entries[i].Stamp
		if s.least.Covers(e) || !s.most.Covers(e) {
			continue
		}
		for _, m := range moments {
			if m.At(e.Origin) == max(entries[i].Prev, s.least.At(e.Origin)) {
				moments = append(moments, m.With(e.Origin, e.Time))
			}
		}
	}
	return slices.ContainsFunc(moments, func(at clock.Vector) bool {
		for key, text := range s.texts {
			want, exists := l.View("", in.Name, in.Generation, key, at, in.CRDT)
			if exists != (text != "") || exists && text != string(value.AppendJSON(nil, want)) {
				return false
			}
		}
		return true
	})
}
