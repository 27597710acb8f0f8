package node

import (
	"fmt"
	"testing"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/internal/env"
)

func TestNotablesAreBoundedAndInOrder(t *testing.T) {
	t.Parallel()
	r := newNotables(env.Real().Clock)
	for i := range api.NotableMost + 100 {
		r.add(api.Event{Level: api.EventInfo, Text: fmt.Sprint(i)})
	}
	all := r.after(nil, api.NotableMost)
	if len(all) != api.NotableMost || all[0].Text != "100" {
		t.Fatalf("%d events, the first is %q", len(all), all[0].Text)
	}
	since := all[10].Number
	if got := r.after(&since, 3); len(got) != 3 || got[0].Text != "111" || got[2].Text != "113" {
		t.Errorf("after the eleventh: %v", got)
	}
	old, newest := uint64(0), all[len(all)-1].Number
	if got := r.after(&old, 2); len(got) != 2 || got[0].Text != "100" {
		t.Errorf("after what is forgotten: %v", got)
	}
	if got := r.after(&newest, 5); len(got) != 0 {
		t.Errorf("after the newest: %v", got)
	}
	for range 3 {
		r.add(api.Event{Level: api.EventWarn, Kind: "alarm", Text: "again and again"})
	}
	if got := r.after(&newest, 5); len(got) != 1 {
		t.Errorf("told again: %v", got)
	}
}

// What others have of a location does not become less in between.
func TestReportedNeverFalls(t *testing.T) {
	t.Parallel()
	var r reported
	for _, step := range [][2]uint64{{8, 8}, {5, 8}, {12, 12}, {0, 12}} {
		if got := r.raise("syd", step[0]); got != step[1] {
			t.Errorf("%d is told as %d, want %d", step[0], got, step[1])
		}
	}
	if got := r.raise("tok", 1); got != 1 {
		t.Errorf("another location has %d", got)
	}
}
