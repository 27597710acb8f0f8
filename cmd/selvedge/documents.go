package main

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/selvedge-db/selvedge/client"
	"github.com/selvedge-db/selvedge/cmd/selvedge/progress"
	"github.com/selvedge-db/selvedge/cmd/selvedge/rowsource"
)

// documentName splits COLLECTION/KEY.
func documentName(name string) (collection, key string, err error) {
	collection, key, found := strings.Cut(name, "/")
	if !found || collection == "" || key == "" {
		return "", "", usagef("%q: want COLLECTION/KEY", name)
	}
	return collection, key, nil
}

func (a *app) getCommand() *cobra.Command {
	return a.withClientFlags(&cobra.Command{
		Use:     "get COLLECTION/KEY",
		Short:   "Print a document",
		Example: "  selvedge get places/p1\n  selvedge get places/p1 --url http://127.0.0.1:8401 --output yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			collection, key, err := documentName(args[0])
			if err != nil {
				return err
			}
			c, err := a.connect(false)
			if err != nil {
				return err
			}
			var document json.RawMessage
			if _, err := c.Get(cmd.Context(), collection, key, &document); err != nil {
				return fmt.Errorf("get %s: %w", args[0], err)
			}
			return a.printJSON(document)
		},
	})
}

func (a *app) deleteCommand() *cobra.Command {
	var rev string
	c := a.withClientFlags(&cobra.Command{
		Use:     "delete COLLECTION/KEY",
		Short:   "Remove a document",
		Example: "  selvedge delete places/p1\n  selvedge delete places/p2 --rev AZL2w6S1AAcAAQACMZQ-UQ",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			collection, key, err := documentName(args[0])
			if err != nil {
				return err
			}
			c, err := a.connect(false)
			if err != nil {
				return err
			}
			meta, err := c.Remove(cmd.Context(), collection, key, client.WriteOptions{IfRev: rev})
			if err != nil {
				return fmt.Errorf("delete %s: %w", args[0], err)
			}
			return a.print(meta, func(w io.Writer) { fmt.Fprintf(w, "%s is removed\n", meta.ID) })
		},
	})
	c.Flags().StringVar(&rev, "rev", "", "remove only if the document still has this _rev")
	return c
}

func (a *app) putCommand() *cobra.Command {
	var merge bool
	var rev string
	c := a.withClientFlags(&cobra.Command{
		Use:   "put COLLECTION[/KEY] [DOCUMENT]",
		Short: "Write a document",
		Long: "Write a document: insert it, or replace the one that is there. DOCUMENT is a JSON object, @FILE, or comes from\n" +
			"the standard input. With --merge only the given members change, and the document must be there.",
		Example: "  selvedge put places/p1 '{\"name\": \"Lantern Books\", \"stock\": 7}'\n" +
			"  selvedge put places/p1 '{\"stock\": 8}' --merge\n  selvedge put places @new.json",
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			document, err := a.document(args[1:])
			if err != nil {
				return err
			}
			return a.put(cmd, args[0], document, merge, rev)
		},
	})
	c.Flags().BoolVar(&merge, "merge", false, "change only the members that are given")
	c.Flags().StringVar(&rev, "rev", "", "write only if the document still has this _rev")
	return c
}

func (a *app) put(cmd *cobra.Command, handle string, document []byte, merge bool, rev string) error {
	collection, key, keyed := strings.Cut(handle, "/")
	if collection == "" || keyed && key == "" {
		return usagef("%q: want COLLECTION or COLLECTION/KEY", handle)
	}
	if key == "" && (merge || rev != "") {
		return usagef("--merge and --rev need COLLECTION/KEY")
	}
	c, err := a.connect(false)
	if err != nil {
		return err
	}
	var meta client.Meta
	switch o := (client.WriteOptions{IfRev: rev}); {
	case merge:
		meta, err = c.Update(cmd.Context(), collection, key, json.RawMessage(document), o)
	case rev != "":
		meta, err = c.Replace(cmd.Context(), collection, key, json.RawMessage(document), o)
	default:
		if key != "" {
			if document, err = documentWithKey(document, key); err != nil {
				return err
			}
		}
		meta, err = c.Insert(cmd.Context(), collection, json.RawMessage(document), client.WriteOptions{Overwrite: key != ""})
	}
	if client.NumOf(err) == client.NumCollectionNotFound {
		in := a.inFabric("collection")
		return advise(fmt.Errorf("put %s: %w", handle, err), "selvedge collection create %s%s makes it; %s", collection, in, madeElsewhere(in))
	}
	if err != nil {
		return fmt.Errorf("put %s: %w", handle, err)
	}
	return a.print(meta, func(w io.Writer) { fmt.Fprintf(w, "%s %s\n", meta.ID, meta.Rev) })
}

const maxDocument = 64 << 20

// document is the argument, the file it names, or the standard input.
func (a *app) document(args []string) ([]byte, error) {
	var text []byte
	var err error
	switch {
	case len(args) == 0 || args[0] == "-":
		if in, isFile := a.in.(*os.File); isFile && term.IsTerminal(int(in.Fd())) {
			fmt.Fprintln(a.err, "reading the document from the terminal: type a JSON object, then Ctrl-D in a line of its own")
		}
		text, err = io.ReadAll(io.LimitReader(a.in, maxDocument))
	case strings.HasPrefix(args[0], "@"):
		text, err = os.ReadFile(args[0][1:])
	default:
		text = []byte(args[0])
	}
	if err != nil {
		return nil, fmt.Errorf("document: %w", err)
	}
	if text = bytes.TrimSpace(text); len(text) == 0 {
		return nil, advise(usagef("no document was given"), "give it as an argument ('{\"stock\": 7}'), as @FILE, or on the standard input")
	}
	if !json.Valid(text) {
		return nil, usagef("the document is %w: %.60q", rowsource.Problem(text), text)
	}
	if text[0] != '{' {
		return nil, usagef("the document is not a JSON object: %.60q", text)
	}
	return text, nil
}

// documentWithKey puts the _key into an object unless it says it already.
func documentWithKey(document []byte, key string) ([]byte, error) {
	var has struct {
		Key *string `json:"_key"`
	}
	if err := json.Unmarshal(document, &has); err != nil {
		return nil, usagef("document: %w", err)
	}
	if has.Key != nil {
		if *has.Key != key {
			return nil, usagef("the document's _key is %q, the command says %q", *has.Key, key)
		}
		return document, nil
	}
	text, err := json.Marshal(key)
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	out := append([]byte(`{"_key":`), text...)
	if rest := bytes.TrimSpace(document[1:]); rest[0] != '}' {
		out = append(append(out, ','), rest...)
		return out, nil
	}
	return append(out, '}'), nil
}

// exportFlags are the flags of the export command.
type exportFlags struct {
	out, format, null, delimiter string
	columns                      []string
	quiet                        bool
}

// check also chooses the format where none was given.
func (o *exportFlags) check() error {
	if o.format == "" {
		switch o.format = strings.ToLower(strings.TrimPrefix(filepath.Ext(o.out), ".")); o.format {
		case rowsource.CSV, rowsource.JSON:
		default:
			o.format = rowsource.JSONL
		}
	}
	if o.format != rowsource.CSV && (len(o.columns) > 0 || o.delimiter != "") {
		return usagef("--columns and --delimiter belong to --format csv, not to %s", o.format)
	}
	if o.format == rowsource.CSV && len(o.columns) == 0 {
		return usagef("csv needs --columns a,b,c: the members to write")
	}
	_, err := o.writer(io.Discard)
	return err
}

func (a *app) exportCommand() *cobra.Command {
	var o exportFlags
	c := a.withClientFlags(&cobra.Command{
		Use:   "export COLLECTION",
		Short: "Write all documents of a collection to a file",
		Long: "Write all documents of a collection, in the order of their keys, without _id and _rev. What import reads, export\n" +
			"writes. CSV needs --columns, since documents of a collection may differ; objects and arrays become JSON text.",
		Example: "  selvedge export places --out places.jsonl\n" +
			"  selvedge export airports --columns id,name,iata --null '\\N' --out airports.csv",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			c, err := a.connect(false)
			if err != nil {
				return err
			}
			of, err := c.Count(cmd.Context(), args[0])
			if err != nil {
				return fmt.Errorf("export %s: %w", args[0], err)
			}
			bar := progress.OfRows(a.err, "exported", of, o.quiet || o.out == "-" && progress.IsTerminal(a.out))
			var count int
			err = a.toFile(o.out, func(w io.Writer) error {
				writer, err := o.writer(w)
				if err != nil {
					return err
				}
				return exportAll(cmd, c, args[0], writer, bar, &count)
			})
			bar.Close()
			if err != nil {
				return fmt.Errorf("export %s: %w", args[0], err)
			}
			fmt.Fprintf(a.err, "exported %d\n", count)
			return nil
		},
	})
	f := c.Flags()
	f.StringVar(&o.out, "out", "-", "file to write, - for the standard output")
	f.StringVar(&o.format, "format", "", "jsonl, json or csv; without it csv or json if the file's name ends so, else jsonl")
	f.StringSliceVar(&o.columns, "columns", nil, "members to write to CSV, in this order")
	f.StringVar(&o.delimiter, "delimiter", "", "character between CSV fields, or tab; without it a comma")
	f.StringVar(&o.null, "null", "", "text for null in CSV")
	f.BoolVar(&o.quiet, "quiet", false, "no progress")
	return c
}

// toldEvery is after how many documents the progress moves.
const toldEvery = 256

func exportAll(cmd *cobra.Command, c *client.Client, collection string, w documentWriter, bar *progress.Progress, count *int) error {
	err := c.ExportEach(cmd.Context(), collection, func(document json.RawMessage) error {
		if *count++; *count%toldEvery == 0 {
			bar.Rows(toldEvery)
		}
		return w.write(document)
	})
	if err != nil {
		return err
	}
	bar.Rows(int64(*count % toldEvery))
	return w.end()
}

// documentWriter writes documents in one format.
type documentWriter interface {
	write(document []byte) error
	end() error
}

func (o *exportFlags) writer(w io.Writer) (documentWriter, error) {
	switch o.format {
	case rowsource.JSONL:
		return &lineWriter{w: w, after: "\n"}, nil
	case rowsource.JSON:
		return &lineWriter{w: w, before: "[\n", between: ",\n", last: "\n]\n"}, nil
	case rowsource.CSV:
		delimiter, err := delimiterOf(o.delimiter)
		if err != nil {
			return nil, err
		}
		t := &tableWriter{w: csv.NewWriter(w), columns: o.columns, null: o.null}
		t.w.Comma = cmp.Or(delimiter, ',')
		return t, t.w.Write(o.columns)
	}
	return nil, usagef("--format %q: want jsonl, json or csv", o.format)
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
