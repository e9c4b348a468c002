// `client.stream.connect`, and the `Stream` class as the app sees it. Its half of the work is a `Front`'s.

import { settings } from "#glue";
import { attempt, fail, invalid } from "./error.js";
import { Front } from "./front.js";
import { Remote } from "./remote.js";

/** Stands for the interaction's id until it is known. */
const UNKNOWN = "00000000-0000-0000-0000-000000000000";

/**
 * A stream of an interaction. `service` is the client: `streamUrl(id)` answers where its stream is, with a fresh token, `diagnose(id)`
 * rejects with why there is none, `log(level, line)` tells the app's logger. `place` says where the package's files are, and has the wasm.
 */
export async function connect(service, place, options) {
  const { abortSignal, worker, ...given } = options ?? {};
  // The interaction may still be on its way; what is captured meanwhile is kept.
  const promised = typeof given.id?.then === "function" ? given.id : undefined;
  const text = written({ ...given, id: promised ? UNKNOWN : given.id, isHeld: promised !== undefined });
  const { isAwaited, ...known } = JSON.parse(attempt(() => settings(text)));
  const signal = abortSignal instanceof AbortSignal ? abortSignal : undefined;
  refuseAborted(signal);
  const remote = await Remote.open(place, text, worker !== false);
  const front = new Front(service, place, remote, { ...known, interaction: given.id });
  if (signal?.aborted) front.free();
  refuseAborted(signal);
  front.begin(signal);
  const stream = new Stream(front);
  if (promised) front.identify(promised);
  else if (isAwaited) await front.connected;
  front.tellMissing();
  return stream;
}

function written(options) {
  try {
    return JSON.stringify(options);
  } catch {
    return invalid("the stream's options must be plain data, as JSON has it");
  }
}

function refuseAborted(signal) {
  if (signal?.aborted) fail("aborted", "the call was aborted");
}

/** A stream of an interaction. */
class Stream {
  #front;

  constructor(front) {
    this.#front = front;
  }

  get #live() {
    return this.#front ?? fail("conflict", "the stream was freed");
  }

  // What the app listens to

  /** Adds a listener; what it returns takes it off again. */
  on(type, call) {
    return this.#listen(type, call, false);
  }

  /** As `on`, for the next event only. */
  once(type, call) {
    return this.#listen(type, call, true);
  }

  /** Takes a function off an event; all functions if none is given. */
  off(type, call) {
    this.#live.listeners.off(type, call);
    this.#live.want();
  }

  #listen(type, call, once) {
    const front = this.#live;
    const off = front.listeners.add(type, call, once);
    front.want();
    return () => {
      off();
      front.want();
    };
  }

  // How things stand

  get connected() {
    return this.#live.connected;
  }

  get state() {
    return this.#live.remote.view.state;
  }

  get stats() {
    return this.#live.remote.view.stats;
  }

  get transcript() {
    return this.#live.remote.transcript;
  }

  get audioFormat() {
    return this.#live.remote.audioFormat;
  }

  get encoder() {
    return this.#live.remote.encoder;
  }

  get isInWorker() {
    return this.#live.remote.isInWorker;
  }

  get isPaused() {
    return this.#live.remote.isPaused;
  }

  get pauses() {
    return this.#live.remote.pauses;
  }

  get dropped() {
    return this.#live.remote.dropped;
  }

  unsentAudio() {
    const { remote } = this.#live;
    return new Blob([remote.unsent()], { type: remote.audioFormat });
  }

  // What it is given

  async attach(source, options) {
    await this.#live.attach(source, this.#channel(options?.channel));
  }

  async detach(source) {
    await this.#live.detach(source);
  }

  pushFrame(planes, sampleRate) {
    const { remote } = this.#live;
    // A copy of the list, which may have holes, or be a proxy.
    const list = Array.isArray(planes) && [...planes];
    if (!list || !list.every((plane) => plane instanceof Float32Array)) {
      invalid("pushFrame needs a list of Float32Arrays, one a channel, and their sample rate");
    }
    remote.order({ frames: Math.trunc(sampleRate) }, list);
  }

  sendAudio(data) {
    const front = this.#live;
    const before = front.giving;
    front.giving = (async () => {
      // What became of it, its own caller is told.
      await before?.catch(() => {});
      front.remote.order("bytes", await bytes(data));
    })();
    return front.giving;
  }

  // What it is asked

  async flush() {
    const front = this.#live;
    if (front.giving) await front.given();
    return front.request((id) => ({ command: { flush: id } }));
  }

  async end() {
    const front = this.#live;
    if (front.hasSources) await front.detach();
    if (front.giving) await front.given();
    return front.request((id) => ({ command: { end: id } }));
  }

  pause() {
    this.#live.command("pause");
  }

  resume() {
    this.#live.command("resume");
  }

  mute(channel) {
    this.#live.command({ mute: this.#channel(channel) ?? null });
  }

  unmute(channel) {
    this.#live.command({ unmute: this.#channel(channel) ?? null });
  }

  close() {
    this.#live.close();
  }

  free() {
    const front = this.#front;
    this.#front = undefined;
    front?.free();
  }

  /** Which channel a source is for, if the app said so. */
  #channel(channel) {
    const { channels } = this.#live;
    if (channel === undefined || (Number.isInteger(channel) && channel >= 0 && channel < channels)) return channel;
    return invalid(`channel must be one of the stream's: 0 to ${channels - 1}`);
  }
}

if (Symbol.dispose) Stream.prototype[Symbol.dispose] = Stream.prototype.free;

/** What `sendAudio` was given. */
async function bytes(data) {
  const given = data instanceof Blob ? await data.arrayBuffer() : data;
  if (ArrayBuffer.isView(given)) return new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
  if (given instanceof ArrayBuffer) return new Uint8Array(given);
  return invalid("sendAudio needs an ArrayBuffer, a view of one, or a Blob");
}
