// Microphones that are pulled out and plugged in while a stream runs: it goes on with another one, and its time stays true.
//
// In each room a sweep plays all along, so that whatever is heard tells when it was said: as the sweep of one microphone began,
// so must that of the next.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { assertSteady, level, RATE, sweepFile, sweepStarts } from "../support/hearing.mjs";
import { BROWSERS, startWorkplace, takes } from "../support/workplace.mjs";

const ROOMS = {
  surgery: { from: 300, to: 3_300, seconds: 25 },
  ward: { from: 3_700, to: 6_700, seconds: 25 },
};

/** How far the time may be off after a change of devices, in seconds. */
const TRUE = 0.3;

/** How long a change may leave nothing to hear, in seconds. */
const CHANGE = 1.5;

/** How much of what sounds must be the sweep for its room to be heard: the half of its power, clicks of a busy machine beside it. */
const HEARD = Math.SQRT1_2;

/** Runs `act` on a workplace whose desk microphone in the surgery is streamed; answers what was received. */
async function during(browser, { chosen }, act) {
  const workplace = await startWorkplace(browser, Object.keys(ROOMS));
  const { card, evaluate, heard, folder } = workplace;
  try {
    const file = await sweepFile(folder, "rooms", Object.values(ROOMS));
    await card.plug("desk", "surgery");
    await card.setDefault("desk");
    card.play(file);
    await evaluate(async (chosen) => {
      // The names of devices are known once one was allowed.
      const any = await client.microphones.open({ preset: "dictation" });
      const { deviceId } = (await client.microphones.list()).find(({ label }) => label === chosen) ?? {};
      globalThis.microphone = await client.microphones.open({ preset: "dictation", deviceId });
      any.close();
      globalThis.connected = await connect({ encoding: "pcm" });
      globalThis.attached = performance.now();
      await connected.stream.attach(microphone);
    }, chosen);
    const change = async (what) => {
      await what(card);
      await workplace.notice();
    };
    await sleep(3_000);
    await act(change, { ...workplace, play: () => card.play(file) });
    await sleep(3_000);
    const { id, format, ...seen } = await evaluate(async () => {
      const { id, stream, warnings } = connected;
      const format = stream.audioFormat;
      const elapsed = (performance.now() - attached) / 1_000;
      const { stats } = await stream.end();
      return { id, format, warnings, elapsed, captured: stats.capturedSeconds };
    });
    const [samples] = await heard(id, format);
    return { ...seen, samples, codes: seen.warnings.map(({ code }) => code) };
  } finally {
    await workplace.close();
  }
}

/**
 * Checks that the surgery was heard first and the ward to the end, on one timeline, and that it is as long as it took; and that
 * the page was `told`.
 */
function checkMove({ samples, captured, elapsed, codes }, { told }) {
  const [surgery, ward] = Object.values(ROOMS).map((sweep) => sweepStarts(samples, sweep, HEARD));
  assert.ok(surgery.length >= 20 && ward.length >= 20, `the surgery is heard for ${surgery.length / 10} s, the ward for ${ward.length / 10} s`);
  const [last, first] = [surgery.at(-1).at, ward[0].at];
  assert.ok(first > last, `the ward is heard from ${first} s on, the surgery until ${last} s`);
  assert.ok(first - last < CHANGE, `nothing is heard for ${(first - last).toFixed(1)} s`);
  const starts = [surgery, ward].map((found) => assertSteady(found, { tolerance: TRUE, pause: 0.3 }));
  assert.ok(Math.abs(starts[1] - starts[0]) < TRUE, `what the ward says comes ${(starts[1] - starts[0]).toFixed(2)} s late`);
  assert.ok(Math.abs(captured - elapsed) < TRUE, `${captured.toFixed(2)} s were captured in ${elapsed.toFixed(2)} s`);
  assert.ok(samples.length / RATE - ward.at(-1).at < 0.5, "the ward is not heard to the end");
  assert.equal(codes.includes("device-changed"), told, `the warnings are ${codes}`);
  assert.ok(!codes.includes("device-lost"), `the warnings are ${codes}`);
}

/**
 * Whether a page can know that the default is another device. In Chromium on Linux it is the sound server that moves what was
 * opened as the default, and nothing in the list of devices tells of it.
 */
const knows = (browser) => browser !== "chromium";

for (const browser of BROWSERS) {
  test(`when the default microphone is pulled out, the stream goes on with the next: ${browser}`, { timeout: 150_000 }, () =>
    takes(async () => {
      const seen = await during(browser, {}, async (change) => {
        await change((card) => card.plug("headset", "ward"));
        await sleep(1_000);
        await change((card) => card.unplug("desk"));
      });
      checkMove(seen, { told: knows(browser) });
    }));

  test(`when the user makes another microphone the default, the stream goes on with that: ${browser}`, { timeout: 150_000 }, () =>
    takes(async () => {
      const seen = await during(browser, {}, async (change) => {
        await change((card) => card.plug("headset", "ward"));
        await change((card) => card.setDefault("desk"));
        await sleep(1_000);
        await change((card) => card.setDefault("headset"));
      });
      checkMove(seen, { told: knows(browser) });
    }));

  test(`a chosen microphone that is pulled out is followed by the next: ${browser}`, { timeout: 150_000 }, () =>
    takes(async () => {
      const seen = await during(browser, { chosen: "desk" }, async (change) => {
        await change((card) => card.plug("headset", "ward"));
        await sleep(1_000);
        await change((card) => card.unplug("desk"));
      });
      checkMove(seen, { told: true });
    }));

  test(`with no microphone left the loss is told, and the stream goes on with one that comes: ${browser}`, { timeout: 150_000 }, () =>
    takes(async () => {
      const seen = await during(browser, { chosen: "desk" }, async (change, { card, evaluate, play }) => {
        await change(() => card.undock());
        await evaluate(async () => {
          while (!connected.warnings.some(({ code }) => code === "device-lost")) await new Promise((resolve) => setTimeout(resolve, 20));
        });
        await sleep(1_000);
        await change(async () => {
          await card.dock();
          play();
          await card.plug("headset", "ward");
        });
      });
      const { samples, captured, elapsed, codes } = seen;
      const [surgery, ward] = Object.values(ROOMS).map((sweep) => sweepStarts(samples, sweep, HEARD));
      assert.ok(surgery.length >= 15 && ward.length >= 15, `the surgery is heard for ${surgery.length / 10} s, the ward for ${ward.length / 10} s`);
      const [last, first] = [surgery.at(-1).at, ward[0].at];
      assert.ok(first - last > 1, `between the microphones there are ${(first - last).toFixed(1)} s`);
      const silence = level(samples, last + 0.5, first - 0.2);
      assert.ok(silence < -60, `between the microphones there are ${silence.toFixed(0)} dB`);
      assert.ok(samples.length / RATE - ward.at(-1).at < 0.5, "the ward is not heard to the end");
      assert.ok(Math.abs(captured - elapsed) < TRUE, `${captured.toFixed(2)} s were captured in ${elapsed.toFixed(2)} s`);
      assert.deepEqual(codes.filter((code) => code.startsWith("device")), ["device-lost", "device-changed"]);
    }));
}
