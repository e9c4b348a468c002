// One visit from the form to its completion: every call to the package that changes something is made here. Views listen.
//
// Phases: idle → microphone → connecting → live ⇄ reconnecting → ending → review → document → completed; from review and
// document back to microphone when the recording is continued; from any of the first three back when it fails.
//
// Events: "phase"; "problem" { error, retry? } or null when it is over; "transcript" { segments, replaced, offset, part };
// "level" { rms, clipped }; "warning" { code }; "usage" { credits }; "flushed".

import { isAborted, PageError } from "./errors.js";
import { Facts } from "./facts.js";
import { openMicrophone } from "./microphone.js";

const CONNECT_SECONDS = 15;

export class Visit extends EventTarget {
  phase = "idle";
  interactionId = null;
  details = null; // the form, as last read
  facts = null;
  document = null;
  stats = null; // stream.stats of the newest recording, kept after its end
  #client;
  #audio;
  #stream = null;
  #microphone = null;
  #abort = null;
  #told = { known: "[]", ids: [] }; // the known facts that the service has been told
  #part = 0;
  #offset = 0; // seconds recorded in the parts before this one

  /** `audio`: what `stream.connect` takes under that name. */
  constructor(client, audio) {
    super();
    this.#client = client;
    this.#audio = audio;
  }

  /** Seconds of sound recorded so far, over all parts. */
  get seconds() {
    if (this.#stream) this.stats = this.#stream.stats;
    return this.#offset + (this.stats?.capturedSeconds ?? 0);
  }

  get recording() { return ["live", "reconnecting", "ending"].includes(this.phase); }

  /** Goes on with an interaction that exists already: answers it, for the form. */
  async open(interactionId) {
    const interaction = await this.#client.interactions.get(interactionId);
    this.interactionId = interactionId;
    return interaction;
  }

  /** `details` is the form's; `deviceId` "" is the default microphone. */
  async start(details, deviceId) {
    this.details = details;
    await this.#begin("idle", deviceId, (options) => this.#announce(options));
  }

  /** Records on after an end or a failure, as a further part of the same visit. */
  async resume(deviceId) {
    await this.#begin("review", deviceId, async () => {});
  }

  cancel() { this.#abort?.abort(); }

  async flush() {
    await this.#try(() => this.#stream?.flush(), () => this.flush());
  }

  async end() {
    const stream = this.#stream;
    if (!stream || this.phase === "ending") return;
    this.#problem(null);
    this.#enter("ending");
    try {
      await stream.end();
    } catch (cause) {
      const { capturedSeconds, acknowledgedSeconds } = stream.stats;
      const seconds = capturedSeconds - acknowledgedSeconds;
      this.#problem(seconds > 0.5 ? new PageError("unsent", { cause, seconds }) : cause);
    }
    this.#leave(stream);
  }

  /** What the document can be written with, in the visit's language. */
  async templates() {
    return this.#review((review) => review.templates({ language: this.details.language }));
  }

  /** Generates the document from the facts that were kept, by `{ templateId }` or `{ templateKey }`. */
  async generate(template) {
    await this.facts.saved();
    this.document = await this.#review((review) => review.document({ ...template, outputLanguage: this.details.language }));
    this.#enter("document");
    return this.document;
  }

  async complete() {
    await this.#try(async () => {
      await this.#client.interactions.update(this.interactionId, { encounter: { status: "completed" } });
      this.#enter("completed");
    }, () => this.complete());
  }

  /** Does something with the package's own visit, taken up for its review. */
  async #review(action) {
    const review = await this.#client.visits.resume(this.interactionId, { language: this.details.language });
    try {
      return await action(review);
    } finally {
      review.close();
    }
  }

  /** What starting and continuing share: microphone, preparation, socket; on failure back to phase `before`. */
  async #begin(before, deviceId, prepare) {
    this.#problem(null);
    this.#abort = new AbortController();
    const options = { abortSignal: this.#abort.signal };
    try {
      this.#enter("microphone");
      this.#microphone = await openMicrophone(this.#client.microphones, deviceId);
      options.abortSignal.throwIfAborted();
      this.#enter("connecting");
      await prepare(options);
      await this.#record(options);
    } catch (error) {
      this.#close();
      this.#enter(before);
      if (!isAborted(error)) this.#problem(error, () => this.resume(deviceId));
    }
  }

  /** Creates the interaction, or brings it up to date when an earlier attempt made it, and tells the known facts once. */
  async #announce(options) {
    const { encounter, patient, known } = this.details;
    const body = { encounter: { ...encounter, status: "planned", period: { startedAt: new Date().toISOString() } }, ...(patient && { patient }) };
    if (this.interactionId) await this.#client.interactions.update(this.interactionId, body, options);
    else ({ interactionId: this.interactionId } = await this.#client.interactions.create(body, options));

    this.facts ??= new Facts(this.#client, this.interactionId);
    const wanted = JSON.stringify(known);
    if (wanted === this.#told.known) return;
    const outdated = this.#told.ids.map((factId) => ({ factId, isDiscarded: true }));
    if (outdated.length > 0) await this.#client.facts.batchUpdate(this.interactionId, { facts: outdated }, options);
    const facts = known.length > 0 ? await this.facts.add(known) : [];
    this.#told = { known: wanted, ids: facts.map(({ id }) => id) };
  }

  async #record({ abortSignal }) {
    const { language } = this.details;
    const stream = await this.#client.stream.connect({
      id: this.interactionId,
      configuration: {
        transcription: {
          primaryLanguage: language,
          // The newer and the deprecated name of the same switch: the service accepts both for the time being.
          diarize: true,
          isDiarization: true,
          participants: [{ channel: 0, role: "multiple" }],
        },
        mode: { type: "facts", outputLocale: language, factGenerationInterval: "fast_init" },
      },
      audio: this.#audio,
      connectionTimeoutInSeconds: CONNECT_SECONDS,
      abortSignal,
    });
    this.#offset = this.seconds;
    this.#part += 1;
    this.#stream = stream;
    this.#listen(stream);
    await stream.attach(this.#microphone);
    // Before "live", so that whoever reacts to it finds the interaction begun.
    await this.#client.interactions.update(this.interactionId, { encounter: { status: "in-progress" } });
    if (this.#stream === stream) this.#enter("live");
  }

  #listen(stream) {
    const [offset, part] = [this.#offset, this.#part];
    const say = (type, detail) => this.dispatchEvent(new CustomEvent(type, { detail }));
    stream.on("transcript", ({ segments, replaced }) => say("transcript", { segments, replaced, offset, part }));
    stream.on("facts", ({ facts }) => this.facts.merge(facts));
    stream.on("level", (level) => say("level", level));
    stream.on("warning", (warning) => say("warning", warning));
    stream.on("usage", ({ credits }) => say("usage", { credits }));
    stream.on("flushed", () => say("flushed"));
    stream.on("audioDropped", () => this.#problem(new PageError("audio_dropped", { seconds: stream.stats.droppedSeconds })));
    // While it ends, end() itself reports what goes wrong.
    stream.on("error", (error) => { if (this.#stream === stream && this.phase !== "ending") this.#problem(error); });
    stream.on("state", ({ state }) => {
      if (this.#stream !== stream || !this.recording) return;
      if (state === "streaming") this.#enter("live");
      if (state === "reconnecting") this.#enter("reconnecting");
      // The far side ended it, or it could not be held: what was recorded stays, and can be continued.
      if ((state === "ended" || state === "failed") && this.phase !== "ending") this.#leave(stream);
    });
  }

  /** From a recording to the review, whichever way it ended. */
  #leave(stream) {
    if (this.#stream !== stream) return;
    this.stats = stream.stats;
    this.#close();
    this.#enter("review");
  }

  #close() {
    if (this.#stream) this.stats = this.#stream.stats;
    this.#stream?.close();
    this.#stream = null;
    this.#microphone?.close();
    this.#microphone = null;
  }

  async #try(action, retry) {
    try {
      await action();
    } catch (error) {
      if (!isAborted(error)) this.#problem(error, retry);
    }
  }

  #problem(error, retry) {
    this.dispatchEvent(new CustomEvent("problem", { detail: error && { error, retry } }));
  }

  #enter(phase) {
    if (this.phase === phase) return;
    this.phase = phase;
    this.dispatchEvent(new CustomEvent("phase"));
  }
}
