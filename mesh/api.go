package mesh

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/selvedge-db/selvedge/internal/env"
)

// ProtocolVersion is the version of the stream and call protocol; peers with another one are refused.
const ProtocolVersion = 1

// Limits. A frame holds at least one transaction whole, and a transaction may be as large as a request body.
const (
	MaxFrame    = 96 << 20 // bytes of a frame's payload
	MaxCall     = 64 << 20 // bytes of a call's request or reply
	maxName     = 64       // bytes of a location's name
	maxFabric   = 256      // bytes of a fabric's id
	maxMethod   = 64       // bytes of a call's method
	maxPart     = 256 << 10
	compressMin = 1 << 10
)

// Class tells which queue a frame waits in. Control goes before entries.
type Class uint8

// The classes.
const (
	Control Class = 0 // heartbeats, pulls, credit, hellos: small, urgent, never compressed
	Entries Class = 1 // log entries and snapshot chunks: compressed when that helps
	classes       = 2
)

// Frame is what travels on a stream. The payload belongs to the transport from Send on, and to the receiver from OnFrame on.
type Frame struct {
	Fabric  string
	Class   Class
	Payload []byte
}

// Peer is a location to hold a stream with.
type Peer struct {
	Name    string
	Address string // host:port
}

// PeerInfo tells who is at the other end of a stream.
type PeerInfo struct {
	Name    string
	Start   uint64 // random number of that process's start
	Version uint32
	Address string // where the connection came from or went to
	Dialled bool   // this side dialled
}

// Handler is told what happens on streams. Per peer, calls come one after another in the order up, frames, down; calls for
// different peers come at the same time. OnFrame must not wait for long: while it does, that peer's stream stands still, and
// after the timeout it breaks.
type Handler interface {
	OnUp(peer PeerInfo)
	OnFrame(peer string, frame Frame)
	OnDown(peer string, err error)
}

// CallHandler answers a call from another location. An error that is, or wraps, a *CallError reaches the caller as it is;
// any other arrives as one with code "failed".
type CallHandler func(ctx context.Context, from, method string, body []byte) ([]byte, error)

// CallError is a refusal by the handler at the other end.
type CallError struct {
	Code    string
	Message string
}

func (e *CallError) Error() string {
	return fmt.Sprintf("mesh: call refused (%s): %s", e.Code, e.Message)
}

// Errors that callers tell apart with errors.Is.
var (
	ErrNotConnected = errors.New("mesh: no stream to this location")
	ErrOverflow     = errors.New("mesh: the queue to this location is full")
	ErrTooLarge     = errors.New("mesh: too large to send")
	ErrClosed       = errors.New("mesh: transport closed")
	ErrCut          = errors.New("mesh: the link is cut")
	ErrTimeout      = errors.New("mesh: nothing heard from the other end in time")
	ErrRefused      = errors.New("mesh: refused by the other end")
	ErrReplaced     = errors.New("mesh: a newer stream took over")
)

// Config of a Transport. Name, Identity, Handler and Env are required; zero means the default for the rest.
type Config struct {
	Name       string // of this location
	Start      uint64 // 0: drawn at random
	Identity   *Identity
	Env        env.Env // its clock, network and randomness; only the monotonic clock is used
	Handler    Handler
	OnCall     CallHandler          // nil: calls are refused
	Admit      func(PeerInfo) error // asked before a stream dialled by the other end is taken; nil: every member of the mesh
	Links      *Links               // nil: a set of its own
	Ping       time.Duration        // between two pings of a link; default 1 s
	Timeout    time.Duration        // after which a silent stream is broken, on top of the emulated round trip; default 6 s
	QueueBytes [classes]int         // by class; default 4 MiB of control, 16 MiB of entries
}

func (c Config) check() error {
	switch {
	case c.Identity == nil:
		return errors.New("mesh: a transport needs an identity (mesh key or certificates)")
	case c.Handler == nil:
		return errors.New("mesh: a transport needs a handler")
	case c.Env.Clock == nil || c.Env.Net == nil || c.Env.Rand == nil:
		return errors.New("mesh: a transport needs a clock, a network and randomness")
	case c.Ping < 0 || c.Timeout < 0 || c.QueueBytes[Control] < 0 || c.QueueBytes[Entries] < 0:
		return errors.New("mesh: ping, timeout and queue sizes must not be negative")
	}
	return checkName(c.Name)
}

func (c Config) withDefaults() Config {
	if c.Start == 0 {
		c.Start = c.Env.Rand.Uint64() | 1
	}
	if c.Links == nil {
		c.Links = NewLinks()
	}
	if c.Ping == 0 {
		c.Ping = time.Second
	}
	if c.Timeout == 0 {
		c.Timeout = 6 * time.Second
	}
	if c.QueueBytes[Control] == 0 {
		c.QueueBytes[Control] = 4 << 20
	}
	if c.QueueBytes[Entries] == 0 {
		c.QueueBytes[Entries] = 16 << 20
	}
	return c
}

// PeerStatus is what a transport knows of its link to one peer.
type PeerStatus struct {
	Peer
	State       string // up, cut, down
	RoundTrip   time.Duration
	Since       time.Duration // monotonic time of the last change of state
	SentFrames  uint64
	SentBytes   uint64
	Queued      [classes]int // bytes waiting, by class
	Overflows   uint64
	Breaks      uint64 // streams lost since start
	LastFailure string
}

// Lag is how far a location is behind another in one fabric: what it does not yet have, and the age of the oldest of it.
type Lag struct {
	Entries uint64  `json:"entries"`
	Bytes   uint64  `json:"bytes"`
	Millis  float64 `json:"ms"`
}

// LocationReport is one location in the mesh report of a fabric.
type LocationReport struct {
	Name          string  `json:"name"`
	Incarnation   uint64  `json:"incarnation,string"` // larger than what a double holds
	URL           string  `json:"url"`
	Latitude      float64 `json:"latitude"`
	Longitude     float64 `json:"longitude"`
	State         string  `json:"state"`
	ClockOffsetMs float64 `json:"clockOffsetMs"`
}

// LinkReport is one directed link in the mesh report of a fabric.
type LinkReport struct {
	From     string  `json:"from"`
	To       string  `json:"to"`
	State    string  `json:"state"` // up, cut, down
	OneWayMs float64 `json:"oneWayMs"`
	RttMs    float64 `json:"rttMs"`
	Lag      Lag     `json:"lag"`
}

// Report gives the link as the mesh report shows it. Where no delay is emulated, half the measured round trip stands for
// the one-way delay.
func (l Link) Report(lag Lag) LinkReport {
	oneWay := l.OneWay
	if oneWay == 0 {
		oneWay = l.RoundTrip / 2
	}
	return LinkReport{From: l.From, To: l.To, State: l.State(), OneWayMs: millis(oneWay), RttMs: millis(l.RoundTrip), Lag: lag}
}

// millis keeps three digits, so that reports stay readable.
func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
