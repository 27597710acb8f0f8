package openapi

// description heads the document.
const description = `What a location answers over HTTP. Every path is also answered without /_api, with /_admin in its place, under /_db/NAME in ` +
	`place of /_fabric/NAME, under /_tenant/TENANT/_fabric/NAME, and without a prefix: then the fabric is _system. /gharial is another name of /graph, ` +
	`/explain of /query/explain, /aqlfunction of /c8qlfunction. Objects may get further members in later versions.`

// header is one that goes with any request.
type header struct{ id, name, text string }

var commonHeaders = []header{
	{"Session", "Selvedge-Session", "What this client has seen, from an earlier reply: the location answers when it has seen that too."},
	{"Consistency", "Selvedge-Consistency", "session (default) or eventual: do not wait."},
	{"Deadline", "Selvedge-Deadline", "How long it may take, as 2s or 500ms; 5s when absent."},
}

// parameterTexts describes parameters of paths and those behind the question mark.
var parameterTexts = map[string]string{
	"collection": "Name of the collection.", "key": "The _key.", "graph": "Name of the graph.", "id": "The id that was given.", "name": "The name.",
	"batch": "Number of the batch, from nextBatchId.", "from": "Location where the link begins.", "to": "Location where it ends.", "user": "Name of the user.",
	"tenant": "Name of the tenant.", "location": "Name of the location.",
	"limit": "At most so many.", "offset": "So many are left out first.", "order": "asc or desc.", "excludeSystem": "Leaves out collections whose names begin with _.",
	"returnOld": "The reply has the document as it was.", "returnNew": "The reply has the document as it is.", "silent": "The reply has errors alone.",
	"waitForSync": "true answers 201 (removals 200) in place of 202; every write is durable when it is answered.", "ignoreRevs": "false makes _rev in the body a precondition.",
	"keepNull": "false removes members that are null.", "mergeObjects": "false replaces objects in place of merging them.", "overwrite": "Replaces a document that exists.",
	"overwriteMode": "conflict, replace, update or ignore.", "transaction": "all: the items of an array are one transaction.", "onlyget": "true: reads the keys of the body.",
	"expiration": "Entries end at their expireAt.", "direction": "in, out, or any.", "vertex": "Handle of the vertex.", "rev": "A precondition.",
	"since": "What came after this; see the reference.", "at": "A hybrid time.", "interval": "Milliseconds between messages.", "details": "More of it.",
	"onDuplicate": "error, update, replace or ignore.", "complete": "All rows or none.", "primaryKey": "Member that becomes the _key.", "fromPrefix": "Completes _from.",
	"toPrefix": "Completes _to.", "type": "Form of the body: documents, list or auto.", "dropCollections": "Drops collections that no other graph names.",
	"dropCollection": "Drops the collection when no other graph names it.", "stamp": "Unix seconds: those that ended before.", "opening": "A first message with the token.",
	"all": "Of all fabrics of the tenant.",
}

// writeReplies are the options of all writes of documents.
const (
	writeOptions  = `returnOld?: boolean, returnNew?: boolean, silent?: boolean, waitForSync?: boolean, ignoreRevs?: boolean, rev?: string`
	insertOptions = writeOptions + `, overwrite?: boolean, overwriteMode?: string, transaction?: string`
	updateOptions = writeOptions + `, keepNull?: boolean, mergeObjects?: boolean, transaction?: string`
)

// shapes are named; objects spread into others are among them.
var shapes = map[string]string{
	"Ok":    `{error: boolean, code: integer}`,
	"Error": `{error: boolean, code: integer, errorNum: integer, errorCode?: string, errorMessage: string, ...}`,
	"Done":  `{...Ok, result: boolean}`,
	"Item": `{_id?: string, _key?: string, _rev?: string, _oldRev?: string, old?: Document, new?: Document, error?: boolean, errorNum?: integer,
		errorCode?: string, errorMessage?: string, code?: integer, index?: integer}`,
	"Document":   `{_id?: string, _key?: string, _rev?: string, ...}`,
	"Written":    `{_id?: string, _key?: string, _rev?: string, _oldRev?: string, old?: Document, new?: Document, error?: boolean, code?: integer}`,
	"CRDT":       `<{type: string, scale?: integer, by?: any, ...}>`,
	"TimeSeries": `{series: [string], time: string, values: [string], retention?: string, rollups?: [string], timeFormat?: string}`,
	"Collection": `{id: string, name: string, type: integer, status: integer, statusString: string, isSystem: boolean, isLocal: boolean, isSpot: boolean,
		hasStream: boolean, allowAsync: boolean, cacheEnabled: boolean, collectionModel: string, crdt: CRDT, globallyUniqueId: string, objectId: string,
		keyOptions: {allowUserKeys: boolean, type: string}, searchEnabled: boolean, waitForSync: boolean, timeseries?: TimeSeries}`,
	"CollectionReply": `{...Collection, ...Ok}`,
	"Figures": `{documents?: integer, indexes?: {count: integer}, points?: integer, series?: integer, chunks?: integer, chunkPoints?: integer,
		chunkBytes?: integer, rollupBytes?: integer, arrivedBatches?: integer, arrivedBytes?: integer, otherBytes?: integer}`,
	"Index": `{id: string, name: string, type: string, fields: [string], unique: boolean, sparse: boolean, deduplicate?: boolean, selectivityEstimate?: number,
		expireAfter?: number, geoJson?: boolean, minLength?: integer, bestIndexedLevel?: integer, worstIndexedLevel?: integer, maxNumCoverCells?: integer}`,
	"IndexReply": `{...Index, ...Ok, isNewlyCreated: boolean}`,
	"NewIndex": `{type?: string, fields: [string], name?: string, unique?: boolean, sparse?: boolean, deduplicate?: boolean, expireAfter?: number, geoJson?: boolean,
		minLength?: integer, ...}`,
	"Stats": `{writesExecuted: integer, writesIgnored: integer, scannedFull: integer, scannedIndex: integer, filtered: integer, httpRequests: integer,
		executionTime: number, peakMemoryUsage: integer, cursorsCreated: integer, cursorsRearmed: integer, fullCount?: integer, nodes?: [{...}]}`,
	"Warning": `{code: integer, message: string}`,
	"Cursor": `{...Ok, result: [any], hasMore: boolean, id?: string, nextBatchId?: string, count?: integer, cached: boolean,
		extra: {stats: Stats, warnings: [Warning], profile?: <number>, profileText?: string, plan?: any}}`,
	"Query": `{query: string, bindVars?: {...}, batchSize?: integer, count?: boolean, ttl?: number, stream?: boolean, memoryLimit?: integer,
		options?: {...}, ...}`,
	"Plan": `{nodes: [{...}], rules: [string], collections: [{name: string, type: string}], variables: [{...}], estimatedCost: number,
		estimatedNrItems: number, isModificationQuery: boolean}`,
	"Explanation": `{...Ok, plan?: Plan, plans?: [Plan], text: string, warnings: [Warning], stats: {rulesExecuted: integer, plansCreated: integer, executionTime: number}, cacheable?: boolean}`,
	"RunningQuery": `{id: string, database: string, user: string, query: string, bindVars: {...}, started: string, runTime: number, state: string, stream: boolean,
		modificationQuery: boolean, peakMemoryUsage: integer, exitCode?: integer, warnings?: integer}`,
	"QueryProperties": `{...Ok, enabled: boolean, trackSlowQueries: boolean, trackBindVars: boolean, maxSlowQueries: integer, slowQueryThreshold: number,
		slowStreamingQueryThreshold: number, maxQueryStringLength: integer}`,
	"Function": `{name: string, signature: string, summary: string, kind: string, deterministic: boolean, example: string, doc: string, family: string}`,
	"Worker":   `{_key: string, name: string, value: string, parameter?: {...}, type: string, fabric: string, tenant: string, userid: string}`,
	"Edges":    `{collection: string, from: [string], to: [string]}`,
	"Graph": `{_id: string, _key: string, _rev: string, name: string, edgeDefinitions: [Edges], orphanCollections: [string], isSmart: boolean,
		numberOfShards: integer, replicationFactor: integer, minReplicationFactor: integer}`,
	"GraphReply": `{...Ok, graph: Graph}`,
	"Vertex":     `{...Ok, vertex: Document, old?: Document, new?: Document}`,
	"Edge":       `{...Ok, edge: Document, old?: Document, new?: Document}`,
	"Removed":    `{...Ok, removed: boolean, old?: Document}`,
	"KeyValue":   `{_id?: string, _key: string, _rev?: string, value: any, expireAt?: integer}`,
	"Datacenter": `{_key: string, name: string, host: string, local: boolean, status: integer, spot_region: boolean, locationInfo: Place, tags: {...Place, api: string}}`,
	"Place":      `{city: string, countrycode: string, countryname: string, latitude: number, longitude: number, url: string}`,
	"Fabric": `{name: string, isSystem: boolean, options: {name: string, tenant: string, dcList: string, spotDc: string, associated_regions: string,
		metadata: {...}, realTime: boolean, status: integer}}`,
	"Location": `{name: string, incarnation: string, url: string, latitude: number, longitude: number, state: string, clockOffsetMs: number, ...}`,
	"Link":     `{from: string, to: string, state: string, oneWayMs: number, rttMs: number, lag: {entries: integer, bytes: integer, ms: number}, ...}`,
	"Mesh":     `{location: string, incarnation: string, anchor: string, locations: [Location], links: [Link], vector: <string>, stable: <string>, watermark: string, ...}`,
	"Self": `{location: string, incarnation: string, version: string, uptimeMs: integer, ready: boolean, reasons: [string], readOnly: string, clockOffsetMs: number,
		clockTrusted: boolean, memoryBytes: integer, storage: {diskBytes: integer, freeBytes: integer, memtableBytes: integer, cacheBytes: integer, tables: integer,
		debtBytes: integer}, vector: <string>, stable: <string>, watermark: string, waits: [{origin: string, entry: string, reason: string, forMs: integer,
		entries: integer, pulling: string}], peers: [{name: string, connected: boolean, rttMs: number, offsetMs: number, silentMs: integer, waitingEntries: integer,
		waitingBytes: integer}]}`,
	"Event":       `{number: integer, at: string, level: string, kind: string, location: string, text: string}`,
	"Health":      `{live: boolean, ready: boolean, reasons: [string], readOnly: string}`,
	"Side":        `{value?: any, rev: string, location: string}`,
	"Conflict":    `{collection: string, key: string, path: any, kept: Side, lost: Side, reason: string, at: any}`,
	"Transaction": `{...Ok, result: {id: string, status: string}}`,
	"User":        `{user: string, tenant: string, email: string, displayName: string, active: boolean, extra: {...}}`,
	"UserReply":   `{...User, ...Ok}`,
	"Key":         `{keyid: string, tenant: string, user: string, active: boolean}`,
}
