package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/selvedge-db/selvedge/client"
)

func (a *app) statusCommand() *cobra.Command {
	var watch, wait, allLinks bool
	var every, timeout time.Duration
	c := a.withClientFlags(&cobra.Command{
		Use:   "status",
		Short: "Show the locations of a fabric, their links and how far behind they are",
		Long: "Show the locations of a fabric as one of them sees it: state, clock, and what each link still has to bring. Lag is\n" +
			"what the one location has committed and the other has not yet made durable.\n\n" +
			"With --wait it asks all the locations, and shows the state when each of them has what any had committed at the\n" +
			"beginning; when that takes longer than --timeout, it fails and says who lacks what. The word that something has\n" +
			"arrived takes its time to come back, so the lags that it then shows need not be zero.",
		Example: "  selvedge status\n  selvedge status --watch --all-links\n  selvedge status --wait --timeout 5s\n  selvedge status --output json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if every < 100*time.Millisecond {
				return usagef("--every %s: want at least 100ms", every)
			}
			if wait && (watch || timeout <= 0) {
				return usagef("--wait does without --watch, and needs a --timeout above zero")
			}
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			if wait {
				if err := waitForAll(cmd.Context(), c, timeout); err != nil {
					return fmt.Errorf("status --wait: %w", err)
				}
			}
			if watch {
				return a.watchStatus(cmd.Context(), c, every, allLinks)
			}
			mesh, err := c.Mesh(cmd.Context())
			if err != nil {
				return fmt.Errorf("status: %w", err)
			}
			return a.print(mesh, func(w io.Writer) { writeStatus(w, mesh, allLinks) })
		},
	})
	c.Flags().BoolVar(&watch, "watch", false, "show again and again until interrupted")
	c.Flags().BoolVar(&wait, "wait", false, "first wait until every location has what any had committed when the command began")
	c.Flags().DurationVar(&timeout, "timeout", 30*time.Second, "how long --wait may take")
	c.Flags().DurationVar(&every, "every", time.Second, "pause between two looks of --watch")
	c.Flags().BoolVar(&allLinks, "all-links", false, "all links, also where there are many")
	return c
}

// watchStatus draws on a terminal in place, elsewhere one after the other. A
// location that does not answer is shown as such; it may come back.
func (a *app) watchStatus(ctx context.Context, c *client.Client, every time.Duration, allLinks bool) error {
	place := isTerminal(a.out)
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		mesh, err := c.Mesh(ctx)
		var unreachable *client.UnreachableError
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.As(err, &unreachable):
			mesh = client.Mesh{}
		case err != nil:
			return fmt.Errorf("status: %w", err)
		}
		var b bytes.Buffer
		if place {
			b.WriteString("\x1b[H\x1b[J") // home, clear to the end
		}
		if unreachable != nil {
			fmt.Fprintln(&b, unreachable)
		} else if a.flags.output != outputTable {
			if err := a.print(mesh, nil); err != nil {
				return err
			}
		} else {
			writeStatus(&b, mesh, allLinks)
		}
		if !place {
			b.WriteByte('\n')
		}
		if _, err := a.out.Write(b.Bytes()); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// fewLinks are shown all; of more only those that tell something.
const fewLinks = 12

func writeStatus(w io.Writer, mesh client.Mesh, allLinks bool) {
	fmt.Fprintf(w, "seen from %s, watermark %s\n\n", mesh.Location, mesh.Watermark)
	locations := &table{head: []string{"LOCATION", "STATE", "URL", "CLOCK", "RTT", "BEHIND US", "WE ARE BEHIND"}}
	for _, l := range mesh.Locations {
		rtt, out, in := "-", "-", "-"
		for _, link := range mesh.Links {
			if link.From == mesh.Location && link.To == l.Name {
				rtt, out = milliseconds(link.RTTMs), lagText(link)
			}
			if link.To == mesh.Location && link.From == l.Name {
				in = lagText(link)
			}
		}
		locations.add(l.Name, l.State, l.URL, signedMilliseconds(l.ClockOffsetMs), rtt, out, in)
	}
	locations.print(w)
	links := slices.Clone(mesh.Links)
	if len(links) > fewLinks && !allLinks {
		links = slices.DeleteFunc(links, func(l client.Link) bool { return l.State == "up" && l.Lag.Entries == 0 })
	}
	switch {
	case len(mesh.Links) == 0:
		fmt.Fprintln(w, "\nthere are no other locations")
		return
	case len(links) == 0:
		fmt.Fprintf(w, "\nall %d links are up and nothing is under way\n", len(mesh.Links))
		return
	}
	slices.SortFunc(links, func(a, b client.Link) int {
		return strings.Compare(a.From+"\x00"+a.To, b.From+"\x00"+b.To)
	})
	fmt.Fprintln(w)
	t := &table{head: []string{"FROM", "TO", "STATE", "ONE WAY", "RTT", "ENTRIES", "BYTES", "LAG"}}
	for _, l := range links {
		t.add(l.From, l.To, l.State, milliseconds(l.OneWayMs), milliseconds(l.RTTMs),
			fmt.Sprint(l.Lag.Entries), fmt.Sprint(l.Lag.Bytes), milliseconds(l.Lag.Ms))
	}
	t.print(w)
	switch hidden := len(mesh.Links) - len(links); {
	case hidden == 1:
		fmt.Fprintln(w, "one more link is up with nothing under way (--all-links shows it)")
	case hidden > 1:
		fmt.Fprintf(w, "%d more links are up with nothing under way (--all-links shows them)\n", hidden)
	}
}

func lagText(l client.Link) string {
	if l.State != "up" {
		return fmt.Sprintf("%s, %s", entries(l.Lag.Entries), l.State)
	}
	if l.Lag.Entries == 0 {
		return "0"
	}
	return fmt.Sprintf("%s, %s", entries(l.Lag.Entries), milliseconds(l.Lag.Ms))
}

func entries(n int64) string {
	if n == 1 {
		return "1 entry"
	}
	return fmt.Sprintf("%d entries", n)
}

func milliseconds(ms float64) string {
	if ms >= 10_000 {
		return fmt.Sprintf("%.1f s", ms/1000)
	}
	if ms >= 10 || ms == 0 {
		return fmt.Sprintf("%.0f ms", ms)
	}
	return fmt.Sprintf("%.1f ms", ms)
}

func signedMilliseconds(ms float64) string {
	if ms >= 0 {
		return "+" + milliseconds(ms)
	}
	return "-" + milliseconds(-ms)
}
