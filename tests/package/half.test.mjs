// The package's second half: who streams downloads none of it; it comes with the first call that needs it, or ahead of that; and one
// that cannot be loaded is named, and asked for again.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch, open, pkg } from "../support/browser.mjs";
import { serve } from "../support/files.mjs";
import { openFirefox } from "../support/firefox.mjs";
import { startSandbox } from "../support/sandbox.mjs";
import { LIMIT } from "./limits.mjs";

const FILES = ["ossicle-rest.js", "ossicle_rest_bg.wasm"];

let folder, sandbox, files, server, browser;

/** What was asked for of the package, and the files of it that are broken now. */
const asked = [];
const broken = new Set();

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "ossicle-half-"));
  await writeFile(join(folder, "index.html"), '<!doctype html><link rel="icon" href="data:,"><title>A page</title>');
  sandbox = await startSandbox();
  files = await serve(folder, {}, { "/pkg/": pkg });
  server = createServer(async (request, response) => {
    const name = request.url.split("/").at(-1);
    asked.push(name);
    if (broken.has(name)) return response.writeHead(503).end();
    const answer = await fetch(files.url + request.url);
    response.writeHead(answer.status, { "Content-Type": answer.headers.get("Content-Type") });
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  browser = await launch("beeps");
});

after(async () => {
  await browser?.close();
  server?.closeAllConnections();
  await Promise.all([files?.close(), sandbox?.stop(), new Promise((resolve) => (server ? server.close(resolve) : resolve()))]);
  if (folder) await rm(folder, { recursive: true });
});

/** Opens a page with a `client`. */
async function opened(name = "Chromium") {
  asked.length = 0;
  broken.clear();
  const url = `http://127.0.0.1:${server.address().port}/`;
  const firefox = name === "Firefox" && (await openFirefox(url, process.env));
  const { page, close } = firefox ? { page: firefox, close: firefox.close } : await open(browser, url);
  await page.evaluate(async ([sandbox]) => {
    const { default: init, OssicleClient, OssicleError } = await import("/pkg/ossicle.js");
    await init();
    const { environment, tenantName } = await (await fetch(`${sandbox}/settings.json`)).json();
    const token = async () => (await fetch(`${sandbox}/token`, { method: "POST" })).json();
    const client = new OssicleClient({ environment, tenantName, auth: token });
    const transcription = { primaryLanguage: "en", participants: [{ channel: 0, role: "multiple" }] };
    Object.assign(globalThis, { client, environment, tenantName, token, OssicleError, configuration: { transcription, mode: { type: "transcription" } } });
  }, [sandbox.url]);
  return { page, close };
}

/** What was asked for of the second half. */
const ofHalf = () => asked.filter((name) => FILES.includes(name)).sort();

test("a page that streams downloads nothing of it, and the first call that needs it all of it, once", LIMIT, async () => {
  const { page, close } = await opened();
  const id = await page.evaluate(async () => {
    // The app's own server made it.
    const headers = { Authorization: `Bearer ${(await token()).accessToken}`, "Tenant-Name": tenantName, "Content-Type": "application/json" };
    const body = JSON.stringify({ encounter: { identifier: "e-1", status: "planned", type: "consultation" } });
    const { interactionId: id } = await (await fetch(`${environment.base}/interactions/`, { method: "POST", headers, body })).json();
    const stream = await client.stream.connect({ id, configuration, audio: { encoding: "pcm" } });
    stream.pushFrame([new Float32Array(16_000).fill(0.1)], 16_000);
    await stream.end();
    return id;
  });
  assert.deepEqual(ofHalf(), []);
  const found = await page.evaluate(async (id) => {
    const [{ id: same }] = await Promise.all([client.interactions.get(id), client.facts.list(id), client.visits.prepare()]);
    return same;
  }, id);
  assert.equal(found, id);
  assert.deepEqual(ofHalf(), FILES);
  await close();
});

for (const name of ["Chromium", "Firefox"]) {
  for (const file of FILES) {
    test(`${file} that cannot be loaded is named, and asked for again by the next call: ${name}`, LIMIT, async () => {
      const { page, close } = await opened(name);
      const list = () => page.evaluate(() => client.interactions.list({ pageSize: 1 }).then(
        ({ data }) => Array.isArray(data),
        (error) => ({ isOurs: error instanceof OssicleError, code: error.code, message: error.message, retryable: error.retryable }),
      ));
      broken.add(file);
      for (let times = 2; times > 0; times--) {
        const { message, ...error } = await list();
        assert.deepEqual(error, { isOurs: true, code: "network", retryable: true });
        assert.ok(message.startsWith(`${file} could not be loaded: `) && message.includes("init({ baseUrl })"), message);
      }
      broken.clear();
      assert.equal(await list(), true);
      await close();
    });
  }
}

test("what it refuses is the page's own OssicleError, and its objects are what they were", async () => {
  const { page, close } = await opened();
  const seen = await page.evaluate(async () => {
    const error = await client.interactions.get("42").catch((error) => error);
    const { interactions, documents, visits } = client;
    const frozen = [interactions, documents, documents.classic, visits, client.facts, client.languages].every(Object.isFrozen);
    const list = interactions.list({ pageSize: 1 });
    const isIterable = typeof list[Symbol.asyncIterator] === "function" && list instanceof Promise;
    await list;
    return { isOurs: error instanceof OssicleError, code: error.code, frozen, isIterable, names: Object.keys(documents).sort() };
  });
  const names = ["classic", "create", "delete", "generate", "get", "list", "sections", "templates", "update"];
  assert.deepEqual(seen, { isOurs: true, code: "invalid_request", frozen: true, isIterable: true, names });
  await close();
});

test("a call that is aborted while it is loaded ends at once", async () => {
  const { page, close } = await opened();
  const seen = await page.evaluate(async () => {
    const controller = new AbortController();
    const call = client.interactions.get("42", { abortSignal: controller.signal }).catch(({ code }) => code);
    controller.abort();
    return [await call, await client.interactions.get("42", { abortSignal: controller.signal }).catch(({ code }) => code)];
  });
  assert.deepEqual(seen, ["aborted", "aborted"]);
  await close();
});

test("a visit that was prepared asks for nothing more, and captures from its first moment", LIMIT, async () => {
  const { page, close } = await opened();
  await page.evaluate(() => client.visits.prepare());
  assert.deepEqual(ofHalf(), FILES);
  asked.length = 0;
  const seconds = await page.evaluate(async () => {
    const encounter = { identifier: "e-2", type: "consultation" };
    const visit = await client.visits.start({ encounter, configuration, source: "microphone" });
    while (visit.stream.stats.capturedSeconds < 0.5) await new Promise((resolve) => setTimeout(resolve, 50));
    const { stats } = await visit.end();
    visit.close();
    return stats.acknowledgedSeconds;
  });
  assert.ok(seconds >= 0.5);
  assert.deepEqual(ofHalf(), []);
  await close();
});
