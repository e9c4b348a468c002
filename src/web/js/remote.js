// The page's end of a stream's engine, wherever that is: orders go there, news comes from there. What is to be known of it here, a
// `Shadow` keeps; where it is a worker that dies, another one goes on.

import { Shadow } from "#glue";
import { OssicleError, attempt, fail, thrown } from "./error.js";
import { isMissed, openWorker } from "./workers.js";

/** Seconds of audio that wait for the next worker: it is there in a fraction of one. */
const MOST_WAITING = 30;

/** Bytes of the first that an app gives, among which the headers of a container are sought. */
const HEAD = 8_192;

export class Remote {
  #place;
  #first;
  #shadow;
  /** To the engine, or to the one that died last. */
  #line;
  /** What the next engine is to have, while there is none. */
  #waiting;
  #hear;
  #lost;
  #isLeft = false;

  /**
   * An engine for a stream of these settings, as JSON: in a worker if there can be one and the app wants it, else on this page.
   *
   * @throws {OssicleError} why it cannot be made
   */
  static async open(place, settings, wantsWorker) {
    // A whole number, so that it stays one in text.
    const first = { settings, seed: Math.floor(Math.random() * 9e15) };
    const worker = wantsWorker ? await openWorker(place, first) : null;
    const remote = new Remote();
    remote.isMissed = wantsWorker && !worker && isMissed();
    remote.#line = worker ?? (await openHere(place, first));
    remote.#place = place;
    remote.#first = first;
    remote.#shadow = attempt(() => new Shadow(settings, remote.#line.seen().view, Date.now()));
    return remote;
  }

  /** From here on each piece of news goes to `hear`; should the engine die, `lost` is called. */
  listen(hear, lost) {
    this.#hear = (text) => {
      this.#shadow?.hear(text);
      hear(JSON.parse(text));
    };
    this.#lost = lost;
    this.#line.listen(this.#hear, lost);
  }

  /** Has the engine start to connect. */
  begin() {
    this.#line.begin();
  }

  /** Orders something. What the engine would refuse is refused here. */
  order(order, payload) {
    const text = JSON.stringify(order);
    const seconds = attempt(() => this.#admit(order, text, payload));
    if (seconds === undefined) return;
    if (this.#isLeft) return;
    if (!this.#waiting) return this.#send(order, text, payload);
    // Of a socket of the engine that died, the next one knows nothing.
    if (order.address || order.diagnosed) return;
    if (this.#waiting.seconds + seconds > MOST_WAITING) {
      const message = "the stream's worker is being replaced, and so much audio cannot be kept meanwhile";
      throw new OssicleError("conflict", message, true);
    }
    this.#waiting.seconds += seconds;
    // The app may use the memory of its samples again.
    this.#waiting.orders.push([order, seconds > 0 ? structuredClone(payload) : payload]);
  }

  /** How many seconds of audio an order brings, if it is to go to the engine. */
  #admit(order, text, payload) {
    const shadow = this.#known;
    if (order.frames !== undefined) {
      const lengths = Uint32Array.from(payload, (plane) => plane.length);
      return shadow.frames(lengths, order.frames) ? lengths[0] / order.frames : undefined;
    }
    // A recorder's pieces are a second long or less.
    if (order === "bytes") return shadow.bytes(payload.length, payload.subarray(0, HEAD)) ? 1 : undefined;
    shadow.order(text, Date.now());
    return 0;
  }

  /** Where frames come out goes for good when it goes beside an order. */
  #send(order, text, payload) {
    this.#line.post(text, payload, order.attach || order.move ? [payload] : []);
  }

  /** The engine is dead. Where another may go on, if one may: orders wait for it until `revive`. */
  lose() {
    const { view, at } = this.#line.seen();
    this.#shadow?.see(view, at);
    this.#waiting = { orders: [], seconds: 0 };
    const loss = this.#shadow?.lose(Date.now());
    return loss && JSON.parse(loss);
  }

  /**
   * Another worker that goes on where `loss` says, and has its orders and what waited, after `sources`: pairs of an order and what goes
   * beside it. Whether there can be one.
   */
  async revive({ resume, orders }, sources) {
    const line = await openWorker(this.#place, { ...this.#first, resume: JSON.stringify(resume) }).catch(() => null);
    if (!line) return false;
    line.listen(this.#hear, this.#lost);
    this.#line = line;
    const waited = this.#waiting.orders;
    this.#waiting = undefined;
    for (const [order, payload] of [...sources, ...orders.map((order) => [order]), ...waited]) {
      this.#send(order, JSON.stringify(order), payload);
    }
    if (this.#isLeft) line.leave();
    return true;
  }

  /** The engine is dead, and none goes on: what is told, and why nothing is answered any more; nothing if the stream was over. */
  fail() {
    const failure = this.#shadow?.fail();
    this.#waiting.orders = [];
    return failure && JSON.parse(failure);
  }

  /** Nothing more is expected of the engine. */
  leave() {
    this.#isLeft = true;
    this.#line.leave?.();
  }

  free() {
    this.leave();
    this.#shadow.free();
    this.#shadow = undefined;
  }

  get #known() {
    return this.#shadow ?? fail("conflict", "the stream was freed");
  }

  takesSource(channel) {
    attempt(() => this.#known.takesSource(channel));
  }

  /** State and figures: as they were told, since an engine died as it left them. */
  get view() {
    return JSON.parse(this.#waiting ? this.#known.view() : this.#line.seen().view);
  }

  get transcript() {
    const segments = [];
    for (let segment; (segment = this.#known.segment(segments.length)); ) segments.push(JSON.parse(segment));
    return segments;
  }

  get pauses() {
    return JSON.parse(this.#known.pauses());
  }

  get dropped() {
    return JSON.parse(this.#known.dropped());
  }

  get isPaused() {
    return this.#known.isPaused;
  }

  get audioFormat() {
    return this.#line.audioFormat;
  }

  get encoder() {
    return this.#line.encoder;
  }

  get isInWorker() {
    return this.#line.isInWorker === true;
  }

  /** The audio that the service has not acknowledged, as a file. */
  unsent() {
    const message = "the stream's worker still has the audio: it is handed out when the stream is over";
    return this.#line.unsent() ?? fail("conflict", message);
  }
}

/** The line to an engine on this page. */
async function openHere({ module, opusUrl, flacUrl, here }, first) {
  const { open } = await here().catch((cause) => {
    fail("network", "the package's ossicle-here.js could not be loaded: is it served, and does the page's policy allow it?", cause);
  });
  return open({ module, opusUrl, flacUrl, ...first }).catch((failure) => {
    throw thrown(failure);
  });
}
