// `ossicle/react` with the React of the newest version and of the one before, in a browser, against the sandbox.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { launch, open, pkg } from "../support/browser.mjs";
import { bundle, REACTS } from "../support/bundle.mjs";
import { watch } from "../support/opened.mjs";
import { startSandbox } from "../support/sandbox.mjs";
import { HANG } from "./limits.mjs";

const APP = fileURLToPath(new URL("react/app.mjs", import.meta.url));
const SERVER = fileURLToPath(new URL("react/server.mjs", import.meta.url));

let folder, browser;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "ossicle-react-"));
  browser = await launch("beeps");
});

after(async () => {
  await browser?.close();
  if (folder) await rm(folder, { recursive: true });
});

/** Makes an interaction, beside the page. */
async function interaction(page) {
  return page.evaluate(async () => {
    const encounter = { identifier: crypto.randomUUID(), status: "planned", type: "consultation" };
    return (await seen.client.client.interactions.create({ encounter })).interactionId;
  });
}

const until = (page, condition) => page.waitForFunction(condition, undefined, { timeout: HANG });

// Most of it is waiting for what is said: side by side, each with a sandbox of its own.
describe("ossicle/react", { concurrency: true, timeout: 20 * HANG }, () => {
  for (const react of Object.keys(REACTS)) describe(`with React ${react}`, { concurrency: false }, () => suite(react));
});

function suite(react) {
  let sandbox;

  before(async () => {
    await bundle(APP, folder, `app-${react}.js`, { react });
    const page = `<!doctype html><link rel="icon" href="data:,"><title>React ${react}</title><main></main><script type="module" src="/app-${react}.js"></script>`;
    await writeFile(join(folder, `${react}.html`), page);
    sandbox = await startSandbox({ www: folder, pkg });
  });

  after(() => sandbox?.stop());

  afterEach(async () => {
    await Promise.all(["faults", "requests"].map((name) => fetch(`${sandbox.url}/sandbox/${name}`, { method: "DELETE" })));
  });

  /** The requests of a method and path that the sandbox had since the last test. */
  async function requests(method, path) {
    const { requests } = await (await fetch(`${sandbox.url}/sandbox/requests?path=/v2/${path}`)).json();
    return requests.filter((one) => one.method === method);
  }

  const fault = (faults) => fetch(`${sandbox.url}/sandbox/faults`, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(faults),
  });

  /** Opens the page; what React, the browser or a promise complained of is looked at when it closes. */
  async function opening() {
    const { page, complaints, close } = await open(browser, `${sandbox.url}/${react}.html`);
    return {
      page,
      ...(await watch(page, sandbox.url)),
      close: async () => {
        const { rejections, complaints: said } = await page.evaluate(() => counts);
        await close();
        assert.deepEqual({ complaints, rejections, said }, { complaints: [], rejections: [], said: [] });
      },
    };
  }

  test("under StrictMode a visit goes from its start to its end as plain state, with one interaction, one socket, one microphone", async () => {
    const { page, ever, isOpen, close } = await opening();
    await page.evaluate(() => show("Visit", { props: { knownFacts: [{ text: "Allergic to penicillin", group: "allergies" }, { text: "Smokes", group: "social-history" }] } }));
    await until(page, () => seen.visit?.state === "idle");
    assert.equal(await page.evaluate(() => counts.clients), 1);
    await page.click("#start");
    await page.click("#start");
    await until(page, () => seen.visit.state === "streaming");
    await until(page, () => seen.visit.transcript.some(({ final }) => final) && seen.visit.facts.items.length > 2);
    assert.deepEqual(await ever(), { sockets: 1, tracks: 1 });

    const edited = await page.evaluate(async () => {
      const { id, text } = seen.visit.facts.items.find((fact) => fact.group === "allergies");
      const other = seen.visit.facts.items.find((fact) => fact.group === "social-history");
      await seen.visit.facts.discard(id);
      const isSame = seen.visit.facts.items.includes(other);
      await seen.visit.facts.edit(other.id, { text: "As the clinician says" });
      return { text, id, other: other.id, isSame };
    });
    await until(page, () => seen.visit.facts.pending === 0);
    const facts = await page.evaluate(() => seen.visit.facts);
    assert.deepEqual([edited.text, edited.isSame], ["Allergic to penicillin", true]);
    assert.equal(facts.items.find(({ id }) => id === edited.id).isDiscarded, true);
    assert.equal(facts.kept.some(({ id }) => id === edited.id), false);
    assert.equal(facts.items.find(({ id }) => id === edited.other).text, "As the clinician says");
    assert.deepEqual(facts.groups.flatMap((one) => one.facts), facts.items);

    await page.evaluate(() => seen.visit.pause());
    await until(page, () => seen.visit.isPaused && seen.level === undefined);
    await page.evaluate(() => seen.visit.resume());
    await until(page, () => !seen.visit.isPaused);
    const ended = await page.evaluate(async () => {
      const { stats } = await seen.visit.end();
      const note = await seen.visit.document({ templateKey: "corti-soap", outputLanguage: "en" });
      // What is shown is what the stream has.
      const isSame = JSON.stringify(seen.visit.transcript) === JSON.stringify(seen.visit.stream.transcript);
      return { captured: stats.capturedSeconds, sections: note.sections.length, isSame, isDone: await seen.visit.complete() };
    });
    assert.ok(ended.captured > 1 && ended.sections > 0 && ended.isSame && ended.isDone, JSON.stringify(ended));
    await until(page, () => seen.visit.state === "completed");
    await isOpen({ sockets: 0, tracks: 0 });
    assert.equal((await requests("POST", "interactions")).filter(({ path }) => /interactions\/?$/.test(path)).length, 1);
    assert.deepEqual(await ever(), { sockets: 1, tracks: 1 });
    await close();
  });

  test("a visit that an effect starts is one, although StrictMode runs the effect twice", async () => {
    const { page, ever, isOpen, close } = await opening();
    await page.evaluate(() => show("Visit", { props: { auto: true } }));
    await until(page, () => seen.visit?.state === "streaming");
    assert.deepEqual(await ever(), { sockets: 1, tracks: 1 });
    assert.equal((await requests("POST", "interactions")).length, 1);
    const starts = await page.evaluate(async () => (await Promise.all(counts.starts)).map((visit) => visit === seen.visit.visit));
    assert.deepEqual(starts, [true, true], "the effect ran twice, and both times it is the one visit");
    await page.evaluate(() => gone());
    await isOpen({ sockets: 0, tracks: 0 });
    await close();
  });

  test("a component that goes while its visit begins leaves nothing open", async () => {
    const { page, ever, isOpen, close } = await opening();
    await fault({ requests: [{ path: "/v2/interactions", method: "POST", delaySeconds: 1 }] });
    await page.evaluate(() => show("Visit", { props: { auto: true } }));
    await until(page, () => seen.visit?.state === "starting" && counts.tracks.length === 1);
    await page.evaluate(() => gone());
    await until(page, () => counts.tracks.every(({ readyState }) => readyState === "ended"));
    // Time for the answer to come, and for what must not be opened then.
    await page.waitForTimeout(1_500);
    await isOpen({ sockets: 0, tracks: 0 });
    assert.equal((await ever()).sockets, 0);
    await close();
  });

  test("a stream is there once, for the interaction that is named, and as long as its component", async () => {
    const { page, ever, isOpen, close } = await opening();
    await page.evaluate(() => show("Stream"));
    await until(page, () => seen.client?.client && seen.stream?.state === "idle");
    assert.equal((await ever()).sockets, 0, "without an id there is nothing to connect to");
    const [first, second] = [await interaction(page), await interaction(page)];
    await page.evaluate((id) => show("Stream", { props: { id } }), first);
    await until(page, () => seen.stream.state === "streaming" && seen.stream.facts.length > 0 && seen.stream.transcript.length > 0);
    assert.deepEqual(await ever(), { sockets: 1, tracks: 1 });
    // Drawn again with other objects of the same value, it goes on.
    await page.evaluate((id) => show("Stream", { props: { id, audio: {} } }), first);
    await page.waitForTimeout(200);
    await isOpen({ sockets: 1, tracks: 1 });
    await page.evaluate((id) => {
      globalThis.first = seen.stream.stream;
      show("Stream", { props: { id } });
    }, second);
    await until(page, () => seen.stream.stream !== first && seen.stream.state === "streaming" && seen.stream.transcript.length > 0);
    await isOpen({ sockets: 1, tracks: 1 });
    const { sockets: there } = await (await fetch(`${sandbox.url}/sandbox/streams/${second}`)).json();
    assert.deepEqual([there.length, there[0].closedAt], [1, null]);
    const summary = await page.evaluate(() => seen.stream.end());
    assert.ok(summary.stats.capturedSeconds > 0.2);
    await until(page, () => seen.stream.state === "ended");
    await page.evaluate(() => void seen.stream.connect());
    await until(page, () => seen.stream.state === "streaming");
    assert.equal((await ever()).sockets, 3);
    await page.evaluate(() => gone());
    await isOpen({ sockets: 0, tracks: 0 });
    await close();
  });

  test("failures are state, no function rejects, and the next start goes on with the step that failed", async () => {
    const { page, isOpen, close } = await opening();
    await page.evaluate(() => show("Visit", { props: { knownFacts: [{ text: "Smokes", group: "social-history" }] } }));
    await until(page, () => seen.visit?.state === "idle");
    await fault({ requests: [{ path: "/interactions", method: "PATCH", status: 503 }] });
    await page.evaluate(() => seen.visit.start());
    await until(page, () => seen.visit.state === "failed");
    const failed = await page.evaluate(() => ({ ...seen.visit.error, isThere: Boolean(seen.visit.visit) }));
    assert.deepEqual([failed.code, failed.step, failed.isThere], ["server_error", "interactions.update", false]);
    await isOpen({ sockets: 0, tracks: 0 });

    await page.evaluate(() => seen.visit.start());
    await until(page, () => seen.visit.state === "streaming" && seen.visit.error === undefined);
    assert.equal(await page.evaluate(() => seen.visit.visit.id), failed.interactionId);
    assert.equal((await requests("POST", "interactions")).filter(({ path }) => /interactions\/?$/.test(path)).length, 1);

    const nothing = await page.evaluate(async () => {
      const { facts, document } = seen.visit;
      return [await facts.edit("nobody", { text: "a" }), await document({ templateKey: "there-is-none", outputLanguage: "en" })].map(String);
    });
    assert.deepEqual(nothing, ["undefined", "undefined"]);
    await until(page, () => seen.visit.error);
    await page.evaluate(() => seen.visit.dismissError());
    await until(page, () => seen.visit.error === undefined);
    await page.evaluate(() => seen.visit.close());
    await until(page, () => seen.visit.state === "idle");

    // Another encounter is another interaction, whatever failed before.
    await fault({ requests: [{ path: "/interactions", method: "PATCH", status: 503 }] });
    await page.evaluate(() => seen.visit.start());
    await until(page, () => seen.visit.state === "failed");
    const other = await page.evaluate(() => seen.visit.error.interactionId);
    await page.evaluate(() => show("Visit", { props: { identifier: "e-2" } }));
    await until(page, () => seen.identifier === "e-2");
    await page.evaluate(() => seen.visit.start());
    await until(page, () => seen.visit.state === "streaming");
    assert.notEqual(await page.evaluate(() => seen.visit.visit.id), other);
    await page.evaluate(() => gone());
    await close();
  });

  test("a microphone that may not be used is a failure of visit and stream, and nothing stays open", async () => {
    const { page, isOpen, close } = await opening();
    await page.evaluate(() => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotAllowedError"));
      show("Visit", { props: { auto: true } });
    });
    await until(page, () => seen.visit?.state === "failed");
    assert.deepEqual(await page.evaluate(() => [seen.visit.error.code, seen.visit.error.step]), ["microphone_denied", "source"]);
    const id = await interaction(page);
    await page.evaluate((id) => show("Stream", { props: { id } }), id);
    await until(page, () => seen.stream?.state === "failed");
    assert.equal(await page.evaluate(() => seen.stream.error.code), "microphone_denied");
    await isOpen({ sockets: 0, tracks: 0 });
    await page.evaluate(() => gone());
    await close();
  });

  test("when its stream fails in the middle a visit goes on with the next start, and what was transcribed stays", async () => {
    const { page, isOpen, close } = await opening();
    await fault({ sockets: [{ events: [{ afterAudioSeconds: 9, do: "drop" }] }, { configuration: "CONFIG_DENIED" }] });
    await page.evaluate(() => show("Visit", { props: { auto: true } }));
    await until(page, () => seen.visit?.state === "failed" && seen.visit.visit);
    const before = await page.evaluate(() => ({ id: seen.visit.visit.id, code: seen.visit.error.code, final: seen.visit.transcript.filter(({ final }) => final) }));
    assert.deepEqual([before.code, before.final.length > 0], ["config_rejected", true]);
    await isOpen({ sockets: 0, tracks: 0 });
    await page.evaluate(() => seen.visit.start());
    await until(page, () => seen.visit.state === "streaming" && seen.visit.transcript.length > 1);
    const now = await page.evaluate(() => ({ id: seen.visit.visit.id, error: String(seen.visit.error), transcript: seen.visit.transcript }));
    assert.deepEqual([now.id, now.error, now.transcript.slice(0, before.final.length)], [before.id, "undefined", before.final]);
    const starts = now.transcript.map(({ time }) => time.start);
    assert.deepEqual(starts, [...starts].sort((a, b) => a - b));
    assert.equal((await requests("POST", "interactions")).length, 1);
    await page.evaluate(() => gone());
    await close();
  });

  test("levels draw the component that asks for them and no other, and what has not changed is the same object", async () => {
    const { page, close } = await opening();
    await page.evaluate(() => show("Visit", { strict: false, props: { auto: true } }));
    await until(page, () => seen.visit?.facts.items.length > 0 && seen.level?.rms > -100);
    const before = await page.evaluate(() => {
      const { facts, ...rest } = seen.visit;
      globalThis.kept = { ...rest, ...facts, first: facts.items[0], answers: new Set() };
      globalThis.changes = 0;
      seen.visit.stream.on("transcript", () => (changes += 1));
      seen.visit.visit.facts.on("change", () => (changes += 1));
      seen.visit.stream.on("warning", () => (changes += 1));
      return { ...renders };
    });
    await page.waitForFunction((before) => renders.level >= before + 10, before.level, { timeout: HANG });
    const after = await page.evaluate(() => {
      const { facts, ...rest } = seen.visit;
      const now = { ...rest, ...facts };
      const others = Object.keys(now).filter((name) => typeof now[name] === "function" && now[name] !== kept[name]);
      return { ...renders, changes, others, isSame: facts.items.find(({ id }) => id === kept.first.id) === kept.first };
    });
    assert.ok(after.visit - before.visit <= after.changes, `${after.visit - before.visit} renders for ${after.changes} events`);
    assert.deepEqual([after.others, after.isSame], [[], true]);
    await page.evaluate(() => gone());
    await close();
  });

  test("microphones are listed, asked for and chosen", async () => {
    const { page, isOpen, close } = await opening();
    await page.evaluate(() => show("Microphones"));
    await until(page, () => seen.microphones?.microphones.length > 0);
    assert.equal(await page.evaluate(() => seen.microphones.ask()), true);
    await until(page, () => seen.microphones.isAllowed);
    await isOpen({ sockets: 0, tracks: 0 });
    const chosen = await page.evaluate(() => {
      const { deviceId } = seen.microphones.microphones.at(-1);
      seen.microphones.select(deviceId);
      return deviceId;
    });
    await until(page, () => seen.microphones.deviceId);
    assert.deepEqual(await page.evaluate(() => seen.microphones.source), { deviceId: chosen });
    await page.evaluate(() => gone());
    await close();
  });

  test("a server renders with it, and touches nothing", async () => {
    const server = await bundle(SERVER, folder, `server-${react}.mjs`, { react, platform: "node", banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" } });
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [server]);
    assert.equal(stderr, "");
    assert.equal(stdout.trim(), "<p>idle idle 0 none</p>");
  });
}
