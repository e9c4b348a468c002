// A page in which visits are recorded: its microphone, the apps, and a witness of what the microphone played.
//
// Sound is in real time, and a machine that stands still for too long loses some before any page has it. Apps that can are
// therefore given not the microphone but the node in the audio graph that the witness hears: what one heard, all were given.

import { read } from "/slots.mjs";
import { kept, ofNode } from "/witness.mjs";

/** Hz of the graph, and of what the witness keeps: the signal ends at 3.3 kHz. */
const [GRAPH_RATE, RATE] = [48_000, 8_000];

/**
 * Seconds after an app said that it captures, and before it was told to end, in which it need not: a message on its way. The start is by
 * the graph's clock, the end by what the witness has told by then, which is behind it.
 */
const EDGE = 0.1;

// The processing of voices would take the tones for noise.
const media = await navigator.mediaDevices.getUserMedia({
  audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
});
const context = new AudioContext({ sampleRate: GRAPH_RATE });
const node = context.createMediaStreamSource(media);
const witness = await ofNode(node, GRAPH_RATE / RATE);
kept("witness", witness);

const settings = await (await fetch("/settings.json")).json();
const token = async () => (await fetch("/token", { method: "POST" })).json();
const sleep = (time) => new Promise((resolve) => setTimeout(resolve, time * 1_000));

/**
 * Records a visit of `length` seconds with the app at `/{app}.mjs`, whose `start({ media, node }, { id, settings, token,
 * ...schedule })` answers `{ flush(), end() }` once it captures. Answers what `end` does, and `from` and `to`, the times of
 * the witness between which all was to be captured.
 */
globalThis.visit = async ({ app, id, length, ...schedule }) => {
  const { start } = await import(`/${app}.mjs`);
  const running = await start({ media, node }, { id, settings, token, ...schedule });
  globalThis.begun = true;
  const [from, began] = [context.currentTime - witness.began + EDGE, performance.now()];
  const until = (second) => sleep(second - (performance.now() - began) / 1_000);
  if (schedule.flushAt) {
    await until(schedule.flushAt);
    running.flush();
  }
  await until(length);
  const to = witness.seconds - EDGE;
  return { ...(await running.end()), from, to };
};

/** The slots that the witness heard, and where they did not come in time; and the end of it all. */
globalThis.witnessed = async () => {
  await context.close();
  const { samples, rate } = witness.sound();
  return { heard: read(samples, rate), held: witness.held() };
};
globalThis.ready = true;
