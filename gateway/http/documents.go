package http

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/value"
)

// documents answers /document, /document/C and /document/C/K.
func (q *request) documents() error {
	ctx, err := q.takePart()
	if err != nil {
		return err
	}
	collection, key := q.path.at(1), q.path.at(2)
	if q.path.n == 1 {
		collection = q.query.get("collection")
	}
	if q.path.n > 3 {
		return api.Fail(api.BadKey, "%s: a key has no slash", quote(strings.Join(q.path.seg[2:q.path.n], "/")))
	}
	switch q.hr.Method {
	case http.MethodPost:
		if q.path.n > 2 {
			return q.allow("GET, HEAD, PUT, PATCH, DELETE")
		}
		return q.write(ctx, api.OpInsert, collection, "")
	case http.MethodPut:
		if q.path.n == 2 && q.query.get("onlyget") != "" {
			return q.readMany(ctx, collection)
		}
		return q.write(ctx, api.OpReplace, collection, key)
	case http.MethodPatch:
		return q.write(ctx, api.OpUpdate, collection, key)
	case http.MethodDelete:
		return q.write(ctx, api.OpRemove, collection, key)
	case http.MethodGet, http.MethodHead:
		if q.path.n == 3 {
			return q.readOne(ctx, collection, key)
		}
	}
	if q.path.n == 3 {
		return q.allow("GET, HEAD, PUT, PATCH, DELETE")
	}
	return q.allow("POST, PUT, PATCH, DELETE")
}

// readOne answers a document, with the preconditions of HTTP.
func (q *request) readOne(ctx context.Context, collection, key string) error {
	doc, err := q.server.service.Read(ctx, &q.call, collection, key)
	if err != nil {
		return err
	}
	return q.document(&doc)
}

// readMany answers PUT /document/C?onlyget=true with an array of keys.
func (q *request) readMany(ctx context.Context, collection string) error {
	body, err := q.json()
	if err != nil {
		return err
	}
	keys := make([]string, 0, body.Len())
	if body.Kind() != value.KindArray {
		return api.Fail(api.BadParameter, "the body is %s, want an array of keys", body.Kind())
	}
	for i, item := range body.Items() {
		key := item.Str()
		if item.Kind() == value.KindObject {
			k, _ := item.Get("_key")
			key = k.Str()
		}
		if key == "" {
			return api.Fail(api.BadParameter, "item %d: want a key or a document with _key", i)
		}
		keys = append(keys, strings.TrimPrefix(key, collection+"/"))
	}
	docs, failed, err := q.server.service.ReadMany(ctx, &q.call, collection, keys)
	if err != nil {
		return err
	}
	out := append(q.out[:0], '[')
	for i := range docs {
		if i > 0 {
			out = append(out, ',')
		}
		if failed[i] != nil {
			out = failed[i].AppendItem(out)
		} else {
			out = docs[i].AppendServed(out)
		}
	}
	q.out = append(out, ']')
	return q.send(http.StatusOK, q.out)
}

// writeOptions reads the options of a write from the query and the headers.
func (q *request) writeOptions(op api.Op) (api.WriteOptions, error) {
	o := api.DefaultWriteOptions()
	if q.query == "" {
		return o, q.preconditions(op, &o)
	}
	over := o.Overwrite
	overwrite, wait := false, false
	err := q.query.flags(flagPlace{"returnOld", &o.ReturnOld}, flagPlace{"returnNew", &o.ReturnNew}, flagPlace{"silent", &o.Silent},
		flagPlace{"keepNull", &o.KeepNull}, flagPlace{"mergeObjects", &o.MergeObjects}, flagPlace{"ignoreRevs", &o.IgnoreRevs},
		flagPlace{"overwrite", &overwrite}, flagPlace{"waitForSync", &wait})
	if err != nil {
		return o, err
	}
	if overwrite {
		over = api.OverwriteReplace
	}
	switch mode := q.query.get("overwriteMode"); mode {
	case "":
	case "conflict":
		over = api.OverwriteConflict
	case "replace":
		over = api.OverwriteReplace
	case "update":
		over = api.OverwriteUpdate
	case "ignore":
		over = api.OverwriteIgnore
	default:
		return o, api.Fail(api.BadParameter, "overwriteMode=%s: want conflict, replace, update or ignore", quote(mode))
	}
	o.Overwrite = over
	if o.Sync, err = q.sync(); err != nil {
		return o, err
	}
	o.IfRev = unquote(q.query.get("rev"))
	return o, q.preconditions(op, &o)
}

// sync reads waitForSync, which has three answers.
func (q *request) sync() (api.Sync, error) {
	if q.query.get("waitForSync") == "" {
		return api.SyncDefault, nil
	}
	wait, err := q.query.flag("waitForSync", false)
	switch {
	case err != nil:
		return api.SyncDefault, err
	case wait:
		return api.SyncTrue, nil
	}
	return api.SyncFalse, nil
}

// written is the status of a write: 202, or with waitForSync 201, 200 for a
// removal.
func written(op api.Op, sync api.Sync) int {
	if sync != api.SyncTrue {
		return http.StatusAccepted
	}
	if op == api.OpRemove {
		return http.StatusOK
	}
	return http.StatusCreated
}

// write does one write, or one per element of an array.
func (q *request) write(ctx context.Context, op api.Op, collection, key string) error {
	o, err := q.writeOptions(op)
	if err != nil {
		return err
	}
	var doc value.Value
	if op != api.OpRemove || key == "" {
		if doc, err = q.json(); err != nil {
			return err
		}
	}
	if key == "" && doc.Kind() == value.KindArray {
		if err := q.unconditional(); err != nil {
			return err
		}
		return q.writeMany(ctx, op, collection, doc.Items(), &o)
	}
	if key == "" && op == api.OpRemove {
		return api.Fail(api.BadParameter, "the body is %s, want an array of keys or documents", doc.Kind())
	}
	reply, err := q.server.service.Write(ctx, &q.call, op, collection, key, doc, &o)
	if err != nil {
		return err
	}
	vals := [2]string{`"` + reply.Rev + `"`}
	h := q.w.Header()
	h["Etag"] = vals[0:1:1]
	if op == api.OpInsert && reply.Key != "" {
		vals[1] = "/_tenant/" + q.call.Tenant + "/_fabric/" + q.call.FabricName + "/_api/document/" + collection + "/" + reply.Key
		h["Location"] = vals[1:2:2]
	}
	if o.Silent {
		return q.send(written(op, o.Sync), append(q.out[:0], "{}"...))
	}
	q.out = reply.AppendJSON(q.out[:0])
	return q.send(written(op, o.Sync), q.out)
}

// writeMany answers an array with one item per element.
func (q *request) writeMany(ctx context.Context, op api.Op, collection string, items []value.Value, o *api.WriteOptions) error {
	service := q.server.service
	write := service.WriteMany
	switch t := q.query.get("transaction"); t {
	case "", "item":
	case "all":
		write = service.WriteAll
	default:
		return api.Fail(api.BadParameter, "transaction=%s: want all or item", quote(t))
	}
	done, err := write(ctx, &q.call, op, collection, items, o)
	if err != nil {
		return err
	}
	return q.items(written(op, o.Sync), done, o.Silent)
}

// items answers the outcome of a bulk call, with the numbers of the errors in
// a header as the reference has it.
func (q *request) items(status int, done []api.Item, silent bool) error {
	var nums [][2]int // number and count; few differ
	out := append(q.out[:0], '[')
	for i := range done {
		if e := done[i].Err; e != nil {
			nums = tally(nums, e.Num)
			out = e.AppendItem(comma(out))
		} else if !silent {
			out = done[i].Reply.AppendJSON(comma(out))
		}
	}
	out = append(out, ']')
	if silent && len(nums) == 0 {
		out = append(out[:0], "{}"...)
	}
	q.out = out
	if len(nums) > 0 {
		text := []byte("{")
		for i, n := range nums {
			if i > 0 {
				text = append(text, ',')
			}
			text = strconv.AppendInt(append(text, '"'), int64(n[0]), 10)
			text = strconv.AppendInt(append(text, `":`...), int64(n[1]), 10)
		}
		q.w.Header()["X-C8-Error-Codes"] = []string{string(append(text, '}'))}
	}
	return q.send(status, out)
}

// comma parts an element from the one before.
func comma(out []byte) []byte {
	if out[len(out)-1] == '[' {
		return out
	}
	return append(out, ',')
}

func tally(nums [][2]int, num int) [][2]int {
	for i := range nums {
		if nums[i][0] == num {
			nums[i][1]++
			return nums
		}
	}
	return append(nums, [2]int{num, 1})
}

// The headers with preconditions, in canonical form. Each takes *, one entity
// tag or several with commas between. A tag is a _rev; quotes may be missing,
// as in what some clients send.
const (
	ifMatch     = "If-Match"
	ifNoneMatch = "If-None-Match"
)

// unquote takes the quotes of an entity tag away.
func unquote(tag string) string {
	tag = strings.TrimPrefix(tag, "W/")
	if len(tag) >= 2 && tag[0] == '"' && tag[len(tag)-1] == '"' {
		return tag[1 : len(tag)-1]
	}
	return tag
}

// matches tells whether a precondition is there and names a revision; a * names
// whatever exists.
func (q *request) matches(header, rev string) (given, matched bool) {
	for _, line := range q.hr.Header[header] {
		for tag := range strings.SplitSeq(line, ",") {
			if tag = strings.TrimSpace(tag); tag != "" {
				given, matched = true, matched || tag == "*" || unquote(tag) == rev
			}
		}
	}
	return given, matched
}

// only gives the one tag that a write takes, * included; nothing when the
// header is missing.
func (q *request) only(header string) (string, error) {
	tags := strings.TrimSpace(strings.Join(q.hr.Header[header], ","))
	if strings.Contains(tags, ",") {
		return "", api.Fail(api.BadParameter, "%s: a write takes one entity tag, not several", header)
	}
	return tags, nil
}

// preconditions reads those of the write of one document. A write whose
// precondition could never hold is refused.
func (q *request) preconditions(op api.Op, o *api.WriteOptions) error {
	match, err := q.only(ifMatch)
	if err != nil {
		return err
	}
	none, err := q.only(ifNoneMatch)
	switch {
	case err != nil:
		return err
	case none != "" && (none != "*" || op != api.OpInsert || o.Overwrite != api.OverwriteConflict || match != ""):
		return api.Fail(api.BadParameter, "%s on a write: it takes * alone, on an insert that does not overwrite", ifNoneMatch)
	case op == api.OpInsert && (match == "*" || match+o.IfRev != "" && (o.Overwrite == api.OverwriteConflict || o.Overwrite == api.OverwriteIgnore)):
		return api.Fail(api.BadParameter, "%s or rev on an insert: it takes a _rev, with overwriteMode replace or update", ifMatch)
	case match != "" && match != "*": // what is changed or removed must exist anyway
		o.IfRev = unquote(match)
	}
	o.MustBeNew = none == "*"
	return nil
}

// unconditional refuses preconditions on calls that write many documents.
func (q *request) unconditional() error {
	for _, header := range [...]string{ifMatch, ifNoneMatch} {
		if len(q.hr.Header[header]) > 0 {
			return api.Fail(api.BadParameter, "%s is for one document; here items may have _rev or rev", header)
		}
	}
	return nil
}

// document answers one document, with the preconditions of HTTP.
func (q *request) document(doc *api.Document) error {
	answered, err := q.preconditioned(doc)
	if answered || err != nil {
		return err
	}
	q.out = doc.AppendServed(q.out[:0])
	h := q.w.Header()
	if q.hr.Method == http.MethodHead {
		h["Content-Length"] = []string{strconv.Itoa(len(q.out))}
	}
	return q.send(http.StatusOK, q.out)
}

// preconditioned checks the preconditions of a read and sets the entity tag; answered says that the reader has it all.
func (q *request) preconditioned(doc *api.Document) (answered bool, err error) {
	rev := doc.Rev()
	tag := []string{`"` + rev + `"`}
	if given, matched := q.matches(ifMatch, rev); given && !matched {
		return false, preconditionFailed(doc)
	}
	if _, matched := q.matches(ifNoneMatch, rev); matched {
		q.headers()["Etag"] = tag
		q.status = http.StatusNotModified
		q.w.WriteHeader(http.StatusNotModified)
		return true, nil
	}
	q.w.Header()["Etag"] = tag
	return false, nil
}

// preconditionFailed tells which revision a document has.
func preconditionFailed(doc *api.Document) error {
	rev := doc.Rev()
	e := api.Fail(api.RevisionConflict, "the document has revision %s", rev)
	e.ID, e.Key, e.Rev = doc.ID(), doc.Key, rev
	return e
}
