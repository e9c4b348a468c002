// The package under Node, as server-side rendering imports it: nothing happens until `init`.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { pkg } from "../support/browser.mjs";

const address = (name) => pathToFileURL(join(pkg, name)).href;

/** Runs a module in a Node of its own, with `pkg` and `wasm` being the addresses of entry and wasm; answers what it logs. */
async function run(script, entry = "ossicle.js") {
  const names = `const pkg = ${JSON.stringify(address(entry))}, wasm = ${JSON.stringify(address("ossicle_bg.wasm"))};`;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", names + script]);
  assert.equal(stderr, "");
  return JSON.parse(stdout);
}

for (const entry of ["ossicle.js", "ossicle.inline.js"]) {
  test(`importing ${entry} uses nothing of a page and leaves nothing behind`, async () => {
    const { used, left } = await run(`
      const used = [];
      const names = ["window", "document", "navigator", "location", "origin", "fetch", "WebSocket", "localStorage", "AudioWorkletNode", "Worker", "trustedTypes"];
      for (const name of names) Object.defineProperty(globalThis, name, { configurable: true, get: () => void used.push(name) });
      const before = Reflect.ownKeys(globalThis);
      await import(pkg);
      console.log(JSON.stringify({ used, left: Reflect.ownKeys(globalThis).filter((name) => !before.includes(name)).map(String) }));
    `, entry);
    assert.deepEqual({ used, left }, { used: [], left: [] });
  });
}

test("a client before init is refused with one sentence", async () => {
  const error = await run(`
    const { OssicleClient, OssicleError } = await import(pkg);
    try {
      new OssicleClient({ environment: "eu", tenantName: "base", auth: { accessToken: "a" } });
    } catch (error) {
      const { name, code, message, retryable } = error;
      console.log(JSON.stringify({ ours: error instanceof OssicleError && error instanceof Error, name, code, message, retryable }));
    }
  `);
  const message = "await init() before creating an OssicleClient";
  assert.deepEqual(error, { ours: true, name: "OssicleError", code: "not_initialised", message, retryable: false });
});

test("init loads once, and after a failure again", async () => {
  const seen = await run(`
    import { readFileSync } from "node:fs";
    const { default: init, OssicleClient, OssicleError } = await import(pkg);
    const failure = await init({ wasmUrl: new Uint8Array([1, 2, 3]) }).catch((error) => error);
    const bytes = readFileSync(new URL(wasm));
    const restWasmUrl = readFileSync(new URL("ossicle_rest_bg.wasm", wasm));
    const [first, second] = [init({ wasmUrl: bytes, restWasmUrl }), init()];
    await first;
    const client = new OssicleClient({ environment: "eu", tenantName: "base", auth: { accessToken: "a" } });
    const refused = await client.interactions.get("42").catch((error) => error);
    console.log(JSON.stringify({ failure: failure.code, same: first === second, refused: refused.code, ours: refused instanceof OssicleError }));
  `);
  assert.deepEqual(seen, { failure: "network", same: true, refused: "invalid_request", ours: true });
});

test("init of the module that has the wasm inside needs no file, and passes on the same names", async () => {
  const seen = await run(`
    const { default: init, OssicleClient } = await import(pkg);
    await init();
    new OssicleClient({ environment: "eu", tenantName: "base", auth: { accessToken: "a" } });
    console.log(JSON.stringify(Object.keys(await import(pkg))));
  `, "ossicle.inline.js");
  assert.deepEqual(seen, await run("console.log(JSON.stringify(Object.keys(await import(pkg))));"));
});

test("where the bundle does not say where it is, init asks for a folder in one sentence, and takes it", async () => {
  const { outputFiles: [{ text }] } = await build({
    entryPoints: [join(pkg, "ossicle.js")], bundle: true, format: "cjs", write: false, logLevel: "silent",
    // Only a page without workers imports it, and a command's argument has room for so much.
    external: ["./ossicle-here.js"],
  });
  const seen = await run(`
    import { readFileSync } from "node:fs";
    const module = { exports: {} };
    new Function("module", ${JSON.stringify(text)})(module);
    const { default: init, OssicleClient } = module.exports;
    const wasmUrl = readFileSync(new URL(wasm));
    const { code, message } = await init({ wasmUrl }).catch((error) => error);
    await init({ wasmUrl, baseUrl: "https://ehr.example/ossicle/" });
    new OssicleClient({ environment: "eu", tenantName: "base", auth: { accessToken: "a" } });
    console.log(JSON.stringify({ code, message }));
  `);
  assert.deepEqual(seen, { code: "invalid_request", message: "where the package's files are is not known: pass init({ baseUrl })" });
});
