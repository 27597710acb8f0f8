// Package node builds a location from its configuration: it opens the store, the fabrics that live there, their
// replication, the transport to other locations, the gateways, and stops them in reverse. It is the only package
// that knows all parts, and the only one that constructs them.
//
// Guarantees: a location that Start returned serves; everything that it acknowledged survives a kill; Close waits
// for requests that run, loses nothing, and leaves no goroutine. A data folder belongs to one location: opening it
// under another name fails.
//
// Not guaranteed: that a joining location is up to date when Start returns, only that it holds a consistent copy.
package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/selvedge-db/selvedge/access"
	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/internal/env"
	"github.com/selvedge-db/selvedge/internal/env/disk"
	"github.com/selvedge-db/selvedge/mesh"
	"github.com/selvedge-db/selvedge/store/kv"
	"github.com/selvedge-db/selvedge/store/kv/pebble"
)

// systemID is the id of the fabric that every location has.
const systemID = "_system"

type fabricName struct{ tenant, name string }

// shared is what the locations of one process share. In a process with one location it holds only that one's.
type shared struct {
	env       env.Env
	fs        disk.FS
	cache     *pebble.Shared
	links     *mesh.Links // emulated, nil in serve
	authority *mesh.KeyAuthority
	addresses func(location string) string // of the mesh, when the process knows them; nil in serve
	tls       *certificates                // of the development certificate authority, nil in serve
	open      bool                         // requests without credentials are root's
	node      func(name string) *Node      // finds a location of this process, nil in serve
	nodes     func() []*Node
	listener  net.Listener // for clients, when it was taken before the start
	starting  func(*Node)  // called when the location's mesh address is known, nil in serve
	// rejoining is called when the location must join the planet again before it can go on, nil where nobody waits.
	rejoining func()
	// newKey makes up and keeps the root API key of a planet that has none, nil in serve; remembered says that the key in
	// the configuration is from there, for a planet that may have it no more.
	newKey     func(tenant string) (string, error)
	remembered bool
	notables   *notables
}

// Node is one running location.
type Node struct {
	cfg       Config
	shared    shared
	env       env.Env
	log       *slog.Logger
	db        *pebble.DB
	registry  registry
	transport *mesh.Transport
	guard     *guard
	access    *access.Access
	tenant    string
	web       *web
	hint      chan struct{} // something in the directory may have changed
	mu        sync.Mutex
	extra     map[string]string // addresses of peers beside those that members tell
	adopting  map[string]bool   // fabrics being joined now
	hosted    map[string]*hosted
	byName    map[fabricName]*hosted
	lifetime
}

// lifetime is what ends a node.
type lifetime struct {
	ctx     context.Context
	stop    context.CancelFunc
	work    sync.WaitGroup
	failed  chan error
	made    access.Root // what Bootstrap generated
	last    func()      // done when everything is closed
	started atomic.Bool
	since   time.Duration // monotonic, of the start
	ending  sync.Once
	broken  sync.Once  // the store
	ended   error      // what Close returned
	parting sync.Mutex // held while Leave runs: only then may the location end
}

// Start starts a location of its own process and returns when it serves, writes included.
func Start(ctx context.Context, cfg Config) (*Node, error) {
	return startOn(ctx, cfg, machine(cfg.Location.Name))
}

// startOn is Start on a given machine.
func startOn(ctx context.Context, cfg Config, e env.Env) (*Node, error) {
	if wrong := cfg.Validate(); len(wrong) > 0 {
		return nil, fmt.Errorf("%w: %s", ErrConfiguration, wrong[0])
	}
	s := shared{env: e, fs: testDisk(), notables: newNotables(e.Clock)}
	s.cache = pebble.NewShared(cfg.Limits.Cache, openFiles)
	n, err := start(ctx, cfg, s)
	if err != nil {
		s.cache.Close()
		return nil, err
	}
	n.last = s.cache.Close
	if err := n.guard.held(ctx); err != nil {
		return nil, errors.Join(err, n.Close(context.WithoutCancel(ctx)))
	}
	return n, nil
}

const openFiles = 512

// start opens the store, the transport and the fabrics, and joins the planet when the location is new.
func start(ctx context.Context, cfg Config, s shared) (_ *Node, err error) {
	n := &Node{cfg: cfg, shared: s, env: s.env, log: cfg.Logger, hosted: map[string]*hosted{}, byName: map[fabricName]*hosted{},
		hint: make(chan struct{}, 1), extra: map[string]string{}, adopting: map[string]bool{}}
	if n.log == nil {
		n.log = slog.New(slog.DiscardHandler)
	}
	n.log = n.log.With("location", cfg.Location.Name)
	n.lifetime.ctx, n.lifetime.stop = context.WithCancel(context.Background())
	n.failed = make(chan error, 1)
	n.since = n.env.Clock.Monotonic()
	n.guard = newGuard(n.env.Clock, cfg.Limits.ClockOffset, n.all)
	n.guard.tell = func(level, kind, text string) { n.note(level, kind, "", "%s", text) }
	defer func() {
		if err != nil {
			_ = n.Close(context.WithoutCancel(ctx))
		}
	}()
	if err := n.listen(ctx); err != nil {
		return nil, err
	}
	if err := n.openStore(); err != nil {
		return nil, err
	}
	if err := n.openWeb(); err != nil {
		return nil, err
	}
	if err := n.openTransport(); err != nil {
		return nil, err
	}
	if s.starting != nil {
		s.starting(n)
	}
	if err := n.openPlanet(ctx); err != nil {
		return nil, err
	}
	if len(n.fabricByID(systemID).fabric.Status().Members.Counted()) > 1 {
		n.go_(n.guard.untilHeard)
	} else {
		n.guard.release()
	}
	if err := n.openAccess(ctx); err != nil {
		return nil, err
	}
	n.go_(n.reconcile)
	n.go_(func(ctx context.Context) { n.guard.watch(ctx, s.fs, cfg.Data, cfg.Limits.DiskReserve) })
	n.serveWeb()
	return n, nil
}

// ErrInUse marks errors of Start and StartDev about a data folder that is served from already.
var ErrInUse = kv.ErrLocked

// go_ runs work on a goroutine that Close waits for.
func (n *Node) go_(work func(context.Context)) {
	n.work.Add(1)
	go func() {
		defer n.work.Done()
		work(n.ctx)
	}()
}

func (n *Node) openStore() error {
	db, err := pebble.Open(n.cfg.Data, pebble.Options{FS: n.shared.fs, Shared: n.shared.cache, MemtableBytes: n.cfg.Limits.Memtable,
		OnFatal: n.storeFailed, OnWarning: func(err error) { n.log.Warn("store", "error", err) }})
	if errors.Is(err, kv.ErrLocked) {
		return fmt.Errorf("data folder %s is in use by another process: %w", n.cfg.Data, err)
	}
	if err != nil {
		return err
	}
	n.db, n.registry = db, registry{db}
	id, found, err := n.registry.identity()
	if err != nil {
		return err
	}
	if found && id.Location != n.cfg.Location.Name {
		return fmt.Errorf("data folder %s belongs to location %q, not %q", n.cfg.Data, id.Location, n.cfg.Location.Name)
	}
	if err := n.checkRoot(id.Tenant); err != nil {
		return err
	}
	if err := disk.MakePrivate(n.cfg.Data); err != nil {
		n.log.Warn("other users of this machine can look into the data folder", "folder", n.cfg.Data, "error", err)
	}
	if n.tenant = id.Tenant; !found {
		id = identityRecord{Location: n.cfg.Location.Name}
		return n.registry.setIdentity(id)
	}
	return nil
}

// storeFailed is called when the store has failed for good: this location takes no more writes, and says so, until
// it is restarted. Reads and the health page go on.
func (n *Node) storeFailed(err error) {
	n.broken.Do(func() { // the store says it, and each fabric
		n.log.Error("the store has failed, writes are refused until the location is restarted", "error", err)
		// Every tenant reads this: what the error says of the machine stays in the log.
		n.note(api.EventError, "disk", "", "the store has failed, writes are refused until the location is restarted; its log says why")
	})
}

func (n *Node) openTransport() error {
	identity, err := n.meshIdentity()
	if err != nil {
		return err
	}
	n.transport, err = mesh.New(mesh.Config{Name: n.cfg.Location.Name, Identity: identity, Env: n.env, Handler: n,
		OnCall: n.answer, Links: n.shared.links})
	if err != nil {
		return err
	}
	address, err := n.transport.Listen(n.cfg.Mesh.Listen)
	if err != nil {
		return fmt.Errorf("listening for other locations: %w", err)
	}
	if n.cfg.Mesh.Advertise == "" {
		n.cfg.Mesh.Advertise = address.String()
	}
	return nil
}

func (n *Node) meshIdentity() (*mesh.Identity, error) {
	name := n.cfg.Location.Name
	if n.shared.authority != nil {
		return n.shared.authority.Identity(name)
	}
	if n.cfg.Mesh.Key != "" {
		return mesh.NewKeyIdentity(name, n.cfg.Mesh.Key)
	}
	var pem [3][]byte
	for i, file := range []string{n.cfg.Mesh.TLS.Cert, n.cfg.Mesh.TLS.Key, n.cfg.Mesh.TLS.CA} {
		data, err := readPEM(file)
		if err != nil {
			return nil, fmt.Errorf("mesh.tls: %w", err)
		}
		pem[i] = data
	}
	return mesh.NewCertificateIdentity(name, pem[0], pem[1], pem[2])
}

const maxPEM = 1 << 20

func readPEM(file string) ([]byte, error) {
	data, err := disk.ReadFile(disk.Real(), file, maxPEM)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("file %s does not exist", file)
	}
	return data, err
}

func (n *Node) openAccess(ctx context.Context) error {
	system := n.fabricByID(systemID)
	if err := system.awaitReady(ctx); err != nil {
		return err
	}
	var err error
	n.access, err = access.Open(access.Config{System: system.fabric, Clock: n.env.Clock, Rand: n.env.Rand,
		Open: n.shared.open, OpenTenant: n.tenant})
	if err != nil || !n.cfg.Mesh.Create {
		return err
	}
	return n.openRoot(ctx)
}

func (n *Node) fabricByID(id string) *hosted {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.hosted[id]
}

// Failed gives the error after which the location cannot go on.
func (n *Node) Failed() <-chan error { return n.failed }

// URL is the address for clients.
func (n *Node) URL() string { return n.web.url }

// Service runs the verbs of this location, for callers in its own process.
func (n *Node) Service() *api.Service { return n.web.service }

// Close stops the location: the gateways first, then replication, then the store. It does so once.
func (n *Node) Close(ctx context.Context) error {
	n.ending.Do(func() { n.ended = n.end(ctx) })
	return n.ended
}

func (n *Node) end(ctx context.Context) error {
	var failed []error
	if n.started.Load() {
		n.note(api.EventInfo, "stop", "", "the location stops")
	}
	if n.web != nil {
		failed = append(failed, n.web.close(ctx))
	}
	n.stop()
	if n.access != nil {
		n.access.Close()
	}
	n.work.Wait()
	if n.transport != nil {
		failed = append(failed, n.transport.Close(ctx))
	}
	for _, h := range n.all() {
		failed = append(failed, h.close())
	}
	if n.db != nil {
		failed = append(failed, n.db.Close())
	}
	if n.last != nil {
		n.last()
	}
	return errors.Join(failed...)
}

// ClockOffset is a hidden setting for tests: how far the clocks of locations are off, as NAME=DURATION with commas
// between.
const ClockOffset = "SELVEDGE_TEST_CLOCK_OFFSET"

// machine is the real environment of a location, bent as the hidden setting asks.
func machine(location string) env.Env {
	e := env.Real()
	for _, one := range strings.Split(os.Getenv(ClockOffset), ",") {
		name, text, _ := strings.Cut(one, "=")
		if d, err := time.ParseDuration(text); err == nil && name == location {
			e.Clock = env.Offset(e.Clock, d.Milliseconds())
		}
	}
	return e
}

// testDisk is the machine's disk, or the one that a durability test asks for with a hidden setting.
func testDisk() disk.FS {
	switch os.Getenv("SELVEDGE_TEST_DISK") {
	case "strict":
		return disk.NewStrict(disk.Real())
	case "nosync":
		return disk.NewDeaf(disk.NewStrict(disk.Real()))
	case "slack":
		return disk.NewSlack(disk.NewStrict(disk.Real()), 16)
	}
	return disk.Real()
}
