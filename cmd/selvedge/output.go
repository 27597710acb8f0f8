package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Forms of a result.
const (
	outputTable = "table"
	outputJSON  = "json"
	outputYAML  = "yaml"
)

func checkOutput(form string) error {
	switch form {
	case outputTable, outputJSON, outputYAML:
		return nil
	}
	return usagef("--output %q: want table, json or yaml", form)
}

// table is rows of cells under a heading, for people.
type table struct {
	head []string
	rows [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, plain(cells)) }

// plain takes control characters out of what others have written, so that it does not command the terminal.
func plain(cells []string) []string {
	for i, cell := range cells {
		cells[i] = strings.Map(func(r rune) rune {
			if unicode.IsControl(r) {
				return '\uFFFD'
			}
			return r
		}, cell)
	}
	return cells
}

// print aligns the columns. Numbers stand at the right of theirs.
func (t *table) print(w io.Writer) {
	widths := make([]int, len(t.head))
	for _, row := range append([][]string{t.head}, t.rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	right := make([]bool, len(t.head))
	for i := range t.head {
		right[i] = len(t.rows) > 0
		for _, row := range t.rows {
			right[i] = right[i] && isFigure(row[i])
		}
	}
	for _, row := range append([][]string{t.head}, t.rows...) {
		var line strings.Builder
		for i, cell := range row {
			space := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i > 0 {
				line.WriteString("  ")
			}
			if right[i] {
				line.WriteString(space + cell)
			} else {
				line.WriteString(cell + space)
			}
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}

func isFigure(cell string) bool {
	return cell == "-" || cell == "" || strings.IndexByte("+-0123456789", cell[0]) >= 0
}

// print gives a result in the form that was asked for; inTable shows it to
// people.
func (a *app) print(result any, inTable func(w io.Writer)) error {
	if a.flags.output == outputTable {
		inTable(a.out)
		return nil
	}
	text, err := json.Marshal(result)
	if err != nil {
		return fmt.Errorf("result: %w", err)
	}
	return a.printJSON(text)
}

// printJSON gives JSON text in the form that was asked for, indented.
func (a *app) printJSON(text []byte) error {
	if a.flags.output == outputYAML {
		return writeYAML(a.out, text)
	}
	var b bytes.Buffer
	if err := json.Indent(&b, text, "", "  "); err != nil {
		return fmt.Errorf("result: %w", err)
	}
	b.WriteByte('\n')
	_, err := a.out.Write(b.Bytes())
	return err
}
