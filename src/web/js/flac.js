// The wasm FLAC encoder: a file apart from the package's own wasm, fetched the first time somebody asks for it.

import start, { FlacEncoder } from "#flac";
import { loader } from "./codec.js";

/** Answers the class, ready to be made: `new FlacEncoder(sampleRate, channels)`. */
export const loadFlac = loader(start, FlacEncoder);
