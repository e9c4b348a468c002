// A page that nobody sees: browsers let its timers run once a second, and those of its workers as ever.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { pkg } from "../support/browser.mjs";
import { openWindow } from "../support/minimised.mjs";
import { startSandbox } from "../support/sandbox.mjs";

const PAGE = '<!doctype html><link rel="icon" href="data:,"><title>A page</title>';

/** Seconds of audio that are given at once; held audio is sent 1.5 times as fast as life, a chunk every 167 ms by a timer. */
const SECONDS = 9;

/** Chunks that must have come from each stream before their times are looked at. */
const CHUNKS = 16;

/** Milliseconds in which they come, however busy the machine is. */
const HANG = 120_000;

const sorted = (numbers) => numbers.sort((a, b) => a - b);

test("a stream in a worker keeps its time on a page that nobody sees, where a page's own timers do not", { timeout: 3 * HANG }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "ossicle-background-"));
  await writeFile(join(folder, "index.html"), PAGE);
  const sandbox = await startSandbox({ www: folder, pkg });
  const page = await openWindow(`${sandbox.url}/`);
  try {
    await page.minimise();
    const ids = await page.evaluate(async (seconds) => {
      const { default: init, OssicleClient } = await import("/pkg/ossicle.js");
      await init();
      const { environment, tenantName } = await (await fetch("/settings.json")).json();
      const auth = async () => (await fetch("/token", { method: "POST" })).json();
      const client = new OssicleClient({ environment, tenantName, auth });
      const connect = async (worker) => {
        const encounter = { identifier: crypto.randomUUID(), status: "planned", type: "consultation" };
        const { interactionId: id } = await client.interactions.create({ encounter });
        const transcription = { primaryLanguage: "en", participants: [{ channel: 0, role: "multiple" }] };
        const configuration = { transcription, mode: { type: "transcription" } };
        const stream = await client.stream.connect({ id, configuration, worker, catchUpRate: 1.5, audio: { encoding: "pcm" } });
        return { id, stream };
      };
      globalThis.pair = [await connect(true), await connect(false)];
      globalThis.turning = { turns: 0, since: performance.now() };
      setInterval(() => (turning.turns += 1), 50);
      for (const { stream } of pair) stream.pushFrame([new Float32Array(16_000 * seconds)], 16_000);
      globalThis.kept = { turning, stats: () => pair.map(({ stream }) => stream.stats) };
      return pair.map(({ id }) => id);
    }, SECONDS);
    const chunksOf = async (id) => (await (await fetch(`${sandbox.url}/sandbox/streams/${id}`)).json()).sockets[0].chunkAt;
    let chunks;
    for (const limit = Date.now() + HANG; ; await sleep(200)) {
      chunks = await Promise.all(ids.map(chunksOf));
      if (chunks.every(({ length }) => length >= CHUNKS)) break;
      assert.ok(Date.now() < limit, `${chunks.map(({ length }) => length)} chunks came`);
    }
    const { turns, seconds, ...seen } = await page.evaluate(() => {
      const seen = { isInWorker: pair.map(({ stream }) => stream.isInWorker), visibilityState: document.visibilityState };
      for (const { stream } of pair) stream.close();
      return { ...seen, turns: turning.turns, seconds: (performance.now() - turning.since) / 1_000 };
    });
    assert.deepEqual(seen, { isInWorker: [true, false], visibilityState: "hidden" });
    assert.ok(turns <= 2 * seconds, `the page's timers are throttled: ${turns} turns in ${seconds.toFixed(1)} seconds`);
    // The first may go out together; what is in the middle tells the rhythm whatever the machine does now and then.
    const [steady, bursts] = chunks.map((at) => sorted(at.slice(4).map((time, n) => time - at[n + 3])));
    const [usual, longest] = [steady[steady.length >> 1], bursts.at(-1)];
    assert.ok(longest > 700, `on the page chunks come in bursts: at most ${longest} ms apart`);
    assert.ok(usual < longest / 2, `in the worker they are ${usual} ms apart, and on the page up to ${longest} ms`);
  } finally {
    await page.close();
    await sandbox.stop();
    await rm(folder, { recursive: true });
  }
});
