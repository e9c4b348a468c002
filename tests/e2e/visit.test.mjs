// A whole visit: spoken audio through the browser's microphone, the real page, the built package, and the sandbox.
// Writes the figures of the visit to target/visit-figures.json.

import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { HANG, launch, open, phase, pkg, stats, www } from "../support/browser.mjs";
import { startSandbox } from "../support/sandbox.mjs";
import { consultationSpeech, speechSeconds } from "../support/speech.mjs";

const target = fileURLToPath(new URL("../../target", import.meta.url));
/** By so many seconds of the consultation there are facts to work on; and so many are recorded in all. */
const WORKED_ON_SECONDS = 40;
const SPOKEN_SECONDS = 48;
const CHUNK_SECONDS = 0.24; // twelve packets of 20 ms: as many as fit into 250 ms

let sandbox, browser, speech;

before(async () => {
  speech = await consultationSpeech();
  assert.ok(await speechSeconds(speech) > SPOKEN_SECONDS, "the consultation is long enough for this visit");
  sandbox = await startSandbox({ www, pkg });
  browser = await launch("plays", speech);
});

after(async () => {
  await browser?.close();
  await sandbox?.stop();
});

/** The id of the nth fact of a group that is kept, as soon as it is on the page: the service takes facts back, too. */
async function idOf(page, group, nth) {
  const row = page.locator(`[data-group="${group}"] .fact:not(.discarded)`).nth(nth);
  await row.waitFor();
  return row.getAttribute("data-fact");
}

test("a visit goes from the form to a completed interaction", { timeout: 10 * HANG }, async () => {
  const { page, complaints, close } = await open(browser, sandbox.url, { permissions: ["microphone", "clipboard-read", "clipboard-write"] });
  const fact = (id) => page.locator(`[data-fact="${id}"]`);
  const textOf = (id) => fact(id).locator("p > span").first().innerText();
  const settled = (id, text, source) =>
    page.locator(`.fact:not(.discarded):not(.saving)[data-fact="${id}"][data-source="${source}"]`).getByText(text, { exact: true }).waitFor();
  const heard = page.locator('.fact[data-source="core"]');
  const sectionTexts = () => page.locator("#document-sections textarea").evaluateAll((areas) => areas.map((area) => area.value).join("\n"));

  // The form.
  await phase(page, "idle");
  await page.getByText("It is not what was said.").waitFor();
  await page.getByLabel("Title").fill("Chest tightness on exertion");
  const patient = page.getByRole("region", { name: "Patient" });
  await patient.getByLabel("Identifier").fill("P-104482");
  await patient.getByLabel("Name").fill("Margaret Hartley");
  await patient.getByLabel("Birth date").fill("1968-03-14");
  await patient.getByLabel("Gender").selectOption("female");
  await page.getByRole("button", { name: "Add a known fact" }).click();
  await page.locator("#known-facts").getByLabel("Group", { exact: true }).selectOption("functional-status");
  await page.getByLabel("Known fact", { exact: true }).fill("Uses a hearing aid on the left");
  await page.getByRole("button", { name: "Start the visit" }).click();

  // Live: a transcript, then facts.
  await phase(page, "live");
  const liveAt = performance.now();
  await page.locator("#transcript li, #interim li").first().waitFor();
  const firstTranscriptSeconds = (performance.now() - liveAt) / 1000;
  await page.locator("#transcript li").first().waitFor();
  assert.match(await page.locator("#transcript li time").first().innerText(), /^\d:\d\d$/);
  assert.match(await page.locator("#transcript li b").first().innerText(), /^(Doctor|Patient|Speaker \d)$/);
  await heard.first().waitFor();

  // By now there is something to work on; catching up brings the rest of what was said.
  await page.waitForFunction((seconds) => JSON.parse(document.getElementById("visit").dataset.stats ?? "{}").capturedSeconds > seconds, WORKED_ON_SECONDS, { timeout: 2 * HANG });
  await page.getByRole("button", { name: "Catch up now" }).click();
  // The service says one fact twice, and takes it back.
  await page.locator(".fact.discarded").first().waitFor({ timeout: 30_000 });
  const complaint = await idOf(page, "chief-complaint", 0);
  const unwanted = await idOf(page, "history-of-present-illness", 0);
  const wanted = await idOf(page, "history-of-present-illness", 1);

  await fact(complaint).getByRole("button", { name: /^Edit/ }).click();
  await page.getByLabel("Text of the fact").fill("Tight chest since early November");
  await page.getByRole("button", { name: "Save" }).click();
  await settled(complaint, "Tight chest since early November", "user");

  const discarded = await textOf(unwanted);
  await fact(unwanted).getByRole("button", { name: /^Discard/ }).click();
  await page.locator(`.fact.discarded:not(.saving)[data-fact="${unwanted}"]`).waitFor();

  const restored = await textOf(wanted);
  await fact(wanted).getByRole("button", { name: /^Discard/ }).click();
  await page.locator(`.fact.discarded:not(.saving)[data-fact="${wanted}"]`).waitFor();
  await fact(wanted).getByRole("button", { name: /^Restore/ }).click();
  await settled(wanted, restored, "core");

  await page.getByLabel("Group of the new fact").selectOption("plan");
  await page.getByLabel("Text of the new fact").fill("Send an exercise test request");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.locator('[data-group="plan"]').getByText("Send an exercise test request").waitFor();

  // The end, after more has been said than there was to work on.
  await page.waitForFunction((seconds) => JSON.parse(document.getElementById("visit").dataset.stats).capturedSeconds > seconds, SPOKEN_SECONDS, { timeout: 2 * HANG });
  const liveSeconds = (performance.now() - liveAt) / 1000;
  await page.getByRole("button", { name: "End the visit" }).click();
  await phase(page, "review");
  const captured = await stats(page);
  const interactionId = await page.locator("#visit").getAttribute("data-interaction");

  // The document: from kept facts alone.
  await page.getByLabel("Template").selectOption({ label: "SOAP Note" });
  await page.getByRole("button", { name: "Generate" }).click();
  await phase(page, "document");
  const document = await sectionTexts();
  assert.ok(document.includes("Tight chest since early November"), "the edited fact is in the document");
  assert.ok(document.includes("Send an exercise test request"), "the added fact is in the document");
  assert.ok(document.includes("Uses a hearing aid on the left"), "the known fact is in the document");
  assert.ok(document.includes(restored), "the restored fact is in the document");
  assert.ok(!document.includes(discarded), "the discarded fact is not in the document");

  await page.locator("#document-sections textarea").first().fill("Corrected by hand");
  await page.getByRole("button", { name: "Copy all" }).click();
  await page.getByText("Copied.").waitFor();
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /Corrected by hand/);

  await page.getByRole("button", { name: "Complete the visit" }).click();
  await phase(page, "completed");
  const { accessToken } = await (await fetch(`${sandbox.url}/token`, { method: "POST" })).json();
  const { tenantName } = await (await fetch(`${sandbox.url}/settings.json`)).json();
  const answer = await fetch(`${sandbox.url}/v2/interactions/${interactionId}`, {
    headers: { authorization: `Bearer ${accessToken}`, "tenant-name": tenantName },
  });
  assert.equal(answer.status, 200);
  assert.equal((await answer.json()).encounter.status, "completed");

  // What the server saw.
  const report = await (await fetch(`${sandbox.url}/sandbox/streams/${interactionId}`)).json();
  assert.equal(report.sockets.length, 1);
  const [socket] = report.sockets;
  const kilobitsPerSecond = Number(((socket.bytes * 8) / socket.receivedSeconds / 1_000).toFixed(1));
  const figures = {
    liveSeconds: Number(liveSeconds.toFixed(2)),
    capturedSeconds: captured.capturedSeconds,
    receivedSeconds: socket.receivedSeconds,
    chunks: socket.chunkBytes.length,
    kilobitsPerSecond,
    firstTranscriptSeconds: Number(firstTranscriptSeconds.toFixed(2)),
  };
  console.log(JSON.stringify(figures));
  await mkdir(target, { recursive: true });
  await writeFile(join(target, "visit-figures.json"), `${JSON.stringify(figures, null, 2)}\n`);

  assert.ok(captured.capturedSeconds >= SPOKEN_SECONDS);
  assert.ok(Math.abs(socket.receivedSeconds - captured.capturedSeconds) < 0.3,
    `the server received ${socket.receivedSeconds} s of ${captured.capturedSeconds} s`);
  // A flush is for everything said so far: one was asked for here, the package asks in pauses of the conversation and before the end.
  assert.match(socket.order.join(" "), /^config (audio flush )+(audio )?(flush )?end$/);
  // Each cuts a chunk short, and so does the end.
  const cuts = socket.order.filter((kind) => kind === "flush").length + 1;
  const chunks = socket.receivedSeconds / CHUNK_SECONDS;
  assert.ok(socket.chunkBytes.length >= chunks && socket.chunkBytes.length < chunks + cuts + 1, `${socket.chunkBytes.length} chunks`);
  assert.equal(socket.configuration.audioFormat, "audio/ogg; codecs=opus");
  assert.ok(kilobitsPerSecond > 8 && kilobitsPerSecond < 30, `${kilobitsPerSecond} kbit/s`);
  assert.ok(socket.rms > 0.01, `the server heard speech: ${socket.rms} of full scale`);
  assert.deepEqual(complaints, []);
  await close();
});
