// A visit as plain state, from before it begins until it is completed: what a page shows of it, and what it can have done. It is
// `client.visits` underneath; here its events become state, and its failures too.

import { OssicleError } from "../error.js";
import { Store } from "./store.js";
import { channelOf, follow, NO_STREAM } from "./stream.js";

/** What can be done with the facts; as in `visit.facts`. */
const EDITS = ["add", "edit", "discard", "restore", "accept"];

const NO_FACTS = { items: Object.freeze([]), groups: Object.freeze([]), choices: Object.freeze([]), kept: Object.freeze([]), pending: 0, canUndo: false };

/** States in which there is a visit that can be worked on, and no other can begin. */
const OVER = ["idle", "failed", "completed"];

export class VisitView {
  #store;
  #edits;
  #visit;
  #unfollow;
  /** The beginning that is under way: `{ abort, begun }`. */
  #attempt;
  /** The interaction that is not completed, and whose it is: `{ id, client, whose }`. */
  #left;

  /** `given` answers `{ client, options }`, as they are when the visit is begun. */
  constructor(given) {
    this.given = given;
    this.#edits = this.#makeEdits();
    this.#store = new Store({
      ...NO_STREAM,
      visit: undefined,
      facts: this.#facts(NO_FACTS),
      start: () => this.start(),
      pause: () => void this.#tried(({ stream }) => stream?.pause()),
      resume: () => void this.#tried(({ stream }) => stream?.resume()),
      mute: (channel) => void this.#tried(({ stream }) => stream?.mute(channelOf(channel))),
      unmute: (channel) => void this.#tried(({ stream }) => stream?.unmute(channelOf(channel))),
      end: () => this.#tried((visit) => visit.end()),
      complete: () => this.#complete(),
      document: (request, options) => this.#tried((visit) => visit.document(request, options)),
      templates: (options) => this.#tried((visit) => visit.templates(options)),
      saveDocument: (document, options) => this.#tried((visit) => visit.saveDocument(document, options)),
      documents: (requests, options) => this.#tried((visit) => visit.documents(requests, options)),
      dismissError: () => this.#store.set({ error: undefined }),
      close: () => this.close(),
    });
    this.get = this.#store.get;
    this.subscribe = this.#store.subscribe;
  }

  /** Has what a visit needs loaded ahead of its start, which loads it again if that fails. */
  prepare() {
    void this.given().client?.visits.prepare();
  }

  /**
   * Begins the visit, unless that has been done: then it answers the one that is there, or on its way. After a failure it goes on
   * with the step that failed, if it is the same encounter still: what was made is not made again.
   */
  async start() {
    if (this.#attempt) return this.#attempt.begun;
    if (this.#visit && !OVER.includes(this.#store.get().state)) return this.#visit;
    const { client, options } = this.given();
    if (!client || !options) {
      const message = "there is no client or there are no options yet: wait for both before a visit is started";
      this.#store.set({ state: "failed", error: new OssicleError("not_initialised", message, false) });
      return undefined;
    }
    this.#letGo();
    const attempt = { abort: new AbortController() };
    this.#attempt = attempt;
    attempt.begun = this.#begin(attempt, client, options);
    return attempt.begun;
  }

  async #begin(attempt, client, { interactionId, ...options }) {
    const { abortSignal, encounter, patient, assignedUserId, ...stream } = options;
    const abort = () => attempt.abort.abort(abortSignal.reason);
    abortSignal?.addEventListener("abort", abort, { once: true });
    if (abortSignal?.aborted) abort();
    const { signal } = attempt.abort;
    const whose = encounter?.identifier;
    const left = this.#left?.client === client && this.#left.whose === whose ? this.#left.id : undefined;
    const known = interactionId ?? left;
    const earlier = left && left === known ? this.#store.get().transcript.filter(({ final }) => final) : [];
    this.#store.set({ ...NO_STREAM, facts: this.#facts(NO_FACTS), visit: undefined, state: "starting", transcript: earlier });
    try {
      const visit = await (known === undefined
        ? client.visits.start({ ...options, abortSignal: signal })
        : client.visits.resume(known, { ...stream, abortSignal: signal }));
      if (this.#attempt !== attempt) return void visit.close();
      this.#left = { id: visit.id, client, whose };
      this.#follow(visit, earlier);
      return visit;
    } catch (error) {
      if (this.#attempt !== attempt) return undefined;
      this.#left = error.interactionId && { id: error.interactionId, client, whose };
      this.#store.set({ state: "failed", error });
      return undefined;
    } finally {
      if (this.#attempt === attempt) this.#attempt = undefined;
    }
  }

  #follow(visit, earlier) {
    this.#visit = visit;
    let kept;
    const show = ({ ids } = {}) => {
      const facts = this.#facts(visit.facts, ids);
      // An edit that did not get through, and then did.
      const isSaved = kept && facts.pending === 0 && this.#store.get().error === kept;
      this.#store.set({ facts, ...(isSaved && { error: undefined }) });
    };
    const offs = [
      visit.facts.on("change", show),
      visit.facts.on("suggestion", ({ id }) => show({ ids: [id] })),
      visit.facts.on("error", ({ error, isKept }) => {
        kept = isKept ? error : undefined;
        this.#store.set({ error });
      }),
    ];
    this.#store.set({ visit });
    if (visit.stream) offs.push(follow(visit.stream, this.#store, earlier));
    else this.#store.set({ state: isCompleted(visit) ? "completed" : "ended" }); // it is there for the review
    show();
    this.#unfollow = () => offs.forEach((off) => off());
  }

  async #complete() {
    const isDone = await this.#tried(async (visit) => {
      await visit.complete();
      return true;
    });
    if (!isDone) return false;
    this.#left = undefined;
    this.#store.set({ state: "completed" });
    return true;
  }

  /** Lets go of all, and forgets it. The interaction stays as it is. */
  close() {
    this.#attempt?.abort.abort();
    this.#attempt = this.#left = undefined;
    this.#letGo();
    this.#store.set({ ...NO_STREAM, facts: this.#facts(NO_FACTS), visit: undefined });
  }

  #letGo() {
    this.#unfollow?.();
    this.#visit?.close();
    this.#visit = this.#unfollow = undefined;
  }

  /** Something that the visit does: its result, or `undefined` and the failure in the state. */
  async #tried(action) {
    const visit = this.#visit;
    if (!visit) return undefined;
    try {
      return await action(visit);
    } catch (error) {
      if (this.#visit === visit) this.#store.set({ error });
      return undefined;
    }
  }

  #makeEdits() {
    const edits = {
      dismiss: (id) => void this.#tried(({ facts }) => facts.dismiss(id)),
      undo: () => this.#visit?.facts.undo() ?? false,
      retry: () => this.#visit?.facts.retry(),
    };
    for (const name of EDITS) edits[name] = (...given) => this.#tried(({ facts }) => facts[name](...given));
    return edits;
  }

  /** The facts as plain state. Those that have not changed (`ids` have, or all) stay the objects they were. */
  #facts({ items, groups, choices, pending, canUndo }, ids) {
    const before = new Map(ids && this.#store.get().facts.items.map((fact) => [fact.id, fact]));
    for (const id of ids ?? []) before.delete(id);
    const now = Object.freeze(items.map((fact) => before.get(fact.id) ?? fact));
    return Object.freeze({
      items: now,
      groups: grouped(now, new Map(groups.map(({ group, name }) => [group, name]))),
      choices: Object.freeze(choices),
      kept: Object.freeze(now.filter(({ isDiscarded }) => !isDiscarded)),
      pending,
      canUndo,
      ...this.#edits,
    });
  }
}

const isCompleted = ({ interaction }) => interaction?.encounter?.status === "completed";

/** Facts that are in the order of their groups, as these groups, which have names. */
function grouped(facts, names) {
  const groups = [];
  for (const fact of facts) {
    if (groups.at(-1)?.group !== fact.group) groups.push({ group: fact.group, name: names.get(fact.group) ?? fact.group, facts: [] });
    groups.at(-1).facts.push(fact);
  }
  return Object.freeze(groups);
}
