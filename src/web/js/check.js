// Small things of the client: what is plain data, and the end of waiting.

import { OssicleError, invalid } from "./error.js";

/** A copy of what an app gave as `name`, as JSON has it: without functions. */
export function plainData(name, value) {
  try {
    return JSON.parse(JSON.stringify(value) ?? "null");
  } catch {
    return invalid(`${name} must be plain data, as JSON has it`);
  }
}

/** What a promise comes to, unless so many seconds pass before. */
export function within(seconds, whom, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    const error = new OssicleError("timeout", `${whom} did not answer within ${seconds} s`);
    // setTimeout takes at most 2³¹ − 1 ms.
    timer = setTimeout(() => reject(error), Math.min(seconds * 1e3, 2 ** 31 - 1));
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** What a promise comes to, unless the caller aborts before. */
export function unlessAborted(signal, promise) {
  if (!(signal instanceof AbortSignal)) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(new OssicleError("aborted", "the call was aborted"));
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
