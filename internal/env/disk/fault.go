package disk

import (
	"os"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Op is an operation that changes the disk.
type Op struct {
	// Kind is create, write, sync, preallocate, rename, link, remove, reuse,
	// mkdir or open (for writing).
	Kind string
	Path string
}

// Fault passes operations on and fails those that a plan picks. Operations that
// change the disk are counted from 0, so that a test can fail each in turn
// until a run meets no failure.
type Fault struct {
	FS
	mu struct {
		sync.Mutex
		count  int64
		failed int64
		plan   func(n int64, op Op) error
	}
}

// NewFault returns a view of below without a plan.
func NewFault(below FS) *Fault { return &Fault{FS: below} }

// Plan sets what fails: plan is asked before each operation and returns the
// error to fail it with. It must not call back.
func (f *Fault) Plan(plan func(n int64, op Op) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mu.plan = plan
}

// FailOnce fails operation n alone, FailFrom that and every later one.
func (f *Fault) FailOnce(n int64, err error) {
	f.Plan(func(i int64, _ Op) error {
		if i == n {
			return err
		}
		return nil
	})
}

// FailFrom fails operation n and every later one.
func (f *Fault) FailFrom(n int64, err error) {
	f.Plan(func(i int64, _ Op) error {
		if i >= n {
			return err
		}
		return nil
	})
}

// Count returns how many operations there were, Failed how many of them failed.
func (f *Fault) Count() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.mu.count
}

// Failed returns how many operations were made to fail.
func (f *Fault) Failed() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.mu.failed
}

func (f *Fault) check(kind, path string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.mu.count
	f.mu.count++
	if f.mu.plan == nil {
		return nil
	}
	err := f.mu.plan(n, Op{kind, path})
	if err == nil {
		return nil
	}
	f.mu.failed++
	return &os.PathError{Op: kind, Path: path, Err: err}
}

// file runs an operation that returns a file for writing.
func (f *Fault) file(kind, path string, open func() (vfs.File, error)) (vfs.File, error) {
	if err := f.check(kind, path); err != nil {
		return nil, err
	}
	file, err := open()
	if err != nil {
		return nil, err
	}
	return &faultFile{File: file, f: f, path: path}, nil
}

// Create implements vfs.FS.
func (f *Fault) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return f.file("create", name, func() (vfs.File, error) { return f.FS.Create(name, c) })
}

// OpenReadWrite implements vfs.FS.
func (f *Fault) OpenReadWrite(name string, c vfs.DiskWriteCategory, o ...vfs.OpenOption) (vfs.File, error) {
	return f.file("open", name, func() (vfs.File, error) { return f.FS.OpenReadWrite(name, c, o...) })
}

// ReuseForWrite implements vfs.FS.
func (f *Fault) ReuseForWrite(oldname, newname string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return f.file("reuse", newname, func() (vfs.File, error) { return f.FS.ReuseForWrite(oldname, newname, c) })
}

// OpenDir implements vfs.FS. Opening is not counted, its syncs are.
func (f *Fault) OpenDir(name string) (vfs.File, error) {
	d, err := f.FS.OpenDir(name)
	if err != nil {
		return nil, err
	}
	return &faultFile{File: d, f: f, path: name}, nil
}

func (f *Fault) change(kind, path string, do func() error) error {
	if err := f.check(kind, path); err != nil {
		return err
	}
	return do()
}

// Link implements vfs.FS.
func (f *Fault) Link(oldname, newname string) error {
	return f.change("link", newname, func() error { return f.FS.Link(oldname, newname) })
}

// Rename implements vfs.FS.
func (f *Fault) Rename(oldname, newname string) error {
	return f.change("rename", newname, func() error { return f.FS.Rename(oldname, newname) })
}

// Remove implements vfs.FS.
func (f *Fault) Remove(name string) error {
	return f.change("remove", name, func() error { return f.FS.Remove(name) })
}

// RemoveAll implements vfs.FS.
func (f *Fault) RemoveAll(name string) error {
	return f.change("remove", name, func() error { return f.FS.RemoveAll(name) })
}

// MkdirAll implements vfs.FS.
func (f *Fault) MkdirAll(dir string, perm os.FileMode) error {
	return f.change("mkdir", dir, func() error { return f.FS.MkdirAll(dir, perm) })
}

// Unwrap implements vfs.FS.
func (f *Fault) Unwrap() vfs.FS { return f.FS }

type faultFile struct {
	vfs.File
	f    *Fault
	path string
}

func (f *faultFile) Write(p []byte) (int, error) {
	if err := f.f.check("write", f.path); err != nil {
		return 0, err
	}
	return f.File.Write(p)
}

func (f *faultFile) WriteAt(p []byte, off int64) (int, error) {
	if err := f.f.check("write", f.path); err != nil {
		return 0, err
	}
	return f.File.WriteAt(p, off)
}

func (f *faultFile) Sync() error     { return f.f.change("sync", f.path, f.File.Sync) }
func (f *faultFile) SyncData() error { return f.f.change("sync", f.path, f.File.SyncData) }

func (f *faultFile) SyncTo(length int64) (full bool, err error) {
	if err := f.f.check("sync", f.path); err != nil {
		return false, err
	}
	return f.File.SyncTo(length)
}

func (f *faultFile) Preallocate(offset, length int64) error {
	return f.f.change("preallocate", f.path, func() error { return f.File.Preallocate(offset, length) })
}
