// A page that nobody sees: browsers let its timers run once a second, and those of its workers as ever.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pkg } from "../support/browser.mjs";
import { openWindow } from "../support/minimised.mjs";
import { startSandbox } from "../support/sandbox.mjs";

const PAGE = '<!doctype html><link rel="icon" href="data:,"><title>A page</title>';

/** Seconds of audio that are given at once; held audio is sent 1.5 times as fast as life, a chunk every 167 ms by a timer. */
const SECONDS = 9;

test("a stream in a worker keeps its time on a page that nobody sees, where a page's own timers do not", { timeout: 120_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "ossicle-background-"));
  await writeFile(join(folder, "index.html"), PAGE);
  const sandbox = await startSandbox({ www: folder, pkg });
  const page = await openWindow(`${sandbox.url}/`);
  try {
    await page.minimise();
    const streams = await page.evaluate(async (seconds) => {
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
      const pair = [await connect(true), await connect(false)];
      let turns = 0;
      const turning = setInterval(() => (turns += 1), 50);
      for (const { stream } of pair) stream.pushFrame([new Float32Array(16_000 * seconds)], 16_000);
      await new Promise((resolve) => setTimeout(resolve, 5_000));
      clearInterval(turning);
      const { visibilityState } = document;
      const seen = pair.map(({ id, stream }) => ({ id, isInWorker: stream.isInWorker, turns, visibilityState }));
      for (const { stream } of pair) stream.close();
      return seen;
    }, SECONDS);
    const pauses = await Promise.all(streams.map(async ({ id }) => {
      const { sockets } = await (await fetch(`${sandbox.url}/sandbox/streams/${id}`)).json();
      const { chunkAt } = sockets[0];
      assert.ok(chunkAt.length >= 12, `${chunkAt.length} chunks came`);
      // The first may go out together; the median tells the rhythm whatever the machine does now and then.
      return chunkAt.slice(4).map((at, n) => at - chunkAt[n + 3]).sort((a, b) => a - b);
    }));
    const [inWorker, onPage] = streams;
    assert.deepEqual([inWorker.isInWorker, onPage.isInWorker, inWorker.visibilityState], [true, false, "hidden"]);
    assert.ok(inWorker.turns <= 8, `the page's timers are throttled: ${inWorker.turns} turns in five seconds`);
    const [steady, bursts] = pauses;
    const most = (sorted) => sorted.at(Math.floor(sorted.length * 0.9));
    assert.ok(most(steady) < 500, `in the worker chunks are ${most(steady)} ms apart`);
    assert.ok(bursts.at(-1) > 700, `on the page they come in bursts: at most ${bursts.at(-1)} ms apart`);
  } finally {
    await page.close();
    await sandbox.stop();
    await rm(folder, { recursive: true });
  }
});
