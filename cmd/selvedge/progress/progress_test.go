package progress

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

func TestProgressWithoutTerminal(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	in := &Reader{R: strings.NewReader(strings.Repeat("x", 100))}
	p := OfInput(&out, "imported", 100, in, false)
	p.last = p.last.Add(-2 * ReportEvery)
	if _, err := io.CopyN(io.Discard, in, 50); err != nil {
		t.Fatal(err)
	}
	p.Rows(7)
	p.Rows(7) // too early for another line
	p.Message("look")
	p.Close()
	if got := out.String(); !strings.HasPrefix(got, "imported 7 rows, ") || !strings.Contains(got, "50 %, ") || strings.Count(got, "\n") != 2 || !strings.HasSuffix(got, "look\n") {
		t.Errorf("%q", got)
	}
	out.Reset()
	quiet := OfRows(&out, "exported", 10, true)
	quiet.last = quiet.last.Add(-2 * ReportEvery)
	quiet.Rows(5)
	quiet.Close()
	if out.Len() > 0 {
		t.Errorf("%q", out.String())
	}
	rows := OfRows(&out, "exported", 10, false)
	rows.last = rows.last.Add(-2 * ReportEvery)
	rows.Rows(5)
	if got := out.String(); !strings.HasPrefix(got, "exported 5 rows") || !strings.Contains(got, "50 %") {
		t.Errorf("%q", got)
	}
}
