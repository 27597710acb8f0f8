// Named graphs through /_api/gharial, their integrity, and traversals.
"use strict";

const { aql } = require("arangojs/aql");

const { check, fails } = require("../planet");

async function definitions(db) {
  const g = db.graph("network");
  check(await g.exists(), false, "not there");
  await fails(g.get(), 1924, 404);
  const made = await g.create([{ collection: "lines", from: ["stops"], to: ["stops", "depots"] }], { orphanCollections: ["people"] });
  check([made.name, made.edgeDefinitions, made.orphanCollections],
    ["network", [{ collection: "lines", from: ["stops"], to: ["stops", "depots"] }], ["people"]], "a graph");
  await fails(g.create([{ collection: "lines", from: ["stops"], to: ["stops"] }]), 1925, 409);
  check((await db.listGraphs()).map((x) => x.name), ["network"], "the list");
  check((await g.listVertexCollections()).sort(), ["depots", "people", "stops"], "vertex collections");
  check(await g.listEdgeCollections(), ["lines"], "edge collections");
  check((await g.addVertexCollection("towers")).orphanCollections.sort(), ["people", "towers"], "one more");
  check((await g.removeVertexCollection("towers", true)).orphanCollections, ["people"], "one less");
  check(await db.collection("towers").exists(), false, "dropped with it");
  check((await g.addEdgeDefinition({ collection: "walks", from: ["stops"], to: ["people"] })).edgeDefinitions.length, 2, "two definitions");
  await fails(g.addEdgeDefinition({ collection: "walks", from: ["stops"], to: ["people"] }), 1920, 400);
  const changed = await g.replaceEdgeDefinition({ collection: "walks", from: ["people"], to: ["stops"] });
  check(changed.edgeDefinitions.find((d) => d.collection === "walks").from, ["people"], "replaced");
  check((await g.removeEdgeDefinition("walks", true)).edgeDefinitions.length, 1, "one definition");
  return g;
}

async function vertices(g) {
  const stops = g.vertexCollection("stops");
  check((await stops.save({ _key: "a", n: 1 }, { returnNew: true })).new.n, 1, "save");
  for (const _key of ["b", "c", "d"]) await stops.save({ _key });
  await fails(stops.save({ _key: "a" }), 1210, 409);
  check((await stops.vertex("a"))._id, "stops/a", "vertex");
  check([await stops.vertexExists("a"), await stops.vertexExists("none")], [true, false], "vertexExists");
  check(await stops.vertex("none", { graceful: true }), null, "gracefully");
  await fails(stops.vertex("none"), 1202, 404);
  const up = await stops.update("a", { m: 2 }, { returnOld: true, returnNew: true });
  check([up.old.m, up.new.m, up.new.n], [undefined, 2, 1], "update");
  await fails(stops.update("a", {}, { rev: up._oldRev }), 1200, 412);
  check((await stops.replace("a", { k: 3 }, { returnNew: true })).new.m, undefined, "replace");
  await fails(g.vertexCollection("elsewhere").save({}), 1926, 404);
}

async function edges(db, g) {
  const lines = g.edgeCollection("lines");
  const first = await lines.save({ _key: "ab", _from: "stops/a", _to: "stops/b", km: 1 }, { returnNew: true });
  check(first.new.km, 1, "save");
  await lines.save({ _key: "bc", _from: "stops/b", _to: "stops/c", km: 2 });
  await lines.save({ _key: "cd", _from: "stops/c", _to: "stops/d", km: 3 });
  await fails(lines.save({ _from: "stops/a", _to: "stops/none" }), 1202, 404);
  await fails(lines.save({ _from: "people/a", _to: "stops/b" }), 1947, 400);
  check([await lines.edgeExists("ab"), (await lines.edge("ab")).km], [true, 1], "edge");
  check((await lines.update("ab", { km: 4 }, { returnNew: true })).new._from, "stops/a", "update");
  const there = db.collection("lines");
  check((await there.edges("stops/b")).edges.map((e) => e._key).sort(), ["ab", "bc"], "edges");
  check((await there.inEdges("stops/b")).edges.map((e) => e._key), ["ab"], "inEdges");
  check((await there.outEdges("stops/b")).edges.map((e) => e._key), ["bc"], "outEdges");
  const walked = await db.query(aql`FOR v, e, p IN 1..3 OUTBOUND ${"stops/a"} GRAPH ${"network"} RETURN [v._key, e.km, LENGTH(p.edges)]`);
  check(await walked.all(), [["b", 4, 1], ["c", 2, 2], ["d", 3, 3]], "a traversal");
  const path = await db.query("FOR v IN ANY SHORTEST_PATH 'stops/d' TO 'stops/a' GRAPH 'network' RETURN v._key");
  check(await path.all(), ["d", "c", "b", "a"], "a shortest path");
}

async function integrity(db, g) {
  await g.vertexCollection("stops").remove("b");
  check((await (await db.query("FOR e IN lines RETURN e._key")).all()), ["cd"], "edges go with their vertex");
  await g.edgeCollection("lines").remove("cd");
  await fails(g.edgeCollection("lines").remove("cd"), 1202, 404);
  check(await g.drop(true), true, "dropped");
  check([await g.exists(), await db.collection("stops").exists()], [false, false], "with its collections");
  await fails(g.drop(), 1924, 404);
}

module.exports = async function graphs(db) {
  const g = await definitions(db);
  await vertices(g);
  await edges(db, g);
  await integrity(db, g);
};
