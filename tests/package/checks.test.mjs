// What others have learnt about packages, as programs: publint, "Are the types wrong?", and TypeDoc, of which no warning is left.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { pkg } from "../support/browser.mjs";
import { tarball } from "../support/tarball.mjs";

const path = (name) => fileURLToPath(new URL(`../../${name}`, import.meta.url));

/** Runs a script of Node's; answers whether it succeeded, and all that it printed. */
async function run(script, ...args) {
  const settled = promisify(execFile)(process.execPath, [path(script), ...args], { env: { ...process.env, NO_COLOR: "1" } });
  const { code = 0, stdout, stderr } = await settled.catch((error) => error);
  return { code, printed: stdout + stderr };
}

test("publint finds nothing in the tarball", async () => {
  const { code, printed } = await run("node_modules/publint/src/cli.js", "run", await tarball(), "--strict");
  assert.equal(code, 0, printed);
  assert.match(printed, /All good!/);
});

test("every module of the tarball has types that are right, for those who import modules", async () => {
  const { exports } = JSON.parse(await readFile(join(pkg, "package.json"), "utf8"));
  // The other entries are files for a page to load, which nobody imports.
  const entries = Object.keys(exports).filter((name) => exports[name].types);
  assert.deepEqual(entries, [".", "./inline", "./react", "./element", "./global"]);
  const options = ["--profile", "esm-only", "--no-definitely-typed", "--format", "json", "--entrypoints", ...entries];
  const { code, printed } = await run("node_modules/@arethetypeswrong/cli/dist/index.js", await tarball(), ...options);
  assert.equal(code, 0, printed);
  assert.deepEqual(Object.keys(JSON.parse(printed).analysis.entrypoints), entries, "it has looked at each of them");
});

test("every public name has a comment, and the site of the API is built without a warning", async () => {
  const { code, printed } = await run("docs/typedoc/build.mjs");
  assert.equal(code, 0, printed);
  for (const name of ["classes/ossicle.OssicleClient", "functions/ossicle_react.useVisit", "classes/ossicle_element.OssicleVisitElement"]) {
    assert.ok(existsSync(path(`docs/api/${name}.html`)), name);
  }
});
