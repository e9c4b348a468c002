// The package's entry for modules. It loads the wasm once and passes on its classes; importing it does nothing.

import start, { configure, OssicleClient as Client } from "#glue";

export { OssicleError } from "#glue";
export { authorizeUrl, createCodeChallenge, createCodeVerifier } from "./pkce.js";
export { preflight } from "./preflight.js";
import { OssicleError } from "#glue";
import { loadFlac } from "./flac.js";
import { loadOpus } from "./opus.js";
import { workshop } from "./workers.js";

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
  const given = plain ? options : { module_or_path: options };
  // A script tag's file has no address of its own: nothing is beside it. Bundlers know these by their very form.
  const here = import.meta.url;
  const opusUrl = given.opusUrl ?? (here && new URL("./ossicle_opus_bg.wasm", import.meta.url).href);
  const flacUrl = given.flacUrl ?? (here && new URL("./ossicle_flac_bg.wasm", import.meta.url).href);
  let module;
  try {
    module = await compiled((await given.module_or_path) ?? given.wasmUrl ?? new URL("./ossicle_bg.wasm", import.meta.url));
    await start({ module_or_path: module });
  } catch (cause) {
    const message = "the package's .wasm could not be loaded: is it served, and does the page's policy allow it?";
    throw new OssicleError("network", message, true, { cause });
  }
  const workerUrl = String(given.workerUrl ?? new URL("./ossicle-worker.js", import.meta.url));
  configure(
    String(given.workletUrl ?? new URL("./ossicle-worklet.js", import.meta.url)),
    () => loadOpus(opusUrl),
    () => loadFlac(flacUrl),
    workshop(workerUrl, { module, opusUrl, flacUrl }),
  );
  isReady = true;
}

/** The wasm, compiled once for the page and its workers. */
async function compiled(input) {
  if (input instanceof WebAssembly.Module) return input;
  if (ArrayBuffer.isView(input) || input instanceof ArrayBuffer) return WebAssembly.compile(input);
  const response = input instanceof Response ? input : await fetch(input);
  if (!response.ok) throw new TypeError(`the server answered ${response.status}`);
  // A server that does not know the type is no reason to fail: it only takes longer.
  const isTyped = response.headers.get("Content-Type")?.startsWith("application/wasm");
  return isTyped ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer());
}

export class OssicleClient extends Client {
  constructor(options) {
    if (!isReady) throw new OssicleError("not_initialised", "await init() before creating an OssicleClient", false);
    super(options);
  }
}
