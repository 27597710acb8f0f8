package rowset

import (
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/fabric/points"
	"github.com/selvedge-db/selvedge/fabric/schema"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/series"
)

// convertSeries is a declaration of points as queries see it, nil for none.
func convertSeries(from *schema.Collection) *rows.Series {
	d := from.Series
	if d == nil {
		return nil
	}
	out := &rows.Series{Keys: d.Keys, Time: d.Time, Values: d.Values, Retention: d.Retention, ISO: d.ISO}
	for _, b := range d.Rollups {
		out.Rollups = append(out.Rollups, int64(b))
	}
	return out
}

func (s *Snapshot) points(c *rows.Collection) (*points.View, error) {
	of, ok := s.Schema.Numbered(c.Number)
	if !ok || virtual(c) || of.Series == nil {
		return nil, &fabric.Error{Code: fabric.BadArgument, Index: -1, Collection: c.Name, Message: "the collection is no time series"}
	}
	return s.view.Points(of)
}

// Series implements rows.Points.
func (s *Snapshot) Series(c *rows.Collection, q rows.SeriesQuery) (rows.PointCursor, error) {
	v, err := s.points(c)
	if err != nil {
		return nil, err
	}
	cursor, err := v.Series(q)
	if err != nil {
		return nil, err
	}
	return cursor, nil
}

// Rollups implements rows.Points.
func (s *Snapshot) Rollups(c *rows.Collection, q rows.SeriesQuery, bucket int64) (rows.RollupCursor, bool, error) {
	v, err := s.points(c)
	if err != nil {
		return nil, false, err
	}
	cursor, ok, err := v.Rollups(q, series.Bucket(bucket))
	if err != nil || !ok {
		return nil, ok, err
	}
	return cursor, true, nil
}
