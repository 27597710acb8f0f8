package node

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/internal/env"
	"github.com/selvedge-db/selvedge/mesh"
	"github.com/selvedge-db/selvedge/value"
)

// reconcileEvery is how often what is here is compared with the directory when nothing hints at a change.
const reconcileEvery = time.Second

// reconcile brings what lives here in line with the directory, again and again: fabrics to join, to drop, members to
// evict, peers to dial.
func (n *Node) reconcile(ctx context.Context) {
	n.go_(n.watchStanding)
	for {
		n.reconcileOnce(ctx)
		select {
		case <-n.hint:
		case <-ctx.Done():
			return
		case <-after(ctx, n.env.Clock, reconcileEvery):
		}
	}
}

func after(ctx context.Context, clock env.Clock, d time.Duration) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = env.Sleep(ctx, clock, d)
	}()
	return done
}

// Hint makes the next comparison happen at once.
func (n *Node) nudge() {
	select {
	case n.hint <- struct{}{}:
	default:
	}
}

func (n *Node) reconcileOnce(ctx context.Context) {
	system := n.fabricByID(systemID)
	if system == nil || system.fabric.WritesRefused() != nil && system.fabric.Status().Members.IsZero() {
		return
	}
	// Refused while writes are: then it is tried again in the next round.
	if err := n.announce(ctx); err != nil {
		n.log.Debug("not announced yet", "error", err)
	}
	n.introducePeers()
	for _, h := range n.all() {
		h.introduce()
	}
	here := n.cfg.Location.Name
	listings := n.listings()
	for id, l := range listings {
		h := n.fabricByID(id)
		switch {
		case h == nil && n.dropAgain(ctx, id):
		case h == nil && l.Locations[here]:
			n.adopt(ctx, l)
		case h != nil && !l.Locations[here] && h.evicted():
			n.drop(h)
		case h != nil:
			n.governListed(ctx, h, l)
		}
	}
	for _, h := range n.all() {
		h.noteMembers()
		if _, listed := listings[h.reg.ID]; !listed && h.reg.ID != systemID && !h.creating.Load() {
			n.drop(h)
		}
	}
}

// adopt joins a fabric that the directory gives this location.
func (n *Node) adopt(ctx context.Context, l listing) {
	if l.Anchor == n.cfg.Location.Name {
		return // being created by a request that runs now
	}
	n.mu.Lock()
	busy := n.adopting[l.ID]
	n.adopting[l.ID] = true
	n.mu.Unlock()
	if busy {
		return
	}
	n.go_(func(ctx context.Context) {
		defer func() {
			n.mu.Lock()
			delete(n.adopting, l.ID)
			n.mu.Unlock()
		}()
		if err := n.adoptNow(ctx, l); err != nil && ctx.Err() == nil {
			n.log.Warn("fabric not joined yet", "fabric", l.ID, "error", err)
		}
	})
}

const adoptTimeout = 30 * time.Second

func (n *Node) adoptNow(ctx context.Context, l listing) error {
	regs, err := n.registry.fabrics()
	if err != nil {
		return err
	}
	reg := registration{ID: l.ID, Tenant: l.Tenant, Name: l.Name}
	for _, r := range regs {
		if r.ID == l.ID {
			reg = r
		}
	}
	if reg.Number == 0 {
		if regs, err = n.register(nil, reg); err != nil {
			return err
		}
		reg = regs[0]
	}
	ctx, cancel := context.WithTimeout(ctx, adoptTimeout)
	defer cancel()
	if err := n.join(ctx, reg); err != nil {
		return err
	}
	n.note(api.EventInfo, "fabric", l.Tenant, "fabric %q came to this location", l.Name)
	return nil
}

// evicted says that this location is no member of the fabric any more.
func (h *hosted) evicted() bool {
	status := h.fabric.Status()
	return status.Members.StateOf(status.Self) != member.Joined && !status.Members.IsZero() || h.rejectedFor.Load() != 0
}

// drop takes a fabric away from this location, with its data.
func (n *Node) drop(h *hosted) {
	n.log.Info("fabric leaves this location", "fabric", h.reg.ID)
	title, tenant := h.titled()
	n.note(api.EventInfo, "fabric", tenant, "%s leaves this location, with its data", title)
	if err := h.close(); err != nil {
		n.log.Warn("closing a fabric", "fabric", h.reg.ID, "error", err)
	}
	err := n.destroy(h.reg.Number)
	if err == nil {
		err = n.registry.remove(h.reg.ID)
	}
	if err != nil {
		n.log.Error("dropping a fabric", "fabric", h.reg.ID, "error", err)
	}
}

// governListed does what the anchor of a listed fabric owes the directory: it is listed as the anchor, and ends the
// membership of locations that are no longer listed.
func (n *Node) governListed(ctx context.Context, h *hosted, l listing) {
	status := h.fabric.Status()
	if status.Self != status.Members.Anchor() || status.Self == 0 {
		return
	}
	if here := n.cfg.Location.Name; l.Anchor != here {
		if err := n.patchListing(ctx, l, value.Member{Name: "anchor", Value: value.String(here)}); err != nil {
			n.log.Debug("not listed as anchor yet", "fabric", h.reg.ID, "error", err)
		}
	}
	for _, m := range status.Members.Remaining() {
		if l.Locations[m.Name] || m.Origin == status.Self {
			continue
		}
		if err := h.fabric.AppendMember(ctx, member.Change{Kind: member.Evict, Origin: m.Origin}); err != nil {
			n.log.Warn("evicting", "fabric", h.reg.ID, "location", m.Name, "error", err)
		}
	}
}

// evictRequest asks an anchor to end a location's membership.
type evictRequest struct {
	Fabric, Location string
}

// evict ends a location's membership of a fabric, at its anchor.
func (n *Node) evict(ctx context.Context, h *hosted, location string) error {
	status := h.fabric.Status()
	anchor, ok := status.Members.ByOrigin(status.Members.Anchor())
	if !ok {
		return fmt.Errorf("fabric %s has no anchor that is known here", h.reg.ID)
	}
	if anchor.Origin == status.Self {
		return n.evictHere(ctx, h, location)
	}
	body, err := json.Marshal(evictRequest{h.reg.ID, location})
	if err != nil {
		return err
	}
	_, err = n.callAnchor(ctx, anchor, methodEvict, body)
	if err != nil {
		return fmt.Errorf("evicting %s from fabric %s: %w", location, h.reg.Name, err)
	}
	return nil
}

func (n *Node) evictHere(ctx context.Context, h *hosted, location string) error {
	m, ok := h.fabric.Status().Members.ByName(location)
	if !ok {
		return &mesh.CallError{Code: codeNoMember, Message: fmt.Sprintf("location %q is not a member of fabric %q", location, h.reg.Name)}
	}
	if err := h.fabric.AppendMember(ctx, member.Change{Kind: member.Evict, Origin: m.Origin}); err != nil {
		return &mesh.CallError{Code: codeRefused, Message: fmt.Sprintf("fabric %s: %v", h.reg.Name, err)}
	}
	return nil
}

func (n *Node) answerEvict(ctx context.Context, body []byte) ([]byte, error) {
	var request evictRequest
	if err := json.Unmarshal(body, &request); err != nil {
		return nil, &mesh.CallError{Code: "malformed", Message: err.Error()}
	}
	h := n.fabricByID(request.Fabric)
	if h == nil {
		return nil, &mesh.CallError{Code: codeNoFabric, Message: fmt.Sprintf("fabric %s is not at this location", request.Fabric)}
	}
	return nil, n.evict(ctx, h, request.Location)
}
