package pebble_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/selvedge-db/selvedge/internal/env/disk"
	"github.com/selvedge-db/selvedge/store/kv"
	"github.com/selvedge-db/selvedge/store/kv/pebble"
)

// Variables that make the test binary a writer which is to be killed.
const (
	childDir    = "SELVEDGE_TEST_CHILD_DIR"
	childMutant = "SELVEDGE_TEST_CHILD_MUTANT"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		fmt.Println("error", child(dir, os.Getenv(childMutant) != ""))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// child writes batches for ever and prints the number of each as soon as it is
// acknowledged. Every third batch is applied without waiting.
func child(dir string, mutant bool) error {
	var fs disk.FS = disk.NewStrict(disk.Real())
	if mutant {
		fs = noSync{fs}
	}
	db, err := pebble.Open(dir, small(fs))
	if err != nil {
		return err
	}
	var last kv.Pending
	for i := 0; ; i++ {
		b := db.NewBatch()
		b.Set(key(i), bulk[:1+i%(8<<10)])
		p, err := db.Apply(b)
		if err != nil {
			return err
		}
		if last = p; i%3 == 2 {
			continue
		}
		if err := last.Wait(); err != nil {
			return err
		}
		fmt.Println(i)
	}
}

// noSync is the mutant: a disk that says it synced the log and did not.
type noSync struct{ vfs.FS }

func (f noSync) wrap(file vfs.File, err error) (vfs.File, error) {
	if err != nil {
		return nil, err
	}
	return noSyncFile{file}, nil
}

func (f noSync) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	if !strings.HasSuffix(name, ".log") {
		return f.FS.Create(name, c)
	}
	return f.wrap(f.FS.Create(name, c))
}

func (f noSync) ReuseForWrite(a, b string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return f.wrap(f.FS.ReuseForWrite(a, b, c))
}

type noSyncFile struct{ vfs.File }

func (noSyncFile) Sync() error     { return nil }
func (noSyncFile) SyncData() error { return nil }

// killRound lets a child acknowledge at least count batches, kills it, and
// returns how many batches were acknowledged and how many are there.
func killRound(t *testing.T, count int, mutant bool) (acknowledged, there int) {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	if mutant {
		cmd.Env = append(cmd.Env, childMutant+"=1")
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	killed := false
	for lines := bufio.NewScanner(out); lines.Scan(); {
		i, err := strconv.Atoi(lines.Text())
		if err != nil {
			_ = cmd.Process.Kill()
			t.Fatalf("the child says %q", lines.Text())
		}
		acknowledged = i + 1
		if !killed && acknowledged >= count {
			killed = true
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait() // it says that the child was killed
	db := open(t, dir, small(disk.NewStrict(disk.Real())))
	least := acknowledged
	if mutant {
		least = 0
	}
	there = prefix(t, db, least, acknowledged+100)
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	return acknowledged, there
}

// TestKill kills a writer on the strict disk: what was acknowledged is there,
// and what is there is a prefix.
func TestKill(t *testing.T) {
	t.Parallel()
	for round := range 3 {
		acknowledged, there := killRound(t, 50+150*round, false)
		t.Logf("%d acknowledged, %d there", acknowledged, there)
	}
}

// TestKillCatchesNoSync shows that TestKill can fail: with a disk that does not
// sync the log, acknowledged batches are lost.
func TestKillCatchesNoSync(t *testing.T) {
	t.Parallel()
	lost := 0
	for round := range 5 {
		if acknowledged, there := killRound(t, 60+round, true); there < acknowledged {
			lost++
		}
	}
	if lost == 0 {
		t.Error("five rounds without fsync lost nothing")
	}
}
