// Pages under a strict Content-Security-Policy with Trusted Types: what README says they must allow is enough, for the module and for
// the script tag, on the page and in a worker; not one violation is reported. And that a page can insist on the package's very bytes.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { launch, open, pkg } from "../support/browser.mjs";
import { serve } from "../support/files.mjs";
import { startSandbox } from "../support/sandbox.mjs";
import { HANG } from "./limits.mjs";

const PAGE = fileURLToPath(new URL("bundlers/page.js", import.meta.url));

let folder, sandbox, browser, server;

/** The digest of a file of the package, as `cargo xtask build` prints it. */
const integrity = async (name) => `sha384-${createHash("sha384").update(await readFile(join(pkg, name))).digest("base64")}`;

/** Writes a page of script files alone: an inline one would be forbidden. */
async function write(name, tags, script) {
  await writeFile(join(folder, `${name}.html`), `<!doctype html><meta charset="utf-8"><title>A page</title>${tags}<script type="module" src="${name}.js"></script>`);
  await writeFile(join(folder, `${name}.js`), `import { offer } from "./page.js";\n${script}`);
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "ossicle-policy-"));
  await cp(pkg, join(folder, "ossicle"), { recursive: true });
  await cp(PAGE, join(folder, "page.js"));
  const tag = async (digest) => `<script src="/ossicle/ossicle.global.js" integrity="${await digest}"></script>`;
  await write("module", "", 'import init, { OssicleClient } from "./ossicle/ossicle.js"; offer(init, OssicleClient);');
  await write("tag", await tag(integrity("ossicle.global.js")), 'offer(() => ossicle.init({ baseUrl: "/ossicle/" }), ossicle.OssicleClient);');
  await write("inside", await tag(integrity("ossicle.global.js")), "offer(ossicle.init, ossicle.OssicleClient);");
  await write("other", await tag(integrity("ossicle.js")), "globalThis.visit = () => typeof ossicle;");
  const wasm = async (name) => `fetch("/ossicle/ossicle_bg.wasm", { integrity: "${await integrity(name)}" })`;
  for (const [page, name] of [["digest", "ossicle_bg.wasm"], ["other-digest", "ossicle_flac_bg.wasm"]]) {
    await write(page, "", `import init, { OssicleClient } from "./ossicle/ossicle.js"; offer(async () => init({ wasmUrl: await ${await wasm(name)} }), OssicleClient);`);
  }
  sandbox = await startSandbox();
  browser = await launch("beeps");
  const policy = [
    "default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "worker-src 'self'",
    `connect-src 'self' ${sandbox.url} ${sandbox.url.replace("http", "ws")}`,
    "require-trusted-types-for 'script'", "trusted-types ossicle", "report-uri /violations",
  ];
  server = await serve(folder, { "Content-Security-Policy": policy.join("; ") });
});

after(async () => {
  await browser?.close();
  await sandbox?.stop();
  await server?.close();
  if (folder) await rm(folder, { recursive: true });
});

/** What a page asks for at last, and may not. */
const LAST = "https://last.invalid/";
const isLast = (violation) => violation.startsWith("connect-src https://last.invalid");

/** The violations of which there were reports. */
const reported = () => server.posted.map((text) => JSON.parse(text)["csp-report"]).map((report) => `${report["effective-directive"]} ${report["blocked-uri"]}`);

/** Opens a page; answers what each visit came to, and every violation that was reported. */
async function visits(name, all = [{ encoding: "auto" }, { encoding: "flac" }, { encoding: "flac", worker: true }]) {
  server.posted.length = 0;
  const { page, close } = await open(browser, `${server.url}/${name}.html`);
  await page.waitForFunction(() => globalThis.visit);
  const seen = [];
  for (const { encoding, worker = false } of all) {
    const options = { sandbox: sandbox.url, worker, audio: { encoding } };
    seen.push(await page.evaluate((options) => Promise.resolve(globalThis.visit(options)).catch(({ name, message }) => `${name}: ${message}`), options));
  }
  // A report is sent after the fact, and each after the one before: with that of what is forbidden here all are there.
  await page.evaluate((url) => fetch(url).catch(() => {}), LAST);
  for (const end = performance.now() + HANG; !reported().some(isLast); await new Promise((resolve) => setTimeout(resolve, 20))) {
    assert.ok(performance.now() < end, "violations are reported");
  }
  await close();
  return { seen, violations: reported().filter((violation) => !isLast(violation)) };
}

for (const name of ["module", "tag"]) {
  test(`a strict policy has nothing to report of a page with the package as a ${name}`, async () => {
    const { seen, violations } = await visits(name);
    const short = seen.map((visit) => (visit.seconds >= 1 ? [visit.encoder, visit.isInWorker, visit.state] : visit));
    assert.deepEqual(short, [["opus-native", false, "ended"], ["flac", false, "ended"], ["flac", true, "ended"]]);
    assert.deepEqual(violations, []);
  });
}

test("what the policy forbids would have been reported: scripts that are inside a file", async () => {
  const { seen, violations } = await visits("inside", [{ encoding: "pcm", worker: true }]);
  assert.deepEqual(seen, ["OssicleError: the package's worklet could not be loaded: is it served, and does the page's policy allow it?"]);
  assert.deepEqual(violations, ["worker-src blob"]);
});

test("a script tag with the digest of another file loads nothing", async () => {
  assert.deepEqual(await visits("other", [{}]), { seen: ["undefined"], violations: [] });
});

test("a page can insist on the digest of the wasm", async () => {
  const { seen: [right] } = await visits("digest", [{ encoding: "pcm" }]);
  assert.equal(right.state, "ended");
  const { seen: [wrong] } = await visits("other-digest", [{ encoding: "pcm" }]);
  assert.match(wrong, /^TypeError: /);
});
