package disk_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sort"
	"strings"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"github.com/selvedge-db/selvedge/internal/env/disk"
)

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func create(t testing.TB, f disk.FS, name, text string, sync bool) {
	t.Helper()
	file, err := f.Create(name, vfs.WriteCategoryUnspecified)
	ok(t, err)
	_, err = file.Write([]byte(text))
	ok(t, err)
	if sync {
		ok(t, file.Sync())
	}
	ok(t, file.Close())
}

// tree returns "name=content " of every file in a directory.
func tree(t testing.TB, f disk.FS, dir string) string {
	t.Helper()
	names, err := f.List(dir)
	ok(t, err)
	sort.Strings(names)
	var b strings.Builder
	for _, n := range names {
		data, err := disk.ReadFile(f, f.PathJoin(dir, n), 1<<20)
		ok(t, err)
		info, err := f.Stat(f.PathJoin(dir, n))
		ok(t, err)
		if info.Size() != int64(len(data)) || info.Name() != n {
			t.Errorf("%s: stat says %s with %d bytes, there are %d", n, info.Name(), info.Size(), len(data))
		}
		fmt.Fprintf(&b, "%s=%s ", n, data)
	}
	return b.String()
}

// killed returns the directory as the next process sees it.
func killed(t testing.TB, below disk.FS, dir string) string {
	t.Helper()
	next := disk.NewStrict(below)
	ok(t, next.MkdirAll(dir, 0o755))
	return tree(t, next, dir)
}

func TestStrictLosesWhatIsNotSynced(t *testing.T) {
	t.Parallel()
	below := disk.Memory()
	s := disk.NewStrict(below)
	ok(t, s.MkdirAll("d", 0o755))
	steps := []struct {
		name          string
		do            func()
		seen, durable string
	}{
		{"nothing synced", func() { create(t, s, "d/a", "1", false) }, "a=1 ", ""},
		{"only the file", func() { create(t, s, "d/b", "2", true) }, "a=1 b=2 ", ""},
		{"the directory", func() { ok(t, disk.SyncDir(s, "d")) }, "a=1 b=2 ", "a= b=2 "},
		{"replaced", func() { create(t, s, "d/b", "3", true) }, "a=1 b=3 ", "a= b=2 "},
		{"renamed", func() { ok(t, s.Rename("d/b", "d/c")) }, "a=1 c=3 ", "a= b=2 "},
		{"linked", func() { ok(t, s.Link("d/c", "d/e")) }, "a=1 c=3 e=3 ", "a= b=2 "},
		{"removed", func() { ok(t, s.Remove("d/a")) }, "c=3 e=3 ", "a= b=2 "},
		{"all durable", func() { ok(t, disk.SyncDir(s, "d")) }, "c=3 e=3 ", "c=3 e=3 "},
		{"atomic", func() { ok(t, disk.WriteAtomic(s, "d/e", []byte("4"))) }, "c=3 e=4 ", "c=3 e=4 "},
	}
	for _, step := range steps {
		step.do()
		if got := tree(t, s, "d"); got != step.seen {
			t.Errorf("%s: the process sees %q, want %q", step.name, got, step.seen)
		}
		if got := hiddenOut(t, below); got != step.durable {
			t.Errorf("%s: on disk is %q, want %q", step.name, got, step.durable)
		}
	}
	if got := killed(t, below, "d"); got != "c=3 e=4 " {
		t.Errorf("the next process sees %q", got)
	}
}

// hiddenOut returns what is durable without touching the hidden files.
func hiddenOut(t testing.TB, below disk.FS) string {
	t.Helper()
	var out []string
	for _, part := range strings.Fields(tree(t, below, "d")) {
		if !strings.HasPrefix(part, ".strict-") {
			out = append(out, part+" ")
		}
	}
	return strings.Join(out, "")
}

func TestStrictReusedFile(t *testing.T) {
	t.Parallel()
	below := disk.Memory()
	s := disk.NewStrict(below)
	ok(t, s.MkdirAll("d", 0o755))
	create(t, s, "d/old", "abcdef", true)
	ok(t, disk.SyncDir(s, "d"))
	file, err := s.ReuseForWrite("d/old", "d/new", vfs.WriteCategoryUnspecified)
	ok(t, err)
	_, err = file.Write([]byte("XY"))
	ok(t, err)
	if got := tree(t, s, "d"); got != "new=XYcdef " {
		t.Errorf("the process sees %q", got)
	}
	if got := killed(t, below, "d"); got != "old=abcdef " {
		t.Errorf("on disk is %q", got)
	}
	ok(t, disk.SyncDir(s, "d"))
	if got := killed(t, below, "d"); got != "new=abcdef " {
		t.Errorf("on disk is %q", got)
	}
	ok(t, file.Sync())
	if got := killed(t, below, "d"); got != "new=XYcdef " {
		t.Errorf("on disk is %q", got)
	}
	ok(t, file.Close())
}

// TestStrictLooksPlain compares what a process sees through Strict with an
// ordinary file system, and what survives with nothing lost once all is synced.
func TestStrictLooksPlain(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		below, plain := disk.Memory(), disk.Memory()
		s := disk.NewStrict(below)
		for _, f := range []disk.FS{s, plain} {
			if err := f.MkdirAll("d", 0o755); err != nil {
				r.Fatal(err)
			}
		}
		name := rapid.SampledFrom([]string{"d/a", "d/b", "d/c", "d/e"})
		both := func(do func(disk.FS) error) {
			x, y := do(s), do(plain)
			if (x == nil) != (y == nil) || errors.Is(x, fs.ErrNotExist) != errors.Is(y, fs.ErrNotExist) {
				r.Fatalf("strict says %v, plain %v", x, y)
			}
		}
		r.Repeat(map[string]func(*rapid.T){
			"create": func(r *rapid.T) {
				n, text, sync := name.Draw(r, "name"), rapid.StringMatching("[x-z]{0,4}").Draw(r, "text"), rapid.Bool().Draw(r, "sync")
				both(func(f disk.FS) error { create(t, f, n, text, sync); return nil })
			},
			"rename": func(r *rapid.T) {
				a, b := name.Draw(r, "from"), name.Draw(r, "to")
				if a != b {
					both(func(f disk.FS) error { return f.Rename(a, b) })
				}
			},
			"link": func(r *rapid.T) {
				a, b := name.Draw(r, "from"), name.Draw(r, "to")
				both(func(f disk.FS) error { return f.Link(a, b) })
			},
			"remove": func(r *rapid.T) {
				n := name.Draw(r, "name")
				both(func(f disk.FS) error { return f.Remove(n) })
			},
			"sync": func(*rapid.T) {
				both(func(f disk.FS) error { return disk.SyncDir(f, "d") })
			},
			"": func(r *rapid.T) {
				if x, y := tree(t, s, "d"), tree(t, plain, "d"); x != y {
					r.Fatalf("strict shows %q, plain %q", x, y)
				}
			},
		})
		names, err := s.List("d")
		ok(t, err)
		for _, n := range names {
			f, err := s.OpenReadWrite("d/"+n, vfs.WriteCategoryUnspecified)
			ok(t, err)
			ok(t, f.Sync())
			ok(t, f.Close())
		}
		ok(t, disk.SyncDir(s, "d"))
		// The memory file system below shares content between hard links only
		// while they are the same file, as a real one does.
		if x, y := killed(t, below, "d"), tree(t, plain, "d"); x != y {
			r.Fatalf("after syncing everything the disk has %q, want %q", x, y)
		}
	})
}

func TestStrictOnTheMachine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := disk.NewStrict(disk.Real())
	ok(t, s.MkdirAll(dir, 0o755))
	ok(t, disk.WriteAtomic(s, dir+"/kept", []byte("1")))
	create(t, s, dir+"/lost", "2", false)
	f, err := s.Open(dir + "/lost")
	ok(t, err)
	data, err := io.ReadAll(f)
	ok(t, err)
	ok(t, f.Close())
	if string(data) != "2" {
		t.Errorf("the process reads %q", data)
	}
	names, err := disk.Real().List(dir)
	ok(t, err)
	for _, n := range names {
		if n == "lost" {
			t.Error("a name reached the disk without a sync of the directory")
		}
	}
}

func TestFault(t *testing.T) {
	t.Parallel()
	f := disk.NewFault(disk.Memory())
	ok(t, f.MkdirAll("d", 0o755))
	ok(t, disk.WriteAtomic(f, "d/a", []byte("1")))
	perWrite := f.Count() - 1
	if perWrite != 5 {
		t.Fatalf("an atomic write is %d operations, want create, write, sync, rename, sync", perWrite)
	}
	for k := range perWrite {
		f.FailOnce(f.Count()+k, syscall.ENOSPC)
		if err := disk.WriteAtomic(f, "d/a", []byte("2")); !disk.IsFull(err) {
			t.Errorf("operation %d failed and WriteAtomic said %v", k, err)
		}
	}
	if f.Failed() != perWrite {
		t.Errorf("%d operations failed, want %d", f.Failed(), perWrite)
	}
	f.FailFrom(f.Count(), syscall.EIO)
	for range 2 {
		if err := f.Remove("d/a"); !errors.Is(err, syscall.EIO) {
			t.Errorf("remove: %v", err)
		}
	}
	f.Plan(nil)
	ok(t, f.Remove("d/a"))
}

func TestReadFileIsBounded(t *testing.T) {
	t.Parallel()
	f := disk.Memory()
	create(t, f, "a", "12345", true)
	if _, err := disk.ReadFile(f, "a", 4); err == nil {
		t.Error("read more than the limit")
	}
	data, err := disk.ReadFile(f, "a", 5)
	ok(t, err)
	if string(data) != "12345" {
		t.Errorf("read %q", data)
	}
	there, err := disk.Exists(f, "b")
	if there || err != nil {
		t.Errorf("an absent file exists: %v %v", there, err)
	}
}

func TestSlackSyncsOneLogInSoMany(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := disk.NewSlack(disk.NewStrict(disk.Real()), 3)
	ok(t, f.MkdirAll(dir, 0o700))
	folder, err := f.OpenDir(dir)
	ok(t, err)
	for _, name := range []string{"1.log", "1.sst"} {
		file, err := f.Create(f.PathJoin(dir, name), vfs.WriteCategoryUnspecified)
		ok(t, err)
		ok(t, folder.Sync())
		for _, text := range []string{"a", "b", "c", "d"} {
			_, err := file.Write([]byte(text))
			ok(t, err)
			ok(t, file.Sync())
		}
		ok(t, file.Close())
	}
	ok(t, folder.Close())
	if got, want := killed(t, disk.Real(), dir), "1.log=abc 1.sst=abcd "; got != want {
		t.Errorf("on disk is %q after four writes and syncs, want %q", got, want)
	}
}
