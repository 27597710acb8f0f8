package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/selvedge-db/selvedge/client"
)

func (a *app) fabricCommand() *cobra.Command {
	return holding("fabric", "List, make and drop fabrics (databases), and choose where they live",
		"  selvedge fabric list\n  selvedge fabric create shop --locations fra,syd\n  selvedge fabric locations shop fra syd tok",
		a.fabricListCommand(), a.fabricCreateCommand(), a.fabricDropCommand(), a.fabricLocationsCommand())
}

func (a *app) fabricListCommand() *cobra.Command {
	return a.withClientFlags(&cobra.Command{
		Use:     "list",
		Short:   "List the fabrics that live at the location",
		Example: "  selvedge fabric list\n  selvedge fabric list --output json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			list, err := c.DescribeFabrics(cmd.Context())
			if err != nil {
				return fmt.Errorf("fabrics: %w", err)
			}
			return a.print(list, func(w io.Writer) {
				t := &table{head: []string{"FABRIC", "LOCATIONS"}}
				for _, f := range list {
					t.add(f.Name, whereText(f))
				}
				t.print(w)
			})
		},
	})
}

// whereText is where a fabric lives, in words.
func whereText(f client.FabricInfo) string {
	if len(f.Locations) == 0 {
		return "all"
	}
	return strings.Join(f.Locations, ", ")
}

func (a *app) fabricCreateCommand() *cobra.Command {
	var places []string
	c := a.withClientFlags(&cobra.Command{
		Use:     "create FABRIC",
		Short:   "Make a fabric",
		Long:    "Make a fabric, a database of its own. It lives in the locations that are named and nowhere else; without --locations\nin all of them.",
		Example: "  selvedge fabric create shop\n  selvedge fabric create europe --locations fra,syd",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			if err := c.CreateFabric(cmd.Context(), args[0], places...); err != nil {
				return fmt.Errorf("fabric %s: %w", args[0], err)
			}
			return a.print(map[string]any{"name": args[0], "locations": notNil(places)}, func(w io.Writer) {
				fmt.Fprintf(w, "fabric %s is made; --fabric %s makes commands use it\n", args[0], args[0])
				if len(places) != 1 {
					fmt.Fprintf(w, "other locations join it in a moment: selvedge fabric locations %s shows who has\n", args[0])
				}
			})
		},
	})
	c.Flags().StringSliceVar(&places, "locations", nil, "names of the locations in which it lives; without it all")
	return c
}

func notNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func (a *app) fabricDropCommand() *cobra.Command {
	return a.withClientFlags(&cobra.Command{
		Use:     "drop FABRIC",
		Short:   "Remove a fabric with all that is in it, at all locations",
		Example: "  selvedge fabric drop shop",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			if err := c.DropFabric(cmd.Context(), args[0]); err != nil {
				return fmt.Errorf("fabric %s: %w", args[0], err)
			}
			return a.done(map[string]any{"dropped": args[0]}, "fabric %s is dropped", args[0])
		},
	})
}

func (a *app) fabricLocationsCommand() *cobra.Command {
	return a.withClientFlags(&cobra.Command{
		Use:   "locations FABRIC [LOCATION...]",
		Short: "Show or choose in which locations a fabric lives",
		Long: "Show in which locations a fabric lives; with names, let it live in these from now on. Those that come in copy it,\n" +
			"those that go send what they have first and then drop it.",
		Example: "  selvedge fabric locations shop\n  selvedge fabric locations shop fra syd tok",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			if names := args[1:]; len(names) > 0 {
				if err := c.SetFabricLocations(cmd.Context(), args[0], names); err != nil {
					return fmt.Errorf("fabric %s: %w", args[0], err)
				}
				return a.print(map[string]any{"name": args[0], "locations": names}, func(w io.Writer) {
					fmt.Fprintf(w, "fabric %s lives in %s; selvedge status --fabric %s shows how far they are\n", args[0], strings.Join(names, ", "), args[0])
				})
			}
			list, err := c.DescribeFabrics(cmd.Context())
			if err != nil {
				return fmt.Errorf("fabric %s: %w", args[0], err)
			}
			for _, f := range list {
				if f.Name == args[0] {
					return a.print(f, func(w io.Writer) { fmt.Fprintln(w, whereText(f)) })
				}
			}
			return advise(fmt.Errorf("there is no fabric %q at %s", args[0], c.URL()), "selvedge fabric list lists what there is")
		},
	})
}
