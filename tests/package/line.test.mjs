// How soon the page sees that a worker is dead, and that it takes none for dead that lives: on a simulated clock, with a worker that
// does what the test says. `worker.test.mjs` has real ones.

import assert from "node:assert/strict";
import { test } from "node:test";
import { openWorker } from "../../src/web/js/workers.js";

/** Milliseconds within which a worker says that it lives, as `worker.js` has it, and that the clock is moved on at once. */
const BEAT = 248;
const STEP = 4;

/** A page with a clock and one worker; `hasLocks` says whether the browser tells of its end. */
async function world(context, hasLocks) {
  const seen = { now: 0, lost: 0, released: undefined };
  let worker;
  context.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  context.mock.method(performance, "now", () => seen.now);
  const beat = () => worker.onmessage?.({ timeStamp: seen.now, data: { view: "{}", at: seen.now } });
  globalThis.Worker = class {
    constructor() {
      worker = this;
    }
    postMessage() {
      queueMicrotask(() => this.onmessage({ data: { view: "{}", at: seen.now, holdsLock: hasLocks } }));
    }
    terminate() {}
  };
  const locks = { request: (_, released) => ((seen.released = released), new Promise(() => {})) };
  Object.defineProperty(globalThis, "navigator", { configurable: true, value: { locks } });
  context.after(() => {
    delete globalThis.Worker;
    delete globalThis.navigator;
  });
  const line = await openWorker({ workerUrl: "worker.js" }, { seed: 1 });
  line.listen(() => {}, () => (seen.lost += 1));
  context.after(() => line.leave());
  /** Lets so much time pass, in which the worker lives or not. */
  const pass = (milliseconds, isAlive) => {
    for (const end = seen.now + milliseconds; seen.now < end; ) {
      seen.now += STEP;
      if (isAlive && seen.now % BEAT === 0) beat();
      context.mock.timers.tick(STEP);
    }
  };
  return { seen, pass, beat };
}

for (const [hasLocks, limit] of [[false, 2_000], [true, 5_000]]) {
  const where = hasLocks ? "where the browser tells of the end of one, and of one that hangs it does not" : "where only its silence tells";
  test(`a worker that says nothing more is noticed within ${limit / 1_000} seconds, whenever that begins: ${where}`, async (context) => {
    for (let phase = 0; phase < 2_000; phase += 190) {
      await context.test(`${phase} ms after a look`, async (context) => {
        const { seen, pass } = await world(context, hasLocks);
        pass(10_000 + phase, true);
        assert.equal(seen.lost, 0);
        pass(limit, false);
        assert.equal(seen.lost, 1);
        pass(10_000, false);
        assert.equal(seen.lost, 1, "it is told once");
      });
    }
  });
}

test("a worker that the machine holds up for some seconds is not taken for dead, where the browser tells of the end of one", async (context) => {
  const { seen, pass } = await world(context, true);
  pass(10_000, true);
  pass(2_400, false);
  pass(10_000, true);
  assert.equal(seen.lost, 0);
});

test("where the browser tells of the end of a worker it is noticed at once", async (context) => {
  const { seen, pass } = await world(context, true);
  pass(1_234, true);
  seen.released();
  assert.equal(seen.lost, 1);
});

test("a worker whose messages waited behind a page that was blocked is not taken for dead", async (context) => {
  for (const hasLocks of [false, true]) {
    await context.test(String(hasLocks), async (context) => {
      const { seen, pass, beat } = await world(context, hasLocks);
      pass(5_000, true);
      // The page hears nothing for ten seconds, then its timer comes first, and what the worker has said meanwhile after that.
      seen.now += 10_000;
      context.mock.timers.tick(2_000);
      beat();
      pass(5_000, true);
      assert.equal(seen.lost, 0);
    });
  }
});
