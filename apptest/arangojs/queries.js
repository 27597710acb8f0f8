// Queries, cursors, and what is known of queries.
"use strict";

const { aql, literal } = require("arangojs/aql");

const { check, fails, until } = require("../planet");

async function cursors(db) {
  const c = await db.createCollection("numbers");
  const inserted = await db.query(aql`FOR i IN 1..10 INSERT { _key: TO_STRING(100 + i), i } INTO ${c} RETURN NEW.i`);
  check([await inserted.all(), inserted.extra.stats.writesExecuted], [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 10], "INSERT");
  const batched = await db.query("FOR n IN numbers SORT n.i RETURN n.i", {}, { batchSize: 3, count: true, ttl: 60 });
  check([batched.count, batched.hasNext, batched.batches.hasMore], [10, true, true], "a cursor");
  check([await batched.next(), await batched.batches.next()], [1, [2, 3]], "the first batch");
  let sum = 0;
  for await (const n of batched) sum += n;
  check([sum, batched.hasNext], [49, false], "for await over the rest");
  const filtered = aql`FOR n IN ${c} FILTER n.i > ${7} ${literal("SORT n.i DESC")} RETURN n.i`;
  check(await (await db.query(filtered)).all(), [10, 9, 8], "a template");
  check(await (await db.query("FOR i IN 1..250 RETURN i", {}, { stream: true, batchSize: 100 })).reduce((s, n) => s + n, 0), 31375, "a stream");
  const limited = await db.query("FOR n IN numbers LIMIT 2, 3 RETURN n", {}, { fullCount: true, count: true });
  check([limited.count, limited.extra.stats.fullCount], [3, 10], "fullCount");
  check(await (await db.query("FOR i IN 1..7 RETURN i", {}, { batchSize: 2, allowRetry: true })).all(), [1, 2, 3, 4, 5, 6, 7], "allowRetry");
  const killed = await db.query("FOR i IN 1..10 RETURN i", {}, { batchSize: 3 });
  const left = db.route(`/_api/cursor/${killed.id ?? killed.batches._id}`);
  await killed.kill();
  await fails(left.put(), 1600, 404);
  const profiled = await db.query("FOR n IN numbers FILTER n.i < 3 RETURN n", {}, { profile: 2 });
  check([Array.isArray(profiled.extra.stats.nodes), typeof profiled.extra.profile.executing], [true, "number"], "a profile");
}

async function errors(db) {
  check((await db.query("RETURN 1 / 0")).extra.warnings.map((w) => w.code), [1562], "a warning");
  await fails(db.query("RETURN 1 / 0", {}, { failOnWarning: true }), 1562, 400);
  const wrong = [
    ["FOR", {}, 1501, 400],
    ["", {}, 1502, 400],
    ["RETURN @a", {}, 1551, 400],
    ["RETURN 1", { a: 1 }, 1552, 400],
    ["FOR d IN @@c RETURN d", { "@c": 1 }, 1553, 400],
    ["FOR d IN nowhere RETURN d", {}, 1203, 404],
    ["RETURN NOWHERE(1)", {}, 1540, 400],
    ["RETURN ABS(1, 2)", {}, 1541, 400],
    ["RETURN x", {}, 1512, 400],
    ["LET a = 1 LET a = 2 RETURN a", {}, 1511, 400],
    ["INSERT { _key: '101' } INTO numbers", {}, 1210, 409],
    ["REMOVE 'none' IN numbers", {}, 1202, 404],
    ["REMOVE '101' IN numbers FOR n IN numbers RETURN n", {}, 1579, 400],
    ["FOR a IN 1..2000000 SORT RAND() RETURN a", {}, 32, 400],
  ];
  for (const [text, bind, number, status] of wrong) await fails(db.query(text, bind, { memoryLimit: 1 << 20 }), number, status);
}

async function plans(db) {
  const text = "FOR n IN numbers FILTER n._key == @key RETURN n.i";
  const explained = await db.explain(text, { key: "101" });
  check(explained.plan.nodes.map((n) => n.type).includes("EnumerateCollectionNode"), false, "no full scan");
  check((await db.explain(text, { key: "101" }, { allPlans: true, maxNumberOfPlans: 2 })).plans.length >= 1, true, "allPlans");
  const parsed = await db.parse(text);
  check([parsed.parsed, parsed.collections, parsed.bindVars], [true, ["numbers"], ["key"]], "parse");
  await fails(db.parse("FOR d IN"), 1501, 400);
  check((await db.queryRules()).every((r) => typeof r.name === "string" && typeof r.flags.canBeDisabled === "boolean"), true, "rules");
}

async function management(db) {
  const before = await db.queryTracking();
  check([before.enabled, before.trackSlowQueries], [true, true], "tracking");
  await db.queryTracking({ slowQueryThreshold: 0 });
  await db.query("RETURN 'slow for a threshold of 0'");
  check((await db.listSlowQueries()).some((q) => q.query.includes("threshold of 0")), true, "slow queries");
  await db.clearSlowQueries();
  await db.queryTracking({ slowQueryThreshold: before.slowQueryThreshold });
  check(await db.listSlowQueries(), [], "cleared");
  const sleeping = fails(db.query("RETURN SLEEP(60)"), 1500, 410);
  const running = await until(async () => (await db.listRunningQueries()).find((q) => q.query.includes("SLEEP")), "the query runs");
  await db.killQuery(running.id);
  await sleeping;
  await fails(db.killQuery("1"), 1591, 404);
  check(await db.listUserFunctions(), [], "no functions in JavaScript");
  await fails(db.createUserFunction("a::b", "() => 1"), 9, 501);
}

module.exports = async function queries(db) {
  await cursors(db);
  await errors(db);
  await plans(db);
  await management(db);
};
