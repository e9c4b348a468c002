// A stream as plain state: its transcript put together, its pauses, its last warning and error; and one stream that is
// connected, followed and let go of for whoever shows it.

import { open } from "./sources.js";
import { Store } from "./store.js";

/** What is known of a stream that is not there. */
export const NO_STREAM = {
  state: "idle",
  stream: undefined,
  isPaused: false,
  transcript: Object.freeze([]),
  warning: undefined,
  error: undefined,
};

/** The transcript once these segments are in it; all others stay the objects they were. */
export function merged(transcript, { segments, replaced }) {
  const gone = new Set([...replaced, ...segments.map(({ key }) => key)]);
  const next = transcript.filter(({ key }) => !gone.has(key));
  for (const segment of segments) {
    const later = next.findIndex(({ time }) => time.start > segment.time.start);
    next.splice(later < 0 ? next.length : later, 0, segment);
  }
  return next;
}

/**
 * Keeps a store up to date with a stream. `earlier`: what an earlier stream of the visit transcribed; this one's times go on where
 * that ends, and its keys tell it from the earlier one, whose keys may be the same. What it returns ends it.
 */
export function follow(stream, store, earlier = []) {
  const offset = Math.max(0, ...earlier.map(({ time }) => time.end));
  const keyOf = (key) => `${earlier.length}:${key}`;
  const shifted = ({ key, time, ...segment }) => ({ ...segment, key: keyOf(key), time: { start: time.start + offset, end: time.end + offset } });
  let [transcript, told] = [[], undefined];
  const take = ({ segments, replaced }) => {
    const isFirst = earlier.length === 0;
    transcript = merged(transcript, isFirst ? { segments, replaced } : { segments: segments.map(shifted), replaced: replaced.map(keyOf) });
    store.set({ transcript: Object.freeze([...earlier, ...transcript]) });
  };
  const offs = [
    stream.on("state", ({ state }) => {
      // What went wrong on the way is over once it goes well again.
      const isOver = state === "streaming" && told && store.get().error === told;
      store.set({ state, ...(isOver && { error: undefined }) });
    }),
    stream.on("transcript", take),
    stream.on("pause", () => store.set({ isPaused: true })),
    stream.on("resume", () => store.set({ isPaused: false })),
    stream.on("warning", (warning) => store.set({ warning })),
    stream.on("error", (error) => store.set({ error: (told = error) })),
  ];
  store.set({ stream, state: stream.state, isPaused: stream.isPaused });
  take({ segments: stream.transcript, replaced: [] });
  return () => offs.forEach((off) => off());
}

/**
 * Tells a listener of a channel's level, ten times a second, and of its absence (`undefined`) where nothing is captured any
 * more. What it returns ends that.
 */
export function followLevel(stream, channel, listener) {
  const isOver = ({ state }) => ["ending", "ended", "failed"].includes(state);
  const offs = [
    stream.on("level", (level) => level.channel === channel && listener(level)),
    stream.on("pause", () => listener(undefined)),
    stream.on("state", (event) => isOver(event) && listener(undefined)),
  ];
  return () => offs.forEach((off) => off());
}

/** One stream at a time of an interaction, with what is recorded for it. Nothing here rejects: failures are in the state. */
export class StreamView {
  #store;
  #current;

  /** `given` answers `{ client, options }`, as they are when something is begun. */
  constructor(given) {
    this.given = given;
    this.#store = new Store({
      ...NO_STREAM,
      facts: Object.freeze([]),
      connect: () => this.connect(),
      close: () => this.close(),
      pause: () => void this.#tried((stream) => stream.pause()),
      resume: () => void this.#tried((stream) => stream.resume()),
      mute: (channel) => void this.#tried((stream) => stream.mute(channelOf(channel))),
      unmute: (channel) => void this.#tried((stream) => stream.unmute(channelOf(channel))),
      attach: (source, options) => this.#tried((stream) => stream.attach(source, options)),
      detach: (source) => this.#tried((stream) => stream.detach(source)),
      flush: () => this.#tried((stream) => stream.flush()),
      end: () => this.#tried((stream) => stream.end()),
    });
    this.get = this.#store.get;
    this.subscribe = this.#store.subscribe;
  }

  /** Connects, unless that has been done: then it answers the stream that is there. One that is over is followed by another. */
  async connect() {
    const { client, options } = this.given();
    if (this.#current && !["ended", "failed"].includes(this.#store.get().state)) return this.#current.begun;
    if (!client || !options?.id) return undefined;
    this.close();
    const current = { microphones: [], abort: new AbortController() };
    this.#current = current;
    current.begun = this.#begin(current, client, options);
    return current.begun;
  }

  async #begin(current, client, { id, source, abortSignal, ...options }) {
    const { signal } = current.abort;
    abortSignal?.addEventListener("abort", () => current.abort.abort(abortSignal.reason), { once: true });
    if (abortSignal?.aborted) current.abort.abort(abortSignal.reason);
    this.#store.set({ state: "connecting" });
    try {
      // With a promise of the id the stream is there at once: it captures while it connects.
      const stream = await client.stream.connect({ ...options, id: Promise.resolve(id), abortSignal: signal });
      if (this.#current !== current) return void stream.close();
      current.stream = stream;
      current.unfollow = this.#follow(stream, current);
      await this.#record(current, client, source);
      await stream.connected;
      return this.#current === current ? stream : undefined;
    } catch (error) {
      if (this.#current !== current) return undefined;
      // What its end is told as, perhaps later, is no news: it has failed.
      current.unfollow?.();
      current.stream?.close();
      letGo(current);
      this.#store.set({ state: "failed", error });
      return undefined;
    }
  }

  #follow(stream, current) {
    const offs = [
      follow(stream, this.#store),
      stream.on("facts", ({ facts }) => this.#store.set({ facts: withFacts(this.#store.get().facts, facts) })),
      stream.on("state", ({ state }) => ["ended", "failed"].includes(state) && letGo(current)),
    ];
    return () => offs.forEach((off) => off());
  }

  async #record(current, client, source) {
    for (const [channel, one] of [source ?? []].flat().entries()) {
      const { source: opened, microphone } = await open(client, one);
      if (microphone) current.microphones.push(microphone);
      // The user may have taken a while to allow it, and the page gone on without it.
      if (this.#current !== current) return letGo(current);
      await current.stream.attach(opened, Array.isArray(source) ? { channel } : undefined);
    }
  }

  /** Lets go of all, and forgets it. */
  close() {
    const current = this.#current;
    if (!current) return;
    this.#current = undefined;
    current.unfollow?.();
    current.abort.abort();
    current.stream?.close();
    letGo(current);
    this.#store.set({ ...NO_STREAM, facts: Object.freeze([]) });
  }

  /** Something that the stream does: its result, or `undefined` and the failure in the state. */
  async #tried(action) {
    const { stream } = this.#store.get();
    try {
      return await (stream && action(stream));
    } catch (error) {
      if (this.#store.get().stream === stream) this.#store.set({ error });
      return undefined;
    }
  }
}

function letGo(current) {
  for (const microphone of current.microphones.splice(0)) microphone.close();
}

function withFacts(facts, news) {
  const next = new Map(facts.map((fact) => [fact.id, fact]));
  for (const fact of news) next.set(fact.id, fact);
  return Object.freeze([...next.values()]);
}

/** A channel, if it is one: a handler of clicks is given an event. */
export const channelOf = (channel) => (typeof channel === "number" ? channel : undefined);
