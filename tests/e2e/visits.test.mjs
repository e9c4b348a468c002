// A whole visit through `client.visits`: spoken audio through the browser's microphone, edits made while facts arrive, the
// review, three documents at once, the completion; then the sandbox is asked what it has of it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { HANG, open } from "../support/browser.mjs";
import { startSite } from "../support/site.mjs";
import { consultationSpeech } from "../support/speech.mjs";

// The lines of the consultation until the patient has told when the tightness comes.
const LINES = 6;

let site, sandbox, browser;

before(async () => ({ sandbox, browser } = site = await startSite(undefined, ["plays", await consultationSpeech({ lines: LINES })])));

after(() => site?.close());

/** The visit as a page has it, which says `hold` of changes of facts, and `release`; answers what the page saw. */
async function inThePage() {
  const { default: init, OssicleClient } = await import("/pkg/ossicle.js");
  await init();
  const { environment, tenantName } = await (await fetch("/settings.json")).json();
  const client = new OssicleClient({ environment, tenantName, auth: async () => (await fetch("/token", { method: "POST" })).json() });

  const visit = await client.visits.start({
    encounter: { identifier: "visit-1", type: "first_consultation", title: "Chest tightness" },
    patient: { identifier: "patient-1" },
    knownFacts: [
      { text: "Uses a hearing aid on the left", group: "other", source: "system" },
      { text: "Takes ramipril", group: "medications-prior-to-visit", source: "system" },
    ],
    configuration: {
      transcription: { primaryLanguage: "en", diarize: true, participants: [{ channel: 0, role: "multiple" }] },
      mode: { type: "facts", outputLocale: "en", factGenerationInterval: "fast_init" },
    },
    source: "microphone",
  });
  const { facts, stream } = visit;
  const seen = { id: visit.id, errors: [], suggestions: [], changes: 0 };
  facts.on("change", () => (seen.changes += 1));
  facts.on("suggestion", ({ id, suggestion }) => seen.suggestions.push({ id, ...suggestion }));
  facts.on("error", ({ error }) => seen.errors.push(error.message));

  const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  /** What `find` finds, as soon as it does; what was said so far is asked for meanwhile. */
  const once = async (find) => {
    for (let found, tries = 0; tries < 300; tries += 1) {
      if ((found = find())) return found;
      await stream.flush();
      if ((found = find())) return found;
      await sleep(0.4);
    }
    throw new Error(`it does not come to this: ${find}`);
  };
  const fact = (start) => facts.items.find(({ text }) => text.startsWith(start));

  // What is known can be worked on while the first words are said.
  const ramipril = fact("Takes ramipril").id;
  facts.edit(ramipril, { text: "Takes ramipril 5 mg" });
  facts.edit(ramipril, { text: "Takes ramipril 50 mg" });
  facts.undo();
  const hearing = fact("Uses a hearing aid").id;
  await facts.discard(hearing);
  await facts.restore(hearing);

  // The first facts of the conversation.
  const title = await once(() => fact("Addressed as"));
  seen.discarded = title.text;
  facts.discard(title.id);
  const complaint = await once(() => fact("Chest tightness"));
  facts.edit(complaint.id, { text: "Tight chest since early November" });
  await facts.add({ text: "Send an exercise test request", group: "plan" });

  // An edit that takes its time: meanwhile the patient has said more of it.
  const exertion = await once(() => fact("Tightness is brought on by climbing stairs"));
  seen.isEarly = exertion.text === "Tightness is brought on by climbing stairs";
  await hold();
  facts.edit(exertion.id, { text: "Worse on stairs" });
  const { suggestion } = await once(() => facts.items.find(({ id, suggestion }) => id === exertion.id && suggestion));
  seen.shown = facts.get(exertion.id).text;
  await release();
  facts.accept(exertion.id);
  seen.accepted = suggestion.text;

  const { stats } = await visit.end();
  seen.stats = stats;

  const request = { outputLanguage: "en" };
  const outcomes = await visit.documents([
    { ...request, templateKey: "corti-soap" },
    { ...request, template: { sectionKeys: ["corti-chief-complaint", "corti-plan"], documentName: "Short" } },
    { ...request, templateKey: "corti-brief-clinical-note", from: "transcript" },
  ]);
  seen.documents = outcomes.map(({ status, value, reason }) => ({ status, value, reason: reason?.message }));
  seen.segments = stream.transcript.filter((segment) => segment.final).length;

  // Not waited for: completing does.
  facts.edit(hearing, { group: "past-medical-history" });
  await visit.complete();
  seen.items = facts.items;
  seen.status = visit.interaction.encounter.status;
  visit.close();
  return seen;
}

test("a visit is recorded, worked on, documented and completed by client.visits alone", { timeout: 10 * HANG }, async () => {
  const { page, complaints, close } = await open(browser, `${sandbox.url}/`);
  // A change that is on its way for as long as the page says so.
  let held;
  await page.exposeFunction("hold", () => void (held = []));
  await page.exposeFunction("release", async () => {
    const waiting = held;
    held = undefined;
    await Promise.all(waiting.map((route) => route.continue()));
  });
  await page.route(/\/facts\b/, (route) => (held && route.request().method() === "PATCH" ? held.push(route) : route.continue()));
  const seen = await page.evaluate(inThePage);
  await close();
  assert.deepEqual(complaints, []);
  assert.deepEqual(seen.errors, [], "no edit was refused");

  // What the sandbox has is what the clinician saw last.
  const { accessToken } = await (await fetch(`${sandbox.url}/token`, { method: "POST" })).json();
  const { tenantName } = await (await fetch(`${sandbox.url}/settings.json`)).json();
  const headers = { authorization: `Bearer ${accessToken}`, "tenant-name": tenantName };
  const ask = async (path) => (await fetch(`${sandbox.url}${path}`, { headers })).json();
  const interaction = await ask(`/v2/interactions/${seen.id}`);
  assert.deepEqual([interaction.encounter.status, seen.status], ["completed", "completed"]);
  const { facts } = await ask(`/v2/interactions/${seen.id}/facts/`);
  const plain = (list) => list.map(({ id, text, group, source, isDiscarded }) => ({ id, text, group, source, isDiscarded })).sort((a, b) => a.id.localeCompare(b.id));
  assert.deepEqual(plain(facts), plain(seen.items));
  // What the service says of an edited fact later is another suggestion, and may be there.
  assert.ok(seen.items.every(({ isPending }) => !isPending));

  const stored = (text) => facts.find((fact) => fact.text === text);
  const brief = ({ source, isDiscarded, group }) => ({ source, isDiscarded, group });
  assert.ok(seen.isEarly, "the edit of the suggested fact came before the patient had said all of it");
  assert.equal(seen.shown, "Worse on stairs", "a suggestion overwrites nothing");
  assert.match(seen.accepted, /relieved by a few minutes of rest/);
  assert.deepEqual(brief(stored(seen.accepted)), { source: "user", isDiscarded: false, group: "history-of-present-illness" });
  assert.deepEqual(brief(stored("Takes ramipril 5 mg")), { source: "user", isDiscarded: false, group: "medications-prior-to-visit" });
  assert.deepEqual(brief(stored("Uses a hearing aid on the left")), { source: "user", isDiscarded: false, group: "past-medical-history" });
  assert.deepEqual(brief(stored("Tight chest since early November")), { source: "user", isDiscarded: false, group: "chief-complaint" });
  assert.deepEqual(brief(stored("Send an exercise test request")), { source: "user", isDiscarded: false, group: "plan" });
  assert.deepEqual(brief(stored(seen.discarded)), { source: "core", isDiscarded: true, group: "demographics" });
  assert.equal(new Set(facts.map(({ text }) => text)).size, facts.length, "no fact is there twice");

  // The documents hold what was kept, and nothing that was discarded.
  assert.deepEqual(seen.documents.map(({ status, reason }) => [status, reason]), Array(3).fill(["fulfilled", undefined]));
  const written = seen.documents.map(({ value }) => value.sections.map(({ text }) => text).join("\n"));
  for (const { text } of facts.filter((fact) => !fact.isDiscarded && !["other", "past-medical-history"].includes(fact.group))) {
    assert.ok(written[0].includes(text), `${text} is in the document`);
  }
  for (const text of written.slice(0, 2)) assert.ok(!text.includes(seen.discarded) && !text.includes("Worse on stairs"));
  assert.match(written[1], /Tight chest since early November[^]*Send an exercise test request/);
  assert.ok(seen.segments > 2 && written[2].length > 0, "the third one is made from the transcript");
  const { data } = await ask(`/v2/interactions/${seen.id}/documents/`);
  assert.deepEqual(data.map(({ id }) => id).sort(), seen.documents.map(({ value }) => value.id).sort());

  // In which order it came to that.
  const report = await (await fetch(`${sandbox.url}/sandbox/requests?path=/v2/interactions`)).json();
  const ours = report.requests.filter(({ headers }) => headers["user-agent"]?.includes("Chrome"));
  const order = ours.filter(({ method }) => method !== "OPTIONS").map(({ method, path }) => `${method} ${path.replace(`/v2/interactions/${seen.id}`, "").replace("/v2/interactions", "")}`);
  assert.deepEqual(order.slice(0, 3), ["POST /", "POST /facts/", "PATCH "], "the start");
  const [listed] = order.flatMap((request, index) => (request === "GET /facts/" ? [index] : []));
  const documents = order.flatMap((request, index) => (request === "POST /documents/" ? [index] : []));
  assert.equal(documents.length, 3);
  assert.ok(documents.every((index) => index > listed), "documents are made after the last facts are here");
  assert.equal(order.at(-1), "PATCH ", "the status is the last thing that is set");
  assert.equal(order.filter((request) => request === "PATCH ").length, 2, "and was set once before");
  assert.equal(order.filter((request) => request === "POST /facts/").length, 2, "known facts are told once, and one is added");
  assert.ok(ours.every(({ status }) => status < 400));

  const { sockets } = await (await fetch(`${sandbox.url}/sandbox/streams/${seen.id}`)).json();
  assert.equal(sockets.length, 1);
  const [socket] = sockets;
  const status = ours.find(({ method }) => method === "PATCH");
  assert.ok(status.at <= socket.openedAt, "the stream opens when all that comes before it is done");
  assert.deepEqual([socket.order[0], socket.order.at(-1)], ["config", "end"]);
  assert.ok(Math.abs(socket.receivedSeconds - seen.stats.capturedSeconds) < 0.3);
  assert.ok(socket.rms > 0.01, "the service heard speech");
});
