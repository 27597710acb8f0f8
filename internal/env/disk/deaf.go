package disk

import (
	"strings"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Deaf is a file system that promises every sync and does none: the mistake that a durability test must catch.
type Deaf struct{ FS }

// NewDeaf returns a view of below whose syncs do nothing.
func NewDeaf(below FS) Deaf { return Deaf{below} }

// Create implements FS.
func (d Deaf) Create(name string, c vfs.DiskWriteCategory) (File, error) {
	return deafen(d.FS.Create(name, c))
}

// OpenReadWrite implements FS.
func (d Deaf) OpenReadWrite(name string, c vfs.DiskWriteCategory, o ...vfs.OpenOption) (File, error) {
	return deafen(d.FS.OpenReadWrite(name, c, o...))
}

// ReuseForWrite implements FS.
func (d Deaf) ReuseForWrite(oldname, newname string, c vfs.DiskWriteCategory) (File, error) {
	return deafen(d.FS.ReuseForWrite(oldname, newname, c))
}

func deafen(f File, err error) (File, error) {
	if err != nil {
		return nil, err
	}
	return deafFile{f}, nil
}

type deafFile struct{ File }

func (deafFile) Sync() error                { return nil }
func (deafFile) SyncData() error            { return nil }
func (deafFile) SyncTo(int64) (bool, error) { return false, nil }

// logSuffix ends the names of the store's logs.
const logSuffix = ".log"

// Slack is a file system that does all syncs but those of the store's logs, of which it does one in so many: a store
// on it is whole after a crash and has lost what was written last. A test that looks at acknowledged writes must find
// that; with no sync at all, a location does not even start again.
type Slack struct {
	FS
	every uint64
	asked *atomic.Uint64 // syncs of logs
}

// NewSlack returns a view of below that does one in every syncs of logs.
func NewSlack(below FS, every uint64) Slack { return Slack{below, max(every, 1), &atomic.Uint64{}} }

// Create implements FS.
func (d Slack) Create(name string, c vfs.DiskWriteCategory) (File, error) {
	f, err := d.FS.Create(name, c)
	return d.slacken(name, f, err)
}

// OpenReadWrite implements FS.
func (d Slack) OpenReadWrite(name string, c vfs.DiskWriteCategory, o ...vfs.OpenOption) (File, error) {
	f, err := d.FS.OpenReadWrite(name, c, o...)
	return d.slacken(name, f, err)
}

// ReuseForWrite implements FS.
func (d Slack) ReuseForWrite(oldname, newname string, c vfs.DiskWriteCategory) (File, error) {
	f, err := d.FS.ReuseForWrite(oldname, newname, c)
	return d.slacken(newname, f, err)
}

func (d Slack) slacken(name string, f File, err error) (File, error) {
	if err != nil || !strings.HasSuffix(name, logSuffix) {
		return f, err
	}
	return slackFile{f, d}, nil
}

type slackFile struct {
	File
	d Slack
}

func (f slackFile) due() bool { return f.d.asked.Add(1)%f.d.every == 0 }

func (f slackFile) Sync() error {
	if !f.due() {
		return nil
	}
	return f.File.Sync()
}

func (f slackFile) SyncData() error {
	if !f.due() {
		return nil
	}
	return f.File.SyncData()
}

func (slackFile) SyncTo(int64) (bool, error) { return false, nil }
