package node_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/internal/testport"
	"github.com/selvedge-db/selvedge/node"
)

// devOn starts a dev planet of one location with what the operator says.
func devOn(t *testing.T, dir, apiKey string, password *string) (*node.Dev, error) {
	t.Helper()
	places, err := node.ParsePlaces("fra")
	if err != nil {
		t.Fatal(err)
	}
	return node.StartDev(within(t), node.DevConfig{Places: places, Port: testport.Take(t, 1), APIKey: apiKey, RootPassword: password, Data: dir,
		Limits: node.DefaultConfig().Limits})
}

// status asks a location for its fabrics with a key, or without credentials.
func status(t *testing.T, url, apiKey string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/_fabric/_system/_api/user", nil)
	if err != nil {
		t.Fatal(err)
	}
	if apiKey != "" {
		r.Header.Set("Authorization", "apikey "+apiKey)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

func TestDevGoesOnWithItsKey(t *testing.T) {
	t.Parallel()
	for _, given := range []string{"demo.operator.secret", ""} {
		dir := t.TempDir()
		none := ""
		first := ""
		for i, start := range []struct {
			key      string
			password *string
		}{{given, nil}, {"", nil}, {"", &none}, {given, nil}} {
			d, err := devOn(t, dir, start.key, start.password)
			if err != nil {
				t.Fatalf("start %d: %v", i, err)
			}
			if i == 0 {
				first = d.APIKey()
			} else if d.APIKey() != first || d.NewRootPassword() != "" {
				t.Errorf("start %d has key %q and password %q, the first had key %q", i, d.APIKey(), d.NewRootPassword(), first)
			}
			if given != "" && first != given {
				t.Errorf("key %q, given %q", first, given)
			}
			url := d.Nodes()[0].URL()
			tenant, _, _ := strings.Cut(first, ".")
			code, text := status(t, url, d.APIKey())
			if code != 200 || !strings.Contains(text, `"tenant":"`+tenant+`"`) || strings.Count(text, `"tenant":`) != 1 {
				t.Errorf("start %d: %d %s", i, code, text)
			}
			if code, _ := status(t, url, ""); (code == 200) != (start.password != nil) {
				t.Errorf("start %d: %d without credentials", i, code)
			}
			closeDev(t, d)
		}
	}
}

func TestDevRefusesAKeyOfAnotherTenant(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d, err := devOn(t, dir, key, nil)
	if err != nil {
		t.Fatal(err)
	}
	closeDev(t, d)
	if _, err := devOn(t, dir, "other.root.zz", nil); !errors.Is(err, node.ErrConfiguration) || !strings.Contains(err.Error(), `"demo"`) {
		t.Errorf("got %v", err)
	}
	// The refused key is not remembered, and a new one of the same tenant replaces the old.
	for _, apiKey := range []string{"", "demo.root.fresh", ""} {
		d, err := devOn(t, dir, apiKey, nil)
		if err != nil {
			t.Fatal(err)
		}
		if code, text := status(t, d.Nodes()[0].URL(), d.APIKey()); code != 200 || apiKey != "" && d.APIKey() != apiKey {
			t.Errorf("with %q: key %s, %d %s", apiKey, d.APIKey(), code, text)
		}
		closeDev(t, d)
	}
}

// TestDataIsPrivate looks at what other users of the machine can open, and for the key in what the store wrote.
func TestDataIsPrivate(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "planet")
	wide := filepath.Join(dir, "fra") // of an earlier version
	if err := os.MkdirAll(wide, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	d, err := devOn(t, dir, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	backup := filepath.Join(dir, "backup")
	if err := d.Nodes()[0].Backup(within(t), backup); err != nil {
		t.Fatal(err)
	}
	apiKey := d.APIKey()
	closeDev(t, d)
	secret := apiKey[strings.LastIndexByte(apiKey, '.')+1:]
	err = filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		if (e.IsDir() || strings.Contains(name, "key")) && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %o", name, info.Mode().Perm())
		}
		if e.IsDir() || e.Name() == "dev-root-key" {
			return nil
		}
		if text, err := os.ReadFile(name); err != nil || bytes.Contains(text, []byte(secret)) {
			t.Errorf("%s has the API key in clear (%v)", name, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	restored := filepath.Join(t.TempDir(), "restored")
	if err := node.Restore(within(t), backup, restored, true); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(restored); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("restored folder: %v, %v", info, err)
	}
}

func TestRootKeyOfALaterStart(t *testing.T) {
	t.Parallel()
	port := testport.Take(t, 2)
	c := node.DefaultConfig()
	c.Location.Name, c.Data, c.Mesh.Create, c.Mesh.Key = "fra", t.TempDir(), true, "a-key-for-all-of-them"
	c.HTTP.Listen, c.Mesh.Listen = address(port), address(port+1)
	if _, err := node.Start(within(t), c); !errors.Is(err, node.ErrConfiguration) || !strings.Contains(err.Error(), "root-key") {
		t.Errorf("a planet without a root: %v", err)
	}
	for _, given := range []struct{ key, works string }{{key, key}, {"", key}, {"demo.root.other", "demo.root.other"}, {"", "demo.root.other"}} {
		c.RootKey = given.key
		n, err := node.Start(within(t), c)
		if err != nil {
			t.Fatal(err)
		}
		if code, text := status(t, n.URL(), given.works); code != 200 {
			t.Errorf("started with %q: %d %s", given.key, code, text)
		}
		if err := n.Close(within(t)); err != nil {
			t.Error(err)
		}
	}
	c.RootKey = "other.root.secret"
	if _, err := node.Start(within(t), c); !errors.Is(err, node.ErrConfiguration) {
		t.Errorf("a key of another tenant: %v", err)
	}
}
