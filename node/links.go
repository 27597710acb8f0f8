package node

import (
	"context"
	"time"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/mesh"
)

// settleWait bounds the wait for a link change to have its effect.
const settleWait = 5 * time.Second

// SetLink bends one direction of a link; only where links are emulated.
func (n *Node) SetLink(ctx context.Context, from, to string, change api.LinkChange) error {
	links := n.shared.links
	if links == nil {
		return api.Fail(api.DevOnly, "links can be bent only where they are emulated, in selvedge dev")
	}
	for _, name := range []string{from, to} {
		if n.shared.node(name) == nil {
			return api.Fail(api.LocationNotFound, "location %q is not part of this planet", name)
		}
	}
	patch := mesh.LinkPatch{OneWay: span(change.OneWayMs), Jitter: span(change.JitterMs), LossPercent: change.LossPercent}
	if change.State != nil {
		if *change.State != "up" && *change.State != "cut" {
			return api.Fail(api.BadParameter, "link state %q: up or cut", *change.State)
		}
		cut := *change.State == "cut"
		patch.Cut = &cut
	}
	if _, err := links.Patch(from, to, patch); err != nil {
		return api.Fail(api.BadParameter, "%v", err)
	}
	return n.settled(ctx, from, to)
}

func span(ms *float64) *time.Duration {
	if ms == nil {
		return nil
	}
	d := time.Duration(*ms * float64(time.Millisecond))
	return &d
}

// settled waits until the stream between two locations is as the settings want it.
func (n *Node) settled(ctx context.Context, from, to string) error {
	ctx, cancel := context.WithTimeout(ctx, settleWait)
	defer cancel()
	links := n.shared.links
	cut := links.Get(from, to).Cut || links.Get(to, from).Cut
	t := n.shared.node(from).transport
	var err error
	if cut {
		err = t.WaitDown(ctx, to)
	} else {
		err = t.WaitUp(ctx, to)
	}
	if err != nil {
		return api.Fail(api.DeadlineExceeded, "the link from %s to %s is set, but its stream has not followed yet: %v", from, to, err)
	}
	return nil
}

// HealAll takes away all cuts.
func (n *Node) HealAll(ctx context.Context) error {
	links := n.shared.links
	if links == nil {
		return api.Fail(api.DevOnly, "links can be healed only where they are emulated, in selvedge dev")
	}
	cut := links.All()
	links.HealAll()
	for _, l := range cut {
		if l.Cut && n.shared.node(l.From) != nil && n.shared.node(l.To) != nil {
			if err := n.settled(ctx, l.From, l.To); err != nil {
				return err
			}
		}
	}
	return nil
}
