// What was heard: decoded audio, and how sweeps are found in it again.
//
// A linear sweep is a clock that one can listen to: its frequency tells the time. When it is found in two places of what was
// received, as having started at the same instant, nothing between them is missing, doubled or stretched.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { CARD_RATE } from "./sound-card.mjs";

const run = promisify(execFile);

/** Hz of what `decode` answers: the rate at which audio is sent. */
export const RATE = 16_000;

/** The amplitude of a sweep, of full scale. */
export const AMPLITUDE = 0.25;

/**
 * A WAV file with one sweep a channel, each `{ from, to, seconds, after }`: from one frequency to another, in Hz, `after` so
 * many seconds of silence, 0 if not given.
 */
export async function sweepFile(folder, name, sweeps) {
  const parts = [];
  for (const [index, { from, to, seconds, after = 0 }] of sweeps.entries()) {
    const part = join(folder, `${name}.${index}.wav`);
    const sound = ["synth", String(seconds), "sine", `${from}:${to}`, "vol", String(AMPLITUDE), "fade", "0.01", String(seconds), "pad", String(after)];
    await run("sox", ["-n", "-r", String(CARD_RATE), "-c", "1", "-b", "24", part, ...sound]);
    parts.push(part);
  }
  if (parts.length === 1) return parts[0];
  const file = join(folder, `${name}.wav`);
  await run("sox", ["-M", ...parts, file]);
  return file;
}

/** The channels of received audio, each a Float32Array at `RATE`; `format` is the stream's `audioFormat`. */
export async function decode(bytes, format) {
  const channels = Number(/channels=(\d+)/.exec(format)?.[1] ?? 1);
  const raw = /^audio\/pcm; rate=(\d+)/.exec(format);
  // Opus by the reference decoder: ffmpeg's own is not exact to the bit, and on tones, which are no speech, a filter's error may grow.
  const opus = /opus/.test(format) ? ["-c:a", "libopus"] : [];
  const input = raw ? ["-f", "s16le", "-ar", raw[1], "-ac", String(channels)] : opus;
  const ffmpeg = spawn("ffmpeg", ["-v", "warning", ...input, "-i", "-", "-f", "f32le", "-ar", String(RATE), "-"]);
  let complaints = "";
  ffmpeg.stderr.on("data", (data) => (complaints += data));
  const failed = new Promise((_, reject) => {
    ffmpeg.once("error", (error) => reject(new Error(`ffmpeg is missing: run \`cargo xtask setup\`. ${error.message}`)));
    ffmpeg.once("close", () => complaints && reject(new Error(`ffmpeg says: ${complaints}`)));
  });
  ffmpeg.stdin.on("error", () => {}); // it ended first, and says why
  ffmpeg.stdin.end(bytes);
  const decoded = (async () => {
    const parts = [];
    for await (const part of ffmpeg.stdout) parts.push(part);
    return Buffer.concat(parts);
  })();
  const whole = await Promise.race([decoded, failed]);
  const samples = new Float32Array(whole.buffer.slice(whole.byteOffset, whole.byteOffset + whole.length));
  return Array.from({ length: channels }, (_, channel) => samples.filter((_, n) => n % channels === channel));
}

/** A WAV file of channels of samples, 16 bits each. */
export function wav(channels, rate) {
  const frames = Math.max(0, ...channels.map(({ length }) => length));
  const file = Buffer.alloc(44 + 2 * channels.length * frames);
  const size = file.length - 44;
  file.write("RIFF", 0);
  file.writeUInt32LE(36 + size, 4);
  file.write("WAVEfmt ", 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20); // PCM
  file.writeUInt16LE(channels.length, 22);
  file.writeUInt32LE(rate, 24);
  file.writeUInt32LE(2 * channels.length * rate, 28);
  file.writeUInt16LE(2 * channels.length, 32);
  file.writeUInt16LE(16, 34);
  file.write("data", 36);
  file.writeUInt32LE(size, 40);
  for (const [channel, samples] of channels.entries()) {
    for (const [n, sample] of samples.entries()) {
      const whole = Math.max(-32_768, Math.min(32_767, Math.round(32_768 * sample)));
      file.writeInt16LE(whole, 44 + 2 * (n * channels.length + channel));
    }
  }
  return file;
}

/** The level from second `from` to second `to`, in dB of the level of a sweep. */
export function level(samples, from, to) {
  const part = samples.subarray(Math.round(from * RATE), Math.round(to * RATE));
  const power = part.reduce((sum, sample) => sum + sample * sample, 0) / part.length;
  return 10 * Math.log10(power / (AMPLITUDE ** 2 / 2));
}

/**
 * Where a sweep sounds in `samples`, in steps of a tenth of a second that leave nothing out: `{ at, start, frequency }`, the
 * middle of the step, when the sweep had then begun, and its frequency. Steps with another sound, or none, are not there: of
 * what sounds, the sweep must be `purity`.
 */
export function sweepStarts(samples, sweep, purity = 0.95) {
  const found = [];
  for (let first = 0; first + STEP <= samples.length; first += STEP) {
    const heard = sweepIn(samples.subarray(first, first + STEP), sweep, purity);
    const at = (first + STEP / 2) / RATE;
    if (heard) found.push({ at, frequency: heard, start: at - (heard - sweep.from) / rise(sweep) });
  }
  return found;
}

/** When, in the sweep's own time, a step of `sweepStarts` is: so many seconds after it began. */
const own = ({ at, start }) => at - start;

/** The middle of the times at which steps say that their sweep began. */
export const begin = (steps) => steps.map(({ start }) => start).sort((a, b) => a - b)[steps.length >> 1];

/**
 * What a page was given of a sweep without a break, by what its witness heard: `{ from, to }`, in the sweep's own time. `steps` are
 * of `sweepStarts`, `held` are the times at which the sound came late, in seconds of what the witness heard.
 */
export function stretches(steps, held = []) {
  const [half, found] = [STEP / RATE / 2, []];
  const inTime = steps.filter(({ at }) => !held.some(({ from, to }) => at + half > from - EDGE && at - half < to + EDGE));
  let last;
  for (const step of inTime) {
    const follows = last && step.at - last.at < 3 * half && Math.abs(step.start - last.start) < CONTINUOUS;
    if (follows) found.at(-1).to = own(step) + half;
    else found.push({ from: own(step) - half, to: own(step) + half });
    last = step;
  }
  return found.filter(({ from, to }) => to - from > LEAST);
}

/**
 * Checks that of each of these stretches all was received: `steps`, of `sweepStarts`, say that the sweep began at one time, to
 * `tolerance` seconds, and are not away for longer than `pause` seconds.
 */
export function assertArrived(steps, given, { tolerance, pause = 0 }) {
  const half = STEP / RATE / 2;
  for (const { from, to } of given) {
    if (to - from < LEAST + pause) continue;
    const within = steps.filter((step) => own(step) - half >= from && own(step) + half <= to);
    assert.ok(within.length > 0, `of the sweep from ${from.toFixed(2)} to ${to.toFixed(2)} s nothing is heard`);
    const start = begin(within);
    for (const step of within) {
      const ahead = start - step.start;
      assert.ok(Math.abs(ahead) <= tolerance, `at ${step.at.toFixed(2)} s the sweep is ${(ahead * 1_000).toFixed(1)} ms ahead`);
    }
    // The steps of both lie differently: at either end one may be cut.
    const edges = [from + 2 * half, ...within.flatMap((step) => [own(step) - half, own(step) + half]), to - 2 * half];
    for (let n = 0; n < edges.length; n += 2) {
      const away = edges[n + 1] - edges[n];
      assert.ok(away < pause + EDGE, `from ${edges[n].toFixed(2)} s of the sweep on it is not heard for ${away.toFixed(2)} s`);
    }
  }
}

/** The length of stretches, in seconds. */
export const whole = (stretches) => stretches.reduce((sum, { from, to }) => sum + to - from, 0);

/** Seconds by which what a frequency says, and where a block of sound begins, may be off. */
const EDGE = 0.03;

/** By how many seconds the start of a sweep may differ from step to step where nothing is missing between them. */
const CONTINUOUS = 0.005;

/** Stretches of a sweep that are shorter, in seconds, say nothing: no step may lie within. */
const LEAST = 0.4;

const STEP = RATE / 10;

/** Hz a second. */
const rise = (sweep) => (sweep.to - sweep.from) / sweep.seconds;

/** The frequency in the middle of `part`, in Hz, if the sweep sounds there. Good to 0.1 Hz. */
function sweepIn(part, sweep, purity) {
  // Roughly by the changes of sign, then by how the phase turns between the halves.
  let changes = 0;
  for (let n = 1; n < part.length; n += 1) changes += Number(part[n] > 0 !== part[n - 1] > 0);
  let frequency = (changes / 2) * (RATE / part.length);
  let amplitude = 0;
  for (let round = 0; round < 4; round += 1) {
    const [early, late] = halves(part, frequency, rise(sweep));
    const turned = Math.atan2(late.im * early.re - late.re * early.im, late.re * early.re + late.im * early.im);
    frequency += (turned / Math.PI) * (RATE / part.length);
    amplitude = (2 * (Math.hypot(early.re, early.im) + Math.hypot(late.re, late.im))) / part.length;
  }
  // Another sound is not concentrated on the sweep's law.
  const rms = Math.sqrt(part.reduce((sum, sample) => sum + sample * sample, 0) / part.length);
  const isPure = amplitude > purity * Math.SQRT2 * rms && amplitude > AMPLITUDE / 10;
  return isPure && frequency > sweep.from && frequency < sweep.to ? frequency : undefined;
}

/** The sums of both halves of `part` against a sweep that is at `frequency` Hz in the middle and rises by `rate` Hz a second. */
function halves(part, frequency, rate) {
  const middle = part.length / 2;
  const sums = [{ re: 0, im: 0 }, { re: 0, im: 0 }];
  for (let n = 0; n < part.length; n += 1) {
    const time = (n - middle) / RATE;
    const phase = 2 * Math.PI * (frequency * time + (rate * time * time) / 2);
    const sum = sums[Number(n >= middle)];
    sum.re += part[n] * Math.cos(phase);
    sum.im -= part[n] * Math.sin(phase);
  }
  return sums;
}
