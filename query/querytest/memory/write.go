package memory

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

type transaction struct {
	snapshot
	data    *Data
	version int
	wrote   bool
}

// Commit puts the transaction's state in place of the data's, unless another one has committed a write since it began.
func (t *transaction) Commit(context.Context, rows.CommitOptions) error {
	t.data.mu.Lock()
	defer t.data.mu.Unlock()
	if !t.wrote {
		return nil
	}
	if t.data.version != t.version {
		return refuse(NumberConflict, "write-write conflict")
	}
	t.data.version++
	t.data.state = t.state
	return nil
}

// Revise changes nothing: revisions are known at once.
func (t *transaction) Revise(text []byte) []byte { return text }

// Write changes the transaction's own state.
func (t *transaction) Write(w rows.Write) (rows.Written, error) {
	in, err := t.stored(w.Collection)
	if err != nil {
		return rows.Written{}, err
	}
	if w.Document.Kind() != value.KindObject && w.Op != rows.Remove {
		return rows.Written{}, refuse(NumberDocument, "a document is an object, not a value of type %s", w.Document.Kind())
	}
	key, err := t.key(w)
	if err != nil {
		return rows.Written{}, err
	}
	at, found := in.find(key)
	var old value.Value
	if found {
		old = document(&in.rows[at])
		if rev, _ := old.Get("_rev"); w.IfRev != "" && rev.Str() != w.IfRev {
			return rows.Written{}, refuse(NumberConflict, "conflict, _rev values do not match")
		}
	}
	switch {
	case w.Op == rows.Insert && found:
		return rows.Written{}, refuse(NumberUnique, "unique constraint violated - in index primary of collection %s over key %q", w.Collection.Name, key)
	case (w.Op == rows.Update || w.Op == rows.Replace || w.Op == rows.Remove) && !found:
		return rows.Written{}, refuse(NumberNotFound, "document not found")
	}
	content := w.Document
	if found && (w.Op == rows.Update || w.Op == rows.Merge) {
		content = value.MergePatch(old, w.Document, w.KeepNull, w.MergeObjects)
	}
	return t.put(in, w, key, at, found, old, content)
}

// put changes the rows of a collection and sees to unique indexes.
func (t *transaction) put(in *stored, w rows.Write, key string, at int, found bool, old, content value.Value) (rows.Written, error) {
	to := &stored{about: in.about, rows: slices.Clone(in.rows), points: in.points}
	written := rows.Written{Key: key, Old: old}
	if w.Op == rows.Remove {
		to.rows = slices.Delete(to.rows, at, at+1)
	} else {
		content = content.Without("_id").Without("_key").Without("_rev")
		if err := edgeEnds(in.about, content); err != nil {
			return rows.Written{}, err
		}
		t.state.time++
		row := makeRow(in.about, key, content, clock.Stamp{Time: clock.Time(t.state.time)})
		if found {
			to.rows[at] = row
		} else {
			to.rows = slices.Insert(to.rows, at, row)
		}
		if err := to.unique(&row); err != nil {
			return rows.Written{}, err
		}
		written.New = document(&row)
	}
	t.state.collections[in.about.Name] = to
	t.wrote = true
	return written, nil
}

func edgeEnds(c *rows.Collection, content value.Value) error {
	if c.Type != rows.Edges {
		return nil
	}
	for _, end := range []string{"_from", "_to"} {
		v, _ := content.Get(end)
		collection, key, ok := strings.Cut(v.Str(), "/")
		if !ok || collection == "" || key == "" {
			return refuse(NumberEdge, "edge attribute missing or invalid: %s", end)
		}
	}
	return nil
}

// unique refuses a row that has the values of another one in a unique index.
func (c *stored) unique(row *rows.Row) error {
	for _, x := range c.about.Indexes {
		if !x.Unique {
			continue
		}
		mine := entriesOf(x, row)
		for i := range c.rows {
			if bytes.Equal(c.rows[i].Key, row.Key) {
				continue
			}
			for _, other := range entriesOf(x, &c.rows[i]) {
				if slices.ContainsFunc(mine, func(e entry) bool { return bytes.Equal(e.bytes, other.bytes) }) {
					return refuse(NumberUnique, "unique constraint violated - in index %s of collection %s; conflicting key: %s",
						x.Name, c.about.Name, other.key)
				}
			}
		}
	}
	return nil
}

// key finds the key that a write is about.
func (t *transaction) key(w rows.Write) (string, error) {
	key := w.Key
	if key == "" {
		v, ok := w.Document.Get("_key")
		if ok && v.Kind() != value.KindString {
			return "", refuse(NumberKey, "illegal document key")
		}
		key = v.Str()
		if ok && key == "" {
			return "", refuse(NumberKey, "illegal document key")
		}
	}
	if key == "" {
		t.state.nextKey++
		key = strconv.FormatInt(1_000_000+t.state.nextKey, 10)
	}
	const longest = 254
	if len(key) > longest || strings.ContainsAny(key, "/ \x00\"") {
		return "", refuse(NumberKey, "illegal document key")
	}
	return key, nil
}
