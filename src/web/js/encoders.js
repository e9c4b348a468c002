// The encoders that a host has: the browser's own, and the package's, each a wasm file that is loaded when it is asked for.

import { loadFlac } from "./flac.js";
import { proven } from "./native-opus.js";
import { loadOpus } from "./opus.js";

/** What the package's Opus encoder may spend: at 5 it takes some 2 % of a core, and more is not heard at speech's bitrates. */
const COMPLEXITY = 5;

/** How each is made that is not the engine's own; `hear` is for packets that come later. */
const MAKE = {
  async "opus-native"(sound, _, hear) {
    const make = await proven(sound);
    if (!make) throw new Error("the browser encodes no Opus");
    return make(hear);
  },
  async "opus-wasm"({ sampleRate, channels, bitrate }, { opusUrl }) {
    const Opus = await loadOpus(opusUrl);
    return new Opus(sampleRate, channels, bitrate, COMPLEXITY);
  },
  async flac({ sampleRate, channels }, { flacUrl }) {
    const Flac = await loadFlac(flacUrl);
    return new Flac(sampleRate, channels);
  },
};

/** The first of `codecs` that is to be had: `{ name, encoder }`. If none is, throws an error's plain data. */
export async function found({ codecs, ...sound }, urls, hear) {
  let cause;
  for (const name of codecs) {
    try {
      return { name, encoder: await MAKE[name]?.(sound, urls, hear) };
    } catch (error) {
      cause = error;
    }
  }
  const name = codecs.includes("flac") ? "FLAC" : "Opus";
  const message = `the ${name} encoder could not be loaded: is its .wasm served, and does the page's policy allow it?`;
  throw { code: "audio_unsupported", message, retryable: false, cause };
}

/** What the engine calls with a frame, or with none when nothing follows. It knows the encoder and nothing else. */
export const encode = (encoder) => (frame) => (frame ? encoder.encode(frame) : encoder.flush?.());
