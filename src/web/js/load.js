// Loading the package's wasm once, whichever entry the page imports; and the client, which cannot be made before.

import start, { handOver, OssicleClient as Client } from "#glue";
import { OssicleError } from "./error.js";
import { microphones } from "./microphones.js";
import { connect } from "./stream.js";

/** The package's files, by the option that says where one is. */
const FILES = {
  wasmUrl: "ossicle_bg.wasm",
  workletUrl: "ossicle-worklet.js",
  workerUrl: "ossicle-worker.js",
  opusUrl: "ossicle_opus_bg.wasm",
  flacUrl: "ossicle_flac_bg.wasm",
};

let ready;
let isReady = false;

/**
 * Loads the wasm. Called again, it answers the same promise; after a failure it tries anew. `beside` says where the package's
 * files are unless `options` do: a function for each of `FILES`, which is called when it is needed and not before. An entry that
 * has the wasm inside has a function `wasm` for it. `here` answers the module `here.js`.
 */
export function loadOnce(beside, options) {
  ready ??= load(beside, options).catch((error) => {
    ready = undefined;
    throw error;
  });
  return ready;
}

async function load(beside, options) {
  options ??= {};
  // wasm-bindgen's own input (a URL, a Response, bytes, a module, or { module_or_path }) is as good as our options.
  const plain = Object.getPrototypeOf(options) === Object.prototype;
  const { module_or_path, baseUrl, ...given } = plain ? options : { module_or_path: options };
  const there = (name) => (baseUrl === undefined ? beside[name]?.() : new URL(FILES[name], address(baseUrl)));
  const of = (name) => given[name] ?? there(name);
  let module, workletUrl, workerUrl, opusUrl, flacUrl;
  try {
    module = await compiled((await module_or_path) ?? given.wasmUrl ?? beside.wasm?.() ?? there("wasmUrl"));
    await start({ module_or_path: module });
  } catch (cause) {
    const message = "the package's .wasm could not be loaded: is it served, and does the page's policy allow it?";
    throw new OssicleError("network", message, true, { cause });
  }
  try {
    [workletUrl, workerUrl] = [address(of("workletUrl")), address(of("workerUrl"))];
    [opusUrl, flacUrl] = await Promise.all([portable(of("opusUrl")), portable(of("flacUrl"))]);
  } catch (cause) {
    const message = "where the package's files are is not known: pass init({ baseUrl })";
    throw new OssicleError("invalid_request", message, false, { cause });
  }
  const place = { module, workletUrl, workerUrl, opusUrl, flacUrl, here: beside.here };
  handOver((service, options) => connect(service, place, options), microphones);
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

/** An address that means the same in a worker as on the page. */
function address(url) {
  return new URL(url, globalThis.document?.baseURI ?? globalThis.location?.href).href;
}

/** The wasm of an encoder in a form that a worker can be sent, and that can be used more than once. */
async function portable(input) {
  if (typeof input === "string" || input instanceof URL) return address(input);
  if (globalThis.Request && input instanceof Request) return input.url;
  if (globalThis.Response && input instanceof Response) return input.arrayBuffer();
  return input;
}

/** The client of the wasm, once that is there. */
export class OssicleClient extends Client {
  constructor(options) {
    if (!isReady) throw new OssicleError("not_initialised", "await init() before creating an OssicleClient", false);
    super(options);
  }
}
