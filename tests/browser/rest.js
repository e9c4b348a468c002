// Requests and answers: the round trip, what is refused, time limits, aborts, and trying again.

/** A `fetch` that never answers; `signals` are those it was given. */
function deaf() {
  const signals = [];
  return { signals, fetch: (request) => (signals.push(request.signal), new Promise(() => {})) };
}

/** A `fetch` that answers in turn with what is given, statuses or failures; `count()` tells how often it was called. */
function answers(...turns) {
  let count = 0;
  return {
    count: () => count,
    fetch: async (request) => {
      const turn = turns[Math.min(count++, turns.length - 1)];
      if (turn instanceof Error) throw turn;
      if (turn === "real") return fetch(request);
      return new Response(`{"status": ${turn}, "requestid": "r-1"}`, { status: turn, headers: { "Retry-After": "0" } });
    },
  };
}

export async function an_interaction_is_created_read_changed_listed_and_deleted({ client, encounter, refused, equal, ok }) {
  const { interactions } = client();
  const wanted = encounter();
  const { interactionId: id, websocketUrl } = await interactions.create({ encounter: wanted, patient: { identifier: "p-1" } });
  ok(websocketUrl.includes(id), "the socket's address is told");
  const read = await interactions.get(id);
  equal([read.id, read.encounter.identifier, read.patient.identifier], [id, wanted.identifier, "p-1"], "what is read");
  const changed = await interactions.update(id, { encounter: { status: "in-progress" } });
  equal([changed.encounter.status, changed.encounter.type], ["in-progress", wanted.type], "what is changed, and not");
  const listed = await interactions.list({ sort: "createdAt", direction: "desc", pageSize: 3, encounterStatus: "in-progress" });
  ok(listed.interactions.length <= 3 && listed.interactions.some((one) => one.id === id), "the list holds it");
  equal(await interactions.delete(id), undefined, "answer of a deletion");
  await refused("not_found", () => interactions.get(id));
}

export async function facts_and_documents_belong_to_an_interaction({ client, interaction, refused, equal, ok }) {
  const all = client();
  const id = await interaction(all);
  const groups = (await all.facts.factGroupsList()).data.map(({ key }) => key);
  ok(groups.includes("allergies"), "allergies are a fact group");
  const text = "Allergic to penicillin";
  const { facts: [fact] } = await all.facts.create(id, { facts: [{ text, group: "allergies", source: "user" }] });
  const changed = await all.facts.update(id, fact.id, { text: `${text} and latex` });
  equal([changed.id, changed.text], [fact.id, `${text} and latex`], "the changed fact");
  await all.facts.batchUpdate(id, { facts: [{ factId: fact.id, isDiscarded: true }] });
  equal((await all.facts.list(id)).facts.map((one) => one.isDiscarded), [true], "facts discarded");

  const templateKey = (await all.templates.list()).data[0].key;
  equal((await all.templates.get(templateKey)).key, templateKey, "key of a template");
  const context = [{ type: "facts", data: [{ text, group: "allergies" }] }];
  const document = await all.documents.classic.create(id, { context, templateKey, outputLanguage: "en" });
  ok(document.sections.length > 0, "a document has sections");
  equal((await all.documents.classic.get(id, document.id)).name, document.name, "name of the document");
  equal((await all.documents.classic.list(id)).data.map((one) => one.id), [document.id], "documents");
  await refused("invalid_request", () => all.documents.classic.create(id, { context, outputLanguage: "en" }));
}

export async function pages_are_awaited_one_by_one_or_iterated_as_one({ client, encounter, equal, ok }) {
  const { interactions } = client();
  const patient = { identifier: crypto.randomUUID() };
  const ids = [];
  for (let n = 0; n < 5; n++) ids.push((await interactions.create({ encounter: encounter(), patient })).interactionId);
  const query = { patient: patient.identifier, pageSize: 2, sort: "createdAt", direction: "asc" };
  const first = await interactions.list(query);
  equal([first.interactions.length, first.data.length, first.hasNextPage()], [2, 2, true], "the first page");
  const before = first.interactions.map(({ id }) => id);
  const second = await first.getNextPage();
  ok(second === first && second.interactions.every(({ id }) => !before.includes(id)), "it turns to the second page");
  const all = [];
  for await (const { id } of interactions.list(query)) all.push(id);
  equal([...all].sort(), [...ids].sort(), "entries of all pages");
  const rest = [];
  for await (const { id } of second) rest.push(id);
  equal([rest.length, second.hasNextPage()], [3, false], "entries from the second page on, and no more");
  const again = interactions.list(query);
  for (const _ of [1, 2]) {
    let count = 0;
    for await (const _ of again) count++;
    equal(count, 5, "entries, each time it is iterated");
  }
}

export async function a_recording_is_uploaded_transcribed_and_deleted({ client, interaction, speech, refused, equal, ok, near }) {
  const all = client();
  const id = await interaction(all);
  // Four seconds as a WAV file.
  const samples = Int16Array.from(speech(4, 16_000), (sample) => sample * 32_767);
  const header = new DataView(new ArrayBuffer(44));
  const text = (at, word) => [...word].forEach((letter, n) => header.setUint8(at + n, letter.charCodeAt(0)));
  text(0, "RIFF"), text(8, "WAVE"), text(12, "fmt "), text(36, "data");
  header.setUint32(4, 36 + samples.byteLength, true);
  header.setUint32(16, 16, true), header.setUint16(20, 1, true), header.setUint16(22, 1, true);
  header.setUint32(24, 16_000, true), header.setUint32(28, 32_000, true), header.setUint16(32, 2, true), header.setUint16(34, 16, true);
  header.setUint32(40, samples.byteLength, true);
  const file = new Blob([header, samples]);

  const progress = [];
  const { recordingId } = await all.recordings.upload(file, id, { onUploadProgress: (news) => progress.push(news) });
  ok(progress.length > 0, "there is news of the upload");
  equal(progress.at(-1), { loaded: file.size, total: file.size }, "the last news");
  const again = await all.recordings.upload(new Uint8Array(await file.arrayBuffer()), id);
  equal((await all.recordings.list(id)).recordings.sort(), [recordingId, again.recordingId].sort(), "recordings");
  const got = await all.recordings.get(id, recordingId);
  ok(got instanceof Blob, "a recording is a Blob");
  equal([got.size, (await got.arrayBuffer()).byteLength, (await got.blob()).size, got.bodyUsed], [file.size, file.size, file.size, false], "its size, read in several ways");
  const streamed = await all.recordings.upload({ data: file.stream() }, id);
  equal((await all.recordings.get(id, streamed.recordingId)).size, file.size, "the size of a stream that was uploaded");
  await all.recordings.delete(id, streamed.recordingId);
  for (const wrong of [undefined, null, "a file", { path: "/a/file" }]) {
    ok((await refused("invalid_request", () => all.recordings.upload(wrong, id))).message.includes("file"), "what is no file is refused");
  }

  const { id: transcriptId } = await all.transcripts.create(id, { recordingId, primaryLanguage: "en" });
  const done = await all.transcripts.waitFor(id, transcriptId);
  equal([done.status, done.recordingId, (await all.transcripts.getStatus(id, transcriptId)).status], ["completed", recordingId, "completed"], "the transcript");
  ok(done.transcripts.length > 0 && done.transcripts.every(({ text, start, end }) => text && start < end), "it has words and times");
  near(done.transcripts.at(-1).end, 4_000, 1_000, "its end in milliseconds");
  ok((await all.transcripts.list(id)).transcripts.some((one) => one.id === transcriptId), "it is listed");
  equal(await all.transcripts.delete(id, transcriptId), undefined, "answer of a deletion");
  equal(await all.recordings.delete(id, recordingId), undefined, "answer of a deletion");
  await refused("not_found", () => all.recordings.get(id, recordingId));
}

export async function documents_have_two_forms_and_are_told_apart_by_their_arguments({ client, interaction, refused, equal, ok }) {
  const all = client();
  const id = await interaction(all);
  const context = [{ type: "string", data: "The patient smokes ten cigarettes a day." }];
  const classic = await all.documents.create(id, { context, templateKey: "corti-soap", outputLanguage: "en" });
  equal((await all.documents.get(id, classic.id)).id, classic.id, "a classic document by two ids");
  const renamed = await all.documents.update(id, classic.id, { name: "Renamed" });
  equal(renamed.name, "Renamed", "its new name");
  await refused("invalid_request", () => all.documents.generate({ interactionId: id }));
  equal(await all.documents.delete(id, classic.id), undefined, "answer of a deletion");
  equal((await all.documents.list(id)).data, [], "classic documents of the interaction");

  const [{ id: templateId }] = await all.documents.templates.list({ lang: "en", published: true });
  const { publishedVersion } = await all.documents.templates.get(templateId);
  ok(publishedVersion.generation.sections.length > 0, "a template has sections");
  const given = { outputLanguage: "en", context: [{ type: "text", text: "The patient smokes ten cigarettes a day." }] };
  const section = { heading: "Plan", instructions: { contentPrompt: "What was agreed." }, outputSchema: { type: "string" } };
  const sectionId = publishedVersion.generation.sections[0].id;
  for (const template of [
    { templateRef: { templateId } },
    { assemblyTemplate: { name: "Assembled", sectionRefs: [{ sectionId }] } },
    { dynamicTemplate: { name: "Made", generation: { instructions: { prompt: "Short." }, sections: [section] } } },
  ]) {
    const { document } = await all.documents.generate({ ...given, ...template, interactionId: undefined });
    ok(document.sections.every(({ sectionId, heading }) => sectionId && heading), "a guided document has sections");
    equal((await all.documents.get(document.id)).id, document.id, "a guided document by its id");
    equal((await all.documents.update(document.id, { name: "Renamed" })).name, "Renamed", "its new name");
    equal(await all.documents.delete(document.id), undefined, "answer of a deletion");
    await refused("not_found", () => all.documents.get(document.id));
  }
  ok(Array.isArray(await all.documents.list()), "guided documents are a bare list");
  const { facts } = await all.facts.extract({ context: [{ type: "text", text: "Allergic to penicillin." }], outputLanguage: "en" });
  ok(facts.every((fact) => fact.text && fact.group), "facts of a text have a group");
  ok((await all.templates.sectionList()).data.length > 0, "there are sections");
  for (const endpoint of ["streams", "transcribe", "transcripts"]) {
    const { languages } = await all.languages.list({ endpoint });
    ok(typeof languages === "object" && !Array.isArray(languages), "languages are an object");
  }
}

export async function templates_and_sections_have_versions_of_which_one_is_published({ client, refused, equal, ok }) {
  const { documents: { templates, sections } } = client();
  const generation = { heading: "Plan", instructions: { contentPrompt: "What was agreed." }, outputSchema: { type: "string" } };
  const section = await sections.create({ name: "Plan", generation });
  equal(section.publishedVersion.generation.heading, "Plan", "the section's first version");
  const next = await sections.versions.create(section.id, { generation: { ...generation, heading: "What next" } });
  equal((await sections.get(section.id)).publishedVersion.generation.heading, "Plan", "the version that is published still");
  await sections.versions.publish(section.id, next.id);
  equal((await sections.get(section.id)).publishedVersion.generation.heading, "What next", "the version that is published now");
  equal((await sections.versions.list(section.id)).length, 2, "versions");
  equal((await sections.versions.get(section.id, next.id)).id, next.id, "a version by its id");
  equal((await sections.update(section.id, { labels: [{ key: "team", value: "knees" }] })).labels, [{ key: "team", value: "knees" }], "its labels");
  ok((await sections.list({ label: "team:knees" })).some(({ id }) => id === section.id), "it is found by its label");

  const template = await templates.create({ name: "Knees", generation: { sections: [{ sectionId: section.id, orderIndex: 0 }] }, languages: ["en"], publish: false });
  const isListed = async (published) => (await templates.list({ published })).some(({ id }) => id === template.id);
  equal([await isListed(true), await isListed(false)], [false, true], "whether it is published");
  const [version] = await templates.versions.list(template.id);
  await templates.versions.publish(template.id, version.id);
  equal(await isListed(true), true, "whether it is published now");
  const heir = await templates.create({ name: "Knees of children", inheritFromId: template.id });
  await refused("conflict", () => templates.delete(template.id));
  for (const { id } of [heir, template]) equal(await templates.delete(id), undefined, "answer of a deletion");
  equal(await sections.delete(section.id), undefined, "answer of a deletion");
  ok(!(await sections.list({ label: "team:knees" })).some(({ id }) => id === section.id), "it is gone");
}

export async function an_id_that_is_missing_is_never_taken_for_that_of_another_kind_of_document({ client, refused, equal, ok }) {
  const { fetch, count } = answers(200);
  const { documents } = client({ fetch });
  const id = crypto.randomUUID();
  for (const missing of [undefined, null]) {
    for (const [named, attempt] of [
      ["interaction's id", () => documents.list(missing)],
      ["document's id", () => documents.get(id, missing)],
      ["document's id", () => documents.update(id, missing, { name: "a" })],
      ["document's id", () => documents.delete(id, missing)],
      ["id", () => documents.get(missing)],
      ["id", () => documents.get(missing, id)],
      ["id", () => documents.delete(missing)],
      ["id", () => documents.update(missing, { name: "a" })],
      ["id", () => documents.templates.get(missing)],
      ["id", () => documents.sections.versions.get(id, missing)],
    ]) {
      const error = await refused("invalid_request", attempt);
      ok(error.message.includes(named), `"${error.message}" names the ${named}`);
    }
  }
  equal(count(), 0, "requests sent");
}

export async function an_unknown_id_is_not_found_and_says_which_request_it_was({ client, refused, equal, ok }) {
  const error = await refused("not_found", () => client().interactions.get(crypto.randomUUID()));
  equal([error.statusCode, error.retryable], [404, false], "status and retryable");
  ok(error.requestId.length > 0 && error.body !== undefined, "the request's id and the answer are there");
  ok(!Object.keys(error).includes("body"), "a log that prints the error does not show the answer");
}

export async function what_cannot_be_right_is_refused_before_anything_is_sent({ client, refused, equal, ok }) {
  const { fetch, count } = answers(200);
  const all = client({ fetch });
  const id = crypto.randomUUID();
  const encounter = { identifier: "e", status: "planned", type: "consultation" };
  for (const [named, attempt] of [
    ["id", () => all.interactions.get("42")],
    ["id", () => all.interactions.get(`${id}/../..`)],
    ["id", () => all.interactions.get()],
    ["id", () => all.facts.update(id, 42, { text: "a" })],
    ["id", () => all.documents.classic.get(id, "")],
    ["encounter", () => all.interactions.create({})],
    ["encounter.type", () => all.interactions.create({ encounter: { ...encounter, type: undefined } })],
    ["encounter.status", () => all.interactions.update(id, { encounter: { status: "sleeping" } })],
    ["patient.identifier", () => all.interactions.create({ encounter, patient: { name: "A" } })],
    ["facts[1].group", () => all.facts.create(id, { facts: [{ text: "a", group: "plan" }, { text: "b" }] })],
    ["timeoutInSeconds", () => all.interactions.list({}, { timeoutInSeconds: -1 })],
  ]) {
    const error = await refused("invalid_request", attempt);
    ok(error.message.includes(named), `"${error.message}" names ${named}`);
  }
  const loop = {};
  loop.encounter = loop;
  await refused("invalid_request", () => all.interactions.create(loop));
  equal(count(), 0, "requests sent");
}

export async function tenant_token_and_the_caller_s_own_headers_and_query_are_sent({ client, token, equal }) {
  let sent;
  const all = client({
    auth: { accessToken: "the-token" },
    headers: { "X-App": "ehr" },
    fetch: async (request) => ((sent = request), new Response('{"interactions": []}')),
  });
  await all.interactions.list({ pageSize: 5, encounterStatus: ["planned", "on-hold"] }, { headers: { "X-Call": "1" }, queryParams: { debug: "a b" } });
  const headers = ["Authorization", "Tenant-Name", "X-App", "X-Call"].map((name) => sent.headers.get(name));
  equal(headers, ["Bearer the-token", "base", "ehr", "1"], "headers");
  const query = [...new URL(sent.url).searchParams].map((pair) => pair.join("=")).sort();
  equal(query, ["debug=a b", "encounterStatus=on-hold", "encounterStatus=planned", "pageSize=5"], "query");
}

export async function a_fetch_that_never_answers_ends_in_a_timeout({ client, refused, equal }) {
  const { fetch, signals } = deaf();
  const { interactions } = client({ fetch, timeoutInSeconds: 0.2 });
  const error = await refused("timeout", () => interactions.list());
  equal([error.retryable, signals.map((signal) => signal.aborted)], [true, [true]], "retryable, and signals aborted");
  await refused("timeout", () => client({ fetch }).interactions.list({}, { timeoutInSeconds: 0.2 }));
}

export async function a_body_that_never_ends_ends_in_a_timeout({ client, refused }) {
  const fetch = async () => new Response(new ReadableStream());
  await refused("timeout", () => client({ fetch, timeoutInSeconds: 0.2 }).interactions.list());
}

export async function aborting_a_call_aborts_its_fetch({ client, refused, until, equal }) {
  const { fetch, signals } = deaf();
  const { interactions } = client({ fetch });
  const controller = new AbortController();
  const call = interactions.list({}, { abortSignal: controller.signal });
  call.catch(() => {});
  await until("the fetch", () => signals.length > 0);
  equal(signals.map((signal) => signal.aborted), [false], "signals aborted before");
  controller.abort();
  const error = await refused("aborted", () => call);
  equal([error.retryable, signals.map((signal) => signal.aborted)], [false, [true]], "retryable, and signals aborted");
  await refused("aborted", () => interactions.list({}, { abortSignal: controller.signal }));
  equal(signals.length, 1, "fetches");
}

export async function aborting_a_call_ends_its_wait_for_another_try({ client, refused, until, equal }) {
  let count = 0;
  const told = [];
  const fetch = async () => (count++, new Response("{}", { status: 503, headers: { "Retry-After": "60" } }));
  const controller = new AbortController();
  const logger = { warn: (text) => told.push(text) };
  const call = client({ fetch, logger }).interactions.list({}, { abortSignal: controller.signal });
  call.catch(() => {});
  await until("the wait", () => told.some((text) => text.includes("tried again in 60000 ms")));
  controller.abort();
  await refused("aborted", () => call);
  equal(count, 1, "attempts");
}

export async function an_answer_that_may_heal_is_asked_for_again({ client, equal }) {
  const { fetch, count } = answers(503, 429, "real");
  await client({ fetch }).interactions.list();
  equal(count(), 3, "attempts");
  const once = answers(new TypeError("offline"), "real");
  await client({ fetch: once.fetch }).interactions.list();
  equal(once.count(), 2, "attempts after a network failure");
}

export async function tries_end_with_the_last_answer({ client, refused, equal }) {
  const { fetch, count } = answers(503);
  const error = await refused("server_error", () => client({ fetch }).interactions.list());
  equal([error.statusCode, error.requestId, error.retryable, count()], [503, "r-1", true, 3], "error and attempts");
  const never = answers(503);
  await refused("server_error", () => client({ fetch: never.fetch }).interactions.list({}, { maxRetries: 0 }));
  equal(never.count(), 1, "attempts without retries");
}

export async function what_creates_is_not_repeated_after_a_network_failure({ client, encounter, refused, equal, ok }) {
  for (const [code, turn] of [["network", new TypeError("gone")], ["server_error", 500]]) {
    const { fetch, count } = answers(turn);
    const error = await refused(code, () => client({ fetch }).interactions.create({ encounter: encounter() }));
    equal([count(), error.retryable], [1, true], "attempts, and whether the caller may try");
    if (turn instanceof Error) ok(error.cause === turn, "the exception is the cause");
  }
}

export async function what_creates_is_repeated_if_the_service_was_busy({ client, encounter, equal, ok }) {
  const { fetch, count } = answers(503, "real");
  const { interactionId } = await client({ fetch }).interactions.create({ encounter: encounter() });
  ok(interactionId, "it is created");
  equal(count(), 2, "attempts");
}
