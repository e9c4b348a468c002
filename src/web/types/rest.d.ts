
// Interactions

/** Where an encounter is on its way. */
export type EncounterStatus = "planned" | "in-progress" | "on-hold" | "completed" | "cancelled" | "deleted";
/** What kind of encounter it is. */
export type EncounterType = "first_consultation" | "consultation" | "emergency" | "inpatient" | "outpatient";

/** A point in time to send: an ISO 8601 text, or a `Date`. What the service answers is always text, in UTC. */
export type Time = string | Date;

/** What brings clinician and patient together. */
export interface Encounter<T extends Time = string> {
  /** The encounter's id in your system. */
  identifier: string;
  /** Where it is on its way. */
  status: EncounterStatus;
  /** What kind it is. */
  type: EncounterType;
  /** When it begins, and when it ends. */
  period?: { startedAt: T; endedAt?: T | null } | null;
  /** A name for people to read. */
  title?: string | null;
}

/** The patient, as far as the service needs to know. */
export interface Patient<T extends Time = string> {
  /** The patient's id in your system. */
  identifier: string;
  /** The name, if the service is to know it. */
  name?: string | null;
  /** As your system has it. */
  gender?: "male" | "female" | "unknown" | "other" | null;
  /** A date, or a date and time. */
  birthDate?: T | null;
  /** As the patient likes to be spoken of. */
  pronouns?: string | null;
}

/** The body of `interactions.create`. */
export interface InteractionCreate {
  /** Who leads the visit, as a UUID. Default: one of the service's making. */
  assignedUserId?: string;
  /** The encounter; `identifier`, `status` and `type` must be there. */
  encounter: Encounter<Time>;
  /** The patient, if the service is to know. */
  patient?: Patient<Time>;
}

/** The body of `interactions.update`: what is absent stays. */
export interface InteractionUpdate {
  /** Who leads the visit, as a UUID. */
  assignedUserId?: string;
  /** What changes of the encounter. */
  encounter?: Partial<Encounter<Time>>;
  /** What changes of the patient. */
  patient?: Partial<Patient<Time>>;
}

/**
 * An interaction. In lists the service puts odd values in the place of absent ones: `"-"` in each field of a patient that there is not,
 * `0001-01-01T00:00:00Z` for a time, `""` for pronouns. They are passed on as they come. Fractions of seconds have up to nine digits.
 */
export interface Interaction {
  /** A UUID, of the service's making. */
  id: string;
  /** Who leads the visit, as a UUID. */
  assignedUserId?: string | null;
  /** The encounter. */
  encounter: Encounter;
  /** The patient, if the service was told. */
  patient?: Patient | null;
  /** When it was made. */
  createdAt: string;
  /** When it was last changed. */
  updatedAt: string;
  /** `null` or absent while it is not over. */
  endedAt?: string | null;
  /** The same as `updatedAt`. */
  lastUpdated?: string;
  /** Why it is to be deleted, or was. */
  deletionReason?: string | null;
  /** When it is to be deleted. */
  scheduleDeletionAt?: string | null;
  /** When it was deleted. */
  deletedAt?: string | null;
  /** The address of the stream; it holds no token. */
  websocketUrl: string;
}

/** The query of `interactions.list`. */
export interface InteractionsQuery {
  /** What the list is ordered by. Default `createdAt`. */
  sort?: "id" | "assignedUserId" | "patient" | "createdAt" | "endedAt" | "updatedAt";
  /** Default `desc`: the newest first. */
  direction?: "asc" | "desc";
  /** Entries a page. Default 10. */
  pageSize?: number;
  /** The page, from 1. */
  index?: number;
  /** Only interactions in this state. Several, which are sent as they are given, were seen not to work. */
  encounterStatus?: EncounterStatus | EncounterStatus[];
  /** The patient's identifier. */
  patient?: string;
}

/** A page of `interactions.list`; iterated it is its entries and those of all further pages. */
export interface InteractionsPage extends AsyncIterable<Interaction> {
  /** The entries of this page. */
  interactions: Interaction[];
  /** The same as `interactions`. */
  data: Interaction[];
  /** The service's answer for this page. */
  response: { interactions: Interaction[] };
  /** Whether there may be another page: this one is not empty. */
  hasNextPage(): boolean;
  /** Turns to the next page and answers itself; past the last one it is empty. */
  getNextPage(): Promise<this>;
}

/** `client.interactions` */
export interface Interactions {
  /** Answers the new interaction's id, and the address of its stream without a token. */
  create(body: InteractionCreate, options?: RequestOptions): Promise<{ interactionId: string; websocketUrl: string }>;
  /** Awaited it is the first page; iterated with `for await` it is every entry of all pages, fetched as they are needed. */
  list(query?: InteractionsQuery, options?: RequestOptions): Promise<InteractionsPage> & AsyncIterable<Interaction>;
  /** One interaction by its id. */
  get(id: string, options?: RequestOptions): Promise<Interaction>;
  /** Such as `{ encounter: { status: "in-progress" } }`; within an encounter or a patient too, what is absent stays. */
  update(id: string, body?: InteractionUpdate, options?: RequestOptions): Promise<Interaction>;
  /** Deletes the interaction and all that belongs to it. */
  delete(id: string, options?: RequestOptions): Promise<void>;
}

// Facts

/** Where a fact comes from: `core` the service, `system` another system such as the record, `user` a person. */
export type FactSource = "core" | "system" | "user";

/** A clinical fact. */
export interface Fact {
  /** The fact's id. */
  id: string;
  /** What it says. */
  text: string;
  /** Key of the fact group, such as `allergies`. */
  group: string;
  /** An id that the service gives the fact's group. It is no key: one was seen for two groups. Go by `group`. */
  groupId: string;
  /** Whether it was put aside: by the clinician, or by the service, which takes facts back. It stays in the list. */
  isDiscarded: boolean;
  /** Where it comes from. */
  source: FactSource;
  /** When it was found or added. The answer of `facts.create` is without. */
  createdAt?: string;
  /** When it was last changed. */
  updatedAt?: string | null;
  /** What it was taken from, in lists alone: `quote` is what was said. */
  evidence?: { type?: string; reference?: string; quote?: string }[];
}

/** A fact group with its names in several languages. */
export interface FactGroup {
  /** The group's id. */
  id: string;
  /** What facts name it by, such as `allergies`. */
  key: string;
  /** Its names, one a language. */
  translations: { id: number | string; languagesId: string; name: string }[];
}

/** What `facts.create` makes a fact of. */
export interface FactCreate {
  /** What it says. */
  text: string;
  /** Key of the fact group, one of those of `factGroupsList`. */
  group: string;
  /** Default `user`. */
  source?: FactSource;
}

/** What can be changed of a fact: what is absent stays. */
export interface FactUpdate {
  /** What it says from now on. */
  text?: string;
  /** Key of the fact group that it goes to. */
  group?: string;
  /** Who says so: `user` for an edit of the clinician's. */
  source?: FactSource;
  /** A discarded fact stays in the list: leave it out of what you send for a document. */
  isDiscarded?: boolean;
}

/** A fact of a text. */
export interface ExtractedFact {
  /** Key of the fact group. */
  group: string;
  /** What it says. */
  text: string;
  /** The older name of `text`. */
  value: string;
}

/** What a call has cost. */
export interface UsageInfo {
  /** In the service's credits. */
  creditsConsumed: number;
}

/** `client.facts` */
export interface Facts {
  /** The groups that facts belong to, in order. There is no other list of them. */
  factGroupsList(options?: RequestOptions): Promise<{ data: FactGroup[] }>;
  /** All facts of an interaction, discarded ones too. */
  list(interactionId: string, options?: RequestOptions): Promise<{ facts: Fact[] }>;
  /** At least one fact. Those from before a stream are context for it. */
  create(interactionId: string, body: { facts: FactCreate[] }, options?: RequestOptions): Promise<{ facts: Fact[] }>;
  /** Changes one fact, and answers it as it is then. */
  update(interactionId: string, factId: string, body?: FactUpdate, options?: RequestOptions): Promise<Fact>;
  /** Changes several facts: all of them, or none if one cannot be changed. */
  batchUpdate(
    interactionId: string,
    body: { facts: { factId: string; text?: string; group?: string; isDiscarded?: boolean }[] },
    options?: RequestOptions,
  ): Promise<{ facts: Fact[] }>;
  /** Facts of a text, which belongs to no interaction. The service takes one context alone. */
  extract(
    body: {
      context: { type: "text"; text: string }[];
      /** As a BCP 47 tag. */
      outputLanguage: string;
    },
    options?: RequestOptions,
  ): Promise<{ facts: ExtractedFact[]; outputLanguage: string; usageInfo: UsageInfo }>;
}

// Recordings, transcripts, languages

/** What can be uploaded. A stream is read to its end first. */
export type Uploadable = Blob | BufferSource | ReadableStream<Uint8Array>;

/** A recording's bytes: a Blob, which also has the methods of the body that `@corti/sdk` answers. It can be read often. */
export interface RecordingFile extends Blob {
  /** The Blob itself. */
  blob(): Promise<Blob>;
  /** Always `false`. */
  readonly bodyUsed: boolean;
}

/** `client.recordings`: audio that belongs to an interaction, such as what could not be streamed. */
export interface Recordings {
  /** The ids of an interaction's recordings. */
  list(interactionId: string, options?: RequestOptions): Promise<{ recordings: string[] }>;
  /** At most 150 MB and 120 minutes. A large file takes longer than a call usually may: give `timeoutInSeconds`. */
  upload(
    file: Uploadable | { data: Uploadable },
    interactionId: string,
    options?: RequestOptions & {
      /** Told how many bytes have gone out. Not with a `fetch` of your own, which has no such news. */
      onUploadProgress?: (progress: { loaded: number; total: number }) => void;
    },
  ): Promise<{ recordingId: string }>;
  /** The bytes as they were uploaded. */
  get(interactionId: string, recordingId: string, options?: RequestOptions): Promise<RecordingFile>;
  /** Its transcripts stay. */
  delete(interactionId: string, recordingId: string, options?: RequestOptions): Promise<void>;
}

/** How far the making of a transcript is. */
export type TranscriptStatus = "processing" | "completed" | "failed";

/** What somebody says in one go. */
export interface RecordingPhrase {
  /** From 0. */
  channel: number;
  /** A place in the list of participants. */
  participant: number;
  /** -1 without diarization. */
  speakerId: number;
  /** What was said. */
  text: string;
  /** Milliseconds from the recording's start. */
  start: number;
  /** Milliseconds from the recording's start. */
  end: number;
}

/** Who speaks on a channel. */
export interface RecordingParticipant {
  /** From 0. */
  channel: number;
  /** Who it is: `doctor`, `patient`, `multiple` for a channel that several share, or another word that the service takes. */
  role: string;
}

/** The transcript of a recording. */
export interface RecordingTranscript {
  /** The transcript's id. */
  id: string;
  /** Id of the recording that it is of. */
  recordingId: string;
  /** How far it is. */
  status: TranscriptStatus;
  /** `null` until it is completed. */
  transcripts: RecordingPhrase[] | null;
  /** Who speaks on which channel, as it was asked for. */
  metadata: { participantsRoles?: RecordingParticipant[] | null };
  /** What it has cost. */
  usageInfo: UsageInfo;
}

/** What `transcripts.list` tells of a transcript. */
export interface RecordingTranscriptSummary {
  /** The transcript's id. */
  id: string;
  /** How it begins. */
  transcriptSample: string;
  /** All of it, with `full: true`. */
  transcript?: { metadata: RecordingTranscript["metadata"]; transcripts: RecordingPhrase[] };
}

/** `client.transcripts`: transcripts of recordings. */
export interface Transcripts {
  /** Asks for a transcript. What takes less than 25 s is in the answer, `completed`; else see `waitFor`. */
  create(
    interactionId: string,
    body: {
      recordingId: string;
      /** As a BCP 47 tag. */
      primaryLanguage: string;
      /** Whether spoken punctuation becomes punctuation. */
      isDictation?: boolean;
      /** Whether each channel is a participant. */
      isMultichannel?: boolean;
      /** Whether speakers on one channel are told apart. Not with `participants`, unless `isMultichannel` is `true` too. */
      diarize?: boolean;
      /** Who speaks on which channel. */
      participants?: RecordingParticipant[];
      /** Whether spoken punctuation becomes punctuation: the newer name. */
      spokenPunctuation?: boolean;
      /** Whether punctuation is put in. */
      automaticPunctuation?: boolean;
      /** Whether the service answers at once, without waiting for what may be ready soon. */
      async?: boolean;
      /** Words that are likely. */
      keyterms?: { terms: { term: string }[] };
      /** What is to be written in another way. */
      replacements?: { find: string; replace: string }[];
    },
    options?: RequestOptions,
  ): Promise<RecordingTranscript>;
  /** The transcripts of an interaction; `full` (default `false`): with what was said. */
  list(
    interactionId: string,
    query?: { full?: boolean },
    options?: RequestOptions,
  ): Promise<{ transcripts: RecordingTranscriptSummary[] | null }>;
  /** What is there of a transcript; nothing was said in it until it is `completed`. */
  get(interactionId: string, transcriptId: string, options?: RequestOptions): Promise<RecordingTranscript>;
  /** How far it is, and no more. */
  getStatus(interactionId: string, transcriptId: string, options?: RequestOptions): Promise<{ status: TranscriptStatus }>;
  /** Deletes the transcript; its recording stays. */
  delete(interactionId: string, transcriptId: string, options?: RequestOptions): Promise<void>;
  /** Asks for the status, ever less often, until it is no longer `processing`; then answers the transcript. */
  waitFor(interactionId: string, transcriptId: string, options?: RequestOptions): Promise<RecordingTranscript>;
}

/** `client.languages` */
export interface Languages {
  /** Which languages the service knows, of all endpoints or of one. What the object holds is not documented: it is as it came. */
  list(
    query?: { endpoint?: "streams" | "transcribe" | "transcripts" },
    options?: RequestOptions,
  ): Promise<{ languages: Record<string, unknown>; [key: string]: unknown }>;
}
