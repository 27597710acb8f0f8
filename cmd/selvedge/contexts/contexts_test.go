package contexts

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBook(t *testing.T) {
	t.Parallel()
	file := File(func(name string) string {
		return map[string]string{"XDG_CONFIG_HOME": filepath.Join(t.TempDir(), "new")}[name]
	})
	b, _, err := Open(file)
	if err != nil || len(b.Names()) != 0 {
		t.Fatal(b, err)
	}
	for name, c := range map[string]Context{"a": {URL: "http://a", APIKey: "t.k.secret"}, "b.c": {URL: "http://b", User: "u", Password: "secret"}} {
		if err := b.Add(name, c); err != nil {
			t.Fatal(err)
		}
		if m := c.Masked(); strings.Contains(m.APIKey+m.Password, "secret") {
			t.Errorf("%+v", m)
		}
	}
	for _, wrong := range []error{b.Add("a", Context{}), b.Add("", Context{}), b.Add("-x", Context{}), b.Add("x y", Context{}), b.Use("z"), b.Remove("z"),
		b.Rename("z", "y"), b.Rename("a", "b.c")} {
		if wrong == nil {
			t.Error("taken")
		}
	}
	if err := b.Use("a"); err != nil {
		t.Fatal(err)
	}
	if err := b.Rename("a", "d"); err != nil || b.Current != "d" {
		t.Fatal(b.Current, err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("{}"), 0o644); err != nil { // wider than it should be
		t.Fatal(err)
	}
	if err := b.Save(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatal(info.Mode(), err)
	}
	again, wide, err := Open(file)
	if err != nil || wide || again.Current != "d" || again.Contexts["d"].APIKey != "t.k.secret" {
		t.Fatal(again, wide, err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(file), "*")); len(left) != 1 {
		t.Error(left)
	}
	if err := again.Remove("d"); err != nil || again.Current != "" {
		t.Error(again.Current, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"{", "[]", `{"version":2}`} {
		file := filepath.Join(t.TempDir(), "contexts.json")
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, _, err := Open(file); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v", text, err)
		}
	}
	b, wide, err := Open("")
	if err != nil || wide || b.Save() == nil {
		t.Error("a book without a place is kept")
	}
}

func TestMasked(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{"t.k.s": "t.k.***", "secret": ".***", "t.secret": "t.***", "": ""} {
		if got := (Context{APIKey: key}).Masked().APIKey; got != want {
			t.Errorf("%s: %s", key, got)
		}
	}
}
