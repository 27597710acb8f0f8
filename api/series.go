package api

import (
	"context"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/value"
)

// A time series takes points where other collections take documents. A point
// has no key: series and time say which one it is, and of two of them the
// later one holds, so that writing one never fails for what is there.

// series finds a time series of this name.
func (c *Call) series(collection string) (*fabric.Collection, bool) {
	got, ok := c.Fabric.Collection(collection)
	return got, ok && got.Series != nil
}

// writePoints writes points in one transaction, less those that are none: they
// fail alone.
func (s *Service) writePoints(ctx context.Context, c *Call, to *fabric.Collection, elements []value.Value, o *WriteOptions) ([]Item, error) {
	items := make([]Item, len(elements))
	writes, from := make([]fabric.Write, 0, len(elements)), make([]int, 0, len(elements))
	check := c.Fabric.PointCheck(to)
	for i, element := range elements {
		w, err := prepare(fabric.Insert, to.Name, "", element, o)
		if err == nil {
			w.IfRev = ""
			err = check(&w)
		}
		if err != nil {
			items[i].Err = AsError(err)
			items[i].Err.Index = -1
			continue
		}
		writes, from = append(writes, w), append(from, i)
	}
	receipt, err := s.transact(ctx, c, writes, o.Sync)
	if err != nil {
		return nil, err
	}
	for i := range receipt.Results {
		items[from[i]].Reply = replyOf(to.Name, &receipt.Results[i])
	}
	return items, nil
}

// PointColumns are points of one series: the values that name it, times in
// Unix milliseconds, and a column for each field of values, NaN for none.
type PointColumns = fabric.Columns

// PointsReply says what was written.
type PointsReply struct {
	Points int
	Rev    string
}

// WriteColumns writes points that come in columns, all or none.
func (s *Service) WriteColumns(ctx context.Context, c *Call, collection string, columns []PointColumns, sync Sync) (PointsReply, error) {
	if err := c.open(collection); err != nil {
		return PointsReply{}, err
	}
	if c.joined != nil {
		return PointsReply{}, Fail(BadParameter, "columns of points cannot be written within a transaction: write points as documents there")
	}
	var reply PointsReply
	for i := range columns {
		reply.Points += len(columns[i].Times)
	}
	receipt, err := c.Fabric.Commit(ctx, fabric.Transaction{Points: []fabric.PointsWrite{{Collection: collection, Series: columns}},
		Idempotency: c.Idempotency, Async: sync == SyncFalse})
	if err != nil {
		return PointsReply{}, AsError(err)
	}
	c.saw(receipt.Vector)
	reply.Rev = fabric.FormatRev(receipt.Stamp, 0)
	return reply, nil
}

// WriteColumnDocuments is WriteColumns for columns as documents: the fields
// that name the series as they are, the time and the values as arrays.
func (s *Service) WriteColumnDocuments(ctx context.Context, c *Call, collection string, documents []value.Value, sync Sync) (PointsReply, error) {
	if err := c.open(collection); err != nil {
		return PointsReply{}, err
	}
	to, ok := c.Fabric.Collection(collection)
	if !ok {
		return PointsReply{}, Fail(CollectionNotFound, "%s", quote(collection))
	}
	columns := make([]PointColumns, 0, len(documents))
	for i, doc := range documents {
		one, err := fabric.ColumnsOf(to, doc)
		if err != nil {
			e := AsError(err)
			e.Index = i
			return PointsReply{}, e
		}
		columns = append(columns, one)
	}
	return s.WriteColumns(ctx, c, collection, columns, sync)
}

// declared gives the declaration of a time series as it was asked for, null
// for none.
func declared(c *fabric.Collection) value.Value {
	if c.Series == nil {
		return value.Null()
	}
	return c.Series.Value()
}

// sameSeries refuses to change what declares a time series.
func sameSeries(c *fabric.Collection, asked value.Value) error {
	if asked.IsNull() {
		return nil
	}
	d, err := fabric.ParseSeries(asked)
	if err != nil {
		return AsError(err)
	}
	if c.Series == nil || !value.Equal(d.Value(), c.Series.Value()) {
		return Fail(BadParameter, "timeseries: what declares a time series cannot be changed; create another collection and import the points into it")
	}
	return nil
}

// PointFigures say how the points of a time series lie at this location.
type PointFigures struct {
	Series, Chunks, Batches                           int
	Points                                            int64
	ChunkBytes, RollupBytes, ArrivedBytes, OtherBytes int64
}

// PointFigures reads how the points of a collection lie; nil for one that is
// no time series.
func (s *Service) PointFigures(ctx context.Context, c *Call, collection string) (*PointFigures, error) {
	if err := c.open(collection); err != nil {
		return nil, err
	}
	v := c.Fabric.View()
	defer shut(v)
	got, ok := v.Collection(collection)
	if !ok || got.Series == nil {
		return nil, nil
	}
	p, err := v.Points(got)
	if err != nil {
		return nil, AsError(err)
	}
	f, err := p.Figures()
	if err != nil {
		return nil, AsError(err)
	}
	return &PointFigures{Series: f.Series, Chunks: f.Chunks, Batches: f.Batches, Points: f.Points, ChunkBytes: f.ChunkBytes,
		RollupBytes: f.RollupBytes, ArrivedBytes: f.ArrivedBytes, OtherBytes: f.OtherBytes}, c.settle(ctx, v)
}
