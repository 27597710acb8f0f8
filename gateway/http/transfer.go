package http

import (
	"bytes"
	"context"
	"net/http"
	"strconv"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/value"
)

// documentList answers {NAME: [documents], error, code}.
func (q *request) documentList(docs []api.Document, name, rest string) error {
	out := append(q.out[:0], `{"error":false,"code":200,"`...)
	out = append(append(out, name...), `":[`...)
	for i := range docs {
		if i > 0 {
			out = append(out, ',')
		}
		out = docs[i].AppendServed(out)
	}
	q.out = append(append(append(out, ']'), rest...), '}')
	return q.send(http.StatusOK, q.out)
}

// appendExported is a document without _id and _rev.
func appendExported(d *api.Document, dst []byte) []byte {
	if d.Key == "" { // a point
		return append(dst, d.Text...)
	}
	dst = append(append(append(dst, `{"_key":"`...), d.Key...), '"')
	if len(d.Text) > 2 {
		return append(append(dst, ','), d.Text[1:]...)
	}
	return append(dst, '}')
}

// edges answers /edges/C?vertex=.
func (q *request) edges() error {
	ctx, err := q.takePart()
	if err != nil {
		return err
	}
	if q.path.n != 2 {
		return q.unknown()
	}
	if q.hr.Method != http.MethodGet {
		return q.allow("GET")
	}
	direction := q.query.choice("direction")
	docs, err := q.server.service.Edges(ctx, &q.call, q.path.at(1), q.query.get("vertex"), direction)
	if err != nil {
		return err
	}
	return q.documentList(docs, "edges", `,"stats":{"filtered":0,"scannedIndex":`+strconv.Itoa(len(docs))+`}`)
}

// transfer answers /import, /import/C and /export/C.
func (q *request) transfer() error {
	q.patient = q.path.at(0) == "export" && q.path.n == 1
	ctx, err := q.takePart()
	if err != nil {
		return err
	}
	switch {
	case q.path.at(0) == "export" && q.path.n == 2 && q.hr.Method == http.MethodGet:
		return q.export(ctx, q.path.at(1))
	case q.path.at(0) == "export" && q.path.n == 2:
		return q.allow("GET")
	case q.path.at(0) == "export":
		return q.exportQuery(ctx)
	case q.hr.Method != http.MethodPost:
		return q.allow("POST")
	}
	if err := q.unconditional(); err != nil {
		return err
	}
	switch q.path.n {
	case 1:
		return q.importLines(ctx)
	case 2:
		return q.importData(ctx, q.path.at(1))
	}
	return q.unknown()
}

// export answers a page of a collection; a limit of 0 means all.
func (q *request) export(ctx context.Context, collection string) error {
	p, err := q.page(pageDefault)
	if err != nil {
		return err
	}
	if p.Limit == 0 {
		p.Limit = -1
	}
	list, err := q.server.service.List(ctx, &q.call, collection, p)
	return q.listing(ctx, list, err, appendExported)
}

// rows reads JSON lines, or one array, by what the body begins with unless
// the type is said. A line that is no JSON fails as a row by itself.
func rows(text []byte, kind string, limit int64) ([]value.Value, []*api.Error, int, error) {
	lim := value.Limits{Bytes: int(limit)}
	trimmed := bytes.TrimSpace(text)
	names, below := headed(trimmed, kind, lim)
	if names != nil {
		text = below
	}
	list := names == nil && (kind == "list" || kind == "array" || kind != "documents" && len(trimmed) > 0 && trimmed[0] == '[')
	if list {
		v, err := value.Parse(trimmed, lim)
		if err != nil {
			return nil, nil, 0, api.AsError(err)
		}
		if v.Kind() != value.KindArray {
			return nil, nil, 0, api.Fail(api.BadParameter, "the body is %s, want an array", v.Kind())
		}
		return v.Items(), nil, 0, nil
	}
	var out []value.Value
	var bad []*api.Error
	empty := 0
	for number := 1; len(text) > 0; number++ {
		var line []byte
		line, text, _ = bytes.Cut(text, []byte{'\n'})
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			empty++
			continue
		}
		v, err := value.Parse(line, lim)
		if err == nil && names != nil {
			v, err = named(names, v)
		}
		if err != nil {
			e := api.AsError(err)
			e.Index = number - 1
			e.Message = "line " + strconv.Itoa(number) + ": " + e.Message
			bad = append(bad, e)
			continue
		}
		out = append(out, v)
	}
	return out, bad, empty, nil
}

// headed tells whether a text of no said type is a table: a line with the names of members, and below it lines with
// their values, all of them arrays.
func headed(text []byte, kind string, lim value.Limits) (names []value.Value, below []byte) {
	line, rest, more := bytes.Cut(text, []byte{'\n'})
	if kind != "" || !more || len(line) == 0 || line[0] != '[' {
		return nil, nil
	}
	v, err := value.Parse(bytes.TrimSpace(line), lim)
	if err != nil || v.Kind() != value.KindArray || v.Len() == 0 {
		return nil, nil
	}
	for _, name := range v.Items() {
		if name.Kind() != value.KindString || name.Str() == "" {
			return nil, nil
		}
	}
	return v.Items(), rest
}

// named makes a document of a line of a table.
func named(names []value.Value, line value.Value) (value.Value, error) {
	if line.Kind() != value.KindArray || line.Len() != len(names) {
		return line, api.Fail(api.BadDocument, "want an array of %d values, as the first line has names", len(names))
	}
	members := make([]value.Member, len(names))
	for i, v := range line.Items() {
		members[i] = member(names[i].Str(), v)
	}
	return value.Object(members...), nil
}

// importLines answers POST /import?collection=, whose body is JSON lines or
// an array.
func (q *request) importLines(ctx context.Context) error {
	r := api.ImportRequest{Collection: q.query.get("collection"), OnDuplicate: q.query.get("onDuplicate"),
		PrimaryKey: q.query.get("primaryKey"), FromPrefix: q.query.get("fromPrefix"), ToPrefix: q.query.get("toPrefix")}
	details := false
	if err := q.query.flags(flagPlace{"overwrite", &r.Overwrite}, flagPlace{"complete", &r.Complete}, flagPlace{"details", &details}); err != nil {
		return err
	}
	kind := q.query.get("type")
	switch kind {
	case "", "auto", "documents", "list", "array":
	default:
		return api.Fail(api.BadParameter, "type=%s: want auto, documents or list", quote(kind))
	}
	text, err := q.read()
	if err != nil {
		return err
	}
	var bad []*api.Error
	var empty int
	if r.Rows, bad, empty, err = rows(text, kind, q.server.service.Limits().BodyBytes); err != nil {
		return err
	}
	if r.Complete && len(bad) > 0 {
		return bad[0]
	}
	done, err := q.server.service.Import(ctx, &q.call, r)
	if err != nil {
		return err
	}
	members := []value.Member{member("created", value.Int(int64(done.Created))), member("errors", value.Int(int64(done.Errors+len(bad)))),
		member("empty", value.Int(int64(empty))), member("updated", value.Int(int64(done.Updated))), member("ignored", value.Int(int64(done.Ignored)))}
	if details {
		for _, e := range bad {
			done.Details = append(done.Details, e.Message)
		}
		members = append(members, member("details", textArray(done.Details)))
	}
	status := http.StatusCreated
	return q.plainOK(status, members)
}

// plainOK answers members with error false, without a member code: an import
// reply has a member errors, and with code it reads better as its own shape.
func (q *request) plainOK(status int, members []value.Member) error {
	return q.plain(status, value.Object(append(members, member("error", value.Bool(false)))...))
}

// decodeImport reads the body of POST /import/C.
func decodeImport(body value.Value) (r api.ImportRequest, details bool, err error) {
	f := object(body)
	data, ok := f.find("data", value.KindArray)
	if f.err == nil && !ok {
		f.err = api.Fail(api.BadParameter, "data is missing: want an array of documents")
	}
	r.Rows, r.PrimaryKey = data.Items(), f.text("primaryKey")
	if f.flag("replace", false) {
		r.OnDuplicate = "replace"
	}
	return r, f.flag("details", false), f.err
}

// importData answers POST /import/C.
func (q *request) importData(ctx context.Context, collection string) error {
	body, err := q.json()
	if err != nil {
		return err
	}
	r, details, err := decodeImport(body)
	if err != nil {
		return err
	}
	r.Collection = collection
	done, err := q.server.service.Import(ctx, &q.call, r)
	if err != nil {
		return err
	}
	unprocessed := make([]value.Value, 0, len(done.Failed))
	for _, i := range done.Failed {
		unprocessed = append(unprocessed, r.Rows[i])
	}
	members := []value.Member{member("created", value.Int(int64(done.Created+done.Updated))), member("errors", value.Int(int64(done.Errors))),
		member("unprocessed", value.Array(unprocessed...))}
	if details {
		members = append(members, member("details", textArray(done.Details)))
	}
	return q.result(http.StatusOK, value.Object(members...))
}
