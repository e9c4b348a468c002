// The browser's own Opus encoder (WebCodecs), where there is one and it proves itself.
//
// Which browser encodes what is not told by any feature test that can be trusted: one second is encoded, and the packets
// are looked at. Packets come in the order of the frames.

/** The longest that Opus has: each packet crosses threads, which costs as much as a third of encoding it. The engine knows. */
const FRAME_MICROSECONDS = 60_000;

/** As for the package's own encoder: half of what Chromium spends unasked, and not heard at speech's bitrates. */
const COMPLEXITY = 5;

/** Frames of the proof: a second. */
const PROOF = 17;

/** How long the proof may take, in milliseconds: a second of audio takes some 25. */
const LIMIT = 3_000;

/** The most bytes of a packet of 60 ms: three frames at most (RFC 6716, sections 3.2.1 and 3.2.5). */
const MOST_BYTES = 2 + 3 * 1_275 + 2 * 2;

/** One stream's encoder. `hear` is called with each packet, whose bytes are there for the time of the call. */
export class NativeOpus {
  constructor({ sampleRate, channels, bitrate }, complexity, hear) {
    this.sampleRate = sampleRate;
    this.channels = channels;
    this.hear = hear;
    this.frames = (sampleRate * FRAME_MICROSECONDS) / 1e6;
    this.given = 0;
    /** Frames of this task, and how many they are: handing over all of them at once costs what one costs. */
    this.samples = new Float32Array(this.frames * channels);
    this.waiting = 0;
    this.packet = new Uint8Array(MOST_BYTES);
    this.failed = false;
    this.encoder = new AudioEncoder({
      output: (chunk) => this.take(chunk),
      error: () => { this.failed = true; },
    });
    this.encoder.configure(settings({ sampleRate, channels, bitrate }, complexity));
  }

  /** Takes one frame, interleaved. */
  encode(frame) {
    if (this.failed || this.encoder.state === "closed") throw new Error("the encoder has failed");
    const at = this.waiting * frame.length;
    if (at + frame.length > this.samples.length) {
      const { samples } = this;
      this.samples = new Float32Array(2 * samples.length);
      this.samples.set(samples);
    }
    this.samples.set(frame, at);
    this.waiting += 1;
    if (this.waiting === 1) queueMicrotask(() => this.submit());
  }

  submit() {
    const { waiting, sampleRate, channels } = this;
    this.waiting = 0;
    if (waiting === 0 || this.failed || this.encoder.state === "closed") return;
    const numberOfFrames = this.frames * waiting;
    try {
      const data = new AudioData({
        format: "f32",
        sampleRate,
        numberOfChannels: channels,
        numberOfFrames,
        timestamp: this.given * FRAME_MICROSECONDS,
        data: this.samples.subarray(0, numberOfFrames * channels),
      });
      this.given += waiting;
      this.encoder.encode(data);
      data.close();
    } catch {
      this.failed = true;
    }
  }

  take(chunk) {
    if (chunk.byteLength > this.packet.length) this.packet = new Uint8Array(chunk.byteLength);
    chunk.copyTo(this.packet);
    this.hear?.(this.packet.subarray(0, chunk.byteLength));
  }

  flush() {
    this.submit();
    this.encoder.flush().catch(() => { this.failed = true; });
  }

  /** Nobody hears any more of it. */
  close() {
    this.hear = null;
    if (this.encoder.state !== "closed") this.encoder.close();
  }
}

function settings({ sampleRate, channels, bitrate }, complexity) {
  const opus = { application: "voip", signal: "voice", format: "opus", frameDuration: FRAME_MICROSECONDS };
  if (complexity !== undefined) Object.assign(opus, { complexity });
  return { codec: "opus", sampleRate, numberOfChannels: channels, bitrate, opus };
}

const proofs = new Map();

/**
 * How this browser's encoder is made for such a sound if it can be relied on: a function of who hears the packets; else null.
 * Asked once a page and setting.
 */
export function proven(sound) {
  const key = Object.values(sound).join();
  if (!proofs.has(key)) {
    const proof = prove(sound).catch(() => null);
    // A visit is waiting: an encoder that has not even answered by then is none.
    const limit = new Promise((resolve) => setTimeout(resolve, LIMIT, null));
    proofs.set(key, Promise.race([proof, limit]));
  }
  return proofs.get(key);
}

async function prove(sound) {
  if (typeof AudioEncoder !== "function" || typeof AudioData !== "function") return null;
  // What Firefox makes of speech by itself is right; when it is to take less trouble, it takes it for music.
  for (const complexity of [COMPLEXITY, undefined]) {
    const first = await encoded(sound, complexity);
    if (first !== undefined && (complexity === undefined || isSpeech(first))) return (hear) => new NativeOpus(sound, complexity, hear);
  }
  return null;
}

/** Encodes a second. Answers the first byte of the first packet, if all of them are what was asked for. */
async function encoded(sound, complexity) {
  const { sampleRate, channels, bitrate } = sound;
  const { supported } = await AudioEncoder.isConfigSupported(settings(sound, complexity));
  if (!supported) return undefined;
  const packets = [];
  const encoder = new NativeOpus(sound, complexity, (packet) => packets.push(packet.slice()));
  try {
    const frame = new Float32Array(encoder.frames * channels);
    for (let index = 0; index < PROOF; index++) {
      // A gliding buzz: harmonics as a voice has them, so that the encoder has something to do.
      for (let n = 0; n < frame.length; n++) {
        const seconds = (index * encoder.frames + Math.floor(n / channels)) / sampleRate;
        const pitch = 2 * Math.PI * seconds * (110 + 30 * seconds);
        frame[n] = 0.1 * (Math.sin(pitch) + Math.sin(3 * pitch) / 2 + Math.sin(7 * pitch) / 3);
      }
      encoder.encode(frame);
    }
    encoder.submit();
    await encoder.encoder.flush();
    const bytes = packets.reduce((sum, packet) => sum + packet.length, 0);
    const areAsAsked =
      !encoder.failed &&
      packets.length >= PROOF &&
      packets.length <= PROOF + 1 &&
      packets.every((packet) => packet.length > 1 && packet.length <= MOST_BYTES && milliseconds(packet) === 60) &&
      bytes * 8 > bitrate / 3 &&
      bytes * 8 < bitrate * 3;
    return areAsAsked ? packets[0][0] : undefined;
  } finally {
    encoder.close();
  }
}

/** From a packet's first byte, RFC 6716 section 3.1: whether SILK had a part in it. */
function isSpeech(toc) {
  return toc >> 3 < 16;
}

/** How much a packet decodes to, by its first byte and, where that says so, its second: RFC 6716, sections 3.1 and 3.2. */
function milliseconds([first, second]) {
  const config = first >> 3;
  const silk = [10, 20, 40, 60][config % 4];
  const frame = config < 12 ? silk : config < 16 ? [10, 20][config % 2] : [2.5, 5, 10, 20][config % 4];
  return frame * [1, 2, 2, second & 63][first & 3];
}
