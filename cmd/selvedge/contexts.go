package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/selvedge-db/selvedge/client"
	"github.com/selvedge-db/selvedge/cmd/selvedge/contexts"
)

func (a *app) contextCommand() *cobra.Command {
	c := holding("context", "Name planets, with where they are and as whom to ask them",
		"  selvedge context add home --url http://127.0.0.1:8400 --anonymous\n  selvedge context use home\n  selvedge status",
		a.contextListCommand(), a.contextAddCommand(), a.contextUseCommand(), a.contextShowCommand(), a.contextRemoveCommand(), a.contextRenameCommand())
	c.Long = "Name planets, with where they are and as whom to ask them. Names and credentials are in a file of yours alone:\n" +
		"$XDG_CONFIG_HOME/selvedge/contexts.json, or below ~/.config. selvedge help contexts tells what counts when."
	return c
}

// shownContext is a context as it is printed: without secrets.
type shownContext struct {
	Name    string `json:"name"`
	Current bool   `json:"current"`
	contexts.Context
}

func shown(book *contexts.Book, name string) shownContext {
	return shownContext{name, name == book.Current, book.Contexts[name].Masked()}
}

func (s *shownContext) as() string {
	switch {
	case s.APIKey != "":
		return "key " + s.APIKey
	case s.User != "":
		return "user " + s.User
	}
	return "nobody"
}

func (a *app) contextListCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the contexts",
		Example: "  selvedge context list\n  selvedge context list --output json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			book, err := a.book()
			if err != nil {
				return err
			}
			list := []shownContext{}
			for _, name := range book.Names() {
				list = append(list, shown(book, name))
			}
			return a.print(list, func(w io.Writer) {
				if len(list) == 0 {
					fmt.Fprintln(w, "there are no contexts; selvedge context add NAME --url URL makes one")
					return
				}
				t := &table{head: []string{"CONTEXT", "IN USE", "URL", "FABRIC", "AS"}}
				for i := range list {
					t.add(list[i].Name, yesNo(list[i].Current), list[i].URL, list[i].Fabric, list[i].as())
				}
				t.print(w)
			})
		},
	}
}

func (a *app) contextAddCommand() *cobra.Command {
	var made contexts.Context
	var anonymous, use bool
	var visible string // a secret that everybody could see
	c := &cobra.Command{
		Use:   "add NAME --url URL",
		Short: "Name a planet",
		Long: "Name a planet. Its API key, or with --user the password, is asked for at a terminal and otherwise read as a line from\n" +
			"the standard input, so that it stays out of the shell's history and the list of processes; an empty one, or\n" +
			"--anonymous, leaves the credentials out.",
		Example: "  selvedge context add home --url http://127.0.0.1:8400 --anonymous --use\n" +
			"  selvedge context add prod --url https://fra.example.org:8400 --fabric shop < key.txt\n" +
			"  selvedge context add ops --url https://syd.example.org:8400 --user root --ca ca.pem < password.txt",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if visible != "" {
				return advise(usagef("context add takes no secret as a flag, where others can see it: it reads one from the standard input"),
					"selvedge context add %s --url URL < key.txt", args[0])
			}
			if made.URL == "" {
				return usagef("--url is missing: the address of a location of the planet")
			}
			if !strings.Contains(made.URL, "://") {
				made.URL = "http://" + made.URL
			}
			if _, err := client.New(client.Config{URL: made.URL}); err != nil {
				return usageError{err}
			}
			book, err := a.book()
			if err != nil {
				return err
			}
			if err := book.Add(args[0], made); err != nil { // before a secret is asked for
				return usageError{err}
			}
			if !anonymous {
				if err := a.askCredentials(&made, args[0]); err != nil {
					return err
				}
			}
			book.Contexts[args[0]] = made
			if use {
				book.Current = args[0]
			}
			if err := book.Save(); err != nil {
				return err
			}
			return a.print(shown(book, args[0]), func(w io.Writer) {
				without := ""
				if made.APIKey == "" && made.User == "" {
					without = " without credentials"
				}
				fmt.Fprintf(w, "context %s is made%s; %s\n", args[0], without, afterAdd(args[0], use))
			})
		},
	}
	c.Flags().StringVar(&made.URL, "url", "", "address of a location of the planet (compulsory)")
	c.Flags().StringVar(&made.Fabric, "fabric", "", "database; without it "+client.SystemFabric)
	c.Flags().StringVar(&made.User, "user", "", "user, instead of an API key")
	c.Flags().StringVar(&made.CA, "ca", "", "PEM file with the authority of the server's certificate")
	for _, name := range []string{"api-key", "password"} { // known only to say what to do instead
		c.Flags().StringVar(&visible, name, "", "")
		_ = c.Flags().MarkHidden(name)
	}
	c.Flags().BoolVar(&anonymous, "anonymous", false, "without credentials")
	c.Flags().BoolVar(&use, "use", false, "use it from now on")
	return c
}

func afterAdd(name string, use bool) string {
	if use {
		return "commands use it from now on; selvedge status shows the planet"
	}
	return "selvedge context use " + name + " makes commands use it"
}

// askCredentials reads the secret of a context.
func (a *app) askCredentials(c *contexts.Context, name string) error {
	what := "API key of " + name
	if c.User != "" {
		what = "password of " + c.User
	}
	secret, err := a.secret(what)
	if err != nil {
		return err
	}
	switch {
	case c.User != "":
		c.Password = secret
	case secret != "" && strings.Count(secret, ".") < 2:
		return usagef("the API key is not TENANT.KEYID.SECRET")
	default:
		c.APIKey = secret
	}
	return nil
}

// maxSecret bounds what is read as one.
const maxSecret = 4096

// secret asks for a text that nobody may see: at a terminal without showing it, elsewhere as a line of the input.
func (a *app) secret(what string) (string, error) {
	if in, ok := a.in.(*os.File); ok && term.IsTerminal(int(in.Fd())) {
		fmt.Fprintf(a.err, "%s (not shown): ", what)
		text, err := term.ReadPassword(int(in.Fd()))
		fmt.Fprintln(a.err)
		if err != nil {
			return "", fmt.Errorf("%s: %w", what, err)
		}
		return strings.TrimSpace(string(text)), nil
	}
	line, err := bufio.NewReader(io.LimitReader(a.in, maxSecret)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}

// changeContexts is a command that changes the book and saves it.
func (a *app) changeContexts(change func(*contexts.Book) error, done string) error {
	book, err := a.book()
	if err != nil {
		return err
	}
	if err := change(book); err != nil {
		return usageError{err}
	}
	if err := book.Save(); err != nil {
		return err
	}
	return a.print(map[string]string{"current": book.Current}, func(w io.Writer) { fmt.Fprintln(w, done) })
}

func (a *app) contextUseCommand() *cobra.Command {
	var none bool
	c := &cobra.Command{
		Use:     "use NAME",
		Short:   "Let commands use a context unless they are told otherwise",
		Example: "  selvedge context use home\n  selvedge context use --none",
		Args: func(_ *cobra.Command, args []string) error {
			if none == (len(args) == 1) || len(args) > 1 {
				return usagef("want the name of a context, or --none")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if none {
				return a.changeContexts(func(b *contexts.Book) error { b.Current = ""; return nil }, "no context is in use")
			}
			return a.changeContexts(func(b *contexts.Book) error { return b.Use(args[0]) }, "context "+args[0]+" is in use")
		},
	}
	c.Flags().BoolVar(&none, "none", false, "use no context")
	return c
}

func (a *app) contextShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "show [NAME]",
		Short:   "Show a context, without its secrets",
		Long:    "Show a context, without its secrets; without a name the one in use.",
		Example: "  selvedge context show home\n  selvedge context show --output json",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			book, err := a.book()
			if err != nil {
				return err
			}
			name := book.Current
			if len(args) == 1 {
				name = args[0]
			}
			if name == "" {
				return advise(errors.New("no context is in use"), "selvedge context list lists them, selvedge context use NAME chooses one")
			}
			if _, err := book.Find(name); err != nil {
				return usageError{err}
			}
			s := shown(book, name)
			return a.print(s, func(w io.Writer) {
				for _, line := range [][2]string{{"context", s.Name}, {"in use", yesNo(s.Current)}, {"url", s.URL}, {"fabric", s.Fabric}, {"as", s.as()}, {"ca", s.CA}} {
					if line[1] != "" {
						fmt.Fprintf(w, "%-8s %s\n", line[0], line[1])
					}
				}
			})
		},
	}
}

func (a *app) contextRemoveCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "remove NAME",
		Short:   "Forget a context with its credentials",
		Example: "  selvedge context remove home",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return a.changeContexts(func(b *contexts.Book) error { return b.Remove(args[0]) }, "context "+args[0]+" is removed")
		},
	}
}

func (a *app) contextRenameCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "rename NAME NEW",
		Short:   "Give a context another name",
		Example: "  selvedge context rename home local",
		Args:    cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			return a.changeContexts(func(b *contexts.Book) error { return b.Rename(args[0], args[1]) }, "context "+args[0]+" is called "+args[1])
		},
	}
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
