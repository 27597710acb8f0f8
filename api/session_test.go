package api

import (
	"encoding/base64"
	"encoding/binary"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/selvedge-db/selvedge/clock"
)

// token encodes sections as AppendSession does for those of other fabrics.
func token(all []section) string {
	raw := binary.AppendUvarint([]byte{sessionVersion}, uint64(len(all)))
	for _, s := range all {
		raw = appendSection(raw, s)
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

func TestSessionRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var all []section
		for i := range rapid.IntRange(0, sessionFabrics).Draw(t, "fabrics") {
			s := section{fabric: uint64(i)}
			for range rapid.IntRange(0, 20).Draw(t, "rows") {
				s.rows.Raise(clock.Origin(rapid.Uint32Min(1).Draw(t, "origin")), clock.Time(rapid.Uint64Min(1).Draw(t, "time")))
			}
			all = append(all, s)
		}
		got, err := parseSession(token(all))
		if err != nil {
			t.Fatalf("%v: %v", all, err)
		}
		if len(got) != len(all) {
			t.Fatalf("%d sections of %d", len(got), len(all))
		}
		for i := range all {
			if got[i].fabric != all[i].fabric || !got[i].rows.Equal(all[i].rows) {
				t.Fatalf("section %d: %v, want %v", i, got[i], all[i])
			}
		}
	})
}

func TestSplitSessionKeepsTheNewest(t *testing.T) {
	t.Parallel()
	var all []section
	for i := range sessionFabrics + 1 {
		all = append(all, section{fabric: uint64(i), rows: clock.VectorOf(clock.Row{Origin: 1, Time: clock.Time(i + 1)})})
	}
	own, others := splitSession(all, 3)
	if own.At(1) != 4 || len(others) != sessionFabrics-1 || others[len(others)-1].fabric != sessionFabrics {
		t.Errorf("own %v, others %v", own, others)
	}
}

func FuzzSession(f *testing.F) {
	f.Add("")
	f.Add(token([]section{{fabric: 7, rows: clock.VectorOf(clock.Row{Origin: 1, Time: 2})}}))
	f.Add("AQEAAAAAAAAAAAE")
	f.Fuzz(func(t *testing.T, text string) {
		all, err := parseSession(text)
		if err != nil {
			if AsError(err).Code != BadParameter {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		again, err := parseSession(token(all))
		if err != nil || !reflect.DeepEqual(all, again) {
			t.Errorf("%q: %v, then %v (%v)", text, all, again, err)
		}
	})
}
