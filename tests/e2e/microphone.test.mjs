// A sweep that is played into a room, heard by a real microphone, and received: by all measures what the page was given.

import assert from "node:assert/strict";
import { test } from "node:test";
import { assertArrived, begin, level, RATE, stretches, sweepFile, sweepStarts, whole } from "../support/hearing.mjs";
import { BROWSERS, given, startWorkplace } from "../support/workplace.mjs";

const SWEEP = { from: 100, to: 20_000, seconds: 10 };

/** The frequencies that are looked at, in Hz: the sweep passes them in 3.3 seconds. */
const AUDIBLE = { from: 300, to: 7_000 };

/** How exactly the sweep keeps its time, in seconds: were a packet missing or doubled, it would be off by 0.02. */
const LESS_THAN_A_PACKET = 0.015;

/** How much less than the sweep an alias of it may be, in dB. */
const QUIET = -70;

/** For how many seconds one would last at least; the quietest 20 ms of them count, since a machine that stood still leaves clicks. */
const LASTS = 0.3;

/** Seconds of it that a page must have been given for it to tell something. */
const ENOUGH = 1;

/** How many seconds after it began a sweep is at `frequency` Hz. */
const passing = (frequency) => ((frequency - SWEEP.from) / (SWEEP.to - SWEEP.from)) * SWEEP.seconds;

const audible = (samples, purity) =>
  sweepStarts(samples, SWEEP, purity).filter(({ frequency }) => frequency > AUDIBLE.from && frequency < AUDIBLE.to);

/** The sweep as it was received in PCM and in Opus, from one microphone at once, and the parts of it that the page was given whole. */
async function receive(browser) {
  const workplace = await startWorkplace(browser, ["room"]);
  const { card, evaluate, heard, witnessed, folder } = workplace;
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
    const [witness] = await witnessed();
    return { pcm, opus, parts: stretches(audible(witness.samples), witness.held) };
  } finally {
    await workplace.close();
  }
}

/** Checks that what was given of the sweep is there, in time, and without an alias. */
function check(name, samples, parts, { purity, ...steady }) {
  const steps = audible(samples, purity);
  assertArrived(steps, parts, steady);
  // From 9 kHz on the resampler lets nothing through that would come back as another frequency.
  const start = begin(steps);
  const end = Math.min(start + passing(SWEEP.to) - 0.2, samples.length / RATE - 0.1);
  assert.ok(end > start + passing(AUDIBLE.to) + 2, `${name} ends ${(end - start).toFixed(1)} s after the sweep began`);
  for (let time = start + passing(9_200); time + LASTS < end; time += LASTS) {
    const alias = Math.min(...Array.from({ length: Math.round(LASTS / 0.02) }, (_, n) => level(samples, time + n * 0.02, time + (n + 1) * 0.02)));
    assert.ok(alias < QUIET, `in ${name} at ${time.toFixed(1)} s, when the sweep is above 9 kHz, there are ${alias.toFixed(1)} dB`);
  }
}

for (const browser of BROWSERS) {
  test(`a sweep before a real microphone arrives in time, without a gap and without aliases: ${browser}`, { timeout: 300_000 }, async () => {
    const { pcm, opus, parts } = await given(() => receive(browser), ({ parts }) => whole(parts) > ENOUGH);
    check("PCM", pcm, parts, { purity: 0.95, tolerance: LESS_THAN_A_PACKET });
    // Opus was told to expect a voice. What it makes of a tone is in time, but not pure.
    check("Opus", opus, parts, { purity: 0.25, tolerance: LESS_THAN_A_PACKET, pause: 0.2 });
    for (const { start, at, frequency } of audible(pcm)) {
      const isGiven = parts.some(({ from, to }) => at - start - 0.05 >= from && at - start + 0.05 <= to);
      const loudness = level(pcm, at - 0.05, at + 0.05);
      assert.ok(!isGiven || Math.abs(loudness) < 0.5, `at ${frequency.toFixed(0)} Hz the level is ${loudness.toFixed(2)} dB`);
    }
  });
}
