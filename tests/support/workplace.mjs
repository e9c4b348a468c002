// A workplace: a sound card, a sandbox, and one page in one browser that has the package, real microphones and a client.

import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { launch, open, pkg } from "./browser.mjs";
import { openFirefox } from "./firefox.mjs";
import { decode, wav } from "./hearing.mjs";
import { hurry } from "./hurry.mjs";
import { startSandbox } from "./sandbox.mjs";
import { startSoundCard } from "./sound-card.mjs";
import { collect, parsed } from "./told.mjs";

export const BROWSERS = ["chromium", "firefox"];

const WITNESS = fileURLToPath(new URL("witness.mjs", import.meta.url));

// What a page here has on globalThis: `client`, and `connect(audio, worker)`, which opens a stream of a new interaction and keeps the
// codes of its warnings in `warnings`, with the seconds captured by then.
const PAGE = `<!doctype html><link rel="icon" href="data:,"><title>A workplace</title><script type="module">
import "/witness.mjs";
import init, { OssicleClient } from "/pkg/ossicle.js";
await init();
const { environment, tenantName } = await (await fetch("/settings.json")).json();
const auth = async () => (await fetch("/token", { method: "POST" })).json();
globalThis.client = new OssicleClient({ environment, tenantName, auth });
globalThis.connect = async (audio, worker) => {
  const encounter = { identifier: crypto.randomUUID(), status: "planned", type: "consultation" };
  const { interactionId: id } = await client.interactions.create({ encounter });
  const participants = Array.from({ length: audio.channels ?? 1 }, (_, channel) => ({ channel, role: "multiple" }));
  const transcription = { primaryLanguage: "en", isMultichannel: participants.length > 1, participants };
  const stream = await client.stream.connect({ id, configuration: { transcription, mode: { type: "transcription" } }, audio, worker });
  const warnings = [];
  stream.on("warning", ({ code }) => warnings.push({ code, at: stream.stats.capturedSeconds }));
  const events = [];
  for (const type of ["state", "warning", "error", "audioDropped", "transcript", "flushed", "ended"]) {
    stream.on(type, (event) => events.push({ type, at: performance.now(), event, stats: stream.stats }));
  }
  globalThis.kept ??= {};
  globalThis.kept["stream-" + id] = () => ({ events, stats: stream.stats, state: stream.state, encoder: stream.encoder, isInWorker: stream.isInWorker });
  return { id, stream, warnings };
};
globalThis.ready = true;
</script>`;

/**
 * Starts all of it with a browser of `BROWSERS` and the card's rooms. Answers `{ card, folder, evaluate(function, ...values),
 * notice(), heard(id, audioFormat), witnessed(), close() }`: `evaluate` runs a function in the page, JSON in and out; `notice` lets the
 * browser see that devices have changed; `heard` is what the sandbox received of a stream, decoded, channel by channel;
 * `witnessed` answers what the page was given of its microphones, in the order in which it opened them, by a witness in the page:
 * `{ samples, began, held }`, see witness.mjs.
 */
export async function startWorkplace(browser, rooms) {
  hurry();
  const closing = [];
  const close = async () => {
    for (const end of closing.splice(0).reverse()) await end();
  };
  try {
    const folder = await mkdtemp(join(tmpdir(), "ossicle-workplace-"));
    closing.push(() => rm(folder, { recursive: true, force: true }));
    await writeFile(join(folder, "index.html"), PAGE);
    await copyFile(WITNESS, join(folder, "witness.mjs"));
    const sandbox = await startSandbox({ www: folder, pkg });
    closing.push(sandbox.stop);
    const card = await startSoundCard(rooms);
    closing.push(card.close);
    const openPage = browser === "firefox" ? openFirefox : openChromium;
    const page = await openPage(`${sandbox.url}/`, card.env);
    closing.push(page.close);
    await page.evaluate(async () => {
      while (!globalThis.ready) await new Promise((resolve) => setTimeout(resolve, 20));
    });
    const heard = async (id, format) => {
      const answer = await fetch(`${sandbox.url}/sandbox/streams/${id}/audio/0`);
      return decode(Buffer.from(await answer.arrayBuffer()), format);
    };
    const witnessed = async () => {
      const told = parsed(await page.evaluate(collect));
      const found = [];
      for (let n = 1; told[`microphone-${n}`]; n += 1) {
        const { rate, channels } = told[`microphone-${n}`];
        const [samples] = channels[0].length > 0 ? await decode(wav(channels, rate), "audio/wav") : channels;
        found.push({ samples, ...told[`microphone-${n}-times`] });
      }
      return found;
    };
    // Chromium looks at the devices when the kernel tells of hardware, and there is none here; or when a page asks.
    const notice = () => page.evaluate(async () => void (await navigator.mediaDevices.enumerateDevices()));
    return { card, folder, evaluate: page.evaluate, notice, heard, witnessed, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * What comes of `take`, again until the page was given enough for it to tell something, five times at most: on a machine that is very
 * busy sound is lost before any page has it. `isEnough` judges by the page's witnesses, not by what was received.
 */
export async function given(take, isEnough) {
  for (let left = 4; ; left -= 1) {
    const seen = await take();
    if (isEnough(seen)) return seen;
    if (left === 0) throw new Error("the page was given no sound without a break: this machine does not let it hear");
  }
}

async function openChromium(url, env) {
  const browser = await launch("real", undefined, env);
  const { page } = await open(browser, url);
  const evaluate = async (callback, ...values) => JSON.parse(
    await page.evaluate(`(async () => JSON.stringify({ value: await (${callback})(...${JSON.stringify(values)}) }))()`),
  ).value;
  return { evaluate, close: () => browser.close() };
}
