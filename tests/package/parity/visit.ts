// An app's code as one writes it for `@corti/sdk` 1.0: every method of every resource that both packages have. It is compiled and
// run with either of them; the import is all that differs. What it saw is compared by `parity.test.mjs`.

import { Client, ClientError } from "#sdk";

/** Where the service is, and what the app knows of it. */
export interface Setup {
  environment: { base: string; wss: string; login: string; agents: string };
  accessToken: string;
  /** The token of another tenant. */
  foreignToken: string;
  fetch: typeof fetch;
  /** A WAV file with speech in it. */
  speech: ArrayBuffer;
  /** Has the next request go wrong. */
  fault(what: { status?: number; retryAfter?: number | string; delaySeconds?: number }): Promise<void>;
  /** Told which part of the visit begins. */
  begin(part: string): void;
}

/** What a step came to: a result, or a failure. */
export type Steps = Record<string, unknown>;

const NOBODY = "11111111-1111-4111-8111-111111111111";
const STARTED = new Date("2026-01-05T09:00:00.000Z");

export function connect({ environment, fetch }: Setup, accessToken: string, tenantName = "base"): Client {
  return new Client({ environment, tenantName, auth: { accessToken }, fetch, maxRetries: 0 });
}

/** What an app makes of a call that fails. */
async function failure(call: () => PromiseLike<unknown>): Promise<unknown> {
  try {
    return { result: await call() };
  } catch (error) {
    if (!(error instanceof ClientError)) return { stranger: String(error) };
    const isError: boolean = error instanceof Error;
    return { isError, statusCode: error.statusCode, body: error.body };
  }
}

export async function interactions(client: Client): Promise<Steps> {
  const steps: Steps = {};
  const patient = { identifier: "patient-1", name: "Ada Hartley", gender: "female", birthDate: new Date("1961-05-04T00:00:00.000Z"), pronouns: null, ward: 4 } as const;
  const made = await client.interactions.create({
    encounter: { identifier: "visit-1", status: "planned", type: "first_consultation", period: { startedAt: STARTED }, title: "First visit" },
    patient,
  });
  steps["create"] = made;
  const id = made.interactionId;
  steps["get"] = await client.interactions.get(id);
  steps["update"] = await client.interactions.update(id, { encounter: { status: "in-progress", title: null } });
  steps["update of the period"] = await client.interactions.update(id, { encounter: { period: { startedAt: STARTED, endedAt: null } } });
  steps["update of nothing"] = await client.interactions.update(id);
  const completed = await client.interactions.update(id, { encounter: { status: "completed" } }, { timeoutInSeconds: 5, maxRetries: 1, headers: { "X-App": "ehr" } });
  steps["status"] = completed.encounter.status;
  steps["endedAt is a time"] = Math.abs(new Date(completed.endedAt ?? 0).getTime() - Date.now()) < 60_000;
  steps["delete"] = await client.interactions.delete(id);
  steps["get after delete"] = await failure(() => client.interactions.get(id));
  return steps;
}

export async function pages(client: Client): Promise<Steps> {
  const steps: Steps = {};
  for (let n = 0; n < 5; n++) {
    await client.interactions.create({
      encounter: { identifier: `page-${n}`, status: n < 4 ? "planned" : "on-hold", type: "consultation" },
      patient: { identifier: "patient-of-pages" },
    });
  }
  const query = { patient: "patient-of-pages", pageSize: 2, sort: "createdAt", direction: "asc" } as const;
  const all: typeof query & { index?: number } = { ...query };
  const names: string[] = [];
  for await (const interaction of await client.interactions.list(all)) names.push(interaction.encounter.identifier);
  steps["every entry"] = names;
  steps["the query's index afterwards"] = all.index;

  const page = await client.interactions.list({ ...query });
  steps["first page"] = [page.data.length, page.hasNextPage(), page.response.interactions.length];
  const turned: string[][] = [];
  while (page.hasNextPage()) {
    turned.push(page.data.map((interaction) => interaction.encounter.identifier));
    await page.getNextPage();
  }
  steps["pages that are turned"] = turned;
  steps["past the last"] = page.data;

  const rest: string[] = [];
  for await (const interaction of await client.interactions.list({ ...query, index: 2 })) rest.push(interaction.encounter.identifier);
  steps["from the second page"] = rest;
  const held = await client.interactions.list({ patient: "patient-of-pages", encounterStatus: "on-hold" });
  steps["by status"] = held.data.map((interaction) => interaction.encounter.identifier);
  const one = await client.interactions.list({ patient: "patient-of-pages", encounterStatus: "planned" });
  steps["by one status"] = one.data.length;
  const newest = await client.interactions.list(undefined, { queryParams: { patient: "patient-of-pages" } });
  steps["newest"] = newest.data[0]?.encounter.identifier;
  for (const interaction of newest.data) await client.interactions.delete(interaction.id);
  return steps;
}

export async function facts(client: Client, id: string): Promise<Steps> {
  const steps: Steps = {};
  const groups = (await client.facts.factGroupsList()).data;
  steps["groups"] = groups;
  const created = await client.facts.create(id, {
    facts: [{ text: "Retired teacher", group: "social-history", source: "system" }, { text: "Smokes", group: groups[0]?.key ?? "" }],
  });
  steps["create"] = created;
  const [first, second] = created.facts.map((fact) => fact.id ?? "");
  steps["update"] = await client.facts.update(id, first ?? "", { text: "Retired, was a teacher", source: "user" });
  steps["update of nothing"] = await client.facts.update(id, second ?? "");
  steps["batchUpdate"] = await client.facts.batchUpdate(id, { facts: [{ factId: second ?? "", isDiscarded: true, group: "other" }] });
  const listed = (await client.facts.list(id)).facts;
  steps["list"] = listed;
  steps["kept"] = listed.filter((fact) => !fact.isDiscarded).map((fact) => fact.text);
  steps["extract"] = await client.facts.extract({ context: [{ type: "text", text: "I take ramipril." }], outputLanguage: "en" });
  return steps;
}

export async function documents(client: Client, id: string): Promise<Steps> {
  const steps: Steps = {};
  const data = (await client.facts.list(id)).facts.filter((fact) => !fact.isDiscarded).map((fact) => ({ text: fact.text ?? "", group: fact.group ?? "" }));
  const note = await client.documents.create(id, { context: [{ type: "facts", data }], templateKey: "corti-soap", outputLanguage: "en", name: "Note" });
  steps["create"] = note;
  steps["create of segments"] = await client.documents.create(id, {
    context: [
      { type: "transcript", data: { text: "Your pulse is 78.", channel: 0, participant: 0, speakerId: 0, start: 0, end: 1200 } },
      { type: "transcript", data: { text: "I take ramipril." } },
    ],
    template: { sectionKeys: ["corti-vitals", "corti-plan"], documentName: "Signs", additionalInstructions: "Short." },
    outputLanguage: "en", documentationMode: "routed_parallel", disableGuardrails: true,
  });
  steps["create of a text"] = await client.documents.create(id, {
    context: [{ type: "string", data: "Your pulse is 78." }],
    template: { sections: [{ key: "corti-vitals", nameOverride: "Signs" }], description: "Signs" },
    outputLanguage: "en", documentationMode: "global_sequential",
  }, { headers: { "X-Corti-Retention-Policy": "none" } });
  const key = note.sections[0]?.key ?? "";
  steps["update"] = await client.documents.update(id, note.id, { name: "Final", sections: [{ key, name: "Story", text: "Rest.", sort: 9 }] });
  steps["update of nothing"] = (await client.documents.update(id, note.id)).name;
  steps["get"] = await client.documents.get(id, note.id);
  steps["list"] = (await client.documents.list(id)).data.length;
  steps["delete"] = await client.documents.delete(id, note.id);
  steps["get after delete"] = await failure(() => client.documents.get(id, note.id));
  return steps;
}

export async function templates(client: Client): Promise<Steps> {
  return {
    "list": await client.templates.list(),
    "list by language": (await client.templates.list({ lang: ["en", "da"], org: "corti", status: "published" })).data.length,
    "get": await client.templates.get("corti-soap"),
    "get of none": await failure(() => client.templates.get("no-such")),
    "sectionList": await client.templates.sectionList({ lang: "en" }),
  };
}

export async function recordings(client: Client, id: string, speech: ArrayBuffer): Promise<Steps> {
  const steps: Steps = {};
  const uploaded = await client.recordings.upload(new Blob([speech]), id);
  steps["upload of a Blob"] = uploaded;
  const { recordingId } = uploaded;
  const others = [
    await client.recordings.upload(new Uint8Array(speech), id),
    await client.recordings.upload(speech, id),
    await client.recordings.upload({ data: new Blob([speech]) }, id),
  ];
  steps["list"] = (await client.recordings.list(id)).recordings.length;
  const file = await client.recordings.get(id, recordingId);
  steps["bodyUsed"] = file.bodyUsed;
  const blob = await file.blob();
  steps["blob"] = [blob.size, blob instanceof Blob];
  steps["bodyUsed afterwards"] = file.bodyUsed;
  steps["read again"] = await file.arrayBuffer().then((bytes) => bytes.byteLength, () => "refused");
  steps["arrayBuffer"] = (await (await client.recordings.get(id, recordingId)).arrayBuffer()).byteLength;
  const bytes = await (await client.recordings.get(id, recordingId)).bytes?.();
  steps["bytes"] = bytes?.length;
  const reader = (await client.recordings.get(id, recordingId)).stream()?.getReader();
  steps["stream"] = (await reader?.read())?.value?.slice(0, 4).join(" ");
  await reader?.cancel();

  const asked = await client.transcripts.create(id, {
    recordingId, primaryLanguage: "en", diarize: false, isMultichannel: false, isDictation: false, participants: [{ channel: 0, role: "doctor" }],
  });
  steps["transcripts.create"] = asked;
  while ((await client.transcripts.getStatus(id, asked.id)).status === "processing") await new Promise((resolve) => setTimeout(resolve, 200));
  steps["transcripts.getStatus"] = await client.transcripts.getStatus(id, asked.id);
  steps["transcripts.get"] = await client.transcripts.get(id, asked.id);
  steps["transcripts.list"] = await client.transcripts.list(id);
  steps["transcripts.list in full"] = await client.transcripts.list(id, { full: true });
  steps["transcripts.delete"] = await client.transcripts.delete(id, asked.id);
  steps["delete"] = await client.recordings.delete(id, recordingId);
  for (const other of others) await client.recordings.delete(id, other.recordingId);
  steps["get after delete"] = await failure(() => client.recordings.get(id, recordingId));
  return steps;
}

export async function failures(setup: Setup, client: Client, id: string): Promise<Steps> {
  const steps: Steps = {};
  steps["400"] = await failure(async () => (await client.interactions.list({ encounterStatus: ["planned", "on-hold"] })).data.length);
  steps["401"] = await failure(() => connect(setup, "made-up").interactions.get(id));
  steps["403"] = await failure(() => connect(setup, setup.foreignToken, "other").interactions.get(id));
  steps["404"] = await failure(() => client.interactions.get(NOBODY));
  await setup.fault({ status: 429, retryAfter: 1 });
  steps["429"] = await failure(() => client.interactions.get(id));
  await setup.fault({ status: 503, retryAfter: "Wed, 21 Oct 2026 07:28:00 GMT" });
  steps["503"] = await failure(() => client.facts.list(id));
  await setup.fault({ status: 429, retryAfter: 1 });
  steps["429 that is tried again"] = await client.facts.list(id, { maxRetries: 1 });
  await setup.fault({ delaySeconds: 60 });
  steps["too late"] = await failure(() => client.interactions.get(id, { timeoutInSeconds: 0.3 }));
  const controller = new AbortController();
  controller.abort();
  steps["aborted before"] = await failure(() => client.interactions.get(id, { abortSignal: controller.signal }));
  return steps;
}

/** What one may not find the same. */
export async function apart(setup: Setup, client: Client, id: string): Promise<Steps> {
  const steps: Steps = {};
  await setup.fault({ status: 500 });
  const facts = [{ text: "Smokes", group: "other" }];
  steps["a create that may have been carried out"] = await failure(async () => (await client.facts.create(id, { facts }, { maxRetries: 1 })).facts.length);
  steps["a malformed id"] = await failure(() => client.interactions.get("seven"));
  return steps;
}

/** The whole visit; answers what each step came to. */
export async function visit(setup: Setup): Promise<Record<string, Steps>> {
  const client = connect(setup, setup.accessToken);
  const { interactionId: id } = await client.interactions.create({ encounter: { identifier: "visit-2", status: "in-progress", type: "consultation" } });
  const parts: [string, () => Promise<Steps>][] = [
    ["interactions", () => interactions(client)],
    ["pages", () => pages(client)],
    ["facts", () => facts(client, id)],
    ["documents", () => documents(client, id)],
    ["templates", () => templates(client)],
    ["recordings", () => recordings(client, id, setup.speech)],
    ["failures", () => failures(setup, client, id)],
    ["apart", () => apart(setup, client, id)],
  ];
  const seen: Record<string, Steps> = {};
  for (const [name, part] of parts) {
    setup.begin(name);
    seen[name] = await part();
  }
  return seen;
}
