package main

import (
	"bufio"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/selvedge-db/selvedge/cmd/selvedge/places"
	"github.com/selvedge-db/selvedge/cmd/selvedge/rowsource"
)

func (a *app) generateCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "generate",
		Short:   "Make up data to try things out",
		Example: "  selvedge generate places --out places.jsonl",
		Args:    cobra.NoArgs,
		RunE:    help,
	}
	c.AddCommand(a.generatePlacesCommand())
	return c
}

func (a *app) generatePlacesCommand() *cobra.Command {
	var count int
	var out, format string
	c := &cobra.Command{
		Use:   "places",
		Short: "Make up places of interest in real cities",
		Long:  "Make up places of interest in real cities, about 600 bytes each. The same number gives the same places every time;\ntheir keys are p1, p2, ...",
		Example: "  selvedge generate places --out places.jsonl\n" +
			"  selvedge generate places --count 10000 | selvedge import - --to places --format jsonl\n" +
			"  selvedge generate places --count 100 --format csv",
		Args: cobra.NoArgs,
		RunE: func(_ *cobra.Command, _ []string) error {
			if count < 0 {
				return usagef("--count %d: want zero or more", count)
			}
			write := places.WriteJSONL
			switch format {
			case rowsource.JSONL:
			case rowsource.CSV:
				write = places.WriteCSV
			default:
				return usagef("--format %q: want jsonl or csv", format)
			}
			return a.toFile(out, func(w io.Writer) error { return write(w, count) })
		},
	}
	c.Flags().IntVar(&count, "count", places.Default, "how many")
	c.Flags().StringVar(&out, "out", "-", "file to write, - for the standard output")
	c.Flags().StringVar(&format, "format", rowsource.JSONL, "jsonl or csv")
	return c
}

// toFile writes to a file of that name, or to the standard output for "-". A
// file that could not be written whole does not take the name.
func (a *app) toFile(name string, write func(io.Writer) error) (err error) {
	if name == "" || name == "-" {
		out := bufio.NewWriterSize(a.data(), 64<<10)
		if err := write(out); err != nil {
			return err
		}
		return out.Flush()
	}
	unfinished := name + ".unfinished"
	file, err := os.Create(unfinished)
	if err != nil {
		return fmt.Errorf("output: %w", err)
	}
	defer func() {
		if err != nil {
			_ = file.Close()
			_ = os.Remove(unfinished)
		}
	}()
	out := bufio.NewWriterSize(file, 64<<10)
	if err := write(out); err != nil {
		return err
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("output: %w", err)
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("output: %w", err)
	}
	return os.Rename(unfinished, name)
}
