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

  return async (settings, seed, resume) => {
    if (isForbidden) return null;
    let worker;
    try {
      worker = new Worker(url);
      worker.postMessage({ ...common, settings, seed, resume });
      const first = await answer(worker);
      if (!first.failed) return { worker, ...first };
      worker.terminate();
      return first;
    } catch {
      worker?.terminate();
      isForbidden = true;
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
