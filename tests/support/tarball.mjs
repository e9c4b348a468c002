// The tarball that npm would publish, and projects that have installed it.

import { execFile } from "node:child_process";
import { mkdtemp, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { pkg } from "./browser.mjs";

const run = promisify(execFile);

/** Packs a package's folder into another folder; answers the tarball's path. */
export async function pack(folder, into) {
  await run("npm", ["pack", "--ignore-scripts", "--pack-destination", into, folder]);
  const [name] = (await readdir(into)).filter((file) => file.endsWith(".tgz"));
  return join(into, name);
}

/** The tarball of the built package: `OSSICLE_TARBALL`, else one that is packed now. */
export async function tarball() {
  return process.env.OSSICLE_TARBALL ?? pack(pkg, await mkdtemp(join(tmpdir(), "ossicle-tarball-")));
}

/** Installs the tarball into a project that has nothing else. Nothing is fetched: the package depends on nothing. */
export async function install(project) {
  const quiet = ["--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
  await run("npm", ["install", ...quiet, await tarball()], { cwd: project });
}
