// `client.microphones`: which there are, and opening one that is followed from device to device.

import { Devices } from "#glue";
import { fail, invalid } from "./error.js";
import { Listeners, listen } from "./listeners.js";

/** Milliseconds for which the device before is kept open when a microphone has moved to another: longer than a capture takes to start. */
const HANDOVER = 1_000;

const DENIED = ["microphone_denied", "the microphone was denied: allow it for this page in the browser's settings"];
const MISSING = ["microphone_missing", "no such microphone was found"];
const BUSY = ["microphone_busy", "the microphone cannot be read: another program may be using it"];
const REFUSED = ["audio_unsupported", "this browser did not open the microphone"];

/** What `getUserMedia`'s exceptions mean (Media Capture and Streams, section 10.2.2). */
const REFUSALS = {
  NotAllowedError: DENIED,
  SecurityError: DENIED,
  NotFoundError: MISSING,
  OverconstrainedError: MISSING,
  NotReadableError: BUSY,
  AbortError: BUSY,
};

export const microphones = Object.freeze({
  /** The microphones; their labels are empty until one was allowed. */
  async list() {
    return (await inputs()).map(({ deviceId, label }) => ({ deviceId, label }));
  },

  /** Asks for a microphone; the browser may ask the user. */
  async open(options) {
    const preset = options?.preset ?? "conversation";
    if (preset !== "conversation" && preset !== "dictation") invalid('preset must be "conversation" or "dictation"');
    // A conversation across a desk needs the browser's processing; a dictating voice at the microphone is best left alone.
    const processing = preset === "conversation";
    const wanted = typeof options?.deviceId === "string" ? options.deviceId : undefined;
    const stream = await userMedia(processing, wanted);
    return new Microphone(processing, new Devices(wanted), stream, await inputs().catch(() => []));
  },
});

/** An open microphone. It moves to another device when its own goes or the default changes. */
class Microphone {
  #processing;
  #devices;
  #stream;
  #listeners = new Listeners();
  #off = [];
  #isLooking = false;
  #looksAgain = false;
  #isClosed = false;

  constructor(processing, devices, stream, found) {
    this.#processing = processing;
    this.#devices = devices;
    this.#take(stream, found);
  }

  get mediaStream() {
    return this.#stream;
  }

  get label() {
    return this.#track?.label ?? "";
  }

  /** Adds a listener for `change` or `lost`; what it returns takes it off again. */
  on(type, call) {
    return this.#listeners.add(type, call);
  }

  /** Lets go of the device: the browser's recording light goes out. */
  close() {
    this.#isClosed = true;
    this.#unwatch();
    stop(this.#stream);
  }

  free() {
    this.#listeners.clear();
    this.close();
  }

  get #track() {
    return this.#stream.getAudioTracks()[0];
  }

  /** Its device is this one from here on, opened when these were found. */
  #take(stream, found) {
    this.#stream = stream;
    this.#devices.opened(this.#track?.getSettings().deviceId ?? "", text(found));
    this.#unwatch();
    const ended = () => {
      this.#devices.ended();
      this.#look();
    };
    if (this.#track) this.#off.push(listen(this.#track, "ended", ended));
    this.#off.push(listen(navigator.mediaDevices, "devicechange", () => this.#look()));
  }

  #unwatch() {
    for (const off of this.#off.splice(0)) off();
  }

  /** Looks at the devices, and moves to another one if that is called for. */
  async #look() {
    this.#looksAgain = true;
    if (this.#isLooking) return;
    this.#isLooking = true;
    while (this.#looksAgain && !this.#isClosed) {
      this.#looksAgain = false;
      await this.#lookOnce();
    }
    this.#isLooking = false;
  }

  async #lookOnce() {
    const found = await inputs().catch(() => null);
    if (!found || this.#isClosed) return;
    const choice = JSON.parse(this.#devices.choose(text(found)));
    if (choice === "keep") return;
    if (choice === "wait") this.#devices.ended();
    const stream = choice === "wait" ? null : await userMedia(this.#processing, choice.open).catch(() => null);
    if (this.#isClosed) return stop(stream);
    if (!stream) {
      if (this.#devices.refused(text(found))) this.#listeners.emit("lost");
      return;
    }
    const before = this.#stream;
    this.#take(stream, found);
    this.#listeners.emit("change", { label: this.label });
    // A moment later: whoever listens to the one before may still need it until the next one is heard.
    setTimeout(() => stop(before), HANDOVER);
  }
}

if (Symbol.dispose) Microphone.prototype[Symbol.dispose] = Microphone.prototype.free;

function stop(stream) {
  stream?.getAudioTracks().forEach((track) => track.stop());
}

/** Devices as the core has them. */
function text(found) {
  return JSON.stringify(found.map(({ deviceId, groupId }) => [deviceId, groupId]));
}

/** The audio inputs there are. */
async function inputs() {
  return (await media().enumerateDevices()).filter(({ kind }) => kind === "audioinput");
}

/** Opens a device; without a name, the default. */
async function userMedia(processing, id) {
  const devices = media();
  const audio = { echoCancellation: processing, noiseSuppression: processing, autoGainControl: processing };
  if (id) audio.deviceId = { exact: id };
  try {
    return await devices.getUserMedia({ audio });
  } catch (cause) {
    const [code, message] = REFUSALS[cause?.name] ?? REFUSED;
    fail(code, message, cause);
  }
}

function media() {
  const message = "this page may not use microphones: it must be served over https (or from localhost)";
  return globalThis.navigator?.mediaDevices ?? fail("audio_unsupported", message);
}
