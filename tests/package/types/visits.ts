// An app that goes through whole visits. It is compiled, never run: what must not compile says so.

import { OssicleClient, OssicleError } from "ossicle";
import type {
  ClassicDocument, DocumentOutcome, GuidedDocument, Interaction, KnownFact, Stream, StreamSummary, TemplateOffer, Visit, VisitDocument, VisitFact, VisitFacts,
  VisitFactsEvents, VisitOptions, VisitResumeOptions, Visits, VisitSource, VisitStep, WrittenDocument,
} from "ossicle";

/** `true` if and only if two types are the same. */
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles for `true` alone. */
function holds<_T extends true>(): void {}

const client = new OssicleClient({ environment: "eu", tenantName: "base", auth: async () => "a" });
const visits: Visits = client.visits;
const prepared: Promise<void> = visits.prepare();
await prepared;

// What is recorded
const sources: VisitSource[] = ["microphone", { preset: "dictation" }, { deviceId: "a" }, new MediaStream(), await client.microphones.open()];
const known: KnownFact[] = [{ text: "Allergic to penicillin", group: "allergies" }, { text: "Smokes", group: "social-history", source: "system" }];
const options: VisitOptions = {
  encounter: { identifier: "e", type: "consultation" },
  patient: { identifier: "p" },
  knownFacts: known,
  configuration: {
    transcription: { primaryLanguage: "en", participants: [{ channel: 0, role: "multiple" }] },
    mode: { type: "facts", outputLocale: "en" },
  },
  source: sources,
  audio: { encoding: "opus" },
  bufferSeconds: 600,
  abortSignal: AbortSignal.timeout(20_000),
};
const resume: VisitResumeOptions = { configuration: options.configuration, source: "microphone" };

const started = await visits.start(options);
holds<Equal<typeof started.stream, Stream>>();
const visit: Visit = started;
holds<Equal<typeof visit.stream, Stream | undefined>>();
const again: Visit = await visits.resume(visit.id, resume);
await visits.resume(visit.id);
holds<Equal<typeof visit.interaction, Interaction>>();
// @ts-expect-error: a visit has an encounter.
await visits.start({ configuration: options.configuration });
// @ts-expect-error: a new visit is recorded.
await visits.start({ encounter: options.encounter });
// @ts-expect-error: no visit starts with its end.
await visits.start({ ...options, encounter: { identifier: "e", type: "consultation", status: "completed" } });
// @ts-expect-error: no such source.
await visits.start({ ...options, source: "telephone" });
// @ts-expect-error: the interaction's id is the visit's business.
await visits.start({ ...options, id: "a" });

// Facts
const facts: VisitFacts = visit.facts;
const items: VisitFact[] = facts.items;
const first = facts.get(items[0]!.id);
holds<Equal<typeof first, VisitFact | undefined>>();
holds<Equal<(typeof items)[0]["isPending"], boolean>>();
holds<Equal<(typeof items)[0]["suggestion"], { text: string; group: string } | undefined>>();
const off: () => void = facts.on("change", ({ ids, renamed }) => holds<Equal<[typeof ids, typeof renamed], [string[], Record<string, string>]>>());
off();
facts.on("suggestion", ({ id, suggestion }) => (suggestion.text ? void facts.accept(id) : facts.dismiss(id)));
facts.on("error", (event) => holds<Equal<typeof event, VisitFactsEvents["error"]>>());
facts.on("error", ({ error, isKept }) => holds<Equal<[typeof error, typeof isKept], [OssicleError, boolean]>>());
facts.off("change");
// @ts-expect-error: no such event.
facts.on("applause", () => {});
const added: VisitFact = await facts.add({ text: "Follow-up in two weeks", group: "plan" });
await facts.edit(added.id, { text: "Follow-up in three weeks" });
await facts.discard(added.id);
await facts.restore(added.id);
const undone: boolean = facts.canUndo && facts.undo();
await facts.settled();
facts.retry();
const shown: [number, VisitFact[], { group: string; name: string; facts: VisitFact[] }[], { key: string; name: string }[]] = [facts.pending, facts.kept, facts.groups, facts.choices];
// @ts-expect-error: a fact belongs to a group.
await facts.add({ text: "Smokes" });
// @ts-expect-error: feeding the list is the visit's business.
facts.heard([]);
// @ts-expect-error: the list is the visit's own.
facts.items = [];

// The end, documents, the completion
const summary = await visit.end();
holds<Equal<typeof summary, StreamSummary | undefined>>();
const request: VisitDocument = { templateKey: "corti-soap", outputLanguage: "en", documentationMode: "routed_parallel" };
const note: WrittenDocument = await visit.document(request, { timeoutInSeconds: 120 });
const outcomes: DocumentOutcome[] = await visit.documents([request, { ...request, from: "transcript" }, { ...request, from: { text: "Came alone." } }]);
holds<Equal<typeof outcomes, Awaited<ReturnType<typeof visit.documents>>>>();
for (const outcome of outcomes) {
  if (outcome.status === "rejected") holds<Equal<typeof outcome.reason, OssicleError>>();
  else holds<Equal<typeof outcome.value, WrittenDocument>>();
}
const templates: TemplateOffer[] = await visit.templates({ language: "en" });
for (const offer of templates) {
  const key: string = offer.kind === "guided" ? offer.templateId : offer.templateKey;
  await visit.document(offer.kind === "guided" ? { templateId: key, outputLanguage: "en" } : { templateKey: key, outputLanguage: "en" });
}
if (note.kind === "guided") holds<Equal<typeof note.source, GuidedDocument>>();
else holds<Equal<typeof note.source, ClassicDocument>>();
const corrected: WrittenDocument = await visit.saveDocument({ ...note, sections: note.sections.map((section) => ({ ...section, text: "Rest." })) });
const texts: string[] = corrected.sections.map(({ key, heading, text }) => `${key} ${heading} ${text}`);
await visit.document({ templateId: note.id ?? "", outputLanguage: "en", from: "interaction" });
// @ts-expect-error: a document has a language.
await visit.document({ templateId: note.id ?? "" });
await visit.document({ template: { sectionKeys: ["corti-plan"] }, outputLanguage: "en" });
// @ts-expect-error: either a template or its key.
await visit.document({ outputLanguage: "en" });
// @ts-expect-error: no such origin.
await visit.document({ ...request, from: "memory" });
// @ts-expect-error: the context is made by the visit.
await visit.document({ ...request, context: [] });
await visit.complete();
again.close();
{
  using other = await visits.resume(visit.id);
  other.close();
}

// Failures
const steps: VisitStep[] = ["source", "interactions.create", "stream.connect"];
try {
  await visits.start(options);
} catch (error) {
  if (!(error instanceof OssicleError)) throw error;
  holds<Equal<typeof error.step, VisitStep | undefined>>();
  holds<Equal<typeof error.interactionId, string | undefined>>();
  if (error.interactionId !== undefined) await visits.resume(error.interactionId, options);
}

// A stream whose interaction is still on its way
const held: Stream = await client.stream.connect({ id: Promise.resolve("a"), configuration: options.configuration });
holds<Equal<typeof held.connected, Promise<void>>>();

export { note, shown, steps, texts, undone };
