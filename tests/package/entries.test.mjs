// The optional entries cost nothing where they are not used, and little where they are.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { brotliCompressSync } from "node:zlib";
import { build } from "esbuild";
import { pkg } from "../support/browser.mjs";

/** Bytes, brotli-compressed, of an entry with all that it brings: one tenth above the present size. */
const BUDGETS = { "ossicle-react.js": 3_900, "ossicle-element.js": 9_200 };

/** What tells an entry's code from any other. */
const MARKS = { "ossicle-react.js": "useSyncExternalStore", "ossicle-element.js": "ossicle-visit" };

let folder;

before(async () => (folder = await mkdtemp(join(tmpdir(), "ossicle-entries-"))));
after(() => rm(folder, { recursive: true }));

const read = (name) => readFile(join(pkg, name), "utf8");

/** An app's script, bundled and minified, and the files of the package that are in it. */
async function app(contents) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: contents.replaceAll("PKG", pkg.replaceAll("\\", "/")), resolveDir: folder },
    bundle: true, minify: true, format: "esm", write: false, metafile: true, external: ["react"], logLevel: "error",
  });
  const files = Object.values(metafile.outputs)[0].inputs;
  const has = (name) => Object.entries(files).some(([file, { bytesInOutput }]) => file.endsWith(name) && bytesInOutput > 0);
  return { text: outputFiles[0].text, has };
}

test("the entry of the SDK imports nothing, and has nothing of the optional ones in it", async () => {
  for (const name of ["ossicle.js", "ossicle.global.js", "ossicle-worker.js"]) {
    const text = await read(name);
    for (const mark of Object.values(MARKS)) assert.equal(text.includes(mark), false, `${name}: ${mark}`);
    assert.equal(/(?:^|[;}])import\s*[\w{*"']/.test(text), false, name);
  }
});

test("the hooks import React and nothing else, the element nothing at all", async () => {
  const imports = (text) => [...text.matchAll(/\b(?:import|from)\s*\(?\s*"([^"]+)"/g)].map(([, name]) => name);
  assert.deepEqual(imports(await read("ossicle-react.js")), ["react"]);
  assert.match(await read("ossicle-react.js"), /^"use client";/, "a server component may import them");
  assert.deepEqual(imports(await read("ossicle-element.js")), []);
});

test("an app that uses neither has no byte of them, and an import alone brings the element", async () => {
  const plain = await app('import init, { OssicleClient } from "PKG/ossicle.js"; init().then(() => new OssicleClient({}));');
  for (const [name, mark] of Object.entries(MARKS)) assert.deepEqual([plain.has(name), plain.text.includes(mark)], [false, false], name);
  // What a bundler leaves out of an app that asks for it is as bad.
  const element = await app('import "PKG/ossicle-element.js";');
  assert.deepEqual([element.has("ossicle-element.js"), element.has("ossicle.js")], [true, false]);
  const unused = await app('import { useVisit } from "PKG/ossicle-react.js";');
  assert.equal(unused.has("ossicle-react.js"), false, "the hooks have no effect of their own");
});

for (const [name, budget] of Object.entries(BUDGETS)) {
  test(`${name} stays within its budget`, async (context) => {
    const names = WebAssembly.Module.customSections(new WebAssembly.Module(await readFile(join(pkg, "ossicle_bg.wasm"))), "name");
    if (names.length > 0) return context.skip("a development build: its wasm holds the names of functions");
    const size = brotliCompressSync(await read(name)).length;
    context.diagnostic(`${size} of ${budget} bytes`);
    assert.ok(size <= budget, `${size} bytes are more than ${budget}`);
  });
}
