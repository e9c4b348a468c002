// Making workers on the page, where the page's policy allows it, and seeing that they live.

import { revive } from "./error.js";

/** Milliseconds that a worker may take to be there: a visit is waiting. */
const LIMIT = 5_000;

/** The name of the policy for pages that require Trusted Types: to be listed in `trusted-types`, where a page has that. */
const POLICY = "ossicle";

/** The worker's address as what a page that requires Trusted Types accepts: one address, which the app gave or the package knows. */
function trusted(url) {
  const policy = globalThis.trustedTypes?.createPolicy(POLICY, { createScriptURL: (asked) => (asked === url ? asked : null) });
  return policy?.createScriptURL(url) ?? url;
}

/**
 * How often to look whether a worker lives, for how long one that does is never silent (it beats four times a second), and how
 * long after the first doubt to look again: all in milliseconds. Together they find a dead one within two seconds where the browser
 * does not tell of its end at once.
 */
const LOOK = 1_000;
const SILENCE = 500;
const DOUBT = 300;

/**
 * The same where the browser tells of a worker's end: only one that hangs is found so, within five seconds: a gap of so much audio is
 * still filled with silence. A machine that has too much to do holds up a worker that lives, too, and who replaces that one loses its
 * audio. A page's timer that fires each second would cost half of what all of a worker's messages do.
 */
const LOOK_FOR_HUNG = 2_000;
const SILENCE_OF_HUNG = 2_500;

let isForbidden = false;
let isMissingTold = false;
let address;
let count = 0;

/**
 * The line to a worker with a stream's engine in it, or null where there can be no worker, which is found out once. `place` says where the
 * package's files are, and has the wasm; `first` are the stream's settings, a seed, and how the stream stood if it goes on there.
 *
 * @throws {OssicleError} why that engine cannot be made
 */
export async function openWorker({ module, workerUrl, opusUrl, flacUrl }, first) {
  if (isForbidden) return null;
  const lock = `ossicle-${first.seed}-${(count += 1)}`;
  const { port1, port2 } = new MessageChannel();
  let worker, answered;
  try {
    // A policy is made once, and only where there is to be a worker: the page may have none for us.
    worker = new Worker((address ??= trusted(workerUrl)));
    worker.postMessage({ module, opusUrl, flacUrl, ...first, lock, port: port2 }, [port2]);
    answered = await answer(worker);
  } catch {
    worker?.terminate();
    // Where there was a worker before, another reason than the page's policy is likely.
    isForbidden = !first.resume;
    return null;
  }
  if (!answered.failed) return new Line(worker, port1, lock, answered);
  worker.terminate();
  throw revive(answered.failed);
}

/** Whether the app is to be told that there can be no worker, which it is once. */
export function isMissed() {
  const wasTold = isMissingTold;
  isMissingTold = true;
  return !wasTold;
}

function answer(worker) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(reject, LIMIT);
    const settle = (end) => (event) => {
      clearTimeout(timer);
      worker.onmessage = worker.onerror = worker.onmessageerror = null;
      event.preventDefault?.();
      end(event.data);
    };
    worker.onmessage = settle(resolve);
    worker.onerror = worker.onmessageerror = settle(reject);
  });
}

/** The line to a worker's engine, and what was heard there last. */
class Line {
  isInWorker = true;
  #worker;
  /** Where news comes from. */
  #port;
  /** How things stood last, in a message that only whoever asks looks into: opening it costs more than having it. */
  #beat;
  #lock;
  #seen;
  #unsent;
  #watch;

  constructor(worker, port, lock, { encoder, audioFormat, view, at, holdsLock }) {
    this.#worker = worker;
    this.#port = port;
    this.#lock = holdsLock && lock;
    this.#seen = { view, at };
    Object.assign(this, { encoder, audioFormat });
  }

  /** State and figures, and when they stood so. */
  seen() {
    this.#see(this.#beat?.data);
    return this.#seen;
  }

  /** A little older is what came the other way; much older, by a clock that was set back since. */
  #see(seen) {
    const older = this.#seen.at - seen?.at;
    if (older <= 0 || older > LOOK) this.#seen = seen;
  }

  /** The audio that was left when the stream was over; nothing before. */
  unsent() {
    return this.#unsent;
  }

  /** From here on each piece of news goes to `hear`, in order; should the worker die, `lost` is called, once. */
  listen(hear, lost) {
    const worker = this.#worker;
    const begun = performance.now();
    worker.onmessage = (beat) => (this.#beat = beat);
    this.#port.onmessage = ({ data: { news, view, at, unsent } }) => {
      this.#see({ view, at });
      this.#unsent ??= unsent;
      for (const text of news) hear(text);
    };
    const die = () => {
      if (!this.#watch) return;
      this.leave();
      worker.terminate();
      lost();
    };
    // An exception that nobody caught.
    worker.onerror = die;
    // The worker holds this lock for as long as it lives. Needs no timer, which a page in the background has rarely.
    if (this.#lock) navigator.locks.request(this.#lock, die).catch(() => {});
    const longest = this.#lock ? SILENCE_OF_HUNG : SILENCE;
    const isSilent = () => performance.now() - (this.#beat?.timeStamp ?? begun) > longest;
    // A page that was busy finds the worker's messages behind its own timer: only the second look decides.
    this.#watch = setInterval(() => isSilent() && setTimeout(() => isSilent() && die(), DOUBT), this.#lock ? LOOK_FOR_HUNG : LOOK);
  }

  /** It begins by itself. */
  begin() {}

  post(order, payload, transferred) {
    this.#worker.postMessage({ order, payload }, transferred);
  }

  /** Nothing more is expected of it. */
  leave() {
    clearInterval(this.#watch);
    this.#port.close();
    this.#watch = this.#worker.onmessage = this.#worker.onerror = null;
  }
}
