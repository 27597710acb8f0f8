package main

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

// reportEvery is how often progress is told where no bar can be drawn.
const reportEvery = 5 * time.Second

// countingReader knows how much was read.
type countingReader struct {
	r io.Reader
	n atomic.Int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// progress shows how far an import is: a bar with rate and time left on a
// terminal, a line every few seconds elsewhere.
type progress struct {
	out    io.Writer
	size   int64 // of the input, 0 when nobody knows
	input  *countingReader
	quiet  bool
	start  time.Time
	done   atomic.Int64 // rows
	screen *mpb.Progress
	bar    *mpb.Bar

	mu   sync.Mutex
	last time.Time // of the last line, guarded by mu
}

func newProgress(out io.Writer, size int64, input *countingReader, quiet bool) *progress {
	now := time.Now()
	p := &progress{out: out, size: size, input: input, quiet: quiet, start: now, last: now}
	if quiet || size == 0 || !isTerminal(out) {
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

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (p *progress) rate() string {
	seconds := max(time.Since(p.start).Seconds(), 0.001)
	rows := p.done.Load()
	return fmt.Sprintf(" %d rows, %.0f/s", rows, float64(rows)/seconds)
}

// rows notes that so many more are in.
func (p *progress) rows(n int64) {
	p.done.Add(n)
	if p.bar != nil {
		p.bar.SetCurrent(min(p.input.n.Load(), p.size-1))
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.quiet || time.Since(p.last) < reportEvery {
		return
	}
	p.last = time.Now()
	line := "imported" + p.rate()
	if read := p.input.n.Load(); p.size > 0 && read > 0 {
		share := min(float64(read)/float64(p.size), 1)
		left := time.Duration(float64(time.Since(p.start)) * (1 - share) / share).Round(time.Second)
		line += fmt.Sprintf(", %.0f %%, %s left", share*100, left)
	}
	fmt.Fprintln(p.out, line)
}

// message shows a line without breaking the bar.
func (p *progress) message(line string) {
	if p.screen != nil {
		_, _ = fmt.Fprintln(p.screen, line)
		return
	}
	fmt.Fprintln(p.out, line)
}

func (p *progress) close() {
	if p.bar == nil {
		return
	}
	if p.input.n.Load() >= p.size {
		p.bar.SetCurrent(p.size)
	}
	p.bar.Abort(false)
	p.screen.Wait()
}
