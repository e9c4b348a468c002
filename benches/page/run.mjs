// What a visit costs the page that it is in, and how old its audio is when it arrives: with this package and with the service's
// official client, @corti/sdk, in the same Chromium, one after the other, each in a browser of its own.
//
//   cargo xtask bench --only page, which builds and starts this:   node benches/page/run.mjs FOLDER
//
// FOLDER gets `page.md`, the section of docs/benchmarks.md, and `page.json`, all figures. `OSSICLE_BENCH_QUICK=1` measures for
// seconds where it is minutes, to see that it runs. `page.mjs` is the page, `ossicle.mjs` and `official.mjs` are the apps.

import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { cpus, setPriority, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { launch, open, pkg } from "../../tests/support/browser.mjs";
import { startSandbox } from "../../tests/support/sandbox.mjs";
import { consultationSpeech } from "../../tests/support/speech.mjs";
import { ages, signal } from "./ages.mjs";
import { inspect } from "./inspector.mjs";
import { section } from "./section.mjs";

const QUICK = Boolean(process.env.OSSICLE_BENCH_QUICK);

/** What is compared. The first is the floor, the second what of it no worker can do without. */
const ROWS = [
  { name: "idle page, open microphone", app: "idle" },
  { name: "the same, four messages a second", app: "messages" },
  { name: "ossicle, on the page", app: "ossicle", worker: false },
  { name: "ossicle, in a worker", app: "ossicle", worker: true },
  { name: "@corti/sdk, MediaRecorder", app: "official", source: "recorder" },
  { name: "@corti/sdk, worklet and PCM", app: "official", source: "worklet" },
];

/** Seconds that an app runs before its costs are counted, and for which they are. */
const [SETTLE, COUNTED] = QUICK ? [2, 8] : [5, 60];

/** Seconds of the sweep that an app sends when nothing blocks the page, and when something does. */
const [FREE, BLOCKED] = QUICK ? [6, 12] : [18, 37];

/** Milliseconds for which the page is blocked, in every so many. */
const BLOCK = { busy: 2_000, every: 5_000 };

/** Minutes of an hour after which its memory is looked at. */
const MINUTES = QUICK ? [1, 2] : [10, 20, 30, 40, 50, 60];

/** Seconds that any one browser may take. */
const LIMIT = 300;

/** Lines of the consultation that are pushed again and again: half a minute. */
const LINES = 6;

const INDEX = '<!doctype html><link rel="icon" href="data:,"><title>A visit</title><script type="module" src="/page.mjs"></script>';
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const SDK = here("../../node_modules/@corti/sdk");
const version = async (folder) => JSON.parse(await readFile(join(folder, "package.json"), "utf8")).version;

/** A page in a browser of its own whose microphone plays `file`; what `use` answers of it. */
async function withPage(sandbox, file, query, use) {
  const browser = await launch("plays", file);
  const limit = new AbortController();
  const late = sleep(LIMIT * 1_000, undefined, { signal: limit.signal }).then(() => {
    throw new Error(`A page took more than ${LIMIT} s.`);
  });
  late.catch(() => {}); // it was in time
  try {
    const { page, complaints } = await open(browser, `${sandbox.url}/${query}`);
    await page.waitForFunction(() => globalThis.ready);
    const answer = await Promise.race([late, inspect(browser, page).then((inspector) => use(page, inspector))]);
    if (complaints.length > 0) throw new Error(`The page complains: ${complaints[0]}`);
    return answer;
  } finally {
    limit.abort();
    await browser.close();
  }
}

/** What the sandbox received of a stream of one socket. */
async function received(sandbox, id) {
  const { sockets } = await (await fetch(`${sandbox.url}/sandbox/streams/${id}`)).json();
  if (sockets.length !== 1) throw new Error(`A visit took ${sockets.length} connections: nothing was to fail.`);
  const audio = Buffer.from(await (await fetch(`${sandbox.url}/sandbox/streams/${id}/audio/0`)).arrayBuffer());
  return { socket: sockets[0], audio };
}

/** What an app costs in a minute of a consultation: milliseconds of the page, bytes on the wire, bytes of memory. */
const costs = (sandbox, speech, row) => withPage(sandbox, speech, "", async (page, { spent, held }) => {
  const { id, encoder, absent } = await page.evaluate((row) => globalThis.begin(row), row);
  if (absent) return { absent };
  await sleep(SETTLE * 1_000);
  const [before, began] = [await spent(), performance.now()];
  await sleep(COUNTED * 1_000);
  const [after, minutes] = [await spent(), (performance.now() - began) / 60_000];
  const { heap, wasm } = await held();
  await page.evaluate(() => globalThis.finish());
  const minute = Object.fromEntries(Object.keys(after).map((name) => [name, (after[name] - before[name]) / minutes]));
  if (!id) return { ...minute, heap, wasm };
  const { socket } = await received(sandbox, id);
  // Who lost audio, or never sent it, is cheap, and no measure.
  if (socket.receivedSeconds < SETTLE + COUNTED - 1) throw new Error(`Of ${row.name} only ${socket.receivedSeconds} s arrived.`);
  return { encoder, ...minute, heap, wasm, bytes: (socket.bytes / socket.receivedSeconds) * 60 };
});

/** How old an app's audio is when it arrives, on a page that is blocked again and again, or is not. */
const arrivals = (sandbox, sweep, row, blocked) => withPage(sandbox, sweep, "?witness", async (page) => {
  const { id } = await page.evaluate((row) => globalThis.begin(row), row);
  if (blocked) await page.evaluate((block) => globalThis.block(block), BLOCK);
  await sleep((blocked ? BLOCKED : FREE) * 1_000);
  await page.evaluate(() => clearInterval(globalThis.blocking));
  const witness = await page.evaluate(() => globalThis.witnessed());
  await page.evaluate(() => globalThis.finish());
  return ages({ witness, ...(await received(sandbox, id)) });
});

/** The memory of a stream in the course of an hour, whose audio is pushed as fast as it is heard. */
const hour = (sandbox, speech, row) => withPage(sandbox, speech, "", async (page, { held }) => {
  const { encoder } = await page.evaluate((row) => globalThis.begin({ ...row, pushed: true }), row);
  const looks = [];
  for (const [n, minutes] of MINUTES.entries()) {
    const seconds = 60 * (minutes - (MINUTES[n - 1] ?? 0));
    const { stats, transcript } = await page.evaluate((seconds) => globalThis.push(seconds), seconds);
    if (stats.droppedSeconds > 0) throw new Error(`${stats.droppedSeconds} s were dropped: that hour is none.`);
    looks.push({ minutes, transcript, ...(await held()) });
  }
  await page.evaluate(() => globalThis.finish());
  return { encoder, looks };
});

/** Goes before other programs, and with it all that it starts, where that is allowed: sound is in real time. */
function hurry() {
  try {
    setPriority(-10);
  } catch {
    // Only root may. Everyone else does without.
  }
}

hurry();
const work = await mkdtemp(join(tmpdir(), "ossicle-page-"));
const out = process.argv[2];
if (!out) throw new Error("Say which folder the figures go to.");
const closing = [() => rm(work, { recursive: true, force: true })];
try {
  await mkdir(out, { recursive: true });
  await writeFile(join(work, "index.html"), INDEX);
  for (const file of ["page.mjs", "ossicle.mjs"]) await copyFile(here(file), join(work, basename(file)));
  const official = { entryPoints: [here("official.mjs")], outfile: join(work, "official.mjs"), logLevel: "error" };
  await build({ ...official, bundle: true, minify: true, format: "esm", platform: "browser" });
  await copyFile(await consultationSpeech({ lines: LINES }), join(work, "speech.wav"));
  const [speech, sweep] = [await consultationSpeech(), await signal(work)];
  const sandbox = await startSandbox({ www: work, pkg });
  closing.push(sandbox.stop);

  const results = [];
  for (const row of ROWS) {
    const started = performance.now();
    const result = { ...row, costs: await costs(sandbox, speech, row) };
    if (row.app !== "idle" && row.app !== "messages" && !result.costs.absent) {
      result.free = await arrivals(sandbox, sweep, row, false);
      result.blocked = await arrivals(sandbox, sweep, row, true);
      if (row.app === "ossicle") result.hour = await hour(sandbox, speech, row);
    }
    results.push(result);
    console.error(`${row.name}: ${result.costs.absent ?? `${Math.round((performance.now() - started) / 1_000)} s`}`);
  }

  const browser = await launch();
  const chromium = browser.version();
  await browser.close();
  const { model } = cpus()[0] ?? { model: "unknown processor" };
  const where = {
    date: new Date().toISOString().slice(0, 10),
    machine: `${model.trim()}, ${cpus().length} cores`,
    versions: `ossicle ${await version(pkg)}, @corti/sdk ${await version(SDK)}, Chromium ${chromium}, headless`,
    seconds: { counted: COUNTED, free: FREE, blocked: BLOCKED, block: BLOCK },
  };
  await writeFile(join(out, "page.json"), JSON.stringify({ where, results }, undefined, 1));
  await writeFile(join(out, "page.md"), section(where, results));
} finally {
  for (const end of closing.reverse()) await end();
}
