package apptest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/gateway/openapi/conform"
	"github.com/selvedge-db/selvedge/internal/testport"
)

// pyCall is a request as pyC8 1.1.2 makes it and what its method wants of the reply. Paths are below pyC8's prefix, unless
// they begin with two slashes. {NAME} stands for what an earlier call kept.
type pyCall struct {
	method, path, body string
	status             int
	want               string // JSON that is part of the reply; "*" is anything but nothing
	keep               string // NAME=member of the reply
	header             string // Name: value
}

// Booleans are 1 and 0 in query strings, but True and False where pyC8 writes them into the path itself.
var pyDocuments = []pyCall{
	{method: "GET", path: "//_api/user", status: 200, want: `{"result":[{"tenant":"demo","user":"root"}]}`},
	{method: "GET", path: "/version?details=0", status: 200, want: `{"server":"*","version":"*"}`},
	{method: "GET", path: "/database/current", status: 200, want: `{"result":{"name":"_system","isSystem":true,"options":{"tenant":"demo","dcList":"*"}}}`},
	{method: "POST", path: "/collection", body: `{"name":"c","waitForSync":false,"keyOptions":{"type":"traditional","allowUserKeys":true},"type":2,"isSpot":false,"strongConsistency":false,"isLocal":false,"isSystem":false,"stream":false}`,
		status: 200, want: `{"name":"c","type":2,"isSystem":false}`},
	{method: "GET", path: "/collection", status: 200, want: `{"result":[{"name":"c","id":"*","type":2,"collectionModel":"DOC","isSpot":false}]}`},
	{method: "POST", path: "/document/c?returnNew=1&silent=0&waitForSync=1", body: `{"_key":"a","n":1}`, status: 201, want: `{"_id":"c/a","new":{"n":1}}`, keep: "rev=_rev"},
	{method: "POST", path: "/document/c?returnNew=0&silent=0", body: `[{"_key":"b"},{"_key":"a"}]`, status: 202, want: `[{"_key":"b"},{"error":true,"errorNum":1210,"errorMessage":"*"}]`},
	{method: "POST", path: "/document/c?returnNew=0&silent=1", body: `{"_key":"quiet"}`, status: 202, want: `{}`},
	{method: "PATCH", path: "/document/c/a?keepNull=0&mergeObjects=0&returnNew=0&returnOld=1&ignoreRevs=0&overwrite=0&silent=0", body: `{"_key":"a","n":2}`, status: 202, want: `{"old":{"n":1},"_oldRev":"{rev}"}`},
	{method: "PUT", path: "/document/c/a?returnNew=0&returnOld=0&ignoreRevs=0&overwrite=0&silent=0", body: `{"_key":"a","_rev":"{rev}"}`, status: 412, want: `{"errorNum":1200,"_key":"a"}`},
	{method: "PUT", path: "/document/c/a?returnNew=1&returnOld=0&ignoreRevs=1&overwrite=0&silent=0", body: `{"_key":"a","_rev":"{rev}","n":3}`, status: 202, want: `{"new":{"n":3}}`},
	{method: "PATCH", path: "/document/c?keepNull=1&mergeObjects=1&returnNew=0&returnOld=0&ignoreRevs=0&overwrite=0&silent=0", body: `[{"_key":"a","_rev":"{rev}"},{"_key":"b","m":1},{"_key":"none"}]`,
		status: 202, want: `[{"errorNum":1200},{"_oldRev":"*","_rev":"*"},{"errorNum":1202}]`},
	{method: "GET", path: "/document/c/a", header: "If-Match: {rev}", status: 412, want: `{"errorNum":1200}`},
	{method: "GET", path: "/document/c/none", status: 404, want: `{"errorNum":1202}`},
	{method: "GET", path: "/collection/c/count", status: 200, want: `{"count":3}`},
	{method: "POST", path: "/import/c", body: `{"data":[{"_key":"d","n":9},{"_key":"d"}],"details":true,"replace":false}`, status: 200, want: `{"result":{"created":1,"errors":1,"details":["*"]}}`},
	{method: "POST", path: "/import/c", body: `{"data":[{"name":"e"}],"details":false,"primaryKey":"name","replace":true}`, status: 200, want: `{"result":{"created":1,"errors":0}}`},
	{method: "GET", path: "/export/c?limit=2&order=desc", status: 200, want: `{"result":[{"_key":"quiet"},{"_key":"e","name":"e"}]}`},
	{method: "POST", path: "/export", body: `{"query":"FOR d IN @@c FILTER d._key == 'd' RETURN d","bindVars":{"@c":"c"}}`, status: 200, want: `{"result":[{"_key":"d","n":9}]}`},
	{method: "POST", path: "/export", body: `{"query":"INSERT @value INTO @@c","bindVars":{"@c":"c","value":{"n":10}}}`, status: 400, want: `{"errorNum":10}`},
	{method: "DELETE", path: "/document/c/b?returnOld=1&ignoreRevs=0&overwrite=0&silent=0", status: 202, want: `{"old":{"m":1}}`},
	{method: "DELETE", path: "/document/c?returnOld=0&ignoreRevs=0&overwrite=0&silent=0", body: `["e",{"_key":"none"}]`, status: 202, want: `[{"_key":"e"},{"errorNum":1202}]`},
	{method: "DELETE", path: "/document/c?returnOld=0&ignoreRevs=0&overwrite=0&silent=1", body: `["quiet"]`, status: 202, want: `{}`},
	{method: "POST", path: "/index?collection=c", body: `{"type":"hash","fields":["n"],"unique":false,"sparse":true,"deduplicate":true}`, status: 201, want: `{"type":"hash","isNewlyCreated":true,"sparse":true,"selectivityEstimate":1}`},
	{method: "POST", path: "/index?collection=c", body: `{"type":"skiplist","fields":["n"]}`, status: 201, want: `{"type":"skiplist"}`},
	{method: "POST", path: "/index?collection=c", body: `{"type":"persistent","fields":["n"],"unique":true}`, status: 400, want: `{"errorNum":400}`},
	{method: "POST", path: "/index?collection=c", body: `{"type":"geo","fields":["at"]}`, status: 201, want: `{"type":"geo","geoJson":false}`},
	{method: "POST", path: "/index?collection=c", body: `{"type":"fulltext","fields":["text"]}`, status: 201, want: `{"minLength":2}`},
	{method: "POST", path: "/index?collection=c", body: `{"type":"ttl","fields":["until"],"expireAfter":0,"inBackground":false}`, status: 201, want: `{"expireAfter":0}`, keep: "ttl=name"},
	{method: "GET", path: "/index/c/{ttl}", status: 200, want: `{"type":"ttl","id":"*"}`},
	{method: "DELETE", path: "/index/c/{ttl}", status: 200, want: `{"id":"*"}`},
	{method: "GET", path: "/index?collection=c", status: 200, want: `{"indexes":[{"type":"primary","id":"c/0","selectivityEstimate":1},{"type":"fulltext"},{"type":"geo"},{"type":"hash"},{"type":"skiplist"}]}`},
}

var pyQueries = []pyCall{
	{method: "POST", path: "/document/c?returnNew=0&silent=0", body: `[{"_key":"x","at":[50,8],"text":"foo bar"},{"_key":"y","at":[51,8],"text":"foobar"}]`, status: 202, want: `[{"_key":"x"},{"_key":"y"}]`},
	{method: "POST", path: "/cursor", body: `{"query":"FOR i IN 1..7 RETURN i","count":true,"batchSize":3,"ttl":10,"options":{"fullCount":true,"optimizer":{"rules":["+all"]},"failOnWarning":false,"profile":true,"maxTransactionSize":1000000,"maxWarningCount":3,"intermediateCommitCount":1,"skipInaccessibleCollections":true,"stream":false},"fullCount":true,"optimizer":{"rules":["+all"]},"failOnWarning":false,"profile":true,"maxTransactionSize":1000000,"maxWarningCount":3,"intermediateCommitCount":1,"skipInaccessibleCollections":true,"stream":false}`,
		status: 201, want: `{"result":[1,2,3],"hasMore":true,"count":7,"cached":false,"extra":{"stats":{"writesExecuted":0,"scannedFull":0,"executionTime":"*","httpRequests":0},"warnings":[],"profile":"*"}}`, keep: "cursor=id"},
	{method: "PUT", path: "/cursor/{cursor}", status: 200, want: `{"result":[4,5,6],"hasMore":true,"id":"{cursor}"}`},
	{method: "DELETE", path: "/cursor/{cursor}", status: 202, want: `{"id":"{cursor}"}`},
	{method: "PUT", path: "/cursor/{cursor}", status: 404, want: `{"errorNum":1600}`},
	{method: "POST", path: "/cursor", body: `{"query":"FOR doc IN NEAR(@collection, @latitude, @longitude, @limit )\nRETURN doc","bindVars":{"collection":"c","latitude":50,"longitude":8,"limit":1},"count":true}`, status: 201, want: `{"result":[{"_key":"x"}],"count":1}`},
	{method: "POST", path: "/cursor", body: `{"query":"FOR doc IN WITHIN(@@collection, @latitude, @longitude, @radius, @distance)\nRETURN doc","bindVars":{"@collection":"c","latitude":50,"longitude":8,"radius":100,"distance":"dist"},"count":true}`, status: 201, want: `{"result":[{"_key":"x","dist":0}]}`},
	{method: "POST", path: "/cursor", body: `{"query":"FOR doc IN FULLTEXT(@collection, @field, @query)\nRETURN doc","bindVars":{"collection":"c","field":"text","query":"foo"},"count":true}`, status: 201, want: `{"result":[{"_key":"x"}]}`},
	{method: "POST", path: "/cursor", body: `{"query":"FOR doc IN @@collection\nFILTER doc.@field >= @lower && doc.@field < @upper\nLIMIT @skip, @limit\nRETURN doc","bindVars":{"@collection":"c","field":"n","lower":1,"upper":5,"skip":0,"limit":2147483647},"count":true}`, status: 201, want: `{"result":[{"_key":"a","n":3}],"count":1}`},
	{method: "POST", path: "/cursor", body: `{"query":"THIS IS INVALID","count":false}`, status: 400, want: `{"errorNum":1501}`},
	{method: "POST", path: "/query", body: `{"query":"FOR d IN c FILTER d.n == @n RETURN d"}`, status: 200, want: `{"parsed":true,"collections":["c"],"bindVars":["n"],"ast":"*"}`},
	{method: "POST", path: "/query/explain", body: `{"query":"FOR d IN c RETURN d","options":{"allPlans":false}}`, status: 200, want: `{"plan":{"nodes":"*","rules":[],"estimatedCost":"*"}}`},
	{method: "POST", path: "/query/explain", body: `{"query":"FOR d IN c RETURN d","options":{"allPlans":true,"maxNumberOfPlans":2,"optimizer":{"rules":["-all","+use-index-range"]}}}`, status: 200, want: `{"plans":"*"}`},
	{method: "GET", path: "/query/current", status: 200, want: `[]`},
	{method: "GET", path: "/query/slow", status: 200, want: `[]`},
	{method: "DELETE", path: "/query/slow", status: 200, want: `{"error":false}`},
	{method: "DELETE", path: "/query/1", status: 404, want: `{"errorNum":1591}`},
	{method: "POST", path: "/restql", body: `{"query":{"name":"w","parameter":{"most":5},"value":"FOR i IN 1..@most RETURN i"}}`, status: 200, want: `{"result":{"name":"w","type":"c8ql","value":"*","userid":"*"}}`},
	{method: "POST", path: "/restql", body: `{"query":{"name":"w","value":"RETURN 1"}}`, status: 409, want: `{"error":true}`},
	{method: "POST", path: "/restql/execute/w", body: `{}`, status: 201, want: `{"result":[1,2,3,4,5],"hasMore":false,"error":false}`},
	{method: "POST", path: "/restql/execute/w", body: `{"bindVars":{"most":3},"batchSize":2}`, status: 201, want: `{"result":[1,2],"hasMore":true}`, keep: "page=id"},
	{method: "PUT", path: "/restql/fetch/{page}", status: 200, want: `{"result":[3],"hasMore":false}`},
	{method: "PUT", path: "/restql/w", body: `{"query":{"parameter":{},"value":"RETURN 'other'"}}`, status: 200, want: `{"result":{"value":"RETURN 'other'"}}`},
	{method: "POST", path: "/restql/import", body: `{"queries":[{"name":"v","value":"RETURN 1"}],"details":true}`, status: 200, want: `{"result":{"created":1,"errors":0}}`},
	{method: "GET", path: "/restql/user", status: 200, want: `{"result":[{"name":"v"},{"name":"w"}]}`},
	{method: "DELETE", path: "/restql/w", status: 200, want: `{"error":false}`},
	{method: "POST", path: "/restql/execute/w", body: `{}`, status: 404, want: `{"error":true}`},
}

var pyGraphsAndPairs = []pyCall{
	{method: "POST", path: "/graph", body: `{"name":"g","edgeDefinitions":[{"collection":"e","from":["v"],"to":["v"]}],"orphanCollections":["o"]}`, status: 202, want: `{"graph":{"name":"g","edgeDefinitions":[{"collection":"e","from":["v"],"to":["v"]}],"orphanCollections":["o"]}}`},
	{method: "GET", path: "/graph", status: 200, want: `{"graphs":[{"_id":"*","_rev":"*","name":"g"}]}`},
	{method: "GET", path: "/graph/g/vertex", status: 200, want: `{"collections":["o","v"]}`},
	{method: "POST", path: "/graph/g/vertex", body: `{"collection":"p"}`, status: 202, want: `{"graph":{"orphanCollections":["o","p"]}}`},
	{method: "DELETE", path: "/graph/g/vertex/p?dropCollection=1", status: 202, want: `{"graph":{"orphanCollections":["o"]}}`},
	{method: "POST", path: "/graph/g/vertex/v?silent=0&waitForSync=1", body: `{"_key":"a"}`, status: 201, want: `{"vertex":{"_id":"v/a"}}`, keep: "old=vertex._rev"},
	{method: "POST", path: "/graph/g/vertex/v?silent=0", body: `{"_key":"b"}`, status: 202, want: `{"vertex":{"_id":"v/b"}}`},
	{method: "PATCH", path: "/graph/g/vertex/v/a?keepNull=1&overwrite=0&silent=0", body: `{"_key":"a","n":1}`, status: 202, want: `{"vertex":{"_oldRev":"{old}"}}`},
	{method: "PATCH", path: "/graph/g/vertex/v/a?keepNull=1&overwrite=0&silent=0", header: "If-Match: {old}", body: `{"_key":"a","_rev":"{old}"}`, status: 412, want: `{"errorNum":1200}`},
	{method: "PUT", path: "/graph/g/vertex/v/a?silent=0&waitForSync=1", body: `{"_key":"a","_rev":"{old}","n":2}`, status: 200, want: `{"vertex":{"_key":"a"}}`},
	{method: "GET", path: "/graph/g/vertex/v/a", status: 200, want: `{"vertex":{"n":2}}`},
	{method: "POST", path: "/graph/g/edge/e?silent=0", body: `{"_key":"ab","_from":"v/a","_to":"v/b"}`, status: 202, want: `{"edge":{"_id":"e/ab"}}`},
	{method: "POST", path: "/graph/g/edge/e?silent=0", body: `{"_from":"v/a","_to":"v/none"}`, status: 404, want: `{"errorNum":1202}`},
	{method: "GET", path: "/edges/e?vertex=v%2Fa&direction=out", status: 200, want: `{"edges":[{"_to":"v/b"}],"stats":{"filtered":0,"scannedIndex":1}}`},
	{method: "DELETE", path: "/graph/g/vertex/v/b", status: 202, want: `{"removed":true}`},
	{method: "GET", path: "/graph/g/edge/e/ab", status: 404, want: `{"errorNum":1202}`},
	{method: "DELETE", path: "/graph/g/edge/e?dropCollection=1", status: 202, want: `{"graph":{"edgeDefinitions":[]}}`},
	{method: "DELETE", path: "/graph/g?dropCollections=1", status: 202, want: `{"removed":true}`},
	{method: "GET", path: "/graph/g", status: 404, want: `{"errorNum":1924}`},
	{method: "POST", path: "/kv/pairs?expiration=True", status: 200, want: `{"name":"pairs"}`},
	{method: "POST", path: "/kv/lasting?expiration=False", status: 200, want: `{"name":"lasting"}`},
	{method: "GET", path: "/kv", status: 200, want: `{"result":[{"name":"lasting","expiration":false},{"name":"pairs","expiration":true}]}`},
	{method: "PUT", path: "/kv/pairs/value", body: `[{"_key":"k","value":"v","expireAt":0},{"_key":"l","value":"w","expireAt":0}]`, status: 202, want: `[{"_key":"k"},{"_key":"l"}]`},
	{method: "GET", path: "/kv/pairs/value/k", status: 200, want: `{"value":"v","expireAt":0}`},
	{method: "POST", path: "/kv/pairs/values?offset=1&limit=1", status: 200, want: `{"result":[{"_key":"l","value":"w"}]}`},
	{method: "GET", path: "/kv/pairs/keys?order=desc", status: 200, want: `{"result":["l","k"]}`},
	{method: "GET", path: "/kv/pairs/count", status: 200, want: `{"count":2}`},
	{method: "DELETE", path: "/kv/pairs/value/k", status: 202, want: `{"_key":"k"}`},
	{method: "DELETE", path: "/kv/pairs/values", body: `["l"]`, status: 202, want: `[{"_key":"l"}]`},
	{method: "GET", path: "/kv/pairs/value/k", status: 404, want: `{"errorNum":101000}`},
	{method: "PUT", path: "/kv/pairs/truncate", status: 200, want: `{"name":"pairs"}`},
	{method: "DELETE", path: "/kv/pairs", status: 200, want: `{"name":"pairs"}`},
	{method: "PUT", path: "/collection/c/truncate", status: 200, want: `{"name":"c"}`},
	{method: "DELETE", path: "/collection/c", status: 200, want: `{"id":"*"}`},
	{method: "DELETE", path: "/collection/c", status: 404, want: `{"errorNum":1203}`},
}

// pyClient talks to a planet as pyC8 does.
type pyClient struct {
	base, token string
	kept        map[string]string
}

const pyPrefix = "/_fabric/_system/_api"

// TestPyC8 makes the requests of pyC8, taken down from its release 1.1.2.
func TestPyC8(t *testing.T) {
	t.Parallel()
	port := testport.Take(t, 1)
	dev(t, t.TempDir(), port, "--locations", "1", "--api-key", apiKey, "--root-password", "known to the test", "--wan", "none")
	c := &pyClient{base: url(port), kept: map[string]string{}}
	login := pyCall{method: "POST", path: "//_open/auth", body: `{"tenant":"demo","username":"root","password":"known to the test"}`, status: 200, want: `{"tenant":"demo"}`, keep: "jwt=jwt"}
	c.call(t, &login)
	c.token = c.kept["jwt"]
	for _, calls := range [][]pyCall{pyDocuments, pyQueries, pyGraphsAndPairs} {
		for i := range calls {
			c.call(t, &calls[i])
		}
	}
	c.batch(t)
	c.background(t)
}

// call makes one request and looks at the reply.
func (c *pyClient) call(t *testing.T, p *pyCall) http.Header {
	t.Helper()
	var pairs []string
	for name, value := range c.kept {
		pairs = append(pairs, "{"+name+"}", value)
	}
	fill := strings.NewReplacer(pairs...).Replace
	headers := []string{"content-type: application/json"}
	if p.header != "" {
		headers = append(headers, fill(p.header))
	}
	status, header, text := c.send(t, p.method, fill(p.path), fill(p.body), headers...)
	var got, want any
	if err := json.Unmarshal([]byte(text), &got); err != nil && p.want != "" {
		t.Fatalf("%s %s: %d %s", p.method, p.path, status, text)
	}
	if p.want != "" {
		must(t, json.Unmarshal([]byte(fill(p.want)), &want))
	}
	if status != p.status || p.want != "" && !holds(got, want) {
		t.Errorf("%s %s %s\n answered %d %s\n want     %d %s", p.method, p.path, p.body, status, text, p.status, p.want)
	}
	if object, ok := got.(map[string]any); ok && p.error(object) {
		t.Errorf("%s %s: a reply that went well has an errorNum: %s", p.method, p.path, text)
	}
	if name, member, ok := strings.Cut(p.keep, "="); ok {
		for _, part := range strings.Split(member, ".") {
			object, _ := got.(map[string]any)
			got = object[part]
		}
		c.kept[name] = fmt.Sprint(got)
	}
	return header
}

// error says whether pyC8 would take a good reply for a failure.
func (p *pyCall) error(reply map[string]any) bool {
	_, numbered := reply["errorNum"]
	return p.status < 300 && numbered
}

// described holds what the real binary answers to the OpenAPI document.
var described = func() *conform.Checker {
	c, err := conform.New()
	if err != nil {
		panic(err)
	}
	return c
}()

func (c *pyClient) send(t *testing.T, method, path, body string, headers ...string) (int, http.Header, string) {
	t.Helper()
	if strings.HasPrefix(path, "//") {
		path = path[1:]
	} else {
		path = pyPrefix + path
	}
	r, err := http.NewRequestWithContext(t.Context(), method, c.base+path, strings.NewReader(body))
	must(t, err)
	r.Header.Set("Charset", "utf-8")
	if c.token != "" {
		r.Header.Set("Authorization", "bearer "+c.token)
	}
	for _, h := range headers {
		name, text, _ := strings.Cut(h, ": ")
		r.Header.Set(name, text)
	}
	reply, err := http.DefaultClient.Do(r)
	must(t, err)
	defer func() { _ = reply.Body.Close() }()
	text, err := io.ReadAll(reply.Body)
	must(t, err)
	if err := described.Check(conform.Exchange{Method: method, URL: path, Body: []byte(body), Status: reply.StatusCode, Answer: text,
		Background: r.Header.Get("X-C8-Async") != "", Foreign: true}); err != nil {
		t.Errorf("the OpenAPI document: %v", err)
	}
	return reply.StatusCode, reply.Header, string(text)
}

// holds says whether got has all that is wanted of it.
func holds(got, want any) bool {
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		for name, w := range want {
			g, there := object[name]
			ok = ok && there && holds(g, w)
		}
		return ok
	case []any:
		array, ok := got.([]any)
		ok = ok && len(array) == len(want)
		for i := 0; ok && i < len(want); i++ {
			ok = holds(array[i], want[i])
		}
		return ok
	}
	return want == "*" && got != nil && got != "" || want != "*" && reflect.DeepEqual(got, want)
}

// batch sends several requests in one body: with the method in small letters, paths without a fabric, and no line break
// behind the last boundary. pyC8 finds the parts of the reply by the boundary of the request, and in each part takes its
// second line for the Content-Id, the fourth for the status and the last for the body.
func (c *pyClient) batch(t *testing.T) {
	t.Helper()
	const boundary = "5f2b0e1c9a7d4c3b8e6f1a2b3c4d5e6f"
	parts := []struct{ request, status, want string }{
		{"post /collection HTTP/1.1\r\ncharset: utf-8\r\ncontent-type: application/json\r\n\r\n{\"name\": \"batched\"}", "200", `{"name":"batched"}`},
		{"post /document/batched?returnNew=0&silent=0 HTTP/1.1\r\ncharset: utf-8\r\n\r\n{\"_key\": \"a\"}", "202", `{"_id":"batched/a"}`},
		{"post /document/batched?returnNew=0&silent=0 HTTP/1.1\r\ncharset: utf-8\r\n\r\n{\"_key\": \"a\"}", "409", `{"errorNum":1210}`},
		{"get /document/batched/a HTTP/1.1\r\ncharset: utf-8", "200", `{"_key":"a"}`},
		{"post /cursor HTTP/1.1\r\ncharset: utf-8\r\n\r\n{\"query\": \"FOR d IN batched RETURN d._key\", \"count\": false}", "201", `{"result":["a"]}`},
	}
	var lines []string
	for i, p := range parts {
		lines = append(lines, "--"+boundary, "Content-Type: application/x-c8-batchpart", "Content-Id: job"+strconv.Itoa(i), "\r\n"+p.request)
	}
	body := strings.Join(append(lines, "--"+boundary+"--"), "\r\n")
	status, _, text := c.send(t, "POST", "/batch", body, "content-type: multipart/form-data; boundary="+boundary)
	replies := strings.Split(text, "--"+boundary)
	if status != 200 || len(replies) != len(parts)+2 {
		t.Fatalf("batch: %d %s", status, text)
	}
	for i, p := range parts {
		lines := strings.Split(strings.TrimSpace(replies[i+1]), "\r\n")
		var got, want any
		must(t, json.Unmarshal([]byte(p.want), &want))
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &got); err != nil || len(lines) < 6 || lines[1] != "Content-Id: job"+strconv.Itoa(i) ||
			!strings.HasPrefix(lines[3], "HTTP/1.1 "+p.status+" ") || !holds(got, want) {
			t.Errorf("part %d: %q", i, lines)
		}
	}
}

// background runs requests by x-c8-async.
func (c *pyClient) background(t *testing.T) {
	t.Helper()
	const job = "X-C8-Async-Id"
	query := func(text string) pyCall {
		return pyCall{method: "POST", path: "/cursor", body: `{"query":"` + text + `","count":false}`, header: "x-c8-async: store", status: 202}
	}
	quick, slow := query("FOR d IN batched RETURN d"), query("RETURN SLEEP(60)")
	id := c.call(t, &quick).Get(job)
	until(t, "a job", func() string {
		if status, _, text := c.send(t, "GET", "/job/"+id, ""); status != 200 {
			return fmt.Sprintf("%d %s", status, text)
		}
		return ""
	})
	c.call(t, &pyCall{method: "PUT", path: "/job/" + id, status: 201, want: `{"result":[{"_key":"a"}]}`})
	c.call(t, &pyCall{method: "PUT", path: "/job/" + id, status: 404, want: `{"error":true}`})
	id = c.call(t, &slow).Get(job)
	if status, _, text := c.send(t, "GET", "/job/"+id, ""); status != 204 {
		t.Errorf("a job that sleeps: %d %s", status, text)
	}
	c.call(t, &pyCall{method: "PUT", path: "/job/" + id + "/cancel", status: 200, want: `{"result":true}`})
	c.call(t, &pyCall{method: "DELETE", path: "/job/" + id, status: 200, want: `{"result":true}`})
	none := pyCall{method: "POST", path: "/document/batched?returnNew=0&silent=0", body: `{"_key":"later"}`, header: "x-c8-async: true", status: 202}
	c.call(t, &none)
	until(t, "a document of the background", func() string {
		if status, _, text := c.send(t, "GET", "/document/batched/later", ""); status != 200 {
			return text
		}
		return ""
	})
}
