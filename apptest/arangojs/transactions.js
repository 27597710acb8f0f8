// Interactive transactions, by x-arango-trx-id, and jobs in the background.
"use strict";

const assert = require("node:assert");

const { check, fails, until } = require("../planet");

async function lives(db, c) {
  const t = await db.beginTransaction({ write: [c] }, { lockTimeout: 5, maxTransactionSize: 1 << 20, allowImplicit: true });
  check([(await t.get()).status, await t.exists()], ["running", true], "begun");
  check((await db.listTransactions()).map((x) => [x.id, x.state]), [[t.id, "running"]], "the list");
  await t.step(() => c.save({ _key: "a", n: 1 }));
  check((await t.step(() => c.document("a"))).n, 1, "seen inside");
  check(await (await t.step(() => db.query("FOR x IN accounts RETURN x._key"))).all(), ["a"], "seen by a query inside");
  check(await c.documentExists("a"), false, "not seen outside");
  await fails(t.step(() => db.collection("numbers").save({})), 1652, 400);
  await fails(t.step(() => db.createCollection("inside")), 1653);
  check((await t.commit()).status, "committed", "committed");
  check(await c.documentExists("a"), true, "seen outside");
  const given = await db.beginTransaction("accounts");
  await given.step(() => c.save({ _key: "b" }));
  check((await given.abort()).status, "aborted", "aborted");
  check(await c.documentExists("b"), false, "as if it had never been");
  await fails(given.commit(), 1654, 410);
  await fails(given.step(() => c.save({})), 1654, 410);
  await fails(db.transaction("77").get(), 1655, 404);
  await fails(db.beginTransaction({ write: ["none"] }), 1203, 404);
}

async function conflicts(db, c) {
  const [one, two] = [await db.beginTransaction({ write: [c] }), await db.beginTransaction({ exclusive: [c] })];
  const withdraw = (t) => async () => {
    const { n } = await t.step(() => c.document("a"));
    await t.step(() => c.update("a", { n: n + 1 }));
  };
  await withdraw(one)();
  await withdraw(two)();
  await one.commit();
  await fails(two.commit(), 1200, 409);
  check((await c.document("a")).n, 2, "only the first counts");
  const done = await db.withTransaction({ write: [c] }, async (step) => {
    await step(() => c.save({ _key: "w" }));
    return step(() => c.count());
  });
  check(done.count, 2, "withTransaction");
  const mine = new Error("mine");
  await assert.rejects(db.withTransaction({ write: [c] }, async (step) => {
    await step(() => c.save({ _key: "x" }));
    throw mine;
  }), mine);
  check(await c.documentExists("x"), false, "rolled back");
  await fails(db.executeTransaction({ write: [c] }, "function () {}"), 9, 501);
}

async function jobs(db, c) {
  const counting = await db.createJob(() => c.count());
  await until(() => counting.getCompleted(), "the job is done");
  check((await counting.load()).count, 2, "its answer");
  const sleeping = await db.createJob(() => db.query("RETURN SLEEP(60)"));
  check(await db.listPendingJobs(), [sleeping._id], "one runs");
  await sleeping.cancel();
  await until(() => sleeping.getCompleted(), "the job is cancelled");
  await db.deleteAllJobResults();
  check(await db.listCompletedJobs(), [], "forgotten");
}

module.exports = async function transactions(db) {
  const c = await db.createCollection("accounts");
  await lives(db, c);
  await conflicts(db, c);
  await jobs(db, c);
};
