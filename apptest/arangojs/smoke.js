// arangojs against the real binary: what a program written for the AQL family
// does, found where it looks for it, /_db/NAME/_api.
"use strict";

const assert = require("node:assert");
const { Database } = require("arangojs");

const { run, check, fails } = require("../planet");
const graphs = require("./graphs");
const queries = require("./queries");
const transactions = require("./transactions");

// plain is a document without what differs from run to run.
function plain({ _rev, _oldRev, ...rest }) {
  return rest;
}

async function identities({ port, password }) {
  const url = `http://127.0.0.1:${port}`;
  const stranger = new Database({ url });
  stranger.useBasicAuth("root", "wrong");
  await fails(stranger.version(), 11, 401);
  await fails(stranger.login("root", "wrong"), 11, 401);
  stranger.useBasicAuth("root", password);
  check((await stranger.version()).server, "C8DB", "Basic");
  const token = await stranger.login("root", password);
  check(token.split(".").length, 3, "a JWT");
  check(await stranger.exists(), true, "bearer, from the login");
  const db = new Database({ url, auth: { token } });
  check((await db.version(true)).details.product, "selvedge", "bearer, given");
  check((await db.engine()).name, "selvedge", "the engine");
  check(await db.availability(), "default", "it takes writes");
  assert.ok((await db.time()) > 1_700_000_000_000);
  return db;
}

async function databases(db) {
  check(await db.exists(), true, "_system");
  check(await db.database("other").exists(), false, "not made yet");
  const other = await db.createDatabase("other", { users: [{ username: "root" }] });
  await fails(db.createDatabase("other"), 1207, 409);
  check((await db.listDatabases()).sort(), ["_system", "other"], "both");
  check((await db.get()).isSystem, true, "it is _system");
  await other.createCollection("mine");
  check(await db.collection("mine").exists(), false, "collections are of one database");
  check(await other.collection("mine").exists(), true, "the other one");
  check(await db.dropDatabase("other"), true, "dropped");
  await fails(db.dropDatabase("other"), 1228, 404);
  await fails(other.collection("mine").count(), 1228, 404);
}

async function collections(db) {
  const c = db.collection("things");
  await fails(c.get(), 1203, 404);
  const made = await c.create({ waitForSync: true, keyOptions: { type: "traditional", allowUserKeys: true }, schema: undefined });
  check([made.name, made.type, made.status], ["things", 2, 3], "a collection");
  await fails(c.create(), 1207, 409);
  await db.createEdgeCollection("links");
  check((await db.listCollections()).map((x) => [x.name, x.type]).sort(), [["links", 3], ["things", 2]], "both");
  check((await db.collections()).map((x) => x.name).sort(), ["links", "things"], "as objects");
  check((await c.properties()).waitForSync, true, "properties");
  check((await c.properties({ waitForSync: false })).waitForSync, false, "changed");
  check((await c.count()).count, 0, "empty");
  await c.saveAll([{}, {}, {}]);
  check((await c.count()).count, 3, "three");
  check((await c.figures()).figures.indexes.count, 1, "the primary index");
  await c.truncate();
  check((await c.count()).count, 0, "empty again");
  check(await c.loadIndexes(), true, "nothing to load");
  check((await db.collection("links").drop()).error, false, "dropped");
  await fails(db.collection("links").drop(), 1203, 404);
  await fails(c.rename("others"), 30007, 400);
}

async function documents(db) {
  const c = db.collection("things");
  const a = await c.save({ _key: "a", n: 1, deep: { x: 1 } }, { returnNew: true });
  check([a._id, plain(a.new)], ["things/a", { _id: "things/a", _key: "a", n: 1, deep: { x: 1 } }], "save");
  await fails(c.save({ _key: "a" }), 1210, 409);
  check((await c.save({ _key: "a", n: 5 }, { overwriteMode: "ignore" }))._rev, a._rev, "overwriteMode ignore");
  check((await c.save({ _key: "a", m: 5 }, { overwriteMode: "update", returnNew: true })).new.n, 1, "overwriteMode update");
  check((await c.save({ _key: "a", m: 5 }, { overwriteMode: "replace", returnOld: true })).old.n, 1, "overwriteMode replace");
  check(plain(await c.document("a")), { _id: "things/a", _key: "a", m: 5 }, "document");
  check((await c.document("things/a")).m, 5, "by its handle");
  check(await c.document("none", { graceful: true }), null, "gracefully");
  await fails(c.document("none"), 1202, 404);
  check([await c.documentExists("a"), await c.documentExists({ _key: "none" })], [true, false], "documentExists");
  const up = await c.update("a", { deep: { y: 2 }, m: null }, { returnOld: true, returnNew: true, keepNull: false });
  check([up.old.m, plain(up.new)], [5, { _id: "things/a", _key: "a", deep: { y: 2 } }], "update");
  check((await c.update("a", { deep: { z: 3 } }, { returnNew: true, mergeObjects: false })).new.deep, { z: 3 }, "mergeObjects");
  await fails(c.update("a", {}, { ifMatch: up._rev }), 1200, 412);
  await fails(c.update("none", {}), 1202, 404);
  const put = await c.replace("a", { n: 2 }, { returnNew: true });
  check(plain(put.new), { _id: "things/a", _key: "a", n: 2 }, "replace");
  await fails(c.replace("a", {}, { ifMatch: up._rev }), 1200, 412);
  await assert.rejects(c.document("a", { ifNoneMatch: put._rev }), (e) => e.code === 304);
  await fails(c.document("a", { ifMatch: up._rev }), 1200, 412);
  await fails(c.remove("a", { ifMatch: up._rev }), 1200, 412);
  check((await c.remove("a", { returnOld: true })).old.n, 2, "remove");
  await fails(c.remove("a"), 1202, 404);
  await fails(c.save({ _key: "no/slash" }), 1221, 400);
}

async function many(db) {
  const c = db.collection("things");
  const saved = await c.saveAll([{ _key: "b", n: 2 }, { _key: "c", n: 3 }, { _key: "b" }], { returnNew: true });
  check(saved.map((x) => x.errorNum || x.new.n), [2, 3, 1210], "saveAll");
  check((await c.documents(["b", "none"])).map((x) => x.errorNum || x.n), [2, 1202], "documents");
  const up = await c.updateAll([{ _key: "b", m: 1 }, { _key: "none" }], { returnNew: true });
  check(up.map((x) => x.errorNum || [x.new.n, x.new.m]), [[2, 1], 1202], "updateAll");
  const put = await c.replaceAll([{ _key: "b", n: 4 }, { _key: "c", n: 5 }], { returnOld: true });
  check(put.map((x) => x.old.n), [2, 3], "replaceAll");
  check((await c.removeAll(["b", { _key: "c" }, "none"])).map((x) => x.errorNum || x._key), ["b", "c", 1202], "removeAll");
  const keys = (await c.saveAll([{}, {}, {}])).map((x) => x._key);
  check(keys, [...keys].sort(), "generated keys sort as they were made");
  await c.truncate();
}

async function imports(db) {
  const c = db.collection("things");
  const outcome = ({ created, errors, updated, ignored, empty }) => [created, errors, updated, ignored, empty];
  const first = await c.import([{ _key: "a", n: 1 }, { _key: "b" }, { _key: "a" }], { details: true });
  check([...outcome(first), first.details.length], [2, 1, 0, 0, 0, 1], "documents");
  check(outcome(await c.import([{ _key: "a", m: 2 }], { onDuplicate: "update" })), [0, 0, 1, 0, 0], "update");
  check(outcome(await c.import([{ _key: "a", m: 3 }], { onDuplicate: "ignore" })), [0, 0, 0, 1, 0], "ignore");
  check(outcome(await c.import([["_key", "n"], ["d", 4], ["e", 5]])), [2, 0, 0, 0, 0], "a table");
  check(outcome(await c.import('{"_key":"f"}\n\n{"_key":"g"}\n', { type: "documents" })), [2, 0, 0, 0, 1], "lines");
  check(outcome(await c.import('[{"_key":"h"}]', { type: "auto" })), [1, 0, 0, 0, 0], "a list as text");
  await fails(c.import([{ _key: "i" }, { _key: "a" }], { complete: true }), 1210, 409);
  check([await c.documentExists("i"), (await c.document("a")).m, (await c.document("d")).n], [false, 2, 4], "what came of it");
  check(outcome(await c.import([{ _key: "z" }], { overwrite: true })), [1, 0, 0, 0, 0], "overwrite");
  check((await c.count()).count, 1, "the rest is gone");
}

async function indexes(db) {
  const c = db.collection("things");
  const wanted = [
    { type: "persistent", fields: ["n", "m"], name: "byN", sparse: true, deduplicate: true, estimates: true },
    { type: "persistent", fields: ["tags[*]"], storedValues: ["n"], inBackground: true },
    { type: "geo", fields: ["place"], geoJson: true },
    { type: "geo", fields: ["lat", "lon"] },
    { type: "ttl", fields: ["at"], expireAfter: 3600 },
    { type: "fulltext", fields: ["text"], minLength: 3 },
  ];
  const made = [];
  for (const want of wanted) {
    const one = await c.ensureIndex(want);
    check([one.type, one.fields, one.isNewlyCreated], [want.type, want.fields, true], want.type);
    check((await c.ensureIndex(want)).isNewlyCreated, false, "it is there");
    made.push(one);
  }
  check([made[0].sparse, made[2].geoJson, made[4].expireAfter, made[5].minLength], [true, true, 3600, 3], "their options");
  check((await c.index("byN")).id, made[0].id, "by name");
  check((await c.index(made[0].id)).name, "byN", "by id");
  check((await c.indexes()).map((x) => x.type).sort(), ["fulltext", "geo", "geo", "persistent", "persistent", "primary", "ttl"], "all");
  check((await c.dropIndex("byN")).id, made[0].id, "dropped by name");
  await c.dropIndex(made[1].id);
  await fails(c.index("byN"), 1212, 404);
  await fails(c.dropIndex("byN"), 1212, 404);
  await fails(c.ensureIndex({ type: "persistent", fields: ["u"], unique: true }), 400, 400);
  await fails(c.ensureIndex({ type: "persistent", fields: [] }), 10, 400);
}

async function users(db, { port }) {
  await db.createUser("ann", { passwd: "long enough", extra: { a: 1 } });
  await fails(db.createUser("ann", { passwd: "long enough" }), 1702, 409);
  check((await db.getUser("ann")).extra, { a: 1 }, "a user");
  check((await db.listUsers()).map((x) => x.user).sort(), ["ann", "root"], "both");
  const hers = new Database({ url: `http://127.0.0.1:${port}` });
  await hers.login("ann", "long enough");
  check((await hers.listCollections()).length > 0, true, "she is in");
  await db.updateUser("ann", { passwd: "another one" });
  await fails(hers.listCollections(), 11, 401);
  await db.removeUser("ann");
  await fails(db.getUser("ann"), 1703, 404);
  hers.close();
}

run("arangojs", async (planet) => {
  const db = await identities(planet);
  await databases(db);
  await collections(db);
  await documents(db);
  await many(db);
  await imports(db);
  await indexes(db);
  await queries(db);
  await graphs(db);
  await transactions(db);
  await users(db, planet);
  db.close();
});
