package access

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/internal/env"
)

// TokenLife is how long a token is valid.
const TokenLife = 12 * time.Hour

// AdminTenant is the tenant whose root may see every tenant.
const AdminTenant = "_mm"

// RootUser is the name of a tenant's first user.
const RootUser = "root"

// The collections of the system fabric that hold what this package knows.
const (
	usersCollection  = "_users"
	keysCollection   = "_apikeys"
	configCollection = "_config"
)

// Reserved tells whether a collection is only ever touched by this package.
// No verb may show or change it, whatever fabric it is in.
func Reserved(collection string) bool {
	return collection == usersCollection || collection == keysCollection || collection == configCollection
}

// Identity is who a request comes from.
type Identity struct {
	Tenant, User string
	KeyID        string // the API key used, empty otherwise
}

// Root tells whether the identity is the first user of its tenant.
func (i Identity) Root() bool { return i.User == RootUser }

// Admin tells whether the identity may see other tenants.
func (i Identity) Admin() bool { return i.Tenant == AdminTenant && i.User == RootUser }

// Config is what access needs from the node.
type Config struct {
	// System is the fabric that holds users and keys; it lives everywhere.
	System *fabric.Fabric
	Clock  env.Clock
	// Rand must be fit for keys.
	Rand env.Rand
	// Open makes requests without credentials from loopback those of
	// OpenTenant's root, and lets that root in with an empty password. It is
	// for a development planet that listens on loopback only.
	Open       bool
	OpenTenant string
}

// Access answers who somebody is. It is safe for concurrent use.
type Access struct {
	system *fabric.Fabric
	clock  env.Clock
	random random
	open   string                 // tenant, or empty
	known  atomic.Pointer[string] // what planet found
	hasher *hasher
	cache  cache
	pepper [32]byte   // keys the memory of checked passwords; differs per start
	naming sync.Mutex // one at a time looks whether an e-mail address is free and takes it
	stop   context.CancelFunc
	done   chan struct{}
}

// Open starts following the system fabric. Close ends that.
func Open(cfg Config) (*Access, error) {
	a := &Access{system: cfg.System, clock: cfg.Clock, random: random{cfg.Rand}, done: make(chan struct{})}
	a.hasher = newHasher(a.random)
	if cfg.Open {
		a.open = cfg.OpenTenant
	}
	a.random.fill(a.pepper[:])
	a.cache.reset()
	ctx, stop := context.WithCancel(context.Background())
	a.stop = stop
	feed, err := changes(cfg.System)
	if err != nil {
		stop()
		return nil, fmt.Errorf("access: following the system fabric: %w", err)
	}
	go a.follow(ctx, feed)
	return a, nil
}

// Close ends the following; it returns when the goroutine is gone.
func (a *Access) Close() {
	a.stop()
	<-a.done
}

// changes follows a fabric from now on.
func changes(f *fabric.Fabric) (*fabric.Feed, error) {
	now, err := fabric.ParseToken("now")
	if err != nil {
		return nil, err
	}
	feed, err := f.Changes(now, "")
	if err == nil {
		feed.Only(Reserved)
	}
	return feed, err
}

// follow drops from the cache what changes. A feed that ends by itself is
// opened again behind an emptied cache; when that fails nothing is cached any
// more, so that answers stay right.
func (a *Access) follow(ctx context.Context, feed *fabric.Feed) {
	defer close(a.done)
	for ctx.Err() == nil {
		a.drain(ctx, feed)
		if ctx.Err() != nil {
			return
		}
		next, err := changes(a.system)
		if err != nil {
			a.cache.off()
			return
		}
		feed = next
		a.cache.drop("", "")
	}
}

func (a *Access) drain(ctx context.Context, feed *fabric.Feed) {
	for {
		m, err := feed.Next(ctx)
		if err != nil {
			return
		}
		for _, c := range m.Changes {
			if Reserved(c.Collection) {
				a.cache.drop(c.Collection, c.Key)
			}
		}
	}
}

// cache holds what was read from the system fabric, until it changes.
type cache struct {
	mu      sync.RWMutex
	turn    uint64 // counts drops, so that a read that a drop overtook is not kept
	users   map[string]*user
	keys    map[string]*apiKey
	emails  map[string]User // by address in lower case
	secret  []byte
	disable bool
}

// cacheMost bounds each map; a planet with more active users than this reads
// the rest from the fabric.
const cacheMost = 100_000

func (c *cache) reset() {
	c.users, c.keys, c.secret = make(map[string]*user), make(map[string]*apiKey), nil
	c.emails = make(map[string]User)
	c.turn++
}

func (c *cache) off() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.disable = true
	c.reset()
}

func (c *cache) drop(collection, key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turn++
	switch {
	case key == "" || len(c.users) > cacheMost || len(c.keys) > cacheMost:
		c.reset()
	case collection == usersCollection:
		delete(c.users, key)
		clear(c.emails)
	case collection == keysCollection:
		delete(c.keys, key)
	default:
		c.secret = nil
	}
}

// keep stores what was read since turn, unless something was dropped since.
func (c *cache) keep(turn uint64, store func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.turn == turn && !c.disable {
		if len(c.users) > cacheMost || len(c.keys) > cacheMost {
			c.reset()
		}
		store()
	}
}
