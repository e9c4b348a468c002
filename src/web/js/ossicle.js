// The package's entry for modules. It loads the wasm once and passes on its classes; importing it does nothing.

import start, { configure, OssicleClient as Client } from "#glue";

export { OssicleError } from "#glue";
export { authorizeUrl, createCodeChallenge, createCodeVerifier } from "./pkce.js";
export { preflight } from "./preflight.js";
import { OssicleError } from "#glue";
import { loadFlac } from "./flac.js";
import { loadOpus } from "./opus.js";

let ready;
let isReady = false;

/** Loads the wasm. Called again, it answers the same promise; after a failure it tries anew. */
export default function init(options) {
  ready ??= load(options).catch((error) => {
    ready = undefined;
    throw error;
  });
  return ready;
}

async function load(options = {}) {
  // wasm-bindgen's own input (a URL, a Response, bytes, a module, or { module_or_path }) is as good as our options.
  const plain = Object.getPrototypeOf(options) === Object.prototype;
  const { wasmUrl, workletUrl, opusUrl, flacUrl, module_or_path } = plain ? options : { module_or_path: options };
  try {
    await start({ module_or_path: module_or_path ?? wasmUrl ?? new URL("./ossicle_bg.wasm", import.meta.url) });
  } catch (cause) {
    const message = "the package's .wasm could not be loaded: is it served, and does the page's policy allow it?";
    throw new OssicleError("network", message, true, { cause });
  }
  configure(
    String(workletUrl ?? new URL("./ossicle-worklet.js", import.meta.url)),
    () => loadOpus(opusUrl ?? new URL("./ossicle_opus_bg.wasm", import.meta.url)),
    () => loadFlac(flacUrl ?? new URL("./ossicle_flac_bg.wasm", import.meta.url)),
  );
  isReady = true;
}

export class OssicleClient extends Client {
  constructor(options) {
    if (!isReady) throw new OssicleError("not_initialised", "await init() before creating an OssicleClient", false);
    super(options);
  }
}
