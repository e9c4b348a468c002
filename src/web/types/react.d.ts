/**
 * `ossicle/react`: visits, streams and microphones as React hooks, for React 18 and newer.
 *
 * A hook answers plain state and functions. The functions are the same ones in every render, and none of them rejects or throws:
 * a failure is `error` in the state. Options may be another object in each render; what counts is what they are when something
 * begins. What a component began is let go of when it goes: its socket, its microphone, its visit. In StrictMode, where React mounts
 * each component twice, there is one of each all the same. Importing this touches nothing, so a server may render with it.
 */

import type {
  DocumentOutcome,
  Fact,
  Microphone,
  OssicleClient,
  OssicleError,
  RequestOptions,
  Stream,
  StreamOptions,
  StreamState,
  StreamSummary,
  StreamWarning,
  TemplateOffer,
  TranscriptSegment,
  Visit,
  VisitDocument,
  VisitFact,
  VisitOptions,
  VisitResumeOptions,
  VisitSource,
  WrittenDocument,
} from "./ossicle.js";

/** What {@link useClient} answers. */
export interface ClientHandle {
  /** The client, once it is there. */
  readonly client: OssicleClient | undefined;
  /** Why it could not be made. */
  readonly error: unknown;
  /** Makes it anew, after a failure. */
  retry(): void;
}

/**
 * Makes a client when the component is first shown, in the browser alone:
 * `useClient(async () => { await init(); return new OssicleClient({ … }); })`. It is made once, and for the component's whole life;
 * call it near the root, and hand the client down.
 */
export function useClient(make: () => OssicleClient | Promise<OssicleClient>): ClientHandle;

/**
 * How it stands with a visit: `idle` before it begins; `starting` until the interaction is made and the stream is accepted; then the
 * stream's own states; `completed` at last. `failed`: it could not begin (there is no `visit`), or its stream failed (there is). A visit
 * that is taken up for its review, without a recording, is `ended`.
 */
export type VisitState = "idle" | "starting" | StreamState | "completed";

/** Options of {@link useVisit}: those of `client.visits.start`; or, with an `interactionId`, those of `client.visits.resume`. */
export type UseVisitOptions =
  | (VisitOptions & { interactionId?: string | undefined })
  | (VisitResumeOptions & { interactionId: string });

/** The facts of a visit as plain state, and what can be done with them: as `visit.facts`. */
export interface FactsHandle {
  /** All facts, by group, then by creation. One that has not changed is the same object as before. */
  readonly items: readonly VisitFact[];
  /** The groups that have facts, in the service's order; `name` is in the visit's language. */
  readonly groups: readonly { readonly group: string; readonly name: string; readonly facts: readonly VisitFact[] }[];
  /** All groups that there are, in the service's order; empty until the service has listed them. */
  readonly choices: readonly { readonly key: string; readonly name: string }[];
  /** The facts that are not discarded: those that a document is made from. */
  readonly kept: readonly VisitFact[];
  /** How many facts have edits that are not saved yet. */
  readonly pending: number;
  /** Whether there is something to undo. */
  readonly canUndo: boolean;
  /** Adds a fact of the clinician's. */
  add(fact: { text: string; group: string }): Promise<VisitFact | undefined>;
  /** Changes text, group or both. */
  edit(id: string, change: { text?: string; group?: string }): Promise<VisitFact | undefined>;
  /** Leaves a fact out of documents. */
  discard(id: string): Promise<VisitFact | undefined>;
  /** Takes a discarded fact back in. */
  restore(id: string): Promise<VisitFact | undefined>;
  /** Takes a fact's suggestion in place of the clinician's text. */
  accept(id: string): Promise<VisitFact | undefined>;
  /** Drops a fact's suggestion. */
  dismiss(id: string): void;
  /** Takes the last edit back, then the one before it; `false` if there is none. */
  undo(): boolean;
  /** Sends at once what waits to be sent, or to be tried again. */
  retry(): void;
}

/** What {@link useVisit} answers: another object whenever something in it is other than it was. */
export interface VisitHandle {
  /** How it stands. */
  readonly state: VisitState;
  /** The visit itself, once it has begun. */
  readonly visit: Visit | undefined;
  /** The visit's stream, also after its end; for {@link useLevel}, and for what the state does not show. */
  readonly stream: Stream | undefined;
  /** Whether the capture is paused. */
  readonly isPaused: boolean;
  /**
   * The transcript in time order, interim items included: draw it by `key`. A segment that has not changed is the same object as
   * before. When a visit goes on after its stream failed, the final ones stay.
   */
  readonly transcript: readonly TranscriptSegment[];
  /** Its facts, and what can be done with them. */
  readonly facts: FactsHandle;
  /** The last warning of the stream. */
  readonly warning: StreamWarning | undefined;
  /**
   * The last failure. It goes when it is over (the connection is there again, the edit is saved), when the visit begins anew, or by
   * `dismissError`.
   */
  readonly error: OssicleError | undefined;
  /**
   * Begins the visit: call it from a click or a key. Called while it is on its way or there, it answers that visit. After a failure it
   * goes on with the step that failed, for as long as the encounter's `identifier` is the same: no interaction is made twice.
   */
  start(): Promise<Visit | undefined>;
  /** Captures nothing until `resume`; the visit's time stands still. */
  pause(): void;
  /** Ends a pause. */
  resume(): void;
  /** Sends silence in place of a channel, or of all; time goes on. */
  mute(channel?: number): void;
  /** Ends a `mute`. */
  unmute(channel?: number): void;
  /** Ends the recording, and brings the last facts. The visit is there for its review. */
  end(): Promise<StreamSummary | undefined>;
  /** Ends what is still recorded, saves every edit, and gives the encounter the status `completed`. Answers whether it could. */
  complete(): Promise<boolean>;
  /** A document, once all edits have been saved. */
  document(request: VisitDocument, options?: RequestOptions): Promise<WrittenDocument | undefined>;
  /** What a document can be written with, guided templates first. */
  templates(options?: RequestOptions & { language?: string }): Promise<TemplateOffer[] | undefined>;
  /** Saves a document as it was corrected. */
  saveDocument(document: WrittenDocument, options?: RequestOptions): Promise<WrittenDocument | undefined>;
  /** Several documents at the same time; each has its own outcome. */
  documents(requests: VisitDocument[], options?: RequestOptions): Promise<DocumentOutcome[] | undefined>;
  /** The error has been read. */
  dismissError(): void;
  /** Stops at once, also what is on its way, and forgets all. The interaction stays as it is. */
  close(): void;
}

/**
 * One visit. Nothing is made by showing the component: `start` does. It is closed when the component goes; give the component the
 * encounter as its `key`, so that another encounter is another visit.
 */
export function useVisit(client: OssicleClient | undefined, options: UseVisitOptions | undefined): VisitHandle;

/** Options of {@link useStream}: those of `client.stream.connect`, and what is recorded. */
export interface UseStreamOptions extends Omit<StreamOptions, "id"> {
  /** The interaction's id. Another one closes the stream, and connects another. Without one there is none yet. */
  id: string | undefined;
  /**
   * What is recorded from the beginning on; a microphone that is opened for it is closed with the stream. A list has one channel of
   * the stream for each of its sources, in order.
   */
  source?: VisitSource | VisitSource[];
}

/** What {@link useStream} answers: another object whenever something in it is other than it was. */
export interface StreamHandle {
  /** `idle` while there is no client or no id, and after `close`. */
  readonly state: "idle" | StreamState;
  /** The stream itself, once there is one. */
  readonly stream: Stream | undefined;
  /** Whether the capture is paused. */
  readonly isPaused: boolean;
  /** As {@link VisitHandle.transcript}. */
  readonly transcript: readonly TranscriptSegment[];
  /** The facts of this stream, the first found first, each as it was told last. */
  readonly facts: readonly Fact[];
  /** The last warning. */
  readonly warning: StreamWarning | undefined;
  /** The last failure; it goes when the connection is there again. */
  readonly error: OssicleError | undefined;
  /** Connects anew once a stream has ended, failed or been closed. */
  connect(): Promise<Stream | undefined>;
  /** Captures a source. Call it from a click or a key. */
  attach(source: MediaStream | MediaStreamTrack | AudioNode | Microphone, options?: { channel?: number }): Promise<void>;
  /** Stops capturing a source, or all. */
  detach(source?: MediaStream | MediaStreamTrack | AudioNode | Microphone): Promise<void>;
  /** Captures nothing until `resume`; the visit's time stands still. */
  pause(): void;
  /** Ends a pause. */
  resume(): void;
  /** Sends silence in place of a channel, or of all; time goes on. */
  mute(channel?: number): void;
  /** Ends a `mute`. */
  unmute(channel?: number): void;
  /** Has the service answer what is pending. */
  flush(): Promise<StreamSummary | undefined>;
  /** Sends what is held, and ends the stream. */
  end(): Promise<StreamSummary | undefined>;
  /** Stops at once, and forgets all. */
  close(): void;
}

/**
 * A stream of an interaction that is there, connected as soon as there are a client and an `id`, for as long as the component is
 * shown. With a `source`, show the component after a click: browsers start audio only then.
 */
export function useStream(client: OssicleClient | undefined, options: UseStreamOptions | undefined): StreamHandle;

/** What {@link useMicrophones} answers: another object whenever something in it is other than it was. */
export interface MicrophonesHandle {
  /** The microphones of this machine, kept up to date. Their labels are empty until the user has allowed one. */
  readonly microphones: readonly { readonly deviceId: string; readonly label: string }[];
  /** Whether the user has allowed one, so that they have labels. */
  readonly isAllowed: boolean;
  /** The one that is chosen; `undefined` is the system's default. */
  readonly deviceId: string | undefined;
  /** The choice as a `source` of a visit or a stream: `useVisit(client, { …, source: microphones.source })`. */
  readonly source: { readonly deviceId?: string };
  /** Why they could not be listed or asked for. */
  readonly error: OssicleError | undefined;
  /** Chooses one; the default without an id. It counts for what begins afterwards. */
  select(deviceId?: string): void;
  /** Has the browser ask the user, if it must. Answers whether there are labels now. */
  ask(): Promise<boolean>;
  /** Lists them anew. */
  refresh(): Promise<void>;
}

/** The microphones of this machine, and which of them is chosen. No microphone is open. */
export function useMicrophones(client: OssicleClient | undefined): MicrophonesHandle;

/** How loud a channel is. */
export interface Level {
  /** dBFS, −Infinity for digital silence. */
  readonly rms: number;
  /** dBFS. */
  readonly peak: number;
  /** Samples at full scale. */
  readonly clipped: number;
  /** Of the stream. */
  readonly channel: number;
}

/**
 * The level of a channel, about ten times a second; `undefined` while nothing is captured. Only the component that calls it is drawn so
 * often: make the meter a component of its own.
 */
export function useLevel(stream: Stream | undefined, channel?: number): Level | undefined;
