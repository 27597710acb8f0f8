package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"syscall"

	"github.com/selvedge-db/selvedge/client"
	"github.com/selvedge-db/selvedge/node"
)

func (a *app) dev(ctx context.Context, cfg node.DevConfig) error {
	d, err := node.StartDev(ctx, cfg)
	if err != nil {
		if ctx.Err() != nil {
			return nil // asked to end while starting
		}
		if errors.Is(err, syscall.EADDRINUSE) {
			err = fmt.Errorf("%w; --port PORT takes other ports", err)
		}
		return startError("dev", err)
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
	return untilEnd(ctx, d, a.err)
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
	command := "selvedge status --watch"
	if location != client.DefaultURL {
		command += " --url " + location
	}
	if !d.OpenToAll() {
		command += " --api-key " + d.APIKey()
	}
	return command
}

// startError tells a wrong configuration, which only the start could see, from other failures.
func startError(command string, err error) error {
	err = fmt.Errorf("%s: %w", command, err)
	if errors.Is(err, node.ErrConfiguration) {
		return usageError{err}
	}
	return err
}

func (a *app) serve(ctx context.Context, cfg node.Config) error {
	n, err := node.Start(ctx, cfg)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return startError("serve", err)
	}
	fmt.Fprintf(a.out, "%s %s\nready\n", cfg.Location.Name, n.URL())
	return untilEnd(ctx, n, a.err)
}

func restore(ctx context.Context, backup, data string, alone bool) error {
	return node.Restore(ctx, backup, data, alone)
}
