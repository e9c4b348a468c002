// The tarball: what npm would publish is the built package and nothing else, in the same bytes whenever and wherever it is packed.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, readFile, readdir, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { pkg } from "../support/browser.mjs";
import { install, pack, tarball } from "../support/tarball.mjs";

let folder;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "ossicle-pack-"));
});

after(() => rm(folder, { recursive: true }));

test("the tarball is the package, file by file", async () => {
  await install(folder);
  const installed = join(folder, "node_modules/ossicle");
  assert.deepEqual((await readdir(installed)).sort(), (await readdir(pkg)).sort());
  for (const name of await readdir(pkg)) {
    const [theirs, ours] = await Promise.all([installed, pkg].map((place) => readFile(join(place, name))));
    assert.ok(theirs.equals(ours), `${name} is as it was built`);
  }
  const { stdout } = await promisify(execFile)("npm", ["ls", "--all", "--parseable", "--offline"], { cwd: folder });
  assert.equal(stdout.trim().split("\n").length, 2, "it brings nothing along");
});

test("the same files packed again, elsewhere and at another time, are the same bytes", async () => {
  const copy = join(folder, "copy");
  await cp(pkg, copy, { recursive: true });
  for (const name of await readdir(copy)) {
    await utimes(join(copy, name), new Date(0), new Date(0));
    await chmod(join(copy, name), 0o644);
  }
  const into = join(folder, "packed");
  await mkdir(into);
  const [again, first] = await Promise.all([pack(copy, into), tarball()].map(async (path) => readFile(await path)));
  assert.ok(again.equals(first));
});
