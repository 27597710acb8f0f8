package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/selvedge-db/selvedge/client"
)

func (a *app) changesCommand() *cobra.Command {
	var since string
	var limit int
	c := a.withClientFlags(&cobra.Command{
		Use:   "changes [COLLECTION]",
		Short: "Follow what changes in a fabric",
		Long: "Follow what changes in a fabric, or in one collection of it, at the location at --url: a line for each change, until it\n" +
			"is interrupted or --limit is reached. A broken connection is made anew without missing anything. With --output json\n" +
			"each transaction is one object in a line, with the token behind it, which --since takes.",
		Example: "  selvedge changes places --since start --limit 10\n  selvedge changes --since start --limit 1 --output json\n  selvedge changes",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if limit < 0 {
				return usagef("--limit %d: want zero or more", limit)
			}
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			collection := strings.Join(args, "")
			if collection != "" { // a feed of nothing would only be silent
				if _, err := c.Collection(cmd.Context(), collection); err != nil {
					return fmt.Errorf("changes of %s: %w", collection, err)
				}
			}
			if err := a.follow(cmd.Context(), c, client.FeedConfig{Collection: collection, Since: since}, limit); err != nil {
				return fmt.Errorf("changes: %w", err)
			}
			return nil
		},
	})
	c.Flags().StringVar(&since, "since", client.FromNow, "where to begin: start, now, or the token of a transaction")
	c.Flags().IntVar(&limit, "limit", 0, "end after so many transactions; 0 for no end")
	return c
}

// toldTransaction is a transaction as json and yaml show it.
type toldTransaction struct {
	Token       string              `json:"token"`
	Transaction client.Text         `json:"transaction"`
	Changes     []client.FeedChange `json:"changes"`
}

func (a *app) follow(ctx context.Context, c *client.Client, cfg client.FeedConfig, limit int) error {
	if err := c.Ready(ctx); err != nil { // a feed tries for ever; that there is nobody at all is told at once
		var unreachable *client.UnreachableError
		if errors.As(err, &unreachable) {
			return err
		}
	}
	feed := c.Changes(cfg)
	defer func() { _ = feed.Close() }()
	for n := 0; limit == 0 || n < limit; n++ {
		message, err := feed.Next(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if client.StatusOf(err) == 410 {
			return advise(err, "the place is older than what the location keeps: selvedge export COLLECTION reads the documents, then --since now")
		}
		if err != nil {
			return err
		}
		if err := a.tell(message); err != nil {
			return err
		}
	}
	return nil
}

// tell shows one transaction.
func (a *app) tell(m client.Message) error {
	if a.flags.output != outputTable {
		text, err := json.Marshal(toldTransaction{m.Token, m.Transaction, m.Changes})
		if err != nil {
			return fmt.Errorf("change: %w", err)
		}
		if a.flags.output == outputYAML {
			fmt.Fprintln(a.out, "---")
			return a.printJSON(text)
		}
		_, err = fmt.Fprintf(a.data(), "%s\n", text)
		return err
	}
	for _, ch := range m.Changes {
		what := ch.Collection + "/" + ch.Key
		switch ch.Type {
		case "drop":
			what = ch.Collection
		case "points":
			what = fmt.Sprintf("%s: %d points", ch.Collection, ch.Count)
		}
		cells := plain([]string{fmt.Sprintf("%-7s", ch.Type), string(ch.Origin), what, short(oneLine(string(ch.Document)), 160)})
		if _, err := fmt.Fprintln(a.out, strings.TrimRight(strings.Join(cells, "  "), " ")); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) conflictsCommand() *cobra.Command {
	var since string
	var limit int
	c := a.withClientFlags(&cobra.Command{
		Use:   "conflicts [COLLECTION]",
		Short: "List values that lost against concurrent ones",
		Long: "List values that lost against concurrent ones, with the value that was kept and the one that was lost. Where a page\n" +
			"ends, the command says how to get the next one.",
		Example: "  selvedge conflicts\n  selvedge conflicts places --limit 20 --output json",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if limit < 1 {
				return usagef("--limit %d: want one or more", limit)
			}
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			list, next, err := c.Conflicts(cmd.Context(), strings.Join(args, ""), since, limit)
			if err != nil {
				return fmt.Errorf("conflicts: %w", err)
			}
			if list == nil {
				list = []client.Conflict{}
			}
			return a.print(map[string]any{"conflicts": list, "next": next}, func(w io.Writer) { writeConflicts(w, list, next) })
		},
	})
	c.Flags().StringVar(&since, "since", "", "the place at which the page before ended")
	c.Flags().IntVar(&limit, "limit", 100, "conflicts on a page")
	return c
}

func writeConflicts(w io.Writer, list []client.Conflict, next string) {
	if len(list) == 0 {
		fmt.Fprintln(w, "no conflicts")
		return
	}
	t := &table{head: []string{"DOCUMENT", "FIELD", "KEPT", "FROM", "LOST", "FROM", "WHY", "FOUND"}}
	for _, x := range list {
		t.add(x.Collection+"/"+x.Key, x.Path, short(sideText(x.Kept), 40), x.Kept.Location, short(sideText(x.Lost), 40), x.Lost.Location, x.Reason, whenText(x.At))
	}
	t.print(w)
	if next != "" {
		fmt.Fprintf(w, "there may be more: --since %s\n", next)
	}
}

func sideText(s client.ConflictSide) string {
	if len(s.Value) == 0 {
		return "(removed)"
	}
	return oneLine(string(s.Value))
}

// whenText is a time in Unix milliseconds as people write it.
func whenText(at client.Text) string {
	ms, err := strconv.ParseInt(string(at), 10, 64)
	if err != nil {
		return string(at)
	}
	return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05Z")
}

func (a *app) eventsCommand() *cobra.Command {
	var limit int
	var since int64
	c := a.withClientFlags(&cobra.Command{
		Use:   "events",
		Short: "List notable events: joins, cuts, clock trouble",
		Long: "List notable events of the location at --url, the newest last: locations that joined or left, links that were cut or\n" +
			"healed, trouble with clocks and disks. A location keeps the last thousand.",
		Example: "  selvedge events\n  selvedge events --limit 20 --output json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 1 || since < 0 {
				return usagef("want --limit of one or more, and --since of zero or more")
			}
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			list, err := lastEvents(cmd.Context(), c, since, limit)
			if err != nil {
				return fmt.Errorf("events: %w", err)
			}
			return a.print(list, func(w io.Writer) {
				if len(list) == 0 {
					fmt.Fprintln(w, "no notable events")
					return
				}
				t := &table{head: []string{"TIME", "LEVEL", "KIND", "LOCATION", "EVENT"}}
				for _, e := range list {
					t.add(whenText(e.At), e.Level, e.Kind, e.Location, e.Text)
				}
				t.print(w)
			})
		},
	})
	c.Flags().IntVar(&limit, "limit", 100, "how many, the newest")
	c.Flags().Int64Var(&since, "since", 0, "only those behind the event of this number")
	return c
}

// eventPage is how many events are asked for at once.
const eventPage = 1000

// lastEvents reads to the end and keeps the newest.
func lastEvents(ctx context.Context, c *client.Client, since int64, limit int) ([]client.Notable, error) {
	all := []client.Notable{}
	for {
		list, next, err := c.Events(ctx, since, eventPage)
		if err != nil {
			return nil, err
		}
		if all = append(all, list...); len(all) > limit {
			all = all[len(all)-limit:]
		}
		if len(list) == 0 || next <= since {
			return all, nil
		}
		since = next
	}
}

func (a *app) metricsCommand() *cobra.Command {
	var filter string
	c := a.withClientFlags(&cobra.Command{
		Use:   "metrics",
		Short: "Print what a location measures",
		Long: "Print what the location at --url measures, in the text form that monitoring reads; with --output json or yaml as a\n" +
			"list of names, labels and values. docs/reference/metrics.md says what they mean.",
		Example: "  selvedge metrics --filter selvedge_fabric\n  selvedge metrics --filter selvedge_store --output json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			text, err := c.Metrics(cmd.Context())
			if err != nil {
				return fmt.Errorf("metrics: %w", err)
			}
			lines := metricLines(string(text), filter)
			return a.print(samples(lines), func(w io.Writer) {
				for _, line := range lines {
					fmt.Fprintln(w, line)
				}
			})
		},
	})
	c.Flags().StringVar(&filter, "filter", "", "only those whose name begins so")
	return c
}

// metricLines are the lines of metrics, with their comments, whose names begin so.
func metricLines(text, filter string) (out []string) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		name := line
		for _, comment := range []string{"# HELP ", "# TYPE "} {
			name = strings.TrimPrefix(name, comment)
		}
		if line != "" && strings.HasPrefix(name, filter) {
			out = append(out, line)
		}
	}
	return out
}

// sample is one measured value.
type sample struct {
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels"`
	Value  string            `json:"value"` // as text, since it can be NaN
}

func samples(lines []string) []sample {
	out := []sample{}
	for _, line := range lines {
		if strings.HasPrefix(line, "#") {
			continue
		}
		at := strings.LastIndexByte(line, ' ')
		if at < 0 {
			continue
		}
		s := sample{Name: line[:at], Labels: map[string]string{}, Value: line[at+1:]}
		if name, labels, found := strings.Cut(line[:at], "{"); found {
			s.Name = name
			for _, pair := range strings.Split(strings.TrimSuffix(labels, "}"), `",`) {
				if name, value, found := strings.Cut(pair, `="`); found {
					s.Labels[name] = strings.TrimSuffix(value, `"`)
				}
			}
		}
		out = append(out, s)
	}
	return out
}
