// A site of a test's own: pages that a sandbox serves beside the package, and a Chromium to open them.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launch, pkg } from "./browser.mjs";
import { startSandbox } from "./sandbox.mjs";

/** A page with nothing on it, not even a request for an icon. */
export const EMPTY = '<!doctype html><link rel="icon" href="data:,"><title>A page</title>';

/**
 * Starts it. `pages` are texts by their names, `microphone` is what `launch` is given. Answers `{ folder, sandbox, browser, close() }`;
 * what is in the folder is served.
 */
export async function startSite(pages = { "index.html": EMPTY }, microphone = ["beeps"]) {
  const closing = [];
  const close = async () => {
    for (const end of closing.splice(0).reverse()) await end();
  };
  try {
    const folder = await mkdtemp(join(tmpdir(), "ossicle-site-"));
    closing.push(() => rm(folder, { recursive: true, force: true }));
    for (const [name, text] of Object.entries(pages)) await writeFile(join(folder, name), text);
    const sandbox = await startSandbox({ www: folder, pkg });
    closing.push(sandbox.stop);
    const browser = await launch(...microphone);
    closing.push(() => browser.close());
    return { folder, sandbox, browser, close };
  } catch (error) {
    await close();
    throw error;
  }
}
