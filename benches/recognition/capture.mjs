// Plays target/recognition/speech.wav into Chromium's microphone, and streams it to the sandbox in every variant at once: one
// page, one microphone, one stream a variant, and a MediaRecorder beside them. `node capture.mjs 2` is the second such pass: what
// the sandbox received is put into target/recognition/capture/2/, with a list of it. Whether it is any good is for score.py.

import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { launch, open, pkg } from "../../tests/support/browser.mjs";
import { startSandbox } from "../../tests/support/sandbox.mjs";

const work = fileURLToPath(new URL("../../target/recognition/", import.meta.url));
const TAIL_SECONDS = 3; // beyond the speech, for what is on its way

const opus = (encoder, bitrate) => ({ name: `${encoder}-${bitrate / 1_000}k`, encoder, audio: { encoding: "opus", bitrate } });

// The wasm encoder is had by taking the browser's away, for good, from the page, where those streams are: they come last.
const VARIANTS = [
  { name: "pcm", encoder: "pcm", audio: { encoding: "pcm" } },
  { name: "flac", encoder: "flac", audio: { encoding: "flac" } },
  ...[64_000, 24_000, 16_000, 12_000].map((bitrate) => opus("opus-native", bitrate)),
  ...[64_000, 24_000, 16_000, 12_000].map((bitrate) => opus("opus-wasm", bitrate)),
];

const { seconds } = JSON.parse(await readFile(`${work}speech.json`, "utf8"));
const folder = `${work}capture/${process.argv[2] ?? 1}/`;
await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });
await mkdir(`${work}page`, { recursive: true });
await writeFile(`${work}page/index.html`, '<!doctype html><link rel="icon" href="data:,"><title>Recognition</title>');

let sandbox, browser;
try {
  sandbox = await startSandbox({ www: `${work}page`, pkg });
  browser = await launch("plays", `${work}speech.wav`);
  const { page } = await open(browser, `${sandbox.url}/`);
  page.on("console", (message) => console.error(message.text()));
  console.log(`capture: ${VARIANTS.length} streams and a MediaRecorder, ${Math.ceil(seconds + TAIL_SECONDS)} s`);
  const { streams, recorder } = await page.evaluate(capture, [VARIANTS, seconds + TAIL_SECONDS]);

  const list = [];
  for (const { id, ...stream } of streams) {
    const { sockets } = await (await fetch(`${sandbox.url}/sandbox/streams/${id}`)).json();
    if (sockets.length !== 1) throw new Error(`${stream.name} took ${sockets.length} sockets, not one`);
    const audio = await (await fetch(`${sandbox.url}/sandbox/streams/${id}/audio/0`)).arrayBuffer();
    list.push(await keep(stream, new Uint8Array(audio)));
  }
  list.push(await keep({ ...recorder, name: "media-recorder" }, Buffer.from(recorder.base64, "base64")));
  const about = { package: await measured(), browser: `Chromium ${browser.version()}` };
  await writeFile(`${folder}list.json`, JSON.stringify({ ...about, list }, null, 1));
} finally {
  await browser?.close();
  await sandbox?.stop();
}

async function keep({ name, encoder, format, seconds }, audio) {
  await writeFile(folder + name, audio);
  console.log(`capture: ${name}, ${format}, ${seconds.toFixed(2)} s, ${audio.length} bytes`);
  return { name, encoder, format, seconds, bytes: audio.length };
}

/** What is measured: the package's version, and the beginning of its wasm's hash, for a version has many builds. */
async function measured() {
  const { version } = JSON.parse(await readFile(`${pkg}/package.json`, "utf8"));
  const hash = createHash("sha256").update(await readFile(`${pkg}/ossicle_bg.wasm`)).digest("hex");
  return `ossicle ${version} (wasm ${hash.slice(0, 12)})`;
}

/** In the page: streams the microphone for so many seconds from its opening. */
async function capture([variants, seconds]) {
  const { default: init, OssicleClient } = await import("/pkg/ossicle.js");
  await init();
  const { environment, tenantName } = await (await fetch("/settings.json")).json();
  const auth = async () => (await fetch("/token", { method: "POST" })).json();
  const client = new OssicleClient({ environment, tenantName, auth });
  const transcription = { primaryLanguage: "en", participants: [{ channel: 0, role: "multiple" }] };

  // Everything that takes time comes before the microphone is opened, for the file plays from that moment.
  const streams = [];
  for (const { name, encoder, audio } of variants) {
    if (encoder === "opus-wasm") delete globalThis.AudioEncoder;
    const encounter = { identifier: name, status: "planned", type: "consultation" };
    const { interactionId: id } = await client.interactions.create({ encounter });
    const configuration = { transcription, mode: { type: "transcription" } };
    const stream = await client.stream.connect({ id, configuration, audio, worker: encoder !== "opus-wasm" });
    if (stream.encoder !== encoder) throw new Error(`${name} got the encoder ${stream.encoder}`);
    for (const event of ["warning", "error", "audioDropped"]) {
      stream.on(event, ({ code, reason }) => console.log(`${name}: ${event} ${code ?? reason}`));
    }
    streams.push({ id, name, encoder, stream });
  }

  const microphone = await client.microphones.open({ preset: "dictation" });
  const until = performance.now() + seconds * 1_000;
  const recorder = new MediaRecorder(microphone.mediaStream);
  const blobs = [];
  recorder.ondataavailable = ({ data }) => blobs.push(data);
  const recorderSince = performance.now();
  recorder.start(250);
  // One context for all, as the package makes one for a microphone: ten of them are more than a busy machine keeps up with.
  const context = new AudioContext();
  const source = context.createMediaStreamSource(microphone.mediaStream);
  await Promise.all(streams.map(({ stream }) => stream.attach(source)));

  await new Promise((resolve) => setTimeout(resolve, until - performance.now()));
  const recorderSeconds = (performance.now() - recorderSince) / 1_000;
  await new Promise((resolve) => {
    recorder.onstop = resolve;
    recorder.stop();
  });
  const ended = await Promise.all(streams.map(async ({ stream, ...known }) => {
    await stream.detach();
    const { audioFormat: format } = stream;
    const { stats } = await stream.end();
    return { ...known, format, seconds: stats.acknowledgedSeconds };
  }));
  microphone.close();

  const url = await new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.readAsDataURL(new Blob(blobs));
  });
  const base64 = url.slice(url.indexOf(",") + 1);
  return { streams: ended, recorder: { encoder: "MediaRecorder", format: recorder.mimeType, seconds: recorderSeconds, base64 } };
}
