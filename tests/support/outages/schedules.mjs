// What goes wrong: the schedules of faults under which visits are recorded. Each lasts `SECONDS` and leaves the network time to
// be whole again before its end, as the longest outage takes a while to make good.

/** How long a visit is captured, in seconds. */
export const SECONDS = 60;

/** The first socket is good for so long, in seconds after its configuration was accepted, unless a schedule says otherwise. */
const GOOD = 12;

const closes = (code) => [{ events: [{ afterSeconds: GOOD, do: "close", code }] }];
const drops = (...next) => [{ dropAfterSeconds: GOOD }, ...next];
const stalls = (afterSeconds) => [{ events: [{ afterSeconds, do: "stall" }] }];

/**
 * `name`, for people; `sockets`, as `POST /sandbox/faults` takes them; and for some: `flushAt`, when the app flushes; `offline`,
 * from when to when the browser is offline; `early`, whether the capture starts before there is a connection; `encoding`, where
 * it is not the default; `microphone`, whether a microphone is heard where others can do with frames of the same signal; `alone`, whether it cannot share a page with others, whose connections the browser would hold back with
 * its own. All times are seconds of the visit.
 */
export const SCHEDULES = [
  { name: "nothing goes wrong", sockets: [], microphone: true },
  { name: "the connection breaks", sockets: drops(), microphone: true },
  { name: "closed with 1000, without `ENDED`", sockets: closes(1000) },
  { name: "closed with 1001", sockets: closes(1001) },
  { name: "closed with 1011", sockets: closes(1011) },
  { name: "closed with 1012", sockets: closes(1012) },
  { name: "closed with 1013", sockets: closes(1013) },
  { name: "refused for 20 s", sockets: [{ dropAfterSeconds: 4 }, { upgrade: 503, refuseForSeconds: 20 }], alone: true },
  { name: "401 at the next upgrade, once", sockets: drops({ upgrade: 401 }) },
  { name: "the next upgrade is never answered", sockets: drops({ upgrade: "silent" }), alone: true },
  { name: "the next configuration is never answered", sockets: drops({ configuration: "silent" }) },
  { name: "the next configuration is accepted 5 s late", sockets: drops({ configurationAfterSeconds: 5 }) },
  { name: "the connection stalls, half open", sockets: stalls(4) },
  { name: "the connection stalls, half open, with PCM", sockets: stalls(GOOD), encoding: "pcm" },
  { name: "the connection breaks in a flush", sockets: [{ events: [{ during: "flush", do: "drop" }] }], flushAt: GOOD },
  { name: "the connection breaks in the end", sockets: [{ events: [{ during: "end", do: "drop" }] }] },
  { name: "five breaks in a minute, all is said twice", sockets: [{ dropAfterSeconds: 5, duplicate: true, times: 5 }] },
  { name: "the browser is offline for 15 s", sockets: drops(), offline: [GOOD - 1, GOOD + 14], microphone: true, alone: true },
  { name: "captured from before the first connection", sockets: [{ upgrade: 503, refuseForSeconds: 6 }], early: true, alone: true },
];
