// The types as a user's compiler finds them: by the package's name, under every way of resolving modules.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { pkg } from "../support/browser.mjs";
import { install } from "../support/tarball.mjs";

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const TSC = path("../../node_modules/typescript/bin/tsc");

let folder;

/** Compiles the project in the folder; answers the compiler's complaints. */
async function complaints(module, moduleResolution, { include = ["types/*.ts"], ...extra } = {}) {
  const { compilerOptions } = JSON.parse(await readFile(path("tsconfig.json"), "utf8"));
  const { paths, ...options } = compilerOptions;
  assert.ok(paths, "the project in the repository finds the package by a path, this one by its name");
  const config = { compilerOptions: { ...options, module, moduleResolution, ...extra }, include };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
  const run = promisify(execFile)(process.execPath, [TSC, "--project", folder]);
  return run.then(() => "", ({ stdout, stderr }) => stdout + stderr);
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "ossicle-types-"));
  await cp(path("types"), join(folder, "types"), { recursive: true });
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  await install(folder);
});

after(() => rm(folder, { recursive: true }));

for (const [module, moduleResolution] of [["preserve", "bundler"], ["node16", "node16"], ["nodenext", "nodenext"]]) {
  test(`a user compiles with moduleResolution ${moduleResolution}`, async () => {
    assert.equal(await complaints(module, moduleResolution), "");
  });
}

test("an app needs no newer library than that of ES2022", async () => {
  await writeFile(join(folder, "app.ts"), 'import { OssicleClient } from "ossicle";\nexport const close = (client: OssicleClient): void => client.free();\n');
  assert.equal(await complaints("preserve", "bundler", { lib: ["es2022", "dom"], include: ["app.ts"] }), "");
});

test("a mistake in a user's code is found", async (context) => {
  const wrong = join(folder, "types", "wrong.ts");
  context.after(() => rm(wrong));
  await writeFile(wrong, 'import { OssicleClient } from "ossicle";\nnew OssicleClient({ environment: 7 });\n');
  assert.match(await complaints("preserve", "bundler"), /types\/wrong\.ts\(2,\d+\): error/);
});

test("the types name no type that is a hole", async () => {
  const types = (await readFile(join(pkg, "ossicle.d.ts"), "utf8")).replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
  assert.doesNotMatch(types, /\bany\b|\bFunction\b|\bObject\b/);
});
