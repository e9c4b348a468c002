// What the page owes to those who use it by keyboard or on a narrow screen, or whose microphone goes, and the page that has only
// a script tag.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { HANG, launch, open, phase, pkg, stats, www } from "../support/browser.mjs";
import { startSandbox } from "../support/sandbox.mjs";
import { consultationSpeech } from "../support/speech.mjs";

let sandbox, browser;

before(async () => {
  sandbox = await startSandbox({ www, pkg });
  browser = await launch("plays", await consultationSpeech());
});

after(async () => {
  await browser?.close();
  await sandbox?.stop();
});

/** Presses Tab until the element with this id has the focus; fails after going round a whole page of fields. */
async function tabTo(page, id) {
  for (let presses = 0; presses < 60; presses += 1) {
    if (await page.evaluate(() => document.activeElement.id) === id) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`Tab does not reach #${id}`);
}

test("a visit can be started, recorded and ended with the keyboard alone", { timeout: 5 * HANG }, async () => {
  const { page, complaints, close } = await open(browser, sandbox.url);
  await phase(page, "idle");
  await tabTo(page, "encounter-title");
  await page.keyboard.type("Follow-up");
  await tabTo(page, "start");
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.notEqual(outline, "none", "focus can be seen");
  await page.keyboard.press("Enter");
  await phase(page, "live");
  assert.equal(await page.evaluate(() => document.activeElement.id), "visit-title", "focus is taken along to the visit");

  await tabTo(page, "add-text");
  await page.keyboard.type("Asked about sleep");
  await page.keyboard.press("Enter");
  await page.locator(".fact").getByText("Asked about sleep").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), "add-text", "the next fact can be typed at once");

  await page.locator(".fact").getByRole("button", { name: "Discard: Asked about sleep" }).focus();
  await page.keyboard.press("Enter");
  await page.locator(".fact.discarded:not(.saving)").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Restore", "focus stays with the fact");

  await page.getByRole("button", { name: "End the visit" }).focus();
  await page.keyboard.press("Enter");
  await phase(page, "review");
  assert.equal(await page.evaluate(() => document.activeElement.id), "document-heading", "focus goes to what is next");
  assert.deepEqual(complaints, []);
  await close();
});

test("nothing is wider than a screen of 360 pixels, in any phase", { timeout: 5 * HANG }, async () => {
  const { page, close } = await open(browser, sandbox.url, { viewport: { width: 360, height: 740 }, colorScheme: "dark" });
  const fits = async (where) => {
    const { content, width } = await page.evaluate(() => ({ content: document.documentElement.scrollWidth, width: innerWidth }));
    assert.ok(content <= width, `${where}: ${content} > ${width}`);
  };
  await phase(page, "idle");
  await page.getByRole("button", { name: "Fill in an example" }).click();
  await fits("form");
  await page.getByRole("button", { name: "Start the visit" }).click();
  await phase(page, "live");
  await page.locator("#transcript li").first().waitFor();
  await page.locator(".fact").getByRole("button", { name: /^Edit/ }).first().click();
  await fits("live, editing");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "End the visit" }).click();
  await phase(page, "review");
  await fits("review");
  await page.getByRole("button", { name: "Generate" }).click();
  await phase(page, "document");
  await fits("document");
  await close();
});

test("an ended recording can be continued, on the same clock", { timeout: 5 * HANG }, async () => {
  const { page, close } = await open(browser, sandbox.url);
  const seconds = () => page.evaluate(() => {
    const [minutes, rest] = document.getElementById("elapsed").textContent.split(":").map(Number);
    return minutes * 60 + rest;
  });
  await phase(page, "idle");
  await page.getByRole("button", { name: "Start the visit" }).click();
  await phase(page, "live");
  await page.waitForFunction(() => document.getElementById("elapsed").textContent >= "0:03");
  await page.getByRole("button", { name: "End the visit" }).click();
  await phase(page, "review");
  const before = await seconds();
  await page.getByRole("button", { name: "Continue recording" }).click();
  await phase(page, "live");
  const first = await seconds();
  assert.ok(first >= before, `time goes on from where it was: ${first} s after ${before} s`);
  await page.waitForFunction((first) => document.getElementById("elapsed").textContent !== first, await page.locator("#elapsed").textContent());
  assert.ok(await seconds() > before, "and goes on");
  const id = await page.locator("#visit").getAttribute("data-interaction");
  const report = await (await fetch(`${sandbox.url}/sandbox/streams/${id}`)).json();
  assert.equal(report.sockets.length, 2);
  await close();
});

test("the script-tag page gives a transcript", { timeout: 5 * HANG }, async () => {
  const { page, complaints, close } = await open(browser, `${sandbox.url}/script-tag.html`);
  await page.getByRole("button", { name: "Start" }).click();
  await page.locator("#transcript li").first().waitFor();
  assert.ok((await page.locator("#transcript li").first().innerText()).length > 10);
  await page.getByRole("button", { name: "Stop" }).click();
  await page.locator("#facts li").first().waitFor();
  await page.getByText("ended", { exact: true }).waitFor();
  assert.deepEqual(complaints, []);
  await close();
});

test("what happens to the microphone is told in words", { timeout: 5 * HANG }, async () => {
  const { page, close } = await open(browser, "about:blank");
  await page.addInitScript(() => {
    const { mediaDevices } = navigator;
    const original = mediaDevices.getUserMedia.bind(mediaDevices);
    mediaDevices.getUserMedia = async (constraints) => (globalThis.opened = await original(constraints));
  });
  await page.goto(sandbox.url);
  await phase(page, "idle");
  await page.getByRole("button", { name: "Fill in an example" }).click();
  await page.getByRole("button", { name: "Start the visit" }).click();
  await phase(page, "live");
  // As the browser does when the device is pulled out.
  await page.evaluate(() => globalThis.opened.getAudioTracks()[0].dispatchEvent(new Event("ended")));
  await page.locator("#sound-hint").getByText("The recording goes on with another microphone.").waitFor();
  const before = (await stats(page)).capturedSeconds;
  await page.waitForFunction((before) => JSON.parse(document.getElementById("visit").dataset.stats).capturedSeconds > before + 1, before);
  await close();
});
