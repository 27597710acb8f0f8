package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/selvedge-db/selvedge/client"
	"github.com/selvedge-db/selvedge/cmd/selvedge/columns"
	"github.com/selvedge-db/selvedge/cmd/selvedge/yaml"
)

// Forms that only rows have.
const (
	outputCSV   = "csv"
	outputLines = "jsonl"
)

// tableRows is how many rows are held back to find the columns and their widths.
const tableRows = 1000

// widest is where a cell of a table is cut.
const widest = 60

// printRows prints all rows of a query in the form that was asked for and counts them. Only chosen columns are shown,
// where any are chosen.
func (a *app) printRows(ctx context.Context, rows *client.Rows, query string, chosen []string) (n int, err error) {
	var w rowWriter
	out := a.data()
	switch a.flags.output {
	case outputJSON:
		w = &documentRows{&lineWriter{w: out, before: "[\n", between: ",\n", last: "\n]\n"}}
	case outputLines:
		w = &documentRows{&lineWriter{w: out, after: "\n"}}
	case outputYAML:
		w = &yamlRows{out: out}
	case outputCSV:
		w = &columnRows{out: &csvCells{csv.NewWriter(out)}, note: a.err, wished: columns.Of(query), chosen: chosen}
	default:
		w = &columnRows{out: &tableCells{out: out}, note: a.err, cut: widest, wished: columns.Of(query), chosen: chosen}
	}
	for rows.Next(ctx) {
		n++
		if err := w.row(rows.Raw()); err != nil {
			return n, err
		}
	}
	if rows.Err() != nil {
		if ctx.Err() != nil {
			return n, errInterrupted
		}
		return n, rows.Err()
	}
	return n, w.end()
}

// rowWriter prints rows in one form.
type rowWriter interface {
	row(text []byte) error
	end() error
}

type documentRows struct{ *lineWriter }

func (d *documentRows) row(text []byte) error { return d.write(text) }

type yamlRows struct {
	out  io.Writer
	rows []json.RawMessage
}

func (y *yamlRows) row(text []byte) error {
	y.rows = append(y.rows, bytes.Clone(text))
	return nil
}

func (y *yamlRows) end() error {
	text, err := json.Marshal(y.rows)
	if err != nil {
		return err
	}
	if y.rows == nil {
		text = []byte("[]")
	}
	return yaml.Write(y.out, text)
}

// columnRows prints rows as columns: the members of objects, or one column for anything else. The columns are those of
// the first rows.
type columnRows struct {
	out     cells
	note    io.Writer
	cut     int
	held    []map[string]json.RawMessage
	columns []string
	wished  []string // their order, as far as there are such
	chosen  []string // these alone, nil for all
	known   map[string]bool
	missed  map[string]bool
	begun   bool
	any     bool
}

// cells takes a table cell by cell.
type cells interface {
	head(columns []string) error
	line(cells []string) error
	end() error
}

const valueColumn = "value"

func (c *columnRows) row(text []byte) error {
	members, names := split(text)
	if c.known == nil {
		c.known, c.missed = map[string]bool{}, map[string]bool{}
	}
	c.any = true
	for _, name := range names {
		switch {
		case c.known[name]:
		case c.begun:
			c.missed[name] = true
		default:
			c.known[name] = true
			c.columns = append(c.columns, name)
		}
	}
	if c.begun {
		return c.put(members)
	}
	if c.held = append(c.held, members); len(c.held) == tableRows {
		return c.begin()
	}
	return nil
}

// begin prints what was held back.
func (c *columnRows) begin() error {
	c.begun = true
	if c.columns = columns.Sort(c.columns, c.wished); len(c.chosen) > 0 {
		c.columns = c.chosen
	}
	if err := c.out.head(c.columns); err != nil {
		return err
	}
	for _, members := range c.held {
		if err := c.put(members); err != nil {
			return err
		}
	}
	c.held = nil
	return nil
}

func (c *columnRows) put(members map[string]json.RawMessage) error {
	line := make([]string, len(c.columns))
	for i, name := range c.columns {
		if line[i] = cell(members[name]); c.cut > 0 {
			line[i] = short(oneLine(line[i]), c.cut)
		}
	}
	return c.out.line(line)
}

func (c *columnRows) end() error {
	if !c.any {
		return nil
	}
	if !c.begun {
		if err := c.begin(); err != nil {
			return err
		}
	}
	if len(c.missed) > 0 && len(c.chosen) == 0 {
		fmt.Fprintf(c.note, "%d members appear only after the first %d rows and have no column: use --output json\n", len(c.missed), tableRows)
	}
	return c.out.end()
}

// split takes the members of an object in their order; anything else is one column.
func split(text []byte) (members map[string]json.RawMessage, names []string) {
	whole := map[string]json.RawMessage{valueColumn: bytes.Clone(text)}
	d := json.NewDecoder(bytes.NewReader(text))
	if first, err := d.Token(); err != nil || first != json.Delim('{') {
		return whole, []string{valueColumn}
	}
	members = map[string]json.RawMessage{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return whole, []string{valueColumn}
		}
		var v json.RawMessage
		if err := d.Decode(&v); err != nil {
			return whole, []string{valueColumn}
		}
		members[name.(string)] = v
		names = append(names, name.(string))
	}
	if len(names) == 0 {
		return whole, []string{valueColumn}
	}
	return members, names
}

// cell is a value as a cell: a string without its quotes, nothing for nothing.
func cell(v json.RawMessage) string {
	if len(v) > 0 && v[0] == '"' {
		var s string
		if json.Unmarshal(v, &s) == nil {
			return s
		}
	}
	if string(v) == "null" {
		return ""
	}
	return string(v)
}

type csvCells struct{ w *csv.Writer }

func (c *csvCells) head(columns []string) error { return c.w.Write(columns) }
func (c *csvCells) line(cells []string) error   { return c.w.Write(cells) }
func (c *csvCells) end() error {
	c.w.Flush()
	return c.w.Error()
}

// tableCells prints a table once the first rows are known; later rows follow in tables of their own.
type tableCells struct {
	out  io.Writer
	t    table
	rows int
}

func (c *tableCells) head(columns []string) error {
	c.t.head = plain(slices.Clone(columns)) // which stay the names of members
	return nil
}

func (c *tableCells) line(cells []string) error {
	c.t.add(cells...)
	if c.rows++; c.rows%tableRows == 0 {
		c.flush()
	}
	return nil
}

func (c *tableCells) flush() {
	c.t.print(c.out)
	c.t.rows = nil
}

func (c *tableCells) end() error {
	if len(c.t.rows) > 0 || c.rows == 0 {
		c.flush()
	}
	return nil
}
