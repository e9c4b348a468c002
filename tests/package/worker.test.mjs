// Streams in workers: a worker that dies; a page that may have none, or is blocked; what a page sees of one, and when.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { open } from "../support/browser.mjs";
import { openFirefox } from "../support/firefox.mjs";
import { EMPTY, startSite } from "../support/site.mjs";
import { HANG, LIMIT } from "./limits.mjs";

/** A policy without `worker-src`, whose place `script-src` takes, but for one file's sake. */
const POLICY = "<meta http-equiv='Content-Security-Policy' content=\"worker-src 'none'\">";

let site, sandbox, browser;

before(async () => ({ sandbox, browser } = site = await startSite({ "index.html": EMPTY, "strict.html": EMPTY + POLICY })));

after(() => site?.close());

/** Opens a page that has `until(found)`, which waits until that answers something, `connected()` and the workers that it made, which run `first` before the package's script. */
async function opened(path = "", first = "", isFirefox = false) {
  const url = `${sandbox.url}/${path}`;
  const firefox = isFirefox && (await openFirefox(url, process.env));
  const { page, close } = firefox ? { page: firefox, close: firefox.close } : await open(browser, url);
  await page.evaluate(async (first) => {
    globalThis.until = async (found) => {
      for (let result; ; await new Promise((resolve) => setTimeout(resolve, 20))) if ((result = await found())) return result;
    };
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
      const stream = await client.stream.connect({ id, configuration: { transcription, mode: { type: "transcription" } }, ...options });
      return Object.assign(stream, { interaction: id });
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
  // How soon, `line.test.mjs` says.
  test(`a worker that ${manner} is noticed and replaced, and the visit goes on: ${browserName}`, LIMIT, async () => {
    const kill = DEATHS[manner];
    const { page, close } = await opened("", FAULTS, browserName === "Firefox");
    const seen = await page.evaluate(async ([kill, isPushed, isOfTrack]) => {
      const stream = await connected({ catchUpRate: 100, audio: { encoding: "pcm" } });
      // What there is to capture, in seconds of at least so much and at most so much.
      let pushed = 0, least, most, pushing;
      if (isPushed) {
        const begun = performance.now();
        pushing = setInterval(() => {
          for (; pushed < performance.now() - begun; pushed += 20) stream.pushFrame([new Float32Array(320).fill(0.1)], 16_000);
        }, 20);
        least = most = () => pushed / 1_000;
      } else {
        const context = new AudioContext({ sampleRate: 16_000 });
        await context.resume();
        const first = { played: context.currentTime, passed: performance.now() };
        most = () => Math.max(context.currentTime - first.played, (performance.now() - first.passed) / 1_000);
        const oscillator = new OscillatorNode(context);
        oscillator.start();
        // An order waits for what a track has captured before it.
        const sink = new MediaStreamAudioDestinationNode(context);
        oscillator.connect(sink);
        await stream.attach(isOfTrack ? sink.stream : oscillator);
        const attached = context.currentTime;
        least = () => context.currentTime - attached;
      }
      const told = [];
      stream.on("state", ({ state, reason }) => told.push({ state, reason }));
      stream.on("audioDropped", ({ start, end, reason }) => told.push({ start, end, reason }));
      stream.on("error", ({ code }) => told.push({ code }));
      let levels = 0;
      stream.on("level", () => (levels += 1));
      await until(() => levels > 10);
      const made = workers.length;
      const kept = stream.stats.acknowledgedSeconds;
      const flushed = stream.flush().then(() => "flushed", ({ code }) => code);
      kill = (0, eval)(kill);
      kill(workers.at(-1));
      await until(() => told.some(({ state }) => state === "streaming"));
      const back = most();
      // Levels are told as before.
      const before = levels;
      await until(() => levels > before + 10);
      clearInterval(pushing);
      const bounds = [least()];
      const { usage, ...summary } = await stream.end();
      bounds.push(most());
      return { told, kept, back, bounds, summary, flushed: await flushed, state: stream.state, dropped: stream.dropped, made: workers.length - made };
    }, [String(kill), browserName === "Firefox", manner === "fails at an order"]);
    assert.equal(seen.made, 1);
    assert.equal(seen.state, "ended");
    assert.equal(seen.flushed, "flushed");
    assert.deepEqual(seen.told.filter(({ code }) => code), []);
    assert.deepEqual(seen.told.filter(({ state }) => state).map(({ state }) => state), ["reconnecting", "streaming", "ending", "ended"]);
    assert.equal(seen.dropped.length, 1);
    const [{ start, end }] = seen.dropped;
    const { capturedSeconds, acknowledgedSeconds, droppedSeconds } = seen.summary.stats;
    // Time goes on as it did, and what is missing of it is named: nothing that was acknowledged, nor what came after the next worker.
    const [least, most] = seen.bounds;
    assert.ok(capturedSeconds > least - 0.5 && capturedSeconds < most + 0.5, `${capturedSeconds} s were captured, of ${least} to ${most} s`);
    assert.ok(start >= seen.kept - 1e-6 && end < seen.back + 0.5, `${start} to ${end} s are lost, after ${seen.kept} and before ${seen.back} s`);
    assert.ok(Math.abs(end - start - droppedSeconds) < 1e-6 && Math.abs(capturedSeconds - acknowledgedSeconds - droppedSeconds) < 1e-6);
    await close();
  });
}

test("figures stay current when the machine's clock is set back", LIMIT, async () => {
  const { page, close } = await opened("", FAULTS);
  const last = await page.evaluate(async () => {
    const stream = await connected({ audio: { encoding: "pcm" } });
    let pushed = 0;
    const push = () => stream.pushFrame([new Float32Array(1_600)], 16_000, (pushed += 0.1));
    for (let n = 0; n < 5; n++) push();
    await until(() => stream.stats.capturedSeconds > 0.45);
    workers.at(-1).postMessage({ test: "set back" });
    for (let n = 0; n < 5; n++) push();
    await until(() => stream.stats.capturedSeconds > 0.95);
    const { state } = stream;
    stream.close();
    return state;
  });
  assert.equal(last, "streaming");
  await close();
});

test("frames that are pushed while a worker is replaced are kept as they were", LIMIT, async () => {
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
  test(`a stream that the app let go of lives on, and when it is over nothing of it is kept: worker ${worker}`, LIMIT, async () => {
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
    const more = (levels) => page.waitForFunction((levels) => globalThis.levels > levels, levels, { timeout: HANG });
    await more(before + 5);
    await collect();
    // Its listeners are called, and still are.
    await more(before + 8);
    await page.evaluate(() => (globalThis.isEnough = true));
    const gone = () => page.evaluate(() => held.map((one) => one.deref() === undefined));
    for (const end = performance.now() + HANG; ; await pause(100)) {
      await collect();
      const isGone = await gone();
      if (isGone.every(Boolean)) break;
      assert.ok(performance.now() < end, `stream and source are gone: ${isGone}`);
    }
    await close();
  });
}

test("workers that die one after another end the stream with every promise settled", LIMIT, async () => {
  const { page, close } = await opened();
  const seen = await page.evaluate(async () => {
    const stream = await connected({ audio: { encoding: "pcm" } });
    const told = [];
    for (const event of ["state", "error", "audioDropped"]) stream.on(event, ({ state, code, reason }) => told.push(state ?? code ?? reason));
    stream.pushFrame([new Float32Array(48_000).fill(0.1)], 48_000);
    await until(() => stream.stats.capturedSeconds > 0.9);
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

test("a page that is blocked delays nothing that was captured", LIMIT, async () => {
  const { page, close } = await opened();
  const seen = await page.evaluate(async (limit) => {
    const stream = await connected({ audio: { encoding: "pcm" } });
    const context = new AudioContext();
    await context.resume();
    const sink = new MediaStreamAudioDestinationNode(context);
    const oscillator = new OscillatorNode(context);
    oscillator.connect(sink);
    oscillator.start();
    await stream.attach(sink.stream);
    await until(() => stream.stats.acknowledgedSeconds + stream.stats.inFlightSeconds > 0.5);
    // A request that is waited for like this keeps the page from all else.
    const chunks = () => {
      const request = new XMLHttpRequest();
      request.open("GET", `/sandbox/streams/${stream.interaction}`, false);
      request.send();
      return JSON.parse(request.responseText).sockets[0].chunkAt.length;
    };
    const [before, begun, told] = [chunks(), performance.now(), []];
    stream.on("level", () => told.push("level"));
    setTimeout(() => told.push("timer"));
    let meanwhile = 0;
    while (meanwhile < 6 && performance.now() < begun + limit) meanwhile = chunks() - before;
    const wasBlocked = told.length === 0;
    const { stats } = await stream.end();
    return { isInWorker: stream.isInWorker, meanwhile, wasBlocked, dropped: stats.droppedSeconds };
  }, HANG);
  // Several batches of what was captured meanwhile, however long that took.
  assert.deepEqual({ ...seen, meanwhile: seen.meanwhile >= 6 }, { isInWorker: true, meanwhile: true, wasBlocked: true, dropped: 0 });
  await close();
});

// What a worker runs before the package's own script: with each message to the page of how things stand goes the time, in milliseconds,
// after which it means to send the next.
const PAUSES = `{
  const { setTimeout: wait, postMessage: post } = self;
  let sent;
  self.postMessage = (message) => {
    sent = message;
    queueMicrotask(() => post(message));
  };
  self.setTimeout = (act, pause) => {
    if (sent?.view) Object.assign(sent, { pause });
    sent = undefined;
    return wait(act, pause);
  };
}`;

test("what a page sees of a stream in a worker is a quarter of a second old at most", LIMIT, async () => {
  const { page, close } = await opened("", PAUSES);
  const pauses = await page.evaluate(async () => {
    const stream = await connected({ audio: { encoding: "pcm" } });
    const pauses = [];
    workers.at(-1).addEventListener("message", ({ data }) => pauses.push(data.pause));
    // Nothing is said of them: only looking tells that they are there.
    for (let n = 1; n <= 4; n++) {
      stream.pushFrame([new Float32Array(1_600).fill(0.1)], 16_000);
      await until(() => stream.stats.capturedSeconds > n * 0.1 - 0.001);
    }
    await until(() => pauses.length > 3);
    await stream.end();
    return pauses;
  });
  // A busy machine may be late; what is decided is how often the page hears.
  assert.ok(pauses.every((pause) => pause > 100 && pause <= 250), `pauses of ${pauses} ms`);
  await close();
});
