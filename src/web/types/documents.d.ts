
// Documents and templates

/** What a document is made from. Several objects are accepted only if all are transcripts. */
export type DocumentContext =
  | { type: "facts"; data: { text: string; group?: string; source?: FactSource }[] }
  /** `start` and `end` in milliseconds. */
  | {
      type: "transcript";
      data: { text: string; channel?: number; participant?: number; speakerId?: number; start?: number; end?: number };
    }
  | { type: "string"; data: string };

/** A template put together for one document. */
export type DocumentTemplate =
  | { sectionKeys: string[]; documentName?: string; additionalInstructions?: string }
  | { sections: SectionOverride[]; description?: string; additionalInstructionsOverride?: string };

/** A section for one document, with prompts in place of its own. */
export interface SectionOverride {
  /** One of those of `templates.sectionList`. */
  key: string;
  /** The section's heading. */
  nameOverride?: string;
  /** How it is to be written. */
  writingStyleOverride?: string;
  /** What form it is to have. */
  formatRuleOverride?: string;
  /** What else the service is to heed. */
  additionalInstructionsOverride?: string;
  /** What it is to be about. */
  contentOverride?: string;
}

/** The body of `documents.classic.create`: `templateKey` or `template`; of both the service takes the key. */
export type DocumentCreate = {
  /** The service uses facts as they are sent: leave discarded ones out. */
  context: DocumentContext[];
  /** Language of the document, as a BCP 47 tag. */
  outputLanguage: string;
  name?: string;
  /** Whether all sections are written from the whole context, or each from what is routed to it. */
  documentationMode?: "global_sequential" | "routed_parallel";
  /** Default `false`. */
  disableGuardrails?: boolean;
} & ({ templateKey: string; template?: DocumentTemplate } | { template: DocumentTemplate; templateKey?: string });

/** A section of a document. */
export interface DocumentSection {
  /** The key of the section in its template. */
  key: string;
  /** The heading. */
  name: string;
  /** What was written. */
  text: string;
  /** Its place in the document. */
  sort: number;
  /** When it was written. */
  createdAt: string;
  /** When it was last changed. */
  updatedAt: string;
}

/** A generated document. */
export interface ClassicDocument {
  /** The document's id. */
  id: string;
  /** Its name, given or the template's. */
  name: string;
  /** The key of the template that it was made by. */
  templateRef: string;
  /** As the service tells it; its documentation does not say what it means. */
  isStream: boolean;
  /** What was written, in sections. */
  sections: DocumentSection[];
  /** When it was made. */
  createdAt: string;
  /** When it was last changed. */
  updatedAt: string;
  /** As a BCP 47 tag. */
  outputLanguage: string;
  /** What it has cost. */
  usageInfo: UsageInfo;
}

/**
 * `client.documents`: guided documents, which are the way on, and classic ones, which the service calls deprecated. `list`, `get`,
 * `update` and `delete` are of a classic document where an interaction's id comes first. An id that is there but `undefined` or `null`
 * is refused, and never taken for the other kind.
 */
export interface Documents {
  /** Documents of an interaction. `create`, and the others with the interaction's id first, are here without `classic` too. */
  readonly classic: ClassicDocuments;
  /** What guided documents are written by. */
  readonly templates: GuidedTemplates;
  /** What guided templates are put together of. */
  readonly sections: GuidedSections;
  /** The same as `classic.create`. */
  create: ClassicDocuments["create"];
  /** Has a guided document written, and kept: not kept, and without an id, with the header `X-Corti-Retention-Policy: none`. */
  generate(body: DocumentGenerate, options?: RequestOptions): Promise<{ document: GuidedDocument; usageInfo?: UsageInfo }>;
  /** Guided documents. */
  list(query?: DocumentsQuery, options?: RequestOptions): Promise<GuidedDocument[]>;
  /** The classic documents of an interaction. */
  list(interactionId: string, options?: RequestOptions): Promise<{ data: ClassicDocument[] }>;
  /** A guided document; with an interaction's id, one of its classic ones. */
  get(documentId: string, options?: RequestOptions): Promise<GuidedDocument>;
  /** One classic document of an interaction. */
  get(interactionId: string, documentId: string, options?: RequestOptions): Promise<ClassicDocument>;
  /** Changes a guided document; with an interaction's id, one of its classic ones. What is absent stays. */
  update(documentId: string, body?: GuidedDocumentUpdate, options?: RequestOptions): Promise<GuidedDocument>;
  /** Changes a classic document; what is absent stays. */
  update(interactionId: string, documentId: string, body?: DocumentUpdate, options?: RequestOptions): Promise<ClassicDocument>;
  /** Deletes a guided document; with an interaction's id, one of its classic ones. */
  delete(documentId: string, options?: RequestOptions): Promise<void>;
  /** Deletes a classic document. */
  delete(interactionId: string, documentId: string, options?: RequestOptions): Promise<void>;
}

/** The query of the guided `documents.list`. */
export interface DocumentsQuery {
  /** Only those that were written by this template. */
  templateId?: string;
  /** Only those of this interaction. */
  interactionId?: string;
  /** Only those that have one of these labels, as `key:value`. */
  label?: string | string[];
  [key: string]: string | number | boolean | string[] | undefined;
}

/** What documents, templates and sections are found by. */
export interface Label {
  /** Its name. */
  key: string;
  /** What it says. */
  value: string;
}

/** What a guided document is made from. */
export type GuidedContext =
  | { type: "text"; text: string }
  /** The service uses facts as they are sent: leave discarded ones out. */
  | { type: "facts"; facts: { text: string; group?: string }[] }
  /** `start` and `end` in milliseconds. */
  | {
      type: "transcript";
      transcript: {
        transcripts: {
          text: string;
          channel?: number;
          participant?: number;
          speakerId?: number;
          start?: number;
          end?: number;
          [key: string]: unknown;
        }[];
        [key: string]: unknown;
      };
    };

/** A template that is there. */
export interface TemplateRef {
  /** Its id, which is that of one language's variant. */
  templateId: string;
  /** One of its versions. Default: the published one. */
  templateVersionId?: string;
  /** What is to be otherwise for this document: as the service documents it. */
  overrides?: Record<string, unknown>;
  [key: string]: unknown;
}

/** A template put together of sections that are there, for one document. */
export interface AssemblyTemplate {
  /** The document's name. */
  name: string;
  /** How all of it is to be written. */
  instructions?: { prompt?: string; [key: string]: unknown };
  /** The sections, in order. */
  sectionRefs: { sectionId: string; [key: string]: unknown }[];
  [key: string]: unknown;
}

/** A template made for one document. */
export interface DynamicTemplate {
  /** The document's name. */
  name: string;
  /** How it is written, and of which sections. */
  generation: { instructions?: { prompt?: string; [key: string]: unknown }; sections: SectionGeneration[]; [key: string]: unknown };
  [key: string]: unknown;
}

/** How a section is written. */
export interface SectionGeneration {
  /** Its heading, which the service's model reads too. */
  heading: string;
  /** What it is about. */
  instructions: { contentPrompt: string; [key: string]: unknown };
  /** What form it has, as a JSON Schema: `{ type: "string" }` for text. */
  outputSchema: Record<string, unknown>;
  [key: string]: unknown;
}

/** The body of `documents.generate`: exactly one of the three templates, and an interaction or a context. */
export type DocumentGenerate = {
  /** The interaction whose facts and transcripts to write from; the service leaves discarded facts out. */
  interactionId?: string;
  /** What to write from in place of an interaction: texts, transcripts, facts. */
  context?: GuidedContext[];
  /** As a BCP 47 tag. */
  outputLanguage: string;
  name?: string;
  /** What the document is to be found by. */
  labels?: Label[];
  [key: string]: unknown;
} & (
  | { templateRef: TemplateRef; assemblyTemplate?: never; dynamicTemplate?: never }
  | { assemblyTemplate: AssemblyTemplate; templateRef?: never; dynamicTemplate?: never }
  | { dynamicTemplate: DynamicTemplate; templateRef?: never; assemblyTemplate?: never }
);

/** A document of the guided form. One that was not kept has neither `id` nor times. */
export interface GuidedDocument {
  /** The document's id. */
  id?: string;
  /** Its name. */
  name?: string;
  /** The template that it was written by, if one is kept. */
  templateId?: string | null;
  /** The version of it. */
  templateVersionId?: string | null;
  /** As a BCP 47 tag. */
  outputLanguage?: string;
  /** The interaction that it was made from, if it was. */
  interactionId?: string | null;
  /** What was written, by the section's id. A map has no order: that of the document is in `sections`. */
  stringDocument?: Record<string, string> | null;
  /** The same in the form of each section's `outputSchema`. */
  structuredDocument?: Record<string, unknown> | null;
  /** The sections in order, also those without a text; absent in documents of before there was such a list. */
  sections?: { sectionId: string; heading: string; labels?: Label[]; [key: string]: unknown }[];
  /** What it is found by. */
  labels?: Label[];
  /** When it was made. */
  createdAt?: string;
  /** When it was last changed. */
  updatedAt?: string;
  [key: string]: unknown;
}

/** What can be changed of a guided document: what is absent stays. */
export interface GuidedDocumentUpdate {
  /** Its name from now on. */
  name?: string;
  /** Texts by the section's id. */
  stringDocument?: Record<string, string>;
  /** The same in the form of each section's `outputSchema`. */
  structuredDocument?: Record<string, unknown>;
  /** What it is found by from now on. */
  labels?: Label[];
  [key: string]: unknown;
}

/** What can be changed of a document: what is absent stays. */
export interface DocumentUpdate {
  /** The document's name from now on. */
  name?: string;
  /** Sections that change, by their key. */
  sections?: { key: string; name?: string; text?: string; sort?: number }[];
}

/** `client.documents.classic` */
export interface ClassicDocuments {
  /** Has a document written, and kept: not kept with the header `X-Corti-Retention-Policy: none`. */
  create(interactionId: string, body: DocumentCreate, options?: RequestOptions): Promise<ClassicDocument>;
  /** The documents of an interaction. */
  list(interactionId: string, options?: RequestOptions): Promise<{ data: ClassicDocument[] }>;
  /** One document with its sections. */
  get(interactionId: string, documentId: string, options?: RequestOptions): Promise<ClassicDocument>;
  /** Changes the name, or sections by their key; what is absent stays. */
  update(interactionId: string, documentId: string, body?: DocumentUpdate, options?: RequestOptions): Promise<ClassicDocument>;
  /** Deletes one document. */
  delete(interactionId: string, documentId: string, options?: RequestOptions): Promise<void>;
}

/** A form that classic documents take. */
export interface Template {
  /** What documents are asked for by, such as `corti-soap`. */
  key: string;
  /** A name for people to read. */
  name: string;
  /** What it is for. */
  description: string;
  /** Such as `published`. */
  status: string;
  /** What the service heeds beside the sections. */
  additionalInstructions?: string | null;
  /** Whether all sections are written from the whole context, or each from what is routed to it. */
  documentationMode?: "global_sequential" | "routed_parallel";
  /** When it was last changed. */
  updatedAt?: string | null;
  /** The sections, and each one's place. */
  templateSections: { sort: number; section: TemplateSection }[];
  /** Name and description in other languages. */
  translations: { languageId: string; name?: string; description?: string }[];
}

/** `client.templates`: those of classic documents. An unknown key is answered with 500. */
export interface Templates {
  /** Templates of these organisations, languages (BCP 47 tags) and states; default: all. */
  list(
    query?: { org?: string | string[]; lang?: string | string[]; status?: string | string[] },
    options?: RequestOptions,
  ): Promise<{ data: Template[] }>;
  /** One template with its sections. */
  get(key: string, options?: RequestOptions): Promise<Template>;
  /** The sections that templates are put together from. */
  sectionList(
    query?: { org?: string | string[]; lang?: string | string[] },
    options?: RequestOptions,
  ): Promise<{ data: TemplateSection[] }>;
}

/** A section that templates are put together from. */
export interface TemplateSection {
  /** What templates name it by. */
  key: string;
  /** The heading. */
  name: string;
  /** Another heading for it. */
  alternateName?: string;
  /** What it is for. */
  description: string;
  /** How it is written, unless overridden. */
  defaultWritingStyle: { name: string };
  /** What form it has, unless overridden. */
  defaultFormatRule?: { name: string | null };
  /** What else the service heeds. */
  additionalInstructions?: string;
  /** What it is about. */
  content?: string;
  /** As that of a template. */
  documentationMode?: "global_sequential" | "routed_parallel";
  /** The service's name for its kind. */
  type: string;
  /** When it was last changed. */
  updatedAt?: string | null;
  /** Name and description in other languages. */
  translations: { languageId: string; name?: string | null; description?: string | null }[];
}
