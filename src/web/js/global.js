// The package as one classic script: `window.ossicle`. The wasm and the worklet are inside; nothing else is fetched,
// unless `opusUrl` says where the Opus encoder is, for browsers without one of their own, or `flacUrl` where FLAC's is.

import * as ossicle from "./ossicle.js";
import wasm from "#wasm";
import worker from "#worker";
import worklet from "#worklet";

export const { OssicleClient, OssicleError, preflight, authorizeUrl, createCodeChallenge, createCodeVerifier } = ossicle;

/** As in the module, but it needs no URL. Under a policy that forbids `blob:` pass `{ workletUrl }`. */
export default function init(options = {}) {
  const inside = (script) => URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  const { wasmUrl = wasm, workletUrl = inside(worklet), workerUrl = inside(worker), opusUrl, flacUrl } = options;
  return ossicle.default({ module_or_path: wasmUrl, workletUrl, workerUrl, opusUrl, flacUrl });
}

export { init };
