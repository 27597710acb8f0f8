package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/selvedge-db/selvedge/cmd/selvedge/progress"
	"github.com/selvedge-db/selvedge/node"
)

// closeWithin is how long a planet may take to end after a signal; the
// process has 5 seconds in all.
const closeWithin = 4500 * time.Millisecond

// planet is what serves: one location, or all of dev.
type planet interface {
	// Failed gives the error after which the planet can't go on.
	Failed() <-chan error
	Close(ctx context.Context) error
}

// devFlags are the flags of the dev command.
type devFlags struct {
	locations, apiKey, rootPassword, data, wan string
	demo                                       string
	log                                        node.LogConfig
	port                                       int
}

func (a *app) devCommand() *cobra.Command {
	var o devFlags
	c := &cobra.Command{
		Use:   "dev",
		Short: "Run a planet of several locations on this machine",
		Long: "Run a planet of several locations in one process, with the delays of the real world between them. Location i\n" +
			"listens on 127.0.0.1, port PORT+i, for HTTP and HTTPS alike. Without --data everything goes when the process ends;\n" +
			"with it the next start goes on where this one stopped, locations and keys included; DIR/pid has the number of the process.",
		Example: "  selvedge dev\n  selvedge dev --locations fra,syd,tok --port 8400 --api-key demo.root.secret\n" +
			"  selvedge dev --locations 3 --data ./planet --wan none\n  selvedge dev --locations 5 --demo flights",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := o.config(cmd.Flags().Changed("root-password"))
			if err != nil {
				return usageError{err}
			}
			cfg.Logger = newLogger(a.err, o.log)
			misnamed, err := node.Misnamed(cfg.Places)
			if err != nil {
				return err
			}
			if misnamed != "" {
				fmt.Fprintln(a.err, "warning:", misnamed)
			}
			return a.dev(cmd.Context(), cfg, o.demo)
		},
	}
	f := c.Flags()
	f.StringVar(&o.locations, "locations", "", "how many locations, or their names: fra,syd,tok; an unknown name gets the place of a known one; without it those of the data folder, or 10")
	f.IntVar(&o.port, "port", 8400, "port of the first location; the next ones follow")
	f.StringVar(&o.apiKey, "api-key", "", "API key of the user root, TENANT.KEYID.SECRET; without it one is made up")
	f.StringVar(&o.rootPassword, "root-password", "", "password of the user root; the empty one lets everybody on this machine in; without it one is made up")
	f.StringVar(&o.data, "data", "", "folder that keeps the data; without it a temporary one")
	f.StringVar(&o.wan, "wan", "real", "delay between locations: real, none, or a round trip in milliseconds")
	f.StringVar(&o.demo, "demo", "", "fill the planet with life: "+strings.Join(demoNames(), ", ")+"; links are cut and heal now and then")
	f.StringVar(&o.log.Level, "log-level", "warn", "least level to log: debug, info, warn or error")
	f.StringVar(&o.log.Format, "log-format", "text", "text or json")
	return c
}

func (o *devFlags) config(withPassword bool) (node.DevConfig, error) {
	var cfg node.DevConfig
	var err error
	if cfg.Places, err = node.DevPlaces(o.locations, o.data); err != nil {
		return cfg, err
	}
	if cfg.WAN, err = node.ParseWAN(o.wan); err != nil {
		return cfg, err
	}
	if last := o.port + len(cfg.Places) - 1; o.port < 1 || last > 65535 {
		return cfg, fmt.Errorf("port %d: want ports from 1 to 65535 for %d locations", o.port, len(cfg.Places))
	}
	if o.apiKey != "" {
		if err := node.CheckAPIKey(o.apiKey); err != nil {
			return cfg, err
		}
	}
	if withPassword {
		cfg.RootPassword = &o.rootPassword
	}
	cfg.Port, cfg.APIKey, cfg.Data = o.port, o.apiKey, o.data
	cfg.Limits = node.DefaultConfig().Limits
	if err := checkDemo(o.demo); err != nil {
		return cfg, err
	}
	return cfg, checkLog(o.log)
}

func checkLog(l node.LogConfig) error {
	switch l.Level {
	case "debug", "info", "warn", "error":
	default:
		return fmt.Errorf("log-level %q: want debug, info, warn or error", l.Level)
	}
	if l.Format != "text" && l.Format != "json" {
		return fmt.Errorf("log-format %q: want text or json", l.Format)
	}
	return nil
}

func newLogger(w io.Writer, l node.LogConfig) *slog.Logger {
	options := &slog.HandlerOptions{Level: l.SlogLevel()}
	if l.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

func (a *app) serveCommand() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "serve --config FILE",
		Short: "Run one location of a planet",
		Long: "Run one location of a planet. The file is YAML; every key can be overridden by an environment variable, as\n" +
			"docs/reference/configuration.md lists. The location logs to the standard error and prints `ready` when it serves.",
		Example: "  selvedge serve --config fra.yaml\n  SELVEDGE_DATA=./fra SELVEDGE_LOG_LEVEL=debug selvedge serve --config fra.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if file == "" {
				return usagef("--config is missing: the file that describes the location")
			}
			text, err := os.ReadFile(file)
			if err != nil {
				return usagef("configuration: %w", err)
			}
			cfg, err := node.LoadConfig(text, a.environment)
			if err != nil {
				return usagef("%s: %w", file, err)
			}
			cfg.Logger = newLogger(a.err, cfg.Log)
			return a.serve(cmd.Context(), cfg)
		},
	}
	c.Flags().StringVar(&file, "config", "", "YAML file (compulsory)")
	return c
}

// pidFile is where dev notes the number of its process, in the data folder.
const pidFile = "pid"

// notePID leaves the number of this process in the data folder, for scripts
// that end it, until forget.
func notePID(data string) (forget func(), err error) {
	file := filepath.Join(data, pidFile)
	if err := os.WriteFile(file, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o644); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	return func() { _ = os.Remove(file) }, nil
}

// untilEnd waits for a signal or for the planet to fail, and closes it.
func untilEnd(ctx context.Context, p planet, told io.Writer) error {
	var failed error
	select {
	case <-ctx.Done():
	case failed = <-p.Failed():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeWithin)
	defer cancel()
	if err := p.Close(end); err != nil && failed == nil {
		return fmt.Errorf("while stopping: %w", err)
	}
	if errors.Is(failed, node.ErrLeft) {
		fmt.Fprintf(told, "selvedge: %v\n", failed)
		return nil // as it was asked to
	}
	return failed
}

func (a *app) backupCommand() *cobra.Command {
	return a.withClientFlags(&cobra.Command{
		Use:   "backup FOLDER",
		Short: "Copy a location's data while it runs",
		Long: "Copy all data of the location at --url, consistently and while it runs, to a folder on the location's own machine.\n" +
			"The folder must not exist; a relative one is taken from here, and only where the location is on this machine. restore\n" +
			"makes a location of it.",
		Example: "  selvedge backup ./fra-2026-01-31\n  selvedge backup ./syd-2026-01-31 --url http://127.0.0.1:8401",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			folder, err := backupFolder(args[0], c.URL())
			if err != nil {
				return err
			}
			if progress.IsTerminal(a.err) {
				fmt.Fprintln(a.err, "copying; this takes as long as it takes to read all of the location's data")
			}
			if err := c.Backup(cmd.Context(), folder); err != nil {
				return fmt.Errorf("backup: %w", err)
			}
			return a.print(map[string]string{"folder": folder}, func(w io.Writer) { fmt.Fprintf(w, "copied to %s\n", folder) })
		},
	})
}

// backupFolder is the folder as the location's machine knows it. A relative one
// means something only where that is this machine.
func backupFolder(folder, location string) (string, error) {
	if filepath.IsAbs(folder) {
		return folder, nil
	}
	where, err := url.Parse(location)
	if err == nil {
		host := strings.TrimPrefix(where.Hostname(), "api-")
		if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
			return filepath.Abs(folder)
		}
	}
	return "", usagef("folder %s: want an absolute path: it is one of the machine of %s, not of this one", folder, location)
}

func (a *app) restoreCommand() *cobra.Command {
	var data string
	var alone bool
	c := &cobra.Command{
		Use:   "restore FOLDER --data DIR",
		Short: "Make a data folder from a backup",
		Long: "Make a data folder from a backup, while no location runs on it. The folder must be empty or missing. The location\n" +
			"that starts on it is always a new incarnation: it takes up what the others have, and nothing that it had\n" +
			"acknowledged after the backup is asked from it. When the other locations of its planet are gone for good, --alone\n" +
			"lets it go on from the backup without them.",
		Example: "  selvedge restore ./fra-2026-01-31 --data ./restored",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if data == "" {
				return usagef("--data is missing: the folder to make")
			}
			if err := restore(cmd.Context(), args[0], data, alone); err != nil {
				return fmt.Errorf("restore: %w", err)
			}
			return a.print(map[string]any{"data": data}, func(w io.Writer) {
				fmt.Fprintf(w, "%s is ready to start, as a new incarnation\n", data)
			})
		},
	}
	c.Flags().StringVar(&data, "data", "", "folder to make (compulsory)")
	c.Flags().BoolVar(&alone, "alone", false, "the planet's other locations are gone for good")
	return c
}
