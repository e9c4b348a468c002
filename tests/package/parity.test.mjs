// One file, two packages: the code of `parity/visit.ts`, written for `@corti/sdk`, is compiled and run with it and with ossicle, in a
// page, against the sandbox; what each step came to is compared, and so is what was sent. The differences that there are stand below
// and in docs/moving.md, and nowhere is another.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { open, pkg } from "../support/browser.mjs";
import { faults, fixtures, methodOf } from "../support/schemas.mjs";
import { startSite } from "../support/site.mjs";
import { LIMIT } from "./limits.mjs";

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const CODE = path("parity");
const TSC = path("../../node_modules/typescript/bin/tsc");

/**
 * What differs, in the words of docs/moving.md, and where: `[kind, part, step, rest of the path]`, kind being `steps` (what came back)
 * or `sent`; with both values, where the place does not tell.
 */
const DIFFERENCES = {
  "Times in results are `Date`s": (_, theirs, ours) => isTime(theirs?.date) && isTime(ours),
  "A request that cannot be right is sent, and answered with 400": ([, part, step], theirs) =>
    part === "apart" && (step === "a malformed id" || theirs?.path === "/v2/interactions/seven"),
  "A call whose signal is aborted already still reaches `fetch`": ([kind, part], theirs, ours) => kind === "sent" && part === "failures" && theirs?.method === "GET" && ours === undefined,
  "Every method is tried again after 408, 429 and 5xx": ([, part, step], theirs) =>
    part === "apart" && (step === "a create that may have been carried out" || theirs?.path?.endsWith("/facts/")),
  "Unknown keys of a request are left out": ([kind, part, , ...rest]) => kind === "sent" && part === "interactions" && rest.join(".") === "body.patient.ward",
  "The body of `recordings.get` can be read once": ([, part, step]) => part === "recordings" && ["bodyUsed afterwards", "read again"].includes(step),
  "`interactions.list` writes the page's `index` into the query that it was given": ([, part, step]) => part === "pages" && step === "the query's index afterwards",
};

let site, folder, sandbox, browser, corti, ossicle;

/** Half a second of silence, then 4 s of a tone that counts as speech, as a WAV file of 16 kHz. */
function speech() {
  const samples = Int16Array.from({ length: 72_000 }, (_, n) => (n < 8_000 ? 0 : 8_000 * Math.sin(0.17 * n)));
  const header = Buffer.alloc(44);
  header.write("RIFF", 0), header.write("WAVEfmt ", 8), header.write("data", 36);
  header.writeUInt32LE(36 + samples.byteLength, 4), header.writeUInt32LE(16, 16), header.writeUInt32LE(samples.byteLength, 40);
  header.writeUInt16LE(1, 20), header.writeUInt16LE(1, 22), header.writeUInt16LE(2, 32), header.writeUInt16LE(16, 34);
  header.writeUInt32LE(16_000, 24), header.writeUInt32LE(32_000, 28);
  return [...header, ...new Uint8Array(samples.buffer)];
}

/** Bundles the page for one of the two; ossicle is fetched from where the sandbox serves it, as from any server. */
async function bundle(name) {
  const begin = name === "ossicle" ? 'import init from "ossicle"; export const ready = init();' : "export const ready = undefined;";
  await build({
    stdin: { contents: `${begin}\nimport "./page.ts";`, resolveDir: CODE, loader: "ts" },
    alias: { "#sdk": join(CODE, `${name}.ts`), ossicle: "/pkg/ossicle.js" },
    external: ["/pkg/ossicle.js"],
    bundle: true, format: "esm", platform: "browser", outfile: join(folder, `${name}.js`), logLevel: "error",
  });
}

async function run(name) {
  await bundle(name);
  const { page, complaints, close } = await open(browser, `${sandbox.url}/`);
  page.setDefaultTimeout(LIMIT.timeout);
  const token = async (query) => (await (await fetch(`${sandbox.url}/sandbox/token?${query}`, { method: "POST" })).json()).accessToken;
  const setup = {
    sandbox: sandbox.url,
    environment: { base: `${sandbox.url}/v2`, wss: sandbox.wsUrl, login: `${sandbox.url}/realms`, agents: sandbox.url },
    accessToken: await token("tenant=base"),
    foreignToken: await token("tenant=other"),
    speech: speech(),
  };
  const seen = await page.evaluate(async ([module, setup]) => {
    await (await import(module)).ready;
    return window.visit(setup);
  }, [`/${name}.js`, setup]);
  await close();
  assert.deepEqual(complaints, []);
  return seen;
}

/** Keys in one order, and ids as numbers in the order in which they are met: the same for both unless one mixes them up. */
function leveller() {
  const ids = new Map();
  const id = (text) => (ids.has(text) || ids.set(text, `id-${ids.size}`), ids.get(text));
  const level = (value) => {
    if (typeof value === "string") return value.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, id);
    if (Array.isArray(value)) return value.map(level);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.keys(value).sort().map((key) => [key, level(value[key])]));
  };
  return level;
}

const isTime = (value) => typeof value === "string" && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value);
const isObject = (value) => typeof value === "object" && value !== null;

/** Every place where the two differ: `[path, theirs, ours]`. A time differs if it is more than two minutes off. */
function differences(theirs, ours, path) {
  const [their, our] = [theirs?.date ?? theirs, ours?.date ?? ours];
  if (isTime(their) && isTime(our) && Math.abs(new Date(their) - new Date(our)) < 120_000) {
    return typeof theirs === typeof ours ? [] : [[path, theirs, ours]];
  }
  if (!isObject(theirs) || !isObject(ours) || Array.isArray(theirs) !== Array.isArray(ours)) return Object.is(theirs, ours) ? [] : [[path, theirs, ours]];
  const keys = [...new Set([...Object.keys(theirs), ...Object.keys(ours)])];
  return keys.flatMap((key) => differences(theirs[key], ours[key], [...path, key]));
}

/** The order of a query's keys says nothing. */
const request = ({ query, ...sent }) => ({ ...sent, query: query.slice(1).split("&").sort().join("&") });

/** The differences of what came back and of what was sent, part by part: ids are counted anew in each. */
function all() {
  return Object.keys(corti.steps).flatMap((part) => {
    const [theirs, ours] = [corti, ossicle].map(({ steps, sent }) => leveller()({ sent: sent[part].map(request), steps: steps[part] }));
    return ["steps", "sent"].flatMap((kind) => differences(theirs[kind], ours[kind], [kind, part]));
  });
}

before(async () => {
  ({ folder, sandbox, browser } = site = await startSite());
  corti = await run("corti");
  ossicle = await run("ossicle");
}, LIMIT);

after(() => site?.close());

/** Compiles the code with one of the two; answers the compiler's complaints. */
async function complaints(name, ...files) {
  const paths = { "#sdk": [join(CODE, `${name}.ts`)], ossicle: [join(pkg, "ossicle.d.ts")] };
  const config = { extends: join(CODE, "tsconfig.json"), compilerOptions: { paths }, files, include: [] };
  const project = join(folder, `tsconfig.${name}.json`);
  await writeFile(project, JSON.stringify(config));
  return promisify(execFile)(process.execPath, [TSC, "--project", project]).then(() => "", ({ stdout, stderr }) => stdout + stderr);
}

for (const name of ["corti", "ossicle"]) {
  test(`the file compiles with ${name}'s types`, LIMIT, async () => {
    assert.equal(await complaints(name, join(CODE, "visit.ts"), join(CODE, "page.ts")), "");
  });
}

test("what @corti/sdk takes for a request ossicle takes, and it has every method of it", LIMIT, async () => {
  assert.equal(await complaints("ossicle", join(CODE, "requests.ts")), "");
});

test("a mistake in the file is found", LIMIT, async () => {
  const wrong = join(folder, "wrong.ts");
  await writeFile(wrong, `import type { Client } from "#sdk";\nexport const wrong = (client: Client) => client.facts.create("id", { facts: [{ text: 7 }] });\n`);
  for (const name of ["corti", "ossicle"]) assert.match(await complaints(name, wrong), /wrong\.ts\(2,\d+\): error/);
});

test("both see the same, but for the differences that are written down", () => {
  const unexplained = all().filter(([path, ...values]) => !Object.values(DIFFERENCES).some((explains) => explains(path, ...values)));
  assert.deepEqual(unexplained, []);
});

test("every difference that is written down is there, and in the documentation", async () => {
  const found = all();
  const text = await readFile(path("../../docs/moving.md"), "utf8");
  for (const [words, explains] of Object.entries(DIFFERENCES)) {
    assert.ok(found.some(([path, ...values]) => explains(path, ...values)), words);
    assert.ok(text.includes(`| ${words} |`), `docs/moving.md has a row: ${words}`);
  }
});

test("nothing that came to pass in the visit is strange", () => {
  const text = JSON.stringify({ ...ossicle.steps, apart: null });
  assert.doesNotMatch(text, /stranger/, "every failure is an error of the package");
  const statuses = Object.entries(ossicle.steps.failures).filter(([name]) => /^\d+$/.test(name)).map(([name, { statusCode }]) => [name, statusCode]);
  assert.deepEqual(statuses, [["400", 400], ["401", 401], ["403", 403], ["404", 404], ["429", 429], ["503", 503]]);
  assert.deepEqual(ossicle.steps.pages["every entry"], ["page-0", "page-1", "page-2", "page-3", "page-4"]);
  assert.equal(ossicle.steps.recordings["transcripts.getStatus"].status, "completed");
});

/** What ossicle has beyond the other: the requests that it sends, and the id of an interaction that was streamed to. */
async function own() {
  const { page, close } = await open(browser, `${sandbox.url}/`);
  const seen = await page.evaluate(async () => {
    const { default: init, OssicleClient } = await import("/pkg/ossicle.js");
    await init();
    const sent = [];
    const { environment, tenantName } = await (await fetch("/settings.json")).json();
    const auth = async () => (await fetch("/token", { method: "POST" })).json();
    const client = new OssicleClient({
      environment, tenantName, auth,
      fetch: async (request) => {
        const text = request.method === "GET" ? "" : await request.clone().text();
        const { pathname: path } = new URL(request.url);
        sent.push({ method: request.method, path, type: request.headers.get("content-type"), body: text ? JSON.parse(text) : null });
        return fetch(request);
      },
    });
    const { interactionId: id } = await client.interactions.create({ encounter: { identifier: "e", status: "planned", type: "inpatient" } });
    await client.languages.list({ endpoint: "streams" });
    const { templates, sections } = client.documents;
    const heading = { heading: "Plan", instructions: { contentPrompt: "What was agreed." }, outputSchema: { type: "string" } };
    const section = await sections.create({ name: "Plan", generation: heading });
    const template = await templates.create({ name: "Plan", generation: { sections: [{ sectionId: section.id }] }, languages: ["en"] });
    for (const [library, { id }, generation] of [[sections, section, heading], [templates, template, { sections: [{ sectionId: section.id }] }]]) {
      await library.list({ source: "user" });
      await library.get(id);
      await library.update(id, { description: "What was agreed." });
      const { id: version } = await library.versions.create(id, { generation });
      await library.versions.list(id);
      await library.versions.get(id, version);
      await library.versions.delete(id, version);
      await library.versions.publish(id, (await library.versions.list(id))[0].id);
    }
    const context = [{ type: "text", text: "Your pulse is 78." }];
    const { document } = await client.documents.generate({ context, templateRef: { templateId: template.id }, outputLanguage: "en" });
    await client.documents.list();
    await client.documents.update(document.id, { name: "Note" });
    await client.documents.get(document.id);
    await client.documents.delete(document.id);
    await templates.delete(template.id);
    await sections.delete(section.id);
    const transcription = { primaryLanguage: "en", diarize: true, participants: [{ channel: 0, role: "multiple" }] };
    for (const encoding of ["auto", "pcm"]) {
      const stream = await client.stream.connect({ id, configuration: { transcription, mode: { type: "facts", outputLocale: "en" } }, audio: { encoding } });
      await stream.end();
    }
    return { sent, id };
  });
  await close();
  return seen;
}

test("what is sent is valid by the schemas, and every method was called", LIMIT, async () => {
  const { sent, id } = await own();
  const { sockets } = await (await fetch(`${sandbox.url}/sandbox/streams/${id}`)).json();
  for (const { configuration } of sockets) assert.deepEqual(faults("stream", { type: "config", configuration }), []);
  assert.equal(sockets.length, 2);

  const called = new Set();
  for (const { method, path, type, body } of [...Object.values(ossicle.sent).flat(), ...sent]) {
    const name = methodOf(method, path.replace(/^\/v2/, ""));
    assert.ok(name, `${method} ${path} is a request of the protocol`);
    called.add(name);
    if (name === "recordings.upload") assert.equal(type, "application/octet-stream");
    else if ((method === "POST" || method === "PATCH") && !name.endsWith(".publish")) assert.deepEqual([type, ...faults(name, body)], ["application/json"], JSON.stringify(body));
    else assert.deepEqual([type, body], [null, null], `${method} ${path} has no body`);
  }
  assert.deepEqual(called, new Set(fixtures("rest").map(({ call }) => call)));
});
