// `ossicle.global.js` from a plain script tag: one file, nothing else to fetch.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { open } from "../support/browser.mjs";
import { startSite } from "../support/site.mjs";
import { LIMIT } from "./limits.mjs";

const PAGE = '<!doctype html><link rel="icon" href="data:,"><title>A page</title><script src="/pkg/ossicle.global.js"></script>';

let site, sandbox, browser;

before(async () => ({ sandbox, browser } = site = await startSite({ "index.html": PAGE })));

after(() => site?.close());

test("a script tag is enough for a stream, from window.ossicle to the end", LIMIT, async () => {
  const { page, complaints, close } = await open(browser, `${sandbox.url}/`);
  const requests = [];
  page.on("request", (request) => requests.push(new URL(request.url())));
  const seen = await page.evaluate(async () => {
    const { init, OssicleClient, OssicleError, preflight } = window.ossicle;
    const names = Object.keys(window.ossicle).filter((name) => name !== "default").sort();
    let early;
    try { new OssicleClient({}); } catch (error) { early = [error instanceof OssicleError, error.code]; }
    await init();
    const { environment, tenantName } = await (await fetch("/settings.json")).json();
    const auth = async () => (await fetch("/token", { method: "POST" })).json();
    const client = new OssicleClient({ environment, tenantName, auth });
    const encounter = { identifier: "e-1", status: "planned", type: "consultation" };
    const { interactionId: id } = await client.interactions.create({ encounter });
    const transcription = { primaryLanguage: "en", participants: [{ channel: 0, role: "multiple" }] };
    const stream = await client.stream.connect({ id, configuration: { transcription, mode: { type: "transcription" } } });
    // The worklet is inside the file as well.
    const context = new AudioContext();
    const oscillator = new OscillatorNode(context);
    oscillator.start();
    await context.resume();
    await stream.attach(oscillator);
    while (stream.stats.capturedSeconds < 0.3) await new Promise((resolve) => setTimeout(resolve, 50));
    const { stats } = await stream.end();
    return { names, early, id, captured: stats.capturedSeconds, state: stream.state, missing: (await preflight()).missing };
  });
  assert.deepEqual(seen.names, ["OssicleClient", "OssicleError", "authorizeUrl", "createCodeChallenge", "createCodeVerifier", "init", "preflight"]);
  assert.deepEqual(seen.early, [true, "not_initialised"]);
  assert.match(seen.id, /^[0-9a-f-]{36}$/);
  assert.ok(seen.captured > 0.2, `${seen.captured} s were captured`);
  assert.equal(seen.state, "ended");
  assert.deepEqual(seen.missing, []);
  const files = requests.filter(({ pathname, protocol }) => protocol !== "blob:" && /\.(js|wasm)$/.test(pathname));
  assert.deepEqual(files.map(String), [], "nothing of the package is fetched but the script itself");
  assert.deepEqual(complaints, []);
  await close();
});
