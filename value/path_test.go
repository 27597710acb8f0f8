package value

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestPathText(t *testing.T) {
	t.Parallel()
	cases := []struct {
		path Path
		text string
	}{
		{nil, ""},
		{Path{"a"}, "a"},
		{Path{"a", "b c", "é"}, "a.b c.é"},
		{Path{""}, "``"},
		{Path{"a.b"}, "`a.b`"},
		{Path{"`"}, "````"},
		{Path{"x", "a`b", "", "y"}, "x.`a``b`.``.y"},
	}
	for _, c := range cases {
		if got := c.path.String(); got != c.text {
			t.Errorf("%q written as %s, want %s", c.path, got, c.text)
		}
		if got, err := ParsePath(c.text); err != nil || !got.Equal(c.path) {
			t.Errorf("%s read as %q, %v", c.text, got, err)
		}
	}
	if got, err := ParsePath("`a`.`b`"); err != nil || !got.Equal(Path{"a", "b"}) {
		t.Errorf("needless quotes read as %q, %v", got, err)
	}
}

var badPaths = []string{
	".", "a.", ".a", "a..b", "`", "`a", "```", "`a`b", "a`b", "a.`b``", "\xff",
	strings.Repeat("a.", pathNames) + "a", strings.Repeat("a", pathBytes+1),
}

func TestBadPathsAreRefused(t *testing.T) {
	t.Parallel()
	for _, text := range badPaths {
		p, err := ParsePath(text)
		var pe *PathError
		if !errors.As(err, &pe) || pe.Offset < 0 || pe.Offset > len(text) || pe.Error() == "" {
			t.Errorf("%.20q read as %q, %v", text, p, err)
		}
	}
}

func TestPathRelations(t *testing.T) {
	t.Parallel()
	a := make(Path, 1, 8)
	a[0] = "a"
	ab, ac := a.With("b"), a.With("c")
	if !ab.Equal(Path{"a", "b"}) || !ac.Equal(Path{"a", "c"}) || !a.Clone().Equal(a) {
		t.Errorf("paths share room: %q %q", ab, ac)
	}
	if !ab.HasPrefix(a) || !ab.HasPrefix(nil) || !ab.HasPrefix(ab) || a.HasPrefix(ab) || ab.HasPrefix(ac) {
		t.Error("HasPrefix is wrong")
	}
	if a.Compare(ab) >= 0 || ab.Compare(ac) >= 0 || ac.Compare(ac) != 0 || Path(nil).Compare(a) >= 0 {
		t.Error("Compare is wrong")
	}
}

func TestPathsReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := Path(rapid.SliceOfN(genText(), 0, 5).Draw(t, "p"))
		if got, err := ParsePath(p.String()); err != nil || !got.Equal(p) {
			t.Fatalf("%q written as %s reads as %q, %v", p, p, got, err)
		}
	})
}

func FuzzParsePath(f *testing.F) {
	for _, text := range append([]string{"", "a", "a.b.c", "`a.b`.c", "x.`a``b`.``"}, badPaths...) {
		if len(text) < 1<<10 { // long seeds only slow the search down
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePath(text)
		if err != nil {
			var pe *PathError
			if !errors.As(err, &pe) || pe.Offset > len(text) {
				t.Fatalf("bad error %#v", err)
			}
			return
		}
		if len(p) > pathNames {
			t.Fatalf("%d names", len(p))
		}
		if again, err := ParsePath(p.String()); err != nil || !again.Equal(p) {
			t.Fatalf("%q read as %q, written as %q, read as %q, %v", text, p, p.String(), again, err)
		}
	})
}
