package fabric

import (
	"errors"
	"fmt"
	"math"

	"github.com/cespare/xxhash/v2"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric/changelog"
	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/fabric/points"
	"github.com/selvedge-db/selvedge/fabric/schema"
	"github.com/selvedge-db/selvedge/fabric/sequencer"
	"github.com/selvedge-db/selvedge/series"
	"github.com/selvedge-db/selvedge/store/kv"
	"github.com/selvedge-db/selvedge/value"
)

// Points of time series are no documents: a transaction brings a batch for each collection, which lies in the store as it
// is until upkeep merges it into chunks (package points). Nothing is read to write them, so they never meet others.

// Columns are points of one series: the values that name it, their times, and a column for each field of values.
type Columns = points.Columns

// PointsWrite is points for one collection.
type PointsWrite struct {
	Collection string
	Series     []Columns
}

// maxColumnPoints is how many points one transaction may bring in columns.
const maxColumnPoints = 1 << 20

func (c *Core) table(collection *schema.Collection) *points.Table {
	t := points.NewTable(c.keys, collection.Number, collection.Series)
	if n := c.limits.Series.Chunk; n > 0 {
		t = t.Chunked(n)
	}
	return t
}

// gathered is the points that a transaction brings to one collection.
type gathered struct {
	*points.Gathering
	collection *schema.Collection
	doc        *writing // stands for each of them in results
}

func (c *Core) gathering(p *Prepared, collection *schema.Collection) *gathered {
	for _, g := range p.points {
		if g.collection == collection {
			return g
		}
	}
	g := &gathered{c.table(collection).Gather(), collection, &writing{collection: collection, changed: true}}
	p.points = append(p.points, g)
	return g
}

// preparePoint takes a document as a point.
func (c *Core) preparePoint(p *Prepared, collection *schema.Collection, w *Write, place int) *Error {
	if err := pointWrite(collection, w); err != nil {
		return err
	}
	g := c.gathering(p, collection)
	if bad := g.AddDocument(place, w.Document); bad != nil {
		return invalidPoint(collection, bad)
	}
	p.results = append(p.results, pendingResult{doc: g.doc, op: w.Op, created: true})
	return nil
}

// pointWrite refuses what cannot be done with points.
func pointWrite(collection *schema.Collection, w *Write) *Error {
	switch {
	case w.Op != Insert && w.Op != Upsert && w.Op != UpsertPatch:
		return failure(BadArgument, "%s is a time series, whose points cannot be updated, replaced or removed one by one: write the point again with its series and time, and the later one holds", collection.Name).in(collection.Name, w.Key)
	case w.Key != "":
		return failure(BadKey, "a point of a time series has no _key: its series and its time say which one it is").in(collection.Name, w.Key)
	case w.IfRev != "":
		return failure(BadArgument, "a point of a time series has no revision").in(collection.Name, "")
	}
	return nil
}

func invalidPoint(collection *schema.Collection, bad *points.Invalid) *Error {
	err := failure(BadArgument, "%v", bad).in(collection.Name, "").from(bad)
	err.Index = bad.Point
	return err
}

// ParseSeries reads what declares a time series.
func ParseSeries(declared value.Value) (*series.Declaration, error) {
	d, err := series.ParseDeclaration(declared)
	if err != nil {
		return nil, failure(BadArgument, "%v", err).from(err)
	}
	return d, nil
}

// PointCheck gives a check of writes that are to be points of a collection: it says what is wrong with one. It belongs to
// one goroutine.
func (f *Fabric) PointCheck(collection *Collection) func(w *Write) error {
	g := f.core.Load().table(collection).Gather()
	return func(w *Write) error {
		if err := pointWrite(collection, w); err != nil {
			return err
		}
		if bad := g.AddDocument(-1, w.Document); bad != nil {
			return invalidPoint(collection, bad)
		}
		return nil
	}
}

// ColumnsOf reads columns of points given as a document: the fields that name the series as they are, the time and the
// values as arrays. Fields of values that are left out have no value.
func ColumnsOf(collection *Collection, doc value.Value) (Columns, error) {
	if collection.Series == nil {
		return Columns{}, failure(BadArgument, "%s is no time series", collection.Name).in(collection.Name, "")
	}
	c, bad := points.ColumnsOf(collection.Series, doc)
	if bad != nil {
		return c, invalidPoint(collection, bad)
	}
	return c, nil
}

// preparePoints adds what came in columns, and what the points of the transaction do.
func (c *Core) preparePoints(p *Prepared, writes []PointsWrite) *Error {
	total := 0
	for i := range writes {
		collection, ok := p.schema.Collection(writes[i].Collection)
		if !ok || collection.Number < schema.FirstNumber {
			return failure(CollectionNotFound, "collection %q does not exist", writes[i].Collection).in(writes[i].Collection, "")
		}
		if collection.Series == nil {
			return failure(BadArgument, "%s is no time series", collection.Name).in(collection.Name, "")
		}
		g := c.gathering(p, collection)
		for k := range writes[i].Series {
			if total += len(writes[i].Series[k].Times); total > maxColumnPoints {
				return failure(TooLarge, "the transaction brings more than %d points", maxColumnPoints).in(collection.Name, "")
			}
			if bad := g.AddColumns(&writes[i].Series[k]); bad != nil {
				err := invalidPoint(collection, bad)
				err.Message = fmt.Sprintf("series %d, point %d: %s", k, bad.Point, err.Message)
				err.Index = k
				return err
			}
		}
	}
	for _, g := range p.points {
		c.encodePoints(p, g)
	}
	return nil
}

func (c *Core) encodePoints(p *Prepared, g *gathered) {
	if g.Points == 0 {
		return
	}
	data := g.Encode()
	change := codec.Change{Kind: codec.Points, Collection: g.collection.Name, Generation: g.collection.Generation, Data: data}
	if g.collection.Local {
		p.Local = codec.AppendChange(p.Local, change)
	} else {
		p.Body = codec.AppendChange(p.Body, change)
	}
	key, at := points.ArrivalKey(c.keys, g.collection.Number, c.table(g.collection).Layout, clock.Stamp{}, 0)
	p.Puts = append(p.Puts, sequencer.Put{Key: key, Value: data, KeyStamp: at})
	p.Changes = append(p.Changes, pointsChange(g.collection, g.Span))
}

func pointsChange(collection *schema.Collection, s points.Span) changelog.Change {
	return changelog.Change{Type: changelog.Points, Collection: collection.Number, Name: collection.Name,
		Points: changelog.Span{Count: s.Points, From: s.First, To: s.Last}}
}

// points takes in a batch of another location. It is read to its end first: what is in the store can be merged.
func (m *merging) points(ch *codec.Change, number int) error {
	c := m.core
	collection, ok := c.schema.Identified(schema.Identity{Name: ch.Collection, Generation: ch.Generation})
	var table *points.Table
	if ok && collection.Series != nil {
		table = c.table(collection)
	}
	span, hash, err := points.Verify(table, ch.Data)
	if err != nil {
		return fmt.Errorf("points for %s: %w", ch.Collection, err)
	}
	if !ok {
		m.droppedPoints(ch, m.entry.Stamp, span)
		return nil
	}
	if m.entry.Stamp.Less(c.truncated[collection.Number]) {
		return nil // removed before it came
	}
	key, _ := points.ArrivalKey(c.keys, collection.Number, hash, m.entry.Stamp, number)
	m.out.Puts = append(m.out.Puts, sequencer.Put{Key: key, Value: ch.Data})
	m.out.Changes = append(m.out.Changes, pointsChange(collection, span))
	c.counters.Merged++
	return nil
}

// droppedPoints records points for a generation that has ended, as one conflict.
func (m *merging) droppedPoints(ch *codec.Change, stamp clock.Stamp, s points.Span) {
	m.conflict(ConflictRecord{Collection: ch.Collection, Reason: "dropped", At: m.wallMs, Lost: ConflictSide{Present: true, Stamp: stamp, Value: value.Object(
		value.Member{Name: "points", Value: value.Int(int64(s.Points))},
		value.Member{Name: "from", Value: value.Int(s.First)}, value.Member{Name: "to", Value: value.Int(s.Last)})}})
}

// overtakenPoints records points that came before the drop of their collection, which had not seen them.
func (m *merging) overtakenPoints(ch *codec.Change, stamp clock.Stamp) error {
	span, _, err := points.Verify(nil, ch.Data)
	if err == nil {
		m.droppedPoints(ch, stamp, span)
	}
	return err
}

// truncatePoints removes the points of a collection, but for those with later stamps. What it deletes is deleted just
// before out is sequenced (clear).
func (m *merging) truncatePoints(collection *schema.Collection, stamp clock.Stamp, out *sequencer.Prepared) error {
	c := m.core
	if c.upkeep.pointsMoved {
		return failure(Failed, "points of this group were just merged: try again")
	}
	c.upkeep.pointsTurn++
	layouts, err := points.Layouts(c.db, c.keys, collection.Number)
	if err != nil {
		return err
	}
	if collection.Series == nil && len(layouts) == 0 {
		return nil
	}
	if collection.Series != nil {
		table := c.table(collection)
		r, err := table.Truncate(c.db, stamp)
		if err != nil {
			return err
		}
		out.Puts = append(out.Puts, r.Puts...)
		layouts = append(layouts, table.Layout) // its points may all be in the open group
	}
	for _, hash := range layouts {
		m.cleared = append(m.cleared, points.Cleared(c.keys, collection.Number, hash, stamp)...)
	}
	return nil
}

// clear deletes what a truncation deletes, in the open group.
func (m *merging) clear() {
	for _, r := range m.cleared {
		m.core.seq.DeleteRange(r[0], r[1])
	}
	m.cleared = nil
}

// AppendPoints appends the points of a log entry's change as a JSON array: documents, where the collection is the one
// that they were written to, else the whole batch as a hexadecimal text.
func (f *Fabric) AppendPoints(dst []byte, ch codec.Change) []byte {
	core := f.core.Load()
	c, ok := core.state.Load().schema.Identified(schema.Identity{Name: ch.Collection, Generation: ch.Generation})
	if ok && c.Series != nil {
		if out, err := core.table(c).AppendBatch(dst, ch.Data); err == nil {
			return out
		}
	}
	return fmt.Appendf(dst, `["%x"]`, ch.Data)
}

// SeriesLimits say when arrivals are merged.
type SeriesLimits struct {
	Batches int   // as soon as so many wait
	AgeMs   int64 // or one is so old
	Points  int   // merged in one round of upkeep, about
	Chunk   int   // points in a chunk at most; 0: points.ChunkPoints
}

const (
	purgeEveryMs    = 10_000
	settledPerRound = 256
	purgedPerRound  = 1024
)

// pointsWork is a piece of upkeep of one time series. It is planned on the sequencing side, done beside it on a state of
// the store, and its outcome put into a group, if nothing but commits has happened to the points meanwhile.
type pointsWork struct {
	collection *schema.Collection
	table      *points.Table
	watermark  clock.Time
	limits     SeriesLimits
	turn       uint64
	merge      bool
	purge      bool
	from, next []byte // where the look for expired points begins, and goes on
	round      *points.Round
}

// keepPoints does a round of upkeep for time series, where nobody does it apart. Nothing else may be in the open group:
// what is in it is not in the store yet, and must not be overlooked.
func (c *Core) keepPoints(wallMs int64) (more bool, err error) {
	if c.upkeep.pointsApart || len(c.openLog) > 0 || c.upkeep.pointsMoved {
		return false, nil
	}
	list, err := c.planPoints(wallMs)
	if err != nil {
		return false, err
	}
	for _, w := range list {
		if err := w.do(c.db); err != nil {
			return false, err
		}
	}
	return c.applyPoints(list)
}

// planPoints says what is to be done for the time series. The store shows everything that is sequenced.
func (c *Core) planPoints(wallMs int64) (list []*pointsWork, err error) {
	for _, collection := range c.schema.All() {
		if collection.Series == nil {
			continue
		}
		w, err := c.planSeries(collection, wallMs)
		if err != nil {
			return nil, fmt.Errorf("points of %s: %w", collection.Name, err)
		}
		list = append(list, w)
	}
	return list, nil
}

func (c *Core) planSeries(collection *schema.Collection, wallMs int64) (*pointsWork, error) {
	w := &pointsWork{collection: collection, table: c.table(collection), watermark: c.watermark, limits: c.limits.Series, turn: c.upkeep.pointsTurn}
	if collection.Local {
		w.watermark = c.seq.Clock().Now()
	}
	waiting, first, err := w.table.Waiting(c.db, w.limits.Batches)
	if err != nil {
		return nil, err
	}
	draining := c.upkeep.draining[collection.Number]
	w.merge = waiting > 0 && (draining || waiting >= w.limits.Batches || wallMs-first.Time.Millis() >= w.limits.AgeMs)
	at := c.upkeep.purgePoints[collection.Number]
	if collection.Series.Retention > 0 && (at.from != nil || wallMs-at.began >= purgeEveryMs) {
		// As with documents: nobody may ask for the digest of an earlier state then, and who does not know the declaration
		// yet could still see them.
		if w.purge, err = c.ruleStable(collection); err != nil {
			return nil, err
		}
		if w.from = at.from; w.from == nil && w.purge {
			at.began = wallMs
			c.upkeep.purgePoints[collection.Number] = at
		}
	}
	return w, nil
}

// do does one thing: what it changes must be in the store before the next.
func (w *pointsWork) do(reader kv.Reader) (err error) {
	steps := []func() (*points.Round, error){
		func() (*points.Round, error) { return w.table.Settle(reader, w.watermark, settledPerRound) },
		func() (*points.Round, error) { return w.table.Sum(reader, w.limits.Points) },
		func() (r *points.Round, err error) {
			r, w.next, err = w.table.Purge(reader, w.watermark.Millis(), w.from, purgedPerRound)
			return r, err
		},
	}
	if !w.purge {
		steps = steps[:2]
	}
	if w.merge {
		steps = []func() (*points.Round, error){func() (*points.Round, error) { return w.table.Merge(reader, w.watermark, w.limits.Points) }}
	}
	for i, step := range steps {
		if w.round, err = step(); err != nil {
			return fmt.Errorf("points of %s: %w", w.collection.Name, err)
		}
		if w.purge = i == 2; !w.round.Empty() {
			return nil
		}
	}
	return nil
}

// applyPoints puts what was done into the open group.
func (c *Core) applyPoints(list []*pointsWork) (more bool, err error) {
	for _, w := range list {
		if w.turn != c.upkeep.pointsTurn {
			return true, nil // truncated, dropped or made anew meanwhile: nothing of it holds
		}
	}
	for _, w := range list {
		if w.merge {
			c.upkeep.draining[w.collection.Number] = w.round.More
		} else {
			delete(c.upkeep.draining, w.collection.Number)
		}
		if w.purge {
			at := c.upkeep.purgePoints[w.collection.Number]
			at.from = w.next
			c.upkeep.purgePoints[w.collection.Number] = at
			if w.round.Purged && !w.collection.Local {
				w.round.Puts = append(w.round.Puts, sequencer.Put{Key: c.keys.State(layout.StateWatermark), Value: layout.Long(nil, uint64(w.watermark))})
			}
			more = more || w.next != nil
		}
		if w.round.Empty() {
			continue
		}
		more = more || !w.purge
		work := sequencer.Prepared{Quiet: true, Snapshot: c.seq.Number(), Puts: w.round.Puts, Deletes: w.round.Deletes}
		c.upkeep.pointsMoved = true
		c.counters.PointRounds++
		if err := c.quietly(&work); err != nil {
			return false, c.breaks(err)
		}
	}
	return more, nil
}

// pointsRound does a round of upkeep for time series beside the sequencing side, which it needs for its outcome alone.
func (f *Fabric) pointsRound() (more bool) {
	if f.gate.failure() != nil {
		return false
	}
	f.seq.Lock()
	core := f.core.Load()
	if f.shut || core.usable() != nil {
		f.seq.Unlock()
		return false
	}
	list, err := core.planPoints(f.trusted(core))
	state := core.db.Snapshot()
	f.seq.Unlock()
	work := false
	for i := 0; err == nil && i < len(list); i++ {
		err = list[i].do(state)
		work = work || err == nil && (!list[i].round.Empty() || list[i].purge || list[i].merge)
	}
	if err = errors.Join(err, state.Close()); err != nil {
		f.fail(err)
		return false
	}
	if !work {
		return false
	}
	now, wall, err := f.begin()
	if err != nil {
		return false
	}
	defer f.seq.Unlock()
	active := f.active.Load()
	if now == core {
		if more, err = core.applyPoints(list); err != nil {
			f.fail(err)
		}
	}
	f.hand(now, wall, nil)
	f.active.Store(active)
	return more
}

// purgingAt is where the look for expired points goes on, and when it began.
type purgingAt struct {
	from  []byte
	began int64
}

// Points opens a time series collection for reading.
func (v *View) Points(c *Collection) (*points.View, error) {
	if c.Series == nil {
		return nil, failure(BadArgument, "%s is no time series", c.Name).in(c.Name, "")
	}
	reader := v.reader
	if v.tx != nil {
		// What is read of points is not compared at the commit: they come all the time, and would never let one through.
		reader = v.tx.reader.Unnoted()
	}
	return v.core.table(c).View(reader, v.wallMs), nil
}

// PointsWaiting says how much upkeep of a time series is behind: batches that are not merged, and notes of what is to be
// settled or summed up.
func (v *View) PointsWaiting(c *Collection) (int, error) {
	return v.core.table(c).Behind(v.reader)
}

// countPoints is the exact number of points that show.
func (v *View) countPoints(c *Collection) (int64, error) {
	p, err := v.Points(c)
	if err != nil {
		return 0, err
	}
	return p.Count()
}

// eachPoint visits points as documents without a key, series by series, in order of time, from the last on when reverse.
func (v *View) eachPoint(c *Collection, visit func(Document) bool) error {
	p, err := v.Points(c)
	if err != nil {
		return err
	}
	return p.EachText(func(text []byte) bool { return visit(Document{Collection: c.Name, Text: text}) })
}

// digestPoints adds up the points of a collection, as they show at the time. Stamps do not count: points lose them.
func (v *View) digestPoints(c *Collection) (uint64, error) {
	p, err := v.Points(c)
	if err != nil {
		return 0, err
	}
	sum, counted, err := p.Digest(c.Name)
	if err != nil {
		return 0, fmt.Errorf("digest of the points of %s: %w", c.Name, err)
	}
	kept, err := v.countPoints(c)
	if err == nil && kept != counted {
		// As with documents: a wrong count must show.
		sum += xxhash.Sum64String(fmt.Sprintf("count of the points of %s is %d", c.Name, kept))
	}
	return sum, err
}

// noKeys says how to read points instead of by key.
func noKeys(c *Collection, key string) *Error {
	return failure(BadArgument, "%s is a time series, whose points have no keys: ask for them by series and time, as in FOR p IN %s FILTER p.%s >= ... RETURN p",
		c.Name, c.Name, c.Series.Time).in(c.Name, key)
}

// pointsHash says what points a request brings, zero for none.
func pointsHash(writes []PointsWrite) (hash uint64) {
	var text []byte
	for i := range writes {
		for k := range writes[i].Series {
			s := &writes[i].Series[k]
			text = codec.AppendBytes(codec.AppendUvarint(text[:0], hash), writes[i].Collection)
			text = value.AppendJSON(text, value.Array(s.Keys...))
			for _, at := range s.Times {
				text = codec.AppendVarint(text, at)
			}
			for _, column := range s.Values {
				for _, f := range column {
					text = codec.AppendUint64(text, math.Float64bits(f))
				}
			}
			hash = xxhash.Sum64(text)
		}
	}
	return hash
}

// checkSeries refuses what cannot go with points.
func checkSeries(spec *CollectionSpec, declarations map[string]value.Value) error {
	if spec.Series == nil {
		return nil
	}
	if _, err := series.ParseDeclaration(spec.Series.Value()); err != nil {
		return failure(BadArgument, "%v", err).in(spec.Name, "").from(err)
	}
	switch {
	case spec.Type != DocumentCollection || spec.Model != "DOC" || spec.Expires:
		return failure(BadArgument, "a time series is a collection of its own kind: of type 2, and neither edges nor key-values").in(spec.Name, "")
	case len(declarations) > 0 || !spec.CRDT.Empty():
		return failure(BadArgument, "the fields of a time series cannot be declared: of two points with one series and time the later one holds").in(spec.Name, "")
	}
	return nil
}

// writePoint takes a point into an interactive transaction, which reads it from then on.
func (t *Tx) writePoint(collection *schema.Collection, w *Write) (TxWritten, error) {
	if err := pointWrite(collection, w); err != nil {
		return TxWritten{}, err
	}
	if len(t.written)+len(t.points) >= t.core.limits.Writes {
		return TxWritten{}, failure(TooLarge, "the transaction writes more than %d documents: write them in parts", t.core.limits.Writes)
	}
	table := t.core.table(collection)
	g := table.Gather()
	if bad := g.AddDocument(-1, w.Document); bad != nil {
		return TxWritten{}, invalidPoint(collection, bad)
	}
	data := g.Encode()
	if t.Bytes()+len(data) > t.limit {
		return TxWritten{}, failure(TooLarge, "the transaction takes more than the %d bytes that it may", t.limit)
	}
	key, _ := points.ArrivalKey(t.core.keys, collection.Number, table.Layout, t.pending, len(t.points))
	t.reader.Set(key, data)
	t.points = append(t.points, *w)
	return TxWritten{New: &Document{Collection: collection.Name, Text: value.AppendJSON(nil, w.Document)}}, nil
}
