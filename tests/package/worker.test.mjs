// Streams in workers: the browser tests as they are, against the built package; a worker that dies; a page that may have none.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { launch, open, pkg } from "../support/browser.mjs";
import { startSandbox } from "../support/sandbox.mjs";

const tests = fileURLToPath(new URL("../browser", import.meta.url));
const FILES = ["stream", "network", "bytes", "opus", "capture", "warnings"];

/** What is not so in the package. */
const NOT_HERE = ["a_codec_that_nothing_loads_is_unsupported"];

/** A policy without `worker-src`, whose place `script-src` takes, but for one file's sake. */
const POLICY = "<meta http-equiv='Content-Security-Policy' content=\"worker-src 'none'\">";

let folder, sandbox, browser;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "ossicle-worker-"));
  const page = '<!doctype html><link rel="icon" href="data:,"><title>A page</title>';
  await writeFile(join(folder, "index.html"), page);
  await writeFile(join(folder, "strict.html"), page + POLICY);
  sandbox = await startSandbox({ www: folder, pkg });
  browser = await launch("beeps");
});

after(async () => {
  await browser?.close();
  await sandbox?.stop();
  if (folder) await rm(folder, { recursive: true });
});

/** Opens a page that has `client()`, whose streams are in workers, and the workers that it made. */
async function opened(path = "") {
  const { page, close } = await open(browser, `${sandbox.url}/${path}`);
  await page.evaluate(async () => {
    globalThis.workers = [];
    globalThis.Worker = class extends Worker {
      constructor(url) {
        super(url);
        workers.push(this);
      }
    };
    const { default: init, OssicleClient } = await import("/pkg/ossicle.js");
    await init();
    globalThis.Client = class extends OssicleClient {
      get stream() {
        const streams = super.stream;
        const there = (options) => (options?.constructor === Object ? { ...options, worker: true } : options);
        return { connect: (options) => streams.connect(there(options)) };
      }
    };
    globalThis.connected = async (options) => {
      const { environment, tenantName } = await (await fetch("/settings.json")).json();
      const client = new Client({ environment, tenantName, auth: async () => (await fetch("/token", { method: "POST" })).json() });
      const encounter = { identifier: "e-1", status: "planned", type: "consultation" };
      const { interactionId: id } = await client.interactions.create({ encounter });
      const transcription = { primaryLanguage: "en", participants: [{ channel: 0, role: "multiple" }] };
      return client.stream.connect({ id, configuration: { transcription, mode: { type: "transcription" } }, ...options });
    };
  });
  return { page, close };
}

for (const file of FILES) {
  test(`what holds on the page holds in a worker: ${file}`, { timeout: 180_000 }, async (context) => {
    const [text, bench] = await Promise.all([`${file}.js`, "bench.js"].map((name) => readFile(join(tests, name), "utf8")));
    const names = [...text.matchAll(/^export async function (\w+)/gm)].map(([, name]) => name);
    assert.ok(names.length > 0);
    const { page, close } = await opened();
    await page.evaluate(async ([bench, url]) => {
      const { run } = await import(URL.createObjectURL(new Blob([bench], { type: "text/javascript" })));
      globalThis.runTest = (file, text, name) => run(file, text, name, url, Client);
    }, [bench, sandbox.url]);
    for (const name of names.filter((name) => !NOT_HERE.includes(name))) {
      await context.test(name, async () => {
        const outcome = await page.evaluate(([file, text, name]) => {
          const late = new Promise((resolve) => setTimeout(resolve, 30_000, "it does not end"));
          return Promise.race([late, runTest(file, text, name).then(() => "passed", (error) => String(error.stack ?? error))]);
        }, [`tests/browser/${file}.js`, text, name]);
        assert.equal(outcome, "passed");
      });
    }
    assert.ok(await page.evaluate(() => workers.length > 0), "there were workers");
    await close();
  });
}

test("a worker that dies is noticed within two seconds, and the stream fails with every promise settled", async () => {
  const { page, close } = await opened();
  const seen = await page.evaluate(async () => {
    const stream = await connected({ catchUpRate: 100, audio: { encoding: "pcm" } });
    const told = [];
    for (const event of ["state", "error", "audioDropped"]) stream.on(event, ({ state, code, reason }) => told.push(state ?? code ?? reason));
    stream.pushFrame([new Float32Array(48_000).fill(0.1)], 48_000);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const { inFlightSeconds, bufferedSeconds } = stream.stats;
    const waiting = [stream.flush(), stream.end()].map((promise) => promise.catch(({ code }) => code));
    const died = performance.now();
    workers.at(-1).terminate();
    const settled = await Promise.all(waiting);
    return { took: performance.now() - died, settled, told, state: stream.state, stats: stream.stats, dropped: stream.dropped, held: inFlightSeconds + bufferedSeconds };
  });
  assert.ok(seen.took < 2_000, `${seen.took} ms`);
  assert.deepEqual(seen.settled, ["connection_lost", "connection_lost"]);
  assert.deepEqual(seen.told.slice(-3), ["the worker was lost", "connection_lost", "failed"]);
  assert.equal(seen.state, "failed");
  assert.ok(seen.held > 0.9, `${seen.held} s were held`);
  const { capturedSeconds, acknowledgedSeconds, droppedSeconds, inFlightSeconds, bufferedSeconds } = seen.stats;
  assert.ok(Math.abs(capturedSeconds - acknowledgedSeconds - droppedSeconds) < 1e-6 && inFlightSeconds + bufferedSeconds === 0);
  assert.equal(seen.dropped.length, 1);
  await close();
});

test("where the page's policy forbids workers the stream is on the page, and the first one says so", async () => {
  const { page, close } = await opened("strict.html");
  const seen = await page.evaluate(async () => {
    const streams = [];
    for (let n = 0; n < 2; n++) {
      const before = performance.now();
      const stream = await connected({ audio: { encoding: "pcm" } });
      const warnings = [];
      stream.on("warning", ({ code }) => warnings.push(code));
      await new Promise((resolve) => setTimeout(resolve, 100));
      const { stats } = await stream.end();
      streams.push({ isInWorker: stream.isInWorker, warnings, state: stream.state, took: performance.now() - before, stats });
    }
    return { streams, made: workers.length };
  });
  assert.deepEqual(seen.streams.map(({ isInWorker, warnings, state }) => [isInWorker, warnings, state]), [[false, ["no-worker"], "ended"], [false, [], "ended"]]);
  assert.ok(seen.made <= 1, "it is tried once");
  await close();
});

test("a page that is blocked delays nothing that was captured", async () => {
  const { page, close } = await opened();
  const id = await page.evaluate(async () => {
    const stream = await connected({ audio: { encoding: "pcm" } });
    const context = new AudioContext();
    await context.resume();
    const sink = new MediaStreamAudioDestinationNode(context);
    const oscillator = new OscillatorNode(context);
    oscillator.connect(sink);
    oscillator.start();
    await stream.attach(sink.stream);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    globalThis.stream = stream;
    globalThis.blocked = [Date.now(), Date.now() + 2_000];
    while (Date.now() < blocked[1]);
    await new Promise((resolve) => setTimeout(resolve, 500));
    await stream.end();
    return stream.isInWorker;
  });
  assert.equal(id, true);
  const [from, until] = await page.evaluate(() => blocked);
  const { requests } = await (await fetch(`${sandbox.url}/sandbox/requests?path=/v2/interactions`)).json();
  const interactions = requests.filter(({ method }) => method === "POST");
  assert.ok(interactions.length > 0);
  const all = await (await fetch(`${sandbox.url}/v2/interactions/?pageSize=1`, { headers: await headers() })).json();
  const { sockets } = await (await fetch(`${sandbox.url}/sandbox/streams/${all.interactions[0].id}`)).json();
  const meanwhile = sockets[0].chunkAt.filter((at) => at > from + 300 && at < until);
  // Four a second, but for what a busy machine holds up.
  assert.ok(meanwhile.length >= 5, `${meanwhile.length} messages came while the page was blocked`);
  await close();
});

async function headers() {
  const { accessToken } = await (await fetch(`${sandbox.url}/sandbox/token`, { method: "POST" })).json();
  return { Authorization: `Bearer ${accessToken}`, "Tenant-Name": "base" };
}
