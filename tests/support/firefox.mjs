// A real Firefox for the tests of microphones, headless, driven by geckodriver.

import { existsSync } from "node:fs";
import { Builder } from "selenium-webdriver";
import { Options, ServiceBuilder } from "selenium-webdriver/firefox.js";

const CANDIDATES = ["/usr/bin/firefox-esr", "/usr/bin/firefox", "/Applications/Firefox.app/Contents/MacOS/firefox"];

const SCRIPT_LIMIT = 120_000; // milliseconds

/** Opens `url` in a Firefox of its own. Answers `{ evaluate(function, ...values), close() }`, both ways JSON. */
export async function openFirefox(url, env) {
  const binary = process.env.FIREFOX ?? CANDIDATES.find(existsSync);
  if (!binary) throw new Error("No Firefox found. Install firefox-esr, or set FIREFOX to the path of one.");
  const options = new Options().setBinary(binary).addArguments("-headless");
  options.setPreference("media.navigator.permission.disabled", true);
  const service = new ServiceBuilder(process.env.GECKODRIVER ?? "geckodriver").setEnvironment(env);
  const starting = new Builder().forBrowser("firefox").setFirefoxOptions(options).setFirefoxService(service).build();
  const driver = await Promise.resolve(starting).catch((error) => {
    throw new Error(`Firefox was not started: ${error.message}. \`cargo xtask setup\` installs geckodriver, or set GECKODRIVER to its path.`);
  });
  await driver.manage().setTimeouts({ script: SCRIPT_LIMIT });
  await driver.get(url);
  const evaluate = async (callback, ...values) => {
    // In the page's own world: a script of the driver has globals of its own, and cannot import a module.
    const call = `(async () => JSON.stringify({ value: await (${callback})(...${JSON.stringify(values)}) }))()`;
    return JSON.parse(await driver.executeScript(`return window.eval(${JSON.stringify(call)})`)).value;
  };
  return { evaluate, close: () => driver.quit() };
}
