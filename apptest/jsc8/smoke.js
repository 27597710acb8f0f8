// The published jsc8 client against the real binary, over TLS with checks of
// the certificate on: what an existing program does.
"use strict";

const assert = require("node:assert");

const jsc8 = require("jsc8");

const { run, check, fails, until } = require("../planet");

// lookup sends api-localhost to this machine, as a name server would.
function lookup(host, options, done) {
  assert.strictEqual(host, "api-localhost");
  if (options && options.all) done(null, [{ address: "127.0.0.1", family: 4 }]);
  else done(null, "127.0.0.1", 4);
}

async function documents(client) {
  const made = await client.createCollection("smoke");
  check(made.name, "smoke", "the collection's name");
  check(await client.hasCollection("smoke"), true, "the collection exists");
  const inserted = await client.insertDocument("smoke", { _key: "a", n: 1, deep: { x: [1, "zwei", null] } });
  check(inserted._id, "smoke/a", "the handle of an insert");
  await client.updateDocument("smoke", "a", { n: 2 });
  const read = await client.getDocument("smoke", "a");
  check([read.n, read.deep, read._key], [2, { x: [1, "zwei", null] }, "a"], "the document");
  const many = await client.insertDocument("smoke", [{ _key: "b" }, { _key: "c" }]);
  check(many.map((m) => m._key), ["b", "c"], "many inserts");
  await client.deleteDocument("smoke", "a");
  await fails(client.getDocument("smoke", "a"), 1202, 404);
  await fails(client.insertDocument("smoke", { _key: "b" }), 1210, 409);
  await client.deleteCollection("smoke");
  await fails(client.insertDocument("smoke", {}), 1203, 404);
}

async function keyValues(client) {
  await client.createKVCollection("pairs", { expiration: false });
  await client.insertKVPairs("pairs", [{ _key: "k", value: "v", expireAt: 0 }, { _key: "l", value: "w", expireAt: 0 }]);
  check((await client.getValueForKey("pairs", "k")).value, "v", "the value");
  check((await client.getKVCount("pairs")).count, 2, "the count");
  check((await client.getKVKeys("pairs")).result, ["k", "l"], "the keys");
  await client.deleteEntryForKey("pairs", "k");
  await assert.rejects(client.getValueForKey("pairs", "k"));
  await client.deleteKVCollection("pairs");
}

async function queries(client) {
  await client.createCollection("numbers");
  const ids = (await client.insertDocumentMany("numbers", [{ n: 1 }, { n: 2 }, { n: 3 }])).map((d) => d._id);
  check(await client.getCollectionIds("numbers"), ids, "in the order of the call");
  check(await client.executeQuery("FOR d IN numbers FILTER d.n > @n RETURN d.n", { n: 1 }), [2, 3], "bind parameters");
  check((await client.getDocumentMany("numbers", 2, 1)).map((d) => d.n), [2, 3], "a page");
  await client.executeQuery("FOR i IN 4..150 INSERT { _key: TO_STRING(i), n: i } INTO numbers");
  const cursor = await client.query("FOR d IN numbers SORT d.n RETURN d.n", {}, { count: true, batchSize: 60 });
  check([cursor.count, cursor.hasNext(), await cursor.next()], [150, true, 1], "a cursor");
  check((await cursor.all()).length, 149, "the rest");
  const pages = await client.query("FOR i IN 1..5 RETURN i", {}, { batchSize: 2 });
  check((await client.nextBatchFromCursor(pages._id)).result, [3, 4], "a batch by the cursor's id");
  await client.deleteCursor(pages._id);
  await fails(client.nextBatchFromCursor(pages._id), 1600, 404);
  const stream = await client.query("FOR i IN 1..250 RETURN i", {}, { options: { stream: true } });
  check(await stream.reduce((sum, n) => sum + n, 0), 31375, "a stream");
  const counted = await client.query("FOR d IN numbers LIMIT 3 RETURN d", {}, { options: { fullCount: true } });
  check(counted.extra.stats.fullCount, 150, "fullCount");
  const valid = await client.validateQuery("FOR d IN numbers FILTER d.n == @n RETURN d");
  check([valid.parsed, valid.collections, valid.bindVars], [true, ["numbers"], ["n"]], "validate");
  await fails(client.validateQuery("FOR d IN"), 1501, 400);
  const { plan } = await client.explainQuery({ query: "FOR d IN numbers FILTER d._key == '1' RETURN d" });
  check(Array.isArray(plan.nodes), true, "explain");
  await fails(client.executeQuery("FOR d IN nowhere RETURN d"), 1203, 404);
  const sleeping = fails(client.executeQuery("RETURN SLEEP(60)"), 1500, 410);
  const running = await until(async () => (await client.getRunningQueries()).find((q) => q.query.includes("SLEEP")), "the query runs");
  await client.killQuery(running.id);
  await sleeping;
  check(await client.getSlowQueries(), [], "nothing was slow");
  check((await client.exportDataByQuery("FOR d IN numbers FILTER d.n == 4 RETURN d")).result, [{ _key: "4", n: 4 }], "export");
}

async function workers(client) {
  await client.createRestql("from", "FOR d IN numbers FILTER d.n >= @least SORT d.n RETURN d.n", { least: 100 });
  check((await client.getRestqls()).result.map((r) => r.name), ["from"], "the list");
  check((await client.executeRestql("from")).result.length, 51, "by its defaults");
  const first = await client.executeRestql("from", { least: 1 });
  check([first.result.length, first.hasMore], [100, true], "with a parameter");
  check((await client.getNextBatchFromCursor(first.id)).result.length, 50, "the next batch");
  await client.updateRestql("from", "RETURN @least", { least: 7 });
  check((await client.executeRestql("from")).result, [7], "changed");
  await client.deleteRestql("from");
  await assert.rejects(client.executeRestql("from"), (e) => e.code === 404);
}

async function graphs(client) {
  await client.createGraph("network", { edgeDefinitions: [{ collection: "lines", from: ["stops"], to: ["stops"] }] });
  check(await client.hasGraph("network"), true, "the graph");
  for (const _key of ["a", "b", "c"]) await client.addVertexToVertexCollection("network", "stops", { _key });
  const edge = await client.addEdgeToEdgeCollection("network", "lines", { _key: "ab", _from: "stops/a", _to: "stops/b" }, true);
  check([edge.edge._id, edge.new._to], ["lines/ab", "stops/b"], "an edge");
  await client.edgeCollection("lines").save({}, "stops/b", "stops/c");
  await fails(client.addEdgeToEdgeCollection("network", "lines", { _from: "stops/a", _to: "stops/none" }), 1202, 404);
  const far = "FOR v IN 1..9 OUTBOUND @from GRAPH 'network' RETURN v._key";
  check(await client.executeQuery(far, { from: "stops/a" }), ["b", "c"], "a traversal");
  check((await client.edgeCollection("lines").inEdges("stops/b")).length, 1, "edges of a vertex");
  await client.removeVertexFromVertexCollection("network", "stops", "stops/b");
  check(await client.getCollectionKeys("lines"), [], "edges go with their vertex");
  await client.deleteGraph("network", true);
  check([await client.hasGraph("network"), await client.hasCollection("stops")], [false, false], "dropped");
}

async function places(client) {
  await client.createCollection("places");
  const index = await client.addGeoIndex("places", ["at"], { geoJson: true });
  check([index.type, index.geoJson, index.isNewlyCreated], ["geo", true, true], "a geo index");
  const at = { FRA: [8.57, 50.03], ZRH: [8.55, 47.46], SYD: [151.18, -33.95] };
  await client.insertDocumentMany("places", Object.entries(at).map(([_key, coordinates]) => ({ _key, at: { type: "Point", coordinates } })));
  const near = "FOR p IN places LET m = GEO_DISTANCE(p.at, [8.68, 50.11]) FILTER m < 500000 SORT m RETURN p._key";
  check(await client.executeQuery(near), ["FRA", "ZRH"], "within 500 km");
  const { plan } = await client.explainQuery({ query: near });
  check(plan.nodes.some((n) => n.type === "EnumerateCollectionNode"), false, "by the index");
}

// A transaction is a header of all requests.
async function transactions(client, open) {
  const begun = await client.route("_api/transaction/begin").post({ collections: { write: ["numbers"] } });
  check([begun.statusCode, begun.body.result.status], [201, "running"], "begun");
  const { id } = begun.body.result;
  const inside = open({ headers: { "x-gdn-trxid": id } });
  await inside.insertDocument("numbers", { _key: "new", n: 1000 });
  const last = "FOR d IN numbers SORT d.n DESC LIMIT 1 RETURN d.n";
  check([await inside.executeQuery(last), await client.executeQuery(last)], [[1000], [150]], "inside and outside");
  check((await client.route(`_api/transaction/${id}`).put()).body.result.status, "committed", "committed");
  check(await client.executeQuery(last), [1000], "outside, too");
}

run("jsc8", async ({ port, apiKey, ca }) => {
  const config = { url: `https://localhost:${port}`, apiKey, fabricName: "_system" };
  const open = (more) => new jsc8({ ...config, agentOptions: { ca, lookup, keepAlive: false }, ...more });
  const client = open({});
  await documents(client);
  await keyValues(client);
  await queries(client);
  await workers(client);
  await graphs(client);
  await places(client);
  await transactions(client, open);
  const doubting = new jsc8({ ...config, agentOptions: { lookup, keepAlive: false } });
  await assert.rejects(doubting.listCollections(), /certificate|signed/i);
});
