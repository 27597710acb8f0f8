package queryworker_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/compute/queryworker"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/internal/env"
	"github.com/selvedge-db/selvedge/query"
	"github.com/selvedge-db/selvedge/store/kv/memory"
	"github.com/selvedge-db/selvedge/value"
)

func newShelf(t *testing.T) (queryworker.Shelf, *fabric.Fabric) {
	t.Helper()
	f, err := fabric.Open(fabric.Config{Name: "shop", DB: memory.New(memory.Options{}), Env: env.Real(), Options: fabric.Options{Number: 1}})
	if err == nil {
		err = f.Create(context.Background(), member.Change{Kind: member.Create, Origin: 1, Fabric: "demo/shop", Name: "fra"})
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	machine := env.Real()
	engine := query.New(query.Config{Clock: machine.Clock, Random: machine.Rand})
	return queryworker.Of(f, func(text string) ([]string, error) {
		parsed, err := engine.Parse(text)
		if err != nil {
			return nil, err
		}
		return parsed.BindVars, nil
	}), f
}

func object(t *testing.T, text string) value.Value {
	t.Helper()
	v, err := value.Parse([]byte(text), value.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestShelf(t *testing.T) {
	t.Parallel()
	s, f := newShelf(t)
	ctx := context.Background()
	if list, err := s.All(ctx); err != nil || len(list) != 0 {
		t.Fatalf("at first: %v, %v", list, err)
	}
	for _, name := range []string{"b", "a.1-x"} {
		seen, err := s.Save(ctx, &queryworker.Worker{Name: name, Text: "RETURN [@x, @y]", Parameter: object(t, `{"x":1,"y":2}`), User: "ann"})
		if err != nil || len(seen) == 0 {
			t.Fatalf("save %s: %v, %v", name, seen, err)
		}
	}
	if c, ok := f.Collection(queryworker.Collection); !ok || !c.System || c.Local {
		t.Errorf("the collection is %+v", c)
	}
	list, err := s.All(ctx)
	if err != nil || len(list) != 2 || list[0].Name != "a.1-x" || list[1].User != "ann" {
		t.Errorf("list: %+v, %v", list, err)
	}
	text := "RETURN @x"
	one := object(t, `{"x":9}`)
	if _, _, err := s.Change(ctx, "b", &text, nil); reason(err) != queryworker.BadParameter {
		t.Errorf("a default that the new text does not use: %v", err)
	}
	w, _, err := s.Change(ctx, "b", &text, &one)
	if err != nil || w.Text != text || w.User != "ann" {
		t.Errorf("changed: %+v, %v", w, err)
	}
	if got, err := s.Find(ctx, "b"); err != nil || got.Text != text || got.Parameter.String() != `{"x":9}` {
		t.Errorf("found: %+v, %v", got, err)
	}
	if _, err := s.Remove(ctx, "b"); err != nil {
		t.Errorf("remove: %v", err)
	}
	if _, err := s.Find(ctx, "b"); reason(err) != queryworker.NotFound {
		t.Errorf("after the removal: %v", err)
	}
	if _, err := s.Remove(ctx, "b"); reason(err) != queryworker.NotFound {
		t.Errorf("removed twice: %v", err)
	}
}

func reason(err error) queryworker.Reason {
	var e *queryworker.Error
	if !errors.As(err, &e) {
		return 0
	}
	return e.Reason
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	s, _ := newShelf(t)
	ctx := context.Background()
	save := func(name, text, parameter string) error {
		_, err := s.Save(ctx, &queryworker.Worker{Name: name, Text: text, Parameter: object(t, parameter)})
		return err
	}
	if err := save("taken", "RETURN 1", "null"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, text, parameter string
		want                  queryworker.Reason
	}{
		{"taken", "RETURN 2", "{}", queryworker.Exists}, {"", "RETURN 1", "{}", queryworker.BadName}, {"a/b", "RETURN 1", "{}", queryworker.BadName},
		{"a b", "RETURN 1", "{}", queryworker.BadName}, {"ä", "RETURN 1", "{}", queryworker.BadName}, {strings.Repeat("n", 129), "RETURN 1", "{}", queryworker.BadName},
		{"q", " ", "{}", queryworker.BadText}, {"q", "RETURN 1", "[]", queryworker.BadParameter}, {"q", "RETURN @a", `{"b":1}`, queryworker.BadParameter},
	} {
		if err := save(c.name, c.text, c.parameter); reason(err) != c.want {
			t.Errorf("%q %q %s: %v, want reason %d", c.name, c.text, c.parameter, err, c.want)
		}
	}
	var syntax *query.Error
	if err := save("q", "RETURN", "{}"); !errors.As(err, &syntax) || syntax.Number != 1501 {
		t.Errorf("a syntax error: %v", err)
	}
	if _, err := s.Find(ctx, "q"); reason(err) != queryworker.NotFound {
		t.Errorf("kept in spite of it: %v", err)
	}
}

func TestBind(t *testing.T) {
	t.Parallel()
	w := queryworker.Worker{Parameter: object(t, `{"x":1,"y":2}`)}
	for given, want := range map[string]string{`null`: `{"x":1,"y":2}`, `{}`: `{"x":1,"y":2}`, `{"y":null,"z":3}`: `{"x":1,"y":null,"z":3}`} {
		if got := w.Bind(object(t, given)).String(); got != want {
			t.Errorf("%s gives %s, want %s", given, got, want)
		}
	}
	if w.Parameter.String() != `{"x":1,"y":2}` {
		t.Errorf("the defaults have changed: %s", w.Parameter)
	}
}

// TestChangesThatMeet: of two changes at the same time both count.
func TestChangesThatMeet(t *testing.T) {
	t.Parallel()
	s, f := newShelf(t)
	ctx := t.Context()
	if _, err := s.Save(ctx, &queryworker.Worker{Name: "w", Text: "RETURN @x", Parameter: object(t, `{"x":1}`)}); err != nil {
		t.Fatal(err)
	}
	between := func() {
		two := object(t, `{"x":2}`)
		if _, _, err := s.Change(ctx, "w", nil, &two); err != nil {
			t.Error(err)
		}
	}
	slow := queryworker.Of(f, func(string) ([]string, error) {
		if between != nil {
			run := between
			between = nil
			run()
		}
		return []string{"x"}, nil
	})
	text := "RETURN -@x"
	w, _, err := slow.Change(ctx, "w", &text, nil)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := s.Find(ctx, "w")
	if err != nil || kept.Text != text || kept.Parameter.String() != `{"x":2}` || w.Parameter.String() != `{"x":2}` {
		t.Errorf("kept %+v, answered %+v, %v", kept, w, err)
	}
}
