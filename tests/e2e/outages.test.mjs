// No audio is lost: a signal whose every quarter of a second says which one it is, recorded in a real Chromium while the network
// fails in every way that tests/support/outages/schedules.mjs lists, and read again from what the sandbox received.
//
// A microphone's sound is in real time, which a busy machine does not keep: some visits hear one, the others are given its signal.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { promisify } from "node:util";
import { decode, RATE } from "../support/hearing.mjs";
import { SCHEDULES, SECONDS } from "../support/outages/schedules.mjs";
import { account, GRACE, received, record } from "../support/outages/visits.mjs";
import { make, read, SLOTS } from "../support/slots.mjs";
import { assertWhole } from "../support/words.mjs";

/** How exactly figures in seconds must add up: they are sums of floating point numbers. */
const EXACT = 1e-6;

/** Seconds by which texts may overlap: a packet of the browser's Opus and its encoder's delay. Each socket counts time from its own audio. */
const TOUCH = 0.067;

/** The whole signal after Opus at 24 kbit/s, as it is sent. */
async function throughOpus() {
  const folder = await mkdtemp(join(tmpdir(), "ossicle-slots-"));
  try {
    const [wav, ogg] = [join(folder, "signal.wav"), join(folder, "signal.ogg")];
    await writeFile(wav, make(SLOTS / 4));
    const voice = ["-ar", "16000", "-c:a", "libopus", "-b:a", "24k", "-application", "voip"];
    await promisify(execFile)("ffmpeg", ["-v", "error", "-i", wav, ...voice, ogg]);
    return (await decode(await readFile(ogg), "audio/ogg; codecs=opus"))[0];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe("the signal", { timeout: 300_000 }, () => {
  let samples;
  before(async () => (samples = await throughOpus()));
  const part = (from, to) => samples.slice(from * RATE, to * RATE);
  const joined = (...parts) => Float32Array.from(parts.flatMap((part) => [...part]));
  const numbers = (samples) => read(samples, RATE).map(({ slot }) => slot);
  const all = Array.from({ length: SLOTS }, (_, slot) => slot);

  test("every slot is read where it was, after Opus", () => {
    const readings = read(samples, RATE);
    assert.deepEqual(readings.map(({ slot }) => slot), all);
    for (const { slot, from, to } of readings) {
      assert.ok(Math.abs(from - slot / 4 - 0.015) < 0.035 && Math.abs(to - slot / 4 - 0.235) < 0.035, `slot ${slot}: ${from} to ${to}`);
    }
  });

  test("what is missing or doubled is told by number, wherever it was cut", () => {
    const played = all.slice(60, 100);
    for (const cut of [20, 20.02, 20.06, 20.1, 20.14, 20.18, 20.22]) {
      const without = account(played, [read(part(15, cut), RATE), read(part(cut + 2, 25), RATE)]);
      // Of the slots at the edges enough may be left.
      assert.deepEqual(without.missing.filter((slot) => slot !== 80 && slot !== 88), [81, 82, 83, 84, 85, 86, 87], `cut at ${cut} s`);
      const again = account(played, [read(part(15, cut), RATE), read(part(cut - 2, 25), RATE)]);
      assert.deepEqual(again.missing, [], `again from ${cut} s`);
      assert.deepEqual(again.twice.filter((slot) => slot !== 72 && slot !== 80), [73, 74, 75, 76, 77, 78, 79], `again from ${cut} s`);
    }
  });

  test("a slot in two halves is a whole one, and in two bits of silence none", () => {
    assert.deepEqual(account([80], [read(part(19, 20.125), RATE), read(part(20.125, 21), RATE)]).missing, []);
    assert.deepEqual(numbers(joined(part(20, 20.25), new Float32Array(RATE), part(21, 21.25))), [80, 84]);
    assert.deepEqual(numbers(new Float32Array(RATE)), []);
  });
});

describe("a visit in Chromium", { timeout: (2 * GRACE + SECONDS) * 1_000 }, () => {
  let results;
  before(async () => (results = await record(SCHEDULES.map((schedule) => ({ schedule, app: "ossicle", frames: !schedule.microphone })))));

  for (const [index, { name, sockets, encoding = "opus" }] of SCHEDULES.entries()) {
    test(`loses nothing and says nothing twice: ${name}`, async () => {
      const { error, played, report, saw, ...visit } = { ...results[index], name };
      if (error) throw error;
      const story = `${saw.join("; ")}; ${report.sockets.map((socket) => `${socket.receivedSeconds} s, ${socket.closeCode}`).join("; ")}`;
      // Which of the two Opus it is depends on how soon the browser says that it has one.
      assert.ok(visit.encoder.startsWith(encoding), visit.encoder);
      const went = report.sockets.some(({ faults }) => faults.length > 0) || report.refused.length > 0;
      assert.equal(went, sockets.length > 0, "what was to go wrong did");
      assert.ok(played.length > 0, "no slot reached the page: this machine does not let it hear");

      const { missing } = account(played, await received(results[index]));
      assert.equal(missing.join(" "), "", `slots were lost; ${story}`);
      assertAddsUp(visit.looks);
      assertSaidOnce(visit.finals, report.said);
      assert.ok(report.sockets.every(({ order }) => order.length === 0 || order[0] === "config"), "the configuration is first");
    });
  }
});

/** Every figure at every look: nothing captured is nowhere, and in the end all has been heard. */
function assertAddsUp(looks) {
  assert.ok(looks.length > SECONDS / 2, `${looks.length} looks`);
  let before = { capturedSeconds: 0, acknowledgedSeconds: 0 };
  for (const stats of looks) {
    const { capturedSeconds, acknowledgedSeconds, inFlightSeconds, bufferedSeconds, droppedSeconds } = stats;
    const sum = acknowledgedSeconds + inFlightSeconds + bufferedSeconds + droppedSeconds;
    assert.ok(Math.abs(capturedSeconds - sum) < EXACT, `captured is not the sum of the others: ${JSON.stringify(stats)}`);
    assert.ok(Object.values(stats).every((figure) => figure >= 0), JSON.stringify(stats));
    for (const key of Object.keys(before)) assert.ok(stats[key] >= before[key] - EXACT, `${key} went from ${before[key]} to ${stats[key]}`);
    before = { capturedSeconds, acknowledgedSeconds };
  }
  const { capturedSeconds, acknowledgedSeconds, droppedSeconds } = looks.at(-1);
  assert.ok(capturedSeconds - acknowledgedSeconds < EXACT && droppedSeconds === 0, JSON.stringify(looks.at(-1)));
}

/** Every word that was said is there once, or marked as what may be there twice; of what is not marked, no time of the visit has two texts. */
function assertSaidOnce(finals, said) {
  assert.ok(finals.length >= 5, `${finals.length} final segments`);
  const texts = (segments) => segments.map(({ transcript }) => transcript);
  assertWhole(said.map(({ text }) => text), texts(finals), texts(finals.filter(({ overlaps }) => overlaps)));
  const inOrder = finals.filter(({ overlaps }) => !overlaps).sort((a, b) => a.time.start - b.time.start);
  for (const [index, { time }] of inOrder.slice(1).entries()) {
    assert.ok(inOrder[index].time.end - time.start < TOUCH, `${JSON.stringify(inOrder[index])} and ${JSON.stringify(inOrder[index + 1])}`);
  }
}
