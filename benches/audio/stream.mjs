// What a page spends on a stream of the package as it ships where it can have no worker: speech pushed in blocks of 20 ms, as the
// worklet sends them, into a real stream to a sandbox.
//
// Milliseconds a second of speech, in rounds. With the blocks coming faster than in life, and pauses for the page to do its other
// work: `push`, within the calls of `pushFrame`; `thread`, processor time of the page's main thread (timers, messages, garbage
// collection); `process`, of its whole process (the threads of the browser's own encoder). With a block every 20 ms: `live`,
// processor time of the main thread again. That is more, since the processor has done other things since the last block, and
// how much more depends on who else uses it. What the page does in as many pauses without a stream is taken off.

import { open } from "../../tests/support/browser.mjs";

/** Blocks between two pauses, and milliseconds of a pause: a chunk's worth at once. */
const QUICK = { count: 12, pause: 5 };
/** As in life: the pause less what a timer is late by. */
const LIVE = { count: 1, pause: 20 };
/** Blocks of a live round: four seconds. */
const LIVE_BLOCKS = 200;

/** Streams the speech again and again. Answers `{ encoder, figures: { push, thread, process, live } }`. */
export async function streamed(browser, sandbox, wav, { rounds, encoding, native = true }) {
  const { page, close } = await open(browser, `${sandbox.url}/`);
  page.setDefaultTimeout(300_000);
  const session = await page.context().newCDPSession(page);
  const root = await browser.newBrowserCDPSession();
  await session.send("Performance.enable", { timeDomain: "threadTicks" });

  /** Milliseconds of processor time so far: of the main thread's tasks, and of the page's process. */
  const spent = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    const { processInfo } = await root.send("SystemInfo.getProcessInfo");
    const of = (name) => metrics.find((metric) => metric.name === name)?.value ?? NaN;
    const renderers = processInfo.filter(({ type }) => type === "renderer");
    return { thread: of("TaskDuration") * 1e3, process: renderers.reduce((sum, { cpuTime }) => sum + cpuTime * 1e3, 0) };
  };

  try {
    const samples = wav.subarray(44).toString("base64");
    const { encoder, blocks } = await page.evaluate(prepare, { samples, encoding, native });
    const figures = { push: [], thread: [], process: [], live: [] };
    /** Pushes some blocks, or only makes the pauses: what was spent, a second of speech. */
    const measure = async (pace, blocks, idle) => {
      const before = await spent();
      const push = await page.evaluate(pushed, { ...pace, blocks, idle });
      const after = await spent();
      const of = (time) => time / (blocks / 50);
      return { push: of(push), thread: of(after.thread - before.thread), process: of(after.process - before.process) };
    };
    await measure(QUICK, blocks, false); // warms up
    for (let round = 0; round < rounds; round++) {
      const [busy, idle] = [await measure(QUICK, blocks, false), await measure(QUICK, blocks, true)];
      figures.push.push(busy.push);
      figures.thread.push(busy.thread - idle.thread);
      figures.process.push(busy.process - idle.process);
    }
    const idle = await measure(LIVE, LIVE_BLOCKS, true);
    for (let round = 0; round < rounds; round++) {
      const busy = await measure(LIVE, LIVE_BLOCKS, false);
      figures.live.push(busy.thread - idle.thread);
    }
    const { stats } = await page.evaluate(() => globalThis.bench.stream.end());
    // A stream that lost audio, or never sent it, is cheap, and no measure.
    const isWhole = stats.droppedSeconds === 0 && stats.acknowledgedSeconds >= stats.capturedSeconds;
    if (!isWhole) throw new Error(`The stream is not whole: ${JSON.stringify(stats)}`);
    return { encoder, figures };
  } finally {
    await close();
  }
}

/** In the page: loads the package, connects, and cuts the speech into blocks. */
async function prepare({ samples, encoding, native }) {
  if (!native) delete globalThis.AudioEncoder;
  const { default: init, OssicleClient } = await import("/pkg/ossicle.js");
  await init();
  const { environment, tenantName } = await (await fetch("/settings.json")).json();
  const auth = async () => (await fetch("/token", { method: "POST" })).json();
  const client = new OssicleClient({ environment, tenantName, auth });
  const encounter = { identifier: "bench", status: "planned", type: "consultation" };
  const { interactionId: id } = await client.interactions.create({ encounter });
  const transcription = { primaryLanguage: "en", participants: [{ channel: 0, role: "multiple" }] };
  const configuration = { transcription, mode: { type: "transcription" } };
  // Speech that comes faster than in life would outgrow the usual buffer before anything of it is acknowledged.
  const options = { worker: false, catchUpRate: 100, bufferSeconds: 3_600 };
  const stream = await client.stream.connect({ id, configuration, audio: { encoding }, ...options });
  const bytes = Uint8Array.from(atob(samples), (letter) => letter.charCodeAt(0));
  const speech = Float32Array.from(new Int16Array(bytes.buffer), (sample) => sample / 32_768);
  const blocks = Array.from({ length: Math.floor(speech.length / 960) }, (_, n) => speech.slice(960 * n, 960 * (n + 1)));
  globalThis.bench = { stream, blocks };
  return { encoder: stream.encoder, blocks: blocks.length };
}

/** In the page: so many blocks, or only the pauses between them. Answers milliseconds within the calls. */
async function pushed({ count, pause, blocks: most, idle }) {
  const { stream, blocks } = globalThis.bench;
  let time = 0;
  for (let first = 0; first < most; first += count) {
    if (!idle) {
      const started = performance.now();
      for (const block of blocks.slice(first, Math.min(first + count, most))) stream.pushFrame([block], 48_000);
      time += performance.now() - started;
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  // What is still under way (an encoder that answers later, the socket's queue) belongs to it.
  await new Promise((resolve) => setTimeout(resolve, 200));
  return time;
}
