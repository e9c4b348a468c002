// What the stream's wasm calls in JavaScript, in place of classes of js-sys: four functions are all that it needs.

/** How long a list of samples or bytes is. */
export const length = (list) => list.length;

/** Copies samples into the wasm's memory. */
export const copySamples = (from, to) => to.set(from);

/** The same for bytes. */
export const copyBytes = (from, to) => to.set(from);

/** Has a frame encoded, which is a view of the wasm's memory for the time of the call; without one, what waits is handed out. */
export const encode = (encoder, frame) => encoder(frame);
