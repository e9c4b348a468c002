// What is attached to a stream: a tap on its source, and on the next one when a microphone moves to another device. An
// `AudioContext` with the package's worklet behind the source, or a track that is read where the engine is.

import { fail, invalid } from "./error.js";
import { listen } from "./listeners.js";

/** Milliseconds that a context may take to start. One that is waiting for a gesture of the user never does. */
const START_LIMIT = 2_000;

/** What a user does, or a page that is shown again, lets a suspended context go on. */
const RESUMING = ["pointerdown", "keydown", "visibilitychange"];

/** Rates in Hz that are captured. */
const LEAST_RATE = 8_000;
const MOST_RATE = 192_000;

/** Buffers that the browser keeps for a worker that is busy, where ten milliseconds are in one: five seconds. */
const MOST_BUFFERS = 500;

/** Whether a value is of a class that not every place has. */
const is = (value, name) => typeof globalThis[name] === "function" && value instanceof globalThis[name];

/** The track of what the app attached, if it has one. */
const trackOf = (source) => {
  const track = is(source, "MediaStream") ? source.getAudioTracks()[0] : source;
  return is(track, "MediaStreamTrack") ? track : undefined;
};

/** Something attached. What it makes, it lets go of when it is closed. */
export class Capture {
  #options;
  #isMicrophone;
  #tap;
  #isAttached = false;
  #isClosed = false;
  #off = [];

  constructor(source, options) {
    this.source = source;
    this.#options = options;
    this.#isMicrophone = !is(source, "AudioNode") && is(source?.mediaStream, "MediaStream");
  }

  /**
   * Listens to a `MediaStream`, a `MediaStreamTrack`, an `AudioNode`, or a microphone of this package, which is followed from device
   * to device. Of `options`, `isInWorker` says whether the engine can read a track itself, `workletUrl` where the worklet is; `moved`
   * is told where the frames of another device come out, as `frames` does, and `warn` what became of a device.
   */
  static async start(source, options) {
    const capture = new Capture(source, options);
    // Before its first stream is heard, so that no change is missed meanwhile.
    if (capture.#isMicrophone) capture.#follow();
    try {
      // A microphone that moves on meanwhile has to be listened to where it is then.
      while (!capture.#tap) await capture.#listen();
    } catch (error) {
      capture.close();
      throw error;
    }
    return capture;
  }

  /** Where its frames come out from here on, a port or a stream of `AudioData`, and at how many Hz, 0 if they say it. */
  frames() {
    this.#isAttached = true;
    return this.#tap.frames();
  }

  /** What there is to listen to: of a microphone the stream of its present device. */
  get #media() {
    return this.#isMicrophone ? this.source.mediaStream : this.source;
  }

  /** A tap on the source, in place of the one before. */
  async #listen() {
    const media = this.#media;
    let tap, failure;
    try {
      tap = await this.#open(media);
    } catch (error) {
      failure = error;
    }
    // The microphone may have moved on while the tap was opening: then the tap on its next device is the one.
    if (this.#media !== media || this.#isClosed) return tap?.close();
    if (failure) throw failure;
    const before = this.#tap;
    this.#tap = tap;
    if (!before) return;
    if (this.#isAttached) this.#options.moved(...this.frames());
    before.close();
    this.#options.warn("device-changed");
  }

  async #open(media) {
    const { isInWorker, workletUrl, warn } = this.#options;
    // Of a microphone that is followed, the microphone itself tells whether it was lost.
    const told = (code) => (this.#isMicrophone && code === "device-lost") || warn(code);
    const tap = (isInWorker && Track.on(media)) || (await Tap.on(media, workletUrl, told));
    tap.off.push(...watch(media, told));
    return tap;
  }

  #follow() {
    const { warn } = this.#options;
    const lost = () => warn("device-lost");
    const acts = { change: () => this.#listen().catch(lost), lost };
    for (const [type, act] of Object.entries(acts)) this.#off.push(this.source.on?.(type, act));
  }

  close() {
    this.#isClosed = true;
    for (const off of this.#off) off?.();
    this.#tap?.close();
  }
}

/** Listens to what becomes of the device behind a stream or a track. */
function watch(source, warn) {
  const track = trackOf(source);
  if (!track) return [];
  if (track.muted) warn("muted");
  return [listen(track, "ended", () => warn("device-lost")), listen(track, "mute", () => warn("muted"))];
}

/** A track that is read in a worker: it costs a fraction of an `AudioContext`, and needs no gesture of the user. */
class Track {
  off = [];
  #track;
  #first;

  constructor(track) {
    this.#track = track;
    // What this browser does not read is found out here.
    this.#first = this.#read();
  }

  /** Of a source that has a track, where there is a reader for it. */
  static on(source) {
    const track = trackOf(source);
    try {
      return track?.kind === "audio" ? new Track(track) : undefined;
    } catch {
      return undefined;
    }
  }

  #read() {
    return new MediaStreamTrackProcessor({ track: this.#track, maxBufferSize: MOST_BUFFERS }).readable;
  }

  frames() {
    const readable = this.#first ?? this.#read();
    this.#first = undefined;
    return [readable, 0];
  }

  close() {
    for (const off of this.off) off();
    this.#first?.cancel().catch(() => {});
  }
}

/** A node that is listened to. */
class Tap {
  off = [];
  #node;
  #context;
  /** The context, if it was made here: one that came with the app's own node is the app's. */
  #own;
  #worklet;

  /** Of a `MediaStream`, a `MediaStreamTrack`, or an `AudioNode`. */
  static async on(source, workletUrl, warn) {
    const tap = new Tap();
    try {
      tap.#connect(source);
      await tap.#start(workletUrl);
    } catch (error) {
      tap.close();
      throw error;
    }
    if (tap.#own) tap.#keepRunning(warn);
    return tap;
  }

  #connect(source) {
    if (is(source, "AudioNode")) {
      this.#node = source;
      this.#context = source.context;
      return;
    }
    const stream = is(source, "MediaStreamTrack") ? new MediaStream([source]) : source;
    if (!is(stream, "MediaStream")) invalid("attach needs a MediaStream, a MediaStreamTrack, an AudioNode, or an open microphone");
    if (!stream.getAudioTracks().length) invalid("the MediaStream has no audio track");
    try {
      // The device's own rate: the browser's resampler is unspecified, ours is measured.
      this.#context = this.#own = new AudioContext();
    } catch (cause) {
      unsupported("this page cannot process audio", cause);
    }
    try {
      this.#node = this.#own.createMediaStreamSource(stream);
    } catch (cause) {
      unsupported("this browser cannot read the MediaStream", cause);
    }
  }

  async #start(workletUrl) {
    const context = this.#context;
    const rate = context.sampleRate;
    if (!(rate >= LEAST_RATE && rate <= MOST_RATE)) {
      unsupported(`the audio device runs at ${rate} Hz; ${LEAST_RATE} to ${MOST_RATE} are supported`);
    }
    try {
      await context.audioWorklet.addModule(workletUrl);
    } catch (cause) {
      unsupported("the package's worklet could not be loaded: is it served, and does the page's policy allow it?", cause);
    }
    if (this.#own) await resumed(context);
    try {
      this.#worklet = new AudioWorkletNode(context, "ossicle-capture", { numberOfOutputs: 0 });
      this.#node.connect(this.#worklet);
    } catch (cause) {
      unsupported("this browser did not start the capture", cause);
    }
  }

  /** The frames come out at a port, from here on; what was captured before one was asked for comes first. */
  frames() {
    const { port1, port2 } = new MessageChannel();
    this.#worklet.port.postMessage(port1, [port1]);
    return [port2, Math.trunc(this.#context.sampleRate)];
  }

  /**
   * A context that the system suspends, or interrupts for a call, is to go on as soon as it may: at once, when the page is shown
   * again, or when the user does something.
   */
  #keepRunning(warn) {
    const context = this.#own;
    const goOn = () => {
      const isHeld = context.state !== "running" && context.state !== "closed";
      // Refused while the interruption lasts; the next change of state tries again.
      if (isHeld) context.resume().catch(() => {});
      return isHeld;
    };
    this.off.push(listen(context, "statechange", () => goOn() && warn("suspended")));
    for (const type of RESUMING) this.off.push(listen(globalThis, type, goOn));
  }

  close() {
    for (const off of this.off) off();
    this.#worklet?.port.postMessage("stop");
    try {
      if (this.#worklet) this.#node.disconnect(this.#worklet);
    } catch {
      // The app has taken its own node off everything already.
    }
    this.#own?.close().catch(() => {});
  }
}

async function resumed(context) {
  if (context.state === "running") return;
  const late = new Promise((resolve) => setTimeout(resolve, START_LIMIT));
  await Promise.race([context.resume(), late]).catch(() => {});
  if (context.state !== "running") unsupported("the browser starts audio only after a click or a key: call attach() from such a handler");
}

function unsupported(message, cause) {
  fail("audio_unsupported", message, cause);
}
