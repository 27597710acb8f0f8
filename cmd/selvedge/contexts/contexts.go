// Package contexts keeps what several planets are called, where they are and with which credentials they are asked.
//
// Guarantees: the file is for its owner alone (mode 0600, in a folder that is made with 0700), also where a wider one
// was there before; it is replaced as a whole, so that a break in the middle leaves the old one. What Masked gives
// holds no secret.
//
// Not guaranteed: that two programs that change the file at the same time both count; the later one does. Secrets are
// not encrypted: whoever may read the file may use them.
//
// Shape: JSON, {"version": 1, "current": NAME, "contexts": {NAME: {url, fabric, apiKey, user, password, ca}}}.
package contexts

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// version of the file's form.
const version = 1

// Context is a planet, or one location of it.
type Context struct {
	URL      string `json:"url"`
	Fabric   string `json:"fabric,omitempty"`
	APIKey   string `json:"apiKey,omitempty"`
	User     string `json:"user,omitempty"`
	Password string `json:"password,omitempty"`
	CA       string `json:"ca,omitempty"`
}

// Masked is the same without its secrets: of an API key tenant and number are left.
func (c Context) Masked() Context {
	if c.APIKey != "" {
		parts := strings.SplitN(c.APIKey, ".", 3)
		c.APIKey = strings.Join(parts[:min(2, len(parts)-1)], ".") + ".***"
	}
	if c.Password != "" {
		c.Password = "***"
	}
	return c
}

// Book is what the file holds.
type Book struct {
	Version  int                `json:"version"`
	Current  string             `json:"current,omitempty"`
	Contexts map[string]Context `json:"contexts"`
	file     string
}

// File is where the book of a user is, from the variables of the environment; empty when there is no home.
func File(variable func(name string) string) string {
	folder := variable("XDG_CONFIG_HOME")
	if folder == "" {
		home := variable("HOME")
		if home == "" {
			return ""
		}
		folder = filepath.Join(home, ".config")
	}
	return filepath.Join(folder, "selvedge", "contexts.json")
}

// Open reads a book. A file that is missing is an empty one. Wide tells that others can read the file.
func Open(file string) (b *Book, wide bool, err error) {
	b = &Book{Version: version, Contexts: map[string]Context{}, file: file}
	if file == "" {
		return b, false, nil
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return b, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("contexts: %w", err)
	}
	if err := json.Unmarshal(text, b); err != nil {
		return nil, false, fmt.Errorf("contexts: %s is not what it should be: %w", file, err)
	}
	if b.Version > version {
		return nil, false, fmt.Errorf("contexts: %s has version %d, this program reads up to %d", file, b.Version, version)
	}
	if b.Contexts == nil {
		b.Contexts = map[string]Context{}
	}
	info, err := os.Stat(file)
	return b, err == nil && info.Mode().Perm()&0o077 != 0, nil
}

// Names lists the contexts in order.
func (b *Book) Names() []string { return slices.Sorted(maps.Keys(b.Contexts)) }

// Find is the context of a name.
func (b *Book) Find(name string) (Context, error) {
	c, ok := b.Contexts[name]
	if ok {
		return c, nil
	}
	if len(b.Contexts) == 0 {
		return c, fmt.Errorf("there is no context %q; selvedge context add %s --url URL makes it", name, name)
	}
	return c, fmt.Errorf("there is no context %q; there are %s", name, strings.Join(b.Names(), ", "))
}

// Add keeps a context under a name that is free.
func (b *Book) Add(name string, c Context) error {
	if err := CheckName(name); err != nil {
		return err
	}
	if _, taken := b.Contexts[name]; taken {
		return fmt.Errorf("there is a context %q already; selvedge context remove %s takes it out", name, name)
	}
	b.Contexts[name] = c
	return nil
}

// Remove takes a context out.
func (b *Book) Remove(name string) error {
	if _, err := b.Find(name); err != nil {
		return err
	}
	delete(b.Contexts, name)
	if b.Current == name {
		b.Current = ""
	}
	return nil
}

// Rename gives a context another name that is free.
func (b *Book) Rename(from, to string) error {
	c, err := b.Find(from)
	if err != nil {
		return err
	}
	if err := b.Add(to, c); err != nil {
		return err
	}
	delete(b.Contexts, from)
	if b.Current == from {
		b.Current = to
	}
	return nil
}

// Use makes a context the one that commands use unless they are told otherwise.
func (b *Book) Use(name string) error {
	_, err := b.Find(name)
	if err == nil {
		b.Current = name
	}
	return err
}

// CheckName refuses names that cannot be typed without care.
func CheckName(name string) error {
	good := name != "" && len(name) <= 64 && strings.IndexFunc(name, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", r)
	}) < 0
	if !good || name[0] == '-' {
		return fmt.Errorf("context %q: want a name of up to 64 letters, digits, dots, dashes and underscores", name)
	}
	return nil
}

// Save writes the book.
func (b *Book) Save() (err error) {
	if b.file == "" {
		return errors.New("contexts: there is no place for them: set HOME or XDG_CONFIG_HOME")
	}
	text, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return fmt.Errorf("contexts: %w", err)
	}
	folder := filepath.Dir(b.file)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("contexts: %w", err)
	}
	unfinished, err := os.CreateTemp(folder, "contexts-*") // with mode 0600
	if err != nil {
		return fmt.Errorf("contexts: %w", err)
	}
	defer func() {
		if err != nil {
			_ = unfinished.Close()
			_ = os.Remove(unfinished.Name())
			err = fmt.Errorf("contexts: %w", err)
		}
	}()
	if _, err := unfinished.Write(append(text, '\n')); err != nil {
		return err
	}
	if err := unfinished.Sync(); err != nil {
		return err
	}
	if err := unfinished.Close(); err != nil {
		return err
	}
	return os.Rename(unfinished.Name(), b.file)
}
