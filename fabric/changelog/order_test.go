package changelog_test

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric/changelog"
)

func stamp(ms int64, o clock.Origin) clock.Stamp {
	return clock.Stamp{Time: clock.TimeOf(ms), Origin: o}
}

// records are some of every shape: empty, of several origins in any order, with expiry rounds between, with a drop.
func records() []changelog.Record {
	return []changelog.Record{
		{Order: 1},
		{Order: 7, LogBytes: 1 << 40, At: 1_800_000_000_000, Transactions: []changelog.Transaction{
			{Stamp: stamp(2000, 3), Changes: []changelog.Change{
				{Type: changelog.Write, Collection: 16, Name: "docs", Key: "k", Stamp: stamp(2000, 3), Hash: 0xffffffff},
				{Type: changelog.Remove, Collection: 17, Name: "kv", Key: "", Stamp: stamp(2500, 9)},
			}},
			{Changes: []changelog.Change{{Type: changelog.Expire, Collection: 16, Name: "docs", Key: "gone", Stamp: stamp(1, 1), Hash: 7}}},
			{Stamp: stamp(1000, 1<<16|2)}, // of another location, older
			{Stamp: stamp(3000, 3), Changes: []changelog.Change{{Type: changelog.Drop, Collection: 1 << 31, Name: "docs", Stamp: stamp(3000, 3)}}},
			{Stamp: stamp(3001, 3), Changes: []changelog.Change{{Type: changelog.Points, Collection: 18, Name: "m", Stamp: stamp(3001, 3),
				Points: changelog.Span{Count: 1000, From: -5, To: 1_800_000_000_000}}}},
		}},
	}
}

func TestRecordsComeBack(t *testing.T) {
	t.Parallel()
	for _, r := range records() {
		data := changelog.AppendRecord([]byte("before"), &r)[len("before"):]
		got, err := changelog.DecodeRecord(r.Order, data)
		if err != nil {
			t.Fatal(err)
		}
		if r.Transactions == nil {
			r.Transactions = []changelog.Transaction{}
		}
		if !reflect.DeepEqual(got, r) {
			t.Errorf("written %+v\nread    %+v", r, got)
		}
		for cut := range data {
			if _, err := changelog.DecodeRecord(r.Order, data[:cut]); err == nil {
				t.Fatalf("a record cut to %d of %d bytes was read", cut, len(data))
			}
		}
		if _, err := changelog.DecodeRecord(r.Order, append([]byte{99}, data[1:]...)); err == nil {
			t.Error("a record of a version to come was read")
		}
	}
}

func FuzzDecodeRecord(f *testing.F) {
	for _, r := range records() {
		f.Add(changelog.AppendRecord(nil, &r))
	}
	f.Add([]byte{1, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := changelog.DecodeRecord(5, data)
		if err != nil {
			return
		}
		once := changelog.AppendRecord(nil, &r)
		again, err := changelog.DecodeRecord(5, once)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%x", err, once)
		}
		if twice := changelog.AppendRecord(nil, &again); !bytes.Equal(once, twice) {
			t.Fatalf("not stable:\n%x\n%x", once, twice)
		}
	})
}

func TestTailHoldsTheNewest(t *testing.T) {
	t.Parallel()
	tail := changelog.NewTail(2000)
	tail.Start(10)
	_, found, newest, wake := tail.After(10)
	if found || newest != 10 {
		t.Fatalf("an empty tail has %v, newest %d", found, newest)
	}
	tail.Add(changelog.Record{Order: 11}) // nothing in it
	for order := uint64(11); order <= 30; order++ {
		tail.Add(changelog.Record{Order: order, Transactions: []changelog.Transaction{{Stamp: stamp(int64(order), 1), Changes: []changelog.Change{{Text: make([]byte, 100)}}}}})
	}
	select {
	case <-wake:
	default:
		t.Error("nobody was woken")
	}
	if _, found, _, _ := tail.After(10); found {
		t.Error("the tail holds more than its limit")
	}
	if r, found, newest, _ := tail.After(29); !found || r.Order != 30 || newest != 30 {
		t.Errorf("after 29: %v, order %d, newest %d", found, r.Order, newest)
	}
	if _, found, _, _ := tail.After(30); found {
		t.Error("there is something after the newest")
	}
	oldest := uint64(30)
	for ; ; oldest-- {
		if r, found, _, _ := tail.After(oldest - 1); !found {
			break
		} else if r.Order != oldest {
			t.Fatalf("after %d: order %d", oldest-1, r.Order)
		}
	}
	if oldest > 27 {
		t.Errorf("only what is after %d is held", oldest)
	}
}
