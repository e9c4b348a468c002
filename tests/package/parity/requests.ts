// Whatever `@corti/sdk` takes for a request, ossicle takes: compiled, never run.

import type { Corti, CortiClient } from "@corti/sdk";
import type { OssicleClient } from "ossicle";

/** The requests of `@corti/sdk`, by its own types. */
interface Theirs {
  create: Corti.InteractionsCreateRequest;
  list: Corti.InteractionsListRequest;
  update: Corti.InteractionsUpdateRequest;
  facts: Corti.FactsCreateRequest;
  fact: Corti.FactsUpdateRequest;
  batch: Corti.FactsBatchUpdateRequest;
  extract: Corti.FactsExtractRequest;
  document: Corti.DocumentsCreateRequest;
  note: Corti.DocumentsUpdateRequest;
  templates: Corti.TemplatesListRequest;
  sections: Corti.TemplatesSectionListRequest;
  transcript: Corti.TranscriptsCreateRequest;
  transcripts: Corti.TranscriptsListRequest;
}

export async function requests(client: OssicleClient, theirs: Theirs, id: Corti.Uuid): Promise<void> {
  await client.interactions.create(theirs.create);
  await client.interactions.list(theirs.list);
  await client.interactions.update(id, theirs.update);
  await client.facts.create(id, theirs.facts);
  await client.facts.update(id, id, theirs.fact);
  await client.facts.batchUpdate(id, theirs.batch);
  await client.facts.extract(theirs.extract);
  await client.documents.create(id, theirs.document);
  await client.documents.classic.create(id, theirs.document);
  await client.documents.update(id, id, theirs.note);
  await client.templates.list(theirs.templates);
  await client.templates.sectionList(theirs.sections);
  await client.transcripts.create(id, theirs.transcript);
  await client.transcripts.list(id, theirs.transcripts);
  // @ts-expect-error: what they do not take is not taken for it.
  await client.facts.create(id, theirs.batch);
}

/** Every method that they have on these resources is there under its name. */
type Methods<T> = { [Key in keyof T]: T[Key] extends (...given: never[]) => unknown ? Key : never }[keyof T];
type Resource = "interactions" | "facts" | "documents" | "templates" | "recordings" | "transcripts";
type Missing = { [Name in Resource]: Exclude<Methods<CortiClient[Name]>, keyof OssicleClient[Name]> }[Resource];
export const missing: Missing[] = [];
// @ts-expect-error: there is none to name.
missing.push("list");
