package overlay_test

import (
	"bytes"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/fabric/overlay"
	"github.com/selvedge-db/selvedge/fabric/sequencer"
	"github.com/selvedge-db/selvedge/store/kv"
	"github.com/selvedge-db/selvedge/store/kv/memory"
)

var keys = layout.NewKeys(1)

func docKey(n int) []byte { return keys.Document(nil, 16, fmt.Sprintf("%03d", n)) }

// world is a reader under test, and a store that holds what the reader must show.
type world struct {
	reader *overlay.Reader
	want   kv.DB
}

func put(t interface{ Fatal(...any) }, db kv.DB, key, value []byte) {
	b := db.NewBatch()
	if value == nil {
		b.Delete(key)
	} else {
		b.Set(key, value)
	}
	if _, err := db.Apply(b); err != nil {
		t.Fatal(err)
	}
}

func newWorld(t *rapid.T, base []int) *world {
	below, want := memory.New(memory.Options{}), memory.New(memory.Options{})
	for _, n := range base {
		put(t, below, docKey(n), []byte{'b', byte(n)})
		put(t, want, docKey(n), []byte{'b', byte(n)})
	}
	return &world{overlay.New(below.Snapshot(), 7), want}
}

func (w *world) change(t *rapid.T, n int, del bool) {
	if del {
		w.reader.Delete(docKey(n))
		put(t, w.want, docKey(n), nil)
		return
	}
	v := []byte{'o', byte(n), byte(rapid.IntRange(0, 9).Draw(t, "value"))}
	w.reader.Set(docKey(n), v)
	put(t, w.want, docKey(n), v)
}

// TestReadsAsIfApplied walks over a store with changes on top, and over one in which they were made, and notes what was
// passed.
func TestReadsAsIfApplied(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.IntRange(0, 30)
		w := newWorld(t, rapid.SliceOfN(number, 0, 15).Draw(t, "base"))
		for range rapid.IntRange(0, 15).Draw(t, "changes") {
			w.change(t, number.Draw(t, "changed"), rapid.Bool().Draw(t, "delete"))
		}
		lower, upper := docKey(number.Draw(t, "lower")), docKey(number.Draw(t, "upper"))
		got, err := w.reader.Scan(lower, upper)
		if err != nil {
			t.Fatal(err)
		}
		want, err := w.want.Scan(lower, upper)
		if err != nil {
			t.Fatal(err)
		}
		var shown [][]byte
		for range rapid.IntRange(0, 25).Draw(t, "steps") {
			step := rapid.SampledFrom([]string{"next", "next", "next", "prev", "prev", "seek", "last", "change"}).Draw(t, "step")
			var a, b bool
			switch step {
			case "next":
				a, b = got.Next(), want.Next()
			case "prev":
				a, b = got.Prev(), want.Prev()
			case "seek":
				k := docKey(number.Draw(t, "seek"))
				a, b = got.SeekGE(k), want.SeekGE(k)
			case "last":
				a, b = got.Last(), want.Last()
			case "change": // an iterator shows what was there when it was opened
				w.change(t, number.Draw(t, "changed"), rapid.Bool().Draw(t, "delete"))
				continue
			}
			if a != b || a && (!bytes.Equal(got.Key(), want.Key()) || !bytes.Equal(got.Value(), want.Value())) {
				t.Fatalf("%s: %v at %q, want %v at %q", step, a, got.Key(), b, want.Key())
			}
			if a {
				shown = append(shown, bytes.Clone(got.Key()))
			}
		}
		if err := got.Close(); err != nil {
			t.Fatal(err)
		}
		for _, key := range shown {
			if !covered(w.reader.Read(), key) {
				t.Fatalf("%q was shown and is not noted", key)
			}
		}
		for n := range 31 {
			v, found, err := w.reader.Get(docKey(n))
			wv, wfound, _ := w.want.Get(docKey(n))
			if err != nil || found != wfound || found && !bytes.Equal(v, wv) {
				t.Fatalf("%d: %q %v %v, want %q %v", n, v, found, err, wv, wfound)
			}
			seen, err := w.reader.View(docKey(n), func(v []byte) error {
				if !bytes.Equal(v, wv) {
					t.Fatalf("%d: View shows %q", n, v)
				}
				return nil
			})
			if seen != wfound || err != nil {
				t.Fatalf("%d: View %v %v", n, seen, err)
			}
		}
	})
}

func covered(list []sequencer.Range, key []byte) bool {
	for _, r := range list {
		if bytes.Compare(r.Lower, key) <= 0 && (r.Upper == nil || bytes.Compare(key, r.Upper) < 0) {
			return true
		}
	}
	return false
}

// TestNotesWhatWasPassed stops iterators early and checks what is noted, and what is not.
func TestNotesWhatWasPassed(t *testing.T) {
	t.Parallel()
	below := memory.New(memory.Options{})
	for _, n := range []int{10, 20, 30, 40} {
		put(t, below, docKey(n), []byte("x"))
	}
	for _, c := range []struct {
		name   string
		walk   func(r *overlay.Reader, it kv.Iterator)
		in     []int
		notIn  []int
		closed bool
	}{
		{"nothing", func(*overlay.Reader, kv.Iterator) {}, nil, []int{5, 10, 45}, true},
		{"two forward", func(_ *overlay.Reader, it kv.Iterator) { it.Next(); it.Next() }, []int{0, 10, 15, 20}, []int{21, 30, 49}, true},
		{"two forward, open", func(_ *overlay.Reader, it kv.Iterator) { it.Next(); it.Next() }, []int{0, 10, 15, 20}, []int{21, 30, 49}, false},
		{"all forward", func(_ *overlay.Reader, it kv.Iterator) {
			for it.Next() {
			}
		}, []int{0, 10, 35, 45, 49}, []int{50, 60}, true},
		{"two backward", func(_ *overlay.Reader, it kv.Iterator) { it.Prev(); it.Prev() }, []int{30, 35, 40, 49}, []int{29, 20, 0}, true},
		{"all backward", func(_ *overlay.Reader, it kv.Iterator) {
			for it.Prev() {
			}
		}, []int{0, 49}, []int{50}, true},
		{"seeks", func(_ *overlay.Reader, it kv.Iterator) { it.SeekGE(docKey(15)); it.SeekGE(docKey(35)) }, []int{15, 17, 20, 35, 40}, []int{14, 21, 34, 41}, true},
		{"turned", func(_ *overlay.Reader, it kv.Iterator) { it.SeekGE(docKey(25)); it.Prev() }, []int{20, 22, 25, 30}, []int{19, 31}, true},
		{"last", func(_ *overlay.Reader, it kv.Iterator) { it.Last() }, []int{40, 49}, []int{39, 50}, true},
		{"own keys", func(r *overlay.Reader, it kv.Iterator) { it.Next() }, []int{0, 10}, []int{11}, true},
		{"gets", func(r *overlay.Reader, _ kv.Iterator) {
			_, _, _ = r.Get(docKey(20))
			_, _ = r.View(docKey(21), nil)
			r.Note(docKey(22))
		}, []int{20, 21, 22}, []int{19, 23}, true},
		{"unnoted", func(r *overlay.Reader, _ kv.Iterator) { _, _, _ = r.Unnoted().Get(docKey(20)) }, nil, []int{20}, true},
	} {
		r := overlay.New(below.Snapshot(), 7)
		it, err := r.Scan(docKey(0), docKey(50))
		if err != nil {
			t.Fatal(err)
		}
		c.walk(r, it)
		if c.closed {
			_ = it.Close()
		}
		list := r.Read()
		for _, n := range c.in {
			if !covered(list, docKey(n)) {
				t.Errorf("%s: %d is not noted", c.name, n)
			}
		}
		for _, n := range c.notIn {
			if covered(list, docKey(n)) {
				t.Errorf("%s: %d is noted", c.name, n)
			}
		}
		_ = it.Close()
	}
}

// TestStateIsNotNoted reads what no query reads.
func TestStateIsNotNoted(t *testing.T) {
	t.Parallel()
	r := overlay.New(memory.New(memory.Options{}).Snapshot(), 7)
	_, _, _ = r.Get(keys.Count(16))
	it, err := r.Scan(keys.Space(nil, layout.Expiring), layout.End(keys.Space(nil, layout.Expiring)))
	if err != nil {
		t.Fatal(err)
	}
	it.Next()
	_ = it.Close()
	if list := r.Read(); len(list) != 0 {
		t.Fatalf("noted %q", list)
	}
}

// TestManyReadsBecomeCoarse reads more pieces than are kept apart, at once and in the end.
func TestManyReadsBecomeCoarse(t *testing.T) {
	t.Parallel()
	for _, stretches := range []bool{false, true} {
		r := overlay.New(memory.New(memory.Options{}).Snapshot(), 7)
		most := 0
		for i := range 250_000 {
			key := keys.Document(nil, 16+uint32(i%2), fmt.Sprintf("%06d", i))
			if stretches {
				r.NoteRange(key, append(key, 'x'))
			} else {
				r.Note(key)
			}
			most = max(most, r.ReadBytes())
		}
		list := r.Read()
		if len(list) > 100_000 || most == 0 || most > 50<<20 {
			t.Fatalf("%d pieces, which took up to %d bytes", len(list), most)
		}
		for _, i := range []int{7, 100_000, 249_999} {
			if !covered(list, keys.Document(nil, 16+uint32(i%2), fmt.Sprintf("%06d", i))) {
				t.Fatalf("%d is not noted", i)
			}
		}
		if covered(list, keys.Document(nil, 18, "1")) {
			t.Fatal("something of another collection is noted")
		}
	}
}

func BenchmarkScanWithOneChange(b *testing.B) {
	below := memory.New(memory.Options{})
	for n := range 1000 {
		put(b, below, docKey(n), []byte("x"))
	}
	r := overlay.New(below.Snapshot(), 7)
	r.Set(docKey(500), []byte("y"))
	b.ReportAllocs()
	for b.Loop() {
		it, err := r.Scan(docKey(0), nil)
		if err != nil {
			b.Fatal(err)
		}
		for it.Next() {
		}
		_ = it.Close()
	}
}
