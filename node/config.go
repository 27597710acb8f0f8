package node

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"regexp"
	"strings"
	"time"

	"github.com/selvedge-db/selvedge/access"
	"github.com/selvedge-db/selvedge/mesh"
)

// Config is everything that a location of its own process needs. LoadConfig
// makes it from a file and the environment; ConfigKeys documents each member.
type Config struct {
	Location     LocationConfig
	Data         string
	HTTP         HTTPConfig
	Mesh         MeshConfig
	RootKey      string
	RootPassword string
	Limits       LimitsConfig
	Log          LogConfig
	// Logger takes the log; nil drops it. It is not a key of the file.
	Logger *slog.Logger
}

// LocationConfig says who and where the location is.
type LocationConfig struct {
	Name      string
	Latitude  float64
	Longitude float64
	City      string
	Country   string
}

// HTTPConfig is the address for clients.
type HTTPConfig struct {
	Listen string
	URL    string
	Hosts  []string
	TLS    TLSFiles
}

// MeshConfig is the address for other locations, and how they know each other.
type MeshConfig struct {
	Listen    string
	Advertise string
	Key       string
	TLS       TLSFiles
	Create    bool
	Join      []string
}

// TLSFiles are PEM files. CA belongs to the mesh only.
type TLSFiles struct {
	CA, Cert, Key string
}

// Empty says that no file is given.
func (t TLSFiles) Empty() bool { return t == TLSFiles{} }

// LimitsConfig bounds what a location takes. Sizes are in bytes.
type LimitsConfig struct {
	Document    int64
	Body        int64
	Batch       int64
	Truncate    int64
	Connections int64
	Queue       int64
	HistoryAge  time.Duration
	HistorySize int64
	Cache       int64
	Memtable    int64
	DiskReserve int64
	ClockOffset time.Duration

	Query       QueryConfig
	Transaction TransactionConfig
	Job         JobConfig
}

// QueryConfig bounds queries, and the cursors over their results. Cursors and their memory are counted by tenant.
type QueryConfig struct {
	Memory       int64 // of one
	Time         time.Duration
	TimeMost     time.Duration
	Running      int64
	Waiting      int64
	Plans        int64
	Slow         time.Duration
	Cursors      int64
	CursorMemory int64
	CursorTime   time.Duration
	Batch        int64
}

// TransactionConfig bounds interactive transactions.
type TransactionConfig struct {
	Open int64 // of one tenant
	Idle time.Duration
	Time time.Duration
	Size int64
}

// JobConfig bounds requests in the background.
type JobConfig struct {
	Kept   int64 // of one tenant, as Memory
	Size   int64
	Memory int64
	Time   time.Duration
}

// LogConfig is how the log looks.
type LogConfig struct {
	Level  string
	Format string
}

// SlogLevel is the level as slog counts it.
func (l LogConfig) SlogLevel() slog.Level {
	switch l.Level {
	case "debug":
		return slog.LevelDebug
	case "warn":
		return slog.LevelWarn
	case "error":
		return slog.LevelError
	}
	return slog.LevelInfo
}

// ErrConfiguration marks errors of Start that another configuration is needed for.
var ErrConfiguration = errors.New("configuration")

// LocationName is the form of a location's name.
const LocationName = `^[a-z][a-z0-9-]{0,30}$`

const (
	largestDocument = 16 << 20
	largestTruncate = 1 << 30
	// A commit is one entry of the log, which peers take whole.
	largestTransaction = 128 << 20
	smallestBody       = 64 << 20
	smallestBatch      = 10_000
)

// Validate returns everything that is wrong, one sentence each.
func (c Config) Validate() []string {
	var wrong []string
	say := func(bad bool, format string, args ...any) {
		if bad {
			wrong = append(wrong, fmt.Sprintf(format, args...))
		}
	}
	c.validateLocation(say)
	c.validateAddresses(say)
	c.validateLimits(say)
	say(!oneOf(c.Log.Level, "debug", "info", "warn", "error"), "log.level: %q: want debug, info, warn or error", c.Log.Level)
	say(!oneOf(c.Log.Format, "text", "json"), "log.format: %q: want text or json", c.Log.Format)
	return wrong
}

type sayer func(bad bool, format string, args ...any)

func (c Config) validateLocation(say sayer) {
	l := c.Location
	say(!regexp.MustCompile(LocationName).MatchString(l.Name),
		"location.name: %q: want a letter, then up to 30 letters, digits and hyphens, all in lower case", l.Name)
	say(math.Abs(l.Latitude) > 90 || math.IsNaN(l.Latitude), "location.latitude: %v: want -90 to 90", l.Latitude)
	say(math.Abs(l.Longitude) > 180 || math.IsNaN(l.Longitude), "location.longitude: %v: want -180 to 180", l.Longitude)
	say(c.Data == "", "data: missing: the folder that keeps the location's data")
	say(c.RootKey != "" && CheckAPIKey(c.RootKey) != nil, "root-key: %v", CheckAPIKey(c.RootKey))
}

func (c Config) validateAddresses(say sayer) {
	m := c.Mesh
	for _, a := range []struct{ key, text string }{{"http.listen", c.HTTP.Listen}, {"mesh.listen", m.Listen}} {
		say(badAddress(a.text), "%s: %q: want HOST:PORT, for example 0.0.0.0:8400", a.key, a.text)
	}
	say(m.Advertise != "" && badAddress(m.Advertise), "mesh.advertise: %q: want HOST:PORT", m.Advertise)
	for _, a := range m.Join {
		say(badAddress(a), "mesh.join: %q: want HOST:PORT of a location's mesh address", a)
	}
	say(m.Create == (len(m.Join) > 0),
		"mesh: give either create: true (exactly one location of a planet) or join: [ADDRESS, ...]")
	say((m.Key == "") == m.TLS.Empty(), "mesh: give either key or tls")
	say(m.Key != "" && len(m.Key) < mesh.MinKeyLength, "mesh.key: %d bytes: want at least %d, at random", len(m.Key), mesh.MinKeyLength)
	say(!m.TLS.Empty() && (m.TLS.CA == "" || m.TLS.Cert == "" || m.TLS.Key == ""), "mesh.tls: ca, cert and key belong together")
	say(c.HTTP.TLS.CA != "" || (c.HTTP.TLS.Cert == "") != (c.HTTP.TLS.Key == ""), "http.tls: cert and key belong together")
}

func (c Config) validateLimits(say sayer) {
	l := c.Limits
	say(l.Document < 1 || l.Document > largestDocument, "limits.document: %d: want 1 to %d bytes", l.Document, largestDocument)
	say(l.Body < smallestBody, "limits.body: %d: want at least %d bytes", l.Body, smallestBody)
	say(l.Truncate > largestTruncate, "limits.truncate: %d: want at most %d bytes", l.Truncate, int64(largestTruncate))
	say(l.Batch < smallestBatch, "limits.batch: %d: want at least %d", l.Batch, smallestBatch)
	for _, n := range []struct {
		key   string
		value int64
	}{
		{"truncate", l.Truncate}, {"connections", l.Connections}, {"queue", l.Queue}, {"history-age", int64(l.HistoryAge)},
		{"history-size", l.HistorySize}, {"cache", l.Cache}, {"memtable", l.Memtable},
		{"disk-reserve", l.DiskReserve}, {"clock-offset", int64(l.ClockOffset)},
		{"query.memory", l.Query.Memory}, {"query.time", int64(l.Query.Time)}, {"query.time-most", int64(l.Query.TimeMost)},
		{"query.running", l.Query.Running}, {"query.waiting", l.Query.Waiting}, {"query.plans", l.Query.Plans}, {"query.slow", int64(l.Query.Slow)},
		{"query.cursors", l.Query.Cursors}, {"query.cursor-memory", l.Query.CursorMemory}, {"query.cursor-time", int64(l.Query.CursorTime)},
		{"query.batch", l.Query.Batch}, {"transaction.open", l.Transaction.Open}, {"transaction.idle", int64(l.Transaction.Idle)}, {"transaction.time", int64(l.Transaction.Time)},
		{"transaction.size", l.Transaction.Size}, {"job.kept", l.Job.Kept}, {"job.size", l.Job.Size}, {"job.memory", l.Job.Memory}, {"job.time", int64(l.Job.Time)},
	} {
		say(n.value <= 0, "limits.%s: want more than zero", n.key)
	}
	say(l.Transaction.Size > largestTransaction, "limits.transaction.size: %d: want at most %d bytes", l.Transaction.Size, int64(largestTransaction))
}

func oneOf(text string, all ...string) bool {
	for _, one := range all {
		if text == one {
			return true
		}
	}
	return false
}

func badAddress(text string) bool {
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return true
	}
	_, err = net.LookupPort("tcp", port)
	return err != nil
}

// CheckAPIKey says what is wrong with the form of an API key. The tenant may
// hold dots, the key's name and the secret may not.
func CheckAPIKey(key string) error {
	parts := strings.Split(key, ".")
	if len(parts) < 3 {
		return fmt.Errorf("an API key has the form TENANT.KEYID.SECRET, this one has %d of the 3 parts", len(parts))
	}
	for _, part := range parts {
		if part == "" || strings.ContainsAny(part, " \t\r\n/") {
			return fmt.Errorf("an API key has the form TENANT.KEYID.SECRET without empty parts, spaces and slashes")
		}
	}
	tenant, id, _, ok := access.SplitKey(key)
	if !ok {
		return errors.New("an API key has the form TENANT.KEYID.SECRET")
	}
	return errors.Join(access.CheckTenant(tenant), access.CheckKeyID(id))
}
