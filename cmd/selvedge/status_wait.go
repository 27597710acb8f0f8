package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/selvedge-db/selvedge/client"
)

// lookEvery is the pause between two questions of --wait.
const lookEvery = 25 * time.Millisecond

// waited is a location that --wait asks, and what it had seen at its last
// answer.
type waited struct {
	name   string
	client *client.Client
	vector map[string]client.Text
}

// waitForAll returns when every location of the fabric has what any of them
// had committed when the call began. What is committed meanwhile is nobody's
// concern, so a busy fabric does not hold it up.
func waitForAll(ctx context.Context, c *client.Client, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	all, err := allLocations(ctx, c)
	if err != nil {
		return err
	}
	target := map[string]client.Text{}
	for i := range all {
		if err := all[i].look(ctx); err != nil {
			return err
		}
		for origin, t := range all[i].vector {
			if later(t, target[origin]) {
				target[origin] = t
			}
		}
	}
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		behind, err := lookAgain(ctx, all, target)
		if err == nil && behind == "" {
			return nil
		}
		if err == nil {
			select {
			case <-ticker.C:
				continue
			case <-ctx.Done():
				err = ctx.Err()
			}
		}
		if errors.Is(err, context.DeadlineExceeded) && behind != "" {
			return fmt.Errorf("after %s %s (is a link cut?)", patience, behind)
		}
		return err
	}
}

// allLocations lists the members of the fabric. The address of one that has
// just joined takes its time to come.
func allLocations(ctx context.Context, c *client.Client) ([]waited, error) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		mesh, err := c.Mesh(ctx)
		if err != nil {
			return nil, err
		}
		all, unknown, err := membersOf(mesh, c)
		if err != nil || unknown == "" {
			return all, err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("%s does not know the address of %s: %w", mesh.Location, unknown, ctx.Err())
		}
	}
}

func membersOf(mesh client.Mesh, c *client.Client) (all []waited, unknown string, err error) {
	for _, l := range mesh.Locations {
		w := waited{name: l.Name, client: c}
		switch {
		case l.State == "evicting":
			continue
		case l.Name == mesh.Location:
		case l.URL == "":
			return nil, l.Name, nil
		default:
			if w.client, err = c.At(l.URL); err != nil {
				return nil, "", fmt.Errorf("location %s: %w", l.Name, err)
			}
		}
		all = append(all, w)
	}
	return all, "", nil
}

func (w *waited) look(ctx context.Context) error {
	mesh, err := w.client.Mesh(ctx)
	if err != nil {
		return fmt.Errorf("location %s: %w", w.name, err)
	}
	w.vector = mesh.Vector
	return nil
}

// lookAgain asks those that are behind the target, and says who still is. A
// name that nobody's vector has any more was another one for the same origin.
func lookAgain(ctx context.Context, all []waited, target map[string]client.Text) (behind string, err error) {
	known := map[string]bool{}
	for i := range all {
		if !reached(all[i].vector, target) {
			if lookErr := all[i].look(ctx); lookErr != nil && err == nil {
				err = lookErr
			}
		}
		for origin := range all[i].vector {
			known[origin] = true
		}
	}
	var texts []string
	for i := range all {
		var lacks []string
		for origin, t := range target {
			if known[origin] && later(t, all[i].vector[origin]) {
				lacks = append(lacks, origin)
			}
		}
		if slices.Sort(lacks); len(lacks) > 0 {
			texts = append(texts, fmt.Sprintf("%s lacks entries of %s", all[i].name, strings.Join(lacks, ", ")))
		}
	}
	return strings.Join(texts, "; "), err
}

func reached(vector, target map[string]client.Text) bool {
	for origin, t := range target {
		if later(t, vector[origin]) {
			return false
		}
	}
	return true
}

// later compares times, which are unsigned numbers written with digits of one
// kind.
func later(a, b client.Text) bool {
	if len(a) != len(b) {
		return len(a) > len(b)
	}
	return a > b
}
