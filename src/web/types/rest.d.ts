
// Interactions

export type EncounterStatus = "planned" | "in-progress" | "on-hold" | "completed" | "cancelled" | "deleted";
export type EncounterType = "first_consultation" | "consultation" | "emergency" | "inpatient" | "outpatient";

/** What brings clinician and patient together. */
export interface Encounter {
  /** The encounter's id in your system. */
  identifier: string;
  status: EncounterStatus;
  type: EncounterType;
  /** ISO 8601. */
  period?: { startedAt: string; endedAt?: string };
  title?: string;
}

/** The patient, as far as the service needs to know. */
export interface Patient {
  /** The patient's id in your system. */
  identifier: string;
  name?: string;
  gender?: "male" | "female" | "unknown" | "other";
  /** ISO 8601. */
  birthDate?: string;
  pronouns?: string;
}

/** The body of `interactions.create`. */
export interface InteractionCreate {
  assignedUserId?: string;
  encounter: Encounter;
  patient?: Patient;
}

/** The body of `interactions.update`: what is absent stays. */
export interface InteractionUpdate {
  assignedUserId?: string;
  encounter?: Partial<Encounter>;
  patient?: Partial<Patient>;
}

/** An interaction. */
export interface Interaction {
  id: string;
  assignedUserId?: string | null;
  encounter: Encounter;
  patient?: Patient | null;
  createdAt?: string;
  updatedAt?: string;
  endedAt?: string | null;
  /** The address of the stream; it holds no token. */
  websocketUrl?: string;
}

/** The query of `interactions.list`. */
export interface InteractionsQuery {
  sort?: "id" | "assignedUserId" | "patient" | "createdAt" | "endedAt" | "updatedAt";
  direction?: "asc" | "desc";
  /** Entries a page. Default 10. */
  pageSize?: number;
  /** The page, from 1. */
  index?: number;
  encounterStatus?: EncounterStatus | EncounterStatus[];
  /** The patient's identifier. */
  patient?: string;
}

/** A page of `interactions.list`; iterated it is its entries and those of all further pages. */
export interface InteractionsPage extends AsyncIterable<Interaction> {
  interactions: Interaction[];
  /** The same as `interactions`. */
  data: Interaction[];
  /** Whether there may be another page: this one is full. */
  hasNextPage(): boolean;
  /** The next page; an empty one after the last. */
  getNextPage(): Promise<InteractionsPage>;
}

/** `client.interactions` */
export interface Interactions {
  create(body: InteractionCreate, options?: RequestOptions): Promise<{ interactionId: string; websocketUrl: string }>;
  /** Awaited it is the first page; iterated with `for await` it is every entry of all pages, fetched as they are needed. */
  list(query?: InteractionsQuery, options?: RequestOptions): Promise<InteractionsPage> & AsyncIterable<Interaction>;
  get(id: string, options?: RequestOptions): Promise<Interaction>;
  update(id: string, body: InteractionUpdate, options?: RequestOptions): Promise<Interaction>;
  delete(id: string, options?: RequestOptions): Promise<null>;
}

// Facts

export type FactSource = "core" | "system" | "user";

/** A clinical fact. */
export interface Fact {
  id: string;
  text: string;
  /** Key of the fact group, such as `allergies`. */
  group: string;
  groupId: string;
  isDiscarded: boolean;
  source: FactSource;
  createdAt?: string;
  updatedAt?: string | null;
  evidence?: { type: string; reference: string; quote: string }[];
}

/** A fact group with its names in several languages. */
export interface FactGroup {
  id: string;
  key: string;
  translations: { id: number | string; languagesId: string; name: string }[];
}

/** `client.facts` */
export interface Facts {
  factGroupsList(options?: RequestOptions): Promise<{ data: FactGroup[] }>;
  list(interactionId: string, options?: RequestOptions): Promise<{ facts: Fact[] }>;
  create(
    interactionId: string,
    body: { facts: { text: string; group: string; source?: FactSource }[] },
    options?: RequestOptions,
  ): Promise<{ facts: Fact[] }>;
  update(
    interactionId: string,
    factId: string,
    body: { text?: string; group?: string; source?: FactSource; isDiscarded?: boolean },
    options?: RequestOptions,
  ): Promise<Fact>;
  batchUpdate(
    interactionId: string,
    body: { facts: { factId: string; text?: string; group?: string; isDiscarded?: boolean }[] },
    options?: RequestOptions,
  ): Promise<{ facts: Fact[] }>;
  /** Facts of a text, which belongs to no interaction. */
  extract(
    body: { context: { type: "text"; text: string }[]; outputLanguage: string },
    options?: RequestOptions,
  ): Promise<{
    facts: { group: string; value: string; text: string }[];
    outputLanguage: string;
    usageInfo: { creditsConsumed: number };
  }>;
}

// Documents and templates

/** What a document is made from. Several objects are accepted only if all are transcripts. */
export type DocumentContext =
  | { type: "facts"; data: { text: string; group?: string; source?: FactSource }[] }
  | {
      type: "transcript";
      data: { text: string; channel?: number; participant?: number; speakerId?: number; start?: number; end?: number };
    }
  | { type: "string"; data: string };

/** A template put together for one document. */
export type DocumentTemplate =
  | { sectionKeys: string[]; documentName?: string; additionalInstructions?: string }
  | { sections: { key: string; nameOverride?: string }[] };

/** The body of `documents.classic.create`: either `templateKey` or `template`. */
export type DocumentCreate = {
  /** The service uses facts as they are sent: leave discarded ones out. */
  context: DocumentContext[];
  /** Language of the document, as a BCP 47 tag. */
  outputLanguage: string;
  name?: string;
  documentationMode?: "global_sequential" | "routed_parallel";
  disableGuardrails?: boolean;
} & ({ templateKey: string; template?: never } | { template: DocumentTemplate; templateKey?: never });

/** A section of a document. */
export interface DocumentSection {
  key: string;
  name: string;
  text: string;
  sort: number;
  createdAt?: string;
  updatedAt?: string;
}

/** A generated document. */
export interface ClassicDocument {
  id: string;
  name: string;
  templateRef: string;
  isStream?: boolean;
  sections: DocumentSection[];
  createdAt?: string;
  updatedAt?: string;
  outputLanguage: string;
  usageInfo?: { creditsConsumed: number };
}

/** `client.documents` */
export interface Documents {
  /** Documents of an interaction. `create`, and the others with the interaction's id first, are here without `classic` too. */
  readonly classic: ClassicDocuments;
  create: ClassicDocuments["create"];
  /** A document of the newer, guided form. */
  generate(body: DocumentGenerate, options?: RequestOptions): Promise<{ document: GuidedDocument; usageInfo?: { creditsConsumed: number } }>;
  list(query?: Record<string, string | number | boolean | string[]>, options?: RequestOptions): Promise<{ data: GuidedDocument[] }>;
  list(interactionId: string, options?: RequestOptions): Promise<{ data: ClassicDocument[] }>;
  get(documentId: string, options?: RequestOptions): Promise<GuidedDocument>;
  get(interactionId: string, documentId: string, options?: RequestOptions): Promise<ClassicDocument>;
  update(documentId: string, body: Record<string, unknown>, options?: RequestOptions): Promise<GuidedDocument>;
  update(interactionId: string, documentId: string, body: DocumentUpdate, options?: RequestOptions): Promise<ClassicDocument>;
  delete(documentId: string, options?: RequestOptions): Promise<null>;
  delete(interactionId: string, documentId: string, options?: RequestOptions): Promise<null>;
}

/** The body of `documents.generate`: exactly one of the three templates, and an interaction or a context. */
export type DocumentGenerate = {
  interactionId?: string;
  context?: Record<string, unknown>[];
  outputLanguage?: string;
  name?: string;
} & (
  | { templateRef: Record<string, unknown>; assemblyTemplate?: never; dynamicTemplate?: never }
  | { assemblyTemplate: Record<string, unknown>; templateRef?: never; dynamicTemplate?: never }
  | { dynamicTemplate: Record<string, unknown>; templateRef?: never; assemblyTemplate?: never }
);

/** A document of the guided form. It has no `id` if it was not kept. */
export interface GuidedDocument {
  id?: string;
  name?: string;
  [key: string]: unknown;
}

/** What can be changed of a document: what is absent stays. */
export interface DocumentUpdate {
  name?: string;
  sections?: { key: string; name?: string; text?: string; sort?: number }[];
}

/** `client.documents.classic` */
export interface ClassicDocuments {
  create(interactionId: string, body: DocumentCreate, options?: RequestOptions): Promise<ClassicDocument>;
  list(interactionId: string, options?: RequestOptions): Promise<{ data: ClassicDocument[] }>;
  get(interactionId: string, documentId: string, options?: RequestOptions): Promise<ClassicDocument>;
  update(interactionId: string, documentId: string, body: DocumentUpdate, options?: RequestOptions): Promise<ClassicDocument>;
  delete(interactionId: string, documentId: string, options?: RequestOptions): Promise<null>;
}

/** A form that documents take. */
export interface Template {
  key: string;
  name: string;
  description?: string | null;
  updatedAt?: string;
  translations?: { languageId: string; name: string; description?: string }[];
  templateSections?: { sort: number; section: { key: string; name: string; description?: string } }[];
}

/** `client.templates` */
export interface Templates {
  list(
    query?: { org?: string | string[]; lang?: string | string[]; status?: string | string[] },
    options?: RequestOptions,
  ): Promise<{ data: Template[] }>;
  get(key: string, options?: RequestOptions): Promise<Template>;
  sectionList(
    query?: { org?: string | string[]; lang?: string | string[] },
    options?: RequestOptions,
  ): Promise<{ data: TemplateSection[] }>;
}

/** A section that templates are put together from. */
export interface TemplateSection {
  key: string;
  name: string;
  description?: string;
  type?: string;
  updatedAt?: string | null;
  translations?: { languageId: string; name: string; description?: string }[];
}

// Recordings, transcripts, languages

/** `client.recordings`: audio that belongs to an interaction, such as what could not be streamed. */
export interface Recordings {
  list(interactionId: string, options?: RequestOptions): Promise<{ recordings: string[] }>;
  /** At most 150 MB and 120 minutes. A large file takes longer than a call usually may: give `timeoutInSeconds`. */
  upload(
    file: Blob | BufferSource,
    interactionId: string,
    options?: RequestOptions & {
      /** Told how many bytes have gone out. Not with a `fetch` of your own, which has no such news. */
      onUploadProgress?: (progress: { loaded: number; total: number }) => void;
    },
  ): Promise<{ recordingId: string }>;
  get(interactionId: string, recordingId: string, options?: RequestOptions): Promise<Blob>;
  delete(interactionId: string, recordingId: string, options?: RequestOptions): Promise<null>;
}

export type TranscriptStatus = "processing" | "completed" | "failed";

/** The transcript of a recording. */
export interface RecordingTranscript {
  id: string;
  recordingId: string;
  status: TranscriptStatus;
  /** `null` until it is completed. `start` and `end` in milliseconds. */
  transcripts:
    | { channel: number; participant: number; speakerId: number; text: string; start: number; end: number }[]
    | null;
  metadata?: { participantsRoles?: { channel: number; role: "doctor" | "patient" | "multiple" }[] | null };
  usageInfo?: { creditsConsumed: number };
}

/** `client.transcripts`: transcripts of recordings. */
export interface Transcripts {
  create(
    interactionId: string,
    body: {
      recordingId: string;
      /** As a BCP 47 tag. */
      primaryLanguage: string;
      /** Whether spoken punctuation becomes punctuation. */
      isDictation?: boolean;
      isMultichannel?: boolean;
      diarize?: boolean;
      participants?: { channel: number; role: "doctor" | "patient" | "multiple" }[];
    },
    options?: RequestOptions,
  ): Promise<RecordingTranscript>;
  list(
    interactionId: string,
    query?: { full?: boolean },
    options?: RequestOptions,
  ): Promise<{ transcripts: { id: string; transcriptSample: string }[] | null }>;
  get(interactionId: string, transcriptId: string, options?: RequestOptions): Promise<RecordingTranscript>;
  getStatus(interactionId: string, transcriptId: string, options?: RequestOptions): Promise<{ status: TranscriptStatus }>;
  delete(interactionId: string, transcriptId: string, options?: RequestOptions): Promise<null>;
  /** Asks for the status, ever less often, until it is no longer `processing`; then answers the transcript. */
  waitFor(interactionId: string, transcriptId: string, options?: RequestOptions): Promise<RecordingTranscript>;
}

/** `client.languages` */
export interface Languages {
  list(query?: { endpoint?: string }, options?: RequestOptions): Promise<{ languages?: unknown[]; [key: string]: unknown }>;
}
