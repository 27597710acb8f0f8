package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/selvedge-db/selvedge/client"
	"github.com/selvedge-db/selvedge/cmd/selvedge/progress"
	"github.com/selvedge-db/selvedge/cmd/selvedge/top"
)

func (a *app) statusCommand() *cobra.Command {
	var watch, wait, allLinks bool
	var every, timeout time.Duration
	c := a.withClientFlags(&cobra.Command{
		Use:   "status",
		Short: "Show the locations of a fabric, their links and how far behind they are",
		Long: "Show the locations of a fabric as one of them sees it: state, clock, and what each link still has to bring. Lag is\n" +
			"what the one location has committed and the other has not yet made durable.\n\n" +
			"With --wait it asks all the locations, says when each of them has what any had committed at the beginning, and shows\n" +
			"the state then; when that takes longer than --timeout, it fails and says who lacks what. The word that something\n" +
			"has arrived takes its time to come back, so the lags that it then shows need not be zero.",
		Example: "  selvedge status\n  selvedge status --watch --all-links\n  selvedge status --wait --timeout 1m\n  selvedge status --output json",
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
				began := time.Now()
				names, err := waitForAll(cmd.Context(), c, timeout)
				if err != nil {
					return fmt.Errorf("status --wait: %w", err)
				}
				if a.flags.output == outputTable {
					fmt.Fprintf(a.out, "%s: each has what any of them had committed when the command began; that took %s\n"+
						"the word of it may still be on its way back, so lags below may be above zero\n\n",
						strings.Join(names, ", "), milliseconds(float64(time.Since(began).Microseconds())/1000))
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
	place := progress.IsTerminal(a.out)
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
		locations.add(l.Name, stateText(mesh, l), l.URL, signedMilliseconds(l.ClockOffsetMs), rtt, out, in)
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
	linkTable(links).print(w)
	switch hidden := len(mesh.Links) - len(links); {
	case hidden == 1:
		fmt.Fprintln(w, "one more link is up with nothing under way (--all-links shows it)")
	case hidden > 1:
		fmt.Fprintf(w, "%d more links are up with nothing under way (--all-links shows them)\n", hidden)
	}
}

// stateText is the state of a location in words: one that is not heard of because its link is cut is not called down.
func stateText(mesh client.Mesh, l client.MeshLocation) string {
	cut := func(k client.Link) bool {
		return k.State == "cut" && (k.From == mesh.Location && k.To == l.Name || k.From == l.Name && k.To == mesh.Location)
	}
	if l.State == "down" && slices.ContainsFunc(mesh.Links, cut) {
		return "cut off"
	}
	return l.State
}

func linkTable(links []client.Link) *table {
	t := &table{head: []string{"FROM", "TO", "STATE", "ONE WAY", "RTT", "ENTRIES", "BYTES", "LAG"}}
	for _, l := range links {
		t.add(l.From, l.To, l.State, milliseconds(l.OneWayMs), milliseconds(l.RTTMs),
			fmt.Sprint(l.Lag.Entries), fmt.Sprint(l.Lag.Bytes), milliseconds(l.Lag.Ms))
	}
	return t
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

// lookEvery is the pause between two questions of --wait.
const lookEvery = 25 * time.Millisecond

// late says what had not come when the time was over.
type late string

func (l late) Error() string        { return string(l) }
func (l late) Is(target error) bool { return target == context.DeadlineExceeded }

// waited is a location that --wait asks, and what it had seen at its last
// answer.
type waited struct {
	name   string
	client *client.Client
	vector map[string]client.Text
}

// waitForAll returns when every location of the fabric has what any of them
// had committed when the call began, and names them. What is committed
// meanwhile is nobody's concern, so a busy fabric does not hold it up.
func waitForAll(ctx context.Context, c *client.Client, patience time.Duration) (names []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	defer func() { // whatever took too long
		if errors.Is(err, context.DeadlineExceeded) {
			err = advise(fmt.Errorf("after %s %w", patience, err), "selvedge link list shows what stands between the locations; --timeout gives it longer")
		}
	}()
	all, err := allLocations(ctx, c)
	if err != nil {
		return nil, err
	}
	target := map[string]client.Text{}
	for i := range all {
		names = append(names, all[i].name)
		if err := all[i].look(ctx); err != nil {
			return nil, err
		}
		for origin, t := range all[i].vector {
			if later(t, target[origin]) {
				target[origin] = t
			}
		}
	}
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		behind, err := lookAgain(ctx, all, target)
		if err == nil && behind == "" {
			return names, nil
		}
		if err == nil {
			select {
			case <-ticker.C:
				continue
			case <-ctx.Done():
				err = ctx.Err()
			}
		}
		if errors.Is(err, context.DeadlineExceeded) && behind != "" {
			err = late(behind)
		}
		return nil, err
	}
}

// allLocations lists the members of the fabric. The address of one that has
// just joined takes its time to come.
func allLocations(ctx context.Context, c *client.Client) ([]waited, error) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		mesh, err := c.Mesh(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			return nil, late(c.URL() + " has not answered")
		}
		if err != nil {
			return nil, err
		}
		all, unknown, err := membersOf(mesh, c)
		if err != nil || unknown == "" {
			return all, err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return nil, late(fmt.Sprintf("%s does not know the address of %s", mesh.Location, unknown))
			}
			return nil, ctx.Err()
		}
	}
}

func membersOf(mesh client.Mesh, c *client.Client) (all []waited, unknown string, err error) {
	for _, l := range mesh.Locations {
		w := waited{name: l.Name, client: c}
		switch {
		case l.State == "evicting":
			continue
		case l.Name == mesh.Location:
		case l.URL == "":
			return nil, l.Name, nil
		default:
			if w.client, err = c.At(l.URL); err != nil {
				return nil, "", fmt.Errorf("location %s: %w", l.Name, err)
			}
		}
		all = append(all, w)
	}
	return all, "", nil
}

func (w *waited) look(ctx context.Context) error {
	mesh, err := w.client.Mesh(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return late("location " + w.name + " has not answered")
	}
	if err != nil {
		return fmt.Errorf("location %s: %w", w.name, err)
	}
	w.vector = mesh.Vector
	return nil
}

// lookAgain asks those that are behind the target, and says who still is. A
// name that nobody's vector has any more was another one for the same origin.
func lookAgain(ctx context.Context, all []waited, target map[string]client.Text) (behind string, err error) {
	known := map[string]bool{}
	for i := range all {
		if !reached(all[i].vector, target) {
			if lookErr := all[i].look(ctx); lookErr != nil && err == nil {
				err = lookErr
			}
		}
		for origin := range all[i].vector {
			known[origin] = true
		}
	}
	var texts []string
	for i := range all {
		var lacks []string
		for origin, t := range target {
			if known[origin] && later(t, all[i].vector[origin]) {
				lacks = append(lacks, origin)
			}
		}
		if slices.Sort(lacks); len(lacks) > 0 {
			texts = append(texts, fmt.Sprintf("%s lacks entries of %s", all[i].name, strings.Join(lacks, ", ")))
		}
	}
	return strings.Join(texts, "; "), err
}

func reached(vector, target map[string]client.Text) bool {
	for origin, t := range target {
		if later(t, vector[origin]) {
			return false
		}
	}
	return true
}

// later compares times, which are unsigned numbers written with digits of one
// kind.
func later(a, b client.Text) bool {
	if len(a) != len(b) {
		return len(a) > len(b)
	}
	return a > b
}

func (a *app) topCommand() *cobra.Command {
	var once bool
	c := a.withClientFlags(&cobra.Command{
		Use:   "top",
		Short: "Watch a planet at work, on the whole screen",
		Long: "Watch a fabric's locations with their lag and their rates, links in trouble (not up, or later than their delay\n" +
			"explains), the collections that change most (by the change of their counts: changes of documents that stay are not\n" +
			"seen), and queries that run or took long, which can be ended. The key ? lists the others. --once prints one state\n" +
			"and ends; it takes two seconds, to know the rates.",
		Example: "  selvedge top\n  selvedge top --once\n  selvedge top --once --fabric _system --output json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			if once {
				return a.topOnce(cmd.Context(), c)
			}
			in, isFile := a.in.(*os.File)
			out, shown := a.out.(*os.File)
			if !isFile || !shown || !term.IsTerminal(int(in.Fd())) || !term.IsTerminal(int(out.Fd())) {
				return advise(usagef("top needs a terminal"), "selvedge top --once prints one state")
			}
			if _, err := c.Mesh(cmd.Context()); err != nil { // told at once, and not on an empty screen
				return fmt.Errorf("top: %w", err)
			}
			return top.Run(cmd.Context(), &top.Source{Client: c}, in, out, a.environment)
		},
	})
	c.Flags().BoolVar(&once, "once", false, "print one state and end")
	return c
}

// topPatience is how long top --once waits for rates.
const topPatience = 5 * time.Second

func (a *app) topOnce(ctx context.Context, c *client.Client) error {
	if _, err := c.Mesh(ctx); err != nil {
		return fmt.Errorf("top: %w", err)
	}
	state, err := top.Once(ctx, &top.Source{Client: c}, topPatience)
	if err != nil {
		return fmt.Errorf("top: %w", err)
	}
	return a.print(state, func(w io.Writer) { writeTop(w, &state) })
}

// mostShown is how many lines top --once prints of what there can be much of.
const mostShown = 20

func writeTop(w io.Writer, s *top.State) {
	fmt.Fprintf(w, "seen from %s, fabric %s\n\n", s.Location, s.Fabric)
	t := &table{head: []string{"LOCATION", "STATE", "LAG", "BEHIND", "WRITES/S", "ARRIVALS/S", "SENT/S", "CLOCK"}}
	for _, l := range s.Locations {
		t.add(l.Name, l.State, milliseconds(l.LagMs), fmt.Sprint(l.BehindEntries), top.Rate(l.Writes), top.Rate(l.Arrivals), top.Rate(l.Sent), signedMilliseconds(l.ClockOffsetMs))
	}
	t.print(w)
	fmt.Fprintf(w, "\nlinks, both directions as one: %d up, %d in trouble\n", s.Pairs.Up, s.Pairs.InTrouble)
	if len(s.Links) > 0 {
		t = &table{head: []string{"FROM", "TO", "STATE", "ENTRIES", "BYTES", "LAG", "ARRIVING/S"}}
		for _, l := range s.Links[:min(len(s.Links), mostShown)] {
			t.add(l.From, l.To, l.State, fmt.Sprint(l.Entries), fmt.Sprint(l.Bytes), milliseconds(l.LagMs), top.Rate(l.Rate))
		}
		t.print(w)
	}
	fmt.Fprintln(w, "\ncollections, by change of their counts")
	t = &table{head: []string{"COLLECTION", "TYPE", "DOCUMENTS", "CHANGE/S"}}
	for _, c := range s.Collections[:min(len(s.Collections), mostShown)] {
		t.add(c.Name, c.Type, fmt.Sprint(c.Documents), top.Rate(c.Change))
	}
	t.print(w)
	fmt.Fprintln(w, "\nqueries that run, and that took long lately")
	t = &table{head: []string{"ID", "STATE", "SECONDS", "QUERY"}}
	for _, q := range s.Queries[:min(len(s.Queries), mostShown)] {
		t.add(q.ID, q.State, fmt.Sprintf("%.3f", q.Seconds), short(oneLine(q.Text), 100))
	}
	t.print(w)
	for _, p := range s.Problems {
		fmt.Fprintf(w, "\n%s\n", plain([]string{p})[0])
	}
}
