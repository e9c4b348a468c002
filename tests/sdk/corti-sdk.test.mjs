// The sandbox against the service's own client, @corti/sdk: what that client can do here, an app can do with the service.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CortiAuth, CortiClient } from "@corti/sdk";
import { startSandbox } from "../support/sandbox.mjs";

const RATE = 16_000;
/** Only what hangs takes as long. */
const LIMIT = { timeout: 120_000 };

let sandbox;
before(async () => (sandbox = await startSandbox()));
after(() => sandbox?.stop());

const environment = () => ({ base: `${sandbox.url}/v2`, wss: sandbox.wsUrl, login: `${sandbox.url}/realms`, agents: sandbox.url });
const client = (auth = { clientId: "an-app", clientSecret: "a-secret" }) => new CortiClient({ environment: environment(), tenantName: "base", auth });

const visit = (identifier = "visit-1") => ({
  encounter: { identifier, status: "planned", type: "first_consultation", period: { startedAt: new Date("2026-01-05T09:00:00Z") }, title: "First visit" },
  patient: { identifier: "patient-1", name: "Ada Hartley", gender: "female" },
});

const configuration = (audioFormat = `audio/pcm; rate=${RATE}; channels=1; bits=16`) => ({
  transcription: { primaryLanguage: "en", isDiarization: true, participants: [{ channel: 0, role: "multiple" }] },
  mode: { type: "facts", outputLocale: "en" },
  audioFormat,
});

/** A tone that is loud enough to be taken for speech, as 250 ms chunks of PCM. */
function* speech(seconds) {
  for (let start = 0; start < seconds * RATE; start += RATE / 4) {
    yield Int16Array.from({ length: RATE / 4 }, (_, n) => 8000 * Math.sin(0.17 * (start + n)));
  }
}

/** Collects a stream's messages; `until(type)` resolves with all of them once one of this type has come. */
function collect(socket) {
  const messages = [];
  const waiting = [];
  let closed;
  const settle = () => {
    for (const wait of [...waiting]) {
      if (!wait.met()) continue;
      waiting.splice(waiting.indexOf(wait), 1);
      wait.resolve();
    }
  };
  socket.on("message", (message) => (messages.push(message), settle()));
  socket.on("close", (event) => ((closed ??= event.code), settle()));
  const when = (met) => new Promise((resolve) => (waiting.push({ met, resolve }), settle()));
  return {
    messages,
    of: (type) => messages.filter((message) => message.type === type),
    until: async (type) => (await when(() => messages.some((message) => message.type === type) || closed !== undefined), messages),
    closed: async () => (await when(() => closed !== undefined), closed),
  };
}

const rejection = (promise) => promise.then(() => assert.fail("it was to be refused"), (error) => error);

test("a visit from the token to the completed interaction", LIMIT, async () => {
  const corti = client();
  const { interactionId: id, websocketUrl } = await corti.interactions.create(visit());
  assert.match(websocketUrl, new RegExp(`/interactions/${id}/streams\\?tenant-name=base$`));

  const known = await corti.facts.create(id, { facts: [{ text: "Retired teacher", group: "social-history", source: "system" }] });
  assert.equal(known.facts[0].source, "system");

  const stream = await corti.stream.connect({ id, configuration: configuration(), reconnectAttempts: 0 });
  const heard = collect(stream);
  for (const chunk of speech(40)) stream.sendAudio(chunk);
  stream.sendFlush({ type: "flush" });
  await heard.until("flushed");
  const segments = heard.of("transcript").flatMap((message) => message.data);
  assert.ok(segments.length >= 6 && segments.every((segment) => segment.final && segment.id === id), `${segments.length} segments in 40 s of speech`);
  for (const key of ["final", "id", "participant", "speakerId", "time", "transcript"]) assert.ok(key in segments[0], key);
  const identities = segments.map(({ participant, speakerId, time }) => `${participant.channel} ${speakerId} ${time.start}`);
  assert.equal(new Set(identities).size, segments.length, "no segment is there twice");

  stream.sendEnd({ type: "end" });
  await heard.until("ENDED");
  assert.equal(await heard.closed(), 1000);
  const facts = heard.of("facts").flatMap((message) => message.fact);
  assert.ok(facts.some((fact) => fact.group === "chief-complaint" && fact.createdAt instanceof Date && !fact.isDiscarded));
  assert.ok(facts.some((fact) => fact.isDiscarded), "one is taken back");
  assert.deepEqual(heard.messages.slice(-2).map((message) => message.type), ["usage", "ENDED"]);
  assert.ok(heard.of("usage")[0].credits > 0);

  const all = (await corti.facts.list(id)).facts;
  assert.ok(all.some((fact) => fact.text === "Retired teacher") && all.length > new Set(facts.map((fact) => fact.id)).size);
  const wrong = all.find((fact) => fact.source === "core" && !fact.isDiscarded);
  const discarded = await corti.facts.update(id, wrong.id, { isDiscarded: true });
  assert.equal(discarded.isDiscarded, true);
  const batch = await corti.facts.batchUpdate(id, { facts: [{ factId: all[0].id, text: "Retired, was a teacher" }] });
  assert.equal(batch.facts[0].text, "Retired, was a teacher");

  const kept = (await corti.facts.list(id)).facts.filter((fact) => !fact.isDiscarded);
  const data = kept.map(({ text, group, source }) => ({ text, group, source }));
  const note = await corti.documents.create(id, { context: [{ type: "facts", data }], templateKey: "corti-soap", outputLanguage: "en" });
  assert.deepEqual(note.sections.map((section) => section.name), ["Subjective", "Objective", "Assessment", "Plan"]);
  assert.match(note.sections[0].text, /Retired, was a teacher/);
  assert.ok(!note.sections.some((section) => section.text.split("\n").includes(wrong.text)), "what was discarded was not sent");
  assert.equal((await corti.documents.get(id, note.id)).id, note.id);
  assert.equal((await corti.documents.list(id)).data.length, 1);

  const done = await corti.interactions.update(id, { encounter: { status: "completed" } });
  assert.equal(done.encounter.status, "completed");
  assert.equal(done.encounter.title, "First visit");
  assert.ok(done.endedAt instanceof Date);

  const { sockets } = await (await fetch(`${sandbox.url}/sandbox/streams/${id}`)).json();
  assert.equal(sockets.length, 1);
  assert.equal(sockets[0].receivedSeconds, 40);
  assert.deepEqual(sockets[0].order, ["config", "audio", "flush", "end"]);
});

test("interactions are paged through, and templates, sections and groups are listed", LIMIT, async () => {
  const corti = client();
  for (let n = 0; n < 12; n++) await corti.interactions.create(visit(`paged-${n}`));
  const identifiers = [];
  for await (const interaction of await corti.interactions.list({ encounterStatus: "planned" })) identifiers.push(interaction.encounter.identifier);
  assert.equal(identifiers.filter((identifier) => identifier.startsWith("paged-")).length, 12);
  assert.equal(identifiers[0], "paged-11", "the newest first");

  const templates = (await corti.templates.list({ lang: "en" })).data;
  assert.ok(templates.some((template) => template.key === "corti-soap"));
  assert.equal((await corti.templates.get("corti-soap")).templateSections.length, 4);
  assert.ok((await corti.templates.sectionList()).data.some((section) => section.key === "corti-hpi"));
  assert.equal((await corti.facts.factGroupsList()).data.length, 20);
});

test("what nobody told of an interaction is a value that the client's schemas take, and so is a list of nothing", LIMIT, async () => {
  const corti = client();
  const { interactionId: id } = await corti.interactions.create({ encounter: { identifier: "bare", status: "planned", type: "consultation" } });
  const [listed] = (await corti.interactions.list({ pageSize: 1 })).data;
  for (const bare of [listed, await corti.interactions.get(id)]) {
    assert.deepEqual([bare.id, bare.patient.identifier, bare.encounter.title], [id, "-", ""]);
    assert.ok(bare.encounter.period.startedAt instanceof Date && bare.createdAt instanceof Date);
  }
  assert.deepEqual((await corti.facts.list(id)).facts, []);
  assert.deepEqual((await corti.documents.list(id)).data, []);
  assert.deepEqual((await corti.recordings.list(id)).recordings, []);
  assert.equal((await corti.transcripts.list(id)).transcripts, null);
  assert.equal((await rejection(corti.templates.get("no-such-template"))).statusCode, 500);
});

test("a token by password, and one that is renewed", LIMIT, async () => {
  const corti = client({ clientId: "an-app", username: "a-user", password: "a-password" });
  const { interactionId } = await corti.interactions.create(visit());
  assert.equal((await corti.interactions.get(interactionId)).id, interactionId);
  const auth = new CortiAuth({ environment: environment(), tenantName: "base" });
  const first = await auth.getToken({ clientId: "an-app", clientSecret: "a-secret" });
  assert.equal(first.expiresIn, 300);
  const second = await auth.refreshToken({ clientId: "an-app", refreshToken: first.refreshToken });
  assert.notEqual(second.accessToken, first.accessToken);
});

test("errors have the status that the service gives them", LIMIT, async () => {
  const corti = client();
  const unknown = await rejection(corti.interactions.get("11111111-1111-4111-8111-111111111111"));
  assert.equal(unknown.statusCode, 404);
  assert.equal(unknown.body.status, 404);
  assert.equal((await rejection(corti.interactions.get("seven"))).statusCode, 400);

  const { interactionId: id } = await corti.interactions.create(visit());
  const invalid = await rejection(corti.facts.create(id, { facts: [{ text: "x", group: "no-such-group" }] }));
  assert.equal(invalid.statusCode, 404);
  assert.equal(invalid.body.detail, "fact group not found: no-such-group");
  await corti.interactions.delete(id);
  assert.equal((await rejection(corti.interactions.get(id))).statusCode, 404);

  assert.equal((await rejection(client({ clientId: "an-app", clientSecret: "wrong" }).interactions.list())).statusCode, 401);
  const expired = await (await fetch(`${sandbox.url}/sandbox/token?expiresIn=0`, { method: "POST" })).json();
  assert.equal((await rejection(client({ accessToken: expired.accessToken }).interactions.get(id))).statusCode, 401);
  const limited = await (await fetch(`${sandbox.url}/sandbox/token?scope=openid%20streams`, { method: "POST" })).json();
  assert.equal((await rejection(client({ accessToken: limited.accessToken }).interactions.get(id))).statusCode, 403);
});

test("a configuration that is refused rejects the connection with its status", LIMIT, async () => {
  const corti = client();
  const { interactionId: id } = await corti.interactions.create(visit());
  const connect = () => corti.stream.connect({ id, configuration: configuration("audio/midi"), reconnectAttempts: 0 });
  assert.equal((await rejection(connect())).message, "CONFIG_DENIED");
});
