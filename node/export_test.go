package node

import (
	"context"

	"github.com/selvedge-db/selvedge/internal/env"
	"github.com/selvedge-db/selvedge/mesh"
	"github.com/selvedge-db/selvedge/replication"
)

// StartOn starts a location on a given machine.
func StartOn(ctx context.Context, cfg Config, e env.Env) (*Node, error) { return startOn(ctx, cfg, e) }

// Links are the emulated links, to be bent without waiting for the effect.
func (d *Dev) Links() *mesh.Links { return d.shared.links }

// Replication tells how a fabric's replication stands.
func (n *Node) Replication(tenant, name string) replication.Status {
	h, err := n.find(tenant, name)
	if err != nil {
		panic(err)
	}
	return h.runner().Status()
}

// Deafen makes a location lose what others say of one fabric, or ends that.
func (n *Node) Deafen(tenant, name string, deaf bool) {
	h, err := n.find(tenant, name)
	if err != nil {
		panic(err)
	}
	h.deaf.Store(deaf)
}

// Waits tells, for a fabric, why entries of other locations cannot be applied yet, by the location's name.
func (n *Node) Waits(tenant, name string) map[string]string {
	h, err := n.find(tenant, name)
	if err != nil {
		panic(err)
	}
	out := map[string]string{}
	for _, w := range h.runner().Status().Waits {
		m, _ := h.fabric.Status().Members.ByOrigin(w.Origin)
		out[m.Name] = w.Reason
	}
	return out
}

// Hold refuses writes until the function returned has run, as a start does while no other clock is known.
func (n *Node) Hold() (wait func(context.Context)) { return n.guard.hold() }

// Hears says whether a location's clock is known here.
func (n *Node) Hears(location string) bool {
	n.guard.mu.Lock()
	defer n.guard.mu.Unlock()
	_, known := n.guard.clock.Offset(location)
	return known
}

// Reconcile compares what is here with the directory, once.
func (n *Node) Reconcile() { n.reconcileOnce(n.ctx) }
