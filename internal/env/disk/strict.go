package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Strict is a file system over another one that passes bytes on only when their
// file is synced, and names only when their directory is. So a process that is
// killed loses what was not synced, as a machine that loses power does; on a
// plain file system the cache of the operating system would save it.
//
// While the process lives, everything is seen at once through this value.
// Directories themselves, RemoveAll and Lock pass through, and a file may reach
// the disk early under a hidden name, which the next process removes.
type Strict struct {
	FS
	mu struct {
		sync.Mutex
		// names holds what differs from the disk below; nil is a removed name.
		names map[string]*inode
		// files finds the inodes of durable names.
		files   map[string]*inode
		cleaned map[string]bool
		hidden  int
	}
}

// hiddenPrefix begins the names of files that have no durable name yet.
const hiddenPrefix = ".strict-"

// NewStrict returns a strict view of below.
func NewStrict(below FS) *Strict {
	s := &Strict{FS: below}
	s.mu.names, s.mu.files, s.mu.cleaned = map[string]*inode{}, map[string]*inode{}, map[string]bool{}
	return s
}

// hide returns a new hidden name beside name. The lock is held.
func (s *Strict) hide(name string) string {
	s.mu.hidden++
	return s.PathJoin(s.PathDir(name), fmt.Sprintf("%s%d-%d", hiddenPrefix, os.Getpid(), s.mu.hidden))
}

// find returns the inode under name. The lock is held.
func (s *Strict) find(op, name string) (*inode, error) {
	if n, changed := s.mu.names[name]; changed {
		if n == nil {
			return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
		}
		return n, nil
	}
	if n := s.mu.files[name]; n != nil {
		return n, nil
	}
	info, err := s.FS.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, &fs.PathError{Op: op, Path: name, Err: errors.New("is a directory")}
	}
	n := &inode{path: name, durable: map[string]bool{name: true}}
	n.mu.size = info.Size()
	s.mu.files[name] = n
	return n, nil
}

// Create implements vfs.FS.
func (s *Strict) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := &inode{path: s.hide(name), durable: map[string]bool{}}
	f, err := s.FS.Create(n.path, c)
	if err != nil {
		return nil, err
	}
	s.mu.names[name] = n
	n.mu.below, n.mu.handles = f, 1
	return &strictFile{File: f, s: s, n: n, name: name}, nil
}

// open returns a new handle of an inode. The lock is held.
func (s *Strict) open(n *inode, name string) (vfs.File, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.mu.below == nil {
		f, err := s.FS.OpenReadWrite(n.path, category)
		if err != nil {
			return nil, err
		}
		n.mu.below = f
	}
	n.mu.handles++
	return &strictFile{File: n.mu.below, s: s, n: n, name: name}, nil
}

// Open implements vfs.FS.
func (s *Strict) Open(name string, o ...vfs.OpenOption) (vfs.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if info, err := s.FS.Stat(name); err == nil && info.IsDir() {
		return s.FS.Open(name, o...)
	}
	n, err := s.find("open", name)
	if err != nil {
		return nil, err
	}
	return s.open(n, name)
}

// OpenReadWrite implements vfs.FS.
func (s *Strict) OpenReadWrite(name string, c vfs.DiskWriteCategory, _ ...vfs.OpenOption) (vfs.File, error) {
	s.mu.Lock()
	n, err := s.find("open", name)
	if err == nil {
		defer s.mu.Unlock()
		return s.open(n, name)
	}
	s.mu.Unlock()
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return s.Create(name, c)
}

// OpenDir implements vfs.FS.
func (s *Strict) OpenDir(name string) (vfs.File, error) {
	d, err := s.FS.OpenDir(name)
	if err != nil {
		return nil, err
	}
	return &strictDir{File: d, s: s, name: name}, nil
}

// Rename implements vfs.FS.
func (s *Strict) Rename(oldname, newname string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.find("rename", oldname)
	if err != nil {
		return err
	}
	if oldname != newname {
		s.mu.names[newname], s.mu.names[oldname] = n, nil
	}
	return nil
}

// Link implements vfs.FS.
func (s *Strict) Link(oldname, newname string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.find("link", oldname)
	if err != nil {
		return err
	}
	if _, err := s.find("link", newname); err == nil {
		return &fs.PathError{Op: "link", Path: newname, Err: fs.ErrExist}
	}
	s.mu.names[newname] = n
	return nil
}

// ReuseForWrite implements vfs.FS.
func (s *Strict) ReuseForWrite(oldname, newname string, _ vfs.DiskWriteCategory) (vfs.File, error) {
	if err := s.Rename(oldname, newname); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.find("open", newname)
	if err != nil {
		return nil, err
	}
	return s.open(n, newname)
}

// Remove implements vfs.FS.
func (s *Strict) Remove(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if info, err := s.FS.Stat(name); err == nil && info.IsDir() {
		return s.FS.Remove(name)
	}
	if _, err := s.find("remove", name); err != nil {
		return err
	}
	s.mu.names[name] = nil
	return nil
}

// RemoveAll implements vfs.FS; it is durable at once.
func (s *Strict) RemoveAll(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range []map[string]*inode{s.mu.names, s.mu.files} {
		maps.DeleteFunc(m, func(path string, _ *inode) bool {
			return path == name || strings.HasPrefix(path, s.PathJoin(name, "x")[:len(s.PathJoin(name, "x"))-1])
		})
	}
	return s.FS.RemoveAll(name)
}

// MkdirAll implements vfs.FS. The first time it also removes what a killed
// process left in the directory under hidden names.
func (s *Strict) MkdirAll(dir string, perm os.FileMode) error {
	if err := s.FS.MkdirAll(dir, perm); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.cleaned[dir] {
		return nil
	}
	s.mu.cleaned[dir] = true
	names, err := s.FS.List(dir)
	if err != nil {
		return err
	}
	own := fmt.Sprintf("%s%d-", hiddenPrefix, os.Getpid())
	for _, n := range names {
		if strings.HasPrefix(n, hiddenPrefix) && !strings.HasPrefix(n, own) {
			if err := s.FS.Remove(s.PathJoin(dir, n)); err != nil {
				return err
			}
		}
	}
	return nil
}

// List implements vfs.FS.
func (s *Strict) List(dir string) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	below, err := s.FS.List(dir)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, n := range below {
		seen[n] = !strings.HasPrefix(n, hiddenPrefix)
	}
	for name, n := range s.mu.names {
		if s.PathDir(name) == s.PathDir(s.PathJoin(dir, "x")) {
			seen[s.PathBase(name)] = n != nil
		}
	}
	var out []string
	for n, there := range seen {
		if there {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out, nil
}

// Stat implements vfs.FS.
func (s *Strict) Stat(name string) (vfs.FileInfo, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if info, err := s.FS.Stat(name); err == nil && info.IsDir() {
		return info, nil
	}
	n, err := s.find("stat", name)
	if err != nil {
		return nil, err
	}
	info, err := s.FS.Stat(n.path)
	if err != nil {
		return nil, err
	}
	return n.info(info, s.PathBase(name)), nil
}

// Unwrap implements vfs.FS.
func (s *Strict) Unwrap() vfs.FS { return s.FS }

// syncDir makes the changed names of a directory durable.
func (s *Strict) syncDir(dir string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	dir = s.PathDir(s.PathJoin(dir, "x"))
	for _, name := range slices.Sorted(maps.Keys(s.mu.names)) {
		if s.PathDir(name) != dir {
			continue
		}
		n := s.mu.names[name]
		if err := s.detach(name, n); err != nil {
			return err
		}
		if n != nil {
			if err := s.attach(name, n); err != nil {
				return err
			}
		}
		delete(s.mu.names, name)
	}
	return nil
}

// detach frees a durable name that is to be removed or to become that of
// another inode, whose bytes stay under a hidden name while somebody needs them.
func (s *Strict) detach(name string, next *inode) error {
	old := s.mu.files[name]
	if old == next && next != nil {
		return nil
	}
	delete(s.mu.files, name)
	if old == nil {
		err := s.FS.Remove(name)
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return err
	}
	delete(old.durable, name)
	if old.path != name {
		return s.FS.Remove(name)
	}
	for other := range old.durable {
		old.path = other
		return s.FS.Remove(name)
	}
	for _, n := range s.mu.names {
		if n == old {
			old.path = s.hide(name)
			return s.FS.Rename(name, old.path)
		}
	}
	return s.FS.Remove(name)
}

// attach gives an inode a durable name.
func (s *Strict) attach(name string, n *inode) error {
	if n.durable[name] {
		return nil
	}
	var err error
	if len(n.durable) == 0 {
		err = s.FS.Rename(n.path, name)
		n.path = name
	} else {
		err = s.FS.Link(n.path, name)
	}
	if err == nil {
		n.durable[name] = true
		s.mu.files[name] = n
	}
	return err
}
