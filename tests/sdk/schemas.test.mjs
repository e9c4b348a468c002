// The schemas of what is sent: the fixtures keep to them, and of what a client refuses by itself the schemas and the sandbox take nothing.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startSandbox } from "../support/sandbox.mjs";
import { faults, fixtures, methodOf, schemas } from "../support/schemas.mjs";

/** Only what hangs takes as long. */
const LIMIT = { timeout: 120_000 };
/** The ids of the fixtures, the interaction's first. */
const INTERACTION = "7b6f1f3e-6b0c-4a53-9f0a-2f6c9a1f3f10";
const OTHER = "3d0f5a77-7c80-4f0e-8c44-0a9b5a7e1d33";
const TEMPLATE = "ab10c4d2-7e35-4f86-9b01-d2c3e4f5a601";
const SECTION = "e10d9c8b-7a69-4584-b3f2-e1d0c9b8a701";
const VERSION = "5f6a7b8c-9d0e-4f1a-8b2c-3d4e5f6a7b80";

let sandbox;
before(async () => (sandbox = await startSandbox()));
after(() => sandbox?.stop());

/** The body of a request among the fixtures; `undefined` where it has none. */
const bodyOf = ({ sends, arguments: given, body }) => (sends ? given.at(-1) : body);

/** A way to call the sandbox, with a fresh interaction and all that can belong to one. */
async function service() {
  const { accessToken } = await (await fetch(`${sandbox.url}/sandbox/token`, { method: "POST" })).json();
  const headers = { Authorization: `Bearer ${accessToken}`, "Tenant-Name": "base" };
  const call = async (request, body, type = "application/json") => {
    const [method, path] = request.split(" ");
    const answer = await fetch(`${sandbox.url}/v2${path}`, { method, headers: body === undefined ? headers : { ...headers, "Content-Type": type }, body });
    const text = await answer.text();
    return { status: answer.status, body: text && JSON.parse(text) };
  };
  const send = (request, body) => call(request, JSON.stringify(body));
  const encounter = { identifier: "visit-1", status: "planned", type: "consultation" };
  const { interactionId: id } = (await send("POST /interactions/", { encounter })).body;
  const { facts: [fact] } = (await send(`POST /interactions/${id}/facts/`, { facts: [{ text: "Smokes", group: "other" }] })).body;
  const context = [{ type: "string", data: "Smokes." }];
  const note = (await send(`POST /interactions/${id}/documents/`, { context, templateKey: "corti-soap", outputLanguage: "en" })).body;
  const heading = { heading: "Plan", instructions: { contentPrompt: "What was agreed." }, outputSchema: { type: "string" } };
  const section = (await send("POST /documents/sections/", { name: "Plan", generation: heading })).body;
  const sections = [{ sectionId: section.id, orderIndex: 0 }];
  const template = (await send("POST /documents/templates/", { name: "Plan", generation: { sections }, languages: ["en"] })).body;
  const guided = (await send("POST /documents/", { interactionId: id, templateRef: { templateId: template.id }, outputLanguage: "en" })).body;
  const { recordingId } = (await call(`POST /interactions/${id}/recordings/`, "sound", "application/octet-stream")).body;
  const others = { facts: fact.id, documents: note.id, transcripts: recordingId, recordings: recordingId };
  /** A request of the fixtures, or a body, with ids that there are in place of its own. */
  const real = (name, value) => {
    const isSection = name.startsWith("documents.sections");
    const item = isSection ? section : template;
    const other = /^documents\.(templates|sections)/.test(name) ? item.id : /^documents\.(?!classic)/.test(name) ? guided.document.id : others[name.split(".")[0]];
    const ids = { [INTERACTION]: id, [OTHER]: other ?? id, [TEMPLATE]: template.id, [SECTION]: section.id, [VERSION]: item.publishedVersion.id };
    return JSON.parse(Object.entries(ids).reduce((text, [known, real]) => text.replaceAll(known, real), JSON.stringify(value ?? null)));
  };
  return { send, real };
}

test("every body among the fixtures, and every message of a stream, is valid by its schema", () => {
  const bodies = fixtures("rest").filter((fixture) => bodyOf(fixture) !== undefined);
  for (const fixture of bodies) assert.deepEqual(faults(fixture.call, bodyOf(fixture)), [], JSON.stringify(fixture.arguments));
  const messages = [...fixtures("client").map(({ message }) => message), { type: "flush" }, { type: "end" }];
  for (const message of messages) assert.deepEqual(faults("stream", message), []);
  assert.deepEqual([...new Set(bodies.map(({ call }) => call)), "stream"].sort(), [...schemas].sort(), "there is no schema of nothing");
});

test("a message of a stream that the protocol has not is not valid", () => {
  const [{ message }] = fixtures("client");
  const broken = (change) => {
    const copy = structuredClone(message);
    change(copy.configuration);
    return copy;
  };
  for (const wrong of [
    { type: "stop" },
    { type: "flush", now: true },
    { type: "config" },
    broken((configuration) => delete configuration.mode),
    broken((configuration) => delete configuration.mode.outputLocale),
    broken((configuration) => (configuration.mode.type = "dictation")),
    broken((configuration) => (configuration.transcription.participants = [])),
    broken((configuration) => (configuration.transcription.participants[0].role = "")),
    broken((configuration) => (configuration.transcription.diarize = true)),
    broken((configuration) => (configuration.audioFormat = "opus")),
    broken((configuration) => (configuration.audioFormat = "audio/pcm; rate=16000")),
    broken((configuration) => (configuration.keyterms = { terms: [{ term: "x".repeat(51) }] })),
    broken((configuration) => (configuration.replacements = Array(1_001).fill({ find: "a", replace: "b" }))),
  ]) {
    assert.notDeepEqual(faults("stream", wrong), [], JSON.stringify(wrong));
  }
});

test("what a client refuses is not valid either, and the sandbox refuses it with 400", LIMIT, async () => {
  const { send, real } = await service();
  const requests = new Map(fixtures("rest").filter((fixture) => bodyOf(fixture) !== undefined).map(({ call, request }) => [call, request]));
  const tried = new Set();
  const taken = [];
  for (const { call, arguments: given, message } of fixtures("refused")) {
    const body = given.at(-1);
    const isAboutBody = requests.has(call) && typeof body === "object" && body !== null && !message.startsWith("the ") && !Array.isArray(body);
    if (!isAboutBody) continue;
    if (faults(call, body).length === 0) taken.push(`by the schema: ${call} ${JSON.stringify(body)}`);
    const { status } = await send(real(call, requests.get(call)), real(call, body));
    // An empty key is none of those there are.
    const isUnknown = status === 404 && /group must be|templateKey must be/.test(message);
    if (status !== 400 && !isUnknown) taken.push(`by the sandbox, with ${status}: ${call} ${JSON.stringify(body)}`);
    tried.add(call);
  }
  assert.deepEqual(taken, []);
  assert.deepEqual([...requests.keys()].filter((call) => !tried.has(call)), [], "methods of which nothing is refused");
});

for (const [what, id, expected] of [["no id", "seven", 400], ["nobody's", "11111111-1111-4111-8111-111111111111", 404]]) {
  test(`an id that is ${what} is ${expected} with the protocol's body, whatever is asked`, LIMIT, async () => {
    const { send, real } = await service();
    const wrong = [];
    for (const { call, request, ...fixture } of fixtures("rest")) {
      const [path] = request.split("?");
      for (const known of [INTERACTION, OTHER].filter((known) => path.includes(known))) {
        const { status, body } = await send(real(call, path.replace(known, id)), real(call, bodyOf(fixture)) ?? undefined);
        const isNamed = expected === 404 || body.validationErrors?.some((entry) => Object.keys(entry).some((key) => /id$/i.test(key)));
        const isWhole = body.status === expected && typeof body.requestid === "string" && typeof body.detail === "string";
        // Who deletes a recording that there is not has what was asked for (live).
        if (call === "recordings.delete" && status === 204 && known === OTHER) continue;
        if (status !== expected || !isNamed || !isWhole) wrong.push(`${request} ${status} ${JSON.stringify(body)}`);
      }
    }
    assert.deepEqual(wrong, []);
  });
}

test("a request is known by its verb and path", () => {
  for (const { call, request } of fixtures("rest")) assert.equal(methodOf(...request.split("?")[0].split(" ")), call);
  assert.equal(methodOf("PUT", "/interactions/"), undefined);
});
