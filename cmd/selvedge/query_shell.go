package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/selvedge-db/selvedge/client"
	"github.com/selvedge-db/selvedge/cmd/selvedge/shell"
)

const shellHelp = `A query ends with a semicolon or an empty line. The tab key completes keywords, functions and collections.

  \explain [QUERY]   show the plan, run nothing; without a query, of the one before
  \profile [QUERY]   run, and show rows, time and memory of each node
  \bind NAME=JSON    set a parameter for the queries that follow; \bind alone lists them, \unbind NAME takes one back
  \output FORM       table, json, jsonl, csv or yaml
  \timing            tell how long each query took, or stop telling
  \collections       list the collections
  \running, \slow    list queries that run, or that took long; \kill ID ends one
  \h                 this
  \q                 leave, as Ctrl-D does; Ctrl-C drops what was entered, or ends the query that runs`

// querySession is a shell at work.
type querySession struct {
	app    *app
	client *client.Client
	query  client.Query
	flags  queryFlags
	words  []string
	last   string // the query before
}

func (a *app) queryShell(ctx context.Context, c *client.Client, in *os.File, q client.Query, f *queryFlags) error {
	out, ok := a.out.(*os.File)
	if !ok {
		return usagef("a shell needs a terminal: give the query as an argument")
	}
	s := &querySession{app: a, client: c, query: q, flags: *f}
	if err := s.greet(ctx); err != nil {
		return err
	}
	sh := &shell.Shell{Prompt: c.FabricName() + "> ", More: strings.Repeat(" ", len(c.FabricName())) + "| ",
		Run: s.run, Words: func() []string { return s.words }, History: historyFile(a)}
	return sh.Loop(ctx, in, out)
}

// historyFile is where the lines of earlier shells are, nowhere when there is no home.
func historyFile(a *app) string {
	folder := a.environ("XDG_STATE_HOME", "")
	if folder == "" {
		home := a.environ("HOME", "")
		if home == "" {
			return ""
		}
		folder = filepath.Join(home, ".local", "state")
	}
	folder = filepath.Join(folder, "selvedge")
	if os.MkdirAll(folder, 0o700) != nil {
		return ""
	}
	return filepath.Join(folder, "query-history")
}

// greet asks the location for what words can be completed to, which also tells at once when it cannot be reached.
func (s *querySession) greet(ctx context.Context) error {
	list, err := s.client.Collections(ctx, false)
	if err != nil {
		return err
	}
	functions, err := s.client.Functions(ctx)
	if err != nil {
		return err
	}
	for _, c := range list {
		s.words = append(s.words, c.Name)
	}
	for _, f := range functions {
		s.words = append(s.words, f.Name+"(")
	}
	s.words = append(s.words, strings.Fields(keywords)...)
	for _, command := range s.commands() {
		s.words = append(s.words, `\`+command.name)
	}
	slices.Sort(s.words)
	fmt.Fprintf(s.app.out, "%d collections at %s; \\h tells how to ask, \\q leaves\n", len(list), s.client.URL())
	return nil
}

const keywords = `AGGREGATE ALL ALL_SHORTEST_PATHS AND ANY ASC COLLECT CURRENT DESC DISTINCT FILTER FOR GRAPH IN INBOUND INSERT INTO
KEEP K_PATHS K_SHORTEST_PATHS LET LIKE LIMIT NEW NONE NOT NULL OLD OPTIONS OR OUTBOUND PRUNE REMOVE REPLACE RETURN SHORTEST_PATH SORT
UPDATE UPSERT WINDOW WITH COUNT`

// shellCommand is one command behind a backslash.
type shellCommand struct {
	name string
	run  func(ctx context.Context, rest string) error
}

// errLeave ends the shell.
var errLeave = errors.New("leave")

func (s *querySession) commands() []shellCommand {
	return []shellCommand{
		{"explain", func(ctx context.Context, rest string) error { return s.ask(ctx, rest, queryFlags{explain: true}) }},
		{"profile", func(ctx context.Context, rest string) error { return s.ask(ctx, rest, queryFlags{profile: true}) }},
		{"bind", s.bind},
		{"unbind", func(_ context.Context, rest string) error { delete(s.query.Bind, rest); return nil }},
		{"output", s.output},
		{"timing", func(context.Context, string) error {
			s.flags.timing = !s.flags.timing
			fmt.Fprintf(s.app.out, "timing is %s\n", map[bool]string{true: "on", false: "off"}[s.flags.timing])
			return nil
		}},
		{"collections", s.collections},
		{"running", func(ctx context.Context, _ string) error { return s.manage(ctx, queryFlags{running: true}) }},
		{"slow", func(ctx context.Context, _ string) error { return s.manage(ctx, queryFlags{slow: true}) }},
		{"kill", func(ctx context.Context, rest string) error { return s.manage(ctx, queryFlags{kill: rest}) }},
		{"h", func(context.Context, string) error { fmt.Fprintln(s.app.out, shellHelp); return nil }},
		{"q", func(context.Context, string) error { return errLeave }},
	}
}

// run carries out what was entered. What goes wrong is told, and the shell goes on.
func (s *querySession) run(ctx context.Context, statement string) (done bool) {
	err := s.dispatch(ctx, statement)
	if errors.Is(err, errLeave) {
		return true
	}
	if err != nil {
		if ctx.Err() != nil {
			err = errInterrupted
		}
		fmt.Fprintln(s.app.out, err)
	}
	return false
}

func (s *querySession) dispatch(ctx context.Context, statement string) error {
	if !strings.HasPrefix(statement, `\`) {
		return s.ask(ctx, statement, s.flags)
	}
	name, rest, _ := strings.Cut(statement[1:], " ")
	rest = strings.TrimSuffix(strings.TrimSpace(rest), ";")
	for _, command := range s.commands() {
		if command.name == name {
			return command.run(ctx, rest)
		}
	}
	return fmt.Errorf("there is no \\%s; \\h lists what there is", name)
}

func (s *querySession) ask(ctx context.Context, text string, f queryFlags) error {
	if text == "" {
		text = s.last
	}
	s.last = text
	q := s.query
	q.Text, q.Profile = text, f.profile
	q.Bind = s.used(text)
	return s.app.runQuery(ctx, s.client, q, &f)
}

// used leaves out parameters that the query does not name, as a server refuses those.
func (s *querySession) used(text string) map[string]any {
	bind := map[string]any{}
	for name, v := range s.query.Bind {
		if names(text, "@"+name) {
			bind[name] = v
		}
	}
	return bind
}

// names tells whether a text has a parameter, and not only a longer one or one of a collection that begins so.
func names(text, parameter string) bool {
	for at := 0; ; {
		found := strings.Index(text[at:], parameter)
		if found < 0 {
			return false
		}
		begin := at + found
		at = begin + len(parameter)
		if (begin == 0 || text[begin-1] != '@') && (at == len(text) || !shell.IsWord(text[at])) {
			return true
		}
	}
}

func (s *querySession) bind(_ context.Context, rest string) error {
	if rest == "" {
		for name, v := range s.query.Bind {
			fmt.Fprintf(s.app.out, "%s = %s\n", name, v)
		}
		return nil
	}
	more, err := parseBind([]string{rest})
	if err != nil {
		return fmt.Errorf("\\bind %s: want NAME=JSON", rest)
	}
	for name, v := range more {
		s.query.Bind[name] = v
	}
	return nil
}

func (s *querySession) output(_ context.Context, form string) error {
	switch form {
	case outputTable, outputJSON, outputLines, outputCSV, outputYAML:
		s.app.flags.output = form
		return nil
	}
	if form == "" {
		return errors.New("\\output: want table, json, jsonl, csv or yaml")
	}
	return fmt.Errorf("\\output %s: want table, json, jsonl, csv or yaml", form)
}

func (s *querySession) collections(ctx context.Context, _ string) error {
	list, err := s.client.Collections(ctx, false)
	if err != nil {
		return err
	}
	for _, c := range list {
		fmt.Fprintln(s.app.out, c.Name)
	}
	return nil
}

func (s *querySession) manage(ctx context.Context, f queryFlags) error {
	return s.app.manageQueries(ctx, s.client, &f)
}
