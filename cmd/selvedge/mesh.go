package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/selvedge-db/selvedge/client"
)

func (a *app) linkCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "link",
		Short:   "List links between locations; cut, slow and heal those of selvedge dev",
		Example: "  selvedge link list\n  selvedge link cut fra syd\n  selvedge link set fra tok --delay 500ms --loss 5\n  selvedge link heal --all",
		Args:    cobra.NoArgs,
		RunE:    help,
	}
	c.AddCommand(a.linkListCommand(), a.linkCutCommand(), a.linkHealCommand(), a.linkSetCommand())
	return c
}

func (a *app) linkListCommand() *cobra.Command {
	return a.withClientFlags(&cobra.Command{
		Use:     "list",
		Short:   "List the links between the locations of a fabric, with what they still have to bring",
		Example: "  selvedge link list\n  selvedge link list --output json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			mesh, err := c.Mesh(cmd.Context())
			if err != nil {
				return fmt.Errorf("links: %w", err)
			}
			if mesh.Links == nil {
				mesh.Links = []client.Link{}
			}
			return a.print(mesh.Links, func(w io.Writer) { linkTable(mesh.Links).print(w) })
		},
	})
}

func (a *app) linkSetCommand() *cobra.Command {
	var delay, jitter time.Duration
	var loss float64
	var oneWay bool
	c := a.withClientFlags(&cobra.Command{
		Use:   "set A [B]",
		Short: "Make links slower or worse",
		Long: "Make links slower or worse: between two locations, or between A and all others of the planet. --delay is of one direction.\n" +
			"What is not given stays. link heal --all makes everything as it was at first.",
		Example: "  selvedge link set fra syd --delay 500ms\n  selvedge link set fra syd --one-way --loss 10 --jitter 50ms",
		Args:    cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			change := client.LinkChange{}
			f := cmd.Flags()
			for name, set := range map[string]func(){
				"delay":  func() { change.OneWayMs = inMilliseconds(delay) },
				"jitter": func() { change.JitterMs = inMilliseconds(jitter) },
				"loss":   func() { change.LossPercent = &loss },
			} {
				if f.Changed(name) {
					set()
				}
			}
			if change == (client.LinkChange{}) {
				return usagef("want one of --delay, --jitter and --loss at least")
			}
			if delay < 0 || jitter < 0 || loss < 0 || loss > 100 {
				return usagef("want a --delay and --jitter of zero or more, and a --loss from 0 to 100")
			}
			return a.bendLinks(cmd.Context(), args, oneWay, change)
		},
	})
	c.Flags().DurationVar(&delay, "delay", 0, "how long a message travels, one way: 250ms")
	c.Flags().DurationVar(&jitter, "jitter", 0, "by how much that varies")
	c.Flags().Float64Var(&loss, "loss", 0, "how many messages of a hundred are lost at first")
	c.Flags().BoolVar(&oneWay, "one-way", false, "only from A to B")
	return c
}

func inMilliseconds(d time.Duration) *float64 {
	ms := float64(d.Microseconds()) / 1000
	return &ms
}

// connectPlanet makes the client for what belongs to the planet and to none of its fabrics. The one that flags and context
// ask for has not all locations, and may be gone.
func (a *app) connectPlanet() (*client.Client, error) {
	c, err := a.connect(true)
	if err != nil {
		return nil, err
	}
	return c.InFabric(client.SystemFabric), nil
}

func (a *app) bendLinks(ctx context.Context, names []string, oneWay bool, change client.LinkChange) error {
	c, err := a.connectPlanet()
	if err != nil {
		return err
	}
	links, err := linksOf(ctx, c, names, oneWay)
	if err != nil {
		return fmt.Errorf("link set: %w", err)
	}
	for _, l := range links {
		if err := c.SetLink(ctx, l.From, l.To, change); err != nil {
			return fmt.Errorf("link set %s %s: %w", l.From, l.To, err)
		}
	}
	return a.printLinks(links, "changed")
}

func (a *app) linkCutCommand() *cobra.Command {
	var oneWay bool
	c := a.withClientFlags(&cobra.Command{
		Use:     "cut A [B]",
		Short:   "Let nothing pass between two locations, or cut one off",
		Long:    "Let nothing pass between two locations, with --one-way nothing from A to B. Without B, between A and all others\nof the planet. Returns when it is so.",
		Example: "  selvedge link cut fra syd\n  selvedge link cut fra syd --one-way\n  selvedge link cut syd",
		Args:    cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.setLinks(cmd.Context(), "cut", args, oneWay)
		},
	})
	c.Flags().BoolVar(&oneWay, "one-way", false, "only from A to B")
	return c
}

func (a *app) linkHealCommand() *cobra.Command {
	var everything, oneWay bool
	c := a.withClientFlags(&cobra.Command{
		Use:     "heal [A [B]]",
		Short:   "Let messages pass again",
		Long:    "Let messages pass again between two locations, between A and all others of the planet, or everywhere (--all).\nReturns when it is so; catching up takes longer.",
		Example: "  selvedge link heal fra syd\n  selvedge link heal --all",
		Args: func(_ *cobra.Command, args []string) error {
			if (everything && len(args) != 0) || (!everything && len(args) != 1 && len(args) != 2) {
				return usagef("want one or two locations, or --all")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if everything {
				return a.healAll(cmd.Context())
			}
			return a.setLinks(cmd.Context(), "heal", args, oneWay)
		},
	})
	c.Flags().BoolVar(&everything, "all", false, "all links")
	c.Flags().BoolVar(&oneWay, "one-way", false, "only from A to B")
	return c
}

// linksOf lists the directions meant by one or two names.
func linksOf(ctx context.Context, c *client.Client, names []string, oneWay bool) ([]client.Link, error) {
	others := names[1:]
	mesh, err := c.Mesh(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if !slices.ContainsFunc(mesh.Locations, func(l client.MeshLocation) bool { return l.Name == name }) {
			return nil, noLocation(name, "on this planet", &mesh)
		}
	}
	if len(others) == 0 {
		for _, l := range mesh.Locations {
			if l.Name != names[0] {
				others = append(others, l.Name)
			}
		}
	}
	var links []client.Link
	for _, other := range others {
		links = append(links, client.Link{From: names[0], To: other})
		if !oneWay {
			links = append(links, client.Link{From: other, To: names[0]})
		}
	}
	return links, nil
}

// setLinks cuts or heals.
func (a *app) setLinks(ctx context.Context, action string, names []string, oneWay bool) error {
	c, err := a.connectPlanet()
	if err != nil {
		return err
	}
	links, err := linksOf(ctx, c, names, oneWay)
	if err != nil {
		return fmt.Errorf("link %s: %w", action, err)
	}
	set, state := c.HealLink, "up"
	if action == "cut" {
		set, state = c.CutLink, "cut"
	}
	for _, l := range links {
		if err := set(ctx, l.From, l.To); err != nil {
			return fmt.Errorf("link %s %s %s: %w", action, l.From, l.To, err)
		}
	}
	return a.printLinks(links, state)
}

// healAll heals everything, and tells what was cut.
func (a *app) healAll(ctx context.Context) error {
	c, err := a.connectPlanet()
	if err != nil {
		return err
	}
	mesh, err := c.Mesh(ctx)
	if err != nil {
		return fmt.Errorf("link heal: %w", err)
	}
	if err := c.HealAll(ctx); err != nil {
		return fmt.Errorf("link heal: %w", err)
	}
	cut := slices.DeleteFunc(mesh.Links, func(l client.Link) bool { return l.State != "cut" })
	return a.printLinks(cut, "up")
}

func (a *app) printLinks(links []client.Link, state string) error {
	changed := []map[string]string{}
	for _, l := range links {
		changed = append(changed, map[string]string{"from": l.From, "to": l.To, "state": state})
	}
	return a.print(changed, func(w io.Writer) {
		for _, l := range links {
			fmt.Fprintf(w, "%s -> %s: %s\n", l.From, l.To, state)
		}
		if len(links) == 0 {
			fmt.Fprintln(w, "no link is cut; all run as they did at first")
		}
	})
}

func (a *app) locationCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "location",
		Short:   "List and show locations, take one out of a fabric, move its anchor",
		Example: "  selvedge location list\n  selvedge location show syd\n  selvedge location evict syd --fabric shop\n  selvedge location leave --url http://127.0.0.1:8402 --fabric shop",
		Args:    cobra.NoArgs,
		RunE:    help,
	}
	c.AddCommand(a.locationListCommand(), a.locationShowCommand(), a.locationLimitsCommand(), a.locationEvictCommand(), a.locationLeaveCommand(), a.locationAnchorCommand())
	return c
}

func (a *app) locationAnchorCommand() *cobra.Command {
	var force bool
	c := a.withClientFlags(&cobra.Command{
		Use:   "anchor LOCATION",
		Short: "Let a location decide on a fabric's members from now on",
		Long: "Make a location the anchor of a fabric, which alone decides who joins it and who is closed out. The present anchor\n" +
			"commits that, so it must be reachable.\n\n" +
			"When it is gone for good, --force at the location that is to take over (--url) does without it, and location evict\n" +
			"then closes the old one out. It is your word that the old anchor has stopped and does not come back on its data: if\n" +
			"it is only cut off, both decide on members, and what one of them let in can be lost. Every fabric has an anchor of\n" +
			"its own; name it with --fabric.",
		Example: "  selvedge location anchor syd --fabric shop\n  selvedge location anchor syd --force --fabric shop --url http://127.0.0.1:8401",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			if err := c.SetAnchor(cmd.Context(), args[0], force); err != nil {
				return fmt.Errorf("anchor %s: %w", args[0], err)
			}
			return a.done(map[string]any{"anchor": args[0], "fabric": c.FabricName()}, "%s decides on the members of %s", args[0], c.FabricName())
		},
	})
	c.Flags().BoolVar(&force, "force", false, "the present anchor is gone for good: take over without it")
	return c
}

func (a *app) locationListCommand() *cobra.Command {
	return a.withClientFlags(&cobra.Command{
		Use:     "list",
		Short:   "List the locations of the planet",
		Example: "  selvedge location list --output yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			list, err := c.Locations(cmd.Context())
			if err != nil {
				return fmt.Errorf("locations: %w", err)
			}
			return a.print(list, func(w io.Writer) {
				t := &table{head: []string{"LOCATION", "CITY", "COUNTRY", "LATITUDE", "LONGITUDE", "HOST"}}
				for _, l := range list {
					t.add(l.Name, l.Location.City, l.Location.Country, fmt.Sprintf("%.2f", l.Location.Latitude),
						fmt.Sprintf("%.2f", l.Location.Longitude), l.Tags.URL)
				}
				t.print(w)
			})
		},
	})
}

func (a *app) locationShowCommand() *cobra.Command {
	return a.withClientFlags(&cobra.Command{
		Use:     "show [LOCATION]",
		Short:   "Show what a location knows of itself: health, clock, storage, peers, what it waits for",
		Long:    "Show what a location knows of itself: health, clock, storage, peers, and what it waits for. Without a name the one at\n--url; another one is asked at its own address.",
		Example: "  selvedge location show\n  selvedge location show syd --output json",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect(true)
			if err == nil && len(args) == 1 {
				c, err = atLocation(cmd.Context(), c, args[0])
			}
			if err != nil {
				return err
			}
			self, err := c.Self(cmd.Context())
			if err != nil {
				return fmt.Errorf("location: %w", err)
			}
			return a.print(self, func(w io.Writer) { writeSelf(w, &self) })
		},
	})
}

// atLocation is a client for another location of the fabric.
func atLocation(ctx context.Context, c *client.Client, name string) (*client.Client, error) {
	mesh, err := c.Mesh(ctx)
	if err != nil {
		return nil, fmt.Errorf("location %s: %w", name, err)
	}
	for _, l := range mesh.Locations {
		switch {
		case l.Name != name:
		case l.Name == mesh.Location:
			return c, nil
		case l.URL == "":
			return nil, fmt.Errorf("%s does not know the address of %s yet", mesh.Location, name)
		default:
			return c.At(l.URL)
		}
	}
	return nil, noLocation(name, "in fabric "+c.FabricName(), &mesh)
}

// noLocation says that there is no location of that name, and which there are.
func noLocation(name, where string, mesh *client.Mesh) error {
	var names []string
	for _, l := range mesh.Locations {
		names = append(names, l.Name)
	}
	slices.Sort(names)
	return advise(fmt.Errorf("there is no location %q %s%s", name, where, didYouMean(name, names)),
		"there are %s; selvedge location list tells where they stand", strings.Join(names, ", "))
}

func writeSelf(w io.Writer, s *client.Self) {
	state := "ready"
	if !s.Ready {
		state = "not ready: " + strings.Join(s.Reasons, "; ")
	}
	if s.ReadOnly != "" {
		state += ", read-only: " + s.ReadOnly
	}
	trust := ""
	if !s.ClockTrusted {
		trust = ", not trusted"
	}
	disk := binarySize(s.Storage["diskBytes"]) + " used"
	if free, known := s.Storage["freeBytes"]; known {
		disk += ", " + binarySize(free) + " free"
	}
	for _, line := range [][2]string{{"location", s.Location}, {"version", s.Version}, {"state", state},
		{"up for", (time.Duration(s.UptimeMs) * time.Millisecond).Round(time.Second).String()}, {"clock", signedMilliseconds(s.ClockOffsetMs) + trust},
		{"memory", binarySize(s.MemoryBytes)}, {"disk", disk}} {
		fmt.Fprintf(w, "%-9s %s\n", line[0], plain([]string{line[1]})[0])
	}
	fmt.Fprintln(w)
	t := &table{head: []string{"PEER", "CONNECTED", "RTT", "CLOCK", "SILENT FOR", "ENTRIES WAITING", "BYTES"}}
	for _, p := range s.Peers {
		t.add(p.Name, yesNo(p.Connected), milliseconds(p.RTTMs), signedMilliseconds(p.OffsetMs), milliseconds(p.SilentMs), fmt.Sprint(p.WaitingEntries), fmt.Sprint(p.WaitingBytes))
	}
	t.print(w)
	if len(s.Waits) == 0 {
		fmt.Fprintln(w, "\nit waits for nothing")
		return
	}
	fmt.Fprintln(w)
	t = &table{head: []string{"WAITS FOR", "ENTRY", "WHY", "SINCE", "ENTRIES BEHIND IT"}}
	for _, x := range s.Waits {
		t.add(string(x.Origin), string(x.Entry), x.Reason, milliseconds(x.ForMs), fmt.Sprint(x.Entries))
	}
	t.print(w)
}

func binarySize(n int64) string {
	if n < 1<<30 {
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
}

func (a *app) locationLimitsCommand() *cobra.Command {
	return a.withClientFlags(&cobra.Command{
		Use:     "limits",
		Short:   "List the limits that the location at --url is configured with",
		Example: "  selvedge location limits\n  selvedge location limits --output json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			list, err := c.Limits(cmd.Context())
			if err != nil {
				return fmt.Errorf("limits: %w", err)
			}
			return a.print(list, func(w io.Writer) {
				t := &table{head: []string{"LIMIT", "VALUE", "UNIT", "MEANING"}}
				for _, l := range list {
					t.add(l.Name, cell(l.Value), l.Unit, l.Text)
				}
				t.print(w)
			})
		},
	})
}

func (a *app) locationEvictCommand() *cobra.Command {
	return a.withClientFlags(&cobra.Command{
		Use:   "evict LOCATION",
		Short: "Close a location out of a fabric",
		Long: "Close a location out of a fabric, because it is gone for good. The others settle what of it they keep; what it had\n" +
			"acknowledged and not yet sent is lost to them. If it comes back, it joins as a new one and keeps a copy aside.",
		Example: "  selvedge location evict syd --fabric shop",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			if err := c.Evict(cmd.Context(), args[0]); err != nil {
				return fmt.Errorf("evict %s: %w", args[0], err)
			}
			return a.done(map[string]any{"evicted": args[0], "fabric": c.FabricName()}, "%s is closed out of %s", args[0], c.FabricName())
		},
	})
}

func (a *app) locationLeaveCommand() *cobra.Command {
	return a.withClientFlags(&cobra.Command{
		Use:   "leave",
		Short: "Take the location at --url out of a fabric",
		Long: "Take the location at --url out of a fabric, in order: another member takes over what it decides, and all that it\n" +
			"acknowledged is with the others before it goes. One that has left the planet (the fabric _system) ends with exit code 0.",
		Example: "  selvedge location leave --url http://127.0.0.1:8401 --fabric shop",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			if err := c.Leave(cmd.Context()); err != nil {
				return fmt.Errorf("leave: %w", err)
			}
			return a.done(map[string]any{"leaves": c.URL(), "fabric": c.FabricName()}, "%s leaves %s", c.URL(), c.FabricName())
		},
	})
}
