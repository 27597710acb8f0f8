package pebble

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/selvedge-db/selvedge/internal/env"
	"github.com/selvedge-db/selvedge/internal/env/disk"
	"github.com/selvedge-db/selvedge/store/kv"
)

// guard is the file system that the library sees. It passes everything on
// until a write or a sync fails. Then the store is dead, and from there on the
// disk below is only read:
//
//   - new files are made in memory, where the library can read them back;
//   - writes to files that were open, and changes of names, succeed without
//     doing anything, because the library panics or ends the process when its
//     log or manifest fails, and its goroutines would wait for ever on a flush
//     that cannot finish;
//   - only tables that were being written fail, so that the flush or the
//     compaction behind them starts anew with tables in memory.
//
// That nobody outside believes those successes is the duty of DB, which asks
// fatal after everything it was told.
//
// Until arm is called errors pass through, since Open of the library handles
// them properly. They also pass for files outside the store's directory, which
// belong to a checkpoint: it may fail without harm to the store.
type guard struct {
	disk.FS
	dir    string
	clock  env.Clock
	onDead func(error)
	armed  atomic.Bool
	dead   atomic.Pointer[error]
	die1   sync.Once
	full   atomic.Bool // a flush or compaction met a full disk
	syncs  atomic.Int64
	memory disk.FS // made when the store dies
}

// fullPause slows down the library, which repeats a failed flush at once.
const fullPause = 100 * time.Millisecond

func newGuard(below disk.FS, dir string, clock env.Clock, onDead func(error)) *guard {
	// The library joins names to the directory and so cleans them.
	dir = below.PathDir(below.PathJoin(dir, FormatFile))
	return &guard{FS: below, dir: dir, clock: clock, onDead: onDead}
}

func (g *guard) arm() { g.armed.Store(true) }

// fatal returns what killed the store, nil while it lives.
func (g *guard) fatal() error {
	if p := g.dead.Load(); p != nil {
		return *p
	}
	return nil
}

// die kills the store and returns what killed it, which is an earlier failure
// when there was one.
func (g *guard) die(cause error) error {
	g.die1.Do(func() {
		marks := kv.ErrSync
		if disk.IsFull(cause) {
			marks = fmt.Errorf("%w: %w", kv.ErrSync, kv.ErrFull)
		}
		err := fmt.Errorf("store %s: %w: %w", g.dir, marks, cause)
		g.memory = disk.Memory()
		// It fails only for a path with a file in it, and this one is empty.
		_ = g.memory.MkdirAll(g.dir, 0o755)
		g.dead.Store(&err)
		if g.onDead != nil {
			go g.onDead(err)
		}
	})
	return g.fatal()
}

// ours tells whether name is the store's directory or a file in it.
func (g *guard) ours(name string) bool {
	return name == g.dir || g.FS.PathDir(name) == g.dir
}

func isTable(name string) bool {
	return strings.HasSuffix(name, ".sst") || strings.HasSuffix(name, ".blob")
}

// judge decides what the library is told about a failed operation on a file.
func (g *guard) judge(name, op string, err error) error {
	if err == nil || !g.armed.Load() || !g.ours(name) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrExist) {
		return err
	}
	if isTable(name) && disk.IsFull(err) && op != "sync" {
		g.full.Store(true)
		_ = env.Sleep(context.Background(), g.clock, fullPause)
		return err
	}
	g.die(fmt.Errorf("%s %s: %w", op, name, err))
	if isTable(name) {
		return err
	}
	return nil
}

// Create implements vfs.FS.
func (g *guard) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	if g.fatal() == nil {
		f, err := g.FS.Create(name, c)
		if err == nil {
			return &file{File: f, g: g, name: name}, nil
		}
		if err = g.judge(name, "create", err); err != nil {
			return nil, err
		}
	}
	return g.memory.Create(name, c)
}

// ReuseForWrite implements vfs.FS.
func (g *guard) ReuseForWrite(oldname, newname string, c vfs.DiskWriteCategory) (vfs.File, error) {
	if g.fatal() == nil {
		f, err := g.FS.ReuseForWrite(oldname, newname, c)
		if err == nil {
			return &file{File: f, g: g, name: newname}, nil
		}
		if err = g.judge(newname, "reuse", err); err != nil {
			return nil, err
		}
	}
	return g.memory.Create(newname, c)
}

// OpenReadWrite implements vfs.FS.
func (g *guard) OpenReadWrite(name string, c vfs.DiskWriteCategory, o ...vfs.OpenOption) (vfs.File, error) {
	if err := g.fatal(); err != nil {
		return nil, err
	}
	f, err := g.FS.OpenReadWrite(name, c, o...)
	if err != nil {
		return nil, err
	}
	return &file{File: f, g: g, name: name}, nil
}

// Open implements vfs.FS.
func (g *guard) Open(name string, o ...vfs.OpenOption) (vfs.File, error) {
	if g.fatal() != nil {
		if f, err := g.memory.Open(name, o...); err == nil {
			return f, nil
		}
	}
	return g.FS.Open(name, o...)
}

// OpenDir implements vfs.FS.
func (g *guard) OpenDir(name string) (vfs.File, error) {
	f, err := g.FS.OpenDir(name)
	if err != nil {
		return nil, err
	}
	return &file{File: f, g: g, name: name}, nil
}

// Stat implements vfs.FS.
func (g *guard) Stat(name string) (vfs.FileInfo, error) {
	if g.fatal() != nil {
		if i, err := g.memory.Stat(name); err == nil {
			return i, nil
		}
	}
	return g.FS.Stat(name)
}

// change runs an operation on names, which a dead store leaves out.
func (g *guard) change(name, op string, do func() error) error {
	if g.fatal() != nil {
		return nil
	}
	return g.judge(name, op, do())
}

// Remove implements vfs.FS. Nothing that is on disk when the store dies goes.
func (g *guard) Remove(name string) error {
	if g.fatal() != nil {
		return nil
	}
	return g.FS.Remove(name)
}

// RemoveAll implements vfs.FS.
func (g *guard) RemoveAll(name string) error {
	if g.fatal() != nil {
		return nil
	}
	return g.FS.RemoveAll(name)
}

// Rename implements vfs.FS.
func (g *guard) Rename(oldname, newname string) error {
	return g.change(newname, "rename", func() error { return g.FS.Rename(oldname, newname) })
}

// Link implements vfs.FS. Links are made only for checkpoints.
func (g *guard) Link(oldname, newname string) error {
	if err := g.fatal(); err != nil {
		return err
	}
	return g.FS.Link(oldname, newname)
}

// MkdirAll implements vfs.FS. What the store makes, checkpoints among it, is for
// its owner alone.
func (g *guard) MkdirAll(dir string, perm os.FileMode) error {
	if err := g.fatal(); err != nil {
		return err
	}
	return g.FS.MkdirAll(dir, perm&0o700)
}

// GetDiskUsage implements vfs.FS. The library asks for it from everywhere and
// can do without.
func (g *guard) GetDiskUsage(path string) (vfs.DiskUsage, error) {
	u, err := g.FS.GetDiskUsage(path)
	if err != nil {
		return u, vfs.ErrUnsupported
	}
	return u, nil
}

// Unwrap implements vfs.FS.
func (g *guard) Unwrap() vfs.FS { return g.FS }

// file is a file or directory that was opened on the disk below.
type file struct {
	vfs.File
	g    *guard
	name string
}

// do runs a writing operation, or what a dead store does in its place.
func (f *file) do(op string, run func() error) error {
	if err := f.g.fatal(); err != nil {
		if isTable(f.name) {
			return err
		}
		return nil
	}
	return f.g.judge(f.name, op, run())
}

func (f *file) Write(p []byte) (n int, err error) {
	size := len(p)
	if isTable(f.name) {
		// Flushes and compactions run for long. Where there are few processors commits would wait for the runtime to
		// take one away from them, at each of the goroutines that a commit goes through.
		runtime.Gosched()
	}
	err = f.do("write", func() error {
		n, err = f.File.Write(p)
		return err
	})
	if err == nil {
		n = size
	}
	return n, err
}

func (f *file) WriteAt(p []byte, off int64) (n int, err error) {
	size := len(p)
	err = f.do("write", func() error {
		n, err = f.File.WriteAt(p, off)
		return err
	})
	if err == nil {
		n = size
	}
	return n, err
}

func (f *file) Sync() error {
	if strings.HasSuffix(f.name, ".log") {
		f.g.syncs.Add(1)
	}
	return f.do("sync", f.File.Sync)
}

func (f *file) SyncData() error {
	if strings.HasSuffix(f.name, ".log") {
		f.g.syncs.Add(1)
	}
	return f.do("sync", f.File.SyncData)
}

func (f *file) SyncTo(length int64) (full bool, err error) {
	err = f.do("sync", func() error {
		full, err = f.File.SyncTo(length)
		return err
	})
	return full, err
}

func (f *file) Preallocate(offset, length int64) error {
	return f.do("preallocate", func() error { return f.File.Preallocate(offset, length) })
}

// Close closes the file below in any case, and hides its failure when the
// store is dead.
func (f *file) Close() error {
	err := f.File.Close()
	if f.g.fatal() != nil {
		return nil
	}
	return f.g.judge(f.name, "close", err)
}
