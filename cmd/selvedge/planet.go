package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/selvedge-db/selvedge/node"
)

func (a *app) dev(ctx context.Context, cfg node.DevConfig) error {
	d, err := node.StartDev(ctx, cfg)
	if err != nil {
		if ctx.Err() != nil {
			return nil // asked to end while starting
		}
		return fmt.Errorf("dev: %w", err)
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
	fmt.Fprintf(a.out, "CA         %s\n\nready\n", d.CAFile())
	return untilEnd(ctx, d)
}

func (a *app) serve(ctx context.Context, cfg node.Config) error {
	n, err := node.Start(ctx, cfg)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("serve: %w", err)
	}
	fmt.Fprintf(a.out, "%s %s\nready\n", cfg.Location.Name, n.URL())
	return untilEnd(ctx, n)
}

func restore(ctx context.Context, backup, data string, alone bool) error {
	return node.Restore(ctx, backup, data, alone)
}
