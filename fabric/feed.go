package fabric

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric/changelog"
)

// Token is a position in a change feed. Its text is opaque to clients.
type Token struct {
	kind   tokenKind
	self   clock.Origin // who gave it
	line   uint32       // which run of records there: a snapshot begins another
	order  uint64       // records up to this one are read
	index  uint32       // of the record order, transactions before this one were read already; 0 = all
	vector clock.Vector // what was read, for a reader that goes on at another location
}

type tokenKind uint8

const (
	tokenStart tokenKind = iota
	tokenNow
	tokenAt
)

// StartToken begins with the oldest change that the history holds, NowToken with the next one.
var (
	startToken = Token{kind: tokenStart}
	nowToken   = Token{kind: tokenNow}
)

// ParseToken reads a token: "start", "now", or what a feed gave.
func ParseToken(text string) (Token, error) {
	switch text {
	case "start":
		return startToken, nil
	case "", "now":
		return nowToken, nil
	}
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return Token{}, failure(BadArgument, "%q is no feed token: use start, now, or the token of an earlier message", text)
	}
	r := codec.NewReader("feed token", data)
	t := Token{kind: tokenAt, self: clock.Origin(r.Uvarint32()), line: r.Uvarint32(), order: r.Uvarint(), index: r.Uvarint32()}
	t.vector = r.Vector()
	if err := r.Done(); err != nil {
		return Token{}, failure(BadArgument, "%q is no feed token: %v", text, err)
	}
	return t, nil
}

func (t Token) String() string {
	switch t.kind {
	case tokenStart:
		return "start"
	case tokenNow:
		return "now"
	}
	data := codec.AppendUvarint(nil, uint64(t.self))
	data = codec.AppendUvarint(data, uint64(t.line))
	data = codec.AppendUvarint(data, t.order)
	data = codec.AppendUvarint(data, uint64(t.index))
	return base64.RawURLEncoding.EncodeToString(codec.AppendVector(data, t.vector))
}

// FeedChange is one change that a feed delivers.
type FeedChange struct {
	Type            string // write, remove, expire, drop, points
	Collection, Key string
	Rev             string
	Origin          clock.Origin
	Document        []byte         // served JSON; nil when the document has changed again since: a later message has it
	Points          changelog.Span // of points: how many came, and of what times; read them from the collection
}

// Message is one transaction that a feed delivers.
type Message struct {
	Token       Token
	Transaction string // its stamp; "" for an expiry round
	Changes     []FeedChange
}

// Feed reads the changelog from a point on. It belongs to one goroutine.
type Feed struct {
	core       *Core
	collection string
	only       func(collection string) bool // nil for all
	order      uint64                       // the record being read, or read
	index      uint32                       // transactions of it that are read
	skip       clock.Vector
	vector     clock.Vector // of this feed alone: tokens take copies
	record     *changelog.Record
	opened     Token
}

// Opened is the place at which the feed began: whoever goes on from it misses nothing that the feed would tell.
func (f *Feed) Opened() Token { return f.opened }

// Changes opens a feed after a token, of one collection or of all ("").
func (c *Core) Changes(since Token, collection string) (*Feed, error) {
	f := &Feed{core: c, collection: collection}
	durable := c.durable.Load().vector // before the newest record: a token must not claim what was not delivered
	_, _, newest, _ := c.tail.After(0)
	oldest, err := c.oldestOrder()
	if err != nil {
		return nil, err
	}
	first := newest // records up to this one are gone
	if oldest > 0 {
		first = oldest - 1
	}
	switch {
	case since.kind == tokenNow:
		f.order, f.vector = newest, durable.Clone()
	case since.kind == tokenStart:
		f.order, f.vector = first, c.trimmedVector()
	case since.self == c.state.Load().self && since.line == c.line && since.self != 0:
		// order names the last record begun; when part of it is unread it must still be there.
		needed := since.order + 1
		if since.index > 0 {
			needed = since.order
		}
		if needed <= newest && (oldest == 0 || needed < oldest) || since.order > newest {
			return nil, historyGone()
		}
		f.order, f.vector = since.order, since.vector.Clone()
		if since.index > 0 {
			f.order, f.index = since.order-1, since.index
		}
	default:
		// Rows of incarnations that closed meanwhile are in no vector that was taken after that.
		seen := withClosed(since.vector, c.state.Load().members, false)
		if !seen.Dominates(c.trimmedVector()) {
			return nil, historyGone()
		}
		f.order, f.skip, f.vector = first, seen, seen.Clone()
	}
	if f.opened = since; since.kind != tokenAt {
		f.opened = Token{kind: tokenAt, self: c.state.Load().self, line: c.line, order: f.order, vector: f.vector.Clone()}
	}
	return f, nil
}

func historyGone() error {
	return failure(HistoryGone, "the token is older than the history that this fabric keeps: read the collections anew, then follow from now")
}

func (c *Core) trimmedVector() clock.Vector {
	data, found, err := c.db.Get(c.keys.State('r'))
	if err != nil || !found {
		return nil
	}
	v, _ := codec.DecodeVector(data)
	return v
}

// oldestOrder is the order of the oldest record kept, 0 when there is none.
func (c *Core) oldestOrder() (uint64, error) {
	space := c.keys.OrderRecord(0)
	it, err := c.db.Scan(space, c.keys.OrderRecord(1<<63))
	if err != nil {
		return 0, err
	}
	defer func() { _ = it.Close() }()
	if !it.Next() {
		return 0, it.Err()
	}
	return orderOf(it.Key()), nil
}

// Only narrows the feed to the collections that want says yes to. It is called before the first Next.
func (f *Feed) Only(want func(collection string) bool) { f.only = want }

// Next waits for the next transaction that changed something in the feed's collections.
func (f *Feed) Next(ctx context.Context) (Message, error) {
	for {
		if f.record != nil {
			if m, ok, err := f.next(); ok || err != nil {
				return m, err
			}
		}
		if err := f.advance(ctx); err != nil {
			return Message{}, err
		}
	}
}

// advance gets the next record, waiting for it when there is none.
func (f *Feed) advance(ctx context.Context) error {
	for {
		r, found, newest, wake := f.core.tail.After(f.order)
		if !found && f.order < newest {
			data, there, err := f.core.db.Get(f.core.keys.OrderRecord(f.order + 1))
			if err != nil {
				return err
			}
			if !there {
				return historyGone()
			}
			if r, err = changelog.DecodeRecord(f.order+1, data); err != nil {
				return err
			}
			found = true
		}
		if found {
			f.order, f.record = r.Order, &r
			return nil
		}
		select {
		case <-wake:
		case <-f.core.retired.done:
			return f.core.retired.reason
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// next returns the next transaction of the present record that concerns the feed.
func (f *Feed) next() (Message, bool, error) {
	for int(f.index) < len(f.record.Transactions) {
		t := &f.record.Transactions[f.index]
		f.index++
		if t.Stamp.IsZero() && f.skip != nil {
			continue
		}
		if !t.Stamp.IsZero() {
			if f.skip.Covers(t.Stamp) {
				continue
			}
			f.vector.Raise(t.Stamp.Origin, t.Stamp.Time)
		}
		if !slices.ContainsFunc(t.Changes, func(ch changelog.Change) bool { return f.wants(&ch) }) {
			continue
		}
		m := Message{}
		if !t.Stamp.IsZero() {
			m.Transaction = t.Stamp.String()
		}
		for i := range t.Changes {
			if ch := &t.Changes[i]; f.wants(ch) {
				change, err := f.change(ch, t.Stamp)
				if err != nil {
					return m, false, err
				}
				m.Changes = append(m.Changes, change)
			}
		}
		m.Token = f.token()
		return m, true, nil
	}
	f.record, f.index = nil, 0
	return Message{}, false, nil
}

// token names the place behind what was delivered and behind all that follows it in the record and is not wanted. A
// record that is read needs not be there when the reader comes back.
func (f *Feed) token() Token {
	for int(f.index) < len(f.record.Transactions) {
		t := &f.record.Transactions[f.index]
		if slices.ContainsFunc(t.Changes, func(ch changelog.Change) bool { return f.wants(&ch) }) {
			break
		}
		if f.index++; !t.Stamp.IsZero() {
			f.vector.Raise(t.Stamp.Origin, t.Stamp.Time)
		}
	}
	t := Token{kind: tokenAt, self: f.core.state.Load().self, line: f.core.line, order: f.order, index: f.index, vector: f.vector.Clone()}
	if int(f.index) == len(f.record.Transactions) {
		t.index = 0
	}
	return t
}

func (f *Feed) wants(ch *changelog.Change) bool {
	if ch.Collection < firstUserNumber {
		return false
	}
	return (f.collection == "" || f.collection == ch.Name) && (f.only == nil || f.only(ch.Name))
}

func (f *Feed) change(ch *changelog.Change, stamp clock.Stamp) (FeedChange, error) {
	out := FeedChange{Type: ch.Type.String(), Collection: ch.Name, Key: ch.Key, Origin: stamp.Origin}
	if ch.Type == changelog.Drop || ch.Type == changelog.Points {
		out.Points = ch.Points
		return out, nil
	}
	out.Rev = FormatRev(ch.Stamp, ch.Hash)
	if ch.Type != changelog.Write {
		return out, nil
	}
	d := Document{Collection: ch.Name, Key: ch.Key, Stamp: ch.Stamp, Hash: ch.Hash, Text: ch.Text}
	if d.Text == nil {
		record, found, err := f.core.db.Get(f.core.keys.Document(nil, ch.Collection, ch.Key))
		if err != nil {
			return out, fmt.Errorf("reading %s: %w", d.ID(), err)
		}
		if !found || codec.RecordHidden(record) {
			return out, nil
		}
		if now, hash := codec.RecordRev(record); now != ch.Stamp || hash != ch.Hash {
			return out, nil
		}
		d.Text = codec.RecordText(record)
	}
	out.Document = d.AppendServed(make([]byte, 0, len(d.Text)+128))
	return out, nil
}
