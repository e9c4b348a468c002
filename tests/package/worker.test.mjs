// Streams in workers: a worker that dies; a page that may have none, or is blocked; what a page sees of one, and when.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { open } from "../support/browser.mjs";
import { openFirefox } from "../support/firefox.mjs";
import { EMPTY, startSite } from "../support/site.mjs";

/** A policy without `worker-src`, whose place `script-src` takes, but for one file's sake. */
const POLICY = "<meta http-equiv='Content-Security-Policy' content=\"worker-src 'none'\">";

let site, sandbox, browser;

before(async () => ({ sandbox, browser } = site = await startSite({ "index.html": EMPTY, "strict.html": EMPTY + POLICY })));

after(() => site?.close());

/** Opens a page that has `connected()` and the workers that it made, which run `first` before the package's script. */
async function opened(path = "", first = "", isFirefox = false) {
  const url = `${sandbox.url}/${path}`;
  const firefox = isFirefox && (await openFirefox(url, process.env));
  const { page, close } = firefox ? { page: firefox, close: firefox.close } : await open(browser, url);
  await page.evaluate(async (first) => {
    globalThis.workers = [];
    globalThis.Worker = class extends Worker {
      constructor(url) {
        const both = `${first}; importScripts(${JSON.stringify(String(url))});`;
        super(first ? URL.createObjectURL(new Blob([both], { type: "text/javascript" })) : url);
        workers.push(this);
      }
    };
    const { default: init, OssicleClient } = await import("/pkg/ossicle.js");
    await init();
    globalThis.Client = OssicleClient;
    globalThis.connected = async (options) => {
      const { environment, tenantName } = await (await fetch("/settings.json")).json();
      const client = new OssicleClient({ environment, tenantName, auth: async () => (await fetch("/token", { method: "POST" })).json() });
      const encounter = { identifier: "e-1", status: "planned", type: "consultation" };
      const { interactionId: id } = await client.interactions.create({ encounter });
      const transcription = { primaryLanguage: "en", participants: [{ channel: 0, role: "multiple" }] };
      return client.stream.connect({ id, configuration: { transcription, mode: { type: "transcription" } }, ...options });
    };
  }, first);
  return { page, close };
}

// Each is a way in which a worker ends or fails that the page did not ask for.
const DEATHS = {
  "is terminated": (worker) => worker.terminate(),
  "ends itself": (worker) => worker.postMessage({ test: "close" }),
  "has an exception": (worker) => worker.postMessage({ test: "throw" }),
  "fails at an order": (worker) => worker.postMessage({ order: null }),
  hangs: (worker) => worker.postMessage({ test: "hang" }),
};

// What the workers of these tests run before the package's own script: it does what the message asks.
const FAULTS = `addEventListener("message", (event) => {
  const { test } = event.data;
  if (!test) return;
  event.stopImmediatePropagation();
  if (test === "close") close();
  if (test === "throw") throw new Error("on purpose");
  if (test === "hang") for (;;);
  if (test === "set back") {
    const { now } = Date;
    Date.now = () => now() - 3_600_000;
  }
});`;

/** In Firefox, which runs no audio on a machine without a sound card, one that the browser tells, and one that silence tells. */
const CASES = [
  ...Object.keys(DEATHS).map((manner) => [manner, "Chromium"]),
  ...["is terminated", "hangs"].map((manner) => [manner, "Firefox"]),
];

for (const [manner, browserName] of CASES) {
  // Of one that only hangs the browser says nothing: it is looked for less often.
  const limit = manner === "hangs" ? 3 : 2;
  test(`a worker that ${manner} is noticed within ${limit} seconds and replaced, and the visit goes on: ${browserName}`, { timeout: 60_000 }, async () => {
    const kill = DEATHS[manner];
    const { page, close } = await opened("", FAULTS, browserName === "Firefox");
    const seen = await page.evaluate(async ([kill, isPushed, isOfTrack]) => {
      const stream = await connected({ catchUpRate: 100, audio: { encoding: "pcm" } });
      if (isPushed) {
        let pushed = performance.now();
        setInterval(() => {
          for (; pushed < performance.now(); pushed += 20) stream.pushFrame([new Float32Array(320).fill(0.1)], 16_000);
        }, 20);
      } else {
        const context = new AudioContext({ sampleRate: 16_000 });
        await context.resume();
        const oscillator = new OscillatorNode(context);
        oscillator.start();
        // An order waits for what a track has captured before it.
        const sink = new MediaStreamAudioDestinationNode(context);
        oscillator.connect(sink);
        await stream.attach(isOfTrack ? sink.stream : oscillator);
      }
      const told = [];
      const begun = performance.now();
      stream.on("state", ({ state, reason }) => told.push({ state, reason, at: performance.now() }));
      stream.on("audioDropped", ({ start, end, reason }) => told.push({ start, end, reason }));
      stream.on("error", ({ code }) => told.push({ code }));
      let levels = 0;
      stream.on("level", () => (levels += 1));
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      const died = performance.now();
      const made = workers.length;
      const flushed = stream.flush().then(() => "flushed", ({ code }) => code);
      kill = (0, eval)(kill);
      kill(workers.at(-1));
      while (!told.some(({ state, at }) => state === "streaming" && at > died)) {
        if (performance.now() > died + 20_000) return { told, made };
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      const before = levels;
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      const captured = (performance.now() - begun) / 1_000;
      const stats = stream.stats;
      const { usage, ...summary } = await stream.end();
      const noticed = told.find(({ state }) => state === "reconnecting")?.at - died;
      const back = told.find(({ state, at }) => state === "streaming" && at > died)?.at - died;
      return { told, noticed, back, captured, stats, summary, levels: levels - before, flushed: await flushed, state: stream.state, dropped: stream.dropped, made: workers.length - made };
    }, [String(kill), browserName === "Firefox", manner === "fails at an order"]);
    assert.ok(seen.noticed < limit * 1_000, `noticed after ${seen.noticed} ms: ${JSON.stringify(seen.told)}`);
    assert.ok(seen.back < (limit + 2) * 1_000, `back after ${seen.back} ms`);
    assert.equal(seen.made, 1);
    assert.equal(seen.state, "ended");
    assert.equal(seen.flushed, "flushed");
    assert.ok(seen.levels > 10, "levels are told as before");
    assert.deepEqual(seen.told.filter(({ code }) => code), []);
    assert.deepEqual(seen.told.filter(({ state }) => state).map(({ state }) => state), ["reconnecting", "streaming", "ending", "ended"]);
    // Time goes on as it did, and what is missing of it is named.
    assert.ok(Math.abs(seen.stats.capturedSeconds - seen.captured) < 0.5, `${seen.stats.capturedSeconds} s of ${seen.captured} s`);
    assert.equal(seen.dropped.length, 1);
    const [{ start, end }] = seen.dropped;
    const { capturedSeconds, acknowledgedSeconds, droppedSeconds } = seen.summary.stats;
    assert.ok(Math.abs(end - start - droppedSeconds) < 1e-6 && Math.abs(capturedSeconds - acknowledgedSeconds - droppedSeconds) < 1e-6);
    assert.ok(droppedSeconds < limit + 2.5, `${droppedSeconds} s are lost`);
    await close();
  });
}

test("figures stay current when the machine's clock is set back", { timeout: 60_000 }, async () => {
  const { page, close } = await opened("", FAULTS);
  const [before, after] = await page.evaluate(async () => {
    const stream = await connected({ audio: { encoding: "pcm" } });
    const push = () => stream.pushFrame([new Float32Array(1_600)], 16_000);
    const pushing = setInterval(push, 100);
    const captured = async () => {
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      return stream.stats.capturedSeconds;
    };
    const before = await captured();
    workers.at(-1).postMessage({ test: "set back" });
    const after = await captured();
    clearInterval(pushing);
    stream.close();
    return [before, after];
  });
  assert.ok(after - before > 0.5, `${before} s, and a second later ${after} s`);
  await close();
});

test("frames that are pushed while a worker is replaced are kept as they were", { timeout: 60_000 }, async () => {
  const { page, close } = await opened();
  const levels = await page.evaluate(async () => {
    const stream = await connected({ catchUpRate: 100, audio: { encoding: "pcm" } });
    stream.pushFrame([new Float32Array(1_600).fill(0.1)], 16_000);
    const heard = [];
    stream.on("level", ({ peak }) => heard.push(Math.round(peak)));
    const reconnecting = new Promise((resolve) => stream.on("state", ({ state }) => state === "reconnecting" && resolve()));
    workers.at(-1).terminate();
    await reconnecting;
    // An app may have one array for all its frames.
    const plane = new Float32Array(8_000).fill(0.5);
    stream.pushFrame([plane], 16_000);
    plane.fill(0);
    await stream.end();
    return heard;
  });
  assert.ok(levels.length > 0 && levels.every((peak) => peak === -6), `peaks of ${levels} dBFS`);
  await close();
});

for (const worker of [true, false]) {
  test(`a stream that the app let go of lives on, and when it is over nothing of it is kept: worker ${worker}`, { timeout: 60_000 }, async () => {
    const { page, close } = await opened();
    const devtools = await page.context().newCDPSession(page);
    const collect = () => devtools.send("HeapProfiler.collectGarbage");
    const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
    await page.evaluate(async (worker) => {
      const { signal } = (globalThis.controller = new AbortController());
      const stream = await connected({ worker, abortSignal: signal, audio: { encoding: "pcm" } });
      const context = new AudioContext();
      await context.resume();
      const sink = new MediaStreamAudioDestinationNode(context);
      const oscillator = new OscillatorNode(context);
      oscillator.connect(sink);
      oscillator.start();
      // As a microphone looks to a stream: nothing of the browser keeps it.
      const microphone = { mediaStream: sink.stream, on: () => () => {} };
      await stream.attach(microphone);
      globalThis.held = [new WeakRef(stream), new WeakRef(microphone)];
      globalThis.levels = 0;
      stream.on("level", () => (globalThis.isEnough ? stream.close() : (levels += 1)));
    }, worker);
    await collect();
    const before = await page.evaluate(() => levels);
    await pause(1_500);
    await collect();
    assert.ok((await page.evaluate(() => levels)) > before + 5, "its listeners are called");
    await page.evaluate(() => (globalThis.isEnough = true));
    // The worker has a second to say goodbye.
    await pause(2_500);
    await collect();
    assert.deepEqual(await page.evaluate(() => held.map((one) => one.deref() === undefined)), [true, true], "stream and source are gone");
    await close();
  });
}

test("workers that die one after another end the stream with every promise settled", { timeout: 60_000 }, async () => {
  const { page, close } = await opened();
  const seen = await page.evaluate(async () => {
    const stream = await connected({ audio: { encoding: "pcm" } });
    const told = [];
    for (const event of ["state", "error", "audioDropped"]) stream.on(event, ({ state, code, reason }) => told.push(state ?? code ?? reason));
    stream.pushFrame([new Float32Array(48_000).fill(0.1)], 48_000);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const before = workers.length;
    const kill = () => workers.at(-1).terminate();
    kill();
    const killing = setInterval(kill, 50);
    const waiting = [stream.flush(), stream.end()].map((promise) => promise.catch(({ code }) => code));
    const settled = await Promise.all(waiting);
    clearInterval(killing);
    return { settled, told, state: stream.state, stats: stream.stats, more: workers.length - before };
  });
  // A worker may have lived long enough to say that there is nothing to flush.
  assert.ok(seen.settled[0] === "connection_lost" || seen.settled[0].stats);
  assert.equal(seen.settled[1], "connection_lost");
  assert.deepEqual(seen.told.slice(-2), ["connection_lost", "failed"]);
  assert.equal(seen.state, "failed");
  assert.ok(seen.more >= 1 && seen.more <= 3, `${seen.more} more workers`);
  const { capturedSeconds, acknowledgedSeconds, droppedSeconds, inFlightSeconds, bufferedSeconds } = seen.stats;
  assert.ok(Math.abs(capturedSeconds - acknowledgedSeconds - droppedSeconds) < 1e-6 && inFlightSeconds + bufferedSeconds === 0);
  await close();
});

test("a page that streams with `worker: false` makes no worker", async () => {
  const { page, close } = await opened();
  const seen = await page.evaluate(async () => {
    const stream = await connected({ worker: false, audio: { encoding: "pcm" } });
    await stream.end();
    return [stream.isInWorker, workers.length];
  });
  assert.deepEqual(seen, [false, 0]);
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

test("the wasm of an encoder may be given in any form to a stream in a worker", async () => {
  const forms = {
    "an address relative to the page": () => "pkg/ossicle_flac_bg.wasm",
    "a URL": () => new URL("/pkg/ossicle_flac_bg.wasm", location.href),
    "a request": () => new Request("/pkg/ossicle_flac_bg.wasm"),
    "an answer": () => fetch("/pkg/ossicle_flac_bg.wasm"),
    "bytes": async () => (await fetch("/pkg/ossicle_flac_bg.wasm")).arrayBuffer(),
  };
  for (const [name, form] of Object.entries(forms)) {
    const { page, close } = await open(browser, `${sandbox.url}/`);
    const seen = await page.evaluate(async (form) => {
      const { default: init, OssicleClient } = await import("/pkg/ossicle.js");
      await init({ flacUrl: await (0, eval)(form)() });
      const { environment, tenantName } = await (await fetch("/settings.json")).json();
      const client = new OssicleClient({ environment, tenantName, auth: async () => (await fetch("/token", { method: "POST" })).json() });
      const encounter = { identifier: "e-1", status: "planned", type: "consultation" };
      const { interactionId: id } = await client.interactions.create({ encounter });
      const transcription = { primaryLanguage: "en", participants: [{ channel: 0, role: "multiple" }] };
      const configuration = { transcription, mode: { type: "transcription" } };
      const stream = await client.stream.connect({ id, configuration, worker: true, audio: { encoding: "flac" } });
      const { encoder, isInWorker } = stream;
      stream.close();
      return { encoder, isInWorker };
    }, String(form));
    assert.deepEqual(seen, { encoder: "flac", isInWorker: true }, name);
    await close();
  }
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

test("what a page sees of a stream in a worker is a quarter of a second old at most", async () => {
  const { page, close } = await opened();
  const ages = await page.evaluate(async () => {
    const stream = await connected({ audio: { encoding: "pcm" } });
    const begun = performance.now();
    let pushed = 0;
    const looks = [];
    while (performance.now() < begun + 4_000) {
      // What life brings: ten milliseconds after ten milliseconds.
      for (; pushed < performance.now() - begun; pushed += 10) stream.pushFrame([new Float32Array(160).fill(0.1)], 16_000);
      await new Promise((resolve) => setTimeout(resolve, 10));
      looks.push(performance.now() - begun - stream.stats.capturedSeconds * 1_000);
    }
    await stream.end();
    return looks.slice(50).sort((a, b) => a - b);
  });
  // A machine that stands still for a moment is no matter of ours; what is usual is.
  const usual = ages[Math.floor(ages.length * 0.9)];
  assert.ok(usual <= 270, `${usual} ms`);
  await close();
});

async function headers() {
  const { accessToken } = await (await fetch(`${sandbox.url}/sandbox/token`, { method: "POST" })).json();
  return { Authorization: `Bearer ${accessToken}`, "Tenant-Name": "base" };
}
