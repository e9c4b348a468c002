// `client.visits`: whole visits, what they keep from the first moment on, and what becomes of them when a step fails.

import { HANG } from "./bench.js";

const KNOWN = [
  { text: "Allergic to penicillin", group: "allergies" },
  { text: "Takes ramipril", group: "medications-prior-to-visit", source: "system" },
];

/**
 * A client, the requests that it sends (such as `PATCH facts`), and the options of a visit of it. The groups of facts, which a visit asks
 * for once, are not among them.
 */
function visiting({ client, encounter, configuration }, options = {}) {
  const sent = [];
  const all = client({
    maxRetries: 0,
    fetch: (request) => {
      const { pathname } = new URL(request.url);
      const rest = pathname.replace(/^.*\/v2\/(interactions\/[^/]*\/?)?/, "").replace(/\/$/, "");
      if (!pathname.endsWith("/factgroups/")) sent.push(`${request.method} ${rest || "interaction"}`);
      return fetch(request);
    },
  });
  const { status, ...fresh } = encounter();
  const usual = { encounter: fresh, knownFacts: KNOWN, configuration, audio: { encoding: "pcm" }, catchUpRate: 100 };
  return { all, visits: all.visits, sent, options: { ...usual, ...options } };
}

/** Has the next requests or sockets go wrong, whatever interaction they are for. */
async function faults(sandbox, plan) {
  const body = JSON.stringify(plan);
  const answer = await fetch(`${sandbox}/sandbox/faults`, { method: "POST", headers: { "content-type": "application/json" }, body });
  if (!answer.ok) throw new Error(`the faults are refused: ${await answer.text()}`);
}

const forget = (sandbox) => fetch(`${sandbox}/sandbox/faults`, { method: "DELETE" });

/** Watches which microphones are opened, until `stop()`. */
function microphones() {
  const devices = navigator.mediaDevices;
  const opened = [];
  const original = devices.getUserMedia;
  devices.getUserMedia = async (constraints) => {
    const stream = await original.call(devices, constraints);
    opened.push(stream);
    return stream;
  };
  const states = () => opened.map((stream) => stream.getAudioTracks()[0].readyState);
  return { states, stop: () => delete devices.getUserMedia };
}

const texts = (facts) => facts.map(({ text }) => text).sort();

export async function a_visit_goes_from_its_interaction_to_its_completion(tools) {
  const { speech, soon, sleep, sockets, equal, ok } = tools;
  const { all, visits, sent, options } = visiting(tools);
  const visit = await soon("the start", visits.start(options));
  equal(sent, ["POST interaction", "POST facts", "PATCH interaction"], "requests of the start");
  equal([visit.interaction.id, visit.interaction.encounter.status, visit.stream.state], [visit.id, "in-progress", "streaming"], "the visit");
  equal(texts(visit.facts.items), texts(KNOWN), "facts that were known");
  const [{ openedAt }] = await sockets(visit.id);
  const { facts } = await all.facts.list(visit.id);
  // As instants: as texts they may differ in length.
  ok(facts.every(({ createdAt }) => Date.parse(createdAt) <= Date.parse(openedAt)), "the stream opens after they are told");

  const changes = [];
  visit.facts.on("change", ({ ids }) => changes.push(...ids));
  for (let second = 0; second < 30; second++) {
    visit.stream.pushFrame([speech(1, 16_000)], 16_000);
    await sleep(0.01);
  }
  const { stats } = await soon("the end", visit.end());
  ok(stats.acknowledgedSeconds > 29.9, "the summary is that of the stream");
  ok(visit.facts.items.length > KNOWN.length && changes.length > 0, "facts of the conversation are here");
  equal(texts(visit.facts.items), texts((await all.facts.list(visit.id)).facts), "facts here and there");

  sent.length = 0;
  const dropped = visit.facts.items.find(({ source }) => source === "core");
  visit.facts.discard(dropped.id);
  // Nobody waits for the edit: completing does.
  await soon("completing", visit.complete());
  equal(sent.at(-1), "PATCH interaction", "the last request");
  equal((await all.interactions.get(visit.id)).encounter.status, "completed", "status");
  const stored = (await all.facts.list(visit.id)).facts.find(({ id }) => id === dropped.id);
  ok(stored.isDiscarded, "the edit is saved");
  equal(visit.interaction.encounter.status, "completed", "status as the visit has it");

  sent.length = 0;
  await visit.complete();
  equal((await visit.end()).stats.capturedSeconds, stats.capturedSeconds, "captured seconds");
  equal(sent, [], "requests of what is done already");
  visit.close();
}

export async function what_is_said_while_the_interaction_is_made_is_kept(tools) {
  const { soon, until, samples, near, ok, equal } = tools;
  const context = new AudioContext();
  await soon("audio", context.resume());
  const tone = new OscillatorNode(context, { frequency: 440 });
  tone.start();
  // By the tone's own clock, the requests wait for a second and a half after somebody has begun to listen.
  let from;
  const listened = new Promise((resolve) => {
    tone.connect = (...given) => {
      resolve((from ??= context.currentTime));
      return OscillatorNode.prototype.connect.apply(tone, given);
    };
  });
  const held = listened.then(() => until("a second and a half of the tone", () => context.currentTime > from + 1.5));
  const { visits, options } = visiting(tools, { source: tone }, held);
  const visit = await soon("the start", visits.start(options));
  const before = context.currentTime - from;
  const { stats } = await soon("the end", visit.end());
  ok(stats.capturedSeconds > before - 0.3, `what was said before the stream was connected is there: ${stats.capturedSeconds} s, of ${before} s and more`);
  equal([stats.reconnects, stats.droppedSeconds], [0, 0], "reconnects and dropped seconds");
  const heard = await samples(visit.id, 0);
  near(heard.length / 16_000, stats.capturedSeconds, 1e-3, "seconds heard");
  ok(heard.subarray(0, 8_000).some((sample) => sample > 10_000), "its first half second is no silence");
  visit.close();
  await context.close();
}

export async function a_start_that_fails_at_any_step_leaves_nothing_open_and_is_resumed(tools) {
  const { sandbox, sockets, refused, until, soon, equal } = tools;
  const fine = { delaySeconds: 0.001 };
  for (const [step, code, plan] of [
    ["interactions.create", "conflict", { requests: [{ method: "POST", path: "/interactions", status: 409 }] }],
    ["facts.create", "server_error", { requests: [{ method: "POST", path: "/interactions", ...fine }, { method: "POST", path: "/interactions", status: 500 }] }],
    // Told, but the answer is lost: a second time they would be there twice.
    ["facts.create", "server_error", { requests: [{ method: "POST", path: "/interactions", ...fine }, { method: "POST", path: "/interactions", status: 500, processed: true }] }],
    ["interactions.update", "conflict", { requests: [{ method: "PATCH", path: "/interactions", status: 409 }] }],
    ["interactions.update", "conflict", { requests: [{ method: "PATCH", path: "/interactions", status: 409, processed: true }] }],
    ["stream.connect", "config_rejected", { configuration: "CONFIG_DENIED" }],
  ]) {
    const { all, visits, options } = visiting(tools, { source: "microphone" });
    const watch = microphones();
    await faults(sandbox, plan);
    const error = await refused(code, () => visits.start(options));
    await forget(sandbox);
    equal([error.step, watch.states()], [step, ["ended"]], "the step, and the microphone");
    equal(typeof error.interactionId, step === "interactions.create" ? "undefined" : "string", "what is told of the interaction");
    const again = error.interactionId ? () => visits.resume(error.interactionId, options) : () => visits.start(options);
    const visit = await soon("the resumed visit", again());
    equal([visit.stream.state, visit.interaction.encounter.status], ["streaming", "in-progress"], `after a failure of ${step}`);
    equal(texts((await all.facts.list(visit.id)).facts), texts(KNOWN), `facts after a failure of ${step}`);
    equal(texts(visit.facts.items), texts(KNOWN), "facts as the visit has them");
    equal(watch.states(), ["ended", "live"], "microphones");
    visit.close();
    equal(watch.states(), ["ended", "ended"], "microphones after the close");
    watch.stop();
    await until("no socket is left open", async () => (await sockets(visit.id)).every(({ closedAt }) => closedAt !== null));
  }
}

export async function what_cannot_be_right_is_refused_before_anything_is_opened_or_sent(tools) {
  const { refused, equal, ok } = tools;
  const { visits, sent, options } = visiting(tools);
  const watch = microphones();
  for (const [path, wrong] of [
    ["encounter", { encounter: undefined }],
    ["encounter.type", { encounter: { identifier: "e" } }],
    ["knownFacts[0].group", { knownFacts: [{ text: "Smokes" }] }],
    ["configuration", { configuration: undefined }],
    ["audio.chunkMs", { audio: { chunkMs: 1 } }],
  ]) {
    const { message } = await refused("invalid_request", () => visits.start({ ...options, source: "microphone", ...wrong }));
    ok(message.includes(path), `"${message}" names ${path}`);
  }
  await refused("invalid_request", () => visits.start());
  await refused("invalid_request", () => visits.resume("42", {}));
  equal([sent, watch.states()], [[], []], "requests and microphones");
  for (const source of ["telephone", [7]]) {
    equal((await refused("invalid_request", () => visits.start({ ...options, source }))).step, "source", "step");
  }
  await refused("invalid_request", () => visits.start({ ...options, source: { preset: "karaoke" } }));
  equal([sent, watch.states()], [[], []], "requests and microphones");
  watch.stop();
}

export async function a_start_that_the_app_gives_up_is_aborted_and_leaves_nothing_open(tools) {
  const { sandbox, refused, until, equal } = tools;
  const { visits, sent, options } = visiting(tools);
  const watch = microphones();
  await refused("aborted", () => visits.start({ ...options, source: "microphone", abortSignal: AbortSignal.abort() }));
  await faults(sandbox, { requests: [{ method: "POST", path: "/interactions", delaySeconds: 2 * HANG }] });
  const controller = new AbortController();
  const start = visits.start({ ...options, source: "microphone", abortSignal: controller.signal });
  start.catch(() => {});
  await until("the request and the microphone", () => sent.length > 0 && watch.states().includes("live"));
  controller.abort();
  await refused("aborted", () => start);
  await forget(sandbox);
  equal(watch.states().every((state) => state === "ended"), true, "microphones are closed");
  watch.stop();
}

export async function a_visit_is_resumed_for_its_review_and_one_that_is_over_is_not_recorded(tools) {
  const { soon, until, sockets, equal } = tools;
  const { all, visits, options } = visiting(tools);
  const first = await soon("the start", visits.start(options));
  first.close();

  const { visits: again, sent, options: same } = visiting(tools, { source: "microphone" });
  const review = await soon("resuming", again.resume(first.id));
  equal([sent, review.stream, texts(review.facts.items)], [["GET interaction", "GET facts"], undefined, texts(KNOWN)], "a review");
  equal(await review.end(), undefined, "the summary of nothing");
  await soon("completing", review.complete());
  review.close();

  sent.length = 0;
  const watch = microphones();
  const over = await soon("resuming", again.resume(first.id, { ...same, knownFacts: [{ text: "Smokes", group: "social-history" }] }));
  equal([sent, over.stream], [["GET interaction", "GET facts"], undefined], "of a completed visit");
  await until("the end of the microphone", () => watch.states().includes("ended"));
  equal([watch.states(), over.interaction.encounter.status], [["ended"], "completed"], "the microphone, and the status");
  equal([(await sockets(first.id)).length, (await all.facts.list(first.id)).facts.length], [1, 2], "sockets and facts");
  over.close();
  watch.stop();
}

export async function documents_are_made_from_what_is_kept_or_said_or_given(tools) {
  const { speech, soon, sleep, refused, equal, ok } = tools;
  const { all, visits, sent, options } = visiting(tools);
  const visit = await soon("the start", visits.start(options));
  for (let second = 0; second < 10; second++) {
    visit.stream.pushFrame([speech(1, 16_000)], 16_000);
    await sleep(0.01);
  }
  await soon("the end", visit.end());
  const soap = { templateKey: "corti-soap", outputLanguage: "en" };
  const written = ({ sections }) => sections.map(({ text }) => text).join("\n");

  const penicillin = visit.facts.items.find(({ group }) => group === "allergies");
  const ramipril = visit.facts.items.find(({ group }) => group === "medications-prior-to-visit");
  visit.facts.edit(penicillin.id, { text: "Allergic to penicillin and latex" });
  visit.facts.discard(ramipril.id);
  // Neither edit is waited for here.
  const note = written(await soon("a document", visit.document(soap)));
  ok(note.includes("penicillin and latex") && !note.includes("ramipril"), "a document has what is kept, as it was edited");

  sent.length = 0;
  const requests = [{ ...soap, from: { text: "Came alone today." } }, { ...soap, templateKey: "none" }, { ...soap, from: "transcript", name: "Said" }];
  const [given, failed, said] = await soon("three documents", visit.documents(requests));
  equal(sent, Array(3).fill("POST documents"), "requests");
  ok(written(given.value).includes("Came alone today."), "a document is made from a text");
  equal([failed.status, failed.reason.code, failed.reason.step, failed.reason.interactionId], ["rejected", "not_found", "documents.classic.create", visit.id], "a failure");
  equal([said.status, said.value.title, said.value.source.name], ["fulfilled", "Said", "Said"], "a document of what was said");
  equal((await visit.document([soap])).map(({ status }) => status), ["fulfilled"], "one of a list");
  equal((await all.documents.classic.list(visit.id)).data.length, 4, "documents that the service has");

  sent.length = 0;
  for (const fact of visit.facts.kept) visit.facts.discard(fact.id);
  await visit.facts.settled();
  sent.length = 0;
  const error = await refused("invalid_request", () => visit.document(soap));
  ok(error.message.includes("no fact is kept"), error.message);
  equal(sent, [], "requests for a document of nothing");
  visit.close();
}

export async function a_guided_document_is_written_from_kept_facts_and_saved_as_it_was_corrected(tools) {
  const { soon, equal, ok } = tools;
  const { all, visits, sent, options } = visiting(tools);
  const visit = await soon("the start", visits.start({ ...options, language: "da" }));
  const offers = await soon("the templates", visit.templates({ language: "en" }));
  const kinds = offers.map(({ kind }) => kind);
  equal(kinds, [...kinds].sort().reverse(), "guided templates come first");
  const { templateId, languages } = offers[0];
  ok(languages.some((tag) => tag.startsWith("en")), "the first one is in the language");
  ok(!(await visit.templates({ language: "fi" })).some(({ kind, languages }) => kind === "guided" && languages.length && !languages.includes("fi")), "others are left out");

  const dropped = visit.facts.items.find(({ group }) => group === "medications-prior-to-visit");
  visit.facts.discard(dropped.id);
  sent.length = 0;
  const note = await soon("a document", visit.document({ templateId, outputLanguage: "en" }));
  equal(sent, ["PATCH facts/" + dropped.id, "POST documents"], "requests");
  equal([note.kind, note.source.templateId, note.id], ["guided", templateId, note.source.id], "what it is");
  const text = note.sections.map(({ text }) => text).join("\n");
  ok(text.includes("penicillin") && !text.includes("ramipril"), "what is kept is in it");
  equal(note.sections.map(({ key }) => key), note.source.sections.map(({ sectionId }) => sectionId), "sections are in the service's order");
  ok(note.sections.every(({ heading, text }) => heading && typeof text === "string"), "each has a heading");

  const corrected = structuredClone(note);
  corrected.title = "Seen by Dr Roe";
  corrected.sections[0].text = "As told by the patient.";
  const saved = await soon("saving", visit.saveDocument(corrected));
  equal([saved.title, saved.sections], ["Seen by Dr Roe", corrected.sections], "what is saved");
  const there = await all.documents.get(note.id);
  equal([there.name, there.stringDocument[note.sections[0].key]], ["Seen by Dr Roe", "As told by the patient."], "what the service has");
  sent.length = 0;
  equal((await visit.saveDocument(saved)).title, saved.title, "nothing to save");
  equal(sent, [], "requests for that");
  visit.close();
}

export async function where_the_service_keeps_nothing_a_document_is_written_all_the_same_and_not_kept(tools) {
  const { soon, refused, equal, ok } = tools;
  const { all, visits, options } = visiting(tools);
  const visit = await soon("the start", visits.start({ ...options, configuration: { ...options.configuration, retentionPolicy: "none" } }));
  const [{ templateId }] = await visit.templates({ language: "en" });
  const note = await soon("a document", visit.document({ templateId, outputLanguage: "en" }));
  ok(note.sections.some(({ text }) => text.includes("penicillin")), "it has what is kept");
  equal([note.id, note.source.id], [undefined, undefined], "it was not kept");
  equal((await all.documents.list({ interactionId: visit.id })).length, 0, "documents that the service has");
  await refused("invalid_request", () => visit.saveDocument({ ...note, title: "x" }));
  visit.close();
}

export async function a_known_fact_in_a_group_that_there_is_not_is_refused_before_anything_is_made(tools) {
  const { client, refused, soon, equal, ok } = tools;
  const { visits, sent, options } = visiting(tools);
  const groups = (await client().facts.factGroupsList()).data.map(({ key }) => key);
  const knownFacts = [KNOWN[0], { text: "Pulse 92", group: "vitals" }];
  const error = await refused("invalid_request", () => visits.start({ ...options, knownFacts }));
  ok(error.message.includes("knownFacts[1].group") && groups.every((key) => error.message.includes(key)), error.message);
  equal([sent, error.step], [[], "facts.factGroupsList"], "requests sent, and the step");

  const visit = await soon("the start", visits.start({ ...options, language: "en" }));
  equal(visit.facts.choices.map(({ key }) => key), groups, "the groups, in the service's order");
  ok(visit.facts.choices.every(({ name }) => name), "they have names");
  equal(visit.facts.groups.map(({ group }) => group), groups.filter((key) => KNOWN.some(({ group }) => group === key)), "those that have facts");
  await refused("invalid_request", () => visit.facts.add({ text: "Pulse 92", group: "vitals" }));
  visit.close();
}

export async function closing_a_visit_ends_what_is_pending_and_leaves_the_interaction_to_be_resumed(tools) {
  const { sandbox, refused, until, soon, sockets, equal } = tools;
  const { visits, options } = visiting(tools, { source: { preset: "dictation" } });
  const watch = microphones();
  // The service never confirms the end.
  await faults(sandbox, { events: [{ during: "end", do: "silence" }] });
  const visit = await soon("the start", visits.start(options));
  await forget(sandbox);
  const pending = [visit.end(), visit.complete()];
  pending.forEach((promise) => promise.catch(() => {}));
  await until("the end of the stream's audio", async () => (await sockets(visit.id))[0].order.includes("end"));
  equal(watch.states(), ["live"], "microphones");
  visit[Symbol.dispose ?? "close"]();
  equal(watch.states(), ["ended"], "microphones");
  const [ending, completing] = [await refused("aborted", () => pending[0]), await refused("aborted", () => pending[1])];
  equal([ending.step, ending.interactionId, completing.step], ["stream.end", visit.id, undefined], "steps");
  await refused("aborted", () => visit.end());
  visit.close();
  const again = await soon("resuming", visits.resume(visit.id));
  equal(again.interaction.encounter.status, "in-progress", "status");
  again.close();
  watch.stop();
}

export async function sources_of_a_list_have_a_channel_each(tools) {
  const { soon, until, sockets, equal, ok } = tools;
  const configuration = {
    ...tools.configuration,
    transcription: { primaryLanguage: "en", isMultichannel: true, participants: [{ channel: 0, role: "doctor" }, { channel: 1, role: "patient" }] },
  };
  const context = new AudioContext();
  await soon("audio", context.resume());
  const tones = [330, 550].map((frequency) => new OscillatorNode(context, { frequency }));
  const { visits, options } = visiting(tools, { configuration, audio: { encoding: "pcm", channels: 2 }, source: tones });
  const visit = await soon("the start", visits.start(options));
  const heard = new Set();
  visit.stream.on("level", ({ channel, rms }) => rms > -20 && heard.add(channel));
  tones.forEach((tone) => tone.start());
  await until("a sound of both", () => heard.size > 1);
  await soon("the end", visit.end());
  equal([...heard].sort(), [0, 1], "channels with a sound");
  ok((await sockets(visit.id))[0].configuration.audioFormat.includes("channels=2"), "there are two");
  visit.close();
  await context.close();
}

export async function a_visit_may_start_before_there_is_a_connection(tools) {
  const { sandbox, speech, soon, sockets, equal } = tools;
  const { visits, options } = visiting(tools, { awaitConfiguration: false });
  await faults(sandbox, { upgrade: 503 });
  const visit = await soon("the start", visits.start(options));
  equal([visit.interaction.encounter.status, visit.stream.state === "streaming"], ["in-progress", false], "the visit");
  visit.stream.pushFrame([speech(2, 16_000)], 16_000);
  await soon("the connection", visit.stream.connected);
  const { stats } = await soon("the end", visit.end());
  equal([stats.acknowledgedSeconds, (await sockets(visit.id)).length], [2, 1], "acknowledged seconds, and sockets");
  visit.close();
}

export async function a_stream_whose_interaction_never_comes_is_over_and_says_why({ client, configuration, until, refused, soon }) {
  const { stream } = client();
  for (const [code, id] of [
    ["invalid_request", Promise.resolve("42")],
    ["invalid_request", Promise.resolve(undefined)],
    ["not_found", client().interactions.get(crypto.randomUUID()).then(({ id }) => id)],
  ]) {
    const held = await soon("the stream", stream.connect({ id, configuration }));
    await refused(code, () => held.connected);
    await until("the end", () => held.state === "ended");
  }
}
