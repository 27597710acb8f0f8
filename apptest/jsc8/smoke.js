// The published jsc8 client against the real binary, over TLS with checks of
// the certificate on: what an existing program does first. Needs
// ../../bin/selvedge (make) or $SELVEDGE_BINARY.
"use strict";

const assert = require("node:assert");
const { spawn } = require("node:child_process");
const fs = require("node:fs");
const net = require("node:net");
const os = require("node:os");
const path = require("node:path");
const readline = require("node:readline");

const jsc8 = require("jsc8");

const binary = process.env.SELVEDGE_BINARY || path.join(__dirname, "..", "..", "bin", "selvedge");
const apiKey = "demo.root.secret";

// lookup sends api-localhost to this machine, as a name server would.
function lookup(host, options, done) {
  assert.strictEqual(host, "api-localhost");
  if (options && options.all) done(null, [{ address: "127.0.0.1", family: 4 }]);
  else done(null, "127.0.0.1", 4);
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

// start resolves when the planet serves.
function start(folder, port) {
  const args = ["dev", "--locations", "1", "--port", String(port), "--api-key", apiKey, "--data", folder, "--wan", "none"];
  const planet = spawn(binary, args, { stdio: ["ignore", "pipe", "inherit"] });
  return new Promise((resolve, reject) => {
    planet.on("error", reject);
    planet.on("exit", (code) => reject(new Error(`selvedge ended with ${code}`)));
    readline.createInterface({ input: planet.stdout }).on("line", (line) => {
      if (line === "ready") resolve(planet);
    });
  });
}

let checks = 0;
function check(got, want, what) {
  assert.deepStrictEqual(got, want, what);
  checks++;
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
  await assert.rejects(client.getDocument("smoke", "a"), (e) => e.errorNum === 1202 && e.code === 404);
  await assert.rejects(client.insertDocument("smoke", { _key: "b" }), (e) => e.errorNum === 1210);
  await client.deleteCollection("smoke");
  await assert.rejects(client.insertDocument("smoke", {}), (e) => e.errorNum === 1203);
  checks += 3;
}

async function keyValues(client) {
  await client.createKVCollection("pairs", { expiration: false });
  await client.insertKVPairs("pairs", [{ _key: "k", value: "v", expireAt: 0 }, { _key: "l", value: "w", expireAt: 0 }]);
  check((await client.getValueForKey("pairs", "k")).value, "v", "the value");
  check((await client.getKVCount("pairs")).count, 2, "the count");
  check((await client.getKVKeys("pairs")).result, ["k", "l"], "the keys");
  await client.deleteEntryForKey("pairs", "k");
  await assert.rejects(client.getValueForKey("pairs", "k"));
  checks++;
  await client.deleteKVCollection("pairs");
}

async function main() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "selvedge-jsc8-"));
  const port = await freePort();
  let planet;
  try {
    planet = await start(folder, port);
    planet.removeAllListeners("exit");
    const ca = fs.readFileSync(path.join(folder, "dev-ca.pem"));
    const config = { url: `https://localhost:${port}`, apiKey, fabricName: "_system" };
    const client = new jsc8({ ...config, agentOptions: { ca, lookup, keepAlive: false } });
    await documents(client);
    await keyValues(client);
    const doubting = new jsc8({ ...config, agentOptions: { lookup, keepAlive: false } });
    await assert.rejects(doubting.getCollections ? doubting.getCollections() : doubting.listCollections(), /certificate|signed/i);
    checks++;
    console.log(`jsc8: ${checks} checks passed`);
  } finally {
    if (planet) {
      const gone = new Promise((resolve) => planet.once("exit", resolve));
      planet.kill("SIGTERM");
      await gone;
    }
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
