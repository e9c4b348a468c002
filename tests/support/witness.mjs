// In a page: a witness of sound, a recording by other means than the package's. Sound comes in real time, and a machine that
// stands still loses some before any page has it: what the witness of a test has, the package was given.
//
// Whoever imports this has a witness of every microphone that the page opens, among what is kept of a test that fails.

/** Seconds by which sound comes late from a thread that was held up: shorter than what the package takes for a gap. */
const HELD = 0.15;

/** Seconds in which a thread that was held up catches up; if it does not, what is missing was never heard. */
const CATCHING_UP = 1;

/** No clock of a device is further off, as a part of 1. */
const DRIFT = 500e-6;

// Averages are filter enough for what has no sound where it would fold.
const WORKLET = `registerProcessor("witness", class extends AudioWorkletProcessor {
  sum = 0; count = 0; batch = [];
  constructor({ processorOptions: { reduced } }) {
    super();
    this.reduced = reduced;
  }
  process([[samples = new Float32Array(128)]]) {
    for (const sample of samples) {
      this.sum += sample;
      if (++this.count < this.reduced) continue;
      this.batch.push(this.sum / this.count);
      this.sum = this.count = 0;
    }
    if (this.batch.length < sampleRate / this.reduced / 50) return true;
    const batch = new Float32Array(this.batch.splice(0));
    const graph = currentTime - batch.length * this.reduced / sampleRate;
    this.port.postMessage({ samples: batch, time: Date.now() / 1_000, graph }, [batch.buffer]);
    return true;
  }
})`;

const WORKER = `onmessage = async ({ data: { readable }, ports: [port] }) => {
  const reader = readable.getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    const samples = new Float32Array(value.numberOfFrames);
    value.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
    const [rate, time] = [value.sampleRate, value.timestamp / 1e6 + samples.length / value.sampleRate];
    value.close();
    port.postMessage({ samples, time, rate }, [samples.buffer]);
  }
}`;

const script = (text) => URL.createObjectURL(new Blob([text], { type: "text/javascript" }));

/** What came, in batches, each with the time at which its end was there, in seconds of a clock. */
class Witness {
  #parts = [];
  #rate;

  constructor(port, rate) {
    this.#rate = rate;
    port.onmessage = ({ data }) => this.#take(data);
  }

  #take({ samples, time, graph, rate = this.#rate }) {
    this.#rate = rate;
    this.#parts.push({ samples, time, graph });
  }

  /** When it began, in seconds of a clock that all witnesses of a page have. */
  get began() {
    if (this.#parts[0]?.graph !== undefined) return this.#parts[0].graph;
    let at = 0;
    const begins = this.#parts.map(({ samples, time }) => time - (at += samples.length / this.#rate));
    return begins.sort((a, b) => a - b)[begins.length >> 1];
  }

  /** Seconds that came so far. */
  get seconds() {
    return this.#parts.reduce((sum, { samples }) => sum + samples.length, 0) / this.#rate;
  }

  /** `{ rate, samples }`: all that came. */
  sound() {
    const samples = new Float32Array(this.#parts.reduce((sum, part) => sum + part.samples.length, 0));
    this.#parts.reduce((at, part) => (samples.set(part.samples, at), at + part.samples.length), 0);
    return { rate: this.#rate, samples };
  }

  /** How far its clock was from its sound, in milliseconds, quarter of a second by quarter: the least and the most. */
  get wander() {
    const found = [];
    let [at, first] = [0];
    for (const { samples, time } of this.#parts) {
      at += samples.length / this.#rate;
      first ??= time - at;
      const off = Math.round((time - at - first) * 1e4) / 10;
      const [least, most] = (found[Math.floor(at * 4)] ??= [off, off]);
      found[Math.floor(at * 4)] = [Math.min(least, off), Math.max(most, off)];
    }
    return found;
  }

  /** Where it did not come in time: `{ from, to }` in seconds of the sound, and `late`, by how many seconds the latest of it was. */
  held() {
    const found = [];
    let [at, expected, last] = [0, Infinity];
    for (const { samples, time } of this.#parts) {
      const length = samples.length / this.#rate;
      at += length;
      const began = time - at;
      if (last && at - last.from > CATCHING_UP) [expected, last] = [last.least, undefined];
      expected = Math.min(began, expected + DRIFT * length);
      const late = began - expected;
      if (late < HELD) {
        last = undefined;
        continue;
      }
      if (!last) found.push((last = { from: at - length, late, least: began }));
      Object.assign(last, { to: at, late: Math.max(last.late, late), least: Math.min(last.least, began) });
    }
    return found.map(({ from, to, late }) => ({ from, to, late }));
  }
}

/** A witness of a node of an audio graph; of `reduced` samples one is kept. */
export async function ofNode(node, reduced = 1) {
  const { context } = node;
  await context.audioWorklet.addModule(script(WORKLET));
  const options = { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit", processorOptions: { reduced } };
  const worklet = new AudioWorkletNode(context, "witness", options);
  node.connect(worklet);
  return new Witness(worklet.port, context.sampleRate / reduced);
}

let worker, context;

/** A witness of a stream from `getUserMedia`: its track, read in a worker, or where that is not to be had a context for all of them. */
async function ofStream(stream) {
  if (!globalThis.MediaStreamTrackProcessor) {
    context ??= new AudioContext();
    return ofNode(context.createMediaStreamSource(stream));
  }
  worker ??= new Worker(script(WORKER));
  const { readable } = new MediaStreamTrackProcessor({ track: stream.getAudioTracks()[0], maxBufferSize: 500 });
  const { port1, port2 } = new MessageChannel();
  worker.postMessage({ readable }, [readable, port2]);
  return new Witness(port1);
}

/** Keeps it, by this name. */
export function kept(name, witness) {
  globalThis.kept ??= {};
  globalThis.kept[name] = () => {
    const { rate, samples } = witness.sound();
    return { rate, channels: [samples] };
  };
  globalThis.kept[`${name}-times`] = () => ({ began: witness.began, held: witness.held(), wander: witness.wander });
}

/** The witnesses of the microphones, in the order in which they were opened. */
export const microphones = [];

const { mediaDevices } = navigator;
const original = mediaDevices?.getUserMedia.bind(mediaDevices);
if (original) {
  mediaDevices.getUserMedia = async (constraints) => {
    const stream = await original(constraints);
    const witness = await ofStream(stream);
    kept(`microphone-${microphones.push(witness)}`, witness);
    return stream;
  };
}
