package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/selvedge-db/selvedge/client"
)

// manyAlike is how many rows that are bad for the same kind of reason
// get a line each. The lines of the others are told together, once a batch.
const manyAlike = 5

// report tells of bad rows, which come in the order of their lines.
func (r *importRun) report(bad []placedRow) {
	if r.reported == nil {
		r.reported = map[string]int{}
	}
	var kinds []string
	more := map[string][]int{}
	for _, row := range bad {
		kind := kindOf(row.Err)
		if r.reported[kind]++; r.reported[kind] <= manyAlike {
			r.progress.message(fmt.Sprintf("%s:%d: %v", r.file, row.Line, row.Err))
			if r.reported[kind] == 1 && r.overwriteHelps(row.Err) {
				r.progress.message("where a document with that _key is there already, --overwrite replaces it")
			}
			continue
		}
		if more[kind] == nil {
			kinds = append(kinds, kind)
		}
		more[kind] = append(more[kind], row.Line)
	}
	for _, kind := range kinds {
		lines := more[kind]
		r.progress.message(fmt.Sprintf("%s: and %d more, %s: %s", r.file, len(lines), ranges(lines), kind))
	}
}

// kindOf is what is alike in the reasons of rows: of a refusal its number and
// the words before the colon, behind which the row's own names stand.
func kindOf(err error) string {
	var refusal *client.Error
	if !errors.As(err, &refusal) || refusal.ErrorNum == 0 {
		return err.Error()
	}
	kind := *refusal
	kind.Message, _, _ = strings.Cut(refusal.Message, ": ")
	return kind.Error()
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
