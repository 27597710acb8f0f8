package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/selvedge-db/selvedge/client"
)

func (a *app) graphCommand() *cobra.Command {
	return holding("graph", "List, show, make and drop named graphs",
		"  selvedge graph create network --edges flights=airports:airports\n  selvedge graph list\n  selvedge graph show network",
		a.graphListCommand(), a.graphShowCommand(), a.graphCreateCommand(), a.graphDropCommand())
}

func (a *app) graphListCommand() *cobra.Command {
	return a.withClientFlags(&cobra.Command{
		Use:     "list",
		Short:   "List the named graphs of a fabric",
		Example: "  selvedge graph list\n  selvedge graph list --output json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			list, err := c.Graphs(cmd.Context())
			if err != nil {
				return fmt.Errorf("graphs: %w", err)
			}
			return a.print(list, func(w io.Writer) {
				t := &table{head: []string{"GRAPH", "EDGES", "OTHER VERTICES"}}
				for _, g := range list {
					t.add(g.Name, strings.Join(each(g.Edges, definitionText), "; "), strings.Join(g.Orphans, ", "))
				}
				t.print(w)
			})
		},
	})
}

func definitionText(d client.EdgeDefinition) string {
	return d.Collection + ": " + strings.Join(d.From, ", ") + " -> " + strings.Join(d.To, ", ")
}

func (a *app) graphShowCommand() *cobra.Command {
	return a.withClientFlags(&cobra.Command{
		Use:     "show GRAPH",
		Short:   "Show which edges join which vertices",
		Example: "  selvedge graph show network\n  selvedge graph show network --output yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			g, err := c.Graph(cmd.Context(), args[0])
			if err != nil {
				return fmt.Errorf("graph %s: %w", args[0], err)
			}
			return a.print(g, func(w io.Writer) {
				t := &table{head: []string{"EDGES", "FROM", "TO"}}
				for _, d := range g.Edges {
					t.add(d.Collection, strings.Join(d.From, ", "), strings.Join(d.To, ", "))
				}
				t.print(w)
				if len(g.Orphans) > 0 {
					fmt.Fprintf(w, "vertices without edges: %s\n", strings.Join(plain(g.Orphans), ", "))
				}
			})
		},
	})
}

func (a *app) graphCreateCommand() *cobra.Command {
	var edges, vertices []string
	c := a.withClientFlags(&cobra.Command{
		Use:   "create GRAPH --edges EDGES=FROM:TO",
		Short: "Name a graph",
		Long: "Name a graph: which collections of edges join which collections of vertices. Several stand behind each other with a\n" +
			"plus sign. Collections that are missing are made.",
		Example: "  selvedge graph create network --edges flights=airports:airports\n" +
			"  selvedge graph create trade --edges sells=shops+people:goods --edges knows=people:people --vertices towns",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			g := client.Graph{Name: args[0], Orphans: vertices}
			for _, text := range edges {
				collection, rest, named := strings.Cut(text, "=")
				from, to, both := strings.Cut(rest, ":")
				if !named || !both || collection == "" || from == "" || to == "" {
					return usagef("--edges %q: want EDGES=FROM:TO, for example flights=airports:airports", text)
				}
				g.Edges = append(g.Edges, client.EdgeDefinition{Collection: collection, From: strings.Split(from, "+"), To: strings.Split(to, "+")})
			}
			if len(g.Edges) == 0 {
				return usagef("--edges is missing: want EDGES=FROM:TO, for example flights=airports:airports")
			}
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			made, err := c.CreateGraph(cmd.Context(), g)
			if err != nil {
				return fmt.Errorf("graph %s: %w", args[0], err)
			}
			return a.print(made, func(w io.Writer) { fmt.Fprintf(w, "graph %s is made\n", made.Name) })
		},
	})
	c.Flags().StringArrayVar(&edges, "edges", nil, "edges and what they join, EDGES=FROM:TO (compulsory, may be repeated)")
	c.Flags().StringSliceVar(&vertices, "vertices", nil, "collections of vertices without edges")
	return c
}

func (a *app) graphDropCommand() *cobra.Command {
	var withCollections bool
	c := a.withClientFlags(&cobra.Command{
		Use:     "drop GRAPH",
		Short:   "Forget a named graph; its documents stay",
		Example: "  selvedge graph drop network\n  selvedge graph drop trade --collections",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			if err := c.DropGraph(cmd.Context(), args[0], withCollections); err != nil {
				return fmt.Errorf("graph %s: %w", args[0], err)
			}
			return a.done(map[string]any{"dropped": args[0], "collections": withCollections}, "graph %s is dropped", args[0])
		},
	})
	c.Flags().BoolVar(&withCollections, "collections", false, "drop its collections too, where no other graph names them")
	return c
}

func (a *app) workerCommand() *cobra.Command {
	c := holding("worker", "List, save, run and delete query workers (saved queries)",
		"  selvedge worker save by-country 'FOR a IN airports FILTER a.country == @c RETURN a.name' --default c=Iceland\n  selvedge worker run by-country --bind c=Iceland",
		a.workerListCommand(), a.workerShowCommand(), a.workerSaveCommand(), a.workerRunCommand(), a.workerDeleteCommand())
	c.Long = "List, save, run and delete query workers: queries under a name, with defaults for their parameters, at every location\nof the fabric."
	return c
}

func (a *app) workerListCommand() *cobra.Command {
	return a.withClientFlags(&cobra.Command{
		Use:     "list",
		Short:   "List the saved queries of a fabric",
		Example: "  selvedge worker list\n  selvedge worker list --output json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			list, err := c.Workers(cmd.Context())
			if err != nil {
				return fmt.Errorf("workers: %w", err)
			}
			return a.print(list, func(w io.Writer) {
				t := &table{head: []string{"WORKER", "DEFAULTS", "QUERY"}}
				for _, x := range list {
					t.add(x.Name, string(x.Parameter), short(oneLine(x.Text), 80))
				}
				t.print(w)
			})
		},
	})
}

func (a *app) workerShowCommand() *cobra.Command {
	return a.withClientFlags(&cobra.Command{
		Use:     "show WORKER",
		Short:   "Show the text of a saved query",
		Example: "  selvedge worker show by-country",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			found, err := c.Worker(cmd.Context(), args[0])
			if err != nil {
				return fmt.Errorf("worker %s: %w", args[0], err)
			}
			return a.print(found, func(w io.Writer) {
				fmt.Fprintln(w, strings.Join(plain(strings.Split(found.Text, "\n")), "\n"))
				if len(found.Parameter) > 0 {
					fmt.Fprintf(w, "// defaults %s\n", found.Parameter)
				}
			})
		},
	})
}

func (a *app) workerSaveCommand() *cobra.Command {
	var defaults []string
	var file string
	var replace bool
	c := a.withClientFlags(&cobra.Command{
		Use:   "save WORKER [QUERY]",
		Short: "Save a query under a name",
		Long:  "Save a query under a name: the argument, the text of --file, or what comes on the standard input.",
		Example: "  selvedge worker save by-country 'FOR a IN airports FILTER a.country == @c RETURN a.name' --default c=Iceland\n" +
			"  selvedge worker save report --file report.c8ql --replace",
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 2 && file != "" {
				return usagef("the query is given twice: as an argument and by --file")
			}
			w := client.QueryWorker{Name: args[0]}
			bind, err := parseBind(defaults)
			if err != nil {
				return err
			}
			if len(bind) > 0 {
				if w.Parameter, err = json.Marshal(bind); err != nil {
					return fmt.Errorf("defaults: %w", err)
				}
			}
			if len(args) == 2 {
				w.Text = args[1]
			} else if w.Text, err = a.readQuery(file); err != nil {
				return err
			}
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			saved, err := saveWorker(cmd, c, w, replace)
			if err != nil {
				return fmt.Errorf("worker %s: %w", w.Name, err)
			}
			return a.print(saved, func(out io.Writer) {
				fmt.Fprintf(out, "worker %s is saved; selvedge worker run %s%s runs it\n", w.Name, w.Name, a.inFabric("worker"))
			})
		},
	})
	c.Flags().StringVar(&file, "file", "", "file with the query, - for the standard input")
	c.Flags().StringArrayVar(&defaults, "default", nil, "default of a parameter, NAME=JSON; what is not JSON is a string")
	c.Flags().BoolVar(&replace, "replace", false, "replace the query that has the name already")
	return c
}

func saveWorker(cmd *cobra.Command, c *client.Client, w client.QueryWorker, replace bool) (client.QueryWorker, error) {
	saved, err := c.SaveWorker(cmd.Context(), w)
	var refusal *client.Error
	if !errors.As(err, &refusal) || refusal.ErrorNum != client.NumDuplicateName {
		return saved, err
	}
	if replace {
		return c.ChangeWorker(cmd.Context(), w)
	}
	return saved, advise(err, "--replace gives it the new text")
}

func (a *app) workerRunCommand() *cobra.Command {
	var f queryFlags
	c := a.withRowForms(a.withClientFlags(&cobra.Command{
		Use:     "run WORKER",
		Short:   "Run a saved query and print its rows",
		Example: "  selvedge worker run by-country --bind c=Iceland\n  selvedge worker run by-country --output csv",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			bind, err := parseBind(f.bind)
			if err != nil {
				return err
			}
			c, err := a.connect(false)
			if err != nil {
				return err
			}
			text := ""
			if form := a.flags.output; (form == outputTable || form == outputCSV) && len(f.columns) == 0 { // for the order of columns
				saved, err := c.Worker(cmd.Context(), args[0])
				if err != nil {
					return fmt.Errorf("worker %s: %w", args[0], err)
				}
				text = saved.Text
			}
			began := time.Now()
			rows, err := c.RunWorker(cmd.Context(), args[0], bind, f.batch)
			if err != nil {
				return fmt.Errorf("worker %s: %w", args[0], err)
			}
			return a.showRows(cmd.Context(), rows, text, &f, began)
		},
	}))
	c.Flags().StringArrayVar(&f.bind, "bind", nil, "value of a parameter, NAME=JSON; what is not JSON is a string")
	c.Flags().StringSliceVar(&f.columns, "columns", nil, "columns of a table and of CSV, in this order")
	c.Flags().IntVar(&f.batch, "batch", 0, "rows in one answer of the server")
	c.Flags().BoolVar(&f.timing, "timing", false, "tell how long it took and what was read")
	return c
}

func (a *app) workerDeleteCommand() *cobra.Command {
	return a.withClientFlags(&cobra.Command{
		Use:     "delete WORKER",
		Short:   "Forget a saved query",
		Example: "  selvedge worker delete by-country",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			if err := c.RemoveWorker(cmd.Context(), args[0]); err != nil {
				return fmt.Errorf("worker %s: %w", args[0], err)
			}
			return a.done(map[string]any{"deleted": args[0]}, "worker %s is deleted", args[0])
		},
	})
}
