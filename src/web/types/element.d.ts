/**
 * `ossicle/element`: `<ossicle-visit>`, a visit with a plain look: microphone, level, state, start, pause and end, transcript, facts to
 * edit and discard, and a note. Importing this defines the element, in a browser; on a server it touches nothing.
 *
 * It is light or dark as the page is (`color-scheme`), and fits into 320 pixels. It makes no style attribute and no markup from text: the
 * strictest Content-Security-Policy and Trusted Types may be on. Taken out of the page, it stops and lets go of the microphone.
 *
 * - Variables: the colours `--ossicle-background`, `--ossicle-surface`, `--ossicle-text`, `--ossicle-muted`, `--ossicle-line`,
 *   `--ossicle-border`, `--ossicle-accent`, `--ossicle-on-accent`, `--ossicle-recording`, `--ossicle-error`, `--ossicle-warning`; and
 *   `--ossicle-font`, `--ossicle-radius`, `--ossicle-gap`, `--ossicle-panel-height`.
 * - Parts: `visit`; `controls`, `microphone`, `label`, `select`, `status`, `state` (and `recording`), `level`, `level-bar` (and
 *   `clipped`), `actions`, `warning`, `error`; `button`, with `primary` or `quiet`, and each one's own: `start`, `cancel`,
 *   `pause`, `end`, `complete`, `edit`, `toggle`, `accept`, `dismiss`, `save`, `cancel-edit`, `write`; `panels`, `panel`,
 *   `heading`, `empty`; `transcript`, `scroll`, `log`, `interim-log`, `segment` (and `interim`), `speaker`, `words`; `facts`,
 *   `head`, `count`, `groups`, `group`, `group-heading`, `list`, `fact`, `fact-line`, `fact-words`, `fact-text` (and `struck`),
 *   `badge`, `fact-actions`, `suggestion`, `suggestion-text`, `editor`, `input`; `note`, `document`, `document-section`,
 *   `document-text`.
 * - Attribute: `state`, for a page's style sheet. It is the element's to set.
 */

import type {
  OssicleClient,
  OssicleError,
  OssicleErrorCode,
  StreamState,
  StreamSummary,
  StreamWarning,
  Visit,
  VisitDocument,
  VisitOptions,
  VisitResumeOptions,
  WrittenDocument,
} from "./ossicle.js";

/** How it stands with the visit: as `VisitState` of `ossicle/react`. */
export type OssicleVisitState = "idle" | "starting" | StreamState | "completed";

/** The element's words. Each may be another one: {@link OssicleVisitElement.labels}. */
export interface OssicleVisitLabels {
  /** A button: begins the visit. */
  start: string;
  /** The same, after a failure. */
  retry: string;
  /** The same, when recording has failed in the middle of the visit. */
  goOn: string;
  /** A button: stops what is on its way; and one that ends an edit without saving. */
  cancel: string;
  /** A button: begins a pause. */
  pause: string;
  /** A button: ends a pause. */
  resume: string;
  /** A button: ends the recording. */
  end: string;
  /** A button: completes the visit. */
  complete: string;
  /** A button: has the note written. */
  write: string;
  /** The same, while it is. */
  writing: string;
  /** Name of the choice of microphones. */
  microphone: string;
  /** The choice to leave it to the system. */
  systemDefault: string;
  /** A microphone whose name is not known yet; a number follows. */
  unnamed: string;
  /** Name of the meter. */
  level: string;
  /** Its value when nothing is heard. */
  silent: string;
  /** The unit of its value. */
  decibels: string;
  /** Heading of the transcript. */
  transcript: string;
  /** What stands there while there is none. */
  noTranscript: string;
  /** What stands there while the visit is recorded and no words have come. The service takes its time. */
  listening: string;
  /** Name of a speaker who is alone on a channel, as the configuration has it. */
  doctor: string;
  /** The same of the patient. */
  patient: string;
  /** Name of any other speaker; a number follows. */
  speaker: string;
  /** Heading of the facts. */
  facts: string;
  /** What stands there while there are none. */
  noFacts: string;
  /** A button: opens the editor of a fact. */
  edit: string;
  /** A button: saves what was edited. */
  save: string;
  /** A button: leaves a fact out of the note. */
  discard: string;
  /** A button: takes a fact back in. */
  restore: string;
  /** Stands at a fact that is left out. */
  discarded: string;
  /** Stands at a fact whose edit is on its way. */
  saving: string;
  /** Name of the field in which a fact is edited. */
  factText: string;
  /** Stands before what the service says of a fact that was edited. */
  suggested: string;
  /** A button: takes that. */
  accept: string;
  /** A button: drops that. */
  dismiss: string;
  /** The state in words; `paused` stands in the place of any during a pause. */
  states: Record<OssicleVisitState | "paused", string>;
  /** Warnings in words, by their code; one without words is not shown. */
  warnings: Partial<Record<StreamWarning["code"], string>>;
  /** Failures in words, by their code; default: the error's own message, in English. */
  errors: Partial<Record<OssicleErrorCode, string>>;
  /** Groups of facts, by their key; default: the service's name in the visit's language, else the key as words. */
  groups: Record<string, string>;
}

/** Some of the element's words. */
export type OssicleVisitLabelsGiven = Partial<Omit<OssicleVisitLabels, "states">> & { states?: Partial<OssicleVisitLabels["states"]> };

/** What a visit in the element is begun with; or, with an `interactionId`, taken up with. */
export type OssicleVisitOptions =
  | (VisitOptions & { interactionId?: string | undefined })
  | (VisitResumeOptions & { interactionId: string });

/** The events of the element and their `detail`. They bubble. What is in them may be clinical: it is for the app alone. */
export interface OssicleVisitEventMap {
  /** The visit stands otherwise than before. */
  "ossicle-state": CustomEvent<{ state: OssicleVisitState; previous: OssicleVisitState }>;
  /** Something failed; the element shows it too. */
  "ossicle-error": CustomEvent<{ error: OssicleError }>;
  /** A note was written. */
  "ossicle-document": CustomEvent<{ document: WrittenDocument }>;
}

/** `<ossicle-visit>`: one visit. For another encounter take another element, or `close` this one first. */
export class OssicleVisitElement extends HTMLElement {
  /** Whose visits these are. Nothing can begin without one. */
  client: OssicleClient | undefined;
  /**
   * What the visit is begun with, as it is then. Nothing can begin without. With a `source` of its own the element shows no choice of
   * microphones.
   */
  options: OssicleVisitOptions | undefined;
  /** What the note is asked for with, guided (`{ templateId, outputLanguage }`) or classic. Without it there is no button for one. */
  documentRequest: VisitDocument | undefined;
  /** The element's words. */
  get labels(): OssicleVisitLabels;
  /** Set some, and the others are the English ones. Set them before a visit: what is being edited then is lost. */
  set labels(labels: OssicleVisitLabelsGiven | undefined);
  /** The visit, once it has begun. */
  readonly visit: Visit | undefined;
  /** How it stands. */
  readonly state: OssicleVisitState;
  /** The last failure. */
  readonly error: OssicleError | undefined;
  /** Begins the visit, as its button does. Nothing here rejects: failures are shown, and told by `ossicle-error`. */
  start(): Promise<Visit | undefined>;
  /** Captures nothing until `resume`. */
  pause(): void;
  /** Ends a pause. */
  resume(): void;
  /** Ends the recording; the visit is there for its review. */
  end(): Promise<StreamSummary | undefined>;
  /** Completes the visit. Answers whether it could. */
  complete(): Promise<boolean>;
  /** Stops at once, and forgets all. The interaction stays as it is. */
  close(): void;
  /** Adds a listener: of the element's own events, or of any. */
  addEventListener<E extends keyof OssicleVisitEventMap>(
    type: E,
    listener: (this: OssicleVisitElement, event: OssicleVisitEventMap[E]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener<E extends keyof HTMLElementEventMap>(
    type: E,
    listener: (this: HTMLElement, event: HTMLElementEventMap[E]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void;
  /** Takes a listener off. */
  removeEventListener<E extends keyof OssicleVisitEventMap>(
    type: E,
    listener: (this: OssicleVisitElement, event: OssicleVisitEventMap[E]) => void,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener<E extends keyof HTMLElementEventMap>(
    type: E,
    listener: (this: HTMLElement, event: HTMLElementEventMap[E]) => void,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | EventListenerOptions): void;
}

declare global {
  interface HTMLElementTagNameMap {
    "ossicle-visit": OssicleVisitElement;
  }
}
