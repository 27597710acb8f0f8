package http

import (
	"context"
	"net/http"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/value"
)

// graphs answers /graph, which drivers of the AQL family call /gharial, and what is below it.
func (q *request) graphs() error {
	enter := q.enter
	if q.path.n >= 4 && q.path.at(2) == "vertex" || q.path.n == 5 || q.path.n == 4 && q.hr.Method == http.MethodPost {
		enter = q.takePart // vertices and edges; the rest defines graphs
	}
	if q.path.n == 4 && q.hr.Method == http.MethodDelete {
		enter = q.enter
	}
	ctx, err := enter()
	if err != nil {
		return err
	}
	service, m, name := q.server.service, q.hr.Method, q.path.at(1)
	switch {
	case q.path.n == 1 && m == http.MethodGet:
		list, err := service.Graphs(ctx, &q.call)
		if err != nil {
			return err
		}
		return q.ok(http.StatusOK, member("graphs", each(list, (*api.Graph).Value)))
	case q.path.n == 1 && m == http.MethodPost:
		return q.createGraph(ctx)
	case q.path.n == 1:
		return q.allow("GET, POST")
	case q.path.n == 2:
		return q.oneGraph(ctx, name)
	}
	edges := q.path.at(2) == "edge"
	if !edges && q.path.at(2) != "vertex" {
		return q.unknown()
	}
	switch q.path.n {
	case 3:
		return q.graphCollections(ctx, name, edges)
	case 4:
		return q.graphCollection(ctx, name, q.path.at(3), edges)
	case 5:
		return q.graphDocument(ctx, name, q.path.at(3), q.path.at(4), edges)
	}
	return q.unknown()
}

// graphChanged answers a graph after a change.
func (q *request) graphChanged(g *api.Graph, err error) error {
	if err != nil {
		return err
	}
	status, err := q.changeStatus(http.StatusCreated)
	if err != nil {
		return err
	}
	return q.ok(status, member("graph", g.Value()))
}

// changeStatus is 202, or another one with waitForSync.
func (q *request) changeStatus(synced int) (int, error) {
	wait, err := q.query.flag("waitForSync", false)
	if wait {
		return synced, err
	}
	return http.StatusAccepted, err
}

func (q *request) oneGraph(ctx context.Context, name string) error {
	service := q.server.service
	switch q.hr.Method {
	case http.MethodGet:
		g, err := service.Graph(ctx, &q.call, name)
		if err != nil {
			return err
		}
		return q.ok(http.StatusOK, member("graph", g.Value()))
	case http.MethodDelete:
		drop, err := q.query.flag("dropCollections", false)
		if err != nil {
			return err
		}
		if err := service.DropGraph(ctx, &q.call, name, drop); err != nil {
			return err
		}
		return q.ok(http.StatusAccepted, member("removed", value.Bool(true)))
	}
	return q.allow("GET, DELETE")
}

// decodeGraph reads the body of POST /graph.
func decodeGraph(body value.Value) (api.Graph, error) {
	f := object(body)
	g := api.Graph{Name: f.text("name")}
	list, _ := f.find("edgeDefinitions", value.KindArray)
	for _, item := range list.Items() {
		d, err := decodeDefinition(item)
		if err != nil {
			return g, err
		}
		g.Edges = append(g.Edges, d)
	}
	if v, ok := f.of.Get("orphanCollections"); ok && v.Kind() == value.KindString {
		g.Orphans = []string{v.Str()}
	} else if g.Orphans = f.texts("orphanCollections"); f.err != nil && g.Orphans == nil && len(list.Items()) == len(g.Edges) && ok {
		return g, api.Fail(api.GraphOrphans, "orphanCollections is %s", v.Kind())
	}
	return g, f.err
}

// decodeDefinition reads one edge definition.
func decodeDefinition(v value.Value) (api.EdgeDefinition, error) {
	f := object(v)
	list := func(name string) []string {
		if one, ok := v.Get(name); ok && one.Kind() == value.KindString {
			return []string{one.Str()}
		}
		return f.texts(name)
	}
	d := api.EdgeDefinition{Collection: f.text("collection"), From: list("from"), To: list("to")}
	if f.err != nil {
		return d, api.Fail(api.GraphDefinition, "%s", api.AsError(f.err).Message)
	}
	return d, nil
}

func (q *request) createGraph(ctx context.Context) error {
	body, err := q.json()
	if err != nil {
		return err
	}
	g, err := decodeGraph(body)
	if err != nil {
		return err
	}
	return q.graphChanged(&g, q.server.service.CreateGraph(ctx, &q.call, &g))
}

// graphCollections answers /graph/G/vertex and /graph/G/edge.
func (q *request) graphCollections(ctx context.Context, name string, edges bool) error {
	service := q.server.service
	switch q.hr.Method {
	case http.MethodGet:
		g, err := service.Graph(ctx, &q.call, name)
		if err != nil {
			return err
		}
		list := g.Vertices()
		if edges {
			list = g.EdgeCollections()
		}
		return q.ok(http.StatusOK, member("collections", textArray(list)))
	case http.MethodPost:
		body, err := q.json()
		if err != nil {
			return err
		}
		if edges {
			d, err := decodeDefinition(body)
			if err != nil {
				return err
			}
			g, err := service.AddEdgeDefinition(ctx, &q.call, name, d)
			return q.graphChanged(&g, err)
		}
		f := object(body)
		collection := f.want("collection")
		if f.err != nil {
			return f.err
		}
		g, err := service.AddVertexCollection(ctx, &q.call, name, collection)
		return q.graphChanged(&g, err)
	}
	return q.allow("GET, POST")
}

// graphCollection answers /graph/G/vertex/C and /graph/G/edge/C: documents are made, collections of the graph changed.
func (q *request) graphCollection(ctx context.Context, name, collection string, edges bool) error {
	service := q.server.service
	switch q.hr.Method {
	case http.MethodPost:
		return q.graphWrite(ctx, api.OpInsert, name, collection, "", edges)
	case http.MethodPut:
		if !edges {
			return q.allow("POST, DELETE")
		}
		body, err := q.json()
		if err != nil {
			return err
		}
		d, err := decodeDefinition(body)
		if err != nil {
			return err
		}
		g, err := service.ReplaceEdgeDefinition(ctx, &q.call, name, collection, d)
		return q.graphChanged(&g, err)
	case http.MethodDelete:
		drop, drops := false, false
		if err := q.query.flags(flagPlace{"dropCollection", &drop}, flagPlace{"dropCollections", &drops}); err != nil {
			return err
		}
		remove := service.RemoveVertexCollection
		if edges {
			remove = service.RemoveEdgeDefinition
		}
		g, err := remove(ctx, &q.call, name, collection, drop || drops)
		return q.graphChanged(&g, err)
	}
	if edges {
		return q.allow("POST, PUT, DELETE")
	}
	return q.allow("POST, DELETE")
}

// graphDocument answers /graph/G/vertex/C/K and /graph/G/edge/C/K.
func (q *request) graphDocument(ctx context.Context, name, collection, key string, edges bool) error {
	switch q.hr.Method {
	case http.MethodGet, http.MethodHead:
		doc, err := q.server.service.GraphRead(ctx, &q.call, name, collection, key, edges)
		if err != nil {
			return err
		}
		return q.graphElement(&doc, edges)
	case http.MethodPut:
		return q.graphWrite(ctx, api.OpReplace, name, collection, key, edges)
	case http.MethodPatch:
		return q.graphWrite(ctx, api.OpUpdate, name, collection, key, edges)
	case http.MethodDelete:
		return q.graphWrite(ctx, api.OpRemove, name, collection, key, edges)
	}
	return q.allow("GET, HEAD, PUT, PATCH, DELETE")
}

// element is what a document of a graph is called in replies.
func element(edges bool) string {
	if edges {
		return "edge"
	}
	return "vertex"
}

// graphElement answers a vertex or an edge, with the preconditions of HTTP; rev as a parameter is one, too.
func (q *request) graphElement(doc *api.Document, edges bool) error {
	if rev := unquote(q.query.get("rev")); rev != "" && rev != doc.Rev() {
		return preconditionFailed(doc)
	}
	answered, err := q.preconditioned(doc)
	if answered || err != nil {
		return err
	}
	out := append(append(q.out[:0], `{"error":false,"code":200,"`...), element(edges)...)
	q.out = append(doc.AppendServed(append(out, `":`...)), '}')
	return q.send(http.StatusOK, q.out)
}

func (q *request) graphWrite(ctx context.Context, op api.Op, name, collection, key string, edges bool) error {
	o, err := q.writeOptions(op)
	if err != nil {
		return err
	}
	doc := value.Null()
	if op != api.OpRemove {
		if doc, err = q.json(); err != nil {
			return err
		}
	}
	r, err := q.server.service.GraphWrite(ctx, &q.call, op, name, collection, key, edges, doc, &o)
	if err != nil {
		return err
	}
	synced := http.StatusOK
	if op == api.OpInsert {
		synced = http.StatusCreated
	}
	status, err := q.changeStatus(synced)
	if err != nil {
		return err
	}
	out := append(q.out[:0], `{"error":false,"code":`...)
	out = append(out, statusDigits(status)...)
	switch {
	case op == api.OpRemove:
		out = append(out, `,"removed":true`...)
	case o.Silent:
		out = append(append(append(out, `,"`...), element(edges)...), `":{}`...)
	default:
		plain := r
		plain.Old, plain.New = nil, nil
		out = plain.AppendJSON(append(append(append(out, `,"`...), element(edges)...), `":`...))
	}
	if r.Old != nil {
		out = append(append(out, `,"old":`...), r.Old...)
	}
	if r.New != nil {
		out = append(append(out, `,"new":`...), r.New...)
	}
	q.out = append(out, '}')
	if r.Rev != "" && op != api.OpRemove {
		q.w.Header()["Etag"] = []string{`"` + r.Rev + `"`}
	}
	return q.send(status, q.out)
}
