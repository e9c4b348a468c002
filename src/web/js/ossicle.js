// The package's entry for modules, whose other files are beside it. Importing it does nothing.

import { loadOnce } from "./load.js";

export { OssicleClient } from "./client.js";
export { OssicleError } from "./error.js";
export { authorizeUrl, createCodeChallenge, createCodeVerifier } from "./pkce.js";
export { preflight } from "./preflight.js";

/* global importByAddress: `import`, which the build puts before this as no bundler may see it. */

// Bundlers know these addresses by their very form: each stands here whole.
const BESIDE = {
  wasmUrl: () => new URL("./ossicle_bg.wasm", import.meta.url),
  workletUrl: () => new URL("./ossicle-worklet.js", import.meta.url),
  workerUrl: () => new URL("./ossicle-worker.js", import.meta.url),
  rest: imported,
  restUrl: () => new URL("./ossicle-rest.js", import.meta.url),
  restWasmUrl: () => new URL("./ossicle_rest_bg.wasm", import.meta.url),
  opusUrl: () => new URL("./ossicle_opus_bg.wasm", import.meta.url),
  flacUrl: () => new URL("./ossicle_flac_bg.wasm", import.meta.url),
  here: () => import("./ossicle-here.js"),
};

/** Where `rest-script.js` hands over what it has. */
const HANDOVER = Symbol.for("ossicle-rest");

let half;
let failures = 0;

/** Loads the second half's script, which runs once. One that could not be loaded Firefox asks for no more under the same address. */
async function imported(url) {
  if (half) return half;
  globalThis[HANDOVER] = (given) => (half = given);
  try {
    await importByAddress(failures ? `${url}#${failures}` : url);
    if (!half) throw new TypeError("it is another script");
    return half;
  } catch (cause) {
    failures += 1;
    throw cause;
  } finally {
    delete globalThis[HANDOVER];
  }
}

/** Loads the wasm. Called again, it answers the same promise; after a failure it tries anew. */
export default function init(options) {
  return loadOnce(BESIDE, options);
}
