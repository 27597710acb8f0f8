package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/selvedge-db/selvedge/client"
)

func (a *app) indexCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "index",
		Short:   "List, make and drop indexes",
		Example: "  selvedge index list airports\n  selvedge index create airports country\n  selvedge index drop airports idx_7",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
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
		Example: "  selvedge index drop airports idx_7",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			if err := c.DropIndex(cmd.Context(), args[0], args[1]); err != nil {
				return fmt.Errorf("drop index %s of %s: %w", args[1], args[0], err)
			}
			fmt.Fprintf(a.err, "dropped index %s of %s\n", args[1], args[0])
			return nil
		},
	})
}
