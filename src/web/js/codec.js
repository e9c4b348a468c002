// Loading a codec's wasm, which is a file of its own, when it is asked for.

import { compiled } from "./compile.js";

/** A fetch that takes longer has failed, in milliseconds: a codec has some 120 kB at most, and a visit is waiting. */
const LIMIT = 30_000;

/**
 * A function `(url) => Promise<Class>`: the class that the glue exports, when its wasm is there; `start` makes an instance of it.
 *
 * `url` is where the wasm is, or its bytes. Called again with the same one, it answers with the same load; after a
 * failure it tries anew. The glue has room for one instance, so loads go one after the other, and whichever succeeds
 * first serves all.
 */
export function loader(start, Class) {
  const loads = new Map();
  let isLoaded = false;
  let last = Promise.resolve();

  return async (url) => {
    const key = url instanceof URL ? url.href : url;
    if (!loads.has(key)) {
      const load = last.then(() => isLoaded || instantiated(start, key)).then(() => {
        isLoaded = true;
        return Class;
      });
      last = load.catch(() => loads.delete(key));
      loads.set(key, load);
    }
    return loads.get(key);
  };
}

async function instantiated(start, url) {
  const limit = new AbortController();
  const late = () => limit.abort(new DOMException("the codec took too long to load", "TimeoutError"));
  const timer = setTimeout(late, LIMIT);
  try {
    return await start(await compiled(url, { signal: limit.signal }));
  } finally {
    clearTimeout(timer);
  }
}
