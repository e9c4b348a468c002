// Which encoder a page gets from the package, and that what it sends decodes: the browser's own, the package's, none.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { open } from "../support/browser.mjs";
import { startSite } from "../support/site.mjs";

const run = promisify(execFile);
const SECONDS = 3.21;

let site, folder, sandbox, browser;

before(async () => ({ folder, sandbox, browser } = site = await startSite()));

after(() => site?.close());

/** Streams a gliding tone of `SECONDS`; answers what the page saw, and which files of the package it fetched. */
async function stream({ native = true, opusUrl, flacUrl, encoding = "auto" }) {
  const { page, close } = await open(browser, `${sandbox.url}/`);
  const fetched = [];
  page.on("request", (request) => fetched.push(new URL(request.url()).pathname));
  const seen = await page.evaluate(async ([native, opusUrl, flacUrl, encoding, seconds]) => {
    if (!native) {
      // Neither page nor worker has one.
      delete globalThis.AudioEncoder;
      const without = (url) => [`delete self.AudioEncoder; importScripts(${JSON.stringify(String(url))});`];
      globalThis.Worker = class extends Worker {
        constructor(url) {
          super(URL.createObjectURL(new Blob(without(url), { type: "text/javascript" })));
        }
      };
    }
    const { default: init, OssicleClient } = await import("/pkg/ossicle.js");
    await init({ opusUrl, flacUrl });
    const { environment, tenantName } = await (await fetch("/settings.json")).json();
    const auth = async () => (await fetch("/token", { method: "POST" })).json();
    const client = new OssicleClient({ environment, tenantName, auth });
    const encounter = { identifier: "e-1", status: "planned", type: "consultation" };
    const { interactionId: id } = await client.interactions.create({ encounter });
    const transcription = { primaryLanguage: "en", participants: [{ channel: 0, role: "multiple" }] };
    const configuration = { transcription, mode: { type: "transcription" } };
    try {
      const stream = await client.stream.connect({ id, configuration, audio: { encoding }, catchUpRate: 100 });
      const { encoder, audioFormat } = stream;
      const tone = (n) => 0.4 * Math.sin((2 * Math.PI * n * (300 + n / 1000)) / 48_000);
      stream.pushFrame([Float32Array.from({ length: seconds * 48_000 }, (_, n) => tone(n))], 48_000);
      const { stats } = await stream.end();
      return { id, encoder, audioFormat, seconds: stats.acknowledgedSeconds };
    } catch (error) {
      return { code: error.code };
    }
  }, [native, opusUrl, flacUrl, encoding, SECONDS]);
  await close();
  const loaded = fetched.map((path) => /ossicle_(opus|flac)_bg\.wasm$/.exec(path)?.[1]).filter(Boolean);
  // How often is not asked here: on a busy machine a worker may be replaced, or Chromium may tell of a worker's request twice.
  return { ...seen, loaded: [...new Set(loaded)] };
}

/** The file of what the sandbox received on the first socket. */
async function received(id, kind) {
  const bytes = Buffer.from(await (await fetch(`${sandbox.url}/sandbox/streams/${id}/audio/0`)).arrayBuffer());
  const file = join(folder, `${id}.${kind}`);
  await writeFile(file, bytes);
  return file;
}

/** Checks what ffmpeg makes of a file: no complaint, the tone's level, and the duration within a tolerance. */
async function sounds(file, tolerance) {
  const raw = await run("ffmpeg", ["-v", "warning", "-i", file, "-f", "s16le", "-ar", "16000", "-"], { encoding: "buffer", maxBuffer: 1 << 24 });
  assert.equal(raw.stderr.toString(), "");
  const seconds = raw.stdout.length / 32_000;
  assert.ok(seconds - SECONDS > -0.001 && seconds - SECONDS < tolerance, `${seconds} s decoded`);
  const samples = new Int16Array(raw.stdout.buffer.slice(raw.stdout.byteOffset, raw.stdout.byteOffset + raw.stdout.length));
  const rms = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length) / 32_768;
  assert.ok(Math.abs(rms - 0.4 / Math.SQRT2) < 0.06, `rms ${rms}`);
}

/** Checks the Ogg Opus that the sandbox received. */
async function decodes(id) {
  const file = await received(id, "opus");
  const { stdout, stderr } = await run("opusinfo", [file]);
  assert.doesNotMatch(stdout + stderr, /warning|error|missing/i);
  await sounds(file, 0.001);
}

test("where the browser encodes, nothing more is loaded", async () => {
  const seen = await stream({});
  assert.deepEqual([seen.encoder, seen.audioFormat, seen.loaded], ["opus-native", "audio/ogg; codecs=opus", []]);
  assert.ok(Math.abs(seen.seconds - SECONDS) < 0.001, `${seen.seconds} s`);
  await decodes(seen.id);
});

test("where it does not, the package's encoder is loaded then", async () => {
  const seen = await stream({ native: false });
  assert.deepEqual([seen.encoder, seen.audioFormat, seen.loaded], ["opus-wasm", "audio/ogg; codecs=opus", ["opus"]]);
  assert.ok(Math.abs(seen.seconds - SECONDS) < 0.001, `${seen.seconds} s`);
  await decodes(seen.id);
});

test("where neither is to be had, PCM is sent, unless Opus was asked for", async () => {
  const nowhere = { native: false, opusUrl: "/no/such.wasm" };
  const seen = await stream(nowhere);
  assert.deepEqual([seen.encoder, seen.audioFormat], ["pcm", "audio/pcm; rate=16000; channels=1; bits=16"]);
  assert.ok(Math.abs(seen.seconds - SECONDS) < 0.001, `${seen.seconds} s`);
  assert.deepEqual((await stream({ ...nowhere, encoding: "opus" })).code, "audio_unsupported");
});

test("who asks for nothing gets the best, and who asks for PCM gets PCM", async () => {
  const best = await stream({ encoding: null });
  assert.deepEqual([best.encoder, best.loaded], ["opus-native", []]);
  const pcm = await stream({ encoding: "pcm" });
  assert.deepEqual([pcm.encoder, pcm.loaded], ["pcm", []]);
});

test("FLAC is loaded when it is asked for, loses nothing, and is sent or refused", async () => {
  const seen = await stream({ encoding: "flac" });
  assert.deepEqual([seen.encoder, seen.audioFormat, seen.loaded], ["flac", "audio/flac", ["flac"]]);
  assert.ok(Math.abs(seen.seconds - SECONDS) < 0.001, `${seen.seconds} s`);
  const file = await received(seen.id, "flac");
  // A stream that is sent while it is made has no digest of all its samples; that is all there is to say.
  const { stderr } = await run("flac", ["--test", file]);
  assert.deepEqual(stderr.match(/WARNING[^\n]*|ERROR[^\n]*/g), ["WARNING, cannot check MD5 signature since it was unset in the STREAMINFO"]);
  // The last block is filled up.
  await sounds(file, 0.08);
  assert.equal((await stream({ encoding: "flac", flacUrl: "/no/such.wasm" })).code, "audio_unsupported");
});
