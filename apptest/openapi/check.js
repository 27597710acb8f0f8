// The OpenAPI document of the real binary, as a public validator sees it, and
// a few of its operations called as the document alone describes them.
"use strict";

const assert = require("node:assert");

const { run, check } = require("../planet");

// valid asks the validator, and sees that it can say no.
async function valid(document) {
  const { Validator } = await import("@seriousme/openapi-schema-validator");
  const result = await new Validator().validate(structuredClone(document));
  assert.ok(result.valid, JSON.stringify(result.errors, null, 1));
  check(document.openapi, "3.1.0", "the version of the form");
  const broken = structuredClone(document);
  delete broken.paths["/collection"].get.responses;
  broken.paths["/collection"].get.parameters = "none";
  check((await new Validator().validate(broken)).valid, false, "a broken document");
}

// calls every operation that reads and needs no parameter: each answers with a status that the document has.
async function readers(document, url, apiKey) {
  const base = url + document.servers[0].url.replace("{fabric}", document.servers[0].variables.fabric.default);
  for (const [path, item] of Object.entries(document.paths)) {
    const operation = item.get;
    const stream = operation?.responses["200"]?.content?.["text/event-stream"];
    if (!operation || stream || path.includes("{") || operation.parameters?.some((p) => p.required)) continue;
    const headers = operation.security?.length === 0 ? {} : { Authorization: `apikey ${apiKey}` };
    const reply = await fetch(base + path, { headers });
    await reply.arrayBuffer();
    check(reply.status in operation.responses, true, `GET ${path} answers ${reply.status}`);
  }
}

run("openapi", async ({ port, apiKey }) => {
  const url = `http://127.0.0.1:${port}`;
  const reply = await fetch(`${url}/openapi.json`);
  check([reply.status, reply.headers.get("content-type")], [200, "application/json; charset=utf-8"], "the document");
  const document = await reply.json();
  await valid(document);
  await readers(document, url, apiKey);
});
