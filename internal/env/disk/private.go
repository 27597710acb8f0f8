package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// others is what users other than the owner may do with a file or folder.
const others = 0o077

// MakePrivate takes a file or folder of the machine away from all users but its owner. One that is not there is left so.
func MakePrivate(name string) error {
	info, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || info.Mode().Perm()&others == 0 {
		return err
	}
	return os.Chmod(name, info.Mode().Perm()&^others)
}

// WritePrivate replaces the content of a file of the machine, durably; no other user can read it at any moment.
func WritePrivate(name string, data []byte) error {
	temporary := name + ".new"
	if err := os.Remove(temporary); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err = file.Write(data); err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := os.Rename(temporary, name); err != nil {
		return err
	}
	return SyncDir(Real(), filepath.Dir(name))
}
