package main

import (
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/selvedge-db/selvedge/client"
)

// completionPatience is how long the tab key waits for a location.
const completionPatience = 700 * time.Millisecond

func (a *app) completionCommand() *cobra.Command {
	shells := []string{"bash", "zsh", "fish"}
	return &cobra.Command{
		Use:   "completion bash|zsh|fish",
		Short: "Print what makes the tab key of a shell complete commands",
		Long: "Print what makes the tab key of a shell complete commands, flags, and the names of collections, fabrics, locations,\n" +
			"contexts and query workers, which it asks the location for: briefly, and in silence when it cannot be reached.\n\n" +
			"bash needs the package bash-completion. To have it in every new shell:\n\n" +
			"  bash: selvedge completion bash > ~/.local/share/bash-completion/completions/selvedge\n" +
			"  zsh:  selvedge completion zsh > \"${fpath[1]}/_selvedge\"\n" +
			"  fish: selvedge completion fish > ~/.config/fish/completions/selvedge.fish",
		Example: "  selvedge completion bash > selvedge.bash\n  selvedge completion zsh > _selvedge\n  selvedge completion fish > selvedge.fish",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || !slices.Contains(shells, args[0]) {
				return usagef("want one of %s", strings.Join(shells, ", "))
			}
			return nil
		},
		ValidArgsFunction: cobra.FixedCompletions(shells, cobra.ShellCompDirectiveNoFileComp),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch args[0] {
			case "bash":
				return cmd.Root().GenBashCompletionV2(a.out, true)
			case "zsh":
				return cmd.Root().GenZshCompletion(a.out)
			}
			return cmd.Root().GenFishCompletion(a.out, true)
		},
	}
}

// source lists what an argument or the value of a flag can be. Args are the arguments before it.
type source func(ctx context.Context, c *client.Client, args []string) ([]string, error)

func collections(ctx context.Context, c *client.Client, _ []string) ([]string, error) {
	list, err := c.Collections(ctx, false)
	return each(list, func(l client.Collection) string { return l.Name }), err
}

func documents(ctx context.Context, c *client.Client, _ []string) ([]string, error) {
	list, err := c.Collections(ctx, false)
	return each(list, func(l client.Collection) string { return l.Name + "/" }), err
}

func indexes(ctx context.Context, c *client.Client, args []string) ([]string, error) {
	list, err := c.Indexes(ctx, args[0])
	return each(list, func(x client.Index) string { return x.Name }), err
}

func fabrics(ctx context.Context, c *client.Client, _ []string) ([]string, error) {
	return c.Fabrics(ctx)
}

func locations(ctx context.Context, c *client.Client, _ []string) ([]string, error) {
	list, err := c.Locations(ctx)
	return each(list, func(l client.DataCentre) string { return l.Name + "\t" + l.Location.City }), err
}

func graphs(ctx context.Context, c *client.Client, _ []string) ([]string, error) {
	list, err := c.Graphs(ctx)
	return each(list, func(g client.Graph) string { return g.Name }), err
}

func workers(ctx context.Context, c *client.Client, _ []string) ([]string, error) {
	list, err := c.Workers(ctx)
	return each(list, func(w client.QueryWorker) string { return w.Name + "\t" + short(oneLine(w.Text), 60) }), err
}

func users(ctx context.Context, c *client.Client, _ []string) ([]string, error) {
	list, err := c.Users(ctx)
	return each(list, func(u client.User) string { return u.Name }), err
}

func keys(ctx context.Context, c *client.Client, _ []string) ([]string, error) {
	list, err := c.Keys(ctx)
	return each(list, func(k client.Key) string { return k.ID + "\tof " + k.User }), err
}

func each[T any](list []T, text func(T) string) []string {
	out := make([]string, len(list))
	for i, x := range list {
		out[i] = text(x)
	}
	return out
}

// addCompletions says for each command what its arguments can be.
func (a *app) addCompletions(root *cobra.Command) {
	arguments := map[string][]source{
		"get": {documents}, "put": {documents}, "delete": {documents}, "export": {collections}, "index list": {collections},
		"index create": {collections}, "index drop": {collections, indexes}, "collection drop": {collections}, "collection show": {collections},
		"link cut": {locations, locations}, "link heal": {locations, locations}, "location evict": {locations}, "location show": {locations}, "link set": {locations, locations}, "collection truncate": {collections}, "location anchor": {locations},
		"fabric drop": {fabrics}, "fabric locations": {fabrics, locations, locations, locations, locations, locations},
		"graph show": {graphs}, "graph drop": {graphs}, "worker run": {workers}, "worker show": {workers}, "worker delete": {workers}, "worker save": {workers},
		"user remove": {users}, "user password": {users}, "key remove": {keys}, "changes": {collections}, "conflicts": {collections},
	}
	for _, c := range all(root) {
		path := strings.TrimPrefix(strings.TrimPrefix(c.CommandPath(), root.Name()), " ")
		switch of, known := arguments[path]; {
		case known:
			c.ValidArgsFunction = a.completing(of...)
		case strings.HasPrefix(path, "context ") && path != "context add" && path != "context list":
			c.ValidArgsFunction = a.completeContexts
		case c.ValidArgsFunction == nil && path != "import" && path != "backup" && path != "restore" && path != "bench report":
			c.ValidArgsFunction = cobra.NoFileCompletions
		}
		of := a.flagCompletions()
		of["output"] = fixed(formsOf(c)...)
		for flag, complete := range of {
			if c.Flags().Lookup(flag) != nil {
				_ = c.RegisterFlagCompletionFunc(flag, complete) // fails only if there is one already
			}
		}
	}
}

// flagCompletions says what values flags can have.
func (a *app) flagCompletions() map[string]cobra.CompletionFunc {
	return map[string]cobra.CompletionFunc{
		"fabric": a.completingFlag(fabrics), "context": a.completeContexts, "to": a.completingFlag(collections),
		"format": fixed("csv", "json", "jsonl"), "demo": fixed(demoNames()...), "wan": fixed("real", "none"), "on-error": fixed("stop", "skip"),
		"log-level": fixed("debug", "info", "warn", "error"), "log-format": fixed("text", "json"), "type": fixed("persistent", "geo", "ttl", "fulltext"),
	}
}

func fixed(values ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)
}

// completing asks the location for what can stand at each place.
func (a *app) completing(of ...source) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		if len(args) >= len(of) {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return a.asked(cmd, of[len(args)], args, begun)
	}
}

// completingFlag asks it for the values of a flag.
func (a *app) completingFlag(of source) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		return a.asked(cmd, of, args, begun)
	}
}

// asked lists what a location has. Whatever goes wrong, nothing is said: the shell would show it in the middle of the
// line.
func (a *app) asked(cmd *cobra.Command, of source, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	a.cmd, a.err = cmd, io.Discard
	c, err := a.connectWith(client.Config{Sessionless: true, Retries: -1})
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	parent := cmd.Context()
	if parent == nil {
		parent = context.Background()
	}
	ctx, cancel := context.WithTimeout(parent, completionPatience)
	defer cancel()
	list, err := of(ctx, c, args)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	list = slices.DeleteFunc(list, func(s string) bool { return !strings.HasPrefix(s, begun) })
	directive := cobra.ShellCompDirectiveNoFileComp
	if len(list) > 0 && strings.HasSuffix(list[0], "/") {
		directive |= cobra.ShellCompDirectiveNoSpace
	}
	return list, directive
}

func (a *app) completeContexts(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	a.err = io.Discard
	book, err := a.book()
	if err != nil || strings.HasPrefix(cmd.CommandPath(), "selvedge context ") && len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return book.Names(), cobra.ShellCompDirectiveNoFileComp
}
