package pebble

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/selvedge-db/selvedge/internal/env/disk"
	"github.com/selvedge-db/selvedge/store/kv"
)

// The ladder of formats of a store's directory. A new step is added below and
// FormatVersion is raised; older steps stay readable.
//
//	1  Pebble, newest format of v2.1
const FormatVersion = 1

// FormatFile is the name of the file of each store that holds the version as decimal text and a line end.
const FormatFile = "SELVEDGE-FORMAT"

// checkFormat refuses a directory that a newer version wrote, and claims an
// empty one. A directory that holds tables but no version is not ours.
func checkFormat(f disk.FS, dir string) error {
	name := f.PathJoin(dir, FormatFile)
	exists, err := disk.Exists(f, name)
	if err != nil {
		return err
	}
	if !exists {
		return claim(f, dir)
	}
	text, err := disk.ReadFile(f, name, 64)
	if err != nil {
		return err
	}
	version, err := strconv.Atoi(strings.TrimSuffix(string(text), "\n"))
	if err != nil || version < 1 {
		return fmt.Errorf("%w: %s holds %q, want a format version from 1 to %d", kv.ErrCorrupt, name, text, FormatVersion)
	}
	if version > FormatVersion {
		return fmt.Errorf("%w: %s says %d, this version reads up to %d; use the newer Selvedge", kv.ErrFormat, name, version, FormatVersion)
	}
	return nil
}

func claim(f disk.FS, dir string) error {
	names, err := f.List(dir)
	if err != nil {
		return err
	}
	for _, n := range names {
		if strings.HasPrefix(n, "MANIFEST-") || strings.HasPrefix(n, "marker.") {
			return fmt.Errorf("%w: %s holds a database (%s) but no %s; it was not written by Selvedge or lost that file",
				kv.ErrCorrupt, dir, n, FormatFile)
		}
	}
	return writeFormat(f, dir)
}

func writeFormat(f disk.FS, dir string) error {
	return disk.WriteAtomic(f, f.PathJoin(dir, FormatFile), []byte(strconv.Itoa(FormatVersion)+"\n"))
}
