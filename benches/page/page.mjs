// The page of a run: its microphone, one of the apps, and, where it is asked for, a witness of when each sample was captured.
//
// What a run does is called from outside: `begin`, `block`, `finish`, `witnessed`; for audio that comes faster than in life `push`.

/** Buffers of 10 ms that wait for the witness: more than a page is ever blocked for. */
const WAITING = 1_000;

/** Hz of what is pushed, and samples of a block: 20 ms, as the worklet's. */
const [RATE, BLOCK] = [48_000, 960];

/** Milliseconds for which the page does its other work between two halves of a second that are pushed. */
const PAUSE = 4;

/** Seconds that may be on their way, in the encoder, the stream and the service, while more is pushed: half of what is kept. */
const HELD = 60;

/** Seconds that may still be on their way when it is done: a line of the consultation is heard as a whole. */
const REST = 20;

/** Milliseconds in which the service must have heard what it is waited for. */
const PATIENCE = 30_000;

// In a worker, which a blocked page does not disturb. The browser stamps each buffer when the device hands it over, in µs of
// the clock of whoever takes it: what was on its way to the page before is of another clock, and left out.
const WITNESS = `
let [parts, times, rate] = [[], [], 0];
const watch = async (reader) => {
  for (;;) {
    const { value: buffer, done } = await reader.read();
    if (done) return;
    if (buffer.timestamp < times.at(-1)) [parts, times] = [[], []];
    const samples = new Float32Array(buffer.numberOfFrames);
    buffer.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
    parts.push(Int16Array.from(samples, (sample) => 32_767 * sample));
    times.push(buffer.timestamp);
    rate = buffer.sampleRate;
    buffer.close();
  }
};
const epoch = () => {
  let most = -Infinity; // at the first moment of a millisecond the difference is whole
  for (const until = performance.now() + 20; performance.now() < until; ) most = Math.max(most, Date.now() - performance.now());
  return most;
};
onmessage = ({ data }) => (data ? watch(data.getReader()) : postMessage({ parts, times, rate, epoch: epoch() }));
`;

// Echo cancellation makes one channel of a device's, which is what a visit has. Its companions would take a sweep for noise.
const media = await navigator.mediaDevices.getUserMedia({
  audio: { echoCancellation: true, noiseSuppression: false, autoGainControl: false },
});

let witness;
if (new URLSearchParams(location.search).has("witness")) {
  witness = new Worker(URL.createObjectURL(new Blob([WITNESS], { type: "text/javascript" })));
  const { readable } = new MediaStreamTrackProcessor({ track: media.getAudioTracks()[0], maxBufferSize: WAITING });
  witness.postMessage(readable, [readable]);
}

let running;

/** Starts an app, of the module of that name. Answers what it tells of itself, `{ absent }` if there is no such thing. */
globalThis.begin = async ({ app, ...options }) => {
  if (app === "idle") return {};
  if (app === "messages") return messages();
  const { start } = await import(`/${app}.mjs`);
  const settings = await (await fetch("/settings.json")).json();
  const token = async () => (await fetch("/token", { method: "POST" })).json();
  const encounter = { identifier: crypto.randomUUID(), status: "planned", type: "consultation" };
  running = await start({ media, settings, token, encounter, ...options });
  const { id, encoder, absent } = running;
  return { id, encoder, absent };
};

/** The least that a worker costs a page which is to know four times a second how it stands: messages that nobody looks into. */
function messages() {
  const worker = new Worker(URL.createObjectURL(new Blob(["setInterval(() => postMessage(0), 240)"], { type: "text/javascript" })));
  worker.onmessage = (event) => (globalThis.told = event);
  return {};
}

/** Ends the app. */
globalThis.finish = () => running?.end();

/** Blocks the page for `busy` milliseconds in every `every`, from now on, until the interval `blocking` is cleared. */
globalThis.block = ({ busy, every }) => {
  globalThis.blocking = setInterval(() => {
    const until = performance.now() + busy;
    while (performance.now() < until);
  }, every);
};

/**
 * What the witness heard: `samples`, of 16 bits at `rate` Hz, in base 64; `times`, when each buffer of 10 ms was captured, in ms
 * since the epoch.
 */
globalThis.witnessed = async () => {
  const { parts, times, rate, epoch } = await new Promise((resolve) => {
    witness.onmessage = ({ data }) => resolve(data);
    witness.postMessage(null);
  });
  const url = await new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.readAsDataURL(new Blob(parts));
  });
  return { samples: url.slice(url.indexOf(",") + 1), times: times.map((time) => time / 1_000 + epoch), rate };
};

let speech;
let pushed = 0;

/** Pushes so many seconds of speech, over and over, as fast as it is heard. Answers the figures, and bytes of the transcript. */
globalThis.push = async (seconds) => {
  speech ??= await blocks("/speech.wav");
  const { stream } = running;
  const pause = () => new Promise((resolve) => setTimeout(resolve, PAUSE));
  const until = async (most) => {
    const limit = performance.now() + PATIENCE;
    while (pushed - settled(stream.stats) > most) {
      if (performance.now() > limit) throw new Error("What was pushed is not heard.");
      await pause();
    }
  };
  const all = Math.round((seconds * RATE) / BLOCK);
  for (let n = 0; n < all; n += 1) {
    stream.pushFrame([speech[n % speech.length]], RATE);
    pushed += BLOCK / RATE;
    if (n % 25 < 24) continue;
    await pause();
    await until(HELD);
  }
  await until(REST);
  return { stats: stream.stats, transcript: JSON.stringify(stream.transcript).length };
};

const settled = ({ acknowledgedSeconds, droppedSeconds }) => acknowledgedSeconds + droppedSeconds;

async function blocks(url) {
  const file = await (await fetch(url)).arrayBuffer();
  const samples = Float32Array.from(new Int16Array(file.slice(44)), (sample) => sample / 32_768);
  return Array.from({ length: Math.floor(samples.length / BLOCK) }, (_, n) => samples.slice(n * BLOCK, (n + 1) * BLOCK));
}

globalThis.ready = true;
