
/** Options of {@link init}. Where a tool copies the package's files elsewhere, `baseUrl` is enough. */
export interface InitOptions {
  /**
   * The folder that the package's files are in, under their own names, with a slash at its end; relative to the page. Default: where
   * the module is. The options below go before it, and so does what `ossicle/inline` and the script-tag file have inside: the wasm.
   */
  baseUrl?: string | URL;
  /** Where the `.wasm` is, or its bytes or compiled module. Default: beside the module. */
  wasmUrl?: string | URL | Request | Response | BufferSource | WebAssembly.Module;
  /**
   * Where the script of the package's second half is: what the REST API, sign-in and visits need, loaded by the first call that
   * does. Default: beside the module; `ossicle/inline` and the script-tag file have it inside.
   */
  restUrl?: string | URL;
  /** Where the second half's `.wasm` is, or its bytes or compiled module. Default: as that of `restUrl`. */
  restWasmUrl?: string | URL | Request | Response | BufferSource | WebAssembly.Module;
  /**
   * Where the Opus encoder is. Default: beside the module; `ossicle/inline` and the script-tag file have no default. It is fetched
   * only by a stream that needs it: where the browser has no encoder of its own.
   */
  opusUrl?: string | URL | Request | Response | BufferSource | WebAssembly.Module;
  /** Where the FLAC encoder is, as `opusUrl`. It is fetched only by a stream that asks for FLAC. */
  flacUrl?: string | URL | Request | Response | BufferSource | WebAssembly.Module;
  /** Where the worklet's script is. Default: beside the module; inside `ossicle/inline` and the script-tag file, as a `blob:`. */
  workletUrl?: string | URL;
  /** Where the worker's script is: of the page's own origin. Default: as that of `workletUrl`. */
  workerUrl?: string | URL;
}

/**
 * Loads the package's wasm. Await it once before anything else; further calls answer the same promise. Importing the
 * package without calling it touches nothing, so a server may import it.
 */
export default function init(
  options?: InitOptions | string | URL | Request | Response | BufferSource | WebAssembly.Module,
): Promise<void>;
