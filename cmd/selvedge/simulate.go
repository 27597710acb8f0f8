package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/selvedge-db/selvedge/sim"
)

// laterCommands are those of packages that stand above the serving ones.
func (a *app) laterCommands() []*cobra.Command {
	return []*cobra.Command{a.simCommand(), a.benchCommand()}
}

func (a *app) simCommand() *cobra.Command {
	var cfg sim.Config
	var trace bool
	c := &cobra.Command{
		Use:   "sim",
		Short: "Run a simulated planet with faults and check its promises",
		Long: "Run a planet in virtual time in one goroutine: real code, a made-up network, disks and clocks with faults. The same\n" +
			"seed gives the same run. Ends with 1 when a promise was broken, or when a fault that was asked for never happened.\n" +
			"The last two lines are what happened, counted, and a hash over every event.",
		Example: "  selvedge sim\n  selvedge sim --seed 7 --locations 25 --duration 60s\n  selvedge sim --faults loss,cut,crash --commits-per-second 5",
		Args:    cobra.NoArgs,
		RunE: func(_ *cobra.Command, _ []string) error {
			if trace {
				cfg.Trace = func(line string) { fmt.Fprintln(a.err, line) }
			}
			return a.sim(cfg)
		},
	}
	f := c.Flags()
	f.IntVar(&cfg.Locations, "locations", 10, "how many, 3 to 25; one more joins")
	f.Uint64Var(&cfg.Seed, "seed", 1, "everything that happens by chance follows from it")
	f.DurationVar(&cfg.Duration, "duration", time.Minute, "virtual time with faults")
	f.StringVar(&cfg.Faults, "faults", "all", "all, none, or some: loss, repeat, reorder, cut, slow, crash, disk, clock, join, evict, restore")
	f.Float64Var(&cfg.CommitsPerSecond, "commits-per-second", 1, "of each location, in virtual time")
	f.StringVar(&cfg.Mutant, "mutant", "", "make this mistake on purpose, to see that it is caught")
	f.BoolVar(&trace, "trace", false, "print every event")
	return c
}

func (a *app) sim(cfg sim.Config) error {
	result, err := sim.Run(cfg)
	if err != nil {
		return usageError{err}
	}
	for _, v := range result.Violations {
		fmt.Fprintln(a.out, v)
	}
	for _, name := range result.Missing {
		fmt.Fprintf(a.out, "never happened: %s\n", name)
	}
	counters, err := json.Marshal(result.Counters)
	if err != nil {
		return fmt.Errorf("counters: %w", err)
	}
	fmt.Fprintf(a.out, "counters %s\ntrace hash %016x\n", counters, result.Hash)
	if result.Failed() {
		return fmt.Errorf("seed %d: %d violations, %d things that never happened", cfg.Seed, result.Count, len(result.Missing))
	}
	return nil
}
