// `client.visits`: one visit from start to finish. What is to be done next is the workflow's to say (`src/visit`); here it is
// carried out, one step after the other, and put together with the stream, the microphone and the list of facts.

/** What a clinician may do with the facts, and see of them; what feeds the list is the visit's own. */
const EDITS = ["add", "edit", "discard", "restore", "undo", "accept", "dismiss", "retry", "settled", "get"];
const VIEWS = ["items", "groups", "choices", "kept", "pending", "canUndo"];

/**
 * The visits of a client. `tools`: `call(method, arguments, options)` for the REST API; `stream` and `microphones` as the
 * client has them; `templates`: its two lists of templates, the guided one first; and `rest`, what the core has of a visit
 * (`src/web/rest`).
 */
export function visits(tools) {
  return Object.freeze({
    start: (options) => Visit.begin(tools, undefined, options ?? {}),
    resume: (interactionId, options) => Visit.begin(tools, String(interactionId), options ?? {}),
  });
}

class Visit {
  #tools;
  #workflow;
  #signal;
  #list;
  #facts;
  #stream;
  #summary;
  /** The stream's configuration, as it was given; and the language in which things are named. */
  #configuration;
  #language;
  /** Lets the stream connect, which was held back until the interaction is there. */
  #release;
  #isAwaited = true;
  /** Microphones that were opened here, and so are closed here. */
  #microphones = [];
  /** What was asked for last: goals are reached one after the other. */
  #last = Promise.resolve();

  constructor(tools, workflow) {
    this.#tools = tools;
    this.#workflow = workflow;
  }

  /** A visit that has begun. One that cannot leaves nothing open. */
  static async begin(tools, interactionId, options) {
    const { encounter, patient, assignedUserId, knownFacts, language, source, ...stream } = options;
    const { configuration, abortSignal } = stream;
    const workflow = tools.rest.workflow(interactionId, { encounter, patient, assignedUserId, knownFacts, configuration });
    const visit = new Visit(tools, workflow);
    visit.#signal = abortSignal;
    visit.#configuration = configuration;
    visit.#language = language ?? configuration?.mode?.outputLocale ?? configuration?.transcription?.primaryLanguage;
    try {
      if (workflow.hasStream) await visit.#record(source, stream);
      await visit.#reach("begun");
    } catch (error) {
      visit.close();
      throw error;
    }
    visit.#signal = undefined;
    if (!workflow.hasStream) {
      // The encounter turned out to be over: nothing is recorded of it.
      visit.#stream?.close();
      visit.#stream = undefined;
    }
    return visit;
  }

  get id() {
    return this.#workflow.id;
  }

  get interaction() {
    return this.#workflow.interaction;
  }

  get stream() {
    return this.#stream;
  }

  get facts() {
    return this.#facts;
  }

  async end() {
    await this.#reach("ended");
    return this.#summary ?? (this.#stream && { stats: this.#stream.stats });
  }

  async complete() {
    await this.#reach("completed");
  }

  async document(request, options) {
    return Array.isArray(request) ? this.documents(request, options) : this.#document(request, options);
  }

  async documents(requests, options) {
    return Promise.allSettled([requests].flat().map((request) => this.#document(request, options)));
  }

  close() {
    this.#workflow.close();
    this.#stream?.close();
    this.#list?.close();
    this.#letGo();
  }

  /**
   * Captures from now on, before the first request is sent: what is said while the interaction is made is kept, and sent as
   * soon as the stream is connected.
   */
  async #record(source, options) {
    const id = new Promise((resolve) => (this.#release = resolve));
    this.#isAwaited = options.awaitConfiguration ?? true;
    this.#stream = await this.#named("stream.connect", this.#tools.stream.connect({ ...options, id }));
    this.#stream.on("facts", ({ facts }) => this.#list.heard(facts));
    // However it ends, the microphone's light goes out.
    this.#stream.on("state", ({ state }) => ["ended", "failed"].includes(state) && this.#letGo());
    await this.#named("source", this.#attach(source));
  }

  async #attach(source) {
    const sources = [source ?? []].flat();
    for (const [channel, one] of sources.entries()) {
      const opened = await this.#open(one);
      // The user may have taken a while to allow it, and the app given up; then this rejects.
      if (this.#signal?.aborted) await this.#stream.connected;
      await this.#stream.attach(opened, Array.isArray(source) ? { channel } : undefined);
    }
  }

  /** A microphone that is to be opened: `"microphone"`, or the options of `microphones.open`. Anything else is a source itself. */
  async #open(source) {
    if (source !== "microphone" && source?.constructor !== Object) return source;
    const microphone = await this.#tools.microphones.open(source === "microphone" ? {} : source);
    this.#microphones.push(microphone);
    return microphone;
  }

  #letGo() {
    for (const microphone of this.#microphones.splice(0)) microphone.close();
  }

  #reach(goal) {
    const reached = this.#last.then(() => this.#go(goal));
    this.#last = reached.catch(() => {});
    return reached;
  }

  async #go(goal) {
    let failure;
    for (let step; (step = this.#workflow.next(goal, this.#stream?.state)); ) {
      try {
        await this.#named(step.method, this.#carryOut(step));
      } catch (error) {
        // What could not be done is told when what can be done in spite of it is done.
        failure ??= error;
        if (!this.#workflow.failed()) break;
      }
    }
    if (failure) throw failure;
  }

  async #carryOut(step) {
    const result = await this.#act(step);
    this.#workflow.done(result);
    if (!this.#list && this.id) this.#listFacts();
    if (step.method === "facts.list") this.#list.listed(result.facts ?? []);
    if (step.method === "facts.create") this.#list.heard(result.facts ?? []);
  }

  async #act({ method, arguments: given }) {
    switch (method) {
      case "stream.connect":
        this.#release(given[0]);
        return this.#isAwaited ? this.#stream.connected : undefined;
      case "stream.end":
        this.#summary = await this.#stream.end();
        return undefined;
      case "facts.settled":
        return this.#list.settled();
      default:
        return this.#tools.call(method, given, { abortSignal: this.#signal });
    }
  }

  #listFacts() {
    const { on, off, tell } = emitter();
    const list = new this.#tools.rest.FactList(this.id, this.#tools.call, tell, this.#language, this.#workflow.groups);
    const facts = { on, off };
    for (const name of EDITS) facts[name] = (...given) => list[name](...given);
    for (const name of VIEWS) Object.defineProperty(facts, name, { enumerable: true, get: () => list[name] });
    this.#list = list;
    this.#facts = Object.freeze(facts);
  }

  async templates({ language, ...options } = {}) {
    const [guided, classic] = await Promise.allSettled([
      // Others cannot be written with.
      this.#tools.templates[0]({ published: true }, options),
      this.#tools.templates[1](undefined, options),
    ]);
    // A token may list one kind and not the other.
    if (guided.reason && classic.reason) throw guided.reason;
    return this.#tools.rest.templatesOf(guided.value, classic.value, language);
  }

  async saveDocument(document, options) {
    const { documentSaving, documentOf } = this.#tools.rest;
    const asked = documentSaving(this.id, document);
    if (!asked) return document;
    return documentOf(asked.method, await this.#named(asked.method, this.#tools.call(asked.method, asked.arguments, options)));
  }

  async #document(request, options) {
    const { documentRequest, documentOf } = this.#tools.rest;
    // The document is made of what the clinician sees, so that must be what the service has.
    await this.#named("facts.settled", this.#list.settled());
    let step = "documents.generate";
    const make = async () => {
      const segments = this.#stream?.transcript ?? [];
      const { method, arguments: given, headers } = documentRequest(this.id, request, this.#list.kept, segments, this.#configuration);
      step = method;
      return documentOf(method, await this.#tools.call(method, given, { ...options, headers: { ...headers, ...options?.headers } }));
    };
    try {
      return await make();
    } catch (error) {
      throw this.#placed(error, step);
    }
  }

  /** A promise whose failure says at which step of which visit it happened. */
  async #named(step, promise) {
    try {
      return await promise;
    } catch (error) {
      throw this.#placed(error, step);
    }
  }

  #placed(error, step) {
    return Object.assign(error, { step }, this.id && { interactionId: this.id });
  }
}

if (Symbol.dispose) Visit.prototype[Symbol.dispose] = Visit.prototype.close;

/** Listeners of events, any number for each type. One that throws is reported and does not keep the others from being told. */
function emitter() {
  let all = [];
  return {
    on(type, listener) {
      const entry = { type, listener };
      all = [...all, entry];
      return () => void (all = all.filter((other) => other !== entry));
    },
    off(type, listener) {
      all = all.filter((entry) => entry.type !== type || (listener && entry.listener !== listener));
    },
    tell(event) {
      for (const { type, listener } of all) {
        if (type !== event.type) continue;
        try {
          listener(event);
        } catch (exception) {
          reportError(exception);
        }
      }
    },
  };
}
