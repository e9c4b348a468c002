// How old audio is when it arrives: the signal tells its own time.
//
// The microphone plays a sweep, whose frequency says how far it is. The page's witness knows when the device handed over each
// 10 ms of it; what the sandbox received is decoded, and how far the sweep is in the oldest sample of each message is what the
// witness is asked for. The sandbox tells when the message came.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { decode, RATE, sweepFile, sweepStarts } from "../../tests/support/hearing.mjs";
import { contents } from "./chunks.mjs";

const run = promisify(execFile);

/** 60 Hz a second: read to 0.1 Hz, that is to 2 ms. */
const SWEEP = { from: 300, to: 3_300, seconds: 50 };

/** The part of the sound that must be the sweep: an encoder of speech adds some of its own. */
const PURITY = 0.9;

/** Seconds of a chunk. A message that holds more counts as so many chunks, each with its own oldest sample. */
const CHUNK = 0.25;

/** Seconds from the first message on that are left out: a stream is starting. */
const START = 1;

/** Seconds from a reading of the sweep at which it still tells the time. */
const NEAR = 0.2;

/** The part of all chunks whose age must be known for figures to be of all of them. */
const KNOWN = 0.95;

/** The file that the microphone is to play: of 16 bits, of others Chromium plays nothing. */
export async function signal(folder) {
  const file = join(folder, "signal.wav");
  await run("sox", [await sweepFile(folder, "sweep", [SWEEP]), "-b", "16", file]);
  return file;
}

/**
 * The ages of all chunks, in milliseconds, in the order of their arrival, and the seconds of sound that are missing between the
 * first and the last. `witness` is what the page answered, `socket` the sandbox's report, and `audio` the bytes that it received.
 */
export async function ages({ witness, socket, audio }) {
  const captured = await capture(witness);
  const format = socket.configuration.audioFormat;
  const [heard] = await decode(audio, format);
  const readings = sweepStarts(heard, SWEEP, PURITY);
  assert.ok(readings.length > 0, "nothing of the sweep is in what the sandbox received");
  const messages = contents(audio, socket.chunkBytes, format);
  const [read, decoded] = [messages.at(-1).to, heard.length / RATE];
  assert.ok(Math.abs(read - decoded) < NEAR, `the messages hold ${read} s, of which ${decoded} s were decoded`);
  const began = socket.chunkAt[0] + START * 1_000;
  const [found, unknown] = [[], []];
  for (const [n, { from, to }] of messages.entries()) {
    if (socket.chunkAt[n] < began || n === messages.length - 1) continue;
    const chunks = to > from ? Math.max(1, Math.round((to - from) / CHUNK)) : 0;
    for (let chunk = 0; chunk < chunks; chunk += 1) {
      const at = from + ((to - from) * chunk) / chunks;
      const reading = nearest(readings, (step) => step.at, at);
      const time = reading && captured(at - reading.start);
      if (time === undefined) unknown.push(at);
      else found.push(socket.chunkAt[n] + 0.5 - time); // it came within that millisecond
    }
  }
  const all = found.length + unknown.length;
  assert.ok(all > 0 && found.length >= KNOWN * all, `of ${unknown.length} of ${all} chunks the age is not known`);
  return { ages: found, missing: readings[0].start - readings.at(-1).start };
}

/** When a place of the sweep, in seconds, was handed over, in milliseconds since the epoch; undefined where that is not known. */
async function capture({ samples, times, rate }) {
  const [heard] = await decode(Buffer.from(samples, "base64"), `audio/pcm; rate=${rate}; channels=1; bits=16`);
  const buffer = heard.length / RATE / times.length;
  const readings = sweepStarts(heard, SWEEP, PURITY);
  return (place) => {
    const reading = nearest(readings, (step) => step.at - step.start, place);
    return reading && times[Math.floor((place + reading.start) / buffer)];
  };
}

/** The one of `readings`, which rise, that is nearest to `place`, if it is near. */
function nearest(readings, of, place) {
  let best;
  for (const reading of readings) {
    const away = Math.abs(of(reading) - place);
    if (away <= NEAR && (!best || away < Math.abs(of(best) - place))) best = reading;
  }
  return best;
}
