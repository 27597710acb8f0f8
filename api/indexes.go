package api

import (
	"context"
	"slices"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/rows"
)

// IndexRequest is what an index is made of. ExpireAfter is in seconds, MinLength in code points.
type IndexRequest struct {
	Name, Type                  string
	Fields                      []string
	Unique, Sparse, Deduplicate bool
	ExpireAfter                 int64 // ttl
	GeoJSON                     bool  // geo
	MinLength                   int64 // fulltext; 0 for 2
}

// IndexInfo describes an index. ID is "collection/number".
type IndexInfo struct {
	IndexRequest
	ID    string
	IsNew bool
	Cells fabric.Cells // geo
	// Selectivity estimates how many different values there are for each document, at most 1; 0 when it is not known.
	Selectivity float64
}

// indexesOf lists the indexes of a collection, the primary one first.
func indexesOf(c *fabric.Collection) []IndexInfo {
	out := make([]IndexInfo, 0, len(c.Indexes)+1)
	out = append(out, IndexInfo{ID: c.Name + "/0", IndexRequest: IndexRequest{Name: "primary", Type: "primary", Fields: []string{"_key"}, Unique: true}})
	for i := range c.Indexes {
		out = append(out, indexInfo(c.Name, &c.Indexes[i]))
	}
	return out
}

func indexInfo(collection string, x *fabric.Index) IndexInfo {
	return IndexInfo{ID: collection + "/" + x.ID, Cells: x.Cells(), IndexRequest: IndexRequest{Name: x.Name, Type: x.Type, Fields: x.Fields,
		Unique: x.Unique, Sparse: x.Sparse, Deduplicate: x.Deduplicate, ExpireAfter: x.ExpireAfter, GeoJSON: x.GeoJSON, MinLength: x.MinLength}}
}

// Indexes lists the indexes of a collection.
func (s *Service) Indexes(ctx context.Context, c *Call, collection string) ([]IndexInfo, error) {
	info, err := s.Collection(ctx, c, collection)
	if err == nil {
		err = s.estimate(ctx, c, collection, info.Indexes)
	}
	return info.Indexes, err
}

// estimate fills in the selectivity of indexes that order values.
func (s *Service) estimate(ctx context.Context, c *Call, collection string, indexes []IndexInfo) error {
	snapshot, err := s.states.of(c).store.Snapshot(ctx)
	if err != nil {
		return AsError(err)
	}
	defer func() { _ = snapshot.Close() }() // it was only read
	of, ok := snapshot.Collection(collection)
	if !ok {
		return nil
	}
	count, err := snapshot.Count(of)
	for i := 0; i < len(indexes) && err == nil; i++ {
		if indexes[i].Type == "primary" {
			indexes[i].Selectivity = 1
		} else if x := orderedIndex(of, indexes[i].Name); x != nil {
			indexes[i].Selectivity, err = selectivity(snapshot, of, x, float64(count))
		}
	}
	if err != nil {
		return AsError(err)
	}
	return nil
}

// orderedIndex finds an index that can be used and that orders values.
func orderedIndex(of *rows.Collection, name string) *rows.Index {
	for _, x := range of.Indexes {
		if x.Name == name && x.Type != rows.Geo && x.Type != rows.Fulltext {
			return x
		}
	}
	return nil
}

func selectivity(snapshot rows.Snapshot, of *rows.Collection, x *rows.Index, count float64) (float64, error) {
	if count == 0 {
		return 1, nil
	}
	different, err := snapshot.Distinct(of, x)
	if err != nil || len(different) == 0 {
		return 0, err
	}
	return min(1, different[len(different)-1]/count), nil
}

// Index finds an index by name, number or id.
func (s *Service) Index(ctx context.Context, c *Call, collection, name string) (IndexInfo, error) {
	all, err := s.Indexes(ctx, c, collection)
	if err != nil {
		return IndexInfo{}, err
	}
	for _, x := range all {
		if x.Name == name || x.ID == name || x.ID == collection+"/"+name {
			return x, nil
		}
	}
	return IndexInfo{}, Fail(IndexNotFound, "%s in %s", quote(name), quote(collection))
}

// CreateIndex makes an index; one that exists in the same form is answered
// with IsNew false.
func (s *Service) CreateIndex(ctx context.Context, c *Call, collection string, r IndexRequest) (IndexInfo, error) {
	info, err := s.Collection(ctx, c, collection)
	if err != nil {
		return IndexInfo{}, err
	}
	if err := checkIndex(&info, &r); err != nil {
		return IndexInfo{}, err
	}
	x, isNew, err := c.Fabric.CreateIndex(ctx, collection, fabric.IndexSpec{Name: r.Name, Type: r.Type, Fields: r.Fields, Unique: r.Unique,
		Sparse: r.Sparse, Deduplicate: r.Deduplicate, ExpireAfter: r.ExpireAfter, GeoJSON: r.GeoJSON, MinLength: r.MinLength})
	if err := s.after(c, err); err != nil {
		return IndexInfo{}, err
	}
	out := indexInfo(collection, &x)
	out.IsNew = isNew
	one := []IndexInfo{out}
	err = s.estimate(ctx, c, collection, one)
	return one[0], err
}

// checkIndex refuses what is not built and what cannot be.
func checkIndex(c *CollectionInfo, r *IndexRequest) error {
	most := map[string]int{"persistent": 32, "hash": 32, "skiplist": 32, "ttl": 32, "geo": 2, "fulltext": 1}[r.Type]
	switch {
	case r.Type == "":
		return Fail(BadParameter, "type is missing: want persistent, hash, skiplist, ttl, geo or fulltext")
	case most == 0:
		return Fail(BadParameter, "type %s: want persistent, hash, skiplist, ttl, geo or fulltext", quote(r.Type))
	case len(r.Fields) > most && most < 32:
		return Fail(BadParameter, "a %s index has at most %d fields, this one has %d", r.Type, most, len(r.Fields))
	}
	if len(r.Fields) == 0 || len(r.Fields) > 32 {
		return Fail(BadParameter, "fields has %d names: want 1 to 32", len(r.Fields))
	}
	seen := make(map[string]bool, len(r.Fields))
	for _, f := range r.Fields {
		if f == "" || f == "_id" || len(f) > 512 || seen[f] {
			return Fail(BadParameter, "fields: %s cannot be indexed here (empty, _id, too long or twice)", quote(f))
		}
		seen[f] = true
	}
	if r.Type == "ttl" {
		if len(r.Fields) != 1 {
			return Fail(BadParameter, "a ttl index has exactly one field")
		}
		if r.ExpireAfter < 0 || r.ExpireAfter > 1<<40 {
			return Fail(BadParameter, "expireAfter %d: want seconds, zero or more", r.ExpireAfter)
		}
		for _, x := range c.Indexes {
			if x.Type == "ttl" && x.ExpireAfter != r.ExpireAfter && slices.Equal(x.Fields, r.Fields) {
				return Fail(BadParameter, "%s expires documents by %s already, %d seconds after it: drop that index first",
					quote(x.Name), quote(r.Fields[0]), x.ExpireAfter)
			}
		}
	}
	if most < 32 && r.Unique {
		return Fail(BadParameter, "a %s index cannot be unique", r.Type)
	}
	if r.MinLength > 40 {
		return Fail(BadParameter, "minLength %d: no word of a fulltext index is longer than 40", r.MinLength)
	}
	if r.Unique && !c.Local {
		return Fail(UniqueNeedsLocal, "%s", quote(c.Name))
	}
	if r.Name != "" {
		return checkName("index", r.Name, false)
	}
	return nil
}

// DropIndex removes an index.
func (s *Service) DropIndex(ctx context.Context, c *Call, collection, name string) (IndexInfo, error) {
	x, err := s.Index(ctx, c, collection, name)
	if err != nil {
		return x, err
	}
	if x.Type == "primary" || x.Type == "edge" {
		return x, Fail(Forbidden, "the %s index cannot be removed", x.Type)
	}
	if _, err := c.Fabric.DropIndex(ctx, collection, x.Name); err != nil {
		return x, AsError(err)
	}
	return x, s.after(c, nil)
}
