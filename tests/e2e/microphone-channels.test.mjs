// Two sources on two channels of one stream: each room on its own channel, and both in step.

import assert from "node:assert/strict";
import { test } from "node:test";
import { assertArrived, begin, level, stretches, sweepFile, sweepStarts, whole } from "../support/hearing.mjs";
import { BROWSERS, given, startWorkplace } from "../support/workplace.mjs";

const ROOMS = {
  surgery: { from: 300, to: 2_300, seconds: 8 },
  home: { from: 3_000, to: 6_000, seconds: 8, after: 2 },
};

/**
 * By how much the channels may be further apart, in seconds, than the browser gave both microphones to the page: two clocks are made
 * one, by when frames come, and on a busy machine they come late.
 */
const APART = 0.15;

/** How far a step of a channel may be from the others, in seconds: the clocks are learnt while it is heard already. */
const LEARNT = 0.5;

/** Seconds of each sweep that a page must have been given for it to tell something. */
const ENOUGH = 2;

/** The two channels, one of the package's microphone, the other of a stream that the page has from elsewhere; and their witnesses. */
async function receive(browser) {
  const workplace = await startWorkplace(browser, Object.keys(ROOMS));
  const { card, evaluate, heard, witnessed, folder } = workplace;
  try {
    await card.plug("desk", "surgery");
    await card.plug("phone", "home");
    await card.setDefault("desk");
    await evaluate(async () => {
      globalThis.microphone = await client.microphones.open({ preset: "dictation" });
      const { deviceId } = (await client.microphones.list()).find(({ label }) => label === "phone");
      const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
      globalThis.other = await navigator.mediaDevices.getUserMedia({ audio: { deviceId: { exact: deviceId }, ...plain } });
      globalThis.connected = await connect({ encoding: "pcm", channels: 2 });
      await connected.stream.attach(microphone, { channel: 0 });
      await connected.stream.attach(other, { channel: 1 });
    });
    await card.play(await sweepFile(folder, "rooms", Object.values(ROOMS))).ended;
    const { id, format } = await evaluate(async () => {
      const { id, stream } = connected;
      const format = stream.audioFormat;
      await stream.end();
      return { id, format };
    });
    const witnesses = (await witnessed()).map(({ samples, ...witness }, room) => {
      const given = sweepStarts(samples, Object.values(ROOMS)[room]);
      return { ...witness, given, parts: stretches(given, witness.held) };
    });
    return { channels: await heard(id, format), witnesses };
  } finally {
    await workplace.close();
  }
}

for (const browser of BROWSERS) {
  test(`two microphones on two channels stay apart and in step: ${browser}`, { timeout: 300_000 }, async () => {
    const isEnough = ({ witnesses }) => witnesses.every(({ parts }) => whole(parts) > ENOUGH);
    const { channels, witnesses } = await given(() => receive(browser), isEnough);
    assert.deepEqual([channels.length, witnesses.length], [2, 2]);
    const [surgery, home] = Object.values(ROOMS).map((sweep, channel) => ({ ...witnesses[channel], received: sweepStarts(channels[channel], sweep) }));
    // What one microphone lost is silence on both channels.
    const starts = (steps) => steps.map(({ start }) => start);
    const lost = [surgery, home].map(({ given }) => Math.max(...starts(given)) - Math.min(...starts(given)));
    const late = witnesses.flatMap(({ held }) => held.map(({ late }) => late));
    const tolerance = APART + Math.max(...lost, ...late);
    for (const { received, parts } of [surgery, home]) assertArrived(received, parts, { tolerance: LEARNT + tolerance, pause: 0.3 });
    const apart = (a, b) => begin(b) - begin(a);
    const byPage = apart(surgery.given, home.given) + home.began - surgery.began;
    const further = apart(surgery.received, home.received) - byPage;
    assert.ok(Math.abs(further) < tolerance, `the home is ${(further * 1_000).toFixed(1)} ms further behind than the page had it`);
    // Each is silent for two seconds while the other is not.
    const [first, last] = [home.received[0].at, surgery.received.at(-1).at];
    const silence = [level(channels[1], first - 1.5, first - 0.2), level(channels[0], last + 0.2, last + 1.5)];
    assert.ok(Math.max(...silence) < -60, `where a room is silent, its channel has ${silence.map(Math.round)} dB`);
  });
}
