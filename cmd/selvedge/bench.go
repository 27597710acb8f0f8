package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/pprof"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/selvedge-db/selvedge/bench"
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
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
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
