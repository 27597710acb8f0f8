package api

import (
	"context"
	"strconv"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/fabric/provenance"
	"github.com/selvedge-db/selvedge/value"
)

// Conflict is one register write that lost to a concurrent one. At is in Unix
// milliseconds.
type Conflict struct {
	Collection, Key, Path string
	Kept, Lost            ConflictSide
	Reason                string
	At                    int64
}

// ConflictSide is one of the two writes. Without a value it removed the field
// or the document.
type ConflictSide struct {
	Value    value.Value
	Present  bool
	Rev      string // the beginning of the _rev that the write gave the document
	Location string
}

// known refuses a collection that is named and not there.
func (c *Call) known(collection string) error {
	if collection == "" {
		return nil
	}
	if err := c.open(collection); err != nil {
		return err
	}
	if _, ok := c.Fabric.Collection(collection); !ok {
		return Fail(CollectionNotFound, "%s", quote(collection))
	}
	return nil
}

// Conflicts pages through the conflicts that this location has seen. Next is
// the since of the following page.
func (s *Service) Conflicts(ctx context.Context, c *Call, collection, since string, limit int) ([]Conflict, string, error) {
	if err := c.known(collection); err != nil {
		return nil, "", err
	}
	if limit <= 0 {
		limit = 100
	}
	records, next, err := c.Fabric.Conflicts(ctx, collection, since, min(limit, s.limits.Page))
	if err != nil {
		return nil, "", AsError(err)
	}
	state, err := s.planet.MeshState(c.Tenant, c.FabricName)
	if err != nil {
		return nil, "", AsError(err)
	}
	out := make([]Conflict, 0, len(records))
	for _, r := range records {
		if hidden(r.Collection) {
			continue
		}
		out = append(out, Conflict{Collection: r.Collection, Key: r.Key, Path: r.Path, Reason: r.Reason, At: r.At,
			Kept: side(r.Kept, state.Names), Lost: side(r.Lost, state.Names)})
	}
	return out, next, nil
}

// stampOfRev is how many characters of a _rev name the write; the others are a
// hash of the content.
const stampOfRev = 16

func side(r fabric.ConflictSide, names map[clock.Origin]string) ConflictSide {
	name, ok := names[r.Stamp.Origin]
	if !ok {
		name = r.Stamp.Origin.String()
	}
	return ConflictSide{Value: r.Value, Present: r.Present, Rev: fabric.FormatRev(r.Stamp, 0)[:stampOfRev], Location: name}
}

// Stamped says which write something is from: its stamp, its time in Unix milliseconds, and where it began. All are
// empty when that is settled and older than the history: every location has it, and who wrote it is forgotten.
type Stamped struct {
	Stamp    string
	At       int64
	Location string
}

// FieldSource is one field of a document and where it came from. Parts are the contributions that are kept apart.
type FieldSource struct {
	Path []string
	Kind string
	Stamped
	Parts []PartSource
}

// PartSource is a contribution to a counter, a set, an extreme or several values at once.
type PartSource struct {
	Stamped
	Value value.Value
}

// Provenance is where the fields of a document came from. The first is the document itself, with the newest write.
type Provenance struct {
	ID, Rev   string
	Fields    []FieldSource
	Truncated bool // there are more fields
}

// Provenance tells where the fields of a document came from.
func (s *Service) Provenance(ctx context.Context, c *Call, collection, key string) (Provenance, error) {
	var out Provenance
	if err := c.open(collection); err != nil {
		return out, err
	}
	v := c.Fabric.View()
	defer shut(v)
	d, found, err := v.Get(collection, key)
	if err != nil {
		return out, AsError(err)
	}
	doc, settled, stored, err := v.Provenance(collection, key)
	if err != nil {
		return out, AsError(err)
	}
	if !found || !stored {
		return out, Fail(DocumentNotFound, "%s", quote(collection+"/"+key))
	}
	state, err := s.planet.MeshState(c.Tenant, c.FabricName)
	if err != nil {
		return out, AsError(err)
	}
	stamped := func(at clock.Stamp) Stamped {
		if at.IsZero() {
			return Stamped{}
		}
		name, ok := state.Names[at.Origin]
		if !ok {
			name = at.Origin.String()
		}
		return Stamped{at.String(), at.Time.Millis(), name}
	}
	fields := provenance.Fields(doc, settled)
	content, err := d.Value()
	if err != nil {
		return out, AsError(err)
	}
	if err := v.History(collection, key, provenance.Trace(fields, content).Write); err != nil {
		return out, AsError(err)
	}
	out = Provenance{ID: d.ID(), Rev: d.Rev(), Truncated: len(fields) == provenance.Most}
	for _, f := range fields {
		one := FieldSource{Path: f.Path, Kind: f.Kind, Stamped: stamped(f.Stamp)}
		for _, p := range f.Parts {
			one.Parts = append(one.Parts, PartSource{stamped(p.Stamp), p.Value})
		}
		out.Fields = append(out.Fields, one)
	}
	return out, c.settle(ctx, v)
}

// Feed is a change feed under way. It belongs to one goroutine.
type Feed struct {
	feed  *fabric.Feed
	names map[clock.Origin]string
}

// Message is one transaction of a feed, in the order applied here.
type Message struct {
	Token       string
	Transaction string
	Changes     []Change
}

// Change is one change of a document; Type is write, remove, expire or drop, or
// points, which have neither key nor revision.
type Change struct {
	Type, Collection, Key, Rev, Origin string
	Document                           []byte
	Points                             *PointSpan // of points, that came to a time series
}

// PointSpan says how many points came, and of what times in Unix milliseconds.
type PointSpan struct {
	Count    int
	From, To int64
}

// Changes follows a fabric, or one collection of it. Since is "start", "now"
// (also when empty) or a token of an earlier message.
func (s *Service) Changes(_ context.Context, c *Call, collection, since string) (*Feed, error) {
	if err := c.known(collection); err != nil {
		return nil, err
	}
	token, err := fabric.ParseToken(since)
	if err != nil {
		return nil, Fail(BadParameter, "since %s: want start, now or the token of a message", quote(since))
	}
	feed, err := c.Fabric.Changes(token, collection)
	if err != nil {
		return nil, AsError(err)
	}
	names := map[clock.Origin]string{}
	if state, err := s.planet.MeshState(c.Tenant, c.FabricName); err == nil {
		names = state.Names
	}
	return &Feed{feed: feed, names: names}, nil
}

// Token is the place at which the feed began, before its first message.
func (f *Feed) Token() string { return f.feed.Opened().String() }

// Next waits for the next transaction. One that has nothing for this reader
// comes without changes, so that its token is not lost.
func (f *Feed) Next(ctx context.Context) (Message, error) {
	m, err := f.feed.Next(ctx)
	if err != nil {
		return Message{}, AsError(err)
	}
	out := Message{Token: m.Token.String(), Transaction: m.Transaction}
	for _, ch := range m.Changes {
		if hidden(ch.Collection) {
			continue
		}
		origin, ok := f.names[ch.Origin]
		if !ok && ch.Origin != 0 {
			origin = ch.Origin.String()
		}
		out.Changes = append(out.Changes, Change{Type: ch.Type, Collection: ch.Collection, Key: ch.Key, Rev: ch.Rev,
			Origin: origin, Document: ch.Document})
		if ch.Points.Count > 0 {
			out.Changes[len(out.Changes)-1].Points = &PointSpan{ch.Points.Count, ch.Points.From, ch.Points.To}
		}
	}
	return out, nil
}

// AppendJSON appends the message as it goes to clients.
func (m *Message) AppendJSON(dst []byte) []byte {
	dst = AppendText(append(dst, `{"transaction":`...), m.Transaction)
	dst = AppendText(append(dst, `,"token":`...), m.Token)
	dst = append(dst, `,"changes":[`...)
	for i := range m.Changes {
		c := &m.Changes[i]
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendText(append(dst, `{"type":`...), c.Type)
		dst = AppendText(append(dst, `,"collection":`...), c.Collection)
		dst = AppendText(append(dst, `,"key":`...), c.Key)
		dst = AppendText(append(dst, `,"rev":`...), c.Rev)
		dst = AppendText(append(dst, `,"origin":`...), c.Origin)
		if p := c.Points; p != nil {
			dst = strconv.AppendInt(append(dst, `,"count":`...), int64(p.Count), 10)
			dst = strconv.AppendInt(append(dst, `,"from":`...), p.From, 10)
			dst = strconv.AppendInt(append(dst, `,"to":`...), p.To, 10)
		}
		if c.Document != nil {
			dst = append(append(dst, `,"document":`...), c.Document...)
		}
		dst = append(dst, '}')
	}
	return append(dst, "]}"...)
}
