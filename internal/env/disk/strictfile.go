package disk

import (
	"io"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// inode is one file with the bytes that are not on disk yet. Its path and its
// names are guarded by the lock of Strict, the rest by its own.
type inode struct {
	path    string
	durable map[string]bool
	mu      struct {
		sync.Mutex
		below   vfs.File // open while there are handles
		handles int
		size    int64 // with the pending writes
		pending []write
	}
}

// write is a piece of a file that is not on disk yet.
type write struct {
	offset int64
	data   []byte
}

// readAt reads what is on disk and lays the pending writes over it.
func (n *inode) readAt(p []byte, off int64) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if off >= n.mu.size {
		return 0, io.EOF
	}
	short := int64(len(p)) > n.mu.size-off
	if short {
		p = p[:n.mu.size-off]
	}
	clear(p)
	if _, err := n.mu.below.ReadAt(p, off); err != nil && err != io.EOF {
		return 0, err
	}
	for _, w := range n.mu.pending {
		from, to := max(off, w.offset), min(off+int64(len(p)), w.offset+int64(len(w.data)))
		if from < to {
			copy(p[from-off:to-off], w.data[from-w.offset:to-w.offset])
		}
	}
	if short {
		return len(p), io.EOF
	}
	return len(p), nil
}

func (n *inode) writeAt(p []byte, off int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.mu.pending = append(n.mu.pending, write{off, append([]byte(nil), p...)})
	n.mu.size = max(n.mu.size, off+int64(len(p)))
}

// sync writes what is pending and syncs the file below.
func (n *inode) sync() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for len(n.mu.pending) > 0 {
		w := n.mu.pending[0]
		if _, err := n.mu.below.WriteAt(w.data, w.offset); err != nil {
			return err
		}
		n.mu.pending = n.mu.pending[1:]
	}
	n.mu.pending = nil
	return n.mu.below.Sync()
}

func (n *inode) info(below vfs.FileInfo, name string) vfs.FileInfo {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strictInfo{below, name, n.mu.size}
}

type strictInfo struct {
	vfs.FileInfo
	name string
	size int64
}

func (i strictInfo) Name() string { return i.name }
func (i strictInfo) Size() int64  { return i.size }

// strictFile is a handle of an inode with its own offset.
type strictFile struct {
	vfs.File
	s      *Strict
	n      *inode
	name   string
	off    int64
	closed bool
}

func (f *strictFile) Read(p []byte) (int, error) {
	n, err := f.n.readAt(p, f.off)
	f.off += int64(n)
	if n > 0 && err == io.EOF {
		err = nil
	}
	return n, err
}

func (f *strictFile) ReadAt(p []byte, off int64) (int, error) { return f.n.readAt(p, off) }

func (f *strictFile) Write(p []byte) (int, error) {
	f.n.writeAt(p, f.off)
	f.off += int64(len(p))
	return len(p), nil
}

func (f *strictFile) WriteAt(p []byte, off int64) (int, error) {
	f.n.writeAt(p, off)
	return len(p), nil
}

func (f *strictFile) Sync() error     { return f.n.sync() }
func (f *strictFile) SyncData() error { return f.n.sync() }

// SyncTo promises nothing, as the interface allows.
func (f *strictFile) SyncTo(int64) (bool, error)   { return false, nil }
func (f *strictFile) Preallocate(_, _ int64) error { return nil }

// Prefetch and Fd would go around the pending writes.
func (f *strictFile) Prefetch(_, _ int64) error { return nil }
func (f *strictFile) Fd() uintptr               { return vfs.InvalidFd }

func (f *strictFile) Stat() (vfs.FileInfo, error) {
	info, err := f.File.Stat()
	if err != nil {
		return nil, err
	}
	return f.n.info(info, f.s.PathBase(f.name)), nil
}

func (f *strictFile) Close() error {
	if f.closed {
		return nil
	}
	f.closed = true
	f.n.mu.Lock()
	defer f.n.mu.Unlock()
	f.n.mu.handles--
	if f.n.mu.handles > 0 {
		return nil
	}
	below := f.n.mu.below
	f.n.mu.below = nil
	return below.Close()
}

// strictDir is an open directory.
type strictDir struct {
	vfs.File
	s    *Strict
	name string
}

func (d *strictDir) Sync() error {
	if err := d.s.syncDir(d.name); err != nil {
		return err
	}
	return d.File.Sync()
}

func (d *strictDir) SyncData() error { return d.Sync() }
