// A page in which visits are recorded: the apps, and what they record: frames of the signal, or a microphone that plays it, with a witness.
//
// A microphone's sound is in real time, and a machine that stands still for too long loses some before any page has it. Apps that can
// are therefore given not the microphone but the node in the audio graph that the witness hears: what one heard, all were given.

import { read } from "/slots.mjs";
import { kept, ofNode } from "/witness.mjs";

/** Hz of the graph, and of what the witness keeps: the signal ends at 3.3 kHz. */
const [GRAPH_RATE, RATE] = [48_000, 8_000];

/**
 * Seconds after an app said that it captures, and before it was told to end, in which it need not: a message on its way. The start is by
 * the graph's clock, the end by what the witness has told by then, which is behind it.
 */
const EDGE = 0.1;

/** How often frames are given, in seconds. */
const GIVEN = 0.06;

const settings = await (await fetch("/settings.json")).json();
const token = async () => (await fetch("/token", { method: "POST" })).json();
const sleep = (time) => new Promise((resolve) => setTimeout(resolve, time * 1_000));

/** The microphone, once: its stream, the node in the graph, and the witness of that. */
let opened;
async function open() {
  // The processing of voices would take the tones for noise.
  const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const media = await navigator.mediaDevices.getUserMedia({ audio });
  const context = new AudioContext({ sampleRate: GRAPH_RATE });
  const node = context.createMediaStreamSource(media);
  const witness = await ofNode(node, GRAPH_RATE / RATE);
  kept("witness", witness);
  return { media, node, context, witness };
}

/** The signal as frames: `play(push)` gives it as time goes by, and answers a function that ends it and tells how many seconds were given. */
let loaded;
async function load() {
  const file = await (await fetch("/signal.wav")).arrayBuffer();
  const samples = Float32Array.from(new Int16Array(file, 44), (sample) => sample / 32_768);
  const play = (push) => {
    const began = performance.now();
    let at = 0;
    const give = () => {
      const due = Math.min(samples.length, Math.floor(((performance.now() - began) / 1_000) * GRAPH_RATE));
      if (due > at) push(samples.slice(at, due), GRAPH_RATE);
      at = Math.max(at, due);
    };
    const timer = setInterval(give, GIVEN * 1_000);
    return () => {
      clearInterval(timer);
      give();
      return at / GRAPH_RATE;
    };
  };
  return { play };
}

/**
 * Records a visit of `length` seconds with the app at `/{app}.mjs`, whose `start(source, { id, settings, token, ...schedule })`
 * answers `{ flush(), end() }` once it captures. The source is `{ media, node }`, the microphone, or with `frames` it is `{ play }`. Answers
 * what `end` does, and of a microphone `from` and `to`, the times of the witness between which all was to be captured.
 */
globalThis.visit = async ({ app, id, length, frames, ...schedule }) => {
  const { start } = await import(`/${app}.mjs`);
  const { context, witness, ...source } = await (frames ? (loaded ??= load()) : (opened ??= open()));
  const running = await start(source, { id, settings, token, ...schedule });
  globalThis.begun = true;
  const from = witness && context.currentTime - witness.began + EDGE;
  const began = performance.now();
  const until = (second) => sleep(second - (performance.now() - began) / 1_000);
  if (schedule.flushAt) {
    await until(schedule.flushAt);
    running.flush();
  }
  await until(length);
  const to = witness && witness.seconds - EDGE;
  return { ...(await running.end()), from, to };
};

/** The slots that the witness heard, and where they did not come in time; and the end of it all. */
globalThis.witnessed = async () => {
  if (!opened) return { heard: [], held: [] };
  const { context, witness } = await opened;
  await context.close();
  const { samples, rate } = witness.sound();
  return { heard: read(samples, rate), held: witness.held() };
};
globalThis.ready = true;
