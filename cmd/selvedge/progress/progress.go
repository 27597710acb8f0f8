// Package progress shows how far long work is: a bar with rate and time left on a terminal, a line every few seconds
// elsewhere.
//
// Guarantees: nothing is shown where it is quiet, and messages never stand in the middle of a bar. A bar is shown only
// where the size of the work is known.
//
// Not guaranteed: that the time left is right; it is what it would be if the work went on as it did so far.
package progress

import (
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// ReportEvery is how often progress is told where no bar can be drawn.
const ReportEvery = 5 * time.Second

// Reader knows how much was read through it.
type Reader struct {
	R io.Reader
	n atomic.Int64
}

func (c *Reader) Read(p []byte) (int, error) {
	n, err := c.R.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// Progress is of one piece of work, which goes through rows.
type Progress struct {
	out    io.Writer
	verb   string       // what is done with rows: imported
	size   int64        // of all, 0 when nobody knows
	at     func() int64 // how much of it is done; nil: as many as there are rows
	quiet  bool
	start  time.Time
	done   atomic.Int64 // rows
	screen *mpb.Progress
	bar    *mpb.Bar

	mu   sync.Mutex
	last time.Time // of the last line, guarded by mu
}

// OfInput is the progress of work that reads its rows from an input of that size, 0 when nobody knows it.
func OfInput(out io.Writer, verb string, size int64, input *Reader, quiet bool) *Progress {
	return begin(out, verb, size, input.n.Load, quiet)
}

// OfRows is the progress of work on so many rows, 0 when nobody knows how many.
func OfRows(out io.Writer, verb string, rows int64, quiet bool) *Progress {
	return begin(out, verb, rows, nil, quiet)
}

func begin(out io.Writer, verb string, size int64, at func() int64, quiet bool) *Progress {
	now := time.Now()
	p := &Progress{out: out, verb: verb, size: size, at: at, quiet: quiet, start: now, last: now}
	if at == nil {
		p.at = p.done.Load
	}
	if quiet || size == 0 || !IsTerminal(out) {
		return p
	}
	p.screen = mpb.New(mpb.WithOutput(out), mpb.WithWidth(48))
	p.bar = p.screen.AddBar(size,
		mpb.PrependDecorators(decor.Percentage(decor.WCSyncSpace)),
		mpb.AppendDecorators(
			decor.Any(func(decor.Statistics) string { return p.rate() }),
			decor.OnComplete(decor.AverageETA(decor.ET_STYLE_GO, decor.WC{W: 8}), ""),
		))
	return p
}

// IsTerminal tells whether somebody reads what is written.
func IsTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (p *Progress) rate() string {
	seconds := max(time.Since(p.start).Seconds(), 0.001)
	rows := p.done.Load()
	return fmt.Sprintf(" %d rows, %.0f/s", rows, float64(rows)/seconds)
}

// Rows notes that so many more are done.
func (p *Progress) Rows(n int64) {
	p.done.Add(n)
	if p.bar != nil {
		p.bar.SetCurrent(min(p.at(), p.size-1))
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.quiet || time.Since(p.last) < ReportEvery {
		return
	}
	p.last = time.Now()
	line := p.verb + p.rate()
	if read := p.at(); p.size > 0 && read > 0 {
		share := min(float64(read)/float64(p.size), 1)
		left := time.Duration(float64(time.Since(p.start)) * (1 - share) / share).Round(time.Second)
		line += fmt.Sprintf(", %.0f %%, %s left", share*100, left)
	}
	fmt.Fprintln(p.out, line)
}

// Message shows a line without breaking the bar.
func (p *Progress) Message(line string) {
	if p.screen != nil {
		_, _ = fmt.Fprintln(p.screen, line)
		return
	}
	fmt.Fprintln(p.out, line)
}

// Close ends the bar.
func (p *Progress) Close() {
	if p.bar == nil {
		return
	}
	if p.at() >= p.size {
		p.bar.SetCurrent(p.size)
	}
	p.bar.Abort(false)
	p.screen.Wait()
}
