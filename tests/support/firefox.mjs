// A real Firefox, headless, with the microphone that a test asks for, driven by geckodriver.

import { existsSync } from "node:fs";
import { Builder } from "selenium-webdriver";
import { Options, ServiceBuilder } from "selenium-webdriver/firefox.js";
import { keep } from "./kept.mjs";
import { collect, files } from "./told.mjs";

const CANDIDATES = ["/usr/bin/firefox-esr", "/usr/bin/firefox", "/Applications/Firefox.app/Contents/MacOS/firefox"];

const SCRIPT_LIMIT = 120_000; // milliseconds
const QUIT_LIMIT = 10_000;

const MICROPHONES = {
  /** The page may use the microphones of the sound card that `env` leads to. */
  real: {},
  /** The device beeps; audio runs without a sound card, and starts without a click. */
  beeps: {
    "media.navigator.streams.fake": true,
    "media.cubeb.force_mock_context": true,
    "media.autoplay.default": 0,
    "media.autoplay.blocking_policy": 0,
  },
};

/**
 * Opens `url` in a Firefox of its own, with one of the `MICROPHONES`, by name. Answers `{ evaluate(function, ...values), goto(url),
 * close() }`, both ways JSON.
 */
export async function openFirefox(url, env, microphone = "real") {
  const binary = process.env.FIREFOX ?? CANDIDATES.find(existsSync);
  if (!binary) throw new Error("No Firefox found. Install firefox-esr, or set FIREFOX to the path of one.");
  const options = new Options().setBinary(binary).addArguments("-headless").enableBidi();
  const preferences = { "media.navigator.permission.disabled": true, ...MICROPHONES[microphone] };
  for (const [name, value] of Object.entries(preferences)) options.setPreference(name, value);
  const service = new ServiceBuilder(process.env.GECKODRIVER ?? "geckodriver").setEnvironment(env);
  const starting = new Builder().forBrowser("firefox").setFirefoxOptions(options).setFirefoxService(service).build();
  const driver = await Promise.resolve(starting).catch((error) => {
    throw new Error(`Firefox was not started: ${error.message}. \`cargo xtask setup\` installs geckodriver, or set GECKODRIVER to its path.`);
  });
  await driver.manage().setTimeouts({ script: SCRIPT_LIMIT });
  const lines = await consoleOf(driver);
  await driver.get(url);
  const evaluate = async (callback, ...values) => {
    // In the page's own world: a script of the driver has globals of its own, and cannot import a module.
    const call = `(async () => JSON.stringify({ value: await (${callback})(...${JSON.stringify(values)}) }))()`;
    return JSON.parse(await driver.executeScript(`return window.eval(${JSON.stringify(call)})`)).value;
  };
  const processId = (await driver.getCapabilities()).get("moz:processID");
  const release = keep("firefox", async function* () {
    yield ["console.txt", () => `${lines.join("\n")}\n`];
    yield ["page.png", Buffer.from(await driver.takeScreenshot(), "base64")];
    yield ["page.html", await driver.getPageSource()];
    yield* files(await evaluate(collect));
  });
  const close = async () => {
    await release();
    // A page that is in a loop keeps it from ending by itself.
    let isKilled = false;
    const timer = setTimeout(() => (isKilled = process.kill(processId, "SIGKILL")), QUIT_LIMIT);
    const quit = driver.quit().finally(() => clearTimeout(timer));
    await quit.catch((error) => {
      if (!isKilled) throw error;
    });
  };
  return { evaluate, goto: (url) => driver.get(url), close };
}

/** What the pages say from now on: a list of lines that grows. */
async function consoleOf(driver) {
  const lines = [];
  const bidi = await driver.getBidi();
  await bidi.subscribe("log.entryAdded");
  bidi.socket.on("message", (message) => {
    const { method, params } = JSON.parse(message);
    if (method !== "log.entryAdded") return;
    const { timestamp, level, text, stackTrace } = params;
    const frames = (stackTrace?.callFrames ?? []).map(({ functionName, url, lineNumber }) => ` at ${functionName} ${url}:${lineNumber + 1}`);
    lines.push([`${new Date(timestamp).toISOString()} ${level}: ${text}`, ...(level === "error" ? frames : [])].join("\n"));
  });
  return lines;
}
