package replication

import (
	"fmt"

	"github.com/selvedge-db/selvedge/clock"
)

const (
	// Protocol is the version of the messages and of their meaning.
	Protocol = 1
	// maxLocation is the longest name or id that is read, in bytes.
	maxLocation = 255
	// maxText is the longest explanation that is read, in bytes.
	maxText = 1024
)

// Message is what the machines of two locations tell each other about one
// fabric. Messages are values: neither side changes one after sending it.
type Message interface {
	// Append appends the encoded message.
	Append(dst []byte) []byte
	// Bulk tells whether the message carries log entries or snapshot data,
	// which may wait behind others. Everything else must not.
	Bulk() bool
}

// Hello opens a session in both directions. It is said again until the other
// side has echoed the start number.
type Hello struct {
	Protocol uint32
	Feature  uint32 // kinds of operations that this location knows
	Location string
	Fabric   string
	Origin   clock.Origin
	Joining  bool   // no state yet: send no entries, only a snapshot
	Start    uint64 // random, new at each start of the process
	Echo     uint64 // the other's start number, zero when not heard yet
	Count    uint32 // of hellos since that start, so that an old one is known
	Wall     int64  // unix milliseconds at the sender
	Vector   clock.Vector
	End      clock.Time // of the sender's own log
	Chain    uint32     // of its own log, at End
	// Known and KnownChain are the end and chain hash of the receiver's log as
	// the sender holds it, so that a location that was set back learns of it.
	// KnownOf says whose log that is: the sender may know the location by an
	// incarnation that is gone.
	KnownOf    clock.Origin
	Known      clock.Time
	KnownChain uint32
}

// Entries carries consecutive entries of one origin.
type Entries struct {
	Pulled     bool   // the answer to a Pull, outside of the stream's credit
	Final      bool   // nothing more comes in answer to that Pull
	Generation uint32 // of the sender's stream: a rewind begins the next
	Sent       uint64 // bytes sent before in this generation
	Last       clock.Time
	Batch      []byte // codec batch
}

// Heartbeat says what is durable at the sender.
type Heartbeat struct {
	Vector  clock.Vector
	Vouched clock.Time // no entry after End will be stamped at or below this
	End     clock.Time // of the sender's own log
	Wall    int64      // unix milliseconds
	Mono    int64      // sender's monotonic milliseconds, to be echoed
	Echo    int64      // Mono of the last heartbeat that came, -1 when none did
	Held    int64      // milliseconds since that heartbeat came
	Credit  Credit     // as in the message of its own, which may have been lost
	Joining bool       // as in Hello: no state yet
	// Deaf lists members that the sender does not hear itself, so that others
	// pass on what those last said.
	Deaf []clock.Origin
}

// Said passes on what another member last said of itself.
type Said struct {
	Origin  clock.Origin
	Vouched clock.Time
	End     clock.Time
	Vector  clock.Vector
}

// Pull asks for the entries of an origin in (After, UpTo]. A pull of the
// receiver's own log makes its stream go back to After.
type Pull struct {
	Origin clock.Origin
	After  clock.Time
	UpTo   clock.Time
	Credit uint32 // bytes that may be sent in answer
}

// Credit says how many bytes of a stream's generation were consumed in all.
// Bytes that were lost on the way count as consumed once later ones arrive.
type Credit struct {
	Generation uint32
	Consumed   uint64
}

// SnapshotRequest asks for chunks From..From+Count-1 of snapshot ID, or, when
// ID is empty or no longer kept, of a new one that covers Need.
type SnapshotRequest struct {
	ID    string
	From  uint32
	Count uint32
	Need  clock.Vector
}

// SnapshotChunk is one piece of a snapshot.
type SnapshotChunk struct {
	ID     string
	Index  uint32
	Last   bool
	Vector clock.Vector // that the snapshot is consistent at
	Sum    uint32       // codec.BodyHash of Data
	Data   []byte
}

// EvictReport says up to where the sender holds the logs of all incarnations
// whose eviction it knows of. From then on it takes more of them only as
// dependencies of entries of remaining members. Ends may hold times of zero.
// Members without a session with the anchor tell all others, who pass it on.
type EvictReport struct {
	After  clock.Time // of the last evict entry applied
	Ends   []clock.Row
	Origin clock.Origin // whose report it is: zero for the sender's own
}

// Reason says why something is refused.
type Reason uint8

const (
	// Evicted: the incarnation was evicted, here is the end of it.
	Evicted Reason = iota + 1
	// Behind: others know more of the incarnation's log than it does itself.
	Behind
	// Forked: its log has another chain hash at a point that both know.
	Forked
	// TwoLive: two processes say that they are this incarnation.
	TwoLive
	// WrongFabric: the fabric's id or the protocol does not match.
	WrongFabric
	// Trimmed: the entries asked for are no longer in the log.
	Trimmed
	// NotYet: what is asked for is not applied here yet; ask again later.
	NotYet
	// Busy: too many snapshots are open; ask again later.
	Busy
	// Broken: a snapshot could not be read.
	Broken
)

// String is the stable name of the reason.
func (r Reason) String() string {
	names := [...]string{"none", "evicted", "behind", "forked", "two-live", "wrong-fabric", "trimmed", "not-yet", "busy", "broken"}
	if int(r) < len(names) {
		return names[r]
	}
	return fmt.Sprintf("reason %d", uint8(r))
}

// Fatal tells whether the incarnation that is told so must not go on.
func (r Reason) Fatal() bool { return r >= Evicted && r <= TwoLive }

// Refuse says no. With a fatal reason it speaks of the receiver's incarnation.
type Refuse struct {
	Reason Reason
	Origin clock.Origin // that it is about
	Text   string
}

// Bulk is false: control.
func (Hello) Bulk() bool { return false }

// Bulk is true for the stream; what was pulled is waited for, and small.
func (m Entries) Bulk() bool { return !m.Pulled }

// Bulk is false: control.
func (Heartbeat) Bulk() bool { return false }

// Bulk is false: control.
func (Pull) Bulk() bool { return false }

// Bulk is false: control.
func (Credit) Bulk() bool { return false }

// Bulk is false: control.
func (SnapshotRequest) Bulk() bool { return false }

// Bulk is true.
func (SnapshotChunk) Bulk() bool { return true }

// Bulk is false: control.
func (EvictReport) Bulk() bool { return false }

// Bulk is false: control.
func (Said) Bulk() bool { return false }

// Bulk is false: control.
func (Refuse) Bulk() bool { return false }
