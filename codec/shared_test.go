package codec

import (
	"bytes"
	"testing"

	"github.com/selvedge-db/selvedge/clock"
)

func TestSharedRecordIsTheRecordWithoutLocal(t *testing.T) {
	t.Parallel()
	past := Past{Deps: clock.VectorOf(clock.Row{Origin: 2, Time: 50})}
	for _, whole := range []bool{false, true} {
		e := Entry{Stamp: clock.Stamp{Time: 200, Origin: 1}, Prev: 100, Chain: 7, System: 9,
			Deps: clock.VectorOf(clock.Row{Origin: 2, Time: 60}, clock.Row{Origin: 3, Time: 5}), Body: []byte("body")}
		want := AppendLogRecord(nil, &e, past, whole)
		same, err := AppendShared(nil, 200, want)
		if err != nil || !bytes.Equal(same, want) {
			t.Fatalf("without local, whole %v: %x, %v; want %x", whole, same, err, want)
		}
		e.Local = []byte("secret")
		got, err := AppendShared([]byte("x"), 200, AppendLogRecord(nil, &e, past, whole))
		if err != nil || !bytes.Equal(got[1:], want) {
			t.Fatalf("with local, whole %v: %x, %v; want %x", whole, got, err, want)
		}
	}
	if _, err := AppendShared(nil, 200, []byte{0xff}); err == nil {
		t.Fatal("a damaged record was taken")
	}
}
