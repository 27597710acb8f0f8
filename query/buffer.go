package query

import (
	"context"

	"github.com/selvedge-db/selvedge/query/exec"
	"github.com/selvedge-db/selvedge/value"
)

// buffer has rows as text, in parts, of which those in front were handed out.
type buffer struct {
	parts []exec.Text
	at    int   // the next row of the first part
	rows  int64 // that ever were in it
	given int64
	// room and ends are for the first part, which often is all.
	room [1]exec.Text
	ends [4]int
}

// partBytes is about how long a part gets; the first is shorter, since most results are.
const partBytes = 256 << 10

// left is how many rows are in it.
func (b *buffer) left() int64 { return b.rows - b.given }

// fill adds one part of a run.
func (b *buffer) fill(ctx context.Context, run *exec.Run) (more bool, err error) {
	return b.some(ctx, run, partBytes)
}

// some adds up to n rows of a run, not too many bytes at a time.
func (b *buffer) some(ctx context.Context, run *exec.Run, n int) (more bool, err error) {
	if b.parts == nil {
		b.parts = b.room[:0]
	}
	b.parts = append(b.parts, exec.Text{})
	part := &b.parts[len(b.parts)-1]
	if b.rows == 0 {
		part.Ends = b.ends[:0]
	}
	more, err = run.Next(ctx, part, n, partBytes)
	if len(part.Ends) == 0 || err != nil {
		b.parts = b.parts[:len(b.parts)-1]
		return more, err
	}
	b.rows += int64(len(part.Ends))
	return more, run.Hold(int64(cap(part.JSON) + 8*cap(part.Ends)))
}

// take appends up to n rows to dst and forgets them.
func (b *buffer) take(dst []byte, n int) ([]byte, int) {
	taken := 0
	for taken < n && len(b.parts) > 0 {
		p := &b.parts[0]
		to := min(b.at+n-taken, len(p.Ends))
		if dst == nil && b.at == 0 && to == len(p.Ends) && cap(p.JSON) <= 2*len(p.JSON) {
			dst = p.JSON[:p.Ends[to-1]:p.Ends[to-1]] // nobody else has it
			taken = to
			b.forget(to)
			continue
		}
		if taken > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, p.JSON[start(p, b.at):p.Ends[to-1]]...)
		taken += to - b.at
		b.forget(to)
	}
	b.given += int64(taken)
	return dst, taken
}

// start is where a row begins.
func start(p *exec.Text, row int) int {
	if row == 0 {
		return 0
	}
	return p.Ends[row-1] + 1
}

// forget goes on behind the rows of the first part up to one.
func (b *buffer) forget(to int) {
	b.at = to
	if b.at == len(b.parts[0].Ends) {
		b.parts[0] = exec.Text{}
		b.parts, b.at = b.parts[1:], 0
	}
}

// values gives up to n rows as values and forgets them.
func (b *buffer) values(n int) []value.Value {
	var out []value.Value
	for len(out) < n && len(b.parts) > 0 {
		p := &b.parts[0]
		text := p.JSON[start(p, b.at):p.Ends[b.at]]
		out = append(out, value.Lazy(text))
		b.forget(b.at + 1)
	}
	b.given += int64(len(out))
	return out
}

// revise puts revisions in place of their placeholders, which are as long.
func (b *buffer) revise(f func([]byte) []byte) {
	for i := range b.parts {
		b.parts[i].JSON = f(b.parts[i].JSON)
	}
}
