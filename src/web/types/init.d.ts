
/** Options of {@link init}. */
export interface InitOptions {
  /** Where the `.wasm` is, or its bytes or compiled module. Default: beside the module. */
  wasmUrl?: string | URL | Request | Response | BufferSource | WebAssembly.Module;
  /**
   * Where the Opus encoder is. Default: beside the module; the script-tag file has no default. It is fetched only by a
   * stream that needs it: where the browser has no encoder of its own.
   */
  opusUrl?: string | URL | Request | Response | BufferSource | WebAssembly.Module;
  /** Where the FLAC encoder is, as `opusUrl`. It is fetched only by a stream that asks for FLAC. */
  flacUrl?: string | URL | Request | Response | BufferSource | WebAssembly.Module;
  /** Where the worklet's script is. Default: beside the module. */
  workletUrl?: string | URL;
  /** Where the worker's script is: of the page's own origin. Default: beside the module. */
  workerUrl?: string | URL;
}

/**
 * Loads the package's wasm. Await it once before anything else; further calls answer the same promise. Importing the
 * package without calling it touches nothing, so a server may import it.
 */
export default function init(
  options?: InitOptions | string | URL | Request | Response | BufferSource | WebAssembly.Module,
): Promise<void>;
