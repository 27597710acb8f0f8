package http

import (
	"context"
	"net/http"
	"strings"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/value"
)

// fabrics answers /database and what is below it.
func (q *request) fabrics() error {
	ctx, err := q.enter()
	if err != nil {
		return err
	}
	service, what, m := q.server.service, q.path.at(1), q.hr.Method
	switch {
	case q.path.n == 1 && m == http.MethodGet, q.path.n == 2 && what == "user" && m == http.MethodGet:
		all, err := service.ListFabrics(ctx, &q.call)
		if err != nil {
			return err
		}
		if what == "user" && !q.path.database {
			return q.result(http.StatusOK, each(all, fabricValue))
		}
		return q.result(http.StatusOK, each(all, func(f *api.FabricInfo) value.Value { return value.String(f.Name) }))
	case q.path.n == 1 && m == http.MethodPost:
		return q.createFabric(ctx)
	case q.path.n == 2 && what == "current" && m == http.MethodGet:
		f, err := service.CurrentFabric(ctx, &q.call)
		if err != nil {
			return err
		}
		return q.result(http.StatusOK, fabricValue(&f))
	case q.path.n == 2 && what == "metadata":
		return q.fabricMetadata(ctx)
	case q.path.n == 3 && what == "locations" && m == http.MethodPut, q.path.n == 2 && what == "locations" && m == http.MethodPut:
		return q.fabricLocations(ctx)
	case q.path.n == 2 && m == http.MethodDelete:
		if err := service.DropFabric(ctx, &q.call, what); err != nil {
			return err
		}
		return q.result(http.StatusOK, value.Bool(true))
	case q.path.n == 1:
		return q.allow("GET, POST")
	}
	return q.unknown()
}

func fabricValue(f *api.FabricInfo) value.Value {
	meta := f.Metadata
	if meta.IsNull() {
		meta = value.Object()
	}
	list := strings.Join(f.Locations, ",")
	return value.Object(str("name", f.Name), member("isSystem", value.Bool(f.Name == api.SystemFabric)),
		member("options", value.Object(str("dcList", list), str("associated_regions", list), member("metadata", meta),
			member("realTime", value.Bool(true)), str("spotDc", ""), member("status", value.Int(0)), str("tenant", f.Tenant), str("name", f.Tenant+"."+f.Name))))
}

// decodeFabric reads the body of POST /database; dcList is a list with commas
// or an array, empty for all locations.
func decodeFabric(body value.Value) (api.FabricSpec, error) {
	f := object(body)
	spec := api.FabricSpec{Name: f.want("name"), Metadata: value.Object()}
	o := object(f.sub("options"))
	if o.of.IsNull() || f.err != nil {
		return spec, f.err
	}
	if v, ok := o.of.Get("dcList"); ok && v.Kind() == value.KindArray {
		spec.Locations = o.texts("dcList")
	} else {
		for name := range strings.SplitSeq(o.text("dcList"), ",") {
			if name = strings.TrimSpace(name); name != "" {
				spec.Locations = append(spec.Locations, name)
			}
		}
	}
	if m := o.sub("metadata"); !m.IsNull() {
		spec.Metadata = m
	}
	return spec, o.err
}

func (q *request) createFabric(ctx context.Context) error {
	body, err := q.json()
	if err != nil {
		return err
	}
	spec, err := decodeFabric(body)
	if err != nil {
		return err
	}
	if err := q.server.service.CreateFabric(ctx, &q.call, spec); err != nil {
		return err
	}
	return q.result(http.StatusCreated, value.Bool(true))
}

func (q *request) fabricLocations(ctx context.Context) error {
	body, err := q.json()
	if err != nil {
		return err
	}
	f := object(body)
	list := f.texts("locations")
	if f.err != nil {
		return f.err
	}
	name := q.path.at(2)
	if name == "" {
		name = q.call.FabricName
	}
	if err := q.server.service.SetFabricLocations(ctx, &q.call, name, list); err != nil {
		return err
	}
	return q.result(http.StatusOK, value.Bool(true))
}

func (q *request) fabricMetadata(ctx context.Context) error {
	switch q.hr.Method {
	case http.MethodGet:
		f, err := q.server.service.CurrentFabric(ctx, &q.call)
		if err != nil {
			return err
		}
		return q.result(http.StatusOK, fabricValue(&f))
	case http.MethodPut, http.MethodPatch:
		body, err := q.json()
		if err != nil {
			return err
		}
		f := object(body)
		meta := f.sub("metadata")
		if f.err != nil {
			return f.err
		}
		if err := q.server.service.SetMetadata(ctx, &q.call, meta, q.hr.Method == http.MethodPatch); err != nil {
			return err
		}
		return q.result(http.StatusCreated, value.Bool(true))
	}
	return q.allow("GET, PUT, PATCH")
}
