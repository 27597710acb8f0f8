package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/selvedge-db/selvedge/client"
)

func (a *app) userCommand() *cobra.Command {
	c := holding("user", "List, make and remove users",
		"  selvedge user list\n  selvedge user create ana --email ana@example.org < password.txt\n  selvedge user remove ana",
		a.userListCommand(), a.userCreateCommand(), a.userPasswordCommand(), a.userRemoveCommand())
	c.Long = "List, make and remove users of the tenant. It is for the user root."
	return c
}

func (a *app) userListCommand() *cobra.Command {
	return a.withClientFlags(&cobra.Command{
		Use:     "list",
		Short:   "List the users",
		Example: "  selvedge user list\n  selvedge user list --output json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			list, err := c.Users(cmd.Context())
			if err != nil {
				return fmt.Errorf("users: %w", err)
			}
			return a.print(list, func(w io.Writer) {
				t := &table{head: []string{"USER", "ACTIVE", "EMAIL", "NAME"}}
				for _, u := range list {
					t.add(u.Name, yesNo(u.Active), u.Email, u.DisplayName)
				}
				t.print(w)
			})
		},
	})
}

func (a *app) userCreateCommand() *cobra.Command {
	var u client.User
	c := a.withClientFlags(&cobra.Command{
		Use:   "create USER",
		Short: "Make a user",
		Long: "Make a user, who may use all fabrics of the tenant. The password is asked for at a terminal and otherwise read as a\n" +
			"line from the standard input.",
		Example: "  selvedge user create ana --email ana@example.org --name 'Ana Silva' < password.txt",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			password, err := a.newPassword("password of the new user " + args[0])
			if err != nil {
				return err
			}
			u.Name = args[0]
			made, err := c.CreateUser(cmd.Context(), u, password)
			if err != nil {
				return fmt.Errorf("user %s: %w", args[0], err)
			}
			return a.print(made, func(w io.Writer) { fmt.Fprintf(w, "user %s is made\n", made.Name) })
		},
	})
	c.Flags().StringVar(&u.Email, "email", "", "address, by which the user can sign in too")
	c.Flags().StringVar(&u.DisplayName, "name", "", "name for people")
	return c
}

func (a *app) newPassword(what string) (string, error) {
	password, err := a.secret(what)
	if err == nil && password == "" {
		err = advise(usagef("no %s was given", what), "it is read as a line from the standard input: < FILE")
	}
	return password, err
}

func (a *app) userPasswordCommand() *cobra.Command {
	return a.withClientFlags(&cobra.Command{
		Use:     "password USER",
		Short:   "Give a user another password",
		Long:    "Give a user another password, which ends the sessions that began with the old one. It is asked for at a terminal and\notherwise read as a line from the standard input.",
		Example: "  selvedge user password ana < password.txt",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			password, err := a.newPassword("new password of " + args[0])
			if err != nil {
				return err
			}
			if err := c.SetPassword(cmd.Context(), args[0], password); err != nil {
				return fmt.Errorf("user %s: %w", args[0], err)
			}
			return a.done(map[string]any{"user": args[0]}, "%s has another password", args[0])
		},
	})
}

func (a *app) userRemoveCommand() *cobra.Command {
	return a.withClientFlags(&cobra.Command{
		Use:     "remove USER",
		Short:   "Remove a user",
		Example: "  selvedge user remove ana",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			if err := c.RemoveUser(cmd.Context(), args[0]); err != nil {
				return fmt.Errorf("user %s: %w", args[0], err)
			}
			return a.done(map[string]any{"removed": args[0]}, "user %s is removed", args[0])
		},
	})
}

func (a *app) keyCommand() *cobra.Command {
	return holding("key", "List, make and remove API keys",
		"  selvedge key list\n  selvedge key create deploy\n  selvedge key remove deploy",
		a.keyListCommand(), a.keyCreateCommand(), a.keyRemoveCommand())
}

func (a *app) keyListCommand() *cobra.Command {
	return a.withClientFlags(&cobra.Command{
		Use:     "list",
		Short:   "List the API keys, without their secrets",
		Example: "  selvedge key list\n  selvedge key list --output yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			list, err := c.Keys(cmd.Context())
			if err != nil {
				return fmt.Errorf("keys: %w", err)
			}
			return a.print(list, func(w io.Writer) {
				t := &table{head: []string{"KEY", "USER", "ACTIVE"}}
				for _, k := range list {
					t.add(k.ID, k.User, yesNo(k.Active))
				}
				t.print(w)
			})
		},
	})
}

func (a *app) keyCreateCommand() *cobra.Command {
	return a.withClientFlags(&cobra.Command{
		Use:   "create KEYID",
		Short: "Make an API key, and show it this once",
		Long: "Make an API key for the user that the command calls as. It alone is the result, so that it can go into a file; nobody\n" +
			"can show it again.",
		Example: "  selvedge key create deploy > key.txt\n  selvedge key create ci --output json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			made, err := c.CreateKey(cmd.Context(), args[0])
			if err != nil {
				return fmt.Errorf("key %s: %w", args[0], err)
			}
			return a.print(made, func(w io.Writer) {
				fmt.Fprintln(w, made.Key)
				fmt.Fprintf(a.err, "the key is shown this once; it is good for $SELVEDGE_API_KEY and selvedge context add\n")
			})
		},
	})
}

func (a *app) keyRemoveCommand() *cobra.Command {
	return a.withClientFlags(&cobra.Command{
		Use:     "remove KEYID",
		Short:   "Remove an API key, which is refused from then on",
		Example: "  selvedge key remove deploy",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			if err := c.RemoveKey(cmd.Context(), args[0]); err != nil {
				return fmt.Errorf("key %s: %w", args[0], err)
			}
			return a.done(map[string]any{"removed": args[0]}, "key %s is removed", args[0])
		},
	})
}
