// node tests/e2e/screenshot.mjs: makes docs/screenshot.png, a visit in progress on the real page.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { launch, open, phase, pkg, www } from "../support/browser.mjs";
import { startSandbox } from "../support/sandbox.mjs";
import { consultationSpeech } from "../support/speech.mjs";

const sandbox = await startSandbox({ www, pkg });
const browser = await launch("plays", await consultationSpeech());
try {
  const { page } = await open(browser, sandbox.url, { viewport: { width: 1280, height: 800 }, colorScheme: "light" });
  await phase(page, "idle");
  await page.getByRole("button", { name: "Fill in an example" }).click();
  await page.getByRole("button", { name: "Start the visit" }).click();
  await phase(page, "live");
  await page.waitForFunction(() => JSON.parse(document.getElementById("visit").dataset.stats ?? "{}").capturedSeconds > 66, undefined, { timeout: 90_000 });
  await page.locator('[data-group="past-medical-history"] [data-source="core"]').first().waitFor();
  await page.locator('[data-group="history-of-present-illness"] .fact').nth(1).getByRole("button", { name: /^Discard/ }).click();
  await page.locator(".fact.discarded:not(.saving)").first().waitFor();
  await page.mouse.move(640, 60);
  await page.evaluate(() => document.activeElement.blur());
  await page.waitForTimeout(3000);
  const docs = fileURLToPath(new URL("../../docs", import.meta.url));
  await mkdir(docs, { recursive: true });
  await page.screenshot({ path: join(docs, "screenshot.png") });
  console.log("docs/screenshot.png");
} finally {
  await browser.close();
  await sandbox.stop();
}
