// The worker's script: a stream's engine off the page's main thread. It imports nothing, so that it can be served as it is
// under a strict Content-Security-Policy; the compiled wasm comes from the page.

import { startAtOnce } from "#glue";
import { Host } from "./host.js";
import { frames } from "./tracks.js";

/**
 * Milliseconds within which the page hears how things stand, and that this worker lives; after audio was sent it hears it at once, if so
 * many have passed.
 */
const BEAT = 248;
const SOON = 200;

/** Milliseconds that a socket has to say goodbye. */
const FAREWELL = 1_000;

let host;
let told = [];
/** Where news goes to; undefined when there will be no more. */
let port;
/** The last beat, and the next. */
let beaten = 0;
let beat;
let holdsLock;

/** All that has happened in a task goes out as one message. */
function tell(news) {
  if (told.push(news) === 1) queueMicrotask(flush);
}

function flush() {
  const news = told;
  told = [];
  const message = { news, ...host.seen() };
  if (news.includes('"over"')) {
    message.unsent = host.unsent();
    clearTimeout(beat);
    setTimeout(close, FAREWELL);
  }
  port.postMessage(message);
  if ("unsent" in message) port = undefined;
}

/** How things stand goes a way of its own, the shorter one: the page need not look at what comes there. */
function tellView() {
  if (!port) return;
  const seen = host.seen();
  beaten = seen.at;
  postMessage(seen);
  clearTimeout(beat);
  beat = setTimeout(tellView, BEAT);
}

/** The page sees by this lock that the worker lives: it is free only when the worker is gone. Whether there are locks here. */
const holds = (name) => new Promise((answer) => {
  const hold = () => {
    answer(true);
    return new Promise(() => {});
  };
  if (!navigator.locks) return answer(false);
  navigator.locks.request(name, hold).catch(() => answer(false));
});

// An engine that failed in the middle of something is not to go on. Of failures in a promise the page would hear nothing.
onunhandledrejection = ({ reason }) => {
  if (reason instanceof WebAssembly.RuntimeError) setTimeout(() => { throw reason; });
};

/** The first message makes the engine; the others are orders. */
onmessage = async ({ data }) => {
  // The page waits for the answer before it orders anything.
  onmessage = null;
  try {
    holdsLock = await holds(data.lock);
    startAtOnce(data.module);
    host = await Host.start(data);
  } catch ({ code, message, retryable = false }) {
    return postMessage({ failed: { code, message, retryable } });
  }
  onmessage = ({ data: { order, payload } }) => host.post(order, payload instanceof ReadableStream ? frames(payload) : payload);
  host.listen(tell);
  host.sent = () => Date.now() - beaten > SOON && queueMicrotask(tellView);
  port = data.port;
  beat = setTimeout(tellView, BEAT);
  postMessage({ encoder: host.encoder, audioFormat: host.audioFormat, ...host.seen(), holdsLock });
  host.begin();
};
