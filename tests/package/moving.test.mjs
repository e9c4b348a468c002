// An ambient app of the official client's manner, before and after it moved: no line is another but by a row of docs/moving.md, and
// both do the same, in a page, against the sandbox.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { open } from "../support/browser.mjs";
import { startSite } from "../support/site.mjs";

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const LIMIT = { timeout: 180_000 };
/** Seconds of a visit: long enough for words to come when it is flushed. */
const SECONDS = 6;

let site, text;

/** The lines of an app that say something, without the comment at its head. */
const linesOf = async (name) => {
  const lines = (await readFile(path(`moving/${name}.mjs`), "utf8")).split("\n").map((line) => line.trim());
  return lines.slice(lines.indexOf("")).filter(Boolean);
};

/** The rows of the table under a heading: the lines of code in each cell. */
function rows() {
  const [table] = text.slice(text.indexOf("## An ambient app")).match(/(^\|.*\n)+/m);
  const code = (cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, line]) => line);
  return table.trim().split("\n").slice(2).map((row) => row.split(" | ").map(code));
}

before(async () => {
  site = await startSite();
  text = await readFile(path("../../docs/moving.md"), "utf8");
  for (const name of ["corti", "ossicle"]) {
    await build({
      entryPoints: [path(`moving/${name}.mjs`)], alias: { ossicle: "/pkg/ossicle.js" }, external: ["/pkg/ossicle.js"],
      bundle: true, format: "esm", platform: "browser", outfile: join(site.folder, `${name}.js`), logLevel: "error",
    });
  }
}, LIMIT);

after(() => site?.close());

test("the moved app is the other with the rows of the documentation carried out, and nothing else", async () => {
  let moved = (await linesOf("corti")).join("\n");
  for (const [theirs, ours] of rows()) {
    assert.ok(moved.includes(theirs.join("\n")), `the app has the lines of each row: ${theirs[0]}`);
    moved = moved.replaceAll(theirs.join("\n"), ours.join("\n"));
  }
  assert.deepEqual(moved.split("\n"), await linesOf("ossicle"));
});

/** What an app's page shows of a visit, and of a stream through a proxy. */
async function run(name) {
  const { sandbox, browser } = site;
  const { page, complaints, close } = await open(browser, `${sandbox.url}/`);
  page.setDefaultTimeout(LIMIT.timeout);
  const { tenantName } = await (await fetch(`${sandbox.url}/settings.json`)).json();
  const environment = { base: `${sandbox.url}/v2`, wss: sandbox.wsUrl, login: `${sandbox.url}/realms`, agents: sandbox.url };
  const place = { environment, tenantName, clientId: "ehr", redirectUri: `${sandbox.url}/` };
  const call = (method, given) => page.evaluate(async ([module, method, given]) => {
    const shown = [];
    const app = await import(module);
    const answer = await app[method]({ ...given, show: (...line) => shown.push(line) });
    return { answer, shown };
  }, [`/${name}.js`, method, given]);

  const { answer: address } = await call("signInUrl", place);
  const back = new URL((await fetch(address, { redirect: "manual" })).headers.get("Location"));
  const { answer: auth } = await call("signedIn", { ...place, code: back.searchParams.get("code") });
  const visit = await call("visit", { environment, tenantName, auth, seconds: SECONDS });
  const { accessToken } = await (await fetch(`${sandbox.url}/sandbox/token?tenant=${tenantName}`, { method: "POST" })).json();
  const { id } = visit.answer;
  const url = `${sandbox.wsUrl}/interactions/${id}/streams`;
  const proxied = await call("proxied", { id, url, queryParameters: { "tenant-name": tenantName, token: `Bearer ${accessToken}` } });
  await close();
  assert.deepEqual(complaints, []);
  return { address: new URL(address), visit, proxied };
}

/** The order of what was shown, words and repetitions aside. */
const order = (shown) => shown.map(([type]) => type).filter((type, index, all) => !["transcript", "fact", "delta_usage", "facts"].includes(type) && all.indexOf(type) === index);

test("both sign in, record, pause, flush and end a visit, and stream through a proxy", LIMIT, async () => {
  const theirs = await run("corti");
  const ours = await run("ossicle");
  for (const { address, visit, proxied } of [theirs, ours]) {
    assert.equal(address.searchParams.get("code_challenge_method"), "S256");
    assert.deepEqual({ ...visit.answer, id: null }, { id: null, hasToken: true, tenant: theirs.visit.answer.tenant });
    assert.ok(visit.shown.some(([type, words]) => type === "transcript" && words), "there are words");
    assert.ok(!visit.shown.some(([type]) => type === "error"), JSON.stringify(visit.shown));
    for (const type of ["open", "CONFIG_ACCEPTED", "flushed", "usage", "ENDED", "close"]) assert.ok(order(visit.shown).includes(type), `${type} of ${order(visit.shown)}`);
    assert.ok(order(proxied.shown).includes("ENDED"));
  }
  assert.equal(ours.address.pathname, theirs.address.pathname);
  assert.deepEqual(order(ours.visit.shown), order(theirs.visit.shown));
});
