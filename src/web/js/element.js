// The entry `ossicle/element`: `<ossicle-visit>`, a visit with a plain look. It shows what `view/` knows, and is told what to do by
// its buttons or its methods. Importing it defines the element, where there are elements.

import { controls } from "./element/controls.js";
import { h } from "./element/dom.js";
import { factsPart } from "./element/facts.js";
import { ENGLISH } from "./element/labels.js";
import { notePart } from "./element/note.js";
import { styleSheet } from "./element/style.js";
import { transcriptPart } from "./element/transcript.js";
import { MicrophonesView } from "./view/sources.js";
import { Presence } from "./view/store.js";
import { followLevel } from "./view/stream.js";
import { VisitView } from "./view/visit.js";

const PROPERTIES = ["client", "options", "documentRequest", "labels"];

// A server has no elements: there it is a class that nobody makes anything of.
const Base = globalThis.HTMLElement ?? class {};

export class OssicleVisitElement extends Base {
  #view = new VisitView(() => ({ client: this.#client, options: this.#started() }));
  #microphones = new MicrophonesView();
  #presence = new Presence(() => this.#leave());
  #client;
  #options;
  #documentRequest;
  #labels = ENGLISH;
  #parts = [];
  #controls;
  /** What is shown. */
  #shown = this.#view.get();
  #heard = { stream: undefined, stop: undefined };
  #isDrawn = false;
  #offs;

  constructor() {
    super();
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [styleSheet()];
    // What was set before the element was defined lies in front of its properties.
    for (const name of PROPERTIES) {
      if (!Object.hasOwn(this, name)) continue;
      const value = this[name];
      delete this[name];
      this[name] = value;
    }
  }

  connectedCallback() {
    this.#presence.come();
    if (this.#offs) return;
    if (!this.#parts.length) this.#build();
    const update = () => this.#update();
    this.#offs = [this.#view.subscribe(update), this.#microphones.subscribe(update)];
    this.#microphones.watch(this.#client);
    this.#view.prepare();
    update();
  }

  disconnectedCallback() {
    this.#presence.leave();
  }

  get client() {
    return this.#client;
  }

  set client(client) {
    this.#client = client;
    if (this.#offs) {
      this.#microphones.watch(client);
      this.#view.prepare();
    }
    this.#update();
  }

  get options() {
    return this.#options;
  }

  set options(options) {
    this.#options = options;
    this.#update();
  }

  get documentRequest() {
    return this.#documentRequest;
  }

  set documentRequest(request) {
    this.#documentRequest = request;
    this.#update();
  }

  get labels() {
    return this.#labels;
  }

  set labels(labels) {
    const merged = { ...ENGLISH, ...labels };
    for (const name of ["states", "warnings", "errors", "groups"]) merged[name] = { ...ENGLISH[name], ...labels?.[name] };
    this.#labels = Object.freeze(merged);
    if (this.#parts.length) this.#build();
    this.#update();
  }

  get visit() {
    return this.#view.get().visit;
  }

  get state() {
    return this.#view.get().state;
  }

  get error() {
    return this.#view.get().error;
  }

  start() {
    return this.#view.start();
  }

  pause() {
    this.#view.get().pause();
  }

  resume() {
    this.#view.get().resume();
  }

  end() {
    return this.#view.get().end();
  }

  complete() {
    return this.#view.get().complete();
  }

  close() {
    this.#view.close();
  }

  /** What a visit is begun with: the app's options, and the microphone that was chosen here unless they have a source. */
  #started() {
    return this.#options && { source: this.#microphones.get().source, ...this.#options };
  }

  #build() {
    const given = { view: this.#view.get(), labels: this.#labels, tell: (type, detail) => this.#tell(type, detail) };
    this.#controls = controls({ ...given, start: () => this.start(), close: () => this.close(), microphones: this.#microphones.get() });
    this.#parts = [this.#controls, transcriptPart(given), factsPart(given), notePart(given)];
    const [bar, transcript, facts, note] = this.#parts.map(({ element }) => element);
    this.shadowRoot.replaceChildren(h("div", { part: "visit" }, bar, h("div", { part: "panels" }, transcript, facts), note));
  }

  /** Draws once for all that changes in a task. */
  #update() {
    if (this.#isDrawn || !this.#parts.length) return;
    this.#isDrawn = true;
    queueMicrotask(() => {
      this.#isDrawn = false;
      this.#draw();
    });
  }

  #draw() {
    const [before, now] = [this.#shown, this.#view.get()];
    this.#shown = now;
    this.#listen(now.stream);
    const isReady = Boolean(this.#client && this.#options);
    const { source, configuration } = this.#options ?? {};
    const more = { isReady, hasSource: source !== undefined, configuration, microphones: this.#microphones.get() };
    for (const part of this.#parts) part.update({ ...now, ...more, documentRequest: this.#documentRequest });
    if (this.getAttribute("state") !== now.state) this.setAttribute("state", now.state);
    if (before.state !== now.state) this.#tell("ossicle-state", { state: now.state, previous: before.state });
    if (now.error && before.error !== now.error) this.#tell("ossicle-error", { error: now.error });
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true }));
  }

  #listen(stream) {
    if (this.#heard.stream === stream) return;
    this.#heard.stop?.();
    // Once the microphone was allowed it has a name.
    if (stream) void this.#microphones.refresh();
    this.#controls.level(undefined);
    const show = (level) => this.#controls.level(level);
    this.#heard = { stream, stop: stream && followLevel(stream, 0, show) };
  }

  /** It was taken out of the page, and is not only moved. */
  #leave() {
    this.#offs?.forEach((off) => off());
    this.#offs = undefined;
    this.#heard.stop?.();
    this.#heard = {};
    this.#microphones.close();
    this.#view.close();
  }
}

if (globalThis.customElements && !customElements.get("ossicle-visit")) customElements.define("ossicle-visit", OssicleVisitElement);
