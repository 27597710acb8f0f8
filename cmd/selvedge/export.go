package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/selvedge-db/selvedge/client"
	"github.com/selvedge-db/selvedge/cmd/selvedge/rowsource"
)

func (a *app) exportCommand() *cobra.Command {
	var out, format, null string
	var columns []string
	c := a.withClientFlags(&cobra.Command{
		Use:   "export COLLECTION",
		Short: "Write all documents of a collection to a file",
		Long: "Write all documents of a collection, in the order of their keys, without _id and _rev. What import reads, export\n" +
			"writes. CSV needs --columns, since documents of a collection may differ; objects and arrays become JSON text.",
		Example: "  selvedge export places --out places.jsonl\n" +
			"  selvedge export airports --format csv --columns id,name,iata --null '\\N' --out airports.csv",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if (format == rowsource.CSV) != (len(columns) > 0) {
				return usagef("--columns belongs to --format csv, which needs it")
			}
			c, err := a.connect(false)
			if err != nil {
				return err
			}
			var count int
			err = a.toFile(out, func(w io.Writer) error {
				writer, err := newDocumentWriter(w, format, columns, null)
				if err != nil {
					return err
				}
				return exportAll(cmd, c, args[0], writer, &count)
			})
			if err != nil {
				return fmt.Errorf("export %s: %w", args[0], err)
			}
			fmt.Fprintf(a.err, "exported %d\n", count)
			return nil
		},
	})
	c.Flags().StringVar(&out, "out", "-", "file to write, - for the standard output")
	c.Flags().StringVar(&format, "format", rowsource.JSONL, "jsonl, json or csv")
	c.Flags().StringSliceVar(&columns, "columns", nil, "members to write to CSV, in this order")
	c.Flags().StringVar(&null, "null", "", "text for null in CSV")
	return c
}

func exportAll(cmd *cobra.Command, c *client.Client, collection string, w documentWriter, count *int) error {
	err := c.ExportEach(cmd.Context(), collection, func(document json.RawMessage) error {
		*count++
		return w.write(document)
	})
	if err != nil {
		return err
	}
	return w.end()
}

// documentWriter writes documents in one format.
type documentWriter interface {
	write(document []byte) error
	end() error
}

func newDocumentWriter(w io.Writer, format string, columns []string, null string) (documentWriter, error) {
	switch format {
	case rowsource.JSONL:
		return &lineWriter{w: w, after: "\n"}, nil
	case rowsource.JSON:
		return &lineWriter{w: w, before: "[\n", between: ",\n", last: "\n]\n"}, nil
	case rowsource.CSV:
		t := &tableWriter{w: csv.NewWriter(w), columns: columns, null: null}
		return t, t.w.Write(columns)
	}
	return nil, usagef("--format %q: want jsonl, json or csv", format)
}

// lineWriter writes documents one a line.
type lineWriter struct {
	w                            io.Writer
	before, between, after, last string
	started                      bool
	line                         bytes.Buffer
}

func (l *lineWriter) write(document []byte) error {
	l.line.Reset()
	if l.started {
		l.line.WriteString(l.between)
	} else {
		l.line.WriteString(l.before)
	}
	l.started = true
	if err := json.Compact(&l.line, document); err != nil {
		return err
	}
	l.line.WriteString(l.after)
	_, err := l.w.Write(l.line.Bytes())
	return err
}

func (l *lineWriter) end() error {
	text := l.last
	if !l.started {
		text = l.before + l.last
	}
	_, err := io.WriteString(l.w, text)
	return err
}

// tableWriter writes some members of each document as CSV.
type tableWriter struct {
	w       *csv.Writer
	columns []string
	null    string
}

func (t *tableWriter) write(document []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(document, &members); err != nil {
		return err
	}
	record := make([]string, len(t.columns))
	for i, name := range t.columns {
		value, found := members[name]
		text := string(value)
		switch {
		case !found || text == "null":
			text = t.null
		case text[0] == '"':
			if err := json.Unmarshal(value, &text); err != nil {
				return err
			}
		}
		record[i] = text
	}
	return t.w.Write(record)
}

func (t *tableWriter) end() error {
	t.w.Flush()
	return t.w.Error()
}
