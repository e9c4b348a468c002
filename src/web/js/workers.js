// Making workers on the page, where the page's policy allows it, and seeing that they live.

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
 * long after the first doubt to look again: all in milliseconds. Together they find a dead one within two seconds, where the
 * browser does not tell of its end at once.
 */
const LOOK = 1_000;
const SILENCE = 500;
const DOUBT = 300;

/**
 * `url` is where the worker's script is; `common` is what every worker is given: the compiled wasm, and where the encoders' is.
 * Answers a function `(settings, seed, resume) => Promise<Line | { failed } | null>`: the line to a worker with a stream's engine
 * in it, why that engine cannot be made, or null where there can be no worker. That is found out once.
 */
export function workshop(url, common) {
  let isForbidden = typeof Worker !== "function";
  let address;
  let count = 0;

  return async (settings, seed, resume) => {
    if (isForbidden) return null;
    const lock = `ossicle-${seed}-${(count += 1)}`;
    let worker;
    try {
      // A policy is made once, and only where there is to be a worker: the page may have none for us.
      worker = new Worker((address ??= trusted(url)));
      worker.postMessage({ ...common, settings, seed, resume, lock });
      const first = await answer(worker);
      if (!first.failed) return new Line(worker, lock, first);
      worker.terminate();
      return first;
    } catch {
      worker?.terminate();
      // Where there was a worker before, another reason than the page's policy is likely.
      isForbidden = !resume;
      return null;
    }
  };
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

/** A worker, what it said last (`view`, and `at`, when by the clock), and what it had left when it was over (`unsent`). */
class Line {
  constructor(worker, lock, { encoder, audioFormat, view, holdsLock }) {
    Object.assign(this, { worker, lock: holdsLock && lock, encoder, audioFormat, view, at: Date.now() });
  }

  /** From here on each piece of news goes to `hear`, in order; should the worker die, `lost` is called, once. */
  listen(hear, lost) {
    const { worker } = this;
    let heard = performance.now();
    worker.onmessage = ({ data: { news, view, at, unsent } }) => {
      heard = performance.now();
      Object.assign(this, { view, at });
      if (unsent) this.unsent = unsent;
      for (const text of news) hear(text);
    };
    const die = () => {
      if (!this.watch) return;
      this.leave();
      worker.terminate();
      lost();
    };
    // An exception that nobody caught.
    worker.onerror = die;
    // The worker holds this lock for as long as it lives. Needs no timer, which a page in the background has rarely.
    if (this.lock) navigator.locks.request(this.lock, die).catch(() => {});
    const isSilent = () => performance.now() - heard > SILENCE;
    // A page that was busy finds the worker's messages behind its own timer: only the second look decides.
    this.watch = setInterval(() => isSilent() && setTimeout(() => isSilent() && die(), DOUBT), LOOK);
  }

  post(order, payload, transferred) {
    this.worker.postMessage({ order, payload }, transferred);
  }

  /** Nothing more is expected of it. */
  leave() {
    clearInterval(this.watch);
    this.watch = this.worker.onmessage = this.worker.onerror = null;
  }
}
