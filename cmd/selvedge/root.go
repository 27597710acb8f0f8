package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/selvedge-db/selvedge/client"
)

// Exit codes, fixed for scripts.
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
	environment []string
	flags       globalFlags
	anonymous   bool // the call went out without credentials
}

// globalFlags are those of the commands that talk to a location.
type globalFlags struct {
	url, apiKey, fabric, output string
	user, password, ca          string
}

// run is main without the process around it.
func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer, environment []string) int {
	a := &app{in: in, out: out, err: errOut, environment: environment}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	fmt.Fprintln(errOut, "selvedge:", err)
	var usage usageError
	var unreachable *client.UnreachableError
	var refusal *client.Error
	switch {
	case errors.As(err, &refusal) && refusal.Status == http.StatusUnauthorized && a.anonymous:
		fmt.Fprintln(errOut, "no credentials were given: want --api-key or $SELVEDGE_API_KEY, or --user and --password")
	case errors.As(err, &usage):
		fmt.Fprintln(errOut, "selvedge --help, or --help after a command, tells more")
		return exitUsage
	case errors.As(err, &unreachable):
		return exitUnreachable
	}
	return exitFailed
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "selvedge",
		Short:         "A database that lives in many locations at once",
		Long:          "Selvedge is a database that lives in many locations at once. Each answers alone and at once; all converge.",
		Example:       "  selvedge dev                                   # ten locations on this machine\n  selvedge generate places --out places.jsonl\n  selvedge import places.jsonl --to places --format jsonl\n  selvedge status --watch",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(a.devCommand(), a.serveCommand(), a.statusCommand(), a.linkCommand(), a.locationCommand(),
		a.importCommand(), a.exportCommand(), a.getCommand(), a.putCommand(), a.deleteCommand(), a.collectionCommand(), a.indexCommand(), a.queryCommand(),
		a.backupCommand(), a.restoreCommand(),
		a.generateCommand(), a.versionCommand())
	root.AddCommand(a.laterCommands()...)
	for _, c := range all(root) {
		asUsage(c)
	}
	return root
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
func asUsage(c *cobra.Command) {
	c.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	check := c.Args
	if check == nil {
		check = cobra.ArbitraryArgs
	}
	c.Args = func(cmd *cobra.Command, args []string) error {
		if cmd.HasSubCommands() && len(args) > 0 {
			return usagef("there is no command %q%s", strings.TrimSpace(cmd.CommandPath()+" "+args[0]), suggestion(cmd, args[0]))
		}
		if err := check(cmd, args); err != nil {
			return usageError{err}
		}
		return nil
	}
}

// suggestion names the commands that may have been meant.
func suggestion(cmd *cobra.Command, word string) string {
	cmd.SuggestionsMinimumDistance = 2
	if like := cmd.SuggestionsFor(word); len(like) > 0 {
		return fmt.Sprintf("; did you mean %s?", strings.Join(like, " or "))
	}
	return ""
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

// withClientFlags adds the flags of commands that talk to a location.
func (a *app) withClientFlags(c *cobra.Command) *cobra.Command {
	f := c.Flags()
	f.StringVar(&a.flags.url, "url", "", "address of the location ($SELVEDGE_URL, else "+client.DefaultURL+")")
	f.StringVar(&a.flags.apiKey, "api-key", "", "API key, TENANT.KEYID.SECRET ($SELVEDGE_API_KEY)")
	f.StringVar(&a.flags.user, "user", "", "user, instead of an API key ($SELVEDGE_USER)")
	f.StringVar(&a.flags.password, "password", "", "password of the user ($SELVEDGE_PASSWORD)")
	f.StringVar(&a.flags.ca, "ca", "", "PEM file with the authority of the server's certificate ($SELVEDGE_CA)")
	f.StringVar(&a.flags.fabric, "fabric", client.SystemFabric, "database")
	f.StringVar(&a.flags.output, "output", outputTable, "form of the result: table, json or yaml")
	return c
}

// connect makes the client that the flags ask for.
func (a *app) connect(sessionless bool) (*client.Client, error) {
	if err := checkOutput(a.flags.output); err != nil {
		return nil, err
	}
	choose := func(flag, variable string) string {
		if flag != "" {
			return flag
		}
		return a.environ(variable, "")
	}
	cfg := client.Config{
		URL: choose(a.flags.url, "SELVEDGE_URL"), APIKey: choose(a.flags.apiKey, "SELVEDGE_API_KEY"),
		User: choose(a.flags.user, "SELVEDGE_USER"), Password: choose(a.flags.password, "SELVEDGE_PASSWORD"),
		Fabric: a.flags.fabric, Sessionless: sessionless,
	}
	if a.flags.user != "" && a.flags.apiKey == "" {
		cfg.APIKey = "" // a user on the command line beats a key in the environment
	}
	if cfg.URL != "" && !strings.Contains(cfg.URL, "://") {
		cfg.URL = "http://" + cfg.URL // an address, as listeners write it
	}
	a.anonymous = cfg.APIKey == "" && cfg.User == ""
	if ca := choose(a.flags.ca, "SELVEDGE_CA"); ca != "" {
		var err error
		if cfg.HTTP, err = trusting(ca); err != nil {
			return nil, err
		}
	}
	c, err := client.New(cfg)
	if err != nil {
		return nil, usageError{err}
	}
	return c, nil
}

// trusting is an HTTP client for servers whose certificates the file vouches
// for.
func trusting(file string) (*http.Client, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("authority of the certificate: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate in PEM form", file)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true}
	return &http.Client{Transport: transport}, nil
}
