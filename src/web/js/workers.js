// Making workers on the page, where the page's policy allows it.

/** Milliseconds that a worker may take to be there: a visit is waiting. */
const LIMIT = 5_000;

/**
 * `url` is where the worker's script is; `common` is what every worker is given: the compiled wasm, and where the encoders' is.
 * Answers a function `(settings, seed, resume) => Promise<{ worker, encoder, audioFormat, view } | { failed } | null>`: a worker with a
 * stream's engine in it, why that engine cannot be made, or null where there can be no worker. That is found out once.
 */
export function workshop(url, common) {
  let isForbidden = typeof Worker !== "function";
  let count = 0;

  return async (settings, seed, resume) => {
    if (isForbidden) return null;
    const lock = `ossicle-${seed}-${(count += 1)}`;
    let worker;
    try {
      worker = new Worker(url);
      worker.postMessage({ ...common, settings, seed, resume, lock });
      const first = await answer(worker);
      if (!first.failed) {
        tellEnd(worker, lock);
        return { worker, ...first };
      }
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

/**
 * The worker holds a lock for as long as it lives. When that is free, the worker is gone, and has an `error` event like any
 * other that failed. Needs no timer, which a page in the background has rarely.
 */
function tellEnd(worker, lock) {
  navigator.locks?.request(lock, () => worker.dispatchEvent(new Event("error"))).catch(() => {});
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
