package node

import (
	"context"
	"errors"
	"time"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/internal/env"
	"github.com/selvedge-db/selvedge/value"
)

var (
	// ErrLeft ends a location that left the planet in order.
	ErrLeft = errors.New("this location has left the planet; started again it joins as a new one")
	// ErrEvicted ends a location that was closed out of the planet.
	ErrEvicted = errors.New("this location was evicted from the planet: start it again to let it join as a new one, or leave it stopped")
)

// Leave takes this location out of a fabric.
//
// It first lets another member take over what this one decides, stops taking writes and waits until every other member
// has what it acknowledged; when that cannot be had within the deadline it stays.
func (n *Node) Leave(ctx context.Context, tenant, name string) error {
	if name == "" {
		name = systemID
	}
	h, err := n.find(tenant, name)
	if err != nil {
		return err
	}
	n.parting.Lock()
	defer n.parting.Unlock()
	leaving := []*hosted{h}
	if h.reg.ID == systemID {
		leaving = n.all()
	}
	for _, h := range leaving {
		if err := n.handOver(ctx, h); err != nil {
			return err
		}
	}
	for _, h := range leaving {
		h.leaving.Store(true)
		h.fabric.RefuseWrites(leavingGate, "this location is leaving the fabric")
	}
	if err = drainAll(ctx, leaving); err == nil && h.reg.ID == systemID {
		err = n.unlist(ctx, h)
	}
	if err == nil {
		err = n.Evict(ctx, tenant, name, n.cfg.Location.Name)
	}
	if err != nil {
		for _, h := range leaving {
			h.leaving.Store(false)
			h.fabric.AllowWrites(leavingGate)
		}
	}
	return err
}

const leavingGate = "leaving"

// handOver lets another member decide on a fabric's members, when this location does.
func (n *Node) handOver(ctx context.Context, h *hosted) error {
	status := h.fabric.Status()
	if status.Self != status.Members.Anchor() || status.Self == 0 {
		return nil
	}
	up := map[string]bool{}
	for _, p := range n.transport.Peers() {
		up[p.Name] = p.State == "up"
	}
	others := 0
	for _, m := range status.Members.Remaining() {
		if m.Origin == status.Self {
			continue
		}
		if others++; up[m.Name] {
			return n.refusal(n.passAnchor(ctx, h, m))
		}
	}
	if others == 0 {
		return api.Fail(api.Refused, "this location is the only one of fabric %q: nobody would have its data. Delete the fabric, add a location, or just stop this one", h.reg.Name)
	}
	return api.Fail(api.Refused, "this location decides on the members of fabric %q, and no other one is up to take over", h.reg.Name)
}

// unlist takes this location out of the list of every fabric: a write to the system fabric, for which it opens once more.
func (n *Node) unlist(ctx context.Context, system *hosted) error {
	system.fabric.AllowWrites(leavingGate)
	here := n.cfg.Location.Name
	for _, l := range n.listings() {
		if !l.Locations[here] {
			continue
		}
		members := []value.Member{{Name: here, Value: value.Null()}}
		if err := n.patchListing(ctx, l, value.Member{Name: "locations", Value: value.Object(members...)}); err != nil {
			return err
		}
	}
	system.fabric.RefuseWrites(leavingGate, "this location is leaving the planet")
	return system.drained(ctx)
}

// isOut tells that this location is out of the planet, when who asked for that has been answered.
func (n *Node) isOut(system *hosted) {
	n.parting.Lock()
	defer n.parting.Unlock()
	if system.leaving.Load() {
		n.fail(ErrLeft)
		return
	}
	n.fail(ErrEvicted)
}

const drainEvery = 20 * time.Millisecond

func drainAll(ctx context.Context, leaving []*hosted) error {
	for _, h := range leaving {
		if err := h.drained(ctx); err != nil {
			return err
		}
	}
	return nil
}

// drained waits until every other member has reported all that this location committed.
func (h *hosted) drained(ctx context.Context) error {
	for {
		behind := ""
		status := h.fabric.Status()
		applied := map[clock.Origin]clock.Time{}
		for _, p := range h.runner().Status().Peers {
			applied[p.Origin] = p.Applied
		}
		for _, m := range status.Members.Remaining() {
			if m.Origin != status.Self && applied[m.Origin] < status.Vector.At(status.Self) {
				behind = m.Name
			}
		}
		if behind == "" || status.Members.StateOf(status.Self) >= member.Evicting {
			return nil
		}
		if err := env.Sleep(ctx, h.node.env.Clock, drainEvery); err != nil {
			return api.Fail(api.DeadlineExceeded, "location %s has not reported all of what was committed here: it is behind or cut off; evict it first, or evict this location at another", behind)
		}
	}
}
