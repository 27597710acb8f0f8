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
					switch {
					case l.Timeseries != nil:
						kind = "time series"
					case l.Type == client.EdgeCollection:
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
	var points client.Timeseries
	c := a.withClientFlags(&cobra.Command{
		Use:   "create COLLECTION",
		Short: "Make a collection",
		Long: "Make a collection. --crdt declares how concurrent writes of a field merge: counter, set, max, min or multi; a counter\n" +
			"of decimals has its digits behind a colon. A local collection stays at the location that it is made at. With --time and\n" +
			"--values it is a time series, whose points have a time and numbers, and belong to the series that the fields --series name.",
		Example: "  selvedge collection create articles --crdt views=counter,tags=set,balance=counter:2\n" +
			"  selvedge collection create knows --edges\n  selvedge collection create sessions --local\n" +
			"  selvedge collection create climate --time at --values celsius,humidity --series machine --rollups 1m,1h --retention 365d",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			declared, err := parseCRDT(crdt)
			if err != nil {
				return err
			}
			series := points.Time != "" || len(points.Values) > 0
			if series && (points.Time == "" || len(points.Values) == 0) ||
				!series && len(points.Series)+len(points.Rollups)+len(points.Retention)+len(points.TimeFormat) > 0 {
				return usagef("a time series needs --time and --values")
			}
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			spec := client.CollectionSpec{Name: args[0], Type: client.DocumentCollection, Local: local, CRDT: declared}
			if edges {
				spec.Type = client.EdgeCollection
			}
			if series {
				spec.Timeseries = &points
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
	c.Flags().StringVar(&points.Time, "time", "", "for a time series, the field with the time")
	c.Flags().StringSliceVar(&points.Values, "values", nil, "for a time series, the fields with numbers")
	c.Flags().StringSliceVar(&points.Series, "series", nil, "fields that name a series; without it there is one series")
	c.Flags().StringSliceVar(&points.Rollups, "rollups", nil, "spans by which points are summed up as they come: 1m, 1h, 1d, 1mo")
	c.Flags().StringVar(&points.Retention, "retention", "", "how long a point is kept, from its own time on, as 30d; without it for ever")
	c.Flags().StringVar(&points.TimeFormat, "time-format", "", "how times are shown: ms or iso; ms without it")
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
