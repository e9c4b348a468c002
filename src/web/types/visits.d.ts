
// Visits

/**
 * Where a failure of a visit happened: a method that a visit calls, or `source` (opening or attaching what is to be recorded).
 */
export type VisitStep =
  | "source"
  | "interactions.create"
  | "interactions.get"
  | "interactions.update"
  | "facts.factGroupsList"
  | "facts.list"
  | "facts.create"
  | "facts.settled"
  | "stream.connect"
  | "stream.end"
  | "documents.generate"
  | "documents.update"
  | "documents.classic.create"
  | "documents.classic.update";

/** Something to record from. Plain options open a microphone, which the visit closes when its stream is over. */
export type VisitSource =
  | "microphone"
  | { deviceId?: string; preset?: "conversation" | "dictation" }
  | MediaStream
  | MediaStreamTrack
  | AudioNode
  | Microphone;

/** What is known of the patient before the visit. */
export interface KnownFact {
  /** What it says. */
  text: string;
  /** Key of the fact group, one of those of `facts.factGroupsList`. One that is not among them is refused, before anything is made. */
  group: string;
  /** Where it is from. Default: the service's. */
  source?: FactSource;
}

/** What `visits.start` and `visits.resume` have in common: the stream's options and these. */
export interface VisitResumeOptions extends Partial<Omit<StreamOptions, "id">> {
  /**
   * Told to the service before the stream opens, so that they are context for what is found in it. Those that the
   * interaction has already (same text and group, discarded or not) are not told again.
   */
  knownFacts?: KnownFact[];
  /**
   * What is recorded, from the moment of the call on: call it from a click or a key. What is said while the interaction is
   * made and the stream connects is kept (as much as `bufferSeconds` says) and sent then. A list has one channel of the stream
   * for each of its sources, in order. Without a source attach one to `visit.stream`, or push frames to it.
   */
  source?: VisitSource | VisitSource[];
  /**
   * The language in which the groups of facts are named, as a BCP 47 tag. Default: the configuration's `outputLocale`, else its
   * `primaryLanguage`.
   */
  language?: string;
}

/** Options of `visits.start`. */
export interface VisitOptions extends VisitResumeOptions {
  /** The stream's, sent on every connection before any audio. */
  configuration: StreamConfiguration;
  /** What the interaction is made of. `status` is `planned` by default. */
  encounter: Omit<Encounter, "status"> & { status?: "planned" | "in-progress" | "on-hold" };
  /** The patient, if the service is to know. */
  patient?: Patient;
  /** Who leads the visit, as a UUID. Default: one of the service's making. */
  assignedUserId?: string;
}

/**
 * `client.visits`: whole visits. A visit is brought on in steps: the interaction is created, known facts are told, the
 * encounter gets the status `in-progress`, the stream connects; later it ends, and the encounter gets the status `completed`.
 *
 * Where a step fails, the promise rejects with an {@link OssicleError} that has the `step`, and the `interactionId` once there is
 * one. A visit that could not begin leaves nothing open: what was recorded until then is gone, and `resume` with the same
 * options goes on with the step that failed.
 */
export interface Visits {
  /**
   * Loads what visits need beyond streams, for a page that will start one: else the first `start` or `resume` loads it, and
   * records from then on. Called again, it does nothing. Nobody need wait for it: after a failure `start` tries again by itself.
   */
  prepare(): Promise<void>;
  /** Starts a visit; resolves when the service has accepted the stream's configuration. */
  start(options: VisitOptions): Promise<Visit & { readonly stream: Stream }>;
  /**
   * Takes up a visit whose interaction is there: after a failure, or when the page was closed. What has been done already is
   * not done again. Without a `configuration` nothing is recorded, and facts and documents are there to be worked on; so it is
   * if the encounter is over (`completed`, `cancelled` or `deleted`), whatever the options say.
   *
   * A known fact that the clinician has reworded is another one by its text: give `knownFacts` until the visit has begun.
   */
  resume(interactionId: string, options?: VisitResumeOptions): Promise<Visit>;
}

/** One visit. It records until it is ended, completed or closed, or until its stream fails. */
export interface Visit {
  /** The interaction's id. */
  readonly id: string;
  /** The interaction, as the service last told it to this visit. */
  readonly interaction: Interaction;
  /** The visit's stream, also after its end. There is none if nothing is recorded. */
  readonly stream: Stream | undefined;
  /** The facts of the visit, to be seen and worked on. */
  readonly facts: VisitFacts;
  /**
   * Ends the stream, closes a microphone that the visit opened, and brings the last facts. If the stream cannot be ended
   * properly it rejects (`stream.unsentAudio()` is what was not heard), with the facts here all the same; it is over then.
   * Nothing is done if nothing is recorded. Without a stream there is no summary.
   */
  end(): Promise<StreamSummary | undefined>;
  /**
   * What a document can be written with: guided templates first, then classic ones; in a language, those of its variants too, the very
   * one first. Of the guided ones those that have a published version. A kind that the token may not list is left out.
   */
  templates(options?: RequestOptions & { language?: string }): Promise<TemplateOffer[]>;
  /** A document, once all edits have been saved. Rejects without a request if there is nothing to make it from. */
  document(request: VisitDocument, options?: RequestOptions): Promise<WrittenDocument>;
  /** As `documents`. */
  document(requests: VisitDocument[], options?: RequestOptions): Promise<DocumentOutcome[]>;
  /** Several documents at the same time. Each settles for itself; the outcomes are in the order of the requests. */
  documents(requests: VisitDocument[], options?: RequestOptions): Promise<DocumentOutcome[]>;
  /**
   * Saves a document of this visit as it was corrected, its `title` and the `text` of its sections (of a classic one `heading` too), and
   * answers it as it is then. Change a copy, and hand over all of it: what counts is what is other than in `source`. Without a change
   * nothing is sent. One that the service did not keep (retention `none`) is refused.
   */
  saveDocument(document: WrittenDocument, options?: RequestOptions): Promise<WrittenDocument>;
  /**
   * Ends what is still recorded, waits until all edits have been saved, and gives the encounter the status `completed`. Rejects
   * without doing so if the end or an edit fails; called again, it goes on from there.
   */
  complete(): Promise<void>;
  /**
   * Stops at once: the stream, a microphone that the visit opened, the list of facts. What is pending of the stream rejects
   * with the code `aborted`. The interaction stays as it is, to be resumed.
   */
  close(): void;
  /** The same as `close`. */
  [Symbol.dispose](): void;
}

/** What a document of a visit is made from. */
export interface VisitDocumentSource {
  /**
   * The facts that are kept (default), the final segments of the stream's transcript, or a text: given as context, so that it works
   * where the service keeps nothing. `interaction`, of a guided document: what the service has of the interaction.
   */
  from?: "facts" | "transcript" | "interaction" | { text: string };
}

/**
 * What a document of a visit is asked for with. A guided one, which is the way on: `{ templateId, outputLanguage }`, or the rest of the
 * body of `documents.generate`. A classic one: `{ templateKey, outputLanguage }`, or the rest of that of `documents.classic.create`. What
 * it is made from is said by `from`. Where the stream's retention policy is `none`, the document is not kept either.
 */
export type VisitDocument = VisitDocumentSource &
  (
    | {
        /** A guided template, of `visit.templates` or `documents.templates.list`. */
        templateId: string;
        /** One of its versions. Default: the published one. */
        templateVersionId?: string;
        /** What is to be otherwise for this document. */
        overrides?: Record<string, unknown>;
        /** As a BCP 47 tag. */
        outputLanguage: string;
        name?: string;
        labels?: Label[];
      }
    | { templateRef: TemplateRef; outputLanguage: string; name?: string; labels?: Label[] }
    | { assemblyTemplate: AssemblyTemplate; outputLanguage: string; name?: string; labels?: Label[] }
    | { dynamicTemplate: DynamicTemplate; outputLanguage: string; name?: string; labels?: Label[] }
    | (Omit<DocumentCreate, "context" | "templateKey" | "template"> &
        ({ templateKey: string; template?: DocumentTemplate } | { template: DocumentTemplate; templateKey?: string }))
  );

/** A section of a document, whichever kind it is. */
export interface WrittenSection {
  /** Unique in the document: the section's id, or its key. */
  key: string;
  /** Its heading; empty where the service told none. */
  heading: string;
  /** What was written; empty where nothing was. */
  text: string;
}

/** A document that was written, guided or classic, with the service's own object beside it. */
export type WrittenDocument = {
  /** Its id. Absent if the service did not keep it. */
  id?: string;
  /** Its name. */
  title: string;
  /** Its sections, in order. */
  sections: WrittenSection[];
  /** As a BCP 47 tag. */
  outputLanguage?: string;
  /** What it has cost. */
  usageInfo?: UsageInfo;
} & (
  | {
      kind: "guided";
      /** As the service answered it. */
      source: GuidedDocument;
    }
  | {
      kind: "classic";
      /** As the service answered it. */
      source: ClassicDocument;
    }
);

/** Something that a document can be written with. */
export type TemplateOffer = {
  /** A name for people, of a classic one in the language that was asked for. */
  name: string;
  /** What it is for. */
  description: string;
  /** The languages that it names, as BCP 47 tags. */
  languages: string[];
} & (
  | {
      kind: "guided";
      /** For `visit.document({ templateId, outputLanguage })`. */
      templateId: string;
      /** As the service answered it. */
      source: GuidedTemplate;
    }
  | {
      kind: "classic";
      /** For `visit.document({ templateKey, outputLanguage })`. */
      templateKey: string;
      /** As the service answered it. */
      source: Template;
    }
);

/** What became of one document of several. */
export type DocumentOutcome =
  | { status: "fulfilled"; value: WrittenDocument }
  | { status: "rejected"; reason: OssicleError };

/** A fact as the clinician sees it: the service's, with the edits that are on their way. */
export interface VisitFact extends Omit<Fact, "groupId" | "createdAt"> {
  /** The service's id; of one that was just added a temporary one, such as `new-1`. */
  id: string;
  /** Absent until the service has the fact. */
  groupId?: string;
  /** Absent until the service has told it: its answer to a new fact is without. */
  createdAt?: Fact["createdAt"];
  /** Whether an edit has not been saved yet. */
  isPending: boolean;
  /** What the service says of a fact that the clinician has edited, where that differs. */
  suggestion?: { text: string; group: string };
}

/** What `visit.facts` tells. */
export interface VisitFactsEvents {
  /**
   * These facts look different now: new, edited, saved, or taken back. An id in no item any more is that of an addition which
   * was refused. `renamed`: temporary ids, and the service's in their place.
   */
  change: { type: "change"; ids: string[]; renamed: Record<string, string> };
  /** The service says otherwise of a fact that the clinician has edited. The clinician's text stands until it is accepted. */
  suggestion: { type: "suggestion"; id: string; suggestion: { text: string; group: string } };
  /**
   * An edit did not get through. `fact`: as the clinician had left it. `isKept`: whether it is still shown and tried again
   * (network, timeout, a service that is busy); else it was refused and taken back. Without an id the list is full.
   */
  error: { type: "error"; error: OssicleError; id?: string; fact?: VisitFact; isKept: boolean };
}

/**
 * The facts of a visit: those of the conversation as they arrive, those known before, and the clinician's.
 *
 * An edit is shown at once and sent a moment later, several together. From then on the clinician's text stands: what the
 * service finds later is kept as a `suggestion`. The promises of edits need not be awaited; failures are told by `error` too.
 */
export interface VisitFacts {
  /** All facts, by group, then by creation. */
  readonly items: VisitFact[];
  /** The groups that have facts, in the service's order: by the keys until the service has listed them. `name` is in the visit's language. */
  readonly groups: { group: string; name: string; facts: VisitFact[] }[];
  /** All groups that there are, in the service's order; empty until the service has listed them. */
  readonly choices: { key: string; name: string }[];
  /** The facts that are not discarded: those that a document is made from. */
  readonly kept: VisitFact[];
  /** How many facts have edits that are not saved yet. */
  readonly pending: number;
  /** Whether there is something to undo. */
  readonly canUndo: boolean;
  /** The fact of that id. */
  get(id: string): VisitFact | undefined;
  /** Adds a fact of the clinician's. A group that is none of `choices` is refused, with the ones there are. */
  add(fact: { text: string; group: string }): Promise<VisitFact>;
  /** Changes text, group or both. */
  edit(id: string, change: { text?: string; group?: string }): Promise<VisitFact>;
  /** Leaves a fact out of documents. */
  discard(id: string): Promise<VisitFact>;
  /** Takes a discarded fact back in. */
  restore(id: string): Promise<VisitFact>;
  /** Takes a fact's suggestion in place of the clinician's text. */
  accept(id: string): Promise<VisitFact>;
  /** Drops a fact's suggestion. */
  dismiss(id: string): void;
  /** Takes the last edit back, then the one before it; `false` if there is none. An added fact is discarded. */
  undo(): boolean;
  /** Sends at once what waits to be sent, or to be tried again. */
  retry(): void;
  /** Resolves when every edit has been saved; rejects with the first failure. */
  settled(): Promise<void>;
  /** Adds a listener, any number for an event. What it returns takes it off again. */
  on<E extends keyof VisitFactsEvents>(event: E, listener: (payload: VisitFactsEvents[E]) => void): () => void;
  /** Takes a listener off an event; all of them if none is given. */
  off<E extends keyof VisitFactsEvents>(event: E, listener?: (payload: VisitFactsEvents[E]) => void): void;
}
