package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/selvedge-db/selvedge/cmd/selvedge/progress"
)

// Exit codes, fixed for scripts; `selvedge help exit-codes` tells them.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitUnreachable = 3
)

// usageError is a call that can't be right, whatever the server says.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// app is what the commands share.
type app struct {
	in          io.Reader
	out, err    io.Writer
	screen      *screen // before out where that is a terminal, else nil
	environment []string
	flags       globalFlags
	cmd         *cobra.Command // the one that runs, nil before
	url         string         // of the location that was asked first
	urlFrom     string         // where the address came from, in words
	keyFrom     string         // where the credentials came from, in words; "" where none are given
}

// run is main without the process around it.
func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer, environment []string) int {
	a := &app{in: in, out: out, err: errOut, environment: environment}
	if progress.IsTerminal(out) {
		a.screen = &screen{w: out}
	}
	return a.run(ctx, args)
}

// run does what the arguments say and gives the exit code.
func (a *app) run(ctx context.Context, args []string) int {
	root := a.root()
	root.SetArgs(args)
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	err := root.ExecuteContext(ctx)
	if a.screen != nil {
		a.screen.end()
	}
	if err != nil {
		return a.fail(err, args)
	}
	return exitDone
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "selvedge",
		Short: "A database that lives in many locations at once",
		Long: "Selvedge is a database that lives in many locations at once. Each answers alone and at once; all converge.\n\n" +
			"selvedge dev starts a planet on this machine; the other commands talk to the location at --url. Every command has\n" +
			"examples behind --help.",
		Example: "  selvedge dev                                   # ten locations on this machine\n" +
			"  selvedge generate places --out places.jsonl\n  selvedge import places.jsonl --to places --format jsonl\n" +
			"  selvedge status",
		SilenceErrors:     true,
		SilenceUsage:      true,
		Args:              cobra.NoArgs,
		PersistentPreRunE: a.begin,
		RunE:              help,
	}
	root.CompletionOptions.DisableDefaultCmd = true
	own := ownVersion()
	root.Version = own.Version // adds the flag --version
	root.SetVersionTemplate(own.line() + "\n")
	root.SetUsageTemplate(strings.Replace(root.UsageTemplate(), "{{rpad .CommandPath .CommandPathPadding}}", "{{.Root.Name}} help {{rpad .Name 13}}", 1))
	root.AddGroup(&cobra.Group{ID: "serve", Title: "Run a planet:"}, &cobra.Group{ID: "data", Title: "Data:"},
		&cobra.Group{ID: "planet", Title: "The planet and who may use it:"}, &cobra.Group{ID: "tool", Title: "This program:"})
	root.SetHelpCommandGroupID("tool")
	grouped(root, "serve", a.devCommand(), a.serveCommand(), a.backupCommand(), a.restoreCommand(), a.simCommand(), a.benchCommand())
	grouped(root, "data", a.collectionCommand(), a.indexCommand(), a.graphCommand(), a.getCommand(), a.putCommand(), a.deleteCommand(),
		a.queryCommand(), a.workerCommand(), a.importCommand(), a.exportCommand(), a.changesCommand(), a.conflictsCommand(), a.generateCommand())
	grouped(root, "planet", a.statusCommand(), a.topCommand(), a.eventsCommand(), a.metricsCommand(), a.locationCommand(), a.linkCommand(),
		a.fabricCommand(), a.userCommand(), a.keyCommand())
	grouped(root, "tool", a.contextCommand(), a.completionCommand(), a.manCommand(), a.versionCommand())
	root.AddCommand(topics()...)
	root.SetHelpCommand(a.helpCommand())
	for _, c := range all(root) {
		if !c.IsAdditionalHelpTopicCommand() {
			a.asUsage(c)
			a.withOutput(c)
		}
	}
	a.addCompletions(root)
	return root
}

func grouped(root *cobra.Command, id string, commands ...*cobra.Command) {
	for _, c := range commands {
		c.GroupID = id
		root.AddCommand(c)
	}
}

// help is what a command does that only holds others.
func help(cmd *cobra.Command, _ []string) error { return cmd.Help() }

// holding is a command that only holds others.
func holding(use, short, example string, below ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Example: example, Args: cobra.NoArgs, RunE: help}
	c.AddCommand(below...)
	return c
}

// begin stands before every command.
func (a *app) begin(cmd *cobra.Command, _ []string) error {
	a.cmd = cmd
	return checkOutput(a.flags.output, formsOf(cmd))
}

// all lists a command and those below it.
func all(c *cobra.Command) []*cobra.Command {
	list := []*cobra.Command{c}
	for _, below := range c.Commands() {
		list = append(list, all(below)...)
	}
	return list
}

// asUsage marks what cobra finds wrong with the arguments as wrong usage.
func (a *app) asUsage(c *cobra.Command) {
	c.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		a.cmd = cmd
		return usageError{flagError(cmd, err)}
	})
	check := c.Args
	if check == nil {
		check = cobra.ArbitraryArgs
	}
	c.Args = func(cmd *cobra.Command, args []string) error {
		a.cmd = cmd
		if cmd.HasSubCommands() && len(args) > 0 {
			return usagef("there is no command %q%s", strings.TrimSpace(cmd.CommandPath()+" "+args[0]), suggestion(cmd, args[0]))
		}
		err := check(cmd, args)
		if err == nil {
			return nil
		}
		var own usageError // which says it better
		if !asType(err, &own) {
			own = usageError{wrongArguments(cmd, args)}
		}
		return advise(usagef("%w; usage: %s", own.err, cmd.UseLine()), "for example: %s; %s --help tells more", firstExample(cmd), cmd.CommandPath())
	}
}

// called is how a command is called, without the name of the program.
func called(cmd *cobra.Command) string {
	return strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")
}

// wrongArguments says which arguments are missing or too many, by the names that the command's use gives them.
func wrongArguments(cmd *cobra.Command, args []string) error {
	var wanted, missing []string
	for _, word := range strings.Fields(cmd.Use)[1:] {
		if strings.HasPrefix(word, "-") {
			break // flags follow
		}
		wanted = append(wanted, word)
		if len(wanted) > len(args) && !strings.HasPrefix(word, "[") {
			missing = append(missing, strings.TrimSuffix(word, "..."))
		}
	}
	switch extra := len(args) - len(wanted); {
	case len(missing) == 1:
		return fmt.Errorf("%s needs %s", called(cmd), missing[0])
	case len(missing) > 1:
		return fmt.Errorf("%s needs %s", called(cmd), strings.Join(missing, " and "))
	case len(wanted) == 0:
		return fmt.Errorf("%s takes no arguments, and got %q", called(cmd), args[0])
	case extra > 0:
		return fmt.Errorf("%s takes no more than %d, and got %q besides", called(cmd), len(wanted), args[len(wanted)])
	}
	return errors.New("the arguments do not fit")
}

func firstExample(cmd *cobra.Command) string {
	line, _, _ := strings.Cut(strings.ReplaceAll(strings.TrimSpace(cmd.Example), "\\\n", ""), "\n")
	return line
}

// suggestion names the commands that may have been meant.
func suggestion(cmd *cobra.Command, word string) string {
	cmd.SuggestionsMinimumDistance = 2
	if like := cmd.SuggestionsFor(word); len(like) > 0 {
		return fmt.Sprintf("; did you mean %s?", strings.Join(like, " or "))
	}
	return ""
}

// flagError names the flag that may have been meant.
func flagError(cmd *cobra.Command, err error) error {
	_, wrong, found := strings.Cut(err.Error(), "unknown flag: --")
	if !found {
		return err
	}
	var names []string
	for _, n := range flagNames(cmd) {
		names = append(names, "--"+n)
	}
	return fmt.Errorf("%w%s", err, didYouMean("--"+wrong, names))
}

// didYouMean names what is like a word, out of what there is.
func didYouMean(word string, among []string) string {
	var like []string
	for _, a := range among {
		if d := distance(strings.ToLower(word), strings.ToLower(a)); d <= 2 || len(word) > 3 && strings.HasPrefix(a, word) {
			like = append(like, a)
		}
	}
	if len(like) == 0 || len(like) > 5 {
		return ""
	}
	return fmt.Sprintf("; did you mean %s?", strings.Join(like, " or "))
}

// distance is how many letters must be changed, put in or taken out to make one word of another (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := before
			if a[i] != b[j] {
				change++
			}
			before = row[j+1]
			row[j+1] = min(change, row[j]+1, before+1)
		}
	}
	return row[len(b)]
}

// flagNames lists the flags of a command by name, as its help shows them.
func flagNames(c *cobra.Command) []string {
	var names []string
	for line := range strings.Lines(c.Flags().FlagUsages()) {
		if _, rest, found := strings.Cut(line, "--"); found && strings.TrimSpace(line)[0] == '-' {
			names = append(names, strings.FieldsFunc(rest, func(r rune) bool { return r == ' ' || r == '[' || r == '\n' })[0])
		}
	}
	return names
}

// environ is the value of a variable, or the other text.
func (a *app) environ(name, otherwise string) string {
	value := ""
	for _, entry := range a.environment {
		if rest, ok := strings.CutPrefix(entry, name+"="); ok {
			value = rest
		}
	}
	if value == "" {
		return otherwise
	}
	return value
}

// scanned finds the value of a flag in arguments that could not be parsed.
func scanned(args []string, names ...string) (value string) {
	for i, arg := range args {
		switch flag, after, found := strings.Cut(arg, "="); {
		case arg == "--":
			return value
		case found && slices.Contains(names, flag):
			value = after
		case slices.Contains(names, arg) && i+1 < len(args):
			value = args[i+1]
		}
	}
	return value
}
