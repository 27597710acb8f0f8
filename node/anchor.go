package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/mesh"
)

// A fabric's anchor is moved by itself: it commits who comes after it. Only when it is gone for good does the location
// that is to follow commit that by itself, on an operator's word. Two anchors that do not know of each other may both
// decide on members, and nothing but that word says that there are not two.

const methodAnchor = "anchor"

// anchorWait bounds how long an anchor is waited for before it counts as out of reach.
const anchorWait = 2 * time.Second

// anchorRequest asks an anchor to let a location follow it.
type anchorRequest struct {
	Fabric   string `json:"fabric"`
	Location string `json:"location"`
}

// SetAnchor makes a location the anchor of a fabric.
func (n *Node) SetAnchor(ctx context.Context, tenant, name, location string, force bool) error {
	h, err := n.find(tenant, name)
	if err != nil {
		return err
	}
	members := h.fabric.Status().Members
	next, ok := members.ByName(location)
	if !ok {
		return api.Fail(api.LocationNotFound, "location %q is not a member of fabric %q", location, name)
	}
	old, ok := members.ByOrigin(members.Anchor())
	switch {
	case !ok:
		return api.Fail(api.Refused, "fabric %q is still being copied to this location", name)
	case old.Origin == next.Origin:
		return nil
	case old.Origin == h.fabric.Status().Self:
		return n.refusal(n.passAnchor(ctx, h, next))
	}
	here := n.cfg.Location.Name
	if force && location != here {
		return api.Fail(api.Refused, "a takeover is committed by the location that takes over: ask %s for it, not %s", location, here)
	}
	asked := n.askForAnchor(ctx, h, old, next)
	if asked == nil || !force {
		return n.refusal(asked)
	}
	n.log.Warn("taking over as anchor on an operator's word", "fabric", h.reg.ID, "from", old.Name, "because", asked)
	return n.refusal(n.passAnchor(ctx, h, next))
}

// passAnchor commits here that next is the anchor, in the next epoch.
func (n *Node) passAnchor(ctx context.Context, h *hosted, next member.Member) error {
	if err := h.fabric.WritesRefused(); err != nil {
		return err
	}
	epoch := h.fabric.Status().Members.Epoch() + 1
	if err := h.fabric.AppendMember(ctx, member.Change{Kind: member.Anchor, Origin: next.Origin, Epoch: epoch}); err != nil {
		return &mesh.CallError{Code: codeRefused, Message: err.Error()}
	}
	n.log.Info("the anchor moves", "fabric", h.reg.ID, "to", next.Name)
	n.nudge()
	return nil
}

// askForAnchor lets the present anchor move itself, and waits until that is known here.
func (n *Node) askForAnchor(ctx context.Context, h *hosted, old, next member.Member) error {
	body, err := json.Marshal(anchorRequest{Fabric: h.reg.ID, Location: next.Name})
	if err != nil {
		return err
	}
	data, err := n.callAnchor(ctx, old, methodAnchor, body)
	if err != nil {
		return err
	}
	var done stampRecord
	if err := json.Unmarshal(data, &done); err != nil {
		return fmt.Errorf("answer of the anchor %s: %w", old.Name, err)
	}
	return h.fabric.Await(ctx, clock.VectorOf(clock.Row{Origin: done.Origin, Time: done.Time}))
}

// callAnchor calls a fabric's anchor. When it cannot be reached, the error says what can be done.
func (n *Node) callAnchor(ctx context.Context, anchor member.Member, method string, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, anchorWait)
	defer cancel()
	data, err := n.transport.Call(ctx, n.addressOf(anchor), method, body)
	var refused *mesh.CallError
	if err == nil || errors.As(err, &refused) {
		return data, err
	}
	return nil, fmt.Errorf("the fabric's anchor %s, which decides on its members, cannot be reached: try again when it can, or, when it is gone for good, "+
		"let another member take over first (location anchor NAME --force): %w", anchor.Name, err)
}

// answerAnchor lets a location follow this one as anchor, and says up to where its log must be known to know of it.
func (n *Node) answerAnchor(ctx context.Context, body []byte) ([]byte, error) {
	var request anchorRequest
	if err := json.Unmarshal(body, &request); err != nil {
		return nil, &mesh.CallError{Code: "malformed", Message: err.Error()}
	}
	h := n.fabricByID(request.Fabric)
	if h == nil {
		return nil, &mesh.CallError{Code: codeNoFabric, Message: fmt.Sprintf("fabric %s is not at this location", request.Fabric)}
	}
	status := h.fabric.Status()
	next, ok := status.Members.ByName(request.Location)
	if !ok {
		return nil, &mesh.CallError{Code: codeRefused, Message: fmt.Sprintf("location %q is not a member of %s", request.Location, request.Fabric)}
	}
	if status.Members.Anchor() != next.Origin {
		if err := n.passAnchor(ctx, h, next); err != nil {
			return nil, &mesh.CallError{Code: codeRefused, Message: err.Error()}
		}
	}
	return json.Marshal(stampRecord{Time: h.fabric.Seen().At(status.Self), Origin: status.Self})
}

// anchorOf is the name of a fabric's anchor, empty while it is not known.
func anchorOf(members member.Table) string {
	m, _ := members.ByOrigin(members.Anchor())
	return m.Name
}
