// `<ossicle-visit>` in a browser, against the sandbox: by keyboard alone, under the strictest policy, light and dark, wide and narrow.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { open, pkg } from "../support/browser.mjs";
import { watch } from "../support/opened.mjs";
import { startSite } from "../support/site.mjs";
import { HANG, LIMIT } from "./limits.mjs";

const page = (head = "") => `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,"><title>A visit</title>${head}
<main><h1>A visit</h1><ossicle-visit></ossicle-visit></main><aside></aside><script type="module" src="/app.js"></script></html>`;

/** Nothing but the page's own files, no style that is not in a constructed sheet, and no text that becomes markup or code. */
const POLICY = `default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' ws:; img-src data:; style-src 'none';
  require-trusted-types-for 'script'; trusted-types ossicle`;

const PAGES = {
  "index.html": page('<meta name="color-scheme" content="light dark">'),
  "strict.html": page(`<meta http-equiv="Content-Security-Policy" content="${POLICY}">`),
  "light.html": page(),
  "own.html": page("<style>ossicle-visit { --ossicle-accent: rgb(1, 2, 3); } ossicle-visit::part(heading) { color: rgb(4, 5, 6); }</style>"),
};

let site, sandbox, browser, axe, types;

before(async () => {
  ({ sandbox, browser } = site = await startSite({ ...PAGES, "app.js": await readFile(new URL("element/app.mjs", import.meta.url), "utf8") }));
  axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  types = await readFile(join(pkg, "ossicle-element.d.ts"), "utf8");
});

after(() => site?.close());

afterEach(() => fetch(`${sandbox.url}/sandbox/faults`, { method: "DELETE" }));

/** Opens one of the pages. `close` sees to it that nothing went wrong in it. */
async function opened(name = "", options) {
  const { page, complaints, close } = await open(browser, `${sandbox.url}/${name}`, options);
  page.setDefaultTimeout(HANG);
  await page.waitForFunction(() => globalThis.element?.client);
  await page.getByRole("button", { name: "Start visit" }).waitFor();
  return {
    page,
    ...(await watch(page, sandbox.url)),
    close: async () => {
      const violations = await page.evaluate(() => globalThis.violations);
      await close();
      assert.deepEqual({ complaints, violations }, { complaints: [], violations: [] });
    },
  };
}

const button = (page, name) => page.getByRole("button", { name });
const state = (page, name) => page.waitForFunction((name) => element.state === name, name, { timeout: HANG });
const fault = (faults) => fetch(`${sandbox.url}/sandbox/faults`, {
  method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(faults),
});

/** Name and text of what has focus inside the element. */
const focused = (page) => page.evaluate(() => {
  const { activeElement } = element.shadowRoot;
  return activeElement?.getAttribute("aria-label") ?? activeElement?.textContent;
});

/** Presses Tab until what is named has focus, as somebody does who has no mouse. */
async function tabTo(page, name) {
  for (let presses = 0; presses < 40; presses += 1) {
    if ((await focused(page)) === name) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`Tab does not lead to ${name}`);
}

test("under the strictest policy a visit goes from its start to its note by keyboard alone", LIMIT, async () => {
  const { page, isOpen, close } = await opened("strict.html");
  await tabTo(page, "Start visit");
  await page.keyboard.press("Enter");
  await state(page, "streaming");
  // The button that was pressed is gone: the next one is at hand.
  assert.equal(await focused(page), "Pause");
  await page.keyboard.press("Space");
  await page.getByRole("status").filter({ hasText: "Paused" }).waitFor();
  assert.equal(await focused(page), "Resume");
  assert.equal(await page.locator("[part~=recording]").count(), 0, "nothing looks as if it were recorded");
  await page.keyboard.press("Space");
  await page.locator("[part~=recording]").filter({ hasText: "Recording" }).waitFor();
  await page.getByRole("log").getByText("Good morning").waitFor();

  await tabTo(page, "Edit: Smokes");
  await page.keyboard.press("Enter");
  assert.equal(await focused(page), "Text of the fact");
  await page.keyboard.press("End");
  await page.keyboard.type(" a pipe");
  await page.keyboard.press("Enter");
  assert.equal(await focused(page), "Edit: Smokes a pipe");
  await page.keyboard.press("Enter");
  await page.keyboard.type("not this");
  await page.keyboard.press("Escape");
  assert.equal(await focused(page), "Edit: Smokes a pipe");
  await tabTo(page, "Discard: Smokes a pipe");
  await page.keyboard.press("Enter");
  assert.equal(await focused(page), "Restore: Smokes a pipe");
  await page.keyboard.press("Enter");
  assert.equal(await focused(page), "Discard: Smokes a pipe");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => element.visit.facts.pending === 0);
  const smokes = await page.evaluate(() => element.visit.facts.items.find(({ group }) => group === "social-history"));
  assert.deepEqual([smokes.text, smokes.isDiscarded], ["Smokes a pipe", true]);

  await button(page, "End visit").focus();
  await page.keyboard.press("Enter");
  await state(page, "ended");
  assert.equal(await focused(page), "Complete visit");
  await tabTo(page, "Write note");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "SOAP Note" }).waitFor();
  const note = await page.evaluate(() => element.shadowRoot.querySelector("article").textContent);
  assert.ok(note.includes("Allergic to penicillin") && !note.includes("pipe"), "the note is made of what is kept");
  await button(page, "Complete visit").focus();
  await page.keyboard.press("Enter");
  await state(page, "completed");
  assert.equal(await focused(page), "Completed");
  assert.deepEqual(await page.evaluate(() => told.filter((one) => one !== "connecting" && one !== "configuring")),
    ["starting", "streaming", "ending", "ended", "SOAP Note", "completed"]);
  await isOpen({ sockets: 0, tracks: 0 });
  await close();
});

describe("no barrier is found in any state, and nothing sticks out", { concurrency: true }, () => {
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [320, 1280]) {
      test(`${colorScheme}, ${width} pixels`, LIMIT, async () => {
        const { page, close } = await opened("", { colorScheme, viewport: { width, height: 700 }, reducedMotion: "reduce" });
        await page.evaluate(axe);
        const look = async (where) => {
          const { violations, checked } = await page.evaluate(async () => {
            const { violations, passes } = await globalThis.axe.run(document);
            return { violations: violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]), checked: passes.map(({ id }) => id) };
          });
          assert.deepEqual(violations, [], where);
          assert.ok(checked.includes("color-contrast") && checked.includes("button-name"));
          assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, where);
        const parts = await page.evaluate(() => [...element.shadowRoot.querySelectorAll("[part]")].flatMap((one) => [...one.part]));
        assert.deepEqual([...new Set(parts)].filter((part) => !types.includes(`\`${part}\``)), [], "the types name every part");
        };
        await look("before");
        await button(page, "Start visit").click();
        await page.getByRole("log").getByText("Good morning").waitFor();
        await button(page, "Discard: Smokes").click();
        await button(page, "Edit: Allergic to penicillin").click();
        await look("while it records and a fact is edited");
        await page.keyboard.press("Escape");
        await button(page, "End visit").click();
        await button(page, "Write note").click();
        await page.getByRole("heading", { name: "SOAP Note" }).waitFor();
        await look("after it");
        const background = await page.evaluate(() => getComputedStyle(element.shadowRoot.querySelector("[part=visit]")).backgroundColor);
        assert.equal(background, colorScheme === "dark" ? "rgb(24, 32, 38)" : "rgb(255, 255, 255)");
        await close();
      });
    }
  }
});

test("the transcript is read out as it becomes final, and not before", LIMIT, async () => {
  const { page, close } = await opened();
  await page.evaluate(() => {
    const log = element.shadowRoot.querySelector("[role=log]");
    globalThis.read = [];
    new MutationObserver((all) => all.forEach(({ addedNodes }) => addedNodes.forEach((one) => read.push(one.textContent))))
      .observe(log, { childList: true, subtree: true, characterData: true });
  });
  await button(page, "Start visit").click();
  await page.waitForFunction(() => element.visit?.stream.transcript.filter(({ final }) => final).length >= 2, undefined, { timeout: 2 * HANG });
  await page.evaluate(() => element.end());
  const seen = await page.evaluate(() => ({
    read,
    interim: element.shadowRoot.querySelectorAll("[role=log] [part~=interim]").length,
    shown: [...element.shadowRoot.querySelectorAll("[part=words]")].map((one) => one.textContent),
    said: element.visit.stream.transcript,
  }));
  const final = seen.said.filter((segment) => segment.final).map(({ transcript }) => transcript);
  assert.ok(final.length >= 2);
  assert.deepEqual(seen.read.map((line) => line.replace(/^Speaker \d /, "")), final, "each line once, as it is at last");
  assert.deepEqual([seen.interim, seen.shown], [0, seen.said.map(({ transcript }) => transcript)]);
  await close();
});

test("what goes wrong is said where it is heard, told to the app, and tried again with the same interaction", async () => {
  const { page, isOpen, close } = await opened();
  await fault({ requests: [{ path: "/interactions", method: "PATCH", status: 503 }] });
  await button(page, "Start visit").click();
  await page.getByRole("alert").filter({ hasText: "503" }).waitFor();
  await isOpen({ sockets: 0, tracks: 0 });
  const id = await page.evaluate(() => element.error.interactionId);
  assert.equal(await focused(page), "Try again");
  await page.keyboard.press("Enter");
  await state(page, "streaming");
  assert.equal(await page.evaluate(() => element.visit.id), id);
  assert.equal(await page.getByRole("alert").textContent(), "");
  assert.deepEqual(await page.evaluate(() => told.slice(0, 3)), ["starting", "failed", "server_error"]);
  await close();
});

test("an element that is moved goes on, and one that is taken out lets go of all", async () => {
  const { page, isOpen, close } = await opened();
  await button(page, "Start visit").click();
  await state(page, "streaming");
  await page.evaluate(() => document.querySelector("aside").append(element));
  // Time for what must not be closed.
  await page.waitForTimeout(300);
  await isOpen({ sockets: 1, tracks: 1 });
  assert.equal(await page.evaluate(() => element.state), "streaming");
  await page.evaluate(() => element.remove());
  await isOpen({ sockets: 0, tracks: 0 });
  assert.equal(await page.evaluate(() => element.state), "idle");
  // Back in the page it can begin anew.
  await page.evaluate(() => document.querySelector("main").append(element));
  await button(page, "Start visit").click();
  await state(page, "streaming");
  await button(page, "End visit").click();
  await state(page, "ended");
  await close();
});

test("what is on its way can be stopped", async () => {
  const { page, isOpen, close } = await opened();
  await fault({ requests: [{ path: "/interactions", method: "POST", delaySeconds: 300 }] });
  await button(page, "Start visit").click();
  await button(page, "Cancel").click();
  await state(page, "idle");
  assert.equal(await focused(page), "Start visit");
  // Time for what must not be opened.
  await page.waitForTimeout(300);
  await isOpen({ sockets: 0, tracks: 0 });
  await close();
});

test("a microphone is chosen by its name, and it is the one that is opened", async () => {
  const { page, close } = await opened();
  const choice = page.getByLabel("Microphone", { exact: true });
  await page.waitForFunction(() => element.shadowRoot.querySelectorAll("option").length > 1);
  const { label, value } = await choice.locator("option").last().evaluate(({ label, value }) => ({ label, value }));
  await choice.selectOption({ label });
  await button(page, "Start visit").click();
  await state(page, "streaming");
  assert.equal(await page.evaluate(() => counts.tracks[0].getSettings().deviceId), value);
  assert.equal(await choice.isDisabled(), true);
  await page.waitForFunction(() => Number(element.shadowRoot.querySelector("[role=meter]").getAttribute("aria-valuenow")) > -60);
  await close();
});

test("a page has its own colours, parts, words and scheme", async () => {
  const { page, close } = await opened("own.html", { colorScheme: "dark" });
  const seen = await page.evaluate(async () => {
    element.labels = { start: "Los", states: { idle: "Bereit" } };
    await new Promise((resolve) => setTimeout(resolve));
    const style = (selector) => getComputedStyle(element.shadowRoot.querySelector(selector));
    const [start, status] = ["start", "status"].map((part) => element.shadowRoot.querySelector(`[part~=${part}]`).textContent);
    return { accent: style("[part~=start]").backgroundColor, heading: style("h2").color, page: style("[part=visit]").backgroundColor, start, status, end: element.labels.end };
  });
  assert.deepEqual(seen, { accent: "rgb(1, 2, 3)", heading: "rgb(4, 5, 6)", page: "rgb(255, 255, 255)", start: "Los", status: "Bereit", end: "End visit" });
  await close();
});

test("on a server it is imported, and does nothing", async () => {
  const script = `const before = Reflect.ownKeys(globalThis).length;
    await import(${JSON.stringify(pathToFileURL(join(pkg, "ossicle-element.js")).href)});
    console.log(Reflect.ownKeys(globalThis).length - before);`;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script]);
  assert.deepEqual([stdout.trim(), stderr], ["0", ""]);
});
