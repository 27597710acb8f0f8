package check

import (
	"fmt"
	"slices"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/series"
)

// Point is one point of a time series as the entries say it.
type Point struct {
	Series string // as it stands in keys
	At     int64
	Values []float64
}

// String shows a point with its series quoted.
func (p Point) String() string { return fmt.Sprintf("%q at %d: %v", p.Series, p.At, p.Values) }

// Points is what a collection of points must show to who has seen v, in order of series and time, whatever its age: of
// two points of one series and time the later stamp's, and none from before a truncation. It says so in the plainest
// way: all batches in order of their stamps, one after another.
func (l *Ledger) Points(name string, generation uint32, v clock.Vector) []Point {
	in := collection{"", name, generation}
	var batches []event
	for _, e := range l.batches[in] {
		if !e.entry.lost && v.Covers(e.entry.Stamp) {
			batches = append(batches, e)
		}
	}
	for _, e := range l.trunc[in] {
		if !e.entry.lost && v.Covers(e.entry.Stamp) {
			batches = append(batches, e)
		}
	}
	slices.SortStableFunc(batches, func(a, b event) int {
		switch {
		case a.entry.Stamp.Less(b.entry.Stamp):
			return -1
		case b.entry.Stamp.Less(a.entry.Stamp):
			return 1
		}
		return a.index - b.index
	})
	type place struct {
		series string
		at     int64
	}
	all := map[place]Point{}
	for _, e := range batches {
		change := &e.entry.Changes[e.index>>16]
		if change.Kind == codec.Truncate {
			clear(all)
			continue
		}
		for _, p := range l.points(e.entry, change.Data) {
			all[place{p.Series, p.At}] = p
		}
	}
	out := make([]Point, 0, len(all))
	for _, p := range all {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b Point) int {
		switch {
		case a.Series < b.Series || a.Series == b.Series && a.At < b.At:
			return -1
		}
		return 1
	})
	return out
}

// points reads a batch.
func (l *Ledger) points(e *Entry, data []byte) (out []Point) {
	r := codec.ReadPoints(data)
	var p codec.PointPart
	var d series.Decoder
	for r.Next(&p) {
		var b series.Block
		if _, err := d.Decode(p.Block, r.Fields, &b); err != nil {
			l.Fail(Delivery, "", "points of entry %s cannot be read: %v", e.Stamp, err)
			return nil
		}
		for i, at := range b.Times {
			one := Point{Series: string(p.Key), At: at}
			for _, column := range b.Values {
				one.Values = append(one.Values, column[i])
			}
			out = append(out, one)
		}
	}
	if err := r.Err(); err != nil {
		l.Fail(Delivery, "", "points of entry %s cannot be read: %v", e.Stamp, err)
	}
	return out
}
