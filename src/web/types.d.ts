/**
 * ossicle: real-time ambient clinical documentation in the browser.
 *
 * Names of resources, methods, parameters and results follow `@corti/sdk` 1.0. Timestamps are ISO 8601 texts; ids are
 * UUIDs; fields of a response that are not listed here stay on the object. Every promise settles: with a result, or with
 * an {@link OssicleError}.
 */

/** What kind of failure an {@link OssicleError} is. */
export type OssicleErrorCode =
  | "invalid_request"
  | "unauthorized"
  | "forbidden"
  | "not_found"
  | "conflict"
  | "rate_limited"
  | "server_error"
  | "timeout"
  | "aborted"
  | "network"
  | "config_rejected"
  | "connection_lost"
  | "protocol"
  | "audio_unsupported"
  | "microphone_denied"
  | "microphone_missing"
  | "not_initialised";

/** What every failure of the package is. Its message holds no token and no clinical text. */
export class OssicleError extends Error {
  private constructor();
  readonly name: "OssicleError";
  /** For programs to match on. */
  readonly code: OssicleErrorCode;
  /** What happened and what to do, for people. */
  readonly message: string;
  /** Whether the same call may succeed later without a change. */
  readonly retryable: boolean;
  /** HTTP status, where there was one. */
  readonly statusCode?: number;
  /** The service's id of the request, for its support. */
  readonly requestId?: string;
  /** What the service answered. It may quote the request; it is not enumerable, so logs leave it out. */
  readonly body?: unknown;
  /** The exception behind this one, where there was one. */
  readonly cause?: unknown;
}

/** What {@link preflight} found. */
export interface Preflight {
  /** Whether nothing is missing. */
  ok: boolean;
  /** What is missing. */
  missing: (
    | "secure-context"
    | "webassembly"
    | "websocket"
    | "audio-worklet"
    | "get-user-media"
    | "microphone"
    | "microphone-permission"
  )[];
  /** What is known of the microphone without asking the user. */
  microphone: "granted" | "denied" | "prompt" | "missing" | "unknown";
}

/** Tells what this browser lacks for a visit. It needs no `init`, and asks the user nothing. */
export function preflight(): Promise<Preflight>;

/** A token as text, or with the seconds that it is good for. */
export type Token = string | { accessToken: string; expiresIn?: number };

/**
 * Where tokens come from: a fixed one, or a function that is asked before every request whose token is within 30
 * seconds of its end, and before every (re)connection of a stream. Visits outlast tokens: prefer the function.
 */
export type Auth = { accessToken: string; expiresIn?: number } | (() => Token | Promise<Token>);

/** The service's region, or full URLs: a proxy of your own, or the sandbox. */
export type Environment = "eu" | "us" | { base: string; wss: string; login?: string };

/** Options of {@link OssicleClient}. */
export interface OssicleClientOptions {
  environment: Environment;
  /** The tenant, sent as `Tenant-Name` and on the socket. */
  tenantName: string;
  auth: Auth;
  /** Another source of tokens for the socket, for tokens of the limited scope `streams`. Default: `auth`. */
  streamAuth?: Auth;
  /** Tries after the first one. Default 2. */
  maxRetries?: number;
  /** Seconds for each attempt of a request. Default 60. */
  timeoutInSeconds?: number;
  /** Sent with every request. */
  headers?: Record<string, string>;
  /** Used in place of the global `fetch`. */
  fetch?: (request: Request) => Promise<Response>;
}

/** Options of a single call. */
export interface RequestOptions {
  /** Aborts the call and its fetch; it rejects with the code `aborted`. */
  abortSignal?: AbortSignal;
  /** Seconds for each attempt. */
  timeoutInSeconds?: number;
  /** Tries after the first one. */
  maxRetries?: number;
  headers?: Record<string, string>;
  queryParams?: Record<string, string>;
}

/** The entry to everything. Await `init()` before creating one. */
export class OssicleClient {
  constructor(options: OssicleClientOptions);
  readonly interactions: Interactions;
  readonly facts: Facts;
  readonly documents: Documents;
  readonly templates: Templates;
  readonly stream: Streams;
  readonly microphones: Microphones;
  free(): void;
  [Symbol.dispose](): void;
}

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

// Streams

/** The configuration of a stream, as the service has it. */
export interface StreamConfiguration {
  transcription: {
    /** Language spoken, as a BCP 47 tag. */
    primaryLanguage: string;
    /** Whether to tell speakers apart within a channel. */
    diarize?: boolean;
    /** @deprecated The former name of `diarize`. */
    isDiarization?: boolean;
    /** Whether each channel holds one participant. */
    isMultichannel?: boolean;
    participants: { channel: number; role: "doctor" | "patient" | "multiple" }[];
  };
  mode:
    | { type: "facts"; outputLocale: string; factGenerationInterval?: "fixed" | "fast_init" }
    | { type: "transcription"; outputLocale?: string };
  /** MIME type of the audio. Filled in from `audio` unless given. */
  audioFormat?: string;
  retentionPolicy?: "retain" | "none";
  audioEvents?: { enabled: boolean };
  /** At most 1,000. */
  replacements?: { find: string; replace: string }[];
  /** At most 1,000 terms of at most 50 characters. */
  keyterms?: { terms: { term: string }[] };
}

/** Options of `stream.connect`. */
export interface StreamOptions {
  /** The interaction's id. */
  id: string;
  configuration: StreamConfiguration;
  audio?: {
    /** Default `auto`: the best that this version has, which is PCM. */
    encoding?: "auto" | "pcm";
    /** Hz of what is sent. Default 16,000; more buys nothing in recognition. */
    sampleRate?: number;
    /** Channels of what is sent. Default 1: several planes are averaged. */
    channels?: number;
    /** Milliseconds of audio in a message, 100 to 1,000. Default 250. */
    chunkMs?: number;
  };
  /** Whether `connect` waits for the service to accept the configuration. Default true. */
  awaitConfiguration?: boolean;
  /** Failed attempts in a row after which the stream fails. Default 30. */
  reconnectAttempts?: number;
  /** Seconds until the configuration must have been accepted; also for each later attempt. Default 15. */
  connectionTimeoutInSeconds?: number;
  /** Aborts the attempt to connect, and closes the stream. */
  abortSignal?: AbortSignal;
  /** A socket elsewhere than at the service. Tenant and token are then the proxy's business. */
  proxy?: { url: string; protocols?: string[] | Record<string, string>; queryParameters?: Record<string, string> };
  /** Seconds of audio that are kept for a reconnect. Default 120. */
  bufferSeconds?: number;
  /** Seconds after which sent audio counts as heard without a transcript. Default 30. */
  acknowledgeAfterSeconds?: number;
  /** Multiple of real time at which held audio is sent after a reconnect. Default 1.5. */
  catchUpRate?: number;
}

export type StreamState =
  | "connecting"
  | "configuring"
  | "streaming"
  | "reconnecting"
  | "ending"
  | "ended"
  | "failed";

/** A piece of the transcript. */
export interface TranscriptSegment {
  id: string;
  transcript: string;
  /** `false` for an interim item, which a later one may replace. */
  final: boolean;
  /** −1 without diarization. */
  speakerId: number;
  participant: { channel: number; role?: "doctor" | "patient" | "multiple" };
  /** Seconds since the visit's first audio. */
  time: { start: number; end: number };
}

/** Figures of a stream. Always: captured = acknowledged + inFlight + buffered + dropped. */
export interface StreamStats {
  capturedSeconds: number;
  /** Handed to a socket, each second counted once. */
  sentSeconds: number;
  /** Heard by the service for certain. */
  acknowledgedSeconds: number;
  /** Handed to the present socket and not acknowledged. */
  inFlightSeconds: number;
  /** Handed to a socket again after a reconnect. */
  replayedSeconds: number;
  /** Given up because the buffer was full. */
  droppedSeconds: number;
  /** Waiting to be sent. */
  bufferedSeconds: number;
  /** Bytes held in memory for a replay. */
  bufferedBytes: number;
  /** Bytes of audio sent, replays included. */
  bytesSent: number;
  /** Sockets opened after the first. */
  reconnects: number;
}

/** The events of a stream and what their listeners get. */
export interface StreamEvents {
  state: { type: "state"; state: StreamState; previous: StreamState; reason?: string };
  /** `replaced`: ids of interim items that these segments replace. */
  transcript: { type: "transcript"; segments: TranscriptSegment[]; replaced: string[] };
  /** New facts, and known ones (by `id`) with a new text. */
  facts: { type: "facts"; facts: Fact[] };
  flushed: { type: "flushed" };
  /** Credits used so far, or in total. */
  usage: { type: "usage"; credits: number; total: boolean };
  audioEvent: { type: "audioEvent"; data: { event: string; channel?: number; startTimeMs?: number } };
  /** About ten a second and channel; dBFS. */
  level: { type: "level"; channel: number; rms: number; peak: number; clipped: number };
  /** Seconds since the visit's first audio. */
  audioDropped: { type: "audioDropped"; start: number; end: number; reason: string };
  /** Whether the stream goes on, `state` says. */
  error: OssicleError;
  ended: { type: "ended"; usage?: number };
  /** Every message of the service as it came. */
  message: { type: string; [key: string]: unknown };
}

/** What a stream came to. */
export interface StreamSummary {
  /** Credits of the whole stream, where the service said so. */
  usage?: number;
  stats: StreamStats;
}

/** `client.stream` */
export class Streams {
  private constructor();
  /** Resolves when the service has accepted the configuration. */
  connect(options: StreamOptions): Promise<Stream>;
}

/** A stream of an interaction. It lives until it ended, failed or was closed, even if you let go of the object. */
export class Stream {
  private constructor();
  readonly state: StreamState;
  readonly stats: StreamStats;
  /** The transcript so far in time order, interim items included. */
  readonly transcript: TranscriptSegment[];
  /** What is declared to the service as the audio's format. */
  readonly audioFormat: string;
  /** Adds a listener, any number for an event. What it returns takes it off again. */
  on<E extends keyof StreamEvents>(event: E, listener: (payload: StreamEvents[E]) => void): () => void;
  /** As `on`, for the next event only. */
  once<E extends keyof StreamEvents>(event: E, listener: (payload: StreamEvents[E]) => void): () => void;
  /** Takes a listener off an event; all of them if none is given. */
  off<E extends keyof StreamEvents>(event: E, listener?: (payload: StreamEvents[E]) => void): void;
  /** Captures a source. Call it from a click or a key: browsers start audio only then. */
  attach(source: MediaStream | MediaStreamTrack | AudioNode | Microphone): Promise<void>;
  /** Stops capturing; the stream goes on. Resolves when the last captured audio has been taken. */
  detach(): Promise<void>;
  /** Takes frames of a worklet of your own: one array a channel, all of one length, −1 to 1; their rate in Hz. */
  pushFrame(planes: Float32Array[], sampleRate: number): void;
  /** Has the service answer what is pending; resolves when it has. The stream goes on. */
  flush(): Promise<StreamSummary>;
  /** Sends what is held, ends the stream, and resolves when the service has confirmed it. */
  end(): Promise<StreamSummary>;
  /** Stops at once; what is pending is rejected with the code `aborted`. */
  close(): void;
  /** Closes, and frees the memory. */
  free(): void;
  [Symbol.dispose](): void;
}

// Microphones

/** `client.microphones` */
export class Microphones {
  private constructor();
  /** The microphones. Their labels are empty until the user has allowed one. */
  list(): Promise<{ deviceId: string; label: string }[]>;
  /**
   * Opens one; the browser may ask the user. `conversation` (default) has echo cancellation, noise suppression and
   * gain control on, `dictation` off.
   */
  open(options?: { deviceId?: string; preset?: "conversation" | "dictation" }): Promise<Microphone>;
}

/** An open microphone. */
export class Microphone {
  private constructor();
  readonly mediaStream: MediaStream;
  readonly label: string;
  /** Lets go of the device. */
  close(): void;
  free(): void;
  [Symbol.dispose](): void;
}
