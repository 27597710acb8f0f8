package replication

import (
	"errors"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric"
)

// ProgressOf is a fabric's progress in the machine's words.
func ProgressOf(p fabric.Progress) Progress {
	return Progress{Self: p.Self, Vector: p.Vector, OwnEnd: p.OwnEnd, OwnChain: p.OwnChain, Vouched: p.Vouched,
		Members: p.Members, Partial: SnapshotMark{ID: p.Partial.ID, Next: p.Partial.Next, Need: p.Partial.Need}}
}

// LogOf reads a core's log in the machine's words.
type LogOf struct{ Core *fabric.Core }

// Read gives a batch of the log.
func (l LogOf) Read(origin clock.Origin, after clock.Time, maxBytes int) ([]byte, clock.Time, error) {
	batch, last, err := l.Core.ReadLog(origin, after, maxBytes)
	switch {
	case errors.Is(err, fabric.ErrTrimmed):
		err = errors.Join(ErrTrimmed, err)
	case errors.Is(err, fabric.ErrUnlinked):
		err = errors.Join(ErrUnlinked, err)
	}
	return batch, last, err
}

// Past gives what the entry after (origin, at) is coded against.
func (l LogOf) Past(origin clock.Origin, at clock.Time) (codec.Past, error) {
	past, err := l.Core.Past(origin, at)
	if errors.Is(err, fabric.ErrAbsent) {
		err = errors.Join(ErrAbsent, err)
	}
	return past, err
}

// ChainAt gives the chain hash at an entry.
func (l LogOf) ChainAt(origin clock.Origin, at clock.Time) (uint32, bool) {
	return l.Core.ChainAt(origin, at)
}
