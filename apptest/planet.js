// A planet of the real binary for the tests in JavaScript, and what they
// count. Needs ../bin/selvedge (make) or $SELVEDGE_BINARY.
"use strict";

const assert = require("node:assert");
const { spawn } = require("node:child_process");
const fs = require("node:fs");
const net = require("node:net");
const os = require("node:os");
const path = require("node:path");
const readline = require("node:readline");

const binary = process.env.SELVEDGE_BINARY || path.join(__dirname, "..", "bin", "selvedge");
const apiKey = "demo.root.secret";
const password = "known to the test";

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
  const args = ["dev", "--locations", "1", "--port", String(port), "--api-key", apiKey, "--root-password", password, "--data", folder, "--wan", "none"];
  const planet = spawn(binary, args, { stdio: ["ignore", "pipe", "inherit"] });
  return new Promise((resolve, reject) => {
    planet.on("error", reject);
    planet.on("exit", (code) => reject(new Error(`selvedge ended with ${code}`)));
    readline.createInterface({ input: planet.stdout }).on("line", (line) => {
      if (line === "ready") resolve(planet);
    });
  });
}

// run gives the test a planet of one location and ends it afterwards.
async function run(name, test) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), `selvedge-${name}-`));
  const port = await freePort();
  let planet;
  try {
    planet = await start(folder, port);
    planet.removeAllListeners("exit");
    await test({ port, apiKey, password, ca: fs.readFileSync(path.join(folder, "dev-ca.pem")) });
    console.log(`${name}: ${checks} checks passed`);
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
  } finally {
    if (planet && planet.exitCode === null) {
      const gone = new Promise((resolve) => planet.once("exit", resolve));
      planet.kill("SIGTERM");
      await gone;
    }
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

let checks = 0;

function check(got, want, what) {
  assert.deepStrictEqual(got, want, what);
  checks++;
}

// fails wants an error with this number, and this status if one is given.
async function fails(promise, number, status) {
  const missed = new Error(); // remembers who asked
  const failure = await promise.then(() => new Error("no error"), (error) => error);
  if (failure.errorNum === number && (!status || failure.code === status)) {
    checks++;
    return;
  }
  missed.message = `wanted error ${number}, got ${failure.code} ${failure.errorNum}: ${failure.message}`;
  throw missed;
}

// until asks again until the answer is not false, for at most ten seconds.
async function until(ask, what) {
  for (let i = 0; i < 500; i++) {
    const answer = await ask();
    if (answer) return answer;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`still not: ${what}`);
}

module.exports = { run, check, fails, until };
