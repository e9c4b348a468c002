// Loading the package's wasm once, whichever entry the page imports, and its second half when that is needed.

import start from "#glue";
import { within } from "./check.js";
import { compiled } from "./compile.js";
import { OssicleError, fail } from "./error.js";

/** The package's files, by the option that says where one is. */
const FILES = {
  wasmUrl: "ossicle_bg.wasm",
  workletUrl: "ossicle-worklet.js",
  workerUrl: "ossicle-worker.js",
  restUrl: "ossicle-rest.js",
  restWasmUrl: "ossicle_rest_bg.wasm",
  opusUrl: "ossicle_opus_bg.wasm",
  flacUrl: "ossicle_flac_bg.wasm",
};

/** Seconds that a file of the second half may take: somebody waits for what it was asked. */
const LIMIT = 30;

let ready;
let place;

/** Where everything is, once the wasm is loaded. */
export const current = () => place;

/**
 * Loads the wasm. Called again, it answers the same promise; after a failure it tries anew. `beside` says where the package's
 * files are unless `options` do: a function for each of `FILES`, which is called when it is needed and not before. An entry that
 * has the wasm inside has functions `wasm` and `restWasm` for it. `rest` answers a promise of the second half's module, `here` one of
 * `here.js`.
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
  let module, workletUrl, workerUrl, restUrl, restWasm, opusUrl, flacUrl;
  try {
    module = await compiled((await module_or_path) ?? given.wasmUrl ?? beside.wasm?.() ?? there("wasmUrl"));
    await start(module);
  } catch (cause) {
    const message = "the package's .wasm could not be loaded: is it served, and does the page's policy allow it?";
    fail("network", message, cause);
  }
  try {
    [workletUrl, workerUrl] = [address(of("workletUrl")), address(of("workerUrl"))];
    restUrl = beside.restWasm ? undefined : address(of("restUrl"));
    const wasm = [given.restWasmUrl ?? (beside.restWasm ? undefined : there("restWasmUrl")), of("opusUrl"), of("flacUrl")];
    [restWasm, opusUrl, flacUrl] = await Promise.all(wasm.map(portable));
  } catch (cause) {
    const message = "where the package's files are is not known: pass init({ baseUrl })";
    fail("invalid_request", message, cause);
  }
  const rest = second(() => beside.rest(restUrl), () => restWasm ?? beside.restWasm());
  place = { module, workletUrl, workerUrl, opusUrl, flacUrl, here: beside.here, rest };
}

/** A function that loads the second half, once; after a failure it tries anew. */
function second(script, wasm) {
  let loaded;
  const load = async () => {
    const [half, module] = await Promise.all([
      named(FILES.restUrl, script),
      named(FILES.restWasmUrl, () => compiled(wasm())),
    ]);
    await half.begin(module, OssicleError);
    return half;
  };
  return () => {
    loaded ??= load().catch((error) => {
      loaded = undefined;
      throw error;
    });
    return loaded;
  };
}

/** What loading a file comes to; the file is named if it cannot be loaded. */
async function named(file, load) {
  try {
    return await within(LIMIT, file, load());
  } catch (cause) {
    const message = `${file} could not be loaded: is it served (init({ baseUrl }) says where), and does the page's policy allow it?`;
    fail("network", message, cause);
  }
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
