// The packed package in the projects of this folder: installed, built with nothing but the configuration that README shows, opened,
// and heard by the sandbox, from the page and from a worker.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { launch, open } from "../../support/browser.mjs";
import { serve } from "../../support/files.mjs";
import { startSandbox } from "../../support/sandbox.mjs";
import { install, tarball } from "../../support/tarball.mjs";
import { HANG } from "../limits.mjs";

const run = promisify(execFile);
const here = fileURLToPath(new URL(".", import.meta.url));
/** Where the projects are built, with what they depend on: it outlives the test. */
const work = process.env.OSSICLE_BUNDLERS ?? fileURLToPath(new URL("../../../target/bundlers", import.meta.url));
const module = (name) => join(work, "node_modules", name);

/** Milliseconds for one project; the slowest takes a tenth of it. */
const LIMIT = { timeout: 180_000 };

let sandbox, browser;

before(async () => {
  await prepare();
  sandbox = await startSandbox();
  browser = await launch("beeps");
}, { timeout: 900_000 });

after(async () => {
  await browser?.close();
  await sandbox?.stop();
});

/**
 * Puts the projects into `work`, with what their lock file names and the tarball as it is now. The part `install` of the checks may have
 * installed the former just before.
 */
async function prepare() {
  const read = (path) => readFile(path, "utf8").catch(() => "");
  const [wanted, there, installed] = await Promise.all([
    read(join(here, "package-lock.json")), read(join(work, "package-lock.json")), read(join(work, "node_modules/.package-lock.json")),
  ]);
  await mkdir(work, { recursive: true });
  for (const name of await readdir(work)) if (name !== "node_modules") await rm(join(work, name), { recursive: true });
  await cp(here, work, { recursive: true, filter: (path) => basename(path) !== "node_modules" });
  // npm writes its own lock file last: where that is, the rest is whole.
  if (installed === "" || there !== wanted) await run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: work });
  // npm would look up all that the projects depend on once more: it installs the tarball in an empty project, as a user has it.
  const alone = await mkdtemp(join(tmpdir(), "ossicle-alone-"));
  await writeFile(join(alone, "package.json"), '{ "private": true }');
  await install(alone);
  await rm(module("ossicle"), { recursive: true, force: true });
  await cp(join(alone, "node_modules/ossicle"), module("ossicle"), { recursive: true });
  await rm(alone, { recursive: true });
}

/** How a program that npm installed is run in a project's folder. */
const program = (name, project) => [join(work, "node_modules/.bin", name), {
  cwd: join(work, project), env: { ...process.env, CI: "1", NO_COLOR: "1", NEXT_TELEMETRY_DISABLED: "1" },
}];

/** Runs a program to its end. */
async function tool(name, project, ...args) {
  const [path, options] = program(name, project);
  await run(path, args, { ...options, maxBuffer: 1 << 24 });
}

/** Copies files of the installed package: what a tool that knows no files is told to do. */
async function copy(pattern, into) {
  for (const name of await readdir(module("ossicle"))) if (pattern.test(name)) await cp(join(module("ossicle"), name), join(into, name));
}

/** A page that loads one script. */
const page = (attributes) => `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>A page</title><script ${attributes}></script>`;

/** Opens the page at `url` and streams from it, first on the page and then in a worker. */
async function heard(url, encoding) {
  const opened = await open(browser, url);
  await opened.page.waitForFunction(() => globalThis.visit);
  for (const worker of [false, true]) {
    const visit = await opened.page.evaluate((options) => globalThis.visit(options).catch(({ message, cause }) => ({ message, cause: String(cause) })), { sandbox: sandbox.url, worker, audio: { encoding } });
    const { id, seconds, ...seen } = visit;
    const encoder = encoding === "auto" ? "opus-native" : encoding;
    assert.deepEqual(seen, { encoder, isInWorker: worker, state: "ended" });
    assert.ok(seconds >= 1, `${seconds} s were acknowledged`);
    const { sockets } = await (await fetch(`${sandbox.url}/sandbox/streams/${id}`)).json();
    assert.equal(sockets.length, 1, "the sandbox knows the stream");
  }
  assert.deepEqual(opened.complaints, []);
  await opened.close();
}

/** As `heard`, from a folder of files. */
async function heardFrom(folder, encoding = "flac", path = "") {
  const files = await serve(folder);
  await heard(`${files.url}/${path}`, encoding).finally(files.close);
}

/** Starts a program that serves, and answers its address once it can be reached, and how to stop it. */
async function started(name, project, ...args) {
  const port = await freePort();
  const [path, options] = program(name, project);
  const child = spawn(path, [...args, "--port", String(port)], { ...options, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const pipe of [child.stdout, child.stderr]) pipe.on("data", (data) => (said += data));
  const exited = new Promise((resolve) => child.once("close", resolve));
  const url = `http://localhost:${port}`;
  const stop = () => (child.kill("SIGKILL"), exited);
  for (const end = Date.now() + HANG; ; await new Promise((resolve) => setTimeout(resolve, 100))) {
    if (await fetch(url).then(({ ok }) => ok, () => false)) return { url, stop };
    if (Date.now() > end || child.exitCode !== null) return stop().then(() => assert.fail(`${name} serves nothing: ${said}`));
  }
}

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

test("Vite builds it", LIMIT, async () => {
  await tool("vite", "vite", "build");
  await heardFrom(join(work, "vite/dist"));
});

test("Vite serves it in development", LIMIT, async () => {
  const vite = await started("vite", "vite", "--strictPort");
  await heard(vite.url, "flac").finally(vite.stop);
});

test("webpack builds it without any configuration", LIMIT, async () => {
  await tool("webpack", "webpack");
  await writeFile(join(work, "webpack/dist/index.html"), page('src="main.js"'));
  await heardFrom(join(work, "webpack/dist"));
});

for (const [name, ...args] of [
  ["esbuild", "../main.js", "../inline.js", "--bundle", "--format=esm", "--outdir=dist"],
  ["rollup", "-c"],
]) {
  test(`${name} builds it, with the package's files beside the bundle or inside`, LIMIT, async () => {
    await tool(name, name, ...args);
    const dist = join(work, name, "dist");
    await writeFile(join(dist, "inline.html"), page('type="module" src="inline.js"'));
    await heardFrom(dist, "auto", "inline.html");
    await writeFile(join(dist, "index.html"), page('type="module" src="main.js"'));
    await copy(/^ossicle(-work|-rest|.*\.wasm$)/, dist);
    await heardFrom(dist);
  });
}

test("Parcel builds it without any configuration", LIMIT, async () => {
  await tool("parcel", "parcel", "build", "index.html", "--no-source-maps");
  await heardFrom(join(work, "parcel/dist"));
});

test("Next.js renders it on the server and runs it on the client, without any configuration", LIMIT, async () => {
  await tool("next", "next", "build");
  const next = await started("next", "next", "start");
  try {
    assert.match(await (await fetch(next.url)).text(), /rendered on the server/);
    await heard(next.url, "flac");
  } finally {
    await next.stop();
  }
});

test("Angular builds it, with the package's files as assets", LIMIT, async () => {
  await tool("ng", "", "build");
  await heardFrom(join(work, "angular/dist"));
});

/** The page's own part as a script tag holds it. */
const own = async () => (await readFile(join(here, "page.js"), "utf8")).replace("export function", "function");

/** A page with a script tag, in a folder that holds nothing else. */
async function scriptTag(name) {
  const folder = join(work, name);
  await mkdir(folder, { recursive: true });
  await copy(/^ossicle\.global\.js$/, folder);
  const script = `<script>${await own()}\noffer(ossicle.init, ossicle.OssicleClient);</script>`;
  await writeFile(join(folder, "index.html"), page('src="ossicle.global.js"') + script);
  return folder;
}

test("a script tag works from a server", LIMIT, async () => heardFrom(await scriptTag("from-server"), "auto"));

test("a script tag works from disk", LIMIT, async () => {
  const folder = await scriptTag("from-disk");
  await heard(pathToFileURL(join(folder, "index.html")).href, "auto");
});

test("an import map finds it without any tool", LIMIT, async () => {
  const folder = join(work, "import-map");
  await mkdir(join(folder, "ossicle"), { recursive: true });
  await copy(/^ossicle(\.js|-work|-here|-rest|.*\.wasm$)/, join(folder, "ossicle"));
  for (const name of ["main.js", "page.js"]) await cp(join(here, name), join(folder, name));
  const map = '<script type="importmap">{ "imports": { "ossicle": "./ossicle/ossicle.js" } }</script>';
  await writeFile(join(folder, "index.html"), map + page('type="module" src="main.js"'));
  await heardFrom(folder);
});

test("what was installed is the tarball, and no project brought another", async () => {
  const { stdout } = await run("tar", ["-tzf", await tarball()]);
  const packed = stdout.trim().split("\n").map((path) => path.replace(/^package\//, ""));
  assert.deepEqual((await readdir(module("ossicle"))).sort(), packed.sort());
});

test("README shows what the projects are configured with, and they are configured with nothing else", async () => {
  const [readme, angular, main] = await Promise.all(["../../../README.md", "angular.json", "angular/src/main.ts"].map((name) => readFile(join(here, name), "utf8")));
  const shown = /"assets": \[.*?\]/.exec(readme)?.[0];
  assert.ok(shown && angular.includes(shown), "the assets of angular.json");
  const call = /and `(init\(.*?\))` \|/.exec(readme)?.[1];
  assert.ok(call && main.includes(call), "the call of init");
  for (const [project, files] of Object.entries({ vite: ["index.html", "main.js"], parcel: ["index.html", "main.js"], webpack: ["webpack.config.js"], next: ["app"] })) {
    assert.deepEqual((await readdir(join(here, project))).sort(), [...files, "package.json"].sort(), project);
  }
});
