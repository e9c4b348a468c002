// From the audio graph to the service not one sample is lost, on a page that is blocked for two seconds at a time: a sound
// that counts is played, and what was received counts on.

import assert from "node:assert/strict";
import { test } from "node:test";
import { RATE } from "../support/hearing.mjs";
import { BROWSERS, startWorkplace } from "../support/workplace.mjs";

const SECONDS = 9;

/** What the sound counts to before it begins again: samples of 16 bits. */
const COUNT = 30_000;

for (const browser of BROWSERS) {
  test(`every sample of a node arrives, in order, from a page that is blocked: ${browser}`, { timeout: 300_000 }, async () => {
    const workplace = await startWorkplace(browser, ["room"]);
    try {
      await workplace.card.plug("desk", "room");
      const streams = await workplace.evaluate(async (rate, seconds, count) => {
        // Firefox starts audio where a microphone may be used.
        const microphone = await client.microphones.open();
        const context = new AudioContext({ sampleRate: rate });
        await context.resume();
        const buffer = context.createBuffer(1, rate * seconds, rate);
        buffer.getChannelData(0).forEach((_, n, data) => (data[n] = ((n % count) + 1) / 32_768));
        const source = new AudioBufferSourceNode(context, { buffer });
        const pair = [await connect({ encoding: "pcm" }, true), await connect({ encoding: "pcm" }, false)];
        for (const { stream } of pair) await stream.attach(source);
        const ended = new Promise((resolve) => (source.onended = resolve));
        source.start();
        const blocking = setInterval(() => {
          const until = performance.now() + 2_000;
          while (performance.now() < until);
        }, 3_000);
        await ended;
        clearInterval(blocking);
        const seen = pair.map(({ id, stream }) => ({ id, format: stream.audioFormat, isInWorker: stream.isInWorker }));
        for (const { stream } of pair) await stream.end();
        microphone.close();
        return seen;
      }, RATE, SECONDS, COUNT);
      assert.deepEqual(streams.map(({ isInWorker }) => isInWorker), [true, false]);
      for (const { id, format, isInWorker } of streams) {
        const [pcm] = await workplace.heard(id, format);
        // Silence is before and after, and where a machine stood still.
        const counted = Array.from(pcm, (sample) => Math.round(sample * 32_768)).filter((sample) => sample !== 0);
        const wrong = counted.findIndex((sample, n) => sample !== (n % COUNT) + 1);
        const where = isInWorker ? "in the worker" : "on the page";
        assert.equal(wrong, -1, `${where} sample ${wrong} is ${counted[wrong]}`);
        assert.equal(counted.length, RATE * SECONDS, where);
      }
    } finally {
      await workplace.close();
    }
  });
}
