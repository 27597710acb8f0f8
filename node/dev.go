package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/internal/env/disk"
	"github.com/selvedge-db/selvedge/mesh"
	"github.com/selvedge-db/selvedge/store/kv/pebble"
)

// Dev is a planet of several locations in one process, with emulated delays between them.
type Dev struct {
	cfg    DevConfig
	shared shared
	made   string // generated root password
	key    string
	temp   string // data folder to be removed at the end
	failed chan error
	// taken are the addresses for clients, taken before anything is made.
	taken   map[string]net.Listener
	watches sync.WaitGroup
	mu      struct {
		sync.Mutex
		nodes     map[string]*Node
		addresses map[string]string
		order     []string
	}
}

// devMemory is what all locations of a dev planet share.
const (
	devCacheBytes    = 64 << 20
	devMemtableBytes = 4 << 20
	devMeshKey       = "selvedge-dev-planet-key"
)

// StartDev starts the planet and returns when every location serves, writes included.
func StartDev(ctx context.Context, cfg DevConfig) (_ *Dev, err error) {
	d := &Dev{cfg: cfg, failed: make(chan error, 1)}
	d.mu.nodes, d.mu.addresses = map[string]*Node{}, map[string]string{}
	if d.cfg.Logger == nil {
		d.cfg.Logger = slog.New(slog.DiscardHandler)
	}
	defer func() {
		if err != nil {
			_ = d.Close(context.WithoutCancel(ctx))
		}
	}()
	if err := d.takePorts(ctx); err != nil {
		return nil, err
	}
	if err := d.share(); err != nil {
		return nil, err
	}
	if err := d.startAll(ctx); err != nil {
		return nil, err
	}
	first := d.Node(cfg.Places[0].ID)
	if d.made = first.made.Password; cfg.RootPassword != nil {
		d.made = ""
	}
	return d, d.moveKey(first)
}

// takePorts takes the address of each location for clients, so that a port in use fails the start before a folder is made.
func (d *Dev) takePorts(ctx context.Context) error {
	d.taken = map[string]net.Listener{}
	network := machine("").Net
	for i, p := range d.cfg.Places {
		l, err := network.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(d.cfg.Port+i)))
		if err != nil {
			return fmt.Errorf("location %s: listening for clients: %w", p.ID, err)
		}
		d.taken[p.ID] = l
	}
	return nil
}

// share prepares what the locations have in common.
func (d *Dev) share() error {
	fs := testDisk()
	if d.cfg.Data == "" {
		dir, err := disk.TempFolder("selvedge-dev-")
		if err != nil {
			return err
		}
		d.temp, d.cfg.Data = dir, dir
	}
	if err := fs.MkdirAll(d.cfg.Data, 0o700); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	authority, err := mesh.NewKeyAuthority(devMeshKey)
	if err != nil {
		return err
	}
	e := machine("")
	d.shared = shared{notables: newNotables(e.Clock), env: e, fs: fs, cache: pebble.NewShared(devCacheBytes, openFiles), links: mesh.NewLinks(), authority: authority,
		addresses: d.address, node: d.Node, nodes: d.Nodes, open: d.cfg.RootPassword != nil && *d.cfg.RootPassword == ""}
	if d.shared.tls, err = devCertificates(d.cfg.Data, e.Clock); err != nil {
		return fmt.Errorf("development certificate: %w", err)
	}
	if err := d.keepPlaces(); err != nil {
		return err
	}
	d.shared.newKey = d.newKey(e.Rand)
	if err := d.recallKey(); err != nil {
		return err
	}
	if d.cfg.WAN.Measured {
		err = d.shared.links.EmulateWAN(d.cfg.Places)
	} else if d.cfg.WAN.RoundTrip > 0 {
		err = d.delayAll()
	}
	d.shared.notables.follow(d.shared.links)
	return err
}

func (d *Dev) delayAll() error {
	for _, a := range d.cfg.Places {
		for _, b := range d.cfg.Places {
			if a.ID == b.ID {
				continue
			}
			if err := d.shared.links.Set(a.ID, b.ID, mesh.LinkSettings{OneWay: d.cfg.WAN.RoundTrip / 2}); err != nil {
				return err
			}
		}
	}
	return nil
}

// config is the configuration of location i.
func (d *Dev) config(i int) Config {
	p := d.cfg.Places[i]
	c := DefaultConfig()
	c.Limits = d.cfg.Limits
	c.Limits.Memtable = devMemtableBytes
	c.Location = LocationConfig{Name: p.ID, Latitude: p.Latitude, Longitude: p.Longitude, City: p.City, Country: p.Country}
	c.Data = filepath.Join(d.cfg.Data, p.ID)
	c.HTTP.Listen = net.JoinHostPort("127.0.0.1", strconv.Itoa(d.cfg.Port+i))
	c.Mesh = MeshConfig{Listen: "127.0.0.1:0", Create: i == 0}
	c.Logger = d.cfg.Logger
	if i > 0 {
		c.Mesh.Join = []string{d.address(d.cfg.Places[0].ID)}
	} else {
		c.RootKey = d.key
		if d.cfg.RootPassword != nil {
			c.RootPassword = *d.cfg.RootPassword
		}
	}
	return c
}

func (d *Dev) start(ctx context.Context, i int, rejoining func()) error {
	cfg := d.config(i)
	s := d.shared
	s.rejoining = rejoining
	s.env, s.listener = machine(cfg.Location.Name), d.taken[cfg.Location.Name]
	s.starting = func(n *Node) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.mu.nodes[cfg.Location.Name] = n
		d.mu.addresses[cfg.Location.Name] = n.cfg.Mesh.Advertise
	}
	n, err := start(ctx, cfg, s)
	if err != nil {
		return fmt.Errorf("location %s: %w", cfg.Location.Name, err)
	}
	d.watches.Go(func() { d.watch(n) })
	return nil
}

// watch stops a location that is out of the planet; the others go on, if there are any. Another failure ends all.
func (d *Dev) watch(n *Node) {
	var err error
	select {
	case err = <-n.Failed():
	case <-n.ctx.Done():
		return
	}
	name := n.cfg.Location.Name
	if errors.Is(err, ErrLeft) || errors.Is(err, ErrEvicted) {
		d.cfg.Logger.Warn("a location stops, the others go on", "location", name, "because", err)
		end, cancel := context.WithTimeout(context.WithoutCancel(n.ctx), endWithin)
		defer cancel()
		if err := n.Close(end); err != nil {
			d.cfg.Logger.Warn("while stopping", "location", name, "error", err)
		}
		d.mu.Lock()
		delete(d.mu.nodes, name)
		left := len(d.mu.nodes)
		d.mu.Unlock()
		d.forgetPlace(name, err)
		if left > 0 {
			return
		}
	}
	select {
	case d.failed <- fmt.Errorf("location %s: %w", name, err):
	default:
	}
}

// endWithin bounds the requests that a location finishes when it stops by itself.
const endWithin = 4 * time.Second

// startAll starts the first location, then the others, which may have to join through it. Only when the first was
// evicted from the planet that it once created, it joins through the others.
func (d *Dev) startAll(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	first, rejoining := make(chan error, 1), make(chan struct{})
	go func() { first <- d.start(ctx, 0, func() { close(rejoining) }) }()
	var err error
	select {
	case err = <-first:
		if err == nil {
			err = d.startOthers(ctx)
		}
	case <-rejoining:
		if err = d.startOthers(ctx); err != nil {
			cancel()
		}
		err = errors.Join(<-first, err)
	}
	for _, n := range d.Nodes() {
		if err == nil {
			err = n.guard.held(ctx)
		}
	}
	return err
}

// startOthers starts all locations but the first at once.
func (d *Dev) startOthers(ctx context.Context) error {
	var wg sync.WaitGroup
	failed := make([]error, len(d.cfg.Places))
	for i := 1; i < len(d.cfg.Places); i++ {
		wg.Go(func() { failed[i] = d.start(ctx, i, nil) })
	}
	wg.Wait()
	if err := errors.Join(failed...); err != nil {
		return err
	}
	for _, n := range d.Nodes() {
		n.introducePeers()
	}
	return nil
}

// Node finds a location by name.
func (d *Dev) Node(name string) *Node {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.mu.nodes[name]
}

// Nodes lists the locations that run.
func (d *Dev) Nodes() []*Node {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []*Node
	for _, p := range d.cfg.Places {
		if n := d.mu.nodes[p.ID]; n != nil {
			out = append(out, n)
		}
	}
	return out
}

func (d *Dev) address(name string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.mu.addresses[name]
}

// Locations lists the locations in the order of their ports.
func (d *Dev) Locations() []api.Location {
	var out []api.Location
	for _, n := range d.Nodes() {
		out = append(out, n.Local())
	}
	return out
}

// APIKey is the key of the user root.
func (d *Dev) APIKey() string { return d.key }

// NewRootPassword is the root password if this start generated it, else empty.
func (d *Dev) NewRootPassword() string { return d.made }

// OpenToAll says that requests from this machine need no credentials.
func (d *Dev) OpenToAll() bool { return d.shared.open }

// CAFile is the certificate of the authority that signed the locations' certificates.
func (d *Dev) CAFile() string { return d.shared.tls.file }

// Failed gives the error after which the planet cannot go on.
func (d *Dev) Failed() <-chan error { return d.failed }

// Close stops all locations at once.
func (d *Dev) Close(ctx context.Context) error {
	nodes := d.Nodes()
	failed := make([]error, len(nodes))
	var wg sync.WaitGroup
	for i, n := range nodes {
		wg.Go(func() { failed[i] = n.Close(ctx) })
	}
	wg.Wait()
	d.watches.Wait()
	for _, l := range d.taken {
		_ = l.Close() // closed already, where a location had it
	}
	if d.shared.cache != nil {
		d.shared.cache.Close()
	}
	if d.temp != "" {
		failed = append(failed, disk.Real().RemoveAll(d.temp))
	}
	return errors.Join(failed...)
}
