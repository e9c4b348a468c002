// What a stream warns of.

export async function silence_and_clipping_are_told_once({ connect, soon, equal }) {
  const { stream } = await connect();
  const warnings = [];
  stream.on("warning", ({ code, channel }) => warnings.push([code, channel]));
  stream.pushFrame([new Float32Array(16_000 * 7)], 16_000);
  // What is told comes in the order in which it happened: with the answer to a flush all that was before it is there.
  await soon("the flush is answered", stream.flush());
  equal(warnings, [["silent-input", 0]], "warnings of silence");
  stream.pushFrame([new Float32Array(16_000 * 3).fill(1)], 16_000);
  await soon("the flush is answered", stream.flush());
  equal(warnings.slice(1), [["clipping", 0]], "warnings of clipping");
  stream.close();
}

export async function a_device_that_goes_or_is_muted_is_told({ connect, soon, equal }) {
  const { stream } = await connect();
  const warnings = [];
  stream.on("warning", ({ code }) => warnings.push(code));
  const media = await navigator.mediaDevices.getUserMedia({ audio: true });
  const [track] = media.getAudioTracks();
  // Firefox delivers no event to a track that it did not make itself: what listens is called as the browser would.
  const listeners = new Map();
  track.addEventListener = (type, listener) => listeners.set(type, listener);
  track.removeEventListener = (type) => listeners.delete(type);
  await stream.attach(media);
  listeners.get("mute")(new Event("mute"));
  listeners.get("ended")(new Event("ended"));
  await soon("the flush is answered", stream.flush());
  equal(warnings.filter((code) => code !== "silent-input"), ["muted", "device-lost"], "warnings");
  await stream.detach();
  equal(listeners.size, 0, "listeners on the track after the source was detached");
  track.stop();
  stream.close();
}
