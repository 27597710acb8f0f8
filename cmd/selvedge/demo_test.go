package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/selvedge-db/selvedge/client"
	"github.com/selvedge-db/selvedge/examples/auction"
	"github.com/selvedge-db/selvedge/examples/flights"
	living "github.com/selvedge-db/selvedge/examples/planet"
	"github.com/selvedge-db/selvedge/examples/sensors"
	"github.com/selvedge-db/selvedge/internal/testport"
	"github.com/selvedge-db/selvedge/node"
)

// lively runs a demonstration in a weather that changes fast until something has come about at a location, and ends it.
func lively(t *testing.T, c *client.Client, name string, holds func(ctx context.Context, c *client.Client) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	places, err := living.Open(ctx, client.Config{URL: c.URL(), APIKey: testKey})
	if err != nil {
		t.Fatal(err)
	}
	running, stop := context.WithCancel(ctx)
	var mu sync.Mutex
	var said []string
	ended := make(chan error, 1)
	go func() {
		ended <- demoOf(name)(running, places, living.Weather{Every: 300 * time.Millisecond, Cut: 400 * time.Millisecond}, func(format string, args ...any) {
			mu.Lock()
			defer mu.Unlock()
			said = append(said, fmt.Sprintf(format, args...))
		})
	}()
	healed := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return slices.ContainsFunc(said, func(line string) bool { return strings.Contains(line, "heals") })
	}
	if err := living.Until(ctx, func() bool { return healed() && holds(ctx, c) }); err != nil {
		t.Errorf("%s: it never came about: %v; it says %q", name, err, said)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("%s: %v", name, err)
	}
	mesh, err := c.Mesh(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range mesh.Links {
		if l.State == "cut" {
			t.Errorf("%s leaves the link from %s to %s cut", name, l.From, l.To)
		}
	}
}

const testKey = "demo.root.secret"

// disputed tells whether locations have fought over a field of a collection.
func disputed(ctx context.Context, c *client.Client, collection, path string) bool {
	list, _, err := c.Conflicts(ctx, collection, "", 1000)
	for _, one := range list {
		if one.Path == path && one.Kept.Location != one.Lost.Location {
			return err == nil
		}
	}
	return false
}

func numbers(ctx context.Context, c *client.Client, query string) (rows []int) {
	if err := c.QueryAll(ctx, client.Query{Text: query}, &rows); err != nil {
		return nil
	}
	return rows
}

func TestDemos(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for round := range 2 { // the second goes on with the data of the first
		places, err := node.ParsePlaces("fra,syd,tok")
		if err != nil {
			t.Fatal(err)
		}
		d, err := node.StartDev(t.Context(), node.DevConfig{Places: places, Port: testport.Take(t, len(places)), APIKey: testKey, Data: dir,
			WAN: node.WAN{RoundTrip: 20 * time.Millisecond}, Limits: node.DefaultConfig().Limits, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		c, err := client.New(client.Config{URL: d.Locations()[1].URL, APIKey: testKey})
		if err != nil {
			t.Fatal(err)
		}
		lively(t, c, "flights", func(ctx context.Context, c *client.Client) bool {
			near, err := flights.Near(ctx, c, 50, 8, 21_000)
			ways, wrong := flights.Connections(ctx, c, "FRA")
			return err == nil && wrong == nil && len(near) == 60 && len(ways) > 5 && disputed(ctx, c, flights.Aircraft, "gate") &&
				len(numbers(ctx, c, "RETURN LENGTH(UNIQUE(FOR a IN aircraft RETURN a.handledBy))")) == 1
		})
		lively(t, c, "auction", func(ctx context.Context, c *client.Client) bool {
			leading, err := auction.Leading(ctx, c)
			high := numbers(ctx, c, "FOR l IN lots FILTER l.bid.amount >= 1000 AND l.bids > 0 RETURN l.bids")
			return err == nil && len(leading) >= 12 && len(high) > 0 && disputed(ctx, c, auction.Lots, "note")
		})
		lively(t, c, "sensors", func(ctx context.Context, c *client.Client) bool {
			minutes, err := sensors.LastHour(ctx, c)
			return err == nil && len(minutes) > 0 && minutes[0].Points > 18 && disputed(ctx, c, sensors.Stations, "threshold")
		})
		if err := d.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("round %d: %v", round, err)
		}
	}
}

// A data folder that is served from is not taken, and it is said by whom.
func TestDataInUse(t *testing.T) {
	t.Parallel()
	places, err := node.ParsePlaces("fra")
	if err != nil {
		t.Fatal(err)
	}
	dir, port := t.TempDir(), testport.Take(t, 2)
	d, err := node.StartDev(t.Context(), node.DevConfig{Places: places, Port: port, APIKey: testKey, Data: dir,
		Limits: node.DefaultConfig().Limits, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	again := []string{"dev", "--data", dir, "--port", strconv.Itoa(port + 1)}
	runWith(t, "", nil, again...).want(t, exitFailed, "dev: another process serves from the data folder "+dir+" already", "stop that, or choose another data folder")
	if err := os.WriteFile(filepath.Join(dir, pidFile), []byte("1\n"), 0o600); err != nil { // as a dev leaves it that was killed
		t.Fatal(err)
	}
	r := runWith(t, "", nil, again...)
	r.want(t, exitFailed, "dev: another process serves from the data folder "+dir+" already", "stop that, or choose another data folder; the last selvedge dev that was ready there was process 1\n")
	if strings.Contains(r.err, "kill") {
		t.Error(r.err)
	}
	if err := d.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
}

func TestUnknownDemo(t *testing.T) {
	t.Parallel()
	if err := checkDemo("trains"); err == nil {
		t.Error("there is a demonstration of trains")
	}
	for _, name := range demoNames() {
		if err := checkDemo(name); err != nil || demoOf(name) == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
