// Package auction sells things to bidders all over the planet at once, with no location in charge.
//
// What it shows:
//
//   - A field that keeps the highest of what is offered: bid is a max by its amount. Two locations that take bids at the
//     same time, cut off from each other or not, agree afterwards on the highest one, and on who made it.
//   - A counter: bids counts every bid, also of both sides of a cut link.
//   - A set: watchers are added and dropped at many places.
//   - A disputed field: during a cut two locations write the note of one lot. One note holds, everywhere the same, and the
//     other one stands in the conflicts of the fabric.
//   - Lots that go away by themselves: expireAt says when.
//
// Amounts are in whole euros, closesAt and expireAt in seconds since 1970.
package auction

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/selvedge-db/selvedge/client"
	"github.com/selvedge-db/selvedge/examples/planet"
)

// Lots is the collection.
const Lots = "lots"

// How many lots are open, for how long, and how long a closed one is kept.
const (
	open    = 12
	openFor = 2 * time.Minute
	keptFor = 10 * time.Minute
)

// bidEvery is how often somebody bids at each place.
const bidEvery = 700 * time.Millisecond

type bid struct {
	Amount int    `json:"amount"`
	Bidder string `json:"bidder"`
	At     string `json:"at"` // the location
}

type lot struct {
	Key      string   `json:"_key"`
	Title    string   `json:"title"`
	Note     string   `json:"note"`
	Bid      bid      `json:"bid"`
	Bids     int      `json:"bids"`
	Watchers []string `json:"watchers"`
	ClosesAt int64    `json:"closesAt"`
	ExpireAt int64    `json:"expireAt"`
}

// Run makes the collection and lets people bid until the context ends.
func Run(ctx context.Context, places []planet.Place, weather planet.Weather, say planet.Say) error {
	err := planet.Make(ctx, places, client.CollectionSpec{Name: Lots, CRDT: map[string]client.CRDT{
		"bid": {Type: "max", By: "amount"}, "bids": {Type: "counter"}, "watchers": {Type: "set"}}})
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return fmt.Errorf("auction: %w", err)
	}
	say("%d lots are open at a time; bids come in at %d locations", open, len(places))
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { defer close(done); planet.Unsettle(ctx, places, weather, say, dispute) }()
	planet.Everywhere(ctx, places, bidEvery, say, func(ctx context.Context, p planet.Place) error {
		if p.Name == places[0].Name {
			if err := offer(ctx, p, time.Now()); err != nil {
				return err
			}
		}
		return bidOne(ctx, p)
	})
	cancel()
	<-done
	return nil
}

// key is the name of the lot that is open in a slot at a time.
func key(slot int, now time.Time) (name string, closes time.Time) {
	span := int64(openFor / time.Second)
	turn := (now.Unix() + int64(slot)*span/open) / span
	return fmt.Sprintf("lot-%d-%d", turn, slot), time.Unix((turn+1)*span-int64(slot)*span/open, 0)
}

// offer puts up the lots that should be open and are not there yet.
func offer(ctx context.Context, p planet.Place, now time.Time) error {
	var fresh []lot
	for slot := range open {
		name, closes := key(slot, now)
		if _, there, err := p.Exists(ctx, Lots, name); err != nil {
			return err
		} else if there {
			continue
		}
		fresh = append(fresh, lot{Key: name, Title: title(), Bid: bid{Amount: 10, At: p.Name}, Watchers: []string{},
			ClosesAt: closes.Unix(), ExpireAt: closes.Add(keptFor).Unix()})
	}
	if len(fresh) == 0 {
		return nil
	}
	_, err := p.InsertMany(ctx, Lots, fresh, client.WriteOptions{})
	return err
}

// bidOne bids for a lot, a little more than what is offered here, and watches or lets go of another one.
func bidOne(ctx context.Context, p planet.Place) error {
	name, _ := key(rand.IntN(open), time.Now())
	who := bidder(p)
	rows, err := p.Query(ctx, client.Query{Text: `
		FOR l IN lots
		  FILTER l._key == @key
		  UPDATE l WITH {bid: {amount: l.bid.amount + @more, bidder: @who, at: @here}, bids: l.bids + 1,
		                 watchers: @watch ? PUSH(l.watchers, @who, true) : REMOVE_VALUE(l.watchers, @who)} IN lots`,
		Bind: map[string]any{"key": name, "more": 1 + rand.IntN(25), "who": who, "here": p.Name, "watch": rand.IntN(4) > 0}})
	if err != nil {
		return err
	}
	return rows.Close(ctx)
}

// dispute lets two places that do not hear each other write the note of one lot, and bid for it.
func dispute(ctx context.Context, a, b planet.Place) error {
	name, _ := key(rand.IntN(open), time.Now())
	return planet.Both(ctx, a, b, func(ctx context.Context, p planet.Place) error {
		rows, err := p.Query(ctx, client.Query{Text: `
			FOR l IN lots
			  FILTER l._key == @key
			  UPDATE l WITH {note: @note, bid: {amount: l.bid.amount + @more, bidder: @who, at: @here}} IN lots`,
			Bind: map[string]any{"key": name, "note": "seen at " + p.Name, "more": 500 + rand.IntN(500), "who": bidder(p), "here": p.Name}})
		if err != nil {
			return err
		}
		return rows.Close(ctx)
	})
}

// Leading lists the open lots with the highest bids.
func Leading(ctx context.Context, c *client.Client) (titles []string, err error) {
	err = c.QueryAll(ctx, client.Query{Text: `
		FOR l IN lots
		  FILTER l.closesAt > DATE_NOW() / 1000
		  SORT l.bid.amount DESC
		  RETURN CONCAT(l.title, ": ", l.bid.amount, " by ", l.bid.bidder)`}, &titles)
	return titles, err
}

func bidder(p planet.Place) string {
	names := []string{"Ada", "Ben", "Chiara", "Dov", "Esi", "Femi", "Gül", "Hana", "Ilse", "João", "Kofi", "Lan"}
	return names[rand.IntN(len(names))] + " from " + p.Name
}

func title() string {
	what := []string{"clock", "map", "lamp", "chair", "camera", "telescope", "globe", "violin", "vase", "compass"}
	how := []string{"old", "brass", "painted", "rare", "walnut", "silver", "small", "curious"}
	return "one " + how[rand.IntN(len(how))] + " " + what[rand.IntN(len(what))]
}
