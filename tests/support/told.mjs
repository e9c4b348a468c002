// What a page has for a test that fails: all that it put on `globalThis.kept`, by file name. A value is what becomes JSON, sound,
// `{ rate, channels: [Float32Array, …] }`, which becomes a WAV file, or a function that answers one of these, or a promise of it.

import { wav } from "./hearing.mjs";

/** In the page: what `files` takes, as a text. */
export async function collect() {
  const text = (samples) => new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.readAsDataURL(new Blob([samples]));
  });
  const found = {};
  for (const [name, value] of Object.entries(globalThis.kept ?? {})) {
    const made = await (typeof value === "function" ? value() : value);
    const channels = made?.channels?.[0] instanceof Float32Array ? await Promise.all(made.channels.map(text)) : undefined;
    found[name] = channels ? { sound: { rate: made.rate, channels } } : { value: made };
  }
  return JSON.stringify(found);
}

/** Outside of it: all by its name, sound as it was in the page. */
export function parsed(text) {
  const sounds = ([name, { sound, value }]) => [name, sound ? { rate: sound.rate, channels: sound.channels.map(samples) } : value];
  return Object.fromEntries(Object.entries(JSON.parse(text)).map(sounds));
}

/** The same as files. */
export function* files(text) {
  for (const [name, value] of Object.entries(parsed(text))) {
    if (value?.channels?.[0] instanceof Float32Array) yield [`${name}.wav`, () => wav(value.channels, value.rate)];
    else yield [`${name}.json`, value];
  }
}

function samples(text) {
  const bytes = Uint8Array.from(Buffer.from(text, "base64"));
  return new Float32Array(bytes.buffer);
}
