package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/selvedge-db/selvedge/client"
	"github.com/selvedge-db/selvedge/cmd/selvedge/progress"
	"github.com/selvedge-db/selvedge/cmd/selvedge/rowsource"
)

// importFlags are the flags of the import command.
type importFlags struct {
	to, format, key, null, escape, onError string
	delimiter                              string
	fromPrefix, toPrefix                   string
	columns                                []string
	resume, overwrite, edges, quiet        bool
	batch                                  int
}

func (a *app) importCommand() *cobra.Command {
	var o importFlags
	c := a.withClientFlags(&cobra.Command{
		Use:   "import FILE --to COLLECTION",
		Short: "Read a file of rows into a collection",
		Long: "Read a file (- for the standard input) into a collection, which is made if it is missing. Each row is a document in\n" +
			"a transaction of its own; many travel in one request.\n\n" +
			"Rows that can't be read or are refused are reported by line, many alike together. With --on-error stop (the default) the import ends\n" +
			"after the request that holds the first of them, with exit code 1; with skip it goes on.\n\n" +
			"CSV has commas between fields, or what --delimiter says; a header that is one field with a semicolon, a tab or a | in it\n" +
			"is refused without it. An unquoted field that is a number by the grammar of JSON becomes a number with all its digits,\n" +
			"every other field a text.\n\n" +
			"How far the import came is kept in FILE.selvedge-import until it is complete: after a break, --resume\n" +
			"goes on from there, if the file is still the same. Where nothing can be written beside FILE (a folder\n" +
			"that is not yours, a read-only disk) the import says so and goes on: it just cannot be resumed.",
		Example: "  selvedge import places.jsonl --to places --format jsonl\n" +
			"  selvedge import customers.csv --to customers --delimiter ';' --key id\n" +
			"  selvedge import airports.dat --to airports --format csv --null '\\N' --escape '\\' --key id \\\n" +
			"      --columns id,name,city,country,iata,icao,latitude,longitude,altitude,offset,dst,zone,type,source\n" +
			"  selvedge import routes.dat --to routes --edges --format csv --null '\\N' --on-error skip --from-prefix airports/ --to-prefix airports/ \\\n" +
			"      --columns airline,airlineId,source,_from,destination,_to,codeshare,stops,equipment\n" +
			"  selvedge import big.csv --to rows --format csv --on-error skip --resume",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.importFile(cmd.Context(), args[0], o, cmd.Flags().Changed("null"))
		},
	})
	f := c.Flags()
	f.StringVar(&o.to, "to", "", "collection (compulsory)")
	f.StringVar(&o.format, "format", "", "csv, jsonl or json; without it what the file's name ends with")
	f.StringSliceVar(&o.columns, "columns", nil, "names of the CSV fields, an empty one leaves its field out; without it the first record")
	f.StringVar(&o.delimiter, "delimiter", "", "character between CSV fields, or tab; without it a comma")
	f.StringVar(&o.key, "key", "", "field whose value becomes the _key")
	f.StringVar(&o.null, "null", "", "unquoted CSV text that means null, for example '\\N'")
	f.StringVar(&o.escape, "escape", "", "CSV character that takes the next one as it is, for example '\\'")
	f.StringVar(&o.onError, "on-error", "stop", "stop or skip")
	f.BoolVar(&o.resume, "resume", false, "go on where an earlier import of the same file stopped")
	f.BoolVar(&o.overwrite, "overwrite", false, "replace documents whose key is there already")
	f.BoolVar(&o.edges, "edges", false, "make an edge collection if the collection is missing")
	f.StringVar(&o.fromPrefix, "from-prefix", "", "text before what CSV has as _from, for example airports/")
	f.StringVar(&o.toPrefix, "to-prefix", "", "text before what CSV has as _to")
	f.BoolVar(&o.quiet, "quiet", false, "no progress")
	f.IntVar(&o.batch, "batch", 1000, "rows of one request")
	return c
}

func (o *importFlags) check(file string) error {
	if o.to == "" {
		return usagef("--to is missing: the collection to import into")
	}
	if o.onError != "stop" && o.onError != "skip" {
		return usagef("--on-error %q: want stop or skip", o.onError)
	}
	delimiter, err := delimiterOf(o.delimiter)
	if err != nil {
		return err
	}
	if len(o.escape) > 1 || strings.ContainsAny(o.escape, "\"\r\n"+string(cmp.Or(delimiter, ','))) {
		return usagef("--escape %q: want one character other than quote and delimiter", o.escape)
	}
	if o.batch < 1 || o.batch > 10_000 {
		return usagef("--batch %d: want 1 to 10000", o.batch)
	}
	given := o.format != ""
	if !given {
		o.format = strings.ToLower(strings.TrimPrefix(filepath.Ext(file), "."))
	}
	switch o.format {
	case rowsource.CSV, rowsource.JSONL, rowsource.JSON:
	case "ndjson":
		o.format = rowsource.JSONL
	default:
		if !given {
			return usagef("the name %q does not tell the format: give --format csv, jsonl or json", file)
		}
		return usagef("--format %q: want csv, jsonl or json", o.format)
	}
	if file == "-" && o.resume {
		return usagef("--resume needs a file")
	}
	return nil
}

// delimiterOf reads --delimiter, 0 where it was not given.
func delimiterOf(text string) (rune, error) {
	switch {
	case text == "":
		return 0, nil
	case text == "tab" || text == `\t`:
		return '\t', nil
	case len(text) > 1 || text[0] >= utf8.RuneSelf || strings.ContainsAny(text, "\"\r\n"):
		return 0, usagef("--delimiter %q: want one character of ASCII other than a quote, or tab", text)
	}
	return rune(text[0]), nil
}

func (o *importFlags) rows(hasNull bool) rowsource.Options {
	options := rowsource.Options{Format: o.format, Columns: o.columns, Key: o.key}
	if delimiter, err := delimiterOf(o.delimiter); err == nil { // check has seen it
		options.Delimiter = byte(delimiter)
	}
	if hasNull {
		options.Null = &o.null
	}
	for name, prefix := range map[string]string{"_from": o.fromPrefix, "_to": o.toPrefix} {
		if prefix != "" {
			if options.Prefix == nil {
				options.Prefix = map[string]string{}
			}
			options.Prefix[name] = prefix
		}
	}
	if o.escape != "" {
		options.Escape = o.escape[0]
	}
	return options
}

func (a *app) importFile(ctx context.Context, file string, o importFlags, hasNull bool) error {
	if err := o.check(file); err != nil {
		return err
	}
	c, err := a.connect(true)
	if err != nil {
		return err
	}
	in, size, err := a.openInput(file)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	state, err := openImportState(file, o.resume, target{c.URL(), c.FabricName(), o.to})
	if err != nil {
		return err
	}
	if state.hint != "" {
		fmt.Fprintln(a.err, state.hint)
	}
	_, err = c.Collection(ctx, o.to)
	missing := client.NumOf(err) == client.NumCollectionNotFound
	if err != nil && !missing {
		return fmt.Errorf("collection %s: %w", o.to, err)
	}
	counted := &progress.Reader{R: in}
	source, err := rowsource.Open(counted, o.rows(hasNull))
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	r := &importRun{client: c, o: o, file: file, source: source, state: state, missing: missing, errOut: a.err,
		progress: progress.OfInput(a.err, "imported", size, counted, o.quiet)}
	err = r.run(ctx)
	r.progress.Close()
	done := r.state.summary()
	if printErr := a.print(done, func(w io.Writer) { fmt.Fprintf(w, "imported %d, skipped %d\n", done.Imported, done.Skipped) }); err == nil {
		err = printErr
	}
	return err
}

func (a *app) openInput(file string) (io.ReadCloser, int64, error) {
	if file == "-" {
		return io.NopCloser(a.in), 0, nil
	}
	in, err := os.Open(file)
	if err != nil {
		return nil, 0, fmt.Errorf("import: %w", err)
	}
	info, err := in.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("%s is a folder", file)
	}
	if err != nil {
		_ = in.Close()
		return nil, 0, fmt.Errorf("import: %w", err)
	}
	return in, info.Size(), nil
}

var errStopped = errors.New("stopped after the request with the first bad row")

// stateSuffix ends the name of the file beside the input.
const stateSuffix = ".selvedge-import"

// headBytes of a file are part of its identity.
const headBytes = 64 << 10

// target is where an import goes.
type target struct {
	URL        string `json:"url"`
	Fabric     string `json:"fabric"`
	Collection string `json:"collection"`
}

// identity tells one input from another.
type identity struct {
	Size     int64  `json:"size"`
	Modified int64  `json:"modified"`
	Head     string `json:"head"`
}

// importState is how far an import came; it is kept beside the input.
type importState struct {
	// Run names the import in its calls' Idempotency-Keys.
	Run      string   `json:"run"`
	Input    identity `json:"input"`
	Target   target   `json:"target"`
	Rows     int64    `json:"rows"`
	Imported int64    `json:"imported"`
	Skipped  int64    `json:"skipped"`
	Ahead    ahead    `json:"ahead"`

	file  string // "" when nothing is kept
	again bool   // taken up from an earlier run
	hint  string // for the user
}

// ahead is what an import that stopped at a row has done behind that row: the
// rows before place To are in, but for those that the server refused. Rows is
// then the place of the first of these.
type ahead struct {
	To      int64   `json:"to,omitempty"`
	Refused []int64 `json:"refused,omitempty"`
}

// has tells whether the row at a place is in.
func (a ahead) has(at int64) bool { return at < a.To && !slices.Contains(a.Refused, at) }

// cannotKeep tells whether an error means that nothing can be written beside
// the input: a folder that is not the user's, a disk that is read-only, or no
// folder at all, as for the ends of pipes.
func cannotKeep(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) || errors.Is(err, fs.ErrNotExist)
}

// summary is what the command answers.
type summary struct {
	Imported int64 `json:"imported"`
	Skipped  int64 `json:"skipped"`
}

func (s *importState) summary() summary { return summary{s.Imported, s.Skipped} }

// openImportState begins a new state, or takes up that of an earlier import.
func openImportState(input string, resume bool, to target) (*importState, error) {
	fresh := &importState{Run: rand.Text(), Target: to}
	if input == "-" {
		return fresh, nil
	}
	var err error
	if fresh.Input, err = identify(input); err != nil {
		return nil, fmt.Errorf("import: %w", err)
	}
	fresh.file = input + stateSuffix
	text, err := os.ReadFile(fresh.file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fresh, nil
	case err != nil:
		return nil, fmt.Errorf("state of an earlier import: %w", err)
	}
	var old importState
	if err := json.Unmarshal(text, &old); err != nil || old.Run == "" || old.Rows < 0 {
		return nil, fmt.Errorf("%s is not the state of an import; remove it to start from the beginning", fresh.file)
	}
	if !resume && old.Rows == 0 {
		return fresh, nil
	}
	if !resume {
		fresh.hint = fmt.Sprintf("an earlier import of this file stopped after %d rows; this one starts from the beginning, --resume would go on", old.Rows)
		return fresh, nil
	}
	if old.Input != fresh.Input {
		return nil, fmt.Errorf("%s has changed since the import that is to be resumed; remove %s to start from the beginning", input, fresh.file)
	}
	if old.Target != to {
		return nil, fmt.Errorf("the import that is to be resumed went to %s in %s at %s; go there, or remove %s to start from the beginning",
			old.Target.Collection, old.Target.Fabric, old.Target.URL, fresh.file)
	}
	old.file, old.again = fresh.file, true
	return &old, nil
}

func identify(input string) (identity, error) {
	in, err := os.Open(input)
	if err != nil {
		return identity{}, err
	}
	defer func() { _ = in.Close() }()
	info, err := in.Stat()
	if err != nil {
		return identity{}, err
	}
	hash := sha256.New()
	if _, err := io.CopyN(hash, in, headBytes); err != nil && !errors.Is(err, io.EOF) {
		return identity{}, err
	}
	return identity{info.Size(), info.ModTime().UnixNano(), hex.EncodeToString(hash.Sum(nil)[:16])}, nil
}

// save replaces the file on disk, whole or not at all.
func (s *importState) save() error {
	if s.file == "" {
		return nil
	}
	text, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("state of the import: %w", err)
	}
	next := s.file + ".next"
	if err := os.WriteFile(next, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("state of the import: %w", err)
	}
	if err := os.Rename(next, s.file); err != nil {
		return fmt.Errorf("state of the import: %w", err)
	}
	return nil
}

// finish takes the file away: there is nothing to resume.
func (s *importState) finish() error {
	if s.file == "" {
		return nil
	}
	if err := os.Remove(s.file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("state of the import: %w", err)
	}
	return nil
}
