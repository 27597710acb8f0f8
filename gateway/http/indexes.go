package http

import (
	"net/http"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/value"
)

// indexes answers /index, /index/TYPE and /index/C/NAME.
func (q *request) indexes() error {
	ctx, err := q.enter()
	if err != nil {
		return err
	}
	service, m := q.server.service, q.hr.Method
	switch {
	case q.path.n <= 2 && m == http.MethodPost:
		body, err := q.json()
		if err != nil {
			return err
		}
		r, err := decodeIndex(body, q.path.at(1))
		if err != nil {
			return err
		}
		x, err := service.CreateIndex(ctx, &q.call, q.query.get("collection"), r)
		if err != nil {
			return err
		}
		status := http.StatusOK
		if x.IsNew {
			status = http.StatusCreated
		}
		return q.ok(status, append(indexMembers(&x), member("isNewlyCreated", value.Bool(x.IsNew)))...)
	case q.path.n == 1 && m == http.MethodGet:
		all, err := service.Indexes(ctx, &q.call, q.query.get("collection"))
		if err != nil {
			return err
		}
		one := func(x *api.IndexInfo) value.Value { return value.Object(indexMembers(x)...) }
		return q.ok(http.StatusOK, member("indexes", each(all, one)))
	case q.path.n == 3 && m == http.MethodGet:
		x, err := service.Index(ctx, &q.call, q.path.at(1), q.path.at(2))
		if err != nil {
			return err
		}
		return q.ok(http.StatusOK, indexMembers(&x)...)
	case q.path.n == 3 && m == http.MethodDelete:
		x, err := service.DropIndex(ctx, &q.call, q.path.at(1), q.path.at(2))
		if err != nil {
			return err
		}
		return q.ok(http.StatusOK, str("id", x.ID))
	case q.path.n == 1:
		return q.allow("GET, POST")
	case q.path.n == 3:
		return q.allow("GET, DELETE")
	}
	return q.unknown()
}

// decodeIndex reads the body of POST /index; the general form has the type in
// the path.
func decodeIndex(body value.Value, typed string) (api.IndexRequest, error) {
	f := object(body)
	r := api.IndexRequest{Name: f.text("name"), Type: f.text("type"), Fields: f.texts("fields"), Unique: f.flag("unique", false),
		Sparse: f.flag("sparse", false), Deduplicate: f.flag("deduplicate", true), ExpireAfter: f.integer("expireAfter", 0, 0, 1<<40),
		GeoJSON: f.flag("geoJson", false), MinLength: f.integer("minLength", 0, 0, 1<<20)}
	if typed != "" && typed != "general" {
		r.Type = typed
	}
	return r, f.err
}

func indexMembers(x *api.IndexInfo) []value.Member {
	out := []value.Member{str("id", x.ID), str("name", x.Name), str("type", x.Type), member("fields", textArray(x.Fields)),
		member("unique", value.Bool(x.Unique)), member("sparse", value.Bool(x.Sparse))}
	if x.Selectivity > 0 {
		out = append(out, member("selectivityEstimate", value.Float(x.Selectivity)))
	}
	switch x.Type {
	case "persistent", "hash", "skiplist":
		out = append(out, member("deduplicate", value.Bool(x.Deduplicate)))
	case "ttl":
		out = append(out, member("expireAfter", value.Int(x.ExpireAfter)))
	case "geo":
		out = append(out, member("geoJson", value.Bool(x.GeoJSON)), member("bestIndexedLevel", value.Int(x.Cells.Best)),
			member("worstIndexedLevel", value.Int(x.Cells.Worst)), member("maxNumCoverCells", value.Int(x.Cells.Most)))
	case "fulltext":
		out = append(out, member("minLength", value.Int(x.MinLength)))
	}
	return out
}
