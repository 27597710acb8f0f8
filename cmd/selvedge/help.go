package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/selvedge-db/selvedge/client"
	"github.com/selvedge-db/selvedge/node"
)

// version is what git calls the sources: set by the linker (see Makefile) and never changed. It stands in for the
// commit where the toolchain did not note one; the number is that of package node, as the servers tell it.
var version string

// versionAnswer is what the version command tells.
type versionAnswer struct {
	Version  string          `json:"version"`
	Commit   string          `json:"commit,omitempty"`
	Go       string          `json:"go"`
	Platform string          `json:"platform"`
	Server   *client.Version `json:"server,omitempty"`
}

func (a *app) versionCommand() *cobra.Command {
	var server bool
	c := a.withClientFlags(&cobra.Command{
		Use:     "version",
		Short:   "Print the version of this program, or of the location too",
		Example: "  selvedge version\n  selvedge version --server --url http://127.0.0.1:8400",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			v := ownVersion()
			if server {
				c, err := a.connect(true)
				if err != nil {
					return err
				}
				answer, err := c.Version(cmd.Context())
				if err != nil {
					return fmt.Errorf("version: %w", err)
				}
				v.Server = &answer
			}
			return a.print(v, func(w io.Writer) {
				fmt.Fprintln(w, v.line())
				if v.Server != nil {
					fmt.Fprintf(w, "location: selvedge %s, which answers clients as %s\n", v.Server.Version, v.Server.Server)
				}
			})
		},
	})
	c.Flags().BoolVar(&server, "server", false, "ask the location as well")
	return c
}

func ownVersion() versionAnswer {
	v := versionAnswer{Version: node.Version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if version != "unknown" {
		v.Commit = version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	if revision := settings["vcs.revision"]; revision != "" {
		v.Commit = revision[:min(len(revision), 12)]
		if settings["vcs.modified"] == "true" {
			v.Commit += "-dirty"
		}
	}
	return v
}

func (v *versionAnswer) line() string {
	commit := ""
	if v.Commit != "" {
		commit = " (" + v.Commit + ")"
	}
	return fmt.Sprintf("selvedge %s%s %s %s", v.Version, commit, v.Go, v.Platform)
}

// helpCommand is cobra's own, but that it fails where there is nothing to tell of.
func (a *app) helpCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "help [COMMAND or TOPIC]",
		Short:   "Tell about a command or a topic",
		Example: "  selvedge help link cut\n  selvedge help contexts",
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return advise(usagef("there is no command and no topic %q%s", strings.Join(args, " "), suggestion(about, args[len(args)-1])),
					"selvedge --help lists them")
			}
			return about.Help()
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) (names []string, _ cobra.ShellCompDirective) {
			if about, rest, err := cmd.Root().Find(args); err == nil && len(rest) == 0 {
				for _, below := range about.Commands() {
					names = append(names, cobra.CompletionWithDesc(below.Name(), below.Short))
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}
	a.asUsage(c)
	return a.withOutput(c)
}

// topics are what `selvedge help` tells besides commands.
func topics() []*cobra.Command {
	return []*cobra.Command{
		{Use: "exit-codes", Short: "What a command ends with", Long: exitCodesTopic},
		{Use: "environment", Short: "Variables of the environment that count", Long: environmentTopic},
		{Use: "contexts", Short: "Several planets under names", Long: contextsTopic},
		{Use: "output", Short: "Forms of results and errors", Long: outputTopic},
	}
}

const exitCodesTopic = `A command ends with

  0  it did its work; also when it was interrupted in what has no end (dev, serve, status --watch, changes, top)
  1  it failed: the location refused, a file could not be read, a promise was broken
  2  it was called wrongly, whatever the location says: unknown command or flag, a bad value
  3  the location could not be reached

With --output json an error is one JSON object on the standard error, and says the same as exitCode.`

const environmentTopic = `Variables that commands read:

  SELVEDGE_URL        address of the location
  SELVEDGE_API_KEY    API key, TENANT.KEYID.SECRET
  SELVEDGE_USER       user, instead of an API key
  SELVEDGE_PASSWORD   password of the user
  SELVEDGE_CA         PEM file with the authority of the server's certificate
  SELVEDGE_FABRIC     database
  SELVEDGE_CONTEXT    name of the context (selvedge help contexts)
  NO_COLOR            when it is not empty, top uses no colours
  XDG_CONFIG_HOME     folder with selvedge/contexts.json; without it ~/.config
  XDG_STATE_HOME      folder with the history of the query shell; without it ~/.local/state

A flag beats --context, --context beats a variable, and a variable beats the context in use. serve reads further
variables, one for each key of its configuration: docs/reference/configuration.md lists them.`

const contextsTopic = `A context is a name for a planet, or for one of its locations: an address, a fabric, and as whom to ask.

  selvedge context add prod --url https://fra.example.org:8400 --fabric shop < key.txt
  selvedge context use prod        commands ask there unless they are told otherwise
  selvedge status --context home   this command asks elsewhere

What counts, the strongest first:

  1. the flags --url, --api-key, --user, --password, --ca, --fabric
  2. the context that --context names
  3. the variables SELVEDGE_URL, SELVEDGE_API_KEY, SELVEDGE_USER, SELVEDGE_PASSWORD, SELVEDGE_CA, SELVEDGE_FABRIC
  4. the context that SELVEDGE_CONTEXT names, or else the one in use

Each setting comes from the strongest that has it, the credentials together from one. The context in use does not count
where 1 or 3 give an address: its credentials go to its own planet alone. --context with --url sends them there.

Contexts are kept in $XDG_CONFIG_HOME/selvedge/contexts.json or ~/.config/selvedge/contexts.json, for you alone (0600).
Secrets are in it as they are; they are read from the terminal or the standard input, never from the command line.`

const outputTopic = `--output (-o) says in which form a command gives its result:

  table   for people; the default. Its form may change
  json    one JSON document, indented; what scripts should read. Members may be added, never changed
  yaml    the same as YAML

query and worker run give rows, also as jsonl (one row a line) and csv. The members of a row are served in one order,
whatever the query says; columns of a table and of CSV stand in the order in which the query's RETURN {...} names them,
and by name where it names none. --columns chooses them.

dev, serve, sim, bench, export, generate and completion print in a form of their own; there it is the form of errors.

Results go to the standard output, everything else to the standard error. An error is a line of text there, followed by
what to do; with json or jsonl it is one object in a line, with yaml one document:

  {"error":true,"exitCode":1,"message":"...","status":404,"errorNum":1203,"code":"collection-not-found","next":"..."}

Colours are used by top alone, at a terminal, and not where NO_COLOR is set. Progress is a bar at a terminal and a line
every few seconds elsewhere; --quiet leaves it out.`

// manCommand writes pages for man.
func (a *app) manCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "man DIR",
		Short:   "Write a manual page for each command",
		Long:    "Write a manual page for each command into a folder, which is made if it is missing.",
		Example: "  selvedge man ./man1\n  selvedge man ./share/man/man1 --output json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			folder := args[0]
			if err := os.MkdirAll(folder, 0o755); err != nil {
				return fmt.Errorf("man: %w", err)
			}
			for _, c := range all(cmd.Root()) {
				c.DisableAutoGenTag = true
			}
			header := &doc.GenManHeader{Section: "1", Source: "selvedge " + ownVersion().Version, Manual: "Selvedge"}
			if err := doc.GenManTree(cmd.Root(), header, folder); err != nil {
				return fmt.Errorf("man: %w", err)
			}
			pages, err := filepath.Glob(filepath.Join(folder, "selvedge*.1"))
			if err != nil {
				return fmt.Errorf("man: %w", err)
			}
			return a.print(map[string]any{"folder": folder, "pages": len(pages)}, func(w io.Writer) {
				fmt.Fprintf(w, "%d pages in %s; man %s shows the first\n", len(pages), folder, filepath.Join(folder, "selvedge.1"))
			})
		},
	}
}
