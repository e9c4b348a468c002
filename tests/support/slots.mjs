// A signal in which every quarter of a second says which one it is, and its reader: what was received is compared with what
// was played slot by slot, and whatever is missing, doubled or out of order has a number. Needs nothing of Node: pages use it too.
//
// A slot is three tones at once, one of eight in each of three bands, which are the digits of its number to the base of eight.
// All 24 lie between 450 and 3,325 Hz, where every encoder of speech is at its best, and 125 Hz apart, so that over the reader's
// window of 64 ms, a whole number of periods of every difference, one tone is not heard at the place of another.

const SLOT = 0.25; // seconds
const GUARD = 0.015; // seconds of silence at either end of a slot
const FADE = 0.005; // seconds in which its tones come and go
const DIGITS = 8;
const AMPLITUDE = 0.15; // of each tone
const FILE_RATE = 48_000;

const BANDS = [0, 1, 2].map((band) => Array.from({ length: DIGITS }, (_, digit) => 450 + 125 * (DIGITS * band + digit)));

/** How many slots there are: 128 seconds. */
export const SLOTS = DIGITS ** BANDS.length;

const WINDOW = 0.064; // seconds
const STEP = 0.02; // seconds from window to window
const CLEAR = 3; // how many times the power of any other in its band a tone must have
const PURE = 0.4; // the part of all power that must be in the three tones: encoders of speech add noise
const QUIET = 1e-4; // mean square below which nothing is heard
const STEADY = 2; // windows in a row that make a reading

/** The first so many seconds of the signal, as a WAV file of 16 bits. */
export function make(seconds) {
  const samples = new Int16Array(seconds * FILE_RATE);
  for (let n = 0; n < samples.length; n += 1) {
    const slot = Math.floor(n / FILE_RATE / SLOT);
    const inside = n / FILE_RATE - slot * SLOT;
    const loud = Math.min(1, Math.max(0, Math.min(inside - GUARD, SLOT - GUARD - inside) / FADE));
    const tones = BANDS.map((band, place) => Math.sin(2 * Math.PI * band[digit(slot, place)] * inside + 2 * place));
    samples[n] = 32_767 * AMPLITUDE * loud * tones.reduce((sum, tone) => sum + tone);
  }
  const header = new DataView(new ArrayBuffer(44));
  const words = { 0: 0x52494646, 8: 0x57415645, 12: 0x666d7420, 36: 0x64617461 }; // RIFF, WAVE, fmt, data
  for (const [at, word] of Object.entries(words)) header.setUint32(at, word);
  const sizes = { 4: 36 + samples.byteLength, 16: 16, 24: FILE_RATE, 28: 2 * FILE_RATE, 40: samples.byteLength };
  for (const [at, size] of Object.entries(sizes)) header.setUint32(at, size, true);
  const shorts = { 20: 1, 22: 1, 32: 2, 34: 16 }; // PCM, channels, bytes a frame, bits a sample
  for (const [at, short] of Object.entries(shorts)) header.setUint16(at, short, true);
  const file = new Uint8Array(44 + samples.byteLength);
  file.set(new Uint8Array(header.buffer));
  file.set(new Uint8Array(samples.buffer), 44);
  return file;
}

/**
 * The slots in `pcm`, samples of −1 to 1 at `rate` Hz, in the order in which they are heard: `{ slot, from, to }`, the seconds
 * between which it is heard, exact to some 30 ms. Of one that is cut there is what is left of it, from 60 ms on; one that
 * comes again at once is one reading of double length.
 */
export function read(pcm, rate) {
  const length = Math.round(WINDOW * rate);
  const readings = [];
  let last;
  for (let time = 0; Math.round(time * rate) + length <= pcm.length; time += STEP) {
    const first = Math.round(time * rate);
    const slot = slotIn(pcm.subarray(first, first + length), rate);
    if (slot === undefined || slot !== last?.slot) last = slot === undefined ? undefined : { slot, from: time, windows: 0 };
    if (!last) continue;
    last.windows += 1;
    // A window whose middle is at the very edge of a slot still has half of it: the windows' middles span the slot.
    last.to = time + WINDOW / 2 + STEP / 2;
    if (last.windows === 1) last.from = time + WINDOW / 2 - STEP / 2;
    if (last.windows === STEADY) readings.push(last);
  }
  return readings.map(({ slot, from, to }) => ({ slot, from, to }));
}

const digit = (slot, place) => Math.floor(slot / DIGITS ** place) % DIGITS;

/** The slot that sounds all through `samples`, or undefined. */
function slotIn(samples, rate) {
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
  if (power < QUIET) return undefined;
  let [slot, tones] = [0, 0];
  for (const [place, band] of BANDS.entries()) {
    const powers = band.map((frequency) => goertzel(samples, frequency, rate));
    const strongest = Math.max(...powers);
    const index = powers.indexOf(strongest);
    if (powers.some((other, at) => at !== index && strongest < CLEAR * other)) return undefined;
    slot += index * DIGITS ** place;
    tones += strongest;
  }
  return tones > PURE * power ? slot : undefined;
}

/** The mean square of what sounds at `frequency` Hz in `samples`. */
function goertzel(samples, frequency, rate) {
  const turn = 2 * Math.cos((2 * Math.PI * frequency) / rate);
  let [before, last] = [0, 0];
  for (let n = 0; n < samples.length; n += 1) [before, last] = [last, samples[n] + turn * last - before];
  return (2 * (last * last + before * before - turn * last * before)) / samples.length ** 2;
}
