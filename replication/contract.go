package replication

import (
	"errors"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric/member"
)

// ErrTrimmed is what Store.Read gives when the log no longer holds what
// follows the point asked for.
var ErrTrimmed = errors.New("the log no longer holds these entries")

// ErrUnlinked is what Store.Read gives when the log was never one with an entry
// at that point: the first entry after it follows an earlier one. (One that
// follows a later one is a trimmed log.)
var ErrUnlinked = errors.New("the log has no entry at this point")

// ErrAbsent is what Store.Past gives for an entry that is not here.
var ErrAbsent = errors.New("the log does not hold this entry")

// Instant is a moment as one process sees it. Mono measures spans and never
// goes back; Wall is only compared with stamps and with other clocks.
type Instant struct {
	Mono int64 // milliseconds since some point
	Wall int64 // unix milliseconds
}

// Progress is what is durable at this location, all of one moment.
type Progress struct {
	Self     clock.Origin
	Vector   clock.Vector // rows of closed members are gone once applied to their end
	OwnEnd   clock.Time   // the same as Vector.At(Self)
	OwnChain uint32
	Vouched  clock.Time // no entry after OwnEnd is stamped at or below this
	Members  member.Table
	// System tells, for each origin of this fabric, up to where the log of its
	// location in the system fabric is applied here: clock.MaxTime where that
	// holds nothing up. Only with Config.GateSystem.
	System  clock.Vector
	Partial SnapshotMark
	// Lead is how many milliseconds the clocks of the others are ahead of Wall,
	// by the lower median of all; zero when they are not, and less only when
	// Wall itself is known to be ahead. A location whose clock is late must not
	// hold back what honest peers stamp.
	Lead int64
}

// SnapshotMark is how far an interrupted snapshot was taken in; zero for none.
type SnapshotMark struct {
	ID   string
	Next uint32
	Need clock.Vector // what it replaces had this: every snapshot taken instead must
}

// Store is what the machine reads of its fabric. It shows durable state only.
type Store interface {
	Progress() Progress
	// Read gives a codec batch of consecutive entries of origin that follow
	// after, of about maxBytes and at least one entry, and the time of its
	// last. An empty batch: nothing durable follows. ErrTrimmed: something
	// followed that is no longer there. ErrUnlinked: no such entry ever.
	Read(origin clock.Origin, after clock.Time, maxBytes int) (batch []byte, last clock.Time, err error)
	// Past gives what the entry after (origin, at) is coded against. For at
	// equal to the origin's row in the vector it must always know, even when
	// the log is trimmed or came as a snapshot; time zero gives the zero Past.
	Past(origin clock.Origin, at clock.Time) (codec.Past, error)
	// ChainAt gives the chain hash at an entry, and must always know the one
	// at the origin's row in the vector. Time zero has hash zero.
	ChainAt(origin clock.Origin, at clock.Time) (uint32, bool)
	// OpenSnapshot opens a snapshot at the durable vector.
	OpenSnapshot() (SnapshotSource, error)
}

// SnapshotSource is a snapshot that others may take. It stays readable, the
// same bytes under the same index, until it is closed.
type SnapshotSource interface {
	ID() string
	Vector() clock.Vector
	Chunk(index int) (data []byte, last bool, err error)
	Close() error
}

// Config is how a machine is set up. Zero numbers mean the default.
type Config struct {
	Fabric     string
	Location   string
	Self       clock.Origin
	Start      uint64      // random, new at each start of the process
	Join       clock.Stamp // of the entry by which Self joined; zero for the first member
	Feature    uint32
	GateSystem bool  // hold an entry until Progress.System of its origin covers Entry.System
	MaxAhead   int64 // milliseconds that a stamp may be ahead of the wall clock: 2,000
	Window     int   // bytes in flight to one peer: 4 MiB
	BatchBytes int   // bytes of one batch: 256 KiB
	InboxBytes int   // memory of waiting entries from all peers, in bytes: 64 MiB
}

// Effect is something the machine wants done.
type Effect interface{ effect() }

// Send sends a message to a peer. It may be lost.
type Send struct {
	Peer    string
	Message Message
}

// Apply applies entries, in this order, each after all that it depends on. Of
// one origin each is the next after those applied before.
type Apply struct{ Entries []codec.Entry }

// SetStable says that every member has applied the log of each origin up to
// here. Rows only rise; after a restart they begin low again, so the receiver
// keeps the pointwise maximum. Rows of closed members are at their end.
type SetStable struct{ Vector clock.Vector }

// SetWatermark says that no entry stamped at or below this can arrive any more.
type SetWatermark struct{ Time clock.Time }

// AppendMember asks the anchor's fabric to commit a membership change, after
// asking member.Table.Check. It is asked again when it does not happen.
type AppendMember struct{ Change member.Change }

// NeedSnapshot says that this location is going to take a snapshot, and why.
// It must not serve or write until Progress covers it.
type NeedSnapshot struct{ Text string }

// InstallSnapshot is one chunk to be kept. They come in order; index zero
// starts over. After the last one the snapshot replaces all that is here, and
// the next Progress covers Vector.
type InstallSnapshot struct {
	Peer   string
	ID     string
	Index  uint32
	Data   []byte
	Last   bool
	Vector clock.Vector
}

// Rejected says that this incarnation must not go on: no commit, nothing sent.
type Rejected struct {
	Reason Reason
	Peer   string
	Text   string
}

// AlarmCode is a stable name of something that an operator should see.
type AlarmCode string

const (
	// AlarmFuture: an entry is held back because its stamp is too far ahead.
	AlarmFuture AlarmCode = "future-stamp"
	// AlarmIdentity: an origin's log differs from what is here.
	AlarmIdentity AlarmCode = "identity"
	// AlarmMalformed: a message or batch could not be read.
	AlarmMalformed AlarmCode = "malformed"
	// AlarmStore: the fabric's log could not be read.
	AlarmStore AlarmCode = "store"
	// AlarmBeyondEnd: an entry depends on a closed log beyond its end.
	AlarmBeyondEnd AlarmCode = "beyond-end"
	// AlarmApply: an entry cannot be applied here, and holds up its log.
	AlarmApply AlarmCode = "apply"
	// AlarmRefused: a peer refused this location in a way that may pass.
	AlarmRefused AlarmCode = "refused"
)

// Alarm tells of something that an operator should see.
type Alarm struct {
	Code   AlarmCode
	Peer   string
	Origin clock.Origin
	Text   string
}

func (Send) effect()            {}
func (Apply) effect()           {}
func (SetStable) effect()       {}
func (SetWatermark) effect()    {}
func (AppendMember) effect()    {}
func (NeedSnapshot) effect()    {}
func (InstallSnapshot) effect() {}
func (Rejected) effect()        {}
func (Alarm) effect()           {}
