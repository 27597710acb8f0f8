package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/selvedge-db/selvedge/bench"
	"github.com/selvedge-db/selvedge/cmd/selvedge/progress"
	"github.com/selvedge-db/selvedge/sim"
)

func (a *app) benchCommand() *cobra.Command {
	o := bench.Options{}
	var cpuProfile, allocProfile string
	c := &cobra.Command{
		Use:     "bench",
		Short:   "Measure speed and memory on this machine",
		Long:    "Run one workload and print its figures as a line of JSON. docs/benchmarks.md explains them.",
		Example: "  selvedge bench insert --duration 30s\n  selvedge bench replicate --locations 3 --wan none",
		Args:    cobra.NoArgs,
		RunE:    help,
	}
	for _, w := range bench.Workloads() {
		c.AddCommand(&cobra.Command{Use: w.Name, Short: strings.ToUpper(w.Short[:1]) + w.Short[1:], Args: cobra.NoArgs,
			Long:    "Measure the " + w.Short + ".\nThe result is a line of JSON; docs/benchmarks.md says what it means.",
			Example: "  selvedge bench " + w.Name + " " + w.Flags,
			RunE:    func(*cobra.Command, []string) error { return a.bench(w, o, cpuProfile, allocProfile) }})
	}
	c.AddCommand(a.benchReportCommand())
	f := c.PersistentFlags()
	f.StringVar(&o.Dir, "data", "", "data folder; without it a temporary one below the current folder")
	f.DurationVar(&o.Duration, "duration", 10*time.Second, "measured time")
	f.DurationVar(&o.Warmup, "warmup", 2*time.Second, "time before it")
	f.IntVar(&o.Writers, "writers", 64, "callers at once in closed loops")
	f.IntVar(&o.Documents, "documents", 100_000, "documents written beforehand")
	f.IntVar(&o.Rate, "rate", 2000, "calls per second in open loops; where a rate is looked for, the first one tried")
	f.IntVar(&o.Locations, "locations", 3, "how many")
	f.StringVar(&o.WAN, "wan", "none", "delay between locations: real, none, or a round trip in milliseconds")
	f.StringVar(&o.Flights, "flights", "", "folder with airports.dat and routes.dat of OpenFlights")
	f.IntVar(&o.Port, "port", 18400, "port of the first location")
	f.BoolVar(&o.Kill, "kill", false, "end by SIGKILL after the figures; count shows then what was durable")
	f.StringVar(&cpuProfile, "cpuprofile", "", "file that takes a processor profile")
	f.StringVar(&allocProfile, "allocprofile", "", "file that takes a profile of allocations")
	return c
}

func (a *app) bench(w bench.Workload, o bench.Options, cpuProfile, allocProfile string) (err error) {
	if o.Program, err = os.Executable(); err != nil {
		return fmt.Errorf("path of this program: %w", err)
	}
	if cpuProfile != "" {
		file, err := os.Create(cpuProfile)
		if err != nil {
			return fmt.Errorf("profile: %w", err)
		}
		defer func() { _ = file.Close() }()
		if err := pprof.StartCPUProfile(file); err != nil {
			return fmt.Errorf("profile: %w", err)
		}
		defer pprof.StopCPUProfile()
	}
	o.Say = func(r bench.Result) { _ = sayResult(a.out, r) }
	result, err := w.Run(o)
	if err != nil {
		return fmt.Errorf("%s: %w", w.Name, err)
	}
	if err := sayResult(a.out, result); err != nil {
		return err
	}
	if allocProfile != "" {
		return writeAllocs(allocProfile)
	}
	return nil
}

func sayResult(w io.Writer, r bench.Result) error {
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("result: %w", err)
	}
	_, err = fmt.Fprintf(w, "%s\n", text)
	return err
}

func writeAllocs(name string) error {
	file, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	runtime.GC()
	if err := pprof.Lookup("allocs").WriteTo(file, 0); err != nil {
		_ = file.Close()
		return fmt.Errorf("profile: %w", err)
	}
	return file.Close()
}

// benchReportCommand puts figures into the tables of a document.
func (a *app) benchReportCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "report RESULTS DOCUMENT",
		Short: "Put the figures of many runs into the tables of a document",
		Long: "Put the figures of many runs, a line of JSON each, into the tables of a Markdown document, between the lines\n" +
			"that mark them. bench/run.sh does so at its end.",
		Example: "  selvedge bench report bin/bench-results.jsonl docs/benchmarks.md",
		Args:    cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			results, err := os.ReadFile(args[0])
			if err != nil {
				return fmt.Errorf("results: %w", err)
			}
			text, err := os.ReadFile(args[1])
			if err != nil {
				return fmt.Errorf("document: %w", err)
			}
			out, err := bench.Report(results, text)
			if err != nil {
				return err
			}
			return os.WriteFile(args[1], out, 0o644)
		},
	}
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
		if time.Since(told) >= progress.ReportEvery {
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
