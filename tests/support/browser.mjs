// A real Chromium for the end-to-end tests, with the microphone that a test asks for, and a page that reports what went wrong
// in it.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { keep } from "./kept.mjs";
import { collect, files } from "./told.mjs";

const CANDIDATES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"];

// A container has no sandboxing of its own for Chromium, no GPU, and a small /dev/shm.
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"];

const MICROPHONES = {
  /** The device plays a WAV file once, then silence. */
  plays: (file) => ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", `--use-file-for-fake-audio-capture=${file}%noloop`],
  /** The device beeps. */
  beeps: () => ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"],
  /** There is a device, and the page may not use it. */
  denied: () => ["--use-fake-device-for-media-stream"],
  /** The page may use a microphone, and there is none: a machine for tests has no sound hardware. */
  missing: () => ["--use-fake-ui-for-media-stream"],
  /** There is none, and audio starts only when the user has done something: headless browsers are not so strict by themselves. */
  strict: () => ["--autoplay-policy=document-user-activation-required"],
  /** The page may use the microphones of the sound card that `env` leads to. */
  real: () => ["--use-fake-ui-for-media-stream"],
};

/** Milliseconds in which a page comes to what a test waits for, however busy the machine is: who takes longer hangs. */
export const HANG = 60_000;

/** The folders that the sandbox serves in these tests. */
export const www = fileURLToPath(new URL("../../www", import.meta.url));
export const pkg = process.env.OSSICLE_PKG ?? fileURLToPath(new URL("../../pkg", import.meta.url));

/** Launches Chromium with one of the `MICROPHONES`, by name: `launch("plays", file)`; `env` is its environment. */
export async function launch(microphone = "beeps", file, env = process.env) {
  const executablePath = process.env.CHROMIUM ?? CANDIDATES.find(existsSync);
  if (!executablePath) throw new Error("No Chromium found. Install chromium, or set CHROMIUM to the path of one.");
  return watched(await chromium.launch({ executablePath, args: [...FLAGS, ...MICROPHONES[microphone](file)], env }));
}

/** Has what its pages say kept, whoever closes page, context or browser. */
function watched(browser) {
  const before = (object, close, releases) => {
    const original = object[close].bind(object);
    object[close] = async (...given) => {
      await Promise.all([...releases].map((release) => release()));
      return original(...given);
    };
  };
  const every = new Set();
  const newContext = browser.newContext.bind(browser);
  browser.newContext = async (...given) => {
    const context = await newContext(...given);
    const releases = new Set();
    context.on("page", (page) => {
      const release = keep("chromium", telling(page));
      for (const set of [releases, every]) set.add(release);
      before(page, "close", [release]);
    });
    before(context, "close", releases);
    return context;
  };
  before(browser, "close", every);
  return browser;
}

/** What a page has to tell: its console from now on, and how it is at the end. */
function telling(page) {
  const lines = [];
  const say = (line) => lines.push(`${new Date().toISOString()} ${line}`);
  page.on("console", (message) => say(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => say(`uncaught: ${error.stack ?? error}`));
  page.on("requestfailed", (request) => say(`request failed: ${request.method()} ${request.url().replace(/\?.*/, "")}: ${request.failure()?.errorText}`));
  page.on("crash", () => say("the page crashed"));
  page.on("framenavigated", (frame) => say(`at ${frame.url().replace(/\?.*/, "")}`));
  return async function* () {
    yield ["console.txt", `${lines.join("\n")}\n`];
    if (page.isClosed()) return;
    yield ["page.html", await page.content()];
    yield* files(await page.evaluate(collect));
    yield ["page.png", await page.screenshot()];
  };
}

/**
 * Opens `url` in a context of its own. Answers `{ page, complaints, close() }`; `complaints` collects uncaught errors and the
 * browser's own messages about the Content-Security-Policy.
 */
export async function open(browser, url, { permissions = ["microphone"], ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, permissions, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(HANG);
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (/content security policy/i.test(message.text())) complaints.push(message.text());
  });
  await page.goto(url);
  return { page, complaints, close: () => context.close() };
}

/** Waits until the page is in a phase (see www/app/main.js). */
export const phase = (page, name, timeout) => page.locator(`body[data-phase="${name}"]`).waitFor({ timeout });

/** What the page says about the newest stream: the package's `stream.stats`. */
export const stats = async (page) => JSON.parse((await page.locator("#visit").getAttribute("data-stats")) ?? "{}");
