package node

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/internal/env"
	"github.com/selvedge-db/selvedge/mesh"
	"github.com/selvedge-db/selvedge/replication"
)

// A location that has no stream to a peer is told nothing by replication. That may be so because another process has
// its name: the successor of an incarnation that was evicted, or a copy of the data folder. A peer has one stream per
// name, and it is theirs. So a location without a stream asks, over a call, how its incarnations stand.

const (
	methodStanding  = "standing"
	standingEvery   = 2 * time.Second
	standingTimeout = 2 * time.Second
	// rivalRounds is how often in a row a peer must have a stream with another process of this name, until that is taken
	// for a second live one: far longer than a peer takes to notice that the process before this one has ended.
	rivalRounds = 10
)

type standingRequest struct {
	Start   uint64                  `json:"start"`
	Origins map[string]clock.Origin `json:"origins"` // by fabric
}

type standingReply struct {
	Evicted []string `json:"evicted"` // fabrics in which the incarnation must not go on
	Rival   bool     `json:"rival"`   // another process of that name has a stream
}

// watchStanding asks those peers that there is no stream to, and at the start all.
func (n *Node) watchStanding(ctx context.Context) {
	rivals := map[string]int{} // rounds in a row
	for all := true; ; all = false {
		var asking sync.WaitGroup
		var mu sync.Mutex
		for _, p := range n.transport.Peers() {
			if p.State == "cut" || p.State == "up" && !all {
				mu.Lock() // earlier ones are being asked already
				delete(rivals, p.Name)
				mu.Unlock()
				continue
			}
			asking.Go(func() {
				reply, err := n.askStanding(ctx, p.Name)
				mu.Lock()
				defer mu.Unlock()
				if rivals[p.Name]++; err != nil || !reply.Rival {
					delete(rivals, p.Name)
				}
			})
		}
		asking.Wait()
		for name, rounds := range rivals {
			if rounds == rivalRounds {
				n.rivalled(name)
			}
		}
		if env.Sleep(ctx, n.env.Clock, standingEvery) != nil {
			return
		}
	}
}

// askStanding asks one peer, and ends what it says must not go on.
func (n *Node) askStanding(ctx context.Context, peer string) (reply standingReply, err error) {
	request := standingRequest{Start: n.transport.Start(), Origins: map[string]clock.Origin{}}
	for _, h := range n.all() {
		if self := h.fabric.Status().Self; self != 0 && h.rejectedFor.Load() == 0 {
			request.Origins[h.reg.ID] = self
		}
	}
	if len(request.Origins) == 0 {
		return reply, nil // nothing here is in doubt
	}
	body, err := json.Marshal(request)
	if err != nil {
		return reply, err
	}
	ctx, cancel := context.WithTimeout(ctx, standingTimeout)
	defer cancel()
	data, err := n.transport.Call(ctx, peer, methodStanding, body)
	if err == nil {
		err = json.Unmarshal(data, &reply)
	}
	if err != nil {
		return reply, err
	}
	for _, id := range reply.Evicted {
		if h := n.fabricByID(id); h != nil && h.fabric.Status().Self == request.Origins[id] {
			h.mustEnd(replication.Rejected{Reason: replication.Evicted, Peer: peer,
				Text: peer + " says: this incarnation was evicted; come back as a new one"})
		}
	}
	return reply, nil
}

// rivalled ends this process's part: another one lives under the same name and incarnation.
func (n *Node) rivalled(peer string) {
	for _, h := range n.all() {
		if h.rejectedFor.Load() != 0 {
			continue
		}
		h.mustEnd(replication.Rejected{Reason: replication.TwoLive, Peer: peer,
			Text: fmt.Sprintf("%s is connected to another process that is location %s too", peer, n.cfg.Location.Name)})
	}
}

// mustEnd does what replication does when it learns the same.
func (h *hosted) mustEnd(r replication.Rejected) {
	h.fabric.RefuseWrites("rejected", r.Text)
	h.rejected(r)
}

// answerStanding tells a location how its incarnations stand.
func (n *Node) answerStanding(from string, body []byte) ([]byte, error) {
	var request standingRequest
	if err := json.Unmarshal(body, &request); err != nil {
		return nil, &mesh.CallError{Code: "malformed", Message: err.Error()}
	}
	var reply standingReply
	for id, origin := range request.Origins {
		h := n.fabricByID(id)
		if h == nil || h.fabric.Status().Members.StateOf(origin) < member.Evicting {
			continue
		}
		reply.Evicted = append(reply.Evicted, id)
		n.log.Warn("an evicted incarnation is alive and was told so", "fabric", id, "location", from, "origin", origin.String())
	}
	if start := n.transport.StartOf(from); start != 0 && start != request.Start {
		reply.Rival = true
		n.log.Warn("two processes are one location", "location", from, "connected", fmt.Sprintf("%016x", start), "other", fmt.Sprintf("%016x", request.Start))
	}
	return json.Marshal(reply)
}
