// A browser that starts audio only when its user has done something: the refusal says so, and after a click it goes.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { open } from "../support/browser.mjs";
import { startSite } from "../support/site.mjs";

// Somebody else's sound, such as a video call's: a page that holds a microphone would be allowed to start audio.
const PAGE = `<!doctype html><link rel="icon" href="data:,"><title>A page</title><button>Start</button><script type="module">
import init, { OssicleClient } from "/pkg/ossicle.js";
await init();
const { environment, tenantName } = await (await fetch("/settings.json")).json();
const auth = async () => (await fetch("/token", { method: "POST" })).json();
const client = new OssicleClient({ environment, tenantName, auth });
const encounter = { identifier: "e-1", status: "planned", type: "consultation" };
const { interactionId: id } = await client.interactions.create({ encounter });
const transcription = { primaryLanguage: "en", participants: [{ channel: 0, role: "multiple" }] };
const worker = location.hash === "#worker";
globalThis.stream = await client.stream.connect({ id, worker, configuration: { transcription, mode: { type: "transcription" } } });
const { stream: call } = new AudioContext().createMediaStreamDestination();
const attach = (when) => stream.attach(call).then(() => "attached", ({ code, message }) => code + ": " + message)
  .then((result) => console.log(when + ", " + result));
await attach("at once");
document.querySelector("button").onclick = () => attach("after a click");
</script>`;

// What a visit needs is not there when its user clicks, and takes a while to come: the click counts all the same.
const VISIT = `<!doctype html><link rel="icon" href="data:,"><title>A page</title><button>Start</button><script type="module">
import init, { OssicleClient } from "/pkg/ossicle.js";
await init();
const { environment, tenantName } = await (await fetch("/settings.json")).json();
const auth = async () => (await fetch("/token", { method: "POST" })).json();
const client = new OssicleClient({ environment, tenantName, auth });
const transcription = { primaryLanguage: "en", participants: [{ channel: 0, role: "multiple" }] };
const configuration = { transcription, mode: { type: "transcription" } };
document.querySelector("button").onclick = async () => {
  const { stream: source } = new AudioContext().createMediaStreamDestination();
  const visit = client.visits.start({ encounter: { identifier: "e-2", type: "consultation" }, configuration, source, worker: false });
  globalThis.visit = await visit.catch(({ code, message }) => ({ failure: code + ": " + message }));
};
globalThis.isReady = true;
</script>`;

let site, sandbox, browser;

before(async () => ({ sandbox, browser } = site = await startSite({ "index.html": PAGE, "visit.html": VISIT }, ["strict"])));

after(() => site?.close());

test("audio that may not start yet is refused with what to do, and starts after a click", { timeout: 300_000 }, async () => {
  const { page, close } = await open(browser, "about:blank", { permissions: [] });
  // Only what the page says by itself is read before the click: whatever a test runs in a page counts as its user's doing.
  const said = () => page.waitForEvent("console", { predicate: (message) => message.text().includes(", ") });
  const [first] = await Promise.all([said(), page.goto(`${sandbox.url}/`)]);
  assert.equal(first.text(),
    "at once, audio_unsupported: the browser starts audio only after a click or a key: call attach() from such a handler");
  const [second] = await Promise.all([said(), page.getByRole("button", { name: "Start" }).click()]);
  assert.equal(second.text(), "after a click, attached");
  await page.waitForFunction(() => stream.stats.capturedSeconds > 0.3);
  await close();
});

test("a track that is read in a worker needs no audio of the page's, and so no click", { timeout: 300_000 }, async () => {
  const { page, close } = await open(browser, "about:blank", { permissions: [] });
  const said = page.waitForEvent("console", { predicate: (message) => message.text().includes(", ") });
  const [first] = await Promise.all([said, page.goto(`${sandbox.url}/#worker`)]);
  assert.equal(first.text(), "at once, attached");
  await close();
});

test("a visit whose half of the package comes late captures after the click all the same", { timeout: 300_000 }, async () => {
  const { page, close } = await open(browser, "about:blank", { permissions: [] });
  await page.route("**/ossicle-rest.js", async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await route.continue();
  });
  await page.goto(`${sandbox.url}/visit.html`);
  await page.waitForFunction(() => globalThis.isReady);
  await page.getByRole("button", { name: "Start" }).click();
  await page.waitForFunction(() => globalThis.visit);
  assert.equal(await page.evaluate(() => globalThis.visit.failure), undefined);
  await page.waitForFunction(() => globalThis.visit.stream.stats.capturedSeconds > 0.3);
  await close();
});
