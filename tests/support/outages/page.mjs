// A page in which visits are recorded: its microphone, the apps, and a witness of what the microphone played.
//
// Sound is in real time, and a machine that stands still for too long loses some before any page has it. Apps that can are
// therefore given not the microphone but the node in the audio graph that the witness hears: what one heard, all were given.

import { read } from "/slots.mjs";

/** Hz of the graph, and of what the witness keeps: the signal ends at 3.3 kHz. */
const [GRAPH_RATE, RATE] = [48_000, 8_000];

/** Seconds after an app said that it captures, and before it was told to end, in which it need not: a message on its way. */
const EDGE = 0.1;

// Averages are filter enough for what has no sound where it would fold.
const WITNESS = `registerProcessor("witness", class extends AudioWorkletProcessor {
  sum = 0; count = 0; batch = [];
  process([[samples = new Float32Array(128)]]) {
    for (const sample of samples) {
      this.sum += sample;
      if (++this.count < ${GRAPH_RATE / RATE}) continue;
      this.batch.push(this.sum / this.count);
      this.sum = this.count = 0;
    }
    if (this.batch.length >= ${RATE / 50}) this.port.postMessage(new Float32Array(this.batch.splice(0)));
    return true;
  }
})`;

// The processing of voices would take the tones for noise.
const media = await navigator.mediaDevices.getUserMedia({
  audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
});
const context = new AudioContext({ sampleRate: GRAPH_RATE });
await context.audioWorklet.addModule(URL.createObjectURL(new Blob([WITNESS], { type: "text/javascript" })));
const node = context.createMediaStreamSource(media);
const witness = new AudioWorkletNode(context, "witness", { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" });
const heard = [];
witness.port.onmessage = ({ data }) => heard.push(data);
node.connect(witness);
const seconds = () => heard.reduce((sum, { length }) => sum + length, 0) / RATE;

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
  const [from, began] = [seconds() + EDGE, performance.now()];
  const until = (second) => sleep(second - (performance.now() - began) / 1_000);
  if (schedule.flushAt) {
    await until(schedule.flushAt);
    running.flush();
  }
  await until(length);
  const to = seconds() - EDGE;
  return { ...(await running.end()), from, to };
};

/** The slots that the witness heard, and the end of it all. */
globalThis.witnessed = async () => {
  await context.close();
  const samples = new Float32Array(heard.reduce((sum, { length }) => sum + length, 0));
  heard.reduce((at, part) => (samples.set(part, at), at + part.length), 0);
  return read(samples, RATE);
};
globalThis.ready = true;
