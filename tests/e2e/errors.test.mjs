// What goes wrong ends in one sentence on the page, and the page can go on from there.

import assert from "node:assert/strict";
import { createServer } from "node:net";
import { after, before, test } from "node:test";
import { HANG, launch, open, phase, pkg, www } from "../support/browser.mjs";
import { startSandbox } from "../support/sandbox.mjs";

/** Milliseconds for a test: several things that may each take as long as nothing but a hang does. */
const LIMIT = 5 * HANG;

let sandbox, browser;

before(async () => {
  sandbox = await startSandbox({ www, pkg });
  browser = await launch("beeps");
});

after(async () => {
  await browser?.close();
  await sandbox?.stop();
});

/** A page with the form open; closed, and asked for complaints, when the test ends. */
async function form(context, { path = "/", on = browser, ...options } = {}) {
  const { page, complaints, close } = await open(on, `${sandbox.url}${path}`, options);
  context.after(async () => {
    await close();
    assert.deepEqual(complaints, []);
  });
  await phase(page, "idle");
  return page;
}

/** Starts, with nothing on the page of the problems that loading it met. */
async function startAfresh(page) {
  await page.getByRole("button", { name: "Dismiss" }).click();
  await page.locator("body:not([data-problem])").waitFor();
  await start(page);
}

const start = (page) => page.getByRole("button", { name: "Start the visit" }).click();

/** Waits for the problem with this code, and checks that the page says it in one sentence, ready to go on. */
async function says(page, code, sentence) {
  await page.locator(`body[data-problem="${code}"]`).waitFor();
  const words = await page.getByRole("alert").locator("p").evaluate((p) => p.firstChild.textContent);
  assert.match(words, sentence);
  await phase(page, "idle");
}

/** Has the sandbox misbehave with the next sockets, until the test ends. */
const fault = async (context, body) => {
  context.after(() => fetch(`${sandbox.url}/sandbox/faults`, { method: "DELETE" }));
  const answer = await fetch(`${sandbox.url}/sandbox/faults`, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
  });
  assert.ok(answer.ok, `the sandbox takes the fault: ${answer.status}`);
};

/** A port of the loopback that nobody listens on. */
async function deadPort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test("a token that the service refuses asks to sign in again, and a good one goes on", { timeout: LIMIT }, async (t) => {
  const page = await form(t);
  await page.route("**/token", (route) => route.fulfill({ json: { accessToken: "not-a-token", expiresIn: 300 } }));
  await page.reload();
  await phase(page, "idle");
  await startAfresh(page);
  await says(page, "unauthorized", /sign-in was not accepted/);

  await page.unroute("**/token");
  await page.reload(); // the refused token claimed to be good for minutes; a reload is what signing in again comes to
  await phase(page, "idle");
  await start(page);
  await phase(page, "live");
  assert.equal(await page.locator("body").getAttribute("data-problem"), null);
});

test("a token endpoint that fails is told on the page", { timeout: LIMIT }, async (t) => {
  const page = await form(t);
  await page.route("**/token", (route) => route.fulfill({ status: 503, body: "" }));
  await page.reload();
  await phase(page, "idle");
  await startAfresh(page);
  await says(page, "unauthorized", /sign-in was not accepted/);
});

test("an unknown interaction is told at once", { timeout: LIMIT }, async (t) => {
  const page = await form(t, { path: `/?interaction=${crypto.randomUUID()}` });
  await says(page, "not_found", /not known to the service/);
});

test("a refused configuration is told, and the retry goes on with the same interaction", { timeout: LIMIT }, async (t) => {
  const page = await form(t);
  const created = [];
  page.on("request", (request) => { if (request.method() === "POST" && /\/interactions\/?$/.test(request.url())) created.push(request.url()); });
  await fault(t, { configuration: "CONFIG_DENIED" });
  await start(page);
  await says(page, "config_rejected", /refused the recording settings/);
  await page.getByRole("button", { name: "Retry" }).click();
  await phase(page, "live");
  assert.equal(created.length, 1, "the interaction of the first attempt is used again");
});

test("a server that never answers the configuration is given up in time", { timeout: LIMIT }, async (t) => {
  const page = await form(t);
  await fault(t, { configuration: "silent", times: 10 }); // the package tries again until its time is up
  await start(page);
  await says(page, "timeout", /did not answer in time/);
});

test("a start can be cancelled while it waits", { timeout: LIMIT }, async (t) => {
  const page = await form(t);
  await fault(t, { configuration: "silent" });
  await start(page);
  await phase(page, "connecting");
  await page.getByRole("button", { name: "Cancel" }).click();
  await phase(page, "idle");
  assert.equal(await page.locator("body").getAttribute("data-problem"), null);
});

test("a connection that breaks is told while the recording goes on, and it comes back by itself", { timeout: LIMIT }, async (t) => {
  const page = await form(t);
  await fault(t, { dropAfterSeconds: 2 });
  await page.evaluate(() => {
    window.states = [];
    const state = document.getElementById("visit-state");
    new MutationObserver(() => window.states.push(state.textContent)).observe(state, { childList: true });
  });
  await start(page);
  await phase(page, "live");
  await page.waitForFunction(() => window.states.some((words) => words.startsWith("Reconnecting, still recording")));
  await phase(page, "live");
  await page.getByRole("button", { name: "End the visit" }).click();
  await phase(page, "review");
  assert.equal(await page.locator("body").getAttribute("data-problem"), null);
});

test("a REST server that is not there is told", { timeout: LIMIT }, async (t) => {
  const page = await form(t, { path: `/?base=${encodeURIComponent(`http://127.0.0.1:${await deadPort()}/v2`)}` });
  await startAfresh(page);
  await says(page, "network", /cannot be reached/);
});

test("a stream server that is not there is told", { timeout: LIMIT }, async (t) => {
  const page = await form(t, { path: `/?wss=${encodeURIComponent(`ws://127.0.0.1:${await deadPort()}/audio-bridge/v2`)}` });
  await start(page);
  await page.locator("body[data-problem]").waitFor();
  const code = await page.locator("body").getAttribute("data-problem");
  assert.ok(["network", "connection_lost"].includes(code), code);
  await says(page, code, /network/);
});

test("a microphone that the browser denies is told", { timeout: LIMIT }, async (t) => {
  const denying = await launch("denied");
  t.after(() => denying.close());
  const page = await form(t, { on: denying, permissions: [] });
  await start(page);
  await says(page, "microphone_denied", /does not allow this page to use the microphone/);
});

test("a machine without a microphone is told", { timeout: LIMIT }, async (t) => {
  const without = await launch("missing");
  t.after(() => without.close());
  const page = await form(t, { on: without });
  await start(page);
  await says(page, "microphone_missing", /No microphone was found/);
});

test("a form that lacks what is required is not sent, and says what it lacks", { timeout: LIMIT }, async (t) => {
  const page = await form(t);
  await page.getByRole("region", { name: "Patient" }).getByLabel("Name").fill("Margaret Hartley");
  await start(page);
  await page.getByText("Needed with the other details of the patient.").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), "patient-identifier");
  await phase(page, "idle");
});

test("a change of a fact that the service refuses is taken back, and says so", { timeout: LIMIT }, async (t) => {
  const page = await form(t);
  await page.getByRole("button", { name: "Add a known fact" }).click();
  await page.getByLabel("Known fact", { exact: true }).fill("Allergic to latex");
  await start(page);
  await phase(page, "live");
  await page.route("**/facts/*", (route) => (route.request().method() === "PATCH"
    ? route.fulfill({ status: 400, headers: { "access-control-allow-origin": "*" }, json: { requestid: "r", status: 400, type: "invalid", detail: "no" } })
    : route.continue()));
  await page.getByRole("button", { name: "Discard: Allergic to latex" }).click();
  await page.getByText("Not saved. The service did not accept these details.").waitFor();
  await page.locator('.fact:not(.discarded)').getByText("Allergic to latex").waitFor();
});

test("a visit that ends while the server is gone keeps what it has, and tells what may be missing", { timeout: LIMIT }, async (t) => {
  const own = await startSandbox({ www, pkg });
  t.after(() => own.stop());
  const { page, close } = await open(browser, own.url);
  t.after(close);
  await phase(page, "idle");
  await page.getByRole("button", { name: "Fill in an example" }).click();
  await start(page);
  await phase(page, "live");
  await page.waitForFunction(() => JSON.parse(document.getElementById("visit").dataset.stats ?? "{}").capturedSeconds > 1.5);
  await own.stop();
  await phase(page, "reconnecting");
  await page.getByRole("button", { name: "End the visit" }).click();
  await phase(page, "review", 2 * HANG); // end() gives up after its time limit of some 30 s
  await page.getByText(/The last \d+ seconds of the recording may not have reached the service/).waitFor();
  await page.getByText("Hypertension since 2016").waitFor();
});
