// Package disk is the seam to the file system.
//
// # Shape
//
// FS is the file system interface of the storage engine's library: it is the
// one thing that must be faked for it, so a second interface of our own would
// only be translated back and forth. Real is the machine's file system, Strict
// loses everything that was not synced when the process dies, Fault fails
// chosen operations.
//
// # Guarantees
//
// WriteAtomic leaves either the old or the new content under a name, also
// after a crash, and the new one is durable when it returns.
//
// # Errors
//
// Errors are those of package os: test with errors.Is(err, fs.ErrNotExist),
// and IsFull for a disk without room.
package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// FS is a file system, File an open file or directory of it.
type (
	FS   = vfs.FS
	File = vfs.File
)

// category labels our own writes in the statistics of the library.
const category = vfs.WriteCategoryUnspecified

// Real returns the file system of the machine.
func Real() FS { return vfs.Default }

// Memory returns an empty file system in memory.
func Memory() FS { return vfs.NewMem() }

// TempFolder makes a new folder of the machine, for the caller to remove.
func TempFolder(prefix string) (string, error) { return os.MkdirTemp("", prefix) }

// IsFull tells whether err says that the disk has no room left.
func IsFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// Exists tells whether there is something under name.
func Exists(f FS, name string) (bool, error) {
	_, err := f.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// ReadFile returns the content of a file, refusing more than limit bytes.
func ReadFile(f FS, name string, limit int64) ([]byte, error) {
	file, err := f.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("read %s: longer than %d bytes", name, limit)
	}
	return data, nil
}

// WriteAtomic replaces the content of a file, durably.
func WriteAtomic(f FS, name string, data []byte) error {
	temporary := name + ".new"
	if err := writeSynced(f, temporary, data); err != nil {
		return err
	}
	if err := f.Rename(temporary, name); err != nil {
		return err
	}
	return SyncDir(f, f.PathDir(name))
}

func writeSynced(f FS, name string, data []byte) error {
	file, err := f.Create(name, category)
	if err != nil {
		return err
	}
	// The file system may scribble over what it is given to write.
	if _, err = file.Write(append([]byte(nil), data...)); err == nil {
		err = file.Sync()
	}
	if err != nil {
		err = fmt.Errorf("write %s: %w", name, err)
	}
	return errors.Join(err, file.Close())
}

// SyncDir makes the names in a directory durable.
func SyncDir(f FS, dir string) error {
	d, err := f.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
