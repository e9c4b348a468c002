// The package in one module, for tools that cannot copy files: the wasm, the worklet and the worker are inside. Nothing else is
// fetched, unless `opusUrl` says where the Opus encoder is, for browsers without one of their own, or `flacUrl` where FLAC's is.

import { loadOnce } from "./load.js";
import * as rest from "./rest.js";
import restWasm from "#rest-wasm";
import wasm from "#wasm";
import worker from "#worker";
import worklet from "#worklet";

export { OssicleClient } from "./client.js";
export { OssicleError } from "./error.js";
export { authorizeUrl, createCodeChallenge, createCodeVerifier } from "./pkce.js";
export { preflight } from "./preflight.js";

const TYPE = "text/javascript";
const blob = (script) => URL.createObjectURL(new Blob([script], { type: TYPE }));

const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

const INSIDE = {
  wasm: () => bytes(wasm),
  // A page from disk has no origin, and may load no worklet from a `blob:` of its own.
  rest: async () => rest,
  restWasm: () => bytes(restWasm),
  workletUrl: () => (globalThis.origin === "null" ? `data:${TYPE},${encodeURIComponent(worklet)}` : blob(worklet)),
  workerUrl: () => blob(worker),
  here: () => import("./here.js"),
};

/** As in the module, but it needs no URL. Under a policy that forbids `blob:` pass `{ baseUrl }`. */
export default function init(options) {
  return loadOnce(INSIDE, options);
}
