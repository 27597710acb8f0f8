package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
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
	var seeds int
	c := &cobra.Command{
		Use:   "sim",
		Short: "Run a simulated planet with faults and check its promises",
		Long: "Run a planet in virtual time in one goroutine: real code, a made-up network, disks and clocks with faults. The same\n" +
			"seed gives the same run. Ends with 1 when a promise was broken, or when a fault that was asked for never happened.\n" +
			"The last two lines are what happened, counted, and a hash over every event. With --seeds the runs of that many seeds,\n" +
			"beginning at --seed, as many at a time as there are cores, are told as one.",
		Example: "  selvedge sim\n  selvedge sim --seed 7 --locations 25 --duration 60s\n  selvedge sim --seeds 200 --locations 25\n" +
			"  selvedge sim --faults loss,cut,crash --commits-per-second 5",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case seeds < 1 || seeds > maxSeeds:
				return usageError{fmt.Errorf("--seeds %d: want 1 to %d", seeds, maxSeeds)}
			case seeds > 1 && trace:
				return usageError{errors.New("--trace is of one run: leave --seeds out")}
			case seeds > 1:
				return a.campaign(cmd.Context(), cfg, seeds)
			}
			if trace {
				cfg.Trace = func(line string) { fmt.Fprintln(a.err, line) }
			}
			return a.sim(cmd.Context(), cfg)
		},
	}
	f := c.Flags()
	f.IntVar(&cfg.Locations, "locations", 10, "how many, 3 to 25; one more joins")
	f.Uint64Var(&cfg.Seed, "seed", 1, "everything that happens by chance follows from it")
	f.IntVar(&seeds, "seeds", 1, "how many seeds to run")
	f.DurationVar(&cfg.Duration, "duration", time.Minute, "virtual time with faults")
	f.StringVar(&cfg.Faults, "faults", "all", "all, none, or some: loss, repeat, reorder, cut, slow, crash, disk, clock, join, evict, restore")
	f.Float64Var(&cfg.CommitsPerSecond, "commits-per-second", 1, "of each location, in virtual time")
	f.StringVar(&cfg.Mutant, "mutant", "", "make this mistake on purpose, to see that it is caught")
	f.BoolVar(&trace, "trace", false, "print every event")
	return c
}

func (a *app) sim(ctx context.Context, cfg sim.Config) error {
	var one simulated
	select {
	case one = <-runSeeds(context.WithoutCancel(ctx), cfg, 1):
	case <-ctx.Done():
		return errors.New("interrupted")
	}
	if one.err != nil {
		return usageError{one.err}
	}
	result := one.Result
	for _, v := range result.Violations {
		fmt.Fprintln(a.out, v)
	}
	for _, name := range result.Missing {
		fmt.Fprintf(a.out, "never happened: %s\n", name)
	}
	if err := a.counted(result.Counters, result.Hash); err != nil {
		return err
	}
	if result.Failed() {
		return fmt.Errorf("seed %d: %d violations, %d things that never happened", cfg.Seed, result.Count, len(result.Missing))
	}
	return nil
}

// maxSeeds bounds a campaign; more take days.
const maxSeeds = 1_000_000

func (a *app) counted(counters sim.Counters, hash uint64) error {
	text, err := json.Marshal(counters)
	if err != nil {
		return fmt.Errorf("counters: %w", err)
	}
	fmt.Fprintf(a.out, "counters %s\ntrace hash %016x\n", text, hash)
	return nil
}

// campaign runs many seeds, each in its own goroutine, and tells what failed at once.
func (a *app) campaign(ctx context.Context, cfg sim.Config, seeds int) error {
	defer debug.SetGCPercent(debug.SetGCPercent(campaignGarbage))
	var sum sim.Campaign
	results := runSeeds(ctx, cfg, seeds)
	began, told := time.Now(), time.Now()
	for n := 1; ; n++ {
		var one simulated
		var more bool
		select {
		case one, more = <-results:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			return fmt.Errorf("interrupted after %d of %d seeds, %d failed", n-1, seeds, len(sum.Failed))
		}
		if !more {
			break
		}
		if one.err != nil {
			return usageError{one.err} // the same for every seed
		}
		r := one.Result
		sum.Add(r)
		if r.Count > 0 {
			fmt.Fprintf(a.out, "seed %d: %d violations, the first: %s\n", r.Seed, r.Count, r.Violations[0])
		}
		if time.Since(told) >= reportEvery {
			told = time.Now()
			left := time.Duration(float64(told.Sub(began)) / float64(n) * float64(seeds-n)).Round(time.Second)
			fmt.Fprintf(a.err, "%d of %d seeds, %d failed, %s left\n", n, seeds, len(sum.Failed), left)
		}
	}
	return a.judge(cfg, seeds, &sum)
}

type simulated struct {
	sim.Result
	err error
}

// runSeeds runs as many seeds at a time as there are cores, and begins no more when ctx has ended. The channel has room for all results, so that nobody need
// read them to the end.
func runSeeds(ctx context.Context, cfg sim.Config, seeds int) <-chan simulated {
	results := make(chan simulated, seeds)
	var next atomic.Int64
	var group sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for i := next.Add(1) - 1; i < int64(seeds) && ctx.Err() == nil; i = next.Add(1) - 1 {
				one := cfg
				one.Seed += uint64(i)
				r, err := sim.Run(one)
				results <- simulated{r, err}
			}
		})
	}
	go func() {
		group.Wait()
		close(results)
	}()
	return results
}

// campaignGarbage lets garbage lie for longer: a run makes much of it and keeps little.
const campaignGarbage = 400

func (a *app) judge(cfg sim.Config, seeds int, sum *sim.Campaign) error {
	missing := sum.Missing(cfg)
	for _, name := range missing {
		fmt.Fprintf(a.out, "never happened: %s\n", name)
	}
	if err := a.counted(sum.Counters, sum.Hash()); err != nil {
		return err
	}
	if len(sum.Failed) > 0 || len(missing) > 0 {
		return fmt.Errorf("%d of %d seeds failed; %d things never happened", len(sum.Failed), seeds, len(missing))
	}
	fmt.Fprintf(a.err, "%d seeds passed\n", seeds)
	return nil
}
