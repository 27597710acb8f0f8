package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/selvedge-db/selvedge/client"
)

// manyAlike is how many rows that are bad for one and the same reason get a
// line each. The lines of the others are told together, once a batch.
const manyAlike = 5

// report tells of bad rows, which come in the order of their lines.
func (r *importRun) report(bad []placedRow) {
	if r.reported == nil {
		r.reported = map[string]int{}
	}
	var reasons []string
	more := map[string][]int{}
	for _, row := range bad {
		reason := row.Err.Error()
		if r.reported[reason]++; r.reported[reason] <= manyAlike {
			r.progress.message(fmt.Sprintf("%s:%d: %s", r.file, row.Line, reason))
			if r.reported[reason] == 1 && r.overwriteHelps(row.Err) {
				r.progress.message("where a document with that _key is there already, --overwrite replaces it")
			}
			continue
		}
		if more[reason] == nil {
			reasons = append(reasons, reason)
		}
		more[reason] = append(more[reason], row.Line)
	}
	for _, reason := range reasons {
		lines := more[reason]
		r.progress.message(fmt.Sprintf("%s: and %d more, %s: %s", r.file, len(lines), ranges(lines), reason))
	}
}

// overwriteHelps: what stands in the row's way is an earlier document.
func (r *importRun) overwriteHelps(err error) bool {
	var refusal *client.Error
	return !r.o.overwrite && errors.As(err, &refusal) && refusal.ErrorNum == client.NumUniqueViolated
}

// ranges writes growing line numbers as short as it can.
func ranges(lines []int) string {
	var b strings.Builder
	b.WriteString("line")
	if len(lines) > 1 {
		b.WriteByte('s')
	}
	for i := 0; i < len(lines); {
		last := i
		for last+1 < len(lines) && lines[last+1] == lines[last]+1 {
			last++
		}
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, " %d", lines[i])
		if last > i {
			fmt.Fprintf(&b, " to %d", lines[last])
		}
		i = last + 1
	}
	return b.String()
}
