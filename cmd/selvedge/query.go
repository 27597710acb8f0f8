package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/selvedge-db/selvedge/client"
)

// queryFlags are how queries are run and shown.
type queryFlags struct {
	file                              string
	bind                              []string
	explain, profile, timing          bool
	running, slow                     bool
	kill                              string
	batch                             int
	memory                            int64
	maxRuntime                        time.Duration
	fullCount, stream, failOnWarnings bool
	rules, columns                    []string
}

func (a *app) queryCommand() *cobra.Command {
	var f queryFlags
	c := a.withRowForms(a.withClientFlags(&cobra.Command{
		Use:   "query [QUERY]",
		Short: "Run a query, or a shell for queries",
		Long: "Run a C8QL query and print its rows. The query is the argument, the text of --file, or what comes on the standard\n" +
			"input; at a terminal without any of these a shell opens, with history, completion by the tab key and several lines\n" +
			"to a query (\\h tells more). --explain shows the plan and runs nothing.\n\n" +
			"Columns of tables and of CSV stand in the order in which the query's RETURN {...} names them, and by name where it\n" +
			"names none; --columns chooses them.",
		Example: "  selvedge query 'FOR a IN airports FILTER a.country == @c RETURN a.name' --bind c=Iceland\n" +
			"  selvedge query --file report.c8ql --output csv > report.csv\n" +
			"  selvedge query --explain 'FOR a IN airports FILTER a.country == \"Iceland\" RETURN a'\n" +
			"  selvedge query 'FOR a IN airports RETURN a' --columns iata,name --output csv\n" +
			"  selvedge query --slow\n  selvedge query",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("the query came in %d arguments: put it between quotation marks", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.query(cmd.Context(), args, &f)
		},
	}))
	flags := c.Flags()
	flags.StringVar(&f.file, "file", "", "file with the query, - for the standard input")
	flags.StringArrayVar(&f.bind, "bind", nil, "value of a parameter, NAME=JSON; what is not JSON is a string; @NAME=COLLECTION for @@NAME")
	flags.BoolVar(&f.explain, "explain", false, "show the plan, run nothing")
	flags.BoolVar(&f.profile, "profile", false, "run, and show the plan with rows, time and memory of each node")
	flags.BoolVar(&f.timing, "timing", false, "tell how long it took and what was read")
	flags.IntVar(&f.batch, "batch", 0, "rows in one answer of the server")
	flags.Int64Var(&f.memory, "memory-limit", 0, "bytes that the query may hold")
	flags.DurationVar(&f.maxRuntime, "max-runtime", 0, "how long the query may run")
	flags.BoolVar(&f.fullCount, "full-count", false, "tell how many rows there would be without the last LIMIT")
	flags.BoolVar(&f.stream, "stream", false, "have rows made only as they are fetched")
	flags.BoolVar(&f.failOnWarnings, "fail-on-warning", false, "make the first warning an error")
	flags.StringSliceVar(&f.rules, "rule", nil, "switch a rule of the planner off or on, as in -use-indexes")
	flags.StringSliceVar(&f.columns, "columns", nil, "columns of a table and of CSV, in this order")
	flags.BoolVar(&f.running, "running", false, "list the queries that run now")
	flags.BoolVar(&f.slow, "slow", false, "list the queries that took long lately")
	flags.StringVar(&f.kill, "kill", "", "end the running query of this id")
	return c
}

func (a *app) query(ctx context.Context, args []string, f *queryFlags) error {
	c, err := a.connect(false)
	if err != nil {
		return err
	}
	asked := 0
	for _, on := range []bool{f.explain, f.profile, f.running, f.slow, f.kill != ""} {
		if on {
			asked++
		}
	}
	if asked > 1 {
		return usagef("of --explain, --profile, --running, --slow and --kill only one can be given")
	}
	if f.batch < 0 || f.memory < 0 || f.maxRuntime < 0 {
		return usagef("--batch, --memory-limit and --max-runtime take no negative values")
	}
	if f.running || f.slow || f.kill != "" {
		return a.manageQueries(ctx, c, f)
	}
	q := client.Query{BatchSize: f.batch, FullCount: f.fullCount, Stream: f.stream, Profile: f.profile, MemoryLimit: f.memory,
		MaxRuntime: f.maxRuntime, Rules: f.rules, FailOnWarning: f.failOnWarnings}
	if q.Bind, err = parseBind(f.bind); err != nil {
		return err
	}
	switch in, isFile := a.in.(*os.File); {
	case len(args) == 1 && f.file != "":
		return usagef("the query is given twice: as an argument and by --file")
	case len(args) == 1:
		q.Text = args[0]
	case f.file == "" && isFile && term.IsTerminal(int(in.Fd())):
		return a.queryShell(ctx, c, in, q, f)
	default:
		if q.Text, err = a.readQuery(f.file); err != nil {
			return err
		}
	}
	return a.runQuery(ctx, c, q, f)
}

// maxQueryText bounds what is read as one query.
const maxQueryText = 16 << 20

func (a *app) readQuery(file string) (string, error) {
	in := a.in
	if file != "" && file != "-" {
		opened, err := os.Open(file)
		if err != nil {
			return "", fmt.Errorf("query: %w", err)
		}
		defer func() { _ = opened.Close() }()
		in = opened
	}
	text, err := io.ReadAll(io.LimitReader(in, maxQueryText+1))
	if err != nil {
		return "", fmt.Errorf("query: %w", err)
	}
	if len(text) > maxQueryText {
		return "", usagef("the query has more than %d bytes", maxQueryText)
	}
	return strings.TrimSuffix(strings.TrimSpace(string(text)), ";"), nil
}

// parseBind reads NAME=JSON. What is not JSON is a string, so that nobody has to quote twice.
func parseBind(list []string) (map[string]any, error) {
	bind := make(map[string]any, len(list))
	for _, entry := range list {
		name, text, ok := strings.Cut(entry, "=")
		if !ok || name == "" {
			return nil, usagef("--bind %q: want NAME=VALUE", entry)
		}
		if _, twice := bind[name]; twice {
			return nil, usagef("--bind %s is given twice", name)
		}
		if json.Valid([]byte(text)) {
			bind[name] = json.RawMessage(text)
		} else {
			bind[name] = text
		}
	}
	return bind, nil
}

// runQuery runs or explains one query and prints what comes.
func (a *app) runQuery(ctx context.Context, c *client.Client, q client.Query, f *queryFlags) error {
	if strings.TrimSpace(q.Text) == "" {
		return usagef("the query is empty")
	}
	if err := checkRules(ctx, c, q.Rules); err != nil {
		return err
	}
	if f.explain {
		plan, err := c.Explain(ctx, q)
		if err != nil {
			return err
		}
		if a.flags.output == outputJSON || a.flags.output == outputYAML {
			a.warn(plan.Warnings) // the text has them
			return a.printJSON(plan.Plan)
		}
		fmt.Fprintln(a.out, strings.TrimRight(plan.Text, "\n"))
		return nil
	}
	began := time.Now()
	rows, err := c.Query(ctx, q)
	if err != nil {
		return err
	}
	return a.showRows(ctx, rows, q.Text, f, began)
}

// checkRules refuses names of rules that the planner does not have, which it would pass over.
func checkRules(ctx context.Context, c *client.Client, asked []string) error {
	if len(asked) == 0 {
		return nil
	}
	list, err := c.Rules(ctx)
	if err != nil {
		return fmt.Errorf("rules: %w", err)
	}
	known := append(each(list, func(r client.Rule) string { return r.Name }), "all")
	for _, text := range asked {
		name := strings.TrimLeft(text, "+-")
		if !slices.Contains(known, name) {
			hint := didYouMean(name, known)
			if hint == "" {
				hint = "; the rules are " + strings.Join(known, ", ")
			}
			return usagef("--rule %s: there is no such rule%s", text, hint)
		}
	}
	return nil
}

// showRows prints the rows of a query, what it warned of, and its figures. The text gives the order of columns.
func (a *app) showRows(ctx context.Context, rows *client.Rows, text string, f *queryFlags, began time.Time) error {
	defer func() { // also when the caller has gone away
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		_ = rows.Close(closing)
	}()
	n, err := a.printRows(ctx, rows, text, f.columns)
	if err != nil {
		return err
	}
	a.warn(rows.Warnings())
	if f.profile {
		fmt.Fprintln(a.err, strings.TrimRight(rows.Profile(), "\n"))
	}
	stats := rows.Stats()
	if f.fullCount {
		fmt.Fprintf(a.err, "%d rows without the last LIMIT\n", stats.FullCount)
	}
	if f.timing || f.profile {
		fmt.Fprintf(a.err, "%d rows in %.1f ms (%.1f ms at the server): %d documents scanned, %d index entries, %d filtered, %d written, %d KiB\n",
			n, float64(time.Since(began).Microseconds())/1000, stats.Seconds*1000, stats.ScannedFull, stats.ScannedIndex, stats.Filtered,
			stats.WritesExecuted, stats.PeakMemory>>10)
	}
	return nil
}

func (a *app) warn(warnings []client.QueryWarning) {
	for _, w := range warnings {
		fmt.Fprintf(a.err, "warning %d: %s\n", w.Code, w.Message)
	}
}

func (a *app) manageQueries(ctx context.Context, c *client.Client, f *queryFlags) error {
	if f.kill != "" {
		if err := c.KillQuery(ctx, f.kill); err != nil {
			return fmt.Errorf("kill %s: %w", f.kill, err)
		}
		fmt.Fprintf(a.err, "query %s is told to end\n", f.kill)
		return nil
	}
	ask := c.RunningQueries
	if f.slow {
		ask = c.SlowQueries
	}
	list, err := ask(ctx)
	if err != nil {
		return err
	}
	if a.flags.output == outputCSV || a.flags.output == outputLines {
		return usagef("--output %s is for rows: want table, json or yaml", a.flags.output)
	}
	return a.print(list, func(w io.Writer) {
		t := &table{head: []string{"ID", "STATE", "SECONDS", "QUERY"}}
		for _, q := range list {
			t.add(q.ID, q.State, fmt.Sprintf("%.3f", q.Seconds), short(oneLine(q.Text), 100))
		}
		t.print(w)
	})
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// short cuts a text for a table.
func short(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	return string(runes[:n-1]) + "…"
}

var errInterrupted = errors.New("interrupted")
