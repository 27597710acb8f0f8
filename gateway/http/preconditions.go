package http

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/selvedge-db/selvedge/api"
)

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
