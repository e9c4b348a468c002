// The wasm Opus encoder: a file apart from the package's own wasm, fetched the first time somebody asks for it.

import start, { OpusEncoder } from "#opus";
import { loader } from "./codec.js";

/** Answers the class, ready to be made: `new OpusEncoder(sampleRate, channels, bitrate, complexity)`. */
export const loadOpus = loader(start, OpusEncoder);
