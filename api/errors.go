package api

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/selvedge-db/selvedge/value"
)

// Code names an error. It is part of the interface and never changes its
// meaning; the numbers and texts beside it may be joined by others.
type Code string

// Error is what every verb gives when it fails. Num and Status are those of
// its catalogue row.
type Error struct {
	Code    Code
	Status  int
	Num     int
	Message string
	// Index is the failing item of a bulk or atomic call, or -1.
	Index int
	// ID, Key and Rev name the document when a precondition failed.
	ID, Key, Rev string
	// RetryAfter is in seconds, above zero when trying again can help.
	RetryAfter int
	cause      error
}

// Error is the text with the code, as logs want it.
func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

// Unwrap gives what lies beneath.
func (e *Error) Unwrap() error { return e.cause }

// Row is one entry of the error catalogue.
type Row struct {
	Code   Code
	Status int
	Num    int
	// Text is the first half of the message, Help what a caller can do.
	Text, Help string
	// Retry says in how many seconds a client should try again; 0 never.
	Retry int
}

// The codes of the catalogue.
const (
	BadParameter       Code = "bad-parameter"
	BadJSON            Code = "bad-json"
	BadDocument        Code = "bad-document"
	BadKey             Code = "bad-key"
	BadEdge            Code = "bad-edge"
	BadName            Code = "bad-name"
	BadBatch           Code = "bad-batch"
	Unauthorized       Code = "unauthorized"
	Forbidden          Code = "forbidden"
	OnlyInSystem       Code = "only-in-system"
	RouteNotFound      Code = "route-not-found"
	MethodNotAllowed   Code = "method-not-allowed"
	FabricNotFound     Code = "fabric-not-found"
	FabricExists       Code = "fabric-exists"
	CollectionNotFound Code = "collection-not-found"
	CollectionExists   Code = "collection-exists"
	CollectionType     Code = "collection-type"
	DocumentNotFound   Code = "document-not-found"
	KeyNotFound        Code = "key-not-found"
	DuplicateKey       Code = "duplicate-key"
	UniqueViolated     Code = "unique-violated"
	RevisionConflict   Code = "revision-conflict"
	WriteConflict      Code = "write-conflict"
	IndexNotFound      Code = "index-not-found"
	UniqueNeedsLocal   Code = "unique-needs-local"
	NotExpressible     Code = "not-expressible"
	CRDTUnchangeable   Code = "crdt-unchangeable"
	RenameRefused      Code = "rename-refused"
	DocumentTooLarge   Code = "document-too-large"
	BodyTooLarge       Code = "body-too-large"
	HistoryGone        Code = "history-gone"
	DeadlineExceeded   Code = "deadline-exceeded"
	Overloaded         Code = "overloaded"
	ReadOnly           Code = "read-only"
	ShuttingDown       Code = "shutting-down"
	Misdirected        Code = "misdirected"
	DevOnly            Code = "dev-only"
	NotAvailable       Code = "not-available"
	UserNotFound       Code = "user-not-found"
	UserExists         Code = "user-exists"
	EmailExists        Code = "email-exists"
	APIKeyNotFound     Code = "api-key-not-found"
	APIKeyExists       Code = "api-key-exists"
	BadKeyID           Code = "bad-key-id"
	LocationNotFound   Code = "location-not-found"
	Refused            Code = "refused"
	IdempotencyReused  Code = "idempotency-key-reused"
	Internal           Code = "internal"
)

// The codes of queries, cursors, query workers, transactions and jobs.
const (
	QueryFailed           Code = "query-failed"
	QueryKilled           Code = "query-killed"
	QueryParse            Code = "query-parse"
	QueryEmpty            Code = "query-empty"
	QueryNumber           Code = "query-number-range"
	QueryGeo              Code = "query-geo-value"
	QueryVariable         Code = "query-variable-name"
	QueryRedeclared       Code = "query-variable-redeclared"
	QueryUnknownVariable  Code = "query-variable-unknown"
	QueryTooManyParts     Code = "query-too-many-collections"
	QueryNesting          Code = "query-nesting"
	QueryUnknownFunction  Code = "query-function-unknown"
	QueryArgumentNumber   Code = "query-function-arguments"
	QueryArgumentType     Code = "query-function-argument-type"
	QueryRegex            Code = "query-regex"
	QueryBindInvalid      Code = "query-bind-invalid"
	QueryBindMissing      Code = "query-bind-missing"
	QueryBindUndeclared   Code = "query-bind-undeclared"
	QueryBindType         Code = "query-bind-type"
	QueryArithmetic       Code = "query-arithmetic"
	QueryDivision         Code = "query-division-by-zero"
	QueryArrayExpected    Code = "query-array-expected"
	QueryCollectionUsed   Code = "query-collection-used"
	QueryFulltextMissing  Code = "query-fulltext-index-missing"
	QueryGeoMissing       Code = "query-geo-index-missing"
	QueryDate             Code = "query-date"
	QueryAggregate        Code = "query-aggregate"
	QueryNotConstant      Code = "query-not-constant"
	QueryAccessAfterWrite Code = "query-access-after-modification"
	QueryForcedIndex      Code = "query-forced-index"
	QueryNotFound         Code = "query-not-found"
	QueryAssertion        Code = "query-assertion"
	ResourceLimit         Code = "resource-limit"
	QueueFull             Code = "query-queue-full"
	CursorNotFound        Code = "cursor-not-found"
	CursorBusy            Code = "cursor-busy"
	TooManyOpen           Code = "too-many-open"
	QueryWorkerNotFound   Code = "query-worker-not-found"
	QueryWorkerExists     Code = "query-worker-exists"
	TransactionCollection Code = "transaction-collection-undeclared"
	TransactionOperation  Code = "transaction-operation"
	TransactionAborted    Code = "transaction-aborted"
	TransactionNotFound   Code = "transaction-not-found"
	TransactionBusy       Code = "transaction-busy"
	TransactionTooLarge   Code = "transaction-too-large"
	JobNotFound           Code = "job-not-found"
)

// The codes of graphs.
const (
	GraphEdge                 Code = "graph-edge"
	GraphCollectionReused     Code = "graph-collection-reused"
	GraphCollectionDiffers    Code = "graph-collection-differs"
	GraphNameMissing          Code = "graph-name-missing"
	GraphDefinition           Code = "graph-definition"
	GraphNotFound             Code = "graph-not-found"
	GraphExists               Code = "graph-exists"
	GraphVertexCollection     Code = "graph-vertex-collection-not-found"
	GraphVertexType           Code = "graph-vertex-collection-type"
	GraphNotOrphan            Code = "graph-not-orphan"
	GraphInDefinition         Code = "graph-collection-in-definition"
	GraphEdgeCollectionUnused Code = "graph-edge-collection-unused"
	GraphOrphanReused         Code = "graph-orphan-reused"
	GraphOrphans              Code = "graph-orphans"
	GraphEdgeType             Code = "graph-edge-collection-type"
	GraphVertexUnused         Code = "graph-vertex-collection-unused"
)

// Catalogue gives every row, in the order of the documentation. The copy
// belongs to the caller.
func Catalogue() []Row {
	out := append(dataRows(), queryRows()...)
	return append(append(out, sessionRows()...), graphRows()...)
}

// dataRows are the errors of data and of every request.
func dataRows() []Row {
	return []Row{
		{BadParameter, 400, 10, "bad parameter", "The message names the parameter, what it was and what would be right.", 0},
		{BadJSON, 400, 600, "the body is not one valid JSON value", "The message gives line and column. Duplicate members, invalid UTF-8 and values nested deeper than 100 are refused.", 0},
		{BadDocument, 400, 1227, "not a document", "A document is a JSON object. Its _id, _key and _rev are the database's.", 0},
		{BadKey, 400, 1221, "bad document key", "A key has 1 to 254 bytes of letters, digits and _ - : . @ ( ) + , = ; $ ! * ' %.", 0},
		{BadEdge, 400, 1233, "bad edge", "An edge needs _from and _to of the form collection/key.", 0},
		{BadName, 400, 1208, "bad name", "Names have letters, digits, _ and -, begin with a letter (a system name with _) and have at most 64 bytes.", 0},
		{BadBatch, 400, 30006, "bad batch", "The message names the operation by its index and says what is wrong with it.", 0},
		{Unauthorized, 401, 11, "not authorized", "Send `Authorization: apikey KEY`, `bearer JWT` or Basic credentials that are valid.", 0},
		{Forbidden, 403, 11, "forbidden", "The credential is valid but does not reach this tenant, fabric or collection.", 0},
		{OnlyInSystem, 403, 1230, "only possible in _system", "Fabrics are made and dropped under /_fabric/_system.", 0},
		{RouteNotFound, 404, 404, "unknown path", "docs/reference/rest.md lists every path.", 0},
		{MethodNotAllowed, 405, 405, "method not allowed on this path", "The Allow header lists the methods that are.", 0},
		{FabricNotFound, 404, 1228, "fabric not found", "It does not exist, does not live at this location, or belongs to another tenant.", 0},
		{FabricExists, 409, 1207, "duplicate name", "A fabric of this name exists.", 0},
		{CollectionNotFound, 404, 1203, "collection or view not found", "Make it with POST /_fabric/F/_api/collection.", 0},
		{CollectionExists, 409, 1207, "duplicate name", "A collection of this name exists.", 0},
		{CollectionType, 400, 1218, "wrong type of collection", "Edges need an edge collection (type 3), key-values a key-value collection.", 0},
		{DocumentNotFound, 404, 1202, "document not found", "Nothing has this key now.", 0},
		{KeyNotFound, 404, 101000, "key not found", "The key-value collection holds nothing under this key.", 0},
		{DuplicateKey, 409, 1210, "unique constraint violated", "A document with this key exists; overwrite=true replaces it.", 0},
		{UniqueViolated, 409, 1210, "unique constraint violated", "Another document has the same values in a unique index.", 0},
		{RevisionConflict, 412, 1200, "conflict", "The document has another revision now; read it and decide again.", 0},
		{WriteConflict, 409, 1200, "write-write conflict", "Other commits kept coming between; try again.", 1},
		{IndexNotFound, 404, 1212, "index not found", "GET /_fabric/F/_api/index?collection=C lists what there is.", 0},
		{UniqueNeedsLocal, 400, 400, "attribute unique is not allowed for global collections", "A unique index needs a collection made with isLocal.", 0},
		{NotExpressible, 400, 30002, "the change does not fit the declared type", "The field is declared as counter, set, max, min or multi; the message says what it takes.", 0},
		{CRDTUnchangeable, 400, 30003, "a declaration can be added but not changed or removed", "Make a new field with the declaration that is wanted.", 0},
		{RenameRefused, 400, 30007, "collections cannot be renamed", "Names are what travels between locations; make a new collection and import into it.", 0},
		{DocumentTooLarge, 413, 1216, "document too large", "A document has at most 4 MiB unless the location is configured otherwise.", 0},
		{BodyTooLarge, 413, 413, "request body too large", "Send several requests; the limit is in the message.", 0},
		{HistoryGone, 410, 30010, "the change history before this token is gone", "Read the collections anew, then follow the feed from the token of since=now taken before that read.", 0},
		{DeadlineExceeded, 504, 30004, "deadline exceeded", "The message names what is behind. Selvedge-Deadline gives more time.", 0},
		{Overloaded, 503, 30001, "overloaded", "The commit queue is full; try again after Retry-After.", 1},
		{ReadOnly, 503, 1004, "this location takes no writes now", "The message says why: clock, disk, joining or evicted. Other locations go on.", 5},
		{ShuttingDown, 503, 30, "shutting down", "The location is going down; another one serves.", 1},
		{Misdirected, 421, 421, "this host name is not served here", "Use localhost, an IP literal, api- in front of these, or add the name to http.hosts.", 0},
		{DevOnly, 403, 30008, "only possible in dev", "Links are real here; only an emulated planet can cut them.", 0},
		{NotAvailable, 501, 9, "not available in this version", "The message says what is there instead, if anything.", 0},
		{UserNotFound, 404, 1703, "user not found", "", 0},
		{UserExists, 409, 1702, "duplicate user", "", 0},
		{EmailExists, 409, 100012, "duplicate e-mail address", "Each address belongs to one user, of whatever tenant; case does not count.", 0},
		{APIKeyNotFound, 404, 100015, "API key not found", "", 0},
		{APIKeyExists, 409, 100020, "duplicate API key id", "", 0},
		{BadKeyID, 400, 100020, "bad API key id", "An id has 1 to 100 letters, digits, _ and -, a letter or _ first.", 0},
		{LocationNotFound, 404, 102024, "location not found", "GET /datacenter/all lists the locations.", 0},
		{Refused, 403, 30011, "refused", "The message says by which rule.", 0},
		{IdempotencyReused, 422, 30012, "the idempotency key belongs to another request", "Nothing was written. A repeat must be the same request; each other one takes a key of its own.", 0},
		{Internal, 500, 4, "internal error", "The log of the location has the cause under the request id.", 0},
	}
}

// queryRows are the errors of the query language; their numbers are those of the AQL family and differ from each other.
func queryRows() []Row {
	return []Row{
		{QueryKilled, 410, 1500, "query killed", "It was killed, its cursor was closed, or its caller went away.", 0},
		{QueryParse, 400, 1501, "syntax error", "The message has line, column, what was expected, and the line with a caret.", 0},
		{QueryEmpty, 400, 1502, "the query is empty", "", 0},
		{QueryNumber, 400, 1504, "number out of range", "", 0},
		{QueryGeo, 400, 1505, "bad geo value", "Want [longitude, latitude] or GeoJSON.", 0},
		{QueryVariable, 400, 1510, "bad variable name", "", 0},
		{QueryRedeclared, 400, 1511, "variable declared twice", "A variable is declared once in a query.", 0},
		{QueryUnknownVariable, 400, 1512, "unknown variable", "The message names the nearest one, if there is one.", 0},
		{QueryTooManyParts, 400, 1522, "too many collections", "A query uses at most 256 collections.", 0},
		{QueryNesting, 400, 1524, "the query is nested too deeply", "", 0},
		{QueryUnknownFunction, 400, 1540, "unknown function", "The message names the nearest one, if there is one.", 0},
		{QueryArgumentNumber, 400, 1541, "wrong number of arguments", "The message has the function's signature.", 0},
		{QueryArgumentType, 400, 1542, "wrong type of argument", "", 0},
		{QueryRegex, 400, 1543, "bad regular expression", "", 0},
		{QueryBindInvalid, 400, 1550, "bad bind parameters", "bindVars is an object; a name with @ in front is a collection's.", 0},
		{QueryBindMissing, 400, 1551, "no value for a bind parameter", "", 0},
		{QueryBindUndeclared, 400, 1552, "bind parameter not used in the query", "", 0},
		{QueryBindType, 400, 1553, "wrong type of bind parameter", "", 0},
		{QueryArithmetic, 400, 1561, "arithmetic on what is no number", "", 0},
		{QueryDivision, 400, 1562, "division by zero", "", 0},
		{QueryArrayExpected, 400, 1563, "array expected", "", 0},
		{QueryCollectionUsed, 400, 1568, "a collection is used as a value", "", 0},
		{QueryGeoMissing, 404, 1570, "no geo index", "NEAR() and WITHIN() need a geo index on the collection.", 0},
		{QueryFulltextMissing, 404, 1571, "no fulltext index", "FULLTEXT() needs a fulltext index on the attribute.", 0},
		{QueryDate, 400, 1572, "bad date", "", 0},
		{QueryAggregate, 400, 1574, "bad aggregate", "AGGREGATE takes calls of aggregate functions.", 0},
		{QueryNotConstant, 400, 1575, "not a constant", "Options and depths are constants or bind parameters.", 0},
		{QueryForcedIndex, 400, 1577, "a forced index cannot be used", "", 0},
		{QueryAccessAfterWrite, 400, 1579, "access after data-modification", "A query reads a collection before it changes it, not afterwards.", 0},
		{QueryNotFound, 404, 1591, "no such query runs", "GET /_fabric/F/_api/query/current lists what runs at this location.", 0},
		{QueryAssertion, 400, 1593, "assertion failed", "", 0},
		{ResourceLimit, 400, 32, "resource limit exceeded", "The query held more memory, ran longer or gave more rows than it may; memoryLimit and maxRuntime ask for less, the configuration for more.", 0},
		{QueueFull, 503, 21003, "too many queries run", "Try again after Retry-After.", 1},
		{QueryFailed, 400, 1599, "the query failed", "The number in the reply is that of the warning or error of the AQL family.", 0},
	}
}

// sessionRows are the errors of what is kept between requests.
func sessionRows() []Row {
	return []Row{
		{CursorNotFound, 404, 1600, "cursor not found", "It was read to its end, expired, or belongs to another user or fabric.", 0},
		{CursorBusy, 409, 1601, "cursor is busy", "Another request reads it.", 1},
		{TooManyOpen, 429, 30013, "too many are open", "Read cursors to their end or delete them; commit or abort transactions.", 1},
		{QueryWorkerNotFound, 404, 404, "query worker not found", "GET /_fabric/F/_api/restql/user lists them.", 0},
		{QueryWorkerExists, 409, 1207, "duplicate name", "A query worker of this name exists; PUT changes it.", 0},
		{TransactionCollection, 400, 1652, "collection not declared for this transaction", "Name it under write or exclusive when the transaction begins.", 0},
		{TransactionOperation, 400, 1653, "not possible inside a transaction", "Transactions read and write documents; collections, indexes, graphs, fabrics and users are changed outside.", 0},
		{TransactionAborted, 410, 1654, "the transaction can only be aborted", "An operation in it failed halfway; abort it and begin anew.", 0},
		{TransactionNotFound, 404, 1655, "transaction not found", "It was committed, aborted, idle for too long, or belongs to another user or fabric.", 0},
		{TransactionBusy, 409, 18, "the transaction is in use", "Requests of one transaction go one after another.", 1},
		{TransactionTooLarge, 413, 32, "the transaction writes too much", "maxTransactionSize, and the configuration, say how much.", 0},
		{JobNotFound, 404, 404, "job not found", "It was fetched, deleted or expired, or belongs to another user.", 0},
	}
}

// graphRows are the errors of named graphs.
func graphRows() []Row {
	return []Row{
		{GraphEdge, 400, 1906, "the edge does not fit the graph", "_from and _to must be in collections that the edge definition names.", 0},
		{GraphCollectionReused, 400, 1920, "edge collection used twice in one graph", "A graph has one definition for an edge collection.", 0},
		{GraphCollectionDiffers, 400, 1921, "edge collection defined otherwise in another graph", "All graphs that share an edge collection define it alike.", 0},
		{GraphNameMissing, 400, 1922, "the graph's name is missing or bad", "A name is like that of a collection.", 0},
		{GraphDefinition, 400, 1923, "malformed edge definition", "Want {collection, from: [...], to: [...]} with one collection in each list at least.", 0},
		{GraphNotFound, 404, 1924, "graph not found", "GET /_fabric/F/_api/graph lists them.", 0},
		{GraphExists, 409, 1925, "graph already exists", "", 0},
		{GraphVertexCollection, 404, 1926, "not a vertex collection of the graph", "", 0},
		{GraphVertexType, 400, 1927, "not a document collection", "", 0},
		{GraphNotOrphan, 400, 1928, "not in the list of orphan collections", "Collections of an edge definition go with it.", 0},
		{GraphInDefinition, 400, 1929, "the collection is in an edge definition already", "", 0},
		{GraphEdgeCollectionUnused, 404, 1930, "edge collection not used in graph", "", 0},
		{GraphOrphanReused, 400, 1938, "collection used in orphans", "", 0},
		{GraphOrphans, 400, 1943, "malformed list of orphan collections", "Want an array of names.", 0},
		{GraphEdgeType, 400, 1944, "not an edge collection", "", 0},
		{GraphVertexUnused, 400, 1947, "vertex collection not used in graph", "", 0},
	}
}

// row finds a code; one that is missing is Internal, so that no mistake in a
// table can turn into a panic while serving.
func row(c Code) Row {
	switch c { // the errors of hot paths, without building the table
	case DocumentNotFound:
		return Row{Code: c, Status: 404, Num: 1202, Text: "document not found"}
	case DuplicateKey:
		return Row{Code: c, Status: 409, Num: 1210, Text: "unique constraint violated"}
	}
	for _, r := range Catalogue() {
		if r.Code == c {
			return r
		}
	}
	return Row{Code: Internal, Status: 500, Num: 4, Text: "internal error"}
}

// Fail makes an error of the catalogue. The message is the row's text, then
// the detail, which says enough alone when it begins with that text.
func Fail(c Code, format string, args ...any) *Error {
	r := row(c)
	msg := r.Text
	if format != "" {
		detail := fmt.Sprintf(format, args...)
		if strings.HasPrefix(detail, msg) {
			msg = detail
		} else {
			msg += ": " + detail
		}
	}
	return &Error{Code: r.Code, Status: r.Status, Num: r.Num, Message: msg, Index: -1, RetryAfter: r.Retry}
}

// Wrap is Fail with a cause whose text is the detail.
func Wrap(c Code, cause error) *Error {
	e := Fail(c, "%s", cause.Error())
	e.cause = cause
	return e
}

// AsError gives the api error within err, translating those of the packages
// beneath; anything unknown is Internal.
func AsError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return translate(err)
}

// AppendJSON appends the error envelope: error, code, errorNum, errorMessage
// and what else there is.
func (e *Error) AppendJSON(dst []byte) []byte {
	dst = append(dst, `{"error":true,"code":`...)
	dst = strconv.AppendInt(dst, int64(e.Status), 10)
	return e.appendRest(append(dst, ','))
}

// AppendItem appends the error as an item of a bulk reply, which has no code,
// and names no document: clients tell items that went well by their _id.
func (e *Error) AppendItem(dst []byte) []byte {
	plain := *e
	plain.ID = ""
	return plain.appendRest(append(dst, `{"error":true,`...))
}

func (e *Error) appendRest(dst []byte) []byte {
	dst = append(dst, `"errorNum":`...)
	dst = strconv.AppendInt(dst, int64(e.Num), 10)
	dst = AppendText(append(dst, `,"errorMessage":`...), e.Message)
	dst = AppendText(append(dst, `,"errorCode":`...), string(e.Code))
	if e.Index >= 0 {
		dst = strconv.AppendInt(append(dst, `,"index":`...), int64(e.Index), 10)
	}
	if e.ID != "" {
		dst = AppendText(append(dst, `,"_id":`...), e.ID)
		dst = AppendText(append(dst, `,"_key":`...), e.Key)
		dst = AppendText(append(dst, `,"_rev":`...), e.Rev)
	}
	return append(dst, '}')
}

// AppendText appends a string of any bytes as JSON text.
func AppendText(dst []byte, s string) []byte {
	return value.AppendQuoted(dst, strings.ToValidUTF8(s, "\uFFFD"))
}
