package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"syscall"
)

// stateSuffix ends the name of the file beside the input.
const stateSuffix = ".selvedge-import"

// headBytes of a file are part of its identity.
const headBytes = 64 << 10

// target is where an import goes.
type target struct {
	URL        string `json:"url"`
	Fabric     string `json:"fabric"`
	Collection string `json:"collection"`
}

// identity tells one input from another.
type identity struct {
	Size     int64  `json:"size"`
	Modified int64  `json:"modified"`
	Head     string `json:"head"`
}

// importState is how far an import came; it is kept beside the input.
type importState struct {
	// Run names the import in its calls' Idempotency-Keys.
	Run      string   `json:"run"`
	Input    identity `json:"input"`
	Target   target   `json:"target"`
	Rows     int64    `json:"rows"`
	Imported int64    `json:"imported"`
	Skipped  int64    `json:"skipped"`
	Ahead    ahead    `json:"ahead"`

	file  string // "" when nothing is kept
	again bool   // taken up from an earlier run
	hint  string // for the user
}

// ahead is what an import that stopped at a row has done behind that row: the
// rows before place To are in, but for those that the server refused. Rows is
// then the place of the first of these.
type ahead struct {
	To      int64   `json:"to,omitempty"`
	Refused []int64 `json:"refused,omitempty"`
}

// has tells whether the row at a place is in.
func (a ahead) has(at int64) bool { return at < a.To && !slices.Contains(a.Refused, at) }

// cannotKeep tells whether an error means that nothing can be written beside
// the input: a folder that is not the user's, a disk that is read-only, or no
// folder at all, as for the ends of pipes.
func cannotKeep(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) || errors.Is(err, fs.ErrNotExist)
}

// summary is what the command answers.
type summary struct {
	Imported int64 `json:"imported"`
	Skipped  int64 `json:"skipped"`
}

func (s *importState) summary() summary { return summary{s.Imported, s.Skipped} }

// openImportState begins a new state, or takes up that of an earlier import.
func openImportState(input string, resume bool, to target) (*importState, error) {
	fresh := &importState{Run: rand.Text(), Target: to}
	if input == "-" {
		return fresh, nil
	}
	var err error
	if fresh.Input, err = identify(input); err != nil {
		return nil, fmt.Errorf("import: %w", err)
	}
	fresh.file = input + stateSuffix
	text, err := os.ReadFile(fresh.file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fresh, nil
	case err != nil:
		return nil, fmt.Errorf("state of an earlier import: %w", err)
	}
	var old importState
	if err := json.Unmarshal(text, &old); err != nil || old.Run == "" || old.Rows < 0 {
		return nil, fmt.Errorf("%s is not the state of an import; remove it to start from the beginning", fresh.file)
	}
	if !resume && old.Rows == 0 {
		return fresh, nil
	}
	if !resume {
		fresh.hint = fmt.Sprintf("an earlier import of this file stopped after %d rows; this one starts from the beginning, --resume would go on", old.Rows)
		return fresh, nil
	}
	if old.Input != fresh.Input {
		return nil, fmt.Errorf("%s has changed since the import that is to be resumed; remove %s to start from the beginning", input, fresh.file)
	}
	if old.Target != to {
		return nil, fmt.Errorf("the import that is to be resumed went to %s in %s at %s; go there, or remove %s to start from the beginning",
			old.Target.Collection, old.Target.Fabric, old.Target.URL, fresh.file)
	}
	old.file, old.again = fresh.file, true
	return &old, nil
}

func identify(input string) (identity, error) {
	in, err := os.Open(input)
	if err != nil {
		return identity{}, err
	}
	defer func() { _ = in.Close() }()
	info, err := in.Stat()
	if err != nil {
		return identity{}, err
	}
	hash := sha256.New()
	if _, err := io.CopyN(hash, in, headBytes); err != nil && !errors.Is(err, io.EOF) {
		return identity{}, err
	}
	return identity{info.Size(), info.ModTime().UnixNano(), hex.EncodeToString(hash.Sum(nil)[:16])}, nil
}

// save replaces the file on disk, whole or not at all.
func (s *importState) save() error {
	if s.file == "" {
		return nil
	}
	text, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("state of the import: %w", err)
	}
	next := s.file + ".next"
	if err := os.WriteFile(next, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("state of the import: %w", err)
	}
	if err := os.Rename(next, s.file); err != nil {
		return fmt.Errorf("state of the import: %w", err)
	}
	return nil
}

// finish takes the file away: there is nothing to resume.
func (s *importState) finish() error {
	if s.file == "" {
		return nil
	}
	if err := os.Remove(s.file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("state of the import: %w", err)
	}
	return nil
}
