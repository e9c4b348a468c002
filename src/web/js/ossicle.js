// The package's entry for modules, whose other files are beside it. Importing it does nothing.

import { loadOnce } from "./load.js";

export { OssicleClient } from "./client.js";
export { OssicleError } from "./error.js";
export { authorizeUrl, createCodeChallenge, createCodeVerifier } from "./pkce.js";
export { preflight } from "./preflight.js";

// Bundlers know these addresses by their very form: each stands here whole.
const BESIDE = {
  wasmUrl: () => new URL("./ossicle_bg.wasm", import.meta.url),
  workletUrl: () => new URL("./ossicle-worklet.js", import.meta.url),
  workerUrl: () => new URL("./ossicle-worker.js", import.meta.url),
  restUrl: () => new URL("./ossicle-rest.js", import.meta.url),
  restWasmUrl: () => new URL("./ossicle_rest_bg.wasm", import.meta.url),
  opusUrl: () => new URL("./ossicle_opus_bg.wasm", import.meta.url),
  flacUrl: () => new URL("./ossicle_flac_bg.wasm", import.meta.url),
  here: () => import("./ossicle-here.js"),
};

/** Loads the wasm. Called again, it answers the same promise; after a failure it tries anew. */
export default function init(options) {
  return loadOnce(BESIDE, options);
}
