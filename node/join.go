package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/selvedge-db/selvedge/access"
	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/internal/env"
	"github.com/selvedge-db/selvedge/mesh"
)

// Joining a fabric is a call to its anchor, which commits the join entry. Whoever is called and is not the anchor
// says who is. Joining the planet is joining the system fabric.

// joinRequest asks an anchor to let a location join a fabric. Repeating it with the same nonce gives the same answer.
type joinRequest struct {
	Fabric    string       `json:"fabric"`
	Name      string       `json:"name"`
	Address   string       `json:"address"`
	Latitude  float64      `json:"latitude"`
	Longitude float64      `json:"longitude"`
	Nonce     string       `json:"nonce"`
	Replaces  clock.Origin `json:"replaces"` // an incarnation of this location that must not go on, to be evicted
}

// joinReply gives the newcomer its identity, or the anchor to ask.
type joinReply struct {
	Origin  clock.Origin `json:"origin"`
	Join    stampRecord  `json:"join"`
	Tenant  string       `json:"tenant"`
	Anchor  string       `json:"anchor"`
	Address string       `json:"address"` // of the anchor
	Members []mesh.Peer  `json:"members"`
}

const (
	methodJoin  = "join"
	methodEvict = "evict"

	codeNoFabric = "no-fabric"
	codeRefused  = "refused"
	codeNoMember = "no-member"

	joinRetry = 200 * time.Millisecond
	joinLog   = 5 * time.Second
)

// openPlanet opens the fabrics that live here. A new location first creates the planet or joins it.
func (n *Node) openPlanet(ctx context.Context) error {
	fabrics, err := n.registry.fabrics()
	if err != nil {
		return err
	}
	fresh := true
	for _, reg := range fabrics {
		fresh = fresh && reg.ID != systemID
	}
	if fresh && n.cfg.Mesh.Create {
		return n.createPlanet(ctx)
	}
	if fresh {
		if fabrics, err = n.register(fabrics, registration{ID: systemID, Name: systemID}); err != nil {
			return err
		}
	}
	// The system fabric first: the others look at it.
	first := slices.IndexFunc(fabrics, func(r registration) bool { return r.ID == systemID })
	fabrics[0], fabrics[first] = fabrics[first], fabrics[0]
	if fabrics[0].Self == 0 && n.shared.rejoining != nil {
		n.shared.rejoining()
	}
	for _, reg := range fabrics {
		if err := n.resume(ctx, reg); err != nil {
			return err
		}
	}
	n.introducePeers()
	return n.fabricByID(systemID).awaitReady(ctx)
}

// register gives a fabric a number and a nonce, and writes both down.
func (n *Node) register(fabrics []registration, reg registration) ([]registration, error) {
	var err error
	if reg.Number, err = n.registry.nextNumber(); err != nil {
		return nil, err
	}
	reg.Nonce = fmt.Sprintf("%016x", n.env.Rand.Uint64())
	return append(fabrics, reg), n.registry.set(reg)
}

// resume opens a registered fabric, after joining it when that has not happened yet.
func (n *Node) resume(ctx context.Context, reg registration) error {
	if reg.Restored {
		return n.resumeRestored(ctx, reg)
	}
	if reg.Self == 0 {
		// What is here, if anything, belongs to an incarnation that has ended.
		if err := n.destroy(reg.Number); err != nil {
			return err
		}
		return n.join(ctx, reg)
	}
	_, err := n.host(reg, reg.Joining, nil)
	return err
}

func (n *Node) createPlanet(ctx context.Context) error {
	n.guard.release() // there is nobody whose clock could be heard
	if err := n.wantRootKey(); err != nil {
		return err
	}
	regs, err := n.register(nil, registration{ID: systemID, Name: systemID, Self: clock.OriginOf(0, 1)})
	if err != nil {
		return err
	}
	tenant, _, _, ok := access.SplitKey(n.cfg.RootKey)
	if !ok {
		return fmt.Errorf("%w: root-key: %w", ErrConfiguration, CheckAPIKey(n.cfg.RootKey))
	}
	n.tenant = tenant
	regs[0].Tenant = tenant
	if err := n.registry.set(regs[0]); err != nil {
		return err
	}
	if err := n.remember(tenant); err != nil {
		return err
	}
	if err := n.createFabric(ctx, regs[0]); err != nil {
		return err
	}
	if err := n.makeDirectory(ctx, n.fabricByID(systemID).fabric); err != nil {
		return err
	}
	return n.announce(ctx) // so that who joins knows at once where the first location is
}

// remember writes the planet's tenant down.
func (n *Node) remember(tenant string) error {
	id, _, err := n.registry.identity()
	if err != nil {
		return err
	}
	id.Tenant = tenant
	return n.registry.setIdentity(id)
}

// createFabric makes a registered fabric with this location as its first member.
func (n *Node) createFabric(ctx context.Context, reg registration) error {
	_, err := n.host(reg, false, nil, func(h *hosted) error {
		h.creating.Store(true)
		return h.fabric.Create(ctx, n.memberChange(member.Create, reg.Self, reg.ID))
	})
	return err
}

func (n *Node) memberChange(kind member.Kind, origin clock.Origin, id string) member.Change {
	l := n.cfg.Location
	return member.Change{Kind: kind, Origin: origin, Fabric: id, Name: l.Name, Address: n.cfg.Mesh.Advertise, Latitude: l.Latitude, Longitude: l.Longitude}
}

// join asks for the identity of this location in a fabric until it gets one, and opens the fabric.
func (n *Node) join(ctx context.Context, reg registration) error {
	reply, err := n.askToJoin(ctx, reg)
	if err != nil {
		return err
	}
	return n.joined(reg, reply)
}

// joined writes down who this location is and opens the fabric, whose data is yet to come.
func (n *Node) joined(reg registration, reply joinReply) error {
	known, err := n.admitted(&reg, reply)
	if err != nil {
		return err
	}
	_, err = n.host(reg, true, known)
	return err
}

// admitted writes down who this location is in a fabric, and returns who else takes part.
func (n *Node) admitted(reg *registration, reply joinReply) (known []string, err error) {
	reg.Self, reg.Join, reg.Tenant, reg.Joining, reg.Peers = reply.Origin, reply.Join, reply.Tenant, true, nil
	if err := n.registry.set(*reg); err != nil {
		return nil, err
	}
	if reg.ID == systemID {
		n.tenant = reply.Tenant
		if err := n.remember(reply.Tenant); err != nil {
			return nil, err
		}
	}
	known = []string{reply.Anchor}
	for _, p := range reply.Members {
		known = append(known, p.Name)
	}
	n.addPeers(append(reply.Members, mesh.Peer{Name: reply.Anchor, Address: reply.Address}))
	return known, nil
}

// destroy deletes what a fabric number holds in the store.
func (n *Node) destroy(number uint32) error {
	pending, err := fabric.Destroy(n.db, number)
	if err == nil {
		err = pending.Wait()
	}
	return err
}

// askToJoin calls one location after another until the anchor has answered.
func (n *Node) askToJoin(ctx context.Context, reg registration) (joinReply, error) {
	request := joinRequest{Fabric: reg.ID, Name: n.cfg.Location.Name, Address: n.cfg.Mesh.Advertise, Nonce: reg.Nonce,
		Latitude: n.cfg.Location.Latitude, Longitude: n.cfg.Location.Longitude, Replaces: reg.Replaces}
	body, err := json.Marshal(request)
	if err != nil {
		return joinReply{}, err
	}
	var logged time.Duration = -joinLog
	for i := 0; ; i++ {
		target := ""
		if targets := n.joinTargets(reg); len(targets) > 0 { // they become known while others start
			target = targets[i%len(targets)]
		}
		reply, err := n.callJoin(ctx, target, body)
		if err == nil && reply.Origin != 0 {
			return reply, nil
		}
		if err == nil && reply.Address != "" {
			if reply, err = n.callJoin(ctx, reply.Address, body); err == nil && reply.Origin != 0 {
				return reply, nil
			}
		}
		var refused *mesh.CallError
		if errors.As(err, &refused) && refused.Code == codeRefused {
			return joinReply{}, fmt.Errorf("joining %s through %s: %w", reg.ID, target, err)
		}
		if now := n.env.Clock.Monotonic(); now-logged >= joinLog {
			logged = now
			n.log.Warn("not joined yet, trying again", "fabric", reg.ID, "through", target, "error", err)
		}
		if err := env.Sleep(ctx, n.env.Clock, joinRetry); err != nil {
			return joinReply{}, fmt.Errorf("joining %s through %s: %w", reg.ID, target, err)
		}
	}
}

var errNobody = errors.New("no other location is known here: set mesh.join to the address of one that is a member")

const callTimeout = 5 * time.Second

func (n *Node) callJoin(ctx context.Context, target string, body []byte) (joinReply, error) {
	if target == "" {
		return joinReply{}, errNobody
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	data, err := n.transport.Call(ctx, target, methodJoin, body)
	if err != nil {
		return joinReply{}, err
	}
	var reply joinReply
	return reply, json.Unmarshal(data, &reply)
}

// joinTargets are the addresses to ask: the configured ones, and for a fabric other than the system's the
// locations that have it. This location is not among them: it lets nobody in while it is not in itself.
func (n *Node) joinTargets(reg registration) []string {
	var targets []string
	if reg.ID != systemID {
		for _, l := range n.directoryOf(reg.ID) {
			targets = append(targets, l.Address)
		}
	}
	for _, p := range append(n.peers(), reg.Peers...) {
		if address := n.address(p.Name, p.Address); address != "" {
			targets = append(targets, address)
		}
	}
	n.mu.Lock()
	for _, address := range n.extra {
		targets = append(targets, address)
	}
	n.mu.Unlock()
	targets = append(targets, n.cfg.Mesh.Join...)
	return slices.DeleteFunc(targets, func(address string) bool { return address == "" || address == n.cfg.Mesh.Advertise })
}

// answer is called for planet-level requests of other locations.
func (n *Node) answer(ctx context.Context, from, method string, body []byte) ([]byte, error) {
	switch method {
	case methodJoin:
		var request joinRequest
		if err := json.Unmarshal(body, &request); err != nil {
			return nil, &mesh.CallError{Code: "malformed", Message: err.Error()}
		}
		if from != request.Name {
			return nil, &mesh.CallError{Code: codeRefused, Message: fmt.Sprintf("location %s cannot ask for %s", from, request.Name)}
		}
		reply, err := n.letJoin(ctx, request)
		if err != nil {
			return nil, err
		}
		return json.Marshal(reply)
	case methodStanding:
		return n.answerStanding(from, body)
	case methodEvict:
		return n.answerEvict(ctx, body)
	case methodAnchor:
		return n.answerAnchor(ctx, body)
	}
	return nil, &mesh.CallError{Code: "unknown-method", Message: fmt.Sprintf("method %q is not known", method)}
}

// letJoin commits the join entry at the anchor, or says who the anchor is.
func (n *Node) letJoin(ctx context.Context, request joinRequest) (joinReply, error) {
	h := n.fabricByID(request.Fabric)
	if h == nil {
		return joinReply{}, &mesh.CallError{Code: codeNoFabric, Message: fmt.Sprintf("fabric %s is not at this location", request.Fabric)}
	}
	status := h.fabric.Status()
	anchor, ok := status.Members.ByOrigin(status.Members.Anchor())
	if !ok {
		return joinReply{}, &mesh.CallError{Code: codeNoFabric, Message: "this location is joining itself"}
	}
	reply := joinReply{Anchor: anchor.Name, Address: n.addressOf(anchor), Tenant: h.reg.Tenant}
	if anchor.Origin != status.Self {
		return reply, nil
	}
	h.joins.Lock()
	defer h.joins.Unlock()
	m, err := n.commitJoin(ctx, h, request)
	if err != nil {
		return joinReply{}, err
	}
	reply.Origin, reply.Join = m.Origin, stampRecord{Time: m.Incarnation, Origin: anchor.Origin}
	for _, other := range h.fabric.Status().Members.Counted() {
		if other.Origin != m.Origin {
			reply.Members = append(reply.Members, mesh.Peer{Name: other.Name, Address: n.addressOf(other)})
		}
	}
	n.addPeers([]mesh.Peer{{Name: request.Name, Address: request.Address}})
	h.mu.Lock()
	h.known[request.Name] = true
	h.mu.Unlock()
	return reply, nil
}

func (n *Node) commitJoin(ctx context.Context, h *hosted, request joinRequest) (member.Member, error) {
	members := h.fabric.Status().Members
	if m, ok := members.ByName(request.Name); ok {
		if h.nonces[request.Name] == request.Nonce {
			return m, nil // its first request was answered, but the answer was lost
		}
		if request.Replaces != m.Origin {
			return m, &mesh.CallError{Code: codeRefused, Message: fmt.Sprintf(
				"a location %q is a member of %s already: start it with its own data, or evict it first", request.Name, request.Fabric)}
		}
		if err := h.fabric.AppendMember(ctx, member.Change{Kind: member.Evict, Origin: m.Origin}); err != nil {
			return m, err
		}
		members = h.fabric.Status().Members
	}
	change := member.Change{Kind: member.Join, Origin: members.NextOrigin(), Name: request.Name, Address: request.Address,
		Latitude: request.Latitude, Longitude: request.Longitude}
	if err := h.fabric.AppendMember(ctx, change); err != nil {
		return member.Member{}, err
	}
	h.nonces[request.Name] = request.Nonce
	m, _ := h.fabric.Status().Members.ByOrigin(change.Origin)
	return m, nil
}
