// Two sources on two channels of one stream: each room on its own channel, and both in step.

import assert from "node:assert/strict";
import { test } from "node:test";
import { level, sweepFile, sweepStarts } from "../support/hearing.mjs";
import { BROWSERS, startWorkplace, takes } from "../support/workplace.mjs";

const ROOMS = {
  surgery: { from: 300, to: 2_300, seconds: 8 },
  home: { from: 3_000, to: 6_000, seconds: 8, after: 2 },
};

/**
 * How far the channels may be apart, in seconds. Where the browser delivers both microphones alike, a packet of Opus. Firefox
 * holds back every microphone but the first, to correct its clock: in a page without the package, on one AudioContext, the
 * second came 15 to 100 ms behind, the busier the machine the more.
 */
const APART = { chromium: 0.02, firefox: 0.15 };

/** The two channels, one of the package's microphone, the other of a stream that the page has from elsewhere. */
async function receive(browser) {
  const workplace = await startWorkplace(browser, Object.keys(ROOMS));
  const { card, evaluate, heard, folder } = workplace;
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
    return await heard(id, format);
  } finally {
    await workplace.close();
  }
}

for (const browser of BROWSERS) {
  test(`two microphones on two channels stay apart and in step: ${browser}`, { timeout: 120_000 }, () =>
    takes(async () => {
      const channels = await receive(browser);
      assert.equal(channels.length, 2);
      const [surgery, home] = Object.values(ROOMS).map((sweep, channel) => sweepStarts(channels[channel], sweep));
      // Where both are heard, by when the file before them must have begun.
      const begun = new Map(surgery.map(({ at, start }) => [at, start]));
      const apart = home.filter(({ at }) => begun.has(at)).map(({ at, start }) => start - ROOMS.home.after - begun.get(at));
      assert.ok(apart.length >= 45, `both rooms are heard for ${apart.length / 10} s of 6 s`);
      const middle = apart.sort((a, b) => a - b)[apart.length >> 1];
      assert.ok(Math.abs(middle) < APART[browser], `the home is ${(middle * 1_000).toFixed(1)} ms behind`);
      // Each is silent for two seconds while the other is not.
      const silence = [level(channels[1], home[0].at - 1.5, home[0].at - 0.2), level(channels[0], surgery.at(-1).at + 0.2, surgery.at(-1).at + 1.5)];
      assert.ok(Math.max(...silence) < -60, `where a room is silent, its channel has ${silence.map(Math.round)} dB`);
    }));
}
