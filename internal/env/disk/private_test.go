package disk_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/selvedge-db/selvedge/internal/env/disk"
)

func permissions(t *testing.T, name string) os.FileMode {
	t.Helper()
	info, err := os.Stat(name)
	ok(t, err)
	return info.Mode().Perm()
}

func TestPrivateFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "key")
	ok(t, os.WriteFile(file+".new", []byte("of a start that was killed"), 0o644))
	for _, text := range []string{"one", "another"} {
		ok(t, disk.WritePrivate(file, []byte(text)))
		if data, err := os.ReadFile(file); err != nil || string(data) != text || permissions(t, file) != 0o600 {
			t.Errorf("%q, %v, %o", data, err, permissions(t, file))
		}
	}
	ok(t, os.Chmod(file, 0o644))
	ok(t, os.Chmod(dir, 0o755))
	for _, name := range []string{file, dir, filepath.Join(dir, "nothing")} {
		ok(t, disk.MakePrivate(name))
	}
	if permissions(t, file) != 0o600 || permissions(t, dir) != 0o700 {
		t.Errorf("file %o, folder %o", permissions(t, file), permissions(t, dir))
	}
}
