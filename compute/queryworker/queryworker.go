// Package queryworker keeps queries under names, so that they are sent once and run many times, at every location of
// their fabric.
//
// Guarantees:
//   - A saved query was read without an error, and its defaults are of parameters that it has.
//   - A name is one query of its fabric, for all who may use the fabric. Saving never replaces.
//   - What Save, Change and Remove answered is durable here and reaches every location of the fabric, as documents of
//     the collection _restql do.
//
// Not guaranteed: that two locations which save one name at the same moment know of each other; then the later save
// counts, everywhere. The collection is an ordinary one of the system: who writes to it by other means can put in
// queries that fail when they are run.
//
// Shapes: a document has the name as its _key, and {name, value, type, parameter, user}. Errors are *Error with a Reason,
// those of the fabric, and those of the reader of queries.
package queryworker

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/value"
)

// Collection is where a fabric keeps its query workers.
const Collection = "_restql"

// Language is the type of queries that can be saved.
const Language = "c8ql"

// Worker is a saved query. Parameter is an object of defaults.
type Worker struct {
	Name      string
	Text      string
	Parameter value.Value
	User      string // who saved it
}

// Reason says what kind of failure an Error is.
type Reason uint8

// The reasons.
const (
	BadName Reason = iota + 1
	BadText
	BadParameter
	BadType
	Exists
	NotFound
)

// Error is a failure of this package's own.
type Error struct {
	Reason Reason
	Text   string
}

// Error is the text.
func (e *Error) Error() string { return e.Text }

func failure(r Reason, format string, args ...any) *Error {
	return &Error{Reason: r, Text: fmt.Sprintf(format, args...)}
}

// Read reads a query and gives the names of its parameters.
type Read func(text string) (parameters []string, err error)

// Shelf is the query workers of one fabric.
type Shelf struct {
	fabric *fabric.Fabric
	read   Read
}

// Of gives the shelf of a fabric.
func Of(f *fabric.Fabric, read Read) Shelf { return Shelf{f, read} }

const longestName = 128

// check refuses what cannot be saved.
func (s Shelf) check(w *Worker) error {
	if w.Name == "" || len(w.Name) > longestName || strings.ContainsAny(w.Name, "/ \t\r\n") {
		return failure(BadName, "name %q: want 1 to %d letters, digits and _ - . without spaces", w.Name, longestName)
	}
	if strings.TrimSpace(w.Text) == "" {
		return failure(BadText, "query 'value' missing or is not a string")
	}
	if w.Parameter.IsNull() {
		w.Parameter = value.Object()
	}
	if w.Parameter.Kind() != value.KindObject {
		return failure(BadParameter, "parameter is %s, want an object of defaults", w.Parameter.Kind())
	}
	names, err := s.read(w.Text)
	if err != nil {
		return err
	}
	for _, m := range w.Parameter.Members() {
		if !slices.Contains(names, m.Name) {
			return failure(BadParameter, "parameter has a default for %q, which the query does not use; it uses %s", m.Name, listed(names))
		}
	}
	return nil
}

func listed(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

func (w *Worker) document() value.Value {
	return value.Object(value.Member{Name: "name", Value: value.String(w.Name)}, value.Member{Name: "value", Value: value.String(w.Text)},
		value.Member{Name: "type", Value: value.String(Language)}, value.Member{Name: "parameter", Value: w.Parameter},
		value.Member{Name: "user", Value: value.String(w.User)})
}

func decode(key string, doc value.Value) Worker {
	text := func(name string) string {
		v, _ := doc.Get(name)
		return v.Str()
	}
	p, _ := doc.Get("parameter")
	if p.Kind() != value.KindObject {
		p = value.Object()
	}
	return Worker{Name: key, Text: text("value"), Parameter: p, User: text("user")}
}

// Save keeps a new query. The vector is what the caller has seen then.
func (s Shelf) Save(ctx context.Context, w *Worker) (clock.Vector, error) {
	if err := s.check(w); err != nil {
		return nil, err
	}
	if _, ok := s.fabric.Collection(Collection); !ok {
		spec := fabric.CollectionSpec{Name: Collection, Type: fabric.DocumentCollection, Model: "DOC", System: true}
		if _, err := s.fabric.CreateCollection(ctx, spec, nil); err != nil && fabric.CodeOf(err) != fabric.CollectionExists {
			return nil, err
		}
	}
	return s.commit(ctx, fabric.NewWrite(fabric.Insert, Collection, w.Name, w.document()), w.Name)
}

func (s Shelf) commit(ctx context.Context, w fabric.Write, name string) (clock.Vector, error) {
	receipt, err := s.fabric.Commit(ctx, fabric.Transaction{Writes: []fabric.Write{w}})
	switch fabric.CodeOf(err) {
	case fabric.KeyExists:
		return nil, failure(Exists, "%q", name)
	case fabric.NotFound, fabric.CollectionNotFound:
		return nil, failure(NotFound, "%q", name)
	case fabric.BadKey:
		return nil, failure(BadName, "name %q: want letters, digits and _ - .", name)
	}
	return receipt.Vector, err
}

// Find gives a saved query.
func (s Shelf) Find(ctx context.Context, name string) (Worker, error) {
	w, _, err := s.find(ctx, name)
	return w, err
}

func (s Shelf) find(ctx context.Context, name string) (w Worker, rev string, err error) {
	doc, found, err := s.fabric.Get(ctx, Collection, name)
	if fabric.CodeOf(err) == fabric.CollectionNotFound || err == nil && !found {
		return Worker{}, "", failure(NotFound, "%q", name)
	}
	if err != nil {
		return Worker{}, "", err
	}
	content, err := doc.Value()
	if err != nil {
		return Worker{}, "", err
	}
	return decode(name, content), doc.Rev(), nil
}

// All lists the saved queries by name.
func (s Shelf) All(ctx context.Context) ([]Worker, error) {
	if _, ok := s.fabric.Collection(Collection); !ok {
		return nil, nil
	}
	v := s.fabric.View()
	defer func() { _ = v.Close() }()
	var out []Worker
	var bad error
	err := v.Each(Collection, "", false, func(d fabric.Document) bool {
		var content value.Value
		if content, bad = d.Value(); bad == nil {
			out = append(out, decode(d.Key, content.Clone()))
		}
		return bad == nil && ctx.Err() == nil
	})
	switch {
	case err != nil:
		return nil, err
	case bad != nil:
		return nil, bad
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	return out, s.fabric.Settle(ctx, v.Number())
}

// attempts is how often a change that met another one is tried.
const attempts = 10

// Change sets what is given: the text, the defaults, or both. Of changes at the same time here all count.
func (s Shelf) Change(ctx context.Context, name string, text *string, parameter *value.Value) (Worker, clock.Vector, error) {
	for attempt := 1; ; attempt++ {
		w, rev, err := s.find(ctx, name)
		if err != nil {
			return w, nil, err
		}
		if text != nil {
			w.Text = *text
		}
		if parameter != nil {
			w.Parameter = *parameter
		}
		if err := s.check(&w); err != nil {
			return w, nil, err
		}
		write := fabric.NewWrite(fabric.Replace, Collection, name, w.document())
		write.IfRev = rev
		seen, err := s.commit(ctx, write, name)
		if fabric.CodeOf(err) != fabric.RevConflict || attempt == attempts {
			return w, seen, err
		}
	}
}

// Remove forgets a query.
func (s Shelf) Remove(ctx context.Context, name string) (clock.Vector, error) {
	if _, ok := s.fabric.Collection(Collection); !ok {
		return nil, failure(NotFound, "%q", name)
	}
	return s.commit(ctx, fabric.NewWrite(fabric.Remove, Collection, name, value.Null()), name)
}

// Bind puts what a caller gives over the defaults.
func (w *Worker) Bind(given value.Value) value.Value {
	out := w.Parameter
	for _, m := range given.Members() {
		out = out.With(m.Name, m.Value)
	}
	return out
}
