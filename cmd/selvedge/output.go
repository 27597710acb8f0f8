package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/selvedge-db/selvedge/cmd/selvedge/yaml"
)

// Forms of a result.
const (
	outputTable = "table"
	outputJSON  = "json"
	outputYAML  = "yaml"
)

// givesRows marks commands that print rows, which have more forms than other results.
const givesRows = "rows"

// formsOf lists the forms that a command can print.
func formsOf(c *cobra.Command) []string {
	if c.Annotations[givesRows] != "" {
		return []string{outputTable, outputJSON, outputLines, outputCSV, outputYAML}
	}
	return []string{outputTable, outputJSON, outputYAML}
}

func checkOutput(form string, forms []string) error {
	if slices.Contains(forms, form) {
		return nil
	}
	last := len(forms) - 1
	return usagef("--output %q: want %s or %s%s", form, strings.Join(forms[:last], ", "), forms[last], didYouMean(form, forms))
}

// hasOwnForm tells whether what a command prints has one form whatever is asked for: data, or lines as it runs.
func hasOwnForm(c *cobra.Command) bool {
	words := append(strings.Fields(c.CommandPath()), "")
	return slices.Contains([]string{"dev", "serve", "sim", "bench", "completion", "export", "generate"}, words[1])
}

// withOutput adds the flag that every command has.
func (a *app) withOutput(c *cobra.Command) *cobra.Command {
	if c.Flags().Lookup("output") == nil {
		forms, of := formsOf(c), "the result and of errors"
		if hasOwnForm(c) {
			of = "errors"
		}
		last := len(forms) - 1
		c.Flags().StringVarP(&a.flags.output, "output", "o", outputTable,
			fmt.Sprintf("form of %s: %s or %s", of, strings.Join(forms[:last], ", "), forms[last]))
	}
	return c
}

// withRowForms marks a command as one that prints rows.
func (a *app) withRowForms(c *cobra.Command) *cobra.Command {
	c.Annotations = map[string]string{givesRows: "true"}
	return c
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

// data is where what others have written goes: the output, without control characters where that is a terminal.
func (a *app) data() io.Writer {
	if a.screen != nil {
		return a.screen
	}
	return a.out
}

// screen replaces control characters but the ends of lines and tabs, so that they do not command the terminal.
type screen struct {
	w     io.Writer
	begun []byte // of a character that the next write goes on with, as buffers between cut them anywhere
}

// end shows that the last character broke off, if it did.
func (s *screen) end() {
	if len(s.begun) > 0 {
		_, _ = io.WriteString(s.w, string(utf8.RuneError))
	}
}

func (s *screen) Write(text []byte) (int, error) {
	all := append(s.begun, text...)
	s.begun = nil
	var out []byte
	for rest := all; len(rest) > 0; {
		if !utf8.FullRune(rest) {
			s.begun = bytes.Clone(rest)
			break
		}
		r, size := utf8.DecodeRune(rest)
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			r = utf8.RuneError
		}
		out, rest = utf8.AppendRune(out, r), rest[size:]
	}
	if _, err := s.w.Write(out); err != nil {
		return 0, err
	}
	return len(text), nil
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

// isFigure tells whether a cell begins as a number does, and is no time.
func isFigure(cell string) bool {
	return !strings.Contains(cell, ":") && (cell == "-" || cell == "" || strings.IndexByte("+-0123456789", cell[0]) >= 0)
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

// done says that something was done that has no other result: on the standard error for people, as an object otherwise.
func (a *app) done(result map[string]any, format string, args ...any) error {
	if a.flags.output == outputTable {
		fmt.Fprintf(a.err, format+"\n", args...)
		return nil
	}
	return a.print(result, nil)
}

// printJSON gives JSON text in the form that was asked for, indented.
func (a *app) printJSON(text []byte) error {
	if a.flags.output == outputYAML {
		return yaml.Write(a.data(), text)
	}
	var b bytes.Buffer
	if err := json.Indent(&b, text, "", "  "); err != nil {
		return fmt.Errorf("result: %w", err)
	}
	b.WriteByte('\n')
	_, err := a.data().Write(b.Bytes())
	return err
}
