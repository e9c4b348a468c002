
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

/** `client.interactions` */
export class Interactions {
  private constructor();
  create(body: InteractionCreate, options?: RequestOptions): Promise<{ interactionId: string; websocketUrl: string }>;
  /** One page. */
  list(query?: InteractionsQuery, options?: RequestOptions): Promise<{ interactions: Interaction[] }>;
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
export class Facts {
  private constructor();
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
export class Documents {
  private constructor();
  readonly classic: ClassicDocuments;
}

/** `client.documents.classic` */
export class ClassicDocuments {
  private constructor();
  create(interactionId: string, body: DocumentCreate, options?: RequestOptions): Promise<ClassicDocument>;
  list(interactionId: string, options?: RequestOptions): Promise<{ data: ClassicDocument[] }>;
  get(interactionId: string, documentId: string, options?: RequestOptions): Promise<ClassicDocument>;
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
export class Templates {
  private constructor();
  list(
    query?: { org?: string | string[]; lang?: string | string[]; status?: string | string[] },
    options?: RequestOptions,
  ): Promise<{ data: Template[] }>;
  get(key: string, options?: RequestOptions): Promise<Template>;
}
