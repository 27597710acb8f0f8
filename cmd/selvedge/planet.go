package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/selvedge-db/selvedge/client"
	"github.com/selvedge-db/selvedge/examples/auction"
	"github.com/selvedge-db/selvedge/examples/flights"
	living "github.com/selvedge-db/selvedge/examples/planet"
	"github.com/selvedge-db/selvedge/examples/sensors"
	"github.com/selvedge-db/selvedge/node"
)

func (a *app) dev(ctx context.Context, cfg node.DevConfig, demo string) error {
	d, err := node.StartDev(ctx, cfg)
	if err != nil {
		if ctx.Err() != nil {
			return nil // asked to end while starting
		}
		if errors.Is(err, syscall.EADDRINUSE) {
			err = fmt.Errorf("%w; --port PORT takes other ports", err)
		}
		return startError("dev", cfg.Data, err)
	}
	if cfg.Data != "" {
		forget, err := notePID(cfg.Data)
		if err != nil {
			return errors.Join(err, d.Close(ctx))
		}
		defer forget()
	}
	t := &table{head: []string{"LOCATION", "CITY", "URL"}}
	for _, l := range d.Locations() {
		t.add(l.Name, l.City, l.URL)
	}
	t.print(a.out)
	fmt.Fprintf(a.out, "\nAPI key    %s\n", d.APIKey())
	if password := d.NewRootPassword(); password != "" {
		fmt.Fprintf(a.out, "user root  %s (shown this once)\n", password)
	}
	fmt.Fprintf(a.out, "CA         %s\n", d.CAFile())
	first := d.Locations()[0].URL
	fmt.Fprintf(a.out, "console    %s\ntry        %s\n\nready\n", consoleURL(first, d), tryNext(first, d))
	if demo != "" {
		return untilEnd(ctx, a.withDemo(ctx, d, demo), a.err)
	}
	return untilEnd(ctx, d, a.err)
}

// demoNames lists the demonstrations, demoOf finds one.
func demoNames() []string { return []string{"flights", "auction", "sensors"} }

type demonstration func(context.Context, []living.Place, living.Weather, living.Say) error

func demoOf(name string) demonstration {
	switch name {
	case "flights":
		return flights.Run
	case "auction":
		return auction.Run
	case "sensors":
		return sensors.Run
	}
	return nil
}

func checkDemo(name string) error {
	if name != "" && demoOf(name) == nil {
		return fmt.Errorf("demo %q: want %s", name, strings.Join(demoNames(), ", "))
	}
	return nil
}

// demoed is a planet that a demonstration fills with life, and that ends after it.
type demoed struct {
	planet
	stop func()
}

// Close ends the demonstration, then the planet.
func (d demoed) Close(ctx context.Context) error {
	d.stop()
	return d.planet.Close(ctx)
}

// withDemo starts a demonstration. What it has to say goes where the log goes; when it fails the planet goes on.
func (a *app) withDemo(ctx context.Context, d *node.Dev, name string) demoed {
	ctx, cancel := context.WithCancel(ctx)
	say := func(format string, args ...any) {
		fmt.Fprintf(a.err, "%s demo %s: %s\n", time.Now().Format(time.TimeOnly), name, fmt.Sprintf(format, args...))
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		places, err := living.Open(ctx, client.Config{URL: d.Locations()[0].URL, APIKey: d.APIKey()})
		if err == nil {
			err = demoOf(name)(ctx, places, living.DefaultWeather(), say)
		}
		if err != nil && ctx.Err() == nil {
			say("ended: %v", err)
		}
	}()
	return demoed{d, func() { cancel(); <-ended }}
}

// consoleURL is where the console is. The key stands behind the #: browsers send that to nobody.
func consoleURL(location string, d *node.Dev) string {
	if d.OpenToAll() {
		return location + "/console/"
	}
	return location + "/console/#apikey=" + url.QueryEscape(d.APIKey())
}

// tryNext is a command that shows that the planet is alive.
func tryNext(location string, d *node.Dev) string {
	program, _ := os.Executable()
	command := programName(program) + " status --watch"
	if location != client.DefaultURL {
		command += " --url " + location
	}
	if !d.OpenToAll() {
		command += " --api-key " + d.APIKey()
	}
	return command
}

// programName is how whoever started this program can start it again. What go run builds lies in a folder of Go's own
// alone, temporary or of its cache, and in no path where a shell would find it.
func programName(executable string) string {
	for folder := range strings.SplitSeq(filepath.ToSlash(executable), "/") {
		if strings.HasPrefix(folder, "go-build") {
			return "go run ./cmd/selvedge"
		}
	}
	return "selvedge"
}

// startError tells a wrong configuration, which only the start could see, and a data folder in use from other failures.
func startError(command, data string, err error) error {
	if errors.Is(err, node.ErrInUse) {
		return inUse(command, data)
	}
	err = fmt.Errorf("%s: %w", command, err)
	if errors.Is(err, node.ErrConfiguration) {
		return usageError{err}
	}
	return err
}

// inUse says that somebody serves from the data folder already. The note of a process number there may be of one that was
// killed, and its number another program's by now: nobody is told to end that.
func inUse(command, data string) error {
	next := "stop that, or choose another data folder"
	if text, err := os.ReadFile(filepath.Join(data, pidFile)); err == nil {
		if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && pid > 0 {
			next += fmt.Sprintf("; the last selvedge dev that was ready there was process %d", pid)
		}
	}
	return advise(fmt.Errorf("%s: another process serves from the data folder %s already", command, data), "%s", next)
}

func (a *app) serve(ctx context.Context, cfg node.Config) error {
	n, err := node.Start(ctx, cfg)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return startError("serve", cfg.Data, err)
	}
	fmt.Fprintf(a.out, "%s %s\nready\n", cfg.Location.Name, n.URL())
	return untilEnd(ctx, n, a.err)
}

func restore(ctx context.Context, backup, data string, alone bool) error {
	return node.Restore(ctx, backup, data, alone)
}
