package disk

import "github.com/cockroachdb/pebble/v2/vfs"

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
