
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

/** The body of `documents.classic.create`: either `templateKey` or `template`. */
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
} & ({ templateKey: string; template?: never } | { template: DocumentTemplate; templateKey?: never });

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

/** `client.documents` */
export interface Documents {
  /** Documents of an interaction. `create`, and the others with the interaction's id first, are here without `classic` too. */
  readonly classic: ClassicDocuments;
  /** The same as `classic.create`. */
  create: ClassicDocuments["create"];
  /** A document of the newer, guided form. */
  generate(body: DocumentGenerate, options?: RequestOptions): Promise<{ document: GuidedDocument; usageInfo?: UsageInfo }>;
  /** Guided documents, the newest first; with an interaction's id, its classic ones. */
  list(query?: DocumentsQuery, options?: RequestOptions): Promise<{ data: GuidedDocument[] }>;
  /** The classic documents of an interaction. */
  list(interactionId: string, options?: RequestOptions): Promise<{ data: ClassicDocument[] }>;
  /** A guided document; with an interaction's id, one of its classic ones. */
  get(documentId: string, options?: RequestOptions): Promise<GuidedDocument>;
  /** One classic document of an interaction. */
  get(interactionId: string, documentId: string, options?: RequestOptions): Promise<ClassicDocument>;
  /** Changes a guided document; with an interaction's id, one of its classic ones. What is absent stays. */
  update(documentId: string, body?: Record<string, unknown>, options?: RequestOptions): Promise<GuidedDocument>;
  /** Changes a classic document; what is absent stays. */
  update(interactionId: string, documentId: string, body?: DocumentUpdate, options?: RequestOptions): Promise<ClassicDocument>;
  /** Deletes a guided document; with an interaction's id, one of its classic ones. */
  delete(documentId: string, options?: RequestOptions): Promise<void>;
  /** Deletes a classic document. */
  delete(interactionId: string, documentId: string, options?: RequestOptions): Promise<void>;
}

/** The query of the guided `documents.list`. */
export interface DocumentsQuery {
  /** Only those of this interaction. */
  interactionId?: string;
  /** Entries a page. */
  pageSize?: number;
  /** The page, from 1. */
  index?: number;
  [key: string]: string | number | boolean | string[] | undefined;
}

/**
 * The body of `documents.generate`: exactly one of the three templates, and an interaction or a context. The form is young: what is
 * inside a template is passed on as it is, see the service's documentation of guided synthesis.
 */
export type DocumentGenerate = {
  /** The interaction whose facts and transcripts to write from; the service leaves discarded facts out. */
  interactionId?: string;
  /** What else to write from: texts, transcripts, facts. */
  context?: Record<string, unknown>[];
  /** As a BCP 47 tag. */
  outputLanguage?: string;
  name?: string;
  [key: string]: unknown;
} & (
  | { templateRef: { templateId?: string; templateVersionId?: string; [key: string]: unknown }; assemblyTemplate?: never; dynamicTemplate?: never }
  | { assemblyTemplate: { sectionRefs?: { sectionId?: string; [key: string]: unknown }[]; [key: string]: unknown }; templateRef?: never; dynamicTemplate?: never }
  | { dynamicTemplate: { generation?: Record<string, unknown>; [key: string]: unknown }; templateRef?: never; assemblyTemplate?: never }
);

/** A document of the guided form. It has no `id` if it was not kept. */
export interface GuidedDocument {
  /** The document's id. */
  id?: string;
  /** Its name. */
  name?: string;
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

/** A form that documents take. */
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

/** `client.templates` */
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
