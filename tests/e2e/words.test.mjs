// No word of a visit is lost on its way to the screen: what the sandbox heard, as the service tells it (speakers out of order, no
// interims, one id for all), with two lost connections, is in the transcript, in the element and in the demo: in time order, and
// once, or marked as what may be there twice.

import assert from "node:assert/strict";
import { copyFile, cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { HANG, launch, open, pkg, www } from "../support/browser.mjs";
import { openFirefox } from "../support/firefox.mjs";
import { startSandbox } from "../support/sandbox.mjs";
import { consultationSpeech } from "../support/speech.mjs";
import { assertWhole, plain } from "../support/words.mjs";

/** How much faster than in life the service tells what it has heard: the first words come after 3 s, and then every 2 to 3. */
const PACE = 0.15;

/** Seconds of a visit, and after how many of each of its first two sockets the connection breaks. */
const SECONDS = 30;
const GOOD = 9;

const PAGE = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>A visit</title>
<ossicle-visit></ossicle-visit><script type="module">
import init, { OssicleClient } from "/pkg/ossicle.js";
import "/pkg/ossicle-element.js";
await init();
const { environment, tenantName } = await (await fetch("/settings.json")).json();
const element = document.querySelector("ossicle-visit");
element.client = new OssicleClient({ environment, tenantName, auth: async () => (await fetch("/token", { method: "POST" })).json() });
globalThis.element = element;
</script>`;

/** A page in a browser: `{ evaluate(function, ...values), close() }`. */
const BROWSERS = {
  chromium: async (url) => {
    const browser = await launch("beeps");
    const { page } = await open(browser, url);
    return { evaluate: (callback, ...values) => page.evaluate(`(${callback})(...${JSON.stringify(values)})`), close: () => browser.close() };
  },
  firefox: (url) => openFirefox(url, process.env, "beeps"),
};

/** In the page: streams, each of which plays the speech, a second later than the one before. */
async function streamsOfSpeech(count) {
  const context = new AudioContext();
  await context.resume();
  const speech = await context.decodeAudioData(await (await fetch("/speech.wav")).arrayBuffer());
  return Array.from({ length: count }, (_, after) => {
    const [source, sink] = [new AudioBufferSourceNode(context, { buffer: speech }), new MediaStreamAudioDestinationNode(context)];
    source.connect(sink);
    source.start(context.currentTime + after);
    return sink.stream;
  });
}

/** In the page: a visit in the element; what it has in the end. */
async function inTheElement(channels, seconds) {
  const streams = await streamsOfSpeech(channels);
  const participants = channels === 1 ? [{ channel: 0, role: "multiple" }] : [{ channel: 0, role: "doctor" }, { channel: 1, role: "patient" }];
  element.options = {
    encounter: { identifier: crypto.randomUUID(), type: "consultation" },
    configuration: {
      transcription: { primaryLanguage: "en", diarize: channels === 1, isMultichannel: channels > 1, participants },
      mode: { type: "facts", outputLocale: "en", factGenerationInterval: "fast_init" },
    },
    audio: { channels },
    source: channels === 1 ? streams[0] : streams,
  };
  const visit = await element.start();
  if (!visit) throw element.error;
  const { id, stream } = visit;
  const listening = element.shadowRoot.querySelector("[part=empty]:not([hidden])")?.textContent;
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  await element.end();
  await new Promise((resolve) => setTimeout(resolve));
  const lines = [...element.shadowRoot.querySelectorAll("[part=segment]")];
  const words = (line) => line.querySelector("[part=words]").textContent;
  return { id, listening, transcript: stream.transcript, stats: stream.stats, shown: lines.map(words) };
}

/** In the demo's page: a visit from its form to its review; what it shows in the end. */
async function inTheDemo(seconds) {
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const phase = async (...names) => {
    while (!names.includes(document.body.dataset.phase)) await sleep(50);
  };
  const click = (id) => document.getElementById(id).click();
  const [stream] = await streamsOfSpeech(1);
  navigator.mediaDevices.getUserMedia = async () => stream;
  await phase("idle");
  click("example");
  click("start");
  await phase("live");
  await sleep(1_000);
  const listening = document.getElementById("transcript-empty").textContent;
  await sleep(seconds * 1_000);
  await phase("live");
  click("end");
  await phase("review");
  const shown = [...document.querySelectorAll("#transcript p")].map(({ textContent }) => textContent);
  return { id: document.getElementById("visit").dataset.interaction, listening, shown };
}

const LISTENING = "Listening. The first words usually take about 20 seconds.";

/** What the sandbox has told and received of a visit. It checks that the connection was lost twice. */
async function heard(sandbox, id) {
  const { said, sockets } = await (await fetch(`${sandbox.url}/sandbox/streams/${id}`)).json();
  assert.equal(sockets.length, 3, "two connections were lost");
  const texts = said.map(({ text }) => text);
  assert.ok(texts.flatMap(plain).length > SECONDS, `little was said: ${texts}`);
  return texts;
}

let folder;

before(async () => {
  const speech = await consultationSpeech();
  folder = await mkdtemp(join(tmpdir(), "ossicle-words-"));
  await cp(www, folder, { recursive: true });
  await copyFile(speech, join(folder, "speech.wav"));
  await writeFile(join(folder, "visit.html"), PAGE);
  // Under the page's own policy Firefox's driver could not do anything in it.
  const demo = await readFile(join(www, "index.html"), "utf8");
  await writeFile(join(folder, "index.html"), demo.replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, ""));
}, { timeout: 2 * HANG });

after(() => rm(folder, { recursive: true, force: true }));

/** A visit in a browser, with a sandbox of its own that breaks two connections: what came back from the page, and what was said. */
async function visit(openPage, path, inThePage, ...given) {
  const sandbox = await startSandbox({ www: folder, pkg });
  let page;
  try {
    const post = (path, body) => fetch(sandbox.url + path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    await post("/sandbox/behaviour", { pace: PACE });
    await post("/sandbox/faults", { sockets: [{ dropAfterSeconds: GOOD }, { dropAfterSeconds: GOOD }] });
    page = await openPage(`${sandbox.url}/${path}`);
    await page.evaluate(`() => { globalThis.streamsOfSpeech = ${streamsOfSpeech} }`);
    const seen = await page.evaluate(inThePage, ...given);
    return { ...seen, said: await heard(sandbox, seen.id) };
  } finally {
    await page?.close();
    await sandbox.stop();
  }
}

for (const [name, openPage] of Object.entries(BROWSERS)) {
  describe(`no word is lost: ${name}`, { concurrency: true }, () => {
    const LIMIT = { timeout: 4 * HANG };

    for (const channels of [1, 2]) {
      test(`in the transcript and in the element, ${channels === 1 ? "of two speakers on one channel" : "of two channels"}`, LIMIT, async () => {
        const { listening, transcript, stats, shown, said } = await visit(openPage, "visit.html", inTheElement, channels, SECONDS);
        assert.equal(listening, LISTENING);
        assert.equal(stats.droppedSeconds, 0, "no audio was dropped");
        assert.equal(stats.untranscribedSeconds, 0, "nothing is still to come");
        assert.equal(new Set(transcript.map(({ key }) => key)).size, transcript.length, "each segment has a key of its own");
        const starts = transcript.map(({ time }) => time.start);
        assert.deepEqual(starts, starts.toSorted((a, b) => a - b), "they are in time order");
        const texts = (segments) => segments.map(({ transcript }) => transcript);
        const marked = texts(transcript.filter(({ overlaps }) => overlaps));
        assertWhole(said, texts(transcript), marked);
        assert.deepEqual(shown, texts(transcript), "the element shows the transcript");
      });
    }

    test("in the demo", LIMIT, async () => {
      const { listening, shown, said } = await visit(openPage, "", inTheDemo, SECONDS);
      assert.equal(listening, LISTENING);
      assertWhole(said, shown, shown);
    });
  });
}
