package overlay

import (
	"bytes"
	"slices"

	"github.com/selvedge-db/selvedge/fabric/sequencer"
)

const (
	tidyFrom  = 1024    // pieces before they are brought in order for the first time
	maxPieces = 100_000 // pieces before those of one collection or index become one
	// spaceBytes is how many bytes of a key say what it belongs to: fabric, letter and number (package layout).
	spaceBytes = 10
)

// add notes a range.
func (r *Reader) add(piece sequencer.Range) {
	if piece.Upper != nil && bytes.Compare(piece.Lower, piece.Upper) >= 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ranges = append(r.ranges, piece)
	if len(r.ranges) > 2*r.tidied+tidyFrom {
		r.tidy()
	}
}

// tidy brings the ranges in order and joins those that touch.
func (r *Reader) tidy() {
	r.ranges = joined(r.ranges)
	if len(r.ranges) > maxPieces {
		r.ranges = coarse(r.ranges)
	}
	r.tidied = len(r.ranges)
}

// Read is everything read so far, in order, none touching another. Iterators that are open count as far as they have
// come.
func (r *Reader) Read() []sequencer.Range {
	r.mu.Lock()
	open := make([]*tracked, 0, len(r.open))
	for t := range r.open {
		open = append(open, t)
	}
	r.mu.Unlock()
	for _, t := range open {
		t.end()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tidy()
	all := slices.Clone(r.ranges)
	for key := range r.points {
		all = append(all, sequencer.Point([]byte(key)))
	}
	all = joined(all)
	if len(all) > maxPieces {
		all = coarse(all)
	}
	return all
}

// ReadBytes is about how much memory the read set takes.
func (r *Reader) ReadBytes() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	const perPiece = 128
	return (len(r.points) + len(r.ranges)) * perPiece
}

// joined sorts ranges and joins those that overlap or touch.
func joined(list []sequencer.Range) []sequencer.Range {
	slices.SortFunc(list, func(a, b sequencer.Range) int { return bytes.Compare(a.Lower, b.Lower) })
	out := list[:0]
	for _, piece := range list {
		if n := len(out); n > 0 && (out[n-1].Upper == nil || bytes.Compare(piece.Lower, out[n-1].Upper) <= 0) {
			if last := &out[n-1]; last.Upper != nil && (piece.Upper == nil || bytes.Compare(piece.Upper, last.Upper) > 0) {
				last.Upper = piece.Upper
			}
			continue
		}
		out = append(out, piece)
	}
	clear(list[len(out):])
	return out
}

// coarse makes one range of all those in one space.
func coarse(list []sequencer.Range) []sequencer.Range {
	out := list[:0]
	for _, piece := range list {
		n := len(out)
		if n > 0 && len(piece.Lower) >= spaceBytes && bytes.HasPrefix(out[n-1].Lower, piece.Lower[:spaceBytes]) {
			out[n-1].Upper = piece.Upper
			continue
		}
		out = append(out, piece)
	}
	return out
}
