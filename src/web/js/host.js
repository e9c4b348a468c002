// Hosts a stream's engine, in a worker or on the page: carries out what it decides, with a socket, a timer, the ports of sources
// and an encoder, and tells the page's half what happened. Nothing here decides.
//
// Whoever is told anything may call anything: what that causes is done by the loop that told it.

import { codecs, Engine } from "#glue";
import { encode, found } from "./encoders.js";

/** A timer never sleeps longer, in milliseconds: a suspended machine's clock may jump, and an overdue timer is looked at then. */
const LONGEST_SLEEP = 10_000;

/** How long a source may take to hand out its last batches, in milliseconds: it takes fifty unless the machine is held up. */
const DRAIN_LIMIT = 2_000;

// What the engine's `poll` answers; `web/engine.rs` has the same numbers.
const OPEN = 1;
const TEXT = 2;
const BYTES = 3;
const HANG_UP = 4;
const DRAIN = 5;
const TELL = 6;
const OVER = 7;

const now = () => performance.now();

/** The line to an engine on this thread; a worker's script has one, too, and passes on what goes over the line. */
export class Host {
  /** Told each piece of news, as JSON; and, if anybody cares, that audio has been sent. */
  tell;
  sent;
  engine;
  /** The encoder in JavaScript, if it is one. */
  codec;
  socket;
  sources = new Map();
  /** The last order, while it waits for the sources. */
  posted;
  timer;
  due;
  isPumping = false;
  online = () => this.hear((engine) => engine.online(now()));

  /** A host for a worker's first message, which chose an encoder. What makes that impossible is thrown as plain data. */
  static async start({ settings, seed, resume, opusUrl, flacUrl }) {
    const host = new Host();
    try {
      const hear = (packet) => host.hear((engine) => engine.packet(packet, now()));
      const { name, encoder } = await found(JSON.parse(codecs(settings)), { opusUrl, flacUrl }, hear);
      host.codec = encoder;
      host.encoder = name;
      host.engine = new Engine(settings, seed, resume, name, encoder?.header, encode(encoder), now());
    } catch (failure) {
      // The engine's own are JSON.
      throw typeof failure === "string" ? JSON.parse(failure) : failure;
    }
    host.audioFormat = host.engine.audioFormat();
    return host;
  }

  /** From here on each piece of news goes to `tell`. */
  listen(tell) {
    this.tell = tell;
  }

  /** Starts to connect. */
  begin() {
    addEventListener("online", this.online);
    this.pump();
  }

  /**
   * Takes an order, as JSON, after what was captured before it: who mutes is not heard from then on, and who speaks up first is. What
   * goes beside it: planes, bytes, or the port of a source.
   */
  post(order, payload) {
    const behind = [...this.sources.values()].flatMap(({ port }) => port.catchUp?.() ?? []);
    if (!this.posted && behind.length === 0) return this.order(order, payload);
    const take = () => {
      if (this.posted === posted) this.posted = undefined;
      this.order(order, payload);
    };
    // What fails is nobody's to catch, as where nothing was waited for.
    const posted = Promise.all([this.posted, ...behind]).then(take).catch(reportError);
    this.posted = posted;
  }

  order(order, payload) {
    // The list may be the app's own: it is read before anything of it is taken.
    if (Array.isArray(payload)) for (const plane of [...payload]) this.engine.plane(plane);
    const bytes = payload instanceof Uint8Array ? payload : undefined;
    const source = this.engine.take(order, bytes, now());
    if (source !== undefined) this.attach(source, payload);
    this.pump();
  }

  /** How things stand, as JSON, and when they stood so. */
  seen() {
    return { view: this.engine.view(), at: Date.now() };
  }

  /** What the service has not acknowledged, as the bytes of a file. */
  unsent() {
    return this.engine.unsent();
  }

  /** Something happened that the engine is to know. */
  hear(act) {
    act(this.engine);
    this.pump();
  }

  /** Carries out what the engine wants, until it wants nothing. */
  pump() {
    if (this.isPumping) return;
    this.isPumping = true;
    for (let act; (act = this.engine.poll()); ) this.perform(act, this.engine);
    this.isPumping = false;
    this.arm();
  }

  perform(act, engine) {
    switch (act) {
      case OPEN:
        return this.open(JSON.parse(engine.text()));
      case TEXT:
        return this.send(engine.text());
      case BYTES:
        this.send(engine.bytes());
        return this.sent?.();
      case HANG_UP:
        return this.hangUp();
      case DRAIN:
        return this.detach(engine.source());
      case TELL:
        return this.tell(engine.text());
      case OVER:
        this.release();
        return this.tell(engine.text());
    }
  }

  // The socket

  open({ url, protocols }) {
    let socket;
    try {
      socket = new WebSocket(url, protocols);
    } catch ({ name }) {
      // Its message quotes the address, which holds the token.
      return this.engine.refused(name, now());
    }
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.hear((engine) => engine.opened(now()));
    socket.onclose = ({ code }) => this.hear((engine) => engine.closed(code, now()));
    // The service sends text only; binary is not of this protocol and means nothing here.
    socket.onmessage = ({ data }) => typeof data === "string" && this.hear((engine) => engine.message(data, now()));
  }

  /** A closing socket takes nothing; the engine hears of the close that follows, and keeps what is unacknowledged. */
  send(data) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(data);
  }

  hangUp() {
    const { socket } = this;
    if (!socket) return;
    this.socket = socket.onopen = socket.onclose = socket.onmessage = null;
    socket.close(1000);
  }

  // Sources

  /** Hands on what comes from a port, and sends each batch's memory back. */
  attach(id, port) {
    this.sources.get(id)?.stop();
    this.sources.set(id, new Source(port, ({ samples, frames, filled, rate, time }) => {
      const pause = this.engine.captured(id, samples, frames, filled, rate, Date.now() - time, now());
      port.wait?.(pause);
      port.postMessage(samples, [samples.buffer]);
      this.pump();
    }));
  }

  async detach(id) {
    const source = this.sources.get(id);
    await source?.drain();
    source?.stop();
    this.sources.delete(id);
    this.hear((engine) => engine.drained(id, now()));
  }

  // Time

  /** Sets the timer for when the engine wants to be looked at. */
  arm() {
    const due = this.engine.timeout();
    if (this.timer && due === this.due) return;
    clearTimeout(this.timer);
    this.due = due;
    // A millisecond late rather than early: early only means to come back.
    const pause = Math.min(Math.max(due - now(), 0), LONGEST_SLEEP) + 1;
    this.timer = due === undefined ? undefined : setTimeout(() => this.tick(), pause);
  }

  tick() {
    this.timer = undefined;
    this.hear((engine) => engine.tick(this.socket?.bufferedAmount ?? 0, now()));
  }

  /** The stream is over: nothing of it stays behind. */
  release() {
    removeEventListener("online", this.online);
    this.hangUp();
    for (const source of this.sources.values()) source.stop();
    this.sources.clear();
    try {
      this.codec?.close?.();
      this.codec?.free?.();
    } catch {
      // After a trap there is nothing left to free.
    }
  }
}

/** A port from which batches of frames come: a worklet's, or one of `tracks.js`. */
class Source {
  constructor(port, take) {
    this.port = port;
    this.drained = new Promise((resolve) => {
      port.onmessage = ({ data }) => (data ? take(data) : resolve());
    });
  }

  /** Has it hand out what it holds, and waits for that. */
  drain() {
    this.port.postMessage("stop");
    return Promise.race([this.drained, new Promise((resolve) => setTimeout(resolve, DRAIN_LIMIT))]);
  }

  stop() {
    this.port.onmessage = null;
    this.port.postMessage("stop");
    this.port.close();
  }
}
