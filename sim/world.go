package sim

import (
	"encoding/binary"
	"fmt"

	"github.com/cespare/xxhash/v2"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/sim/check"
)

// world is one run: the locations, what lies between them, their clients and the judges.
type world struct {
	schedule
	cfg     Config
	rng     random
	hash    *xxhash.Digest
	count   Counters
	report  *check.Report
	ledger  *check.Ledger
	sites   []*site
	net     *network
	clients []*client
	digests map[string]digested
	anchor  *site
	newest  clock.Time // watermark of any location ever: below it some may have forgotten what others still show
	healed  bool       // the liveness phase has begun
	gone    []string   // incarnations that were given up, with their disks
	mutant  string
	member  membership
}

const (
	fabricNumber = 1
	fabricName   = "planet"
	wallBase     = 1_780_000_000_000 // Unix milliseconds at which runs begin
)

// Run runs one simulation. The error says that the configuration makes no sense, never that a property failed.
func Run(cfg Config) (Result, error) {
	if err := cfg.check(); err != nil {
		return Result{}, err
	}
	w := newWorld(cfg)
	if err := w.found(); err != nil {
		return Result{}, fmt.Errorf("sim: seed %d: setting up: %w", cfg.Seed, err)
	}
	w.planClients()
	w.planFaults()
	w.surely()
	w.until(cfg.Duration.Microseconds(), w.stop)
	w.finish()
	r := Result{Seed: cfg.Seed, Hash: w.hash.Sum64(), Violations: w.report.Violations, Count: w.report.Count}
	w.total()
	r.Counters = w.count
	if r.Count == 0 {
		r.Missing = w.count.missing(&cfg)
	}
	return r, nil
}

func newWorld(cfg Config) *world {
	w := &world{cfg: cfg, rng: random{cfg.Seed*0x9e3779b97f4a7c15 + 1}, hash: xxhash.New(), report: &check.Report{},
		digests: map[string]digested{}, mutant: cfg.Mutant}
	w.ledger = check.NewLedger(w.report)
	w.net = newNetwork(w)
	return w
}

// stop ends a run early once so much went wrong that the rest tells nothing.
func (w *world) stop() bool {
	w.report.Now = w.now
	w.count.Steps++
	return w.report.Count >= 20
}

// event puts something that happened into the trace hash, and into the trace when there is one.
func (w *world) event(kind string, where int, a, b uint64) {
	var buf [40]byte
	n := copy(buf[:8], kind)
	binary.LittleEndian.PutUint64(buf[8:], uint64(w.now))
	binary.LittleEndian.PutUint64(buf[16:], uint64(where)|uint64(n)<<32)
	binary.LittleEndian.PutUint64(buf[24:], a)
	binary.LittleEndian.PutUint64(buf[32:], b)
	_, _ = w.hash.Write(buf[:])
	if w.cfg.Trace != nil {
		w.trace("%-8s %s %x %x", kind, w.nameOf(where), a, b)
	}
}

// trace writes a line of the trace; it costs nothing when nobody reads it.
func (w *world) trace(format string, args ...any) {
	if w.cfg.Trace != nil {
		w.cfg.Trace(fmt.Sprintf("%12.6f ", float64(w.now)/1e6) + fmt.Sprintf(format, args...))
	}
}

func (w *world) nameOf(i int) string {
	if i < 0 || i >= len(w.sites) {
		return "-"
	}
	return w.sites[i].name
}

func (w *world) fail(p check.Property, s *site, format string, args ...any) {
	w.report.Now = w.now
	w.report.Fail(p, s.name, format, args...)
}

// siteNamed finds a location.
func (w *world) siteNamed(name string) *site {
	for _, s := range w.sites {
		if s.name == name {
			return s
		}
	}
	return nil
}

// serving lists the locations that take requests.
func (w *world) serving() []*site {
	var out []*site
	for _, s := range w.sites {
		if s.serves() {
			out = append(out, s)
		}
	}
	return out
}

// digested is the first digest seen of one vector at one time.
type digested struct{ hash, site string }

// digest compares a location's state with that of all others that had the same vector: property 1.
func (w *world) digest(s *site, at clock.Time) {
	v := s.core.NewView(s.wall())
	defer func() { _ = v.Close() }()
	d, err := v.Digest(w.tamperDigest(at))
	if err != nil {
		w.fail(check.Convergence, s, "digest: %v", err)
		return
	}
	w.count.Digests++
	id := d.Vector.String() + "@" + at.String()
	if first, ok := w.digests[id]; !ok {
		w.digests[id] = digested{d.Hash, s.name}
	} else if first.hash != d.Hash {
		w.fail(check.Convergence, s, "the digest is %s, at %s with the same vector it was %s", d.Hash, first.site, first.hash)
		w.explain(s, w.siteNamed(first.site), at)
	}
}

// total adds up what the locations have counted.
func (w *world) total() {
	for _, s := range w.sites {
		s.tally()
	}
	w.count.Reads += w.report.Reads
}

// first is the change by which a fabric's own code is asked for a code name of an error.
func codeOf(err error) fabric.Code { return fabric.CodeOf(err) }
