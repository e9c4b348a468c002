// Microphones that are pulled out and plugged in while a stream runs: it goes on with another one, and its time stays true.
//
// In each room a sweep plays all along, so that whatever is heard tells when it was said: as the sweep of one microphone began,
// so must that of the next.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { assertArrived, begin, level, RATE, stretches, sweepFile, sweepStarts, whole } from "../support/hearing.mjs";
import { BROWSERS, startWorkplace } from "../support/workplace.mjs";

const ROOMS = {
  surgery: { from: 300, to: 3_300, seconds: 60 },
  ward: { from: 3_700, to: 6_700, seconds: 60 },
};

/** How far the time may be off after a change of devices, in seconds, beyond what the sound itself came late by. */
const TRUE = 0.3;

/** How long a sound may be away within what one microphone hears, in seconds: a step and its neighbours. */
const AWAY = 0.3;

/** How much of what sounds must be the sweep for its room to be heard: the half of its power, clicks of a busy machine beside it. */
const HEARD = Math.SQRT1_2;

/** Seconds for which a room is to be heard before the test goes on; and milliseconds that this may take: more is a hang. */
const ENOUGH = 1.5;
const HANG = 60_000;

const steps = (samples) => Object.values(ROOMS).map((sweep) => sweepStarts(samples, sweep, HEARD));

/**
 * Runs `act` on a workplace whose desk microphone in the surgery is streamed; answers what was received. `act` is given
 * `change(what)`, which changes something about the card, `until(room)`, which waits until a room is heard by the service, `listed(name)`,
 * until the page has a microphone of that name in its list, and the workplace.
 */
async function during(browser, { chosen }, act) {
  const workplace = await startWorkplace(browser, Object.keys(ROOMS));
  const { card, evaluate, heard, witnessed, folder } = workplace;
  try {
    const file = await sweepFile(folder, "rooms", Object.values(ROOMS));
    await card.plug("desk", "surgery");
    await card.setDefault("desk");
    card.play(file);
    const { id, format } = await evaluate(async (chosen) => {
      // The names of devices are known once one was allowed.
      const any = await client.microphones.open({ preset: "dictation" });
      const { deviceId } = (await client.microphones.list()).find(({ label }) => label === chosen) ?? {};
      globalThis.microphone = await client.microphones.open({ preset: "dictation", deviceId });
      any.close();
      globalThis.connected = await connect({ encoding: "pcm" });
      await connected.stream.attach(microphone);
      globalThis.attached = { at: performance.now(), captured: connected.stream.stats.capturedSeconds };
      return { id: connected.id, format: connected.stream.audioFormat };
    }, chosen);
    const change = async (what) => {
      await what(card);
      await workplace.notice();
    };
    const until = async (room) => {
      for (const limit = Date.now() + HANG; ; await sleep(200)) {
        const [samples] = await heard(id, format);
        const latest = samples.subarray(Math.max(0, samples.length - (ENOUGH + 1) * RATE));
        if (steps(latest)[Object.keys(ROOMS).indexOf(room)].length >= ENOUGH * 10) return;
        assert.ok(Date.now() < limit, `the ${room} is not heard`);
      }
    };
    const listed = (name) => evaluate(async (name) => {
      while (!(await client.microphones.list()).some(({ label }) => label === name)) await new Promise((resolve) => setTimeout(resolve, 20));
    }, name);
    await until("surgery");
    await act({ ...workplace, change, until, listed, play: () => card.play(file) });
    await until("ward");
    const seen = await evaluate(async () => {
      const { stream, warnings } = connected;
      const elapsed = (performance.now() - attached.at) / 1_000;
      const { stats } = await stream.end();
      return { warnings, elapsed, captured: stats.capturedSeconds - attached.captured };
    });
    const [samples] = await heard(id, format);
    const witnesses = (await witnessed()).map(({ samples, held }) => ({ held, rooms: steps(samples) }));
    return { ...seen, samples, witnesses, codes: seen.warnings.map(({ code }) => code) };
  } finally {
    await workplace.close();
  }
}

/**
 * Checks that the surgery was heard first and the ward then, all that the page was given of each since it was listened to, on one
 * timeline; and that the page was `told`.
 */
function checkMove({ samples, witnesses, codes }, { told }) {
  const [surgery, ward] = steps(samples);
  assert.ok(surgery.length > 0 && ward.length > 0, `the surgery is heard for ${surgery.length / 10} s, the ward for ${ward.length / 10} s`);
  const [last, first] = [surgery.at(-1).at, ward[0].at];
  assert.ok(first > last, `the ward is heard from ${first} s on, the surgery until ${last} s`);
  const late = Math.max(0, ...witnesses.flatMap(({ held }) => held.map(({ late }) => late)));
  for (const [room, received] of [surgery, ward].entries()) {
    const [since, to] = [received[0], received.at(-1)].map(({ at, start }) => at - start);
    const given = witnesses.map(({ rooms, held }) => stretches(rooms[room], held)).sort((a, b) => whole(b) - whole(a))[0] ?? [];
    const meanwhile = given.map((part) => ({ from: Math.max(since, part.from), to: Math.min(to, part.to) })).filter(({ from, to }) => to - from > 0.4);
    assertArrived(received, meanwhile, { tolerance: TRUE, pause: AWAY });
  }
  const behind = begin(ward) - begin(surgery);
  assert.ok(Math.abs(behind) < TRUE + late, `what the ward says comes ${behind.toFixed(2)} s late`);
  assert.equal(codes.includes("device-changed"), told, `the warnings are ${codes}`);
  assert.ok(!codes.includes("device-lost"), `the warnings are ${codes}`);
}

/**
 * Whether a page can know that the default is another device. In Chromium on Linux it is the sound server that moves what was
 * opened as the default, and nothing in the list of devices tells of it.
 */
const knows = (browser) => browser !== "chromium";

for (const browser of BROWSERS) {
  test(`when the default microphone is pulled out, the stream goes on with the next: ${browser}`, { timeout: 300_000 }, async () => {
    const seen = await during(browser, {}, async ({ change, listed }) => {
      await change((card) => card.plug("headset", "ward"));
      await listed("headset");
      await change((card) => card.unplug("desk"));
    });
    checkMove(seen, { told: knows(browser) });
  });

  test(`when the user makes another microphone the default, the stream goes on with that: ${browser}`, { timeout: 300_000 }, async () => {
    const seen = await during(browser, {}, async ({ change, listed, until }) => {
      await change((card) => card.plug("headset", "ward"));
      await change((card) => card.setDefault("desk"));
      await listed("headset");
      await until("surgery");
      await change((card) => card.setDefault("headset"));
    });
    checkMove(seen, { told: knows(browser) });
  });

  test(`a chosen microphone that is pulled out is followed by the next: ${browser}`, { timeout: 300_000 }, async () => {
    const seen = await during(browser, { chosen: "desk" }, async ({ change, listed }) => {
      await change((card) => card.plug("headset", "ward"));
      await listed("headset");
      await change((card) => card.unplug("desk"));
    });
    checkMove(seen, { told: true });
  });

  test(`with no microphone left the loss is told, and the stream goes on with one that comes: ${browser}`, { timeout: 300_000 }, async () => {
    const seen = await during(browser, { chosen: "desk" }, async ({ change, card, evaluate, play }) => {
      await change(() => card.undock());
      await evaluate(async () => {
        while (!connected.warnings.some(({ code }) => code === "device-lost")) await new Promise((resolve) => setTimeout(resolve, 20));
      });
      await sleep(1_000); // long enough to be missed, were it not in the stream's time
      await change(() => card.dock("headset", "ward"));
      await evaluate(async () => {
        while (!connected.warnings.some(({ code }) => code === "device-changed")) await new Promise((resolve) => setTimeout(resolve, 20));
      });
      play();
    });
    const { samples, captured, elapsed, codes } = seen;
    const [surgery, ward] = steps(samples);
    const [last, first] = [surgery.at(-1).at, ward[0].at];
    const between = first - last;
    assert.ok(between > 1, `between the microphones there are ${between.toFixed(1)} s`);
    const silence = level(samples, last + 0.5, first - 0.2);
    assert.ok(silence < -60, `between the microphones there are ${silence.toFixed(0)} dB`);
    assert.ok(Math.abs(captured - elapsed) < between / 2, `${captured.toFixed(2)} s were captured in ${elapsed.toFixed(2)} s, silent for ${between.toFixed(1)} s`);
    assert.deepEqual(codes.filter((code) => code.startsWith("device")), ["device-lost", "device-changed"]);
  });
}
