package http

import (
	"context"
	"net/http"
	"strings"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/value"
)

// collections answers /collection, /collection/C and what is below it.
func (q *request) collections() error {
	enter := q.enter
	if part := q.path.at(2); q.path.n == 3 && (part == "count" || part == "truncate") {
		enter = q.takePart
	}
	ctx, err := enter()
	if err != nil {
		return err
	}
	service, name := q.server.service, q.path.at(1)
	switch {
	case q.path.n == 1 && q.hr.Method == http.MethodGet:
		exclude, err := q.query.flag("excludeSystem", false)
		if err != nil {
			return err
		}
		all, err := service.Collections(ctx, &q.call, !exclude)
		if err != nil {
			return err
		}
		return q.result(http.StatusOK, each(all, func(c *api.CollectionInfo) value.Value { return value.Object(collectionMembers(c)...) }))
	case q.path.n == 1 && q.hr.Method == http.MethodPost:
		return q.createCollection(ctx)
	case q.path.n == 1:
		return q.allow("GET, POST")
	case q.path.n == 2 && q.hr.Method == http.MethodGet:
		c, err := service.Collection(ctx, &q.call, name)
		return q.collection(c, err)
	case q.path.n == 2 && q.hr.Method == http.MethodDelete:
		c, err := service.DropCollection(ctx, &q.call, name)
		if err != nil {
			return err
		}
		return q.ok(http.StatusOK, str("id", c.ID), str("name", c.Name))
	case q.path.n == 2:
		return q.allow("GET, DELETE")
	case q.path.n == 3:
		return q.collectionPart(ctx, name, q.path.at(2))
	}
	return q.unknown()
}

// collectionPart answers /collection/C/PART.
func (q *request) collectionPart(ctx context.Context, name, part string) error {
	service, get, put := q.server.service, q.hr.Method == http.MethodGet, q.hr.Method == http.MethodPut
	switch {
	case part == "count" && get:
		c, n, err := service.Count(ctx, &q.call, name)
		return q.collection(c, err, member("count", value.Int(n)))
	case part == "figures" && get:
		c, n, err := service.Count(ctx, &q.call, name)
		if err != nil {
			return err
		}
		p, err := service.PointFigures(ctx, &q.call, name)
		return q.collection(c, err, member("count", value.Int(n)), member("figures", figures(&c, n, p)))
	case part == "properties" && get:
		c, err := service.Collection(ctx, &q.call, name)
		return q.collection(c, err)
	case part == "properties" && put:
		return q.setProperties(ctx, name)
	case part == "metadata" && get:
		c, err := service.Collection(ctx, &q.call, name)
		if err != nil {
			return err
		}
		return q.result(http.StatusOK, c.Metadata)
	case part == "metadata" && put:
		body, err := q.json()
		if err != nil {
			return err
		}
		if body.Kind() != value.KindObject {
			return api.Fail(api.BadParameter, "the body is %s, want an object", body.Kind())
		}
		c, err := service.SetProperties(ctx, &q.call, name, api.PropertiesChange{Metadata: &body})
		return q.collection(c, err)
	case part == "truncate" && put:
		c, err := service.Truncate(ctx, &q.call, name)
		return q.collection(c, err)
	case (part == "recalculateCount" || part == "compact" || part == "loadIndexesIntoMemory") && put: // kept so at all times
		c, err := service.Collection(ctx, &q.call, name)
		return q.collection(c, err, member("result", value.Bool(true)))
	case part == "rename" && put:
		return service.Rename(ctx, &q.call, name)
	case part == "count" || part == "figures":
		return q.allow("GET")
	case part == "truncate" || part == "rename":
		return q.allow("PUT")
	case part == "properties" || part == "metadata":
		return q.allow("GET, PUT")
	}
	return q.unknown()
}

// collection answers a collection flat, as the reference does.
func (q *request) collection(c api.CollectionInfo, err error, more ...value.Member) error {
	if err != nil {
		return err
	}
	return q.ok(http.StatusOK, append(collectionMembers(&c), more...)...)
}

func collectionMembers(c *api.CollectionInfo) []value.Member {
	out := []value.Member{
		str("id", c.ID), str("name", c.Name), member("status", value.Int(3)), str("statusString", "loaded"),
		member("type", value.Int(int64(c.Type))), str("collectionModel", c.Model), member("isLocal", value.Bool(c.Local)),
		member("isSystem", value.Bool(c.System)), member("isSpot", value.Bool(false)), member("hasStream", value.Bool(c.Stream)),
		member("waitForSync", value.Bool(c.WaitForSync)), member("allowAsync", value.Bool(c.AllowAsync)),
		str("globallyUniqueId", c.ID), str("objectId", c.ID), member("searchEnabled", value.Bool(false)),
		member("cacheEnabled", value.Bool(false)), member("keyOptions", c.KeyOptions), member("crdt", c.CRDT),
	}
	if !c.TimeSeries.IsNull() {
		out = append(out, member("timeseries", c.TimeSeries))
	}
	return out
}

func figures(c *api.CollectionInfo, n int64, p *api.PointFigures) value.Value {
	if p != nil {
		return value.Object(member("points", value.Int(n)), member("series", value.Int(int64(p.Series))), member("chunks", value.Int(int64(p.Chunks))),
			member("chunkPoints", value.Int(p.Points)), member("chunkBytes", value.Int(p.ChunkBytes)), member("rollupBytes", value.Int(p.RollupBytes)),
			member("arrivedBatches", value.Int(int64(p.Batches))), member("arrivedBytes", value.Int(p.ArrivedBytes)), member("otherBytes", value.Int(p.OtherBytes)))
	}
	return value.Object(member("documents", value.Int(n)),
		member("indexes", value.Object(member("count", value.Int(int64(len(c.Indexes)))))))
}

// decodeCollection reads the body of POST /collection.
func decodeCollection(body value.Value) (api.CollectionRequest, error) {
	f := object(body)
	r := api.CollectionRequest{Name: f.want("name"), Type: uint8(f.integer("type", 2, 0, 255)), Local: f.flag("isLocal", false),
		System: f.flag("isSystem", false), WaitForSync: f.flag("waitForSync", false), AllowAsync: f.flag("allowAsync", false),
		Stream: f.flag("stream", false) || f.flag("hasStream", false), KeyOptions: f.sub("keyOptions"), CRDT: f.sub("crdt"), TimeSeries: f.sub("timeseries")}
	for _, m := range body.Members() { // what cannot be added later is not passed over for a capital letter
		for _, name := range []string{"timeseries", "crdt"} {
			if m.Name != name && strings.EqualFold(m.Name, name) {
				f.fail("%q is not known: want %s", m.Name, name)
			}
		}
	}
	if f.err == nil && (f.flag("strongConsistency", false) || f.flag("isSpot", false)) {
		f.err = api.Fail(api.NotAvailable, "strong collections come later")
	}
	return r, f.err
}

func (q *request) createCollection(ctx context.Context) error {
	body, err := q.json()
	if err != nil {
		return err
	}
	r, err := decodeCollection(body)
	if err != nil {
		return err
	}
	c, err := q.server.service.CreateCollection(ctx, &q.call, r)
	return q.collection(c, err)
}

// decodeProperties reads the body of PUT /collection/C/properties.
func decodeProperties(body value.Value) (api.PropertiesChange, error) {
	f := object(body)
	p := api.PropertiesChange{WaitForSync: f.flagOr("waitForSync"), Stream: f.flagOr("hasStream"), CRDT: f.sub("crdt"), TimeSeries: f.sub("timeseries")}
	return p, f.err
}

func (q *request) setProperties(ctx context.Context, name string) error {
	body, err := q.json()
	if err != nil {
		return err
	}
	p, err := decodeProperties(body)
	if err != nil {
		return err
	}
	c, err := q.server.service.SetProperties(ctx, &q.call, name, p)
	return q.collection(c, err)
}
