package fabric

import (
	"encoding/binary"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric/layout"
)

// behindLimit bounds how many entries are counted.
const behindLimit = 100_000

// Behind counts what this location's own log holds after a time: entries and bytes, as far as behindLimit.
func (f *Fabric) Behind(after clock.Time) (entries, bytes int64) {
	c := f.core.Load()
	self := c.state.Load().self
	end := c.durable.Load().end
	if after >= end {
		return 0, 0
	}
	it, err := c.db.Scan(c.keys.LogRecord(nil, self, after.Next()), c.keys.LogRecord(nil, self, end.Next()))
	if err != nil {
		return 0, 0
	}
	defer func() { _ = it.Close() }()
	for entries < behindLimit && it.Next() {
		entries++
		bytes += int64(len(it.Value()))
	}
	return entries, bytes
}

// OwnLog visits this location's own entries after a time: their stamps and changes, local ones left out. It is how
// what only this location has is taken out of a log that must not go on.
func (f *Fabric) OwnLog(after clock.Time, visit func(clock.Stamp, []codec.Change) error) error {
	c := f.core.Load()
	self := c.state.Load().self
	space := c.keys.LogSpace(self)
	return each(c.db, c.keys.LogRecord(nil, self, after.Next()), layout.End(space), func(key, data []byte) error {
		t := clock.Time(binary.BigEndian.Uint64(key[len(space):]))
		body, err := codec.RecordBody(t, data)
		if err != nil {
			return corrupt(key, err)
		}
		changes, err := codec.DecodeChanges(body)
		if err != nil {
			return corrupt(key, err)
		}
		return visit(clock.Stamp{Time: t, Origin: self}, changes)
	})
}
