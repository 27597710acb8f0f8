package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/selvedge-db/selvedge/client"
)

func (a *app) collectionCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "collection",
		Short:   "List, make and drop collections",
		Example: "  selvedge collection list\n  selvedge collection create articles --crdt views=counter,tags=set\n  selvedge collection drop articles",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.AddCommand(a.collectionListCommand(), a.collectionCreateCommand(), a.collectionDropCommand())
	return c
}

func (a *app) collectionListCommand() *cobra.Command {
	var system bool
	c := a.withClientFlags(&cobra.Command{
		Use:     "list",
		Short:   "List the collections of a fabric",
		Example: "  selvedge collection list\n  selvedge collection list --system --fabric shop --output json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			list, err := c.Collections(cmd.Context(), system)
			if err != nil {
				return fmt.Errorf("collections: %w", err)
			}
			slices.SortFunc(list, func(x, y client.Collection) int { return strings.Compare(x.Name, y.Name) })
			return a.print(list, func(w io.Writer) {
				t := &table{head: []string{"COLLECTION", "TYPE", "LOCAL"}}
				for _, l := range list {
					kind, local := "document", "no"
					if l.Type == client.EdgeCollection {
						kind = "edge"
					}
					if l.Local {
						local = "yes"
					}
					t.add(l.Name, kind, local)
				}
				t.print(w)
			})
		},
	})
	c.Flags().BoolVar(&system, "system", false, "those of the system too")
	return c
}

func (a *app) collectionCreateCommand() *cobra.Command {
	var edges, local bool
	var crdt []string
	c := a.withClientFlags(&cobra.Command{
		Use:   "create COLLECTION",
		Short: "Make a collection",
		Long: "Make a collection. --crdt declares how concurrent writes of a field merge: counter, set, max, min or multi; a counter\n" +
			"of decimals has its digits behind a colon. A local collection stays at the location that it is made at.",
		Example: "  selvedge collection create articles --crdt views=counter,tags=set,balance=counter:2\n" +
			"  selvedge collection create knows --edges\n  selvedge collection create sessions --local",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			declared, err := parseCRDT(crdt)
			if err != nil {
				return err
			}
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			spec := client.CollectionSpec{Name: args[0], Type: client.DocumentCollection, Local: local, CRDT: declared}
			if edges {
				spec.Type = client.EdgeCollection
			}
			made, err := c.CreateCollection(cmd.Context(), spec)
			if err != nil {
				return fmt.Errorf("collection %s: %w", args[0], err)
			}
			return a.print(made, func(w io.Writer) { fmt.Fprintf(w, "%s is made\n", made.Name) })
		},
	})
	c.Flags().BoolVar(&edges, "edges", false, "for edges, documents with _from and _to")
	c.Flags().BoolVar(&local, "local", false, "at this location only")
	c.Flags().StringSliceVar(&crdt, "crdt", nil, "how fields merge: PATH=TYPE[:DIGITS],...")
	return c
}

// parseCRDT reads PATH=TYPE[:DIGITS]. The server knows the types.
func parseCRDT(list []string) (map[string]client.CRDT, error) {
	declared := map[string]client.CRDT{}
	for _, text := range list {
		path, kind, found := strings.Cut(text, "=")
		kind, digits, scaled := strings.Cut(kind, ":")
		scale := 0
		var err error
		if scaled {
			scale, err = strconv.Atoi(digits)
		}
		if _, twice := declared[path]; !found || path == "" || kind == "" || twice || err != nil || scale < 0 {
			return nil, usagef("--crdt %q: want PATH=TYPE, or PATH=counter:DIGITS, each path once", text)
		}
		declared[path] = client.CRDT{Type: kind, Scale: scale}
	}
	return declared, nil
}

func (a *app) collectionDropCommand() *cobra.Command {
	return a.withClientFlags(&cobra.Command{
		Use:     "drop COLLECTION",
		Short:   "Remove a collection with all that is in it",
		Example: "  selvedge collection drop articles",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			if err := c.DropCollection(cmd.Context(), args[0]); err != nil {
				return fmt.Errorf("collection %s: %w", args[0], err)
			}
			fmt.Fprintf(a.err, "%s is dropped\n", args[0])
			return nil
		},
	})
}
