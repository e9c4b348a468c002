// A real Chromium whose window is minimised, as a browser treats a page that nobody sees: driven by chromedriver, because
// playwright keeps every page awake.

import { existsSync } from "node:fs";
import { Builder } from "selenium-webdriver";
import { Options, ServiceBuilder } from "selenium-webdriver/chrome.js";
import { Level, Preferences } from "selenium-webdriver/lib/logging.js";
import { keep } from "./kept.mjs";
import { collect, files } from "./told.mjs";

const CANDIDATES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"];

const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--autoplay-policy=no-user-gesture-required"];

/** What drivers switch off so that tests need not care about windows: here it is what the test is about. */
const AWAKE = ["disable-background-timer-throttling", "disable-renderer-backgrounding", "disable-backgrounding-occluded-windows"];

/** Opens `url` in a window of its own. Answers `{ evaluate(function, ...values), minimise(), close() }`, both ways JSON. */
export async function openWindow(url) {
  const binary = process.env.CHROMIUM ?? CANDIDATES.find(existsSync);
  if (!binary) throw new Error("No Chromium found. Install chromium, or set CHROMIUM to the path of one.");
  const options = new Options().setBinaryPath(binary).addArguments(...FLAGS).excludeSwitches(...AWAKE);
  const logging = new Preferences();
  logging.setLevel("browser", Level.ALL);
  options.setLoggingPrefs(logging);
  const service = new ServiceBuilder(process.env.CHROMEDRIVER ?? "chromedriver");
  const driver = await new Builder().forBrowser("chrome").setChromeOptions(options).setChromeService(service).build();
  await driver.manage().setTimeouts({ script: 120_000 });
  await driver.get(url);
  const evaluate = async (callback, ...values) => {
    const call = `(async () => JSON.stringify({ value: await (${callback})(...${JSON.stringify(values)}) }))()`;
    return JSON.parse(await driver.executeScript(`return window.eval(${JSON.stringify(call)})`)).value;
  };
  const release = keep("chromium", async function* () {
    const entries = await driver.manage().logs().get("browser");
    const lines = entries.map(({ timestamp, level, message }) => `${new Date(timestamp).toISOString()} ${level.name}: ${message}`);
    yield ["console.txt", `${lines.join("\n")}\n`];
    yield ["page.html", await driver.getPageSource()];
    yield* files(await evaluate(collect));
    yield ["page.png", Buffer.from(await driver.takeScreenshot(), "base64")];
  });
  const close = async () => {
    await release();
    await driver.quit();
  };
  return { evaluate, minimise: () => driver.manage().window().minimize(), close };
}
