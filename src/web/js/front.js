// The page's half of a stream: its listeners and promises, its sources, its tokens. What the stream is, and does, its engine decides,
// at the other end of a `Remote`.

import { isId } from "#glue";
import { Capture } from "./capture.js";
import { OssicleError, invalid, plain, revive } from "./error.js";
import { Listeners, listen } from "./listeners.js";
import { Remote } from "./remote.js";

/** Those that are not over: while a stream lives it is at work, even if the app lets go of the object. */
const alive = new Set();

/** Everything of a stream that the page has. */
export class Front {
  listeners = new Listeners();
  /** The last `sendAudio` that was asked for. */
  giving;
  #service;
  #place;
  /** The interaction's id, once it is known. */
  #interaction;
  #captures = [];
  #captureCount = 0;
  /** How to settle what was asked, by its number, and the first connection. */
  #requests = new Map();
  #requestCount = 0;
  #connecting;
  #offAbort;

  constructor(service, place, remote, { channels, proxy, interaction }) {
    this.#service = service;
    this.#place = place;
    this.#interaction = interaction;
    Object.assign(this, { remote, channels, proxy });
    remote.listen((news) => this.#hear(news), () => this.#lose());
  }

  /** Begins, with the signal that the app gave. `connected` is there from now on. */
  begin(signal) {
    alive.add(this);
    this.#offAbort = signal && listen(signal, "abort", () => this.close());
    this.connected = new Promise((resolve, reject) => (this.#connecting = { resolve, reject }));
    // Perhaps nobody waits for it; what goes wrong is told by the events.
    this.connected.catch(() => {});
    this.remote.begin();
  }

  /** Tells, once somebody can listen, that there is no worker where one was asked for. */
  tellMissing() {
    if (this.remote.isMissed) setTimeout(() => this.#emit({ type: "warning", code: "no-worker" }));
  }

  /** Lets a stream that was held connect, once its interaction's id is there; or it never will be. */
  async identify(promised) {
    try {
      const id = await promised;
      if (typeof id !== "string" || !isId(id)) invalid("id must resolve to the interaction's id, a UUID");
      this.#interaction = id;
      this.command("begin");
    } catch (error) {
      this.#connecting?.reject(error);
      this.close();
    }
  }

  /** Orders what is refused by what it asks, not by itself. */
  tell(order, payload) {
    try {
      this.remote.order(order, payload);
    } catch {
      // The stream is over, or was freed.
    }
  }

  command(command) {
    this.tell({ command });
  }

  close() {
    this.command("close");
  }

  /** Freed in the middle of things: what was asked is not answered any more, and says so. */
  free() {
    this.listeners.clear();
    this.close();
    this.#reject(new OssicleError("aborted", "the stream was closed"));
    this.#release();
    this.remote.free();
  }

  /** Orders something that is answered; `order` is given the number of the request. */
  request(order) {
    const id = (this.#requestCount += 1);
    return new Promise((resolve, reject) => {
      this.#requests.set(id, { resolve, reject });
      try {
        this.remote.order(order(id));
      } catch (error) {
        this.#requests.delete(id);
        reject(error);
      }
    });
  }

  /** Says what anybody listens to, after that has changed. */
  want() {
    this.tell({ want: { levels: this.listeners.has("level"), messages: this.listeners.has("message") } });
  }

  // Sources

  async attach(source, channel) {
    const { remote } = this;
    remote.takesSource(channel);
    const id = (this.#captureCount += 1);
    const capture = await Capture.start(source, {
      isInWorker: remote.isInWorker,
      workletUrl: this.#place.workletUrl,
      moved: (frames, rate) => this.tell({ move: [id, rate] }, frames),
      warn: (code) => this.tell({ warn: { code, channel } }),
    });
    try {
      const [frames, rate] = capture.frames();
      // It may have ended while the worklet was loading. Then nothing stays open.
      remote.order({ attach: [id, channel ?? null, rate] }, frames);
    } catch (error) {
      capture.close();
      throw error;
    }
    this.#captures.push({ id, capture });
  }

  /** Lets sources go, the last frames included: those of `source`, or all. */
  async detach(source) {
    for (const { id, capture } of this.#captures.filter(({ capture }) => source === undefined || capture.source === source)) {
      await this.request((request) => ({ detach: [id, request] })).catch(() => {});
      this.#captures = this.#captures.filter((other) => other.capture !== capture);
      capture.close();
    }
  }

  get hasSources() {
    return this.#captures.length > 0;
  }

  /** Waits until what `sendAudio` was given has been taken. */
  async given() {
    const { giving } = this;
    await giving?.catch(() => {});
    if (this.giving === giving) this.giving = undefined;
  }

  // What the engine tells

  #hear(news) {
    if (news === "over") return this.#release();
    const { event, error, message, connected, answered, address, diagnose } = news;
    if (event) this.#emit(event);
    else if (error) this.listeners.emit("error", revive(error));
    else if (message !== undefined) this.#message(message);
    else if (connected) settle(this.#connecting, connected);
    else if (answered) this.#answered(...answered);
    else if (address !== undefined) this.#address(address);
    else if (diagnose !== undefined) this.#diagnose(diagnose);
  }

  #emit(event) {
    if (event.type === "state") this.#service.log("info", `a stream is ${event.state}`);
    this.listeners.emit(event.type, event);
  }

  /** As it came; a text that is no JSON is reported by the session. */
  #message(text) {
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      return;
    }
    this.listeners.emit("message", message);
  }

  #answered(id, result) {
    const ends = this.#requests.get(id);
    this.#requests.delete(id);
    settle(ends, result);
  }

  /** Answers where a socket is to be opened, with a fresh token, or at the proxy. */
  async #address(id) {
    const there = async () => this.proxy ?? { url: await this.#service.streamUrl(this.#interaction), protocols: [] };
    this.tell({ address: [id, await outcome(there)] });
  }

  /** Asks the REST API why the socket did not open. Behind a proxy its answer would say nothing about the proxy. */
  async #diagnose(id) {
    const ask = async () => this.proxy ?? (await this.#service.diagnose(this.#interaction));
    const { Err } = await outcome(ask);
    this.tell({ diagnosed: [id, Err ? { Err } : { Ok: null }] });
  }

  /** The engine is dead: another goes on, if there can be one. */
  async #lose() {
    const { remote } = this;
    const loss = remote.lose();
    if (!loss) return this.#fail();
    for (const news of loss.news) this.#hear(news);
    // At once: what is captured from here on waits in them.
    const sources = loss.sources.flatMap(([id, channel]) => this.#source(id, channel));
    if (!(await remote.revive(loss, sources))) this.#fail();
  }

  /** The order by which another engine has a source, and where its frames come out; nothing if it hands out no more. */
  #source(id, channel) {
    try {
      const [frames, rate] = this.#captures.find((one) => one.id === id).capture.frames();
      return [[{ attach: [id, channel, rate] }, frames]];
    } catch {
      return [];
    }
  }

  /** The engine is gone, and no other goes on. */
  #fail() {
    this.remote.leave();
    const failure = this.remote.fail();
    if (!failure) return;
    for (const news of failure.news) this.#hear(news);
    this.#reject(revive(failure.error));
    this.#release();
  }

  /** Nothing that was asked is answered any more. */
  #reject(error) {
    for (const { reject } of this.#requests.values()) reject(error);
    this.#requests.clear();
    this.#connecting?.reject(error);
  }

  /** The stream is over: nothing of it stays behind. */
  #release() {
    this.remote.leave();
    this.#offAbort?.();
    for (const { capture } of this.#captures.splice(0)) capture.close();
    alive.delete(this);
  }
}

/** A promise's ends, as the engine's half says. */
function settle(ends, { Ok, Err }) {
  if (Err) ends?.reject(revive(Err));
  else ends?.resolve(Ok ?? undefined);
}

/** What came of something, as the engine's half is told. */
async function outcome(act) {
  try {
    return { Ok: await act() };
  } catch (error) {
    return { Err: plain(error) };
  }
}
