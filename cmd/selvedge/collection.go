package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/selvedge-db/selvedge/client"
)

func (a *app) collectionCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "collection",
		Short:   "List, show, make, empty and drop collections",
		Example: "  selvedge collection list\n  selvedge collection create articles --crdt views=counter,tags=set\n  selvedge collection drop articles",
		Args:    cobra.NoArgs,
		RunE:    help,
	}
	c.AddCommand(a.collectionListCommand(), a.collectionShowCommand(), a.collectionCreateCommand(), a.collectionTruncateCommand(), a.collectionDropCommand())
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
					t.add(l.Name, holds(&l), yesNo(l.Local))
				}
				t.print(w)
			})
		},
	})
	c.Flags().BoolVar(&system, "system", false, "those of the system too")
	return c
}

// holds is what a collection holds, in a word.
func holds(c *client.Collection) string {
	switch {
	case c.Timeseries != nil:
		return "time series"
	case c.Type == client.EdgeCollection:
		return "edge"
	}
	return "document"
}

// shownCollection is all that is told of a collection.
type shownCollection struct {
	client.Collection
	Documents int64          `json:"documents"` // at the location that was asked
	Indexes   []client.Index `json:"indexes"`
}

func (a *app) collectionShowCommand() *cobra.Command {
	return a.withClientFlags(&cobra.Command{
		Use:     "show COLLECTION",
		Short:   "Show a collection: how many documents, how fields merge, indexes",
		Example: "  selvedge collection show articles\n  selvedge collection show articles --output json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			of := shownCollection{}
			if of.Collection, err = c.Properties(cmd.Context(), args[0]); err == nil {
				of.Documents, err = c.Count(cmd.Context(), args[0])
			}
			if err == nil && of.Timeseries == nil {
				of.Indexes, err = c.Indexes(cmd.Context(), args[0])
			}
			if err != nil {
				return fmt.Errorf("collection %s: %w", args[0], err)
			}
			return a.print(of, func(w io.Writer) { of.write(w) })
		},
	})
}

func (s *shownCollection) write(w io.Writer) {
	line := func(name, text string) {
		if text != "" {
			fmt.Fprintf(w, "%-10s %s\n", name, plain([]string{text})[0])
		}
	}
	line("name", s.Name)
	line("type", holds(&s.Collection))
	line("local", yesNo(s.Local))
	line("documents", strconv.FormatInt(s.Documents, 10))
	for _, path := range slices.Sorted(maps.Keys(s.CRDT)) {
		line("merges", path+" as "+s.CRDT[path].Type)
	}
	if p := s.Timeseries; p != nil {
		line("time", p.Time)
		line("values", strings.Join(p.Values, ", "))
		line("series", strings.Join(p.Series, ", "))
		line("rollups", strings.Join(p.Rollups, ", "))
		line("retention", p.Retention)
	}
	for _, x := range s.Indexes {
		options := indexOptions(x)
		if options != "" {
			options = " (" + options + ")"
		}
		line("index", x.Name+": "+x.Type+" of "+strings.Join(x.Fields, ", ")+options)
	}
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

func (a *app) collectionTruncateCommand() *cobra.Command {
	return a.withClientFlags(&cobra.Command{
		Use:     "truncate COLLECTION",
		Short:   "Remove all documents of a collection, and keep the collection",
		Example: "  selvedge collection truncate articles",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			if err := c.Truncate(cmd.Context(), args[0]); err != nil {
				return fmt.Errorf("collection %s: %w", args[0], err)
			}
			return a.done(map[string]any{"truncated": args[0]}, "%s is empty", args[0])
		},
	})
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
			return a.done(map[string]any{"dropped": args[0]}, "%s is dropped", args[0])
		},
	})
}

func (a *app) indexCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "index",
		Short:   "List, make and drop indexes",
		Example: "  selvedge index list airports\n  selvedge index create airports country --name by-country\n  selvedge index drop airports by-country",
		Args:    cobra.NoArgs,
		RunE:    help,
	}
	c.AddCommand(a.indexListCommand(), a.indexCreateCommand(), a.indexDropCommand())
	return c
}

func (a *app) indexListCommand() *cobra.Command {
	return a.withClientFlags(&cobra.Command{
		Use:     "list COLLECTION",
		Short:   "List the indexes of a collection",
		Example: "  selvedge index list airports\n  selvedge index list airports --output json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			list, err := c.Indexes(cmd.Context(), args[0])
			if err != nil {
				return fmt.Errorf("indexes of %s: %w", args[0], err)
			}
			return a.print(list, func(w io.Writer) {
				t := &table{head: []string{"INDEX", "TYPE", "FIELDS", "OPTIONS"}}
				for _, x := range list {
					t.add(x.Name, x.Type, strings.Join(x.Fields, ", "), indexOptions(x))
				}
				t.print(w)
			})
		},
	})
}

func indexOptions(x client.Index) string {
	var out []string
	for _, o := range []struct {
		on   bool
		text string
	}{{x.Unique, "unique"}, {x.Sparse, "sparse"}, {x.GeoJSON, "geojson"}, {x.MinLength > 0, "words from " + strconv.Itoa(x.MinLength) + " letters"},
		{x.Type == "ttl", "expires after " + strconv.FormatInt(x.ExpireAfter, 10) + " s"}} {
		if o.on {
			out = append(out, o.text)
		}
	}
	return strings.Join(out, ", ")
}

func (a *app) indexCreateCommand() *cobra.Command {
	var x client.Index
	c := a.withClientFlags(&cobra.Command{
		Use:   "create COLLECTION FIELD...",
		Short: "Make an index, and wait until it is filled",
		Long: "Make an index. A persistent index finds equal values and ranges of its first fields and gives their order; a geo\n" +
			"index of one field holds GeoJSON or pairs, of two fields latitude and longitude; a ttl index ends documents; a\n" +
			"fulltext index finds words. [*] behind a field indexes each element of an array.",
		Example: "  selvedge index create airports country city\n  selvedge index create airports latitude longitude --type geo\n" +
			"  selvedge index create shops location --type geo --geojson\n  selvedge index create sessions seen --type ttl --expire-after 3600\n" +
			"  selvedge index create articles 'tags[*]' --name by-tag",
		Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			x.Fields = args[1:]
			made, err := c.CreateIndex(cmd.Context(), args[0], x)
			if err != nil {
				return fmt.Errorf("index of %s: %w", args[0], err)
			}
			return a.print(made, func(w io.Writer) {
				if made.IsNew {
					fmt.Fprintf(w, "made index %s\n", made.Name)
				} else {
					fmt.Fprintf(w, "index %s is there already\n", made.Name)
				}
			})
		},
	})
	f := c.Flags()
	f.StringVar(&x.Type, "type", "persistent", "persistent, geo, ttl or fulltext")
	f.StringVar(&x.Name, "name", "", "name; without it one is made up")
	f.BoolVar(&x.Unique, "unique", false, "refuse equal values; local collections only")
	f.BoolVar(&x.Sparse, "sparse", false, "leave documents out that lack a field")
	f.BoolVar(&x.GeoJSON, "geojson", false, "pairs are longitude and latitude, objects are GeoJSON")
	f.IntVar(&x.MinLength, "min-length", 0, "letters of the shortest word that a fulltext index holds")
	f.Int64Var(&x.ExpireAfter, "expire-after", 0, "seconds after the time in the field")
	return c
}

func (a *app) indexDropCommand() *cobra.Command {
	return a.withClientFlags(&cobra.Command{
		Use:     "drop COLLECTION INDEX",
		Short:   "Drop an index",
		Example: "  selvedge index drop airports by-country",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			if err := c.DropIndex(cmd.Context(), args[0], args[1]); err != nil {
				return fmt.Errorf("drop index %s of %s: %w", args[1], args[0], err)
			}
			return a.done(map[string]any{"dropped": args[1], "collection": args[0]}, "dropped index %s of %s", args[1], args[0])
		},
	})
}
