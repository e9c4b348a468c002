// A sweep that is played into a room, heard by a real microphone, and received: by all measures what was played.

import assert from "node:assert/strict";
import { test } from "node:test";
import { assertSteady, level, RATE, sweepFile, sweepStarts } from "../support/hearing.mjs";
import { BROWSERS, startWorkplace, takes } from "../support/workplace.mjs";

const SWEEP = { from: 100, to: 20_000, seconds: 10 };

/** How exactly the sweep keeps its time, in seconds: were a packet missing or doubled, it would be off by 0.02. */
const LESS_THAN_A_PACKET = 0.015;

/** How much less than the sweep an alias of it may be, in dB. */
const QUIET = -70;

/** When a sweep that began at `start` is at `frequency` Hz. */
const passing = (start, frequency) => start + ((frequency - SWEEP.from) / (SWEEP.to - SWEEP.from)) * SWEEP.seconds;

/** The sweep as it was received in PCM and in Opus, from one microphone at once. */
async function receive(browser) {
  const workplace = await startWorkplace(browser, ["room"]);
  const { card, evaluate, heard, folder } = workplace;
  try {
    await card.plug("desk", "room");
    await evaluate(async () => {
      globalThis.microphone = await client.microphones.open({ preset: "dictation" });
      globalThis.connected = [await connect({ encoding: "pcm" }), await connect({ encoding: "opus" })];
      for (const { stream } of connected) await stream.attach(microphone);
    });
    await card.play(await sweepFile(folder, "sweep", [SWEEP])).ended;
    const streams = await evaluate(async () => {
      const streams = connected.map(({ id, stream }) => ({ id, format: stream.audioFormat }));
      for (const { stream } of connected) await stream.end();
      microphone.close();
      return streams;
    });
    const [[pcm], [opus]] = await Promise.all(streams.map(({ id, format }) => heard(id, format)));
    return { pcm, opus };
  } finally {
    await workplace.close();
  }
}

/** Where in `samples` the sweep began, once it is sure that it is whole, as `assertSteady` takes it, and without an alias. */
function check(name, samples, { purity, ...steady }) {
  const audible = sweepStarts(samples, SWEEP, purity).filter(({ frequency }) => frequency > 300 && frequency < 7_000);
  assert.ok(audible.length >= 30, `in ${name} the sweep is heard for ${audible.length / 10} s of 3.3 s`);
  const start = assertSteady(audible, steady);
  // From 9 kHz on the resampler lets nothing through that would come back as another frequency.
  const end = passing(start, SWEEP.to) - 0.2;
  assert.ok(samples.length / RATE > end, "the stream ended before the sweep");
  for (let time = passing(start, 9_200); time < end; time += 0.1) {
    // The most quiet fifth: an alias lasts, while a click, where a machine stood still, does not.
    const alias = Math.min(...[0, 0.02, 0.04, 0.06, 0.08].map((offset) => level(samples, time + offset, time + offset + 0.02)));
    assert.ok(alias < QUIET, `in ${name} at ${time.toFixed(1)} s, when the sweep is above 9 kHz, there are ${alias.toFixed(1)} dB`);
  }
  return start;
}

for (const browser of BROWSERS) {
  test(`a sweep before a real microphone arrives in time, without a gap and without aliases: ${browser}`, { timeout: 120_000 }, () =>
    takes(async () => {
      const { pcm, opus } = await receive(browser);
      const start = check("PCM", pcm, { purity: 0.95, tolerance: LESS_THAN_A_PACKET });
      for (let frequency = 300; frequency <= 7_000; frequency += 100) {
        const time = passing(start, frequency);
        const loudness = level(pcm, time - 0.05, time + 0.05);
        assert.ok(Math.abs(loudness) < 0.5, `at ${frequency} Hz the level is ${loudness.toFixed(2)} dB`);
      }
      // Opus was told to expect a voice. What it makes of a tone is in time, but not pure.
      check("Opus", opus, { purity: 0.25, tolerance: LESS_THAN_A_PACKET, pause: 0.2 });
    }));
}
