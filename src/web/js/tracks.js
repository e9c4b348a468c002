// Frames of a track, read in the worker: `MediaStreamTrackProcessor` hands them out where there is one, at a fraction of what
// an `AudioContext` costs. They go on in the shape in which the worklet hands out its own.
//
// What costs is to wake up, not to read. So they are read when something would come of them, which the engine knows; they wait in the
// browser's queue meanwhile.

/** The most milliseconds that go on in one piece: more than the engine lets pass. */
const MOST = 300;

/**
 * Which frame is the newest by now is reckoned from when others came. In every so many milliseconds it is found out, by one that has
 * to be waited for: longer than reading one takes that is there.
 */
const SURVEY = 1_000;
const WAITED = 3;

/** No clock of a device is further off, as a part of 1: by so much may the shortest way here that was seen become longer. */
const DRIFT = 500e-6;

/** Milliseconds in which what was captured before a moment is there, of a source that is not silent. */
const CATCHING_UP = 50;

/**
 * A source that is to stop has nothing more when so many times in a row nothing came for as long as that. A worker that the machine
 * held up is late with both, what came and the time: one time alone tells nothing.
 */
const QUIET_TIMES = 3;

const after = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** The frames of `readable`, once somebody listens: a port as `worklet.js` has one, which reads when it is told to. */
export function frames(readable) {
  return new Port(readable.getReader());
}

class Port {
  #reader;
  #batches = new Batches((data) => this.#hear?.({ data }));
  #hear = null;
  #isReading = false;
  /** Ends the sleep between two looks. */
  #wake = () => {};
  /** Told when all has been handed out that there can be. */
  #waiting = [];

  constructor(reader) {
    this.#reader = reader;
  }

  set onmessage(hear) {
    this.#hear = hear;
    if (!this.#isReading) this.#read();
  }

  /** So many milliseconds more may be captured before they are wanted: called for each batch, at once. */
  wait(milliseconds) {
    this.#batches.wait(milliseconds);
  }

  /** Hands out what has been captured by now. */
  async catchUp() {
    const all = new Promise((resolve) => this.#waiting.push(resolve));
    this.#batches.wait(0);
    this.#wake();
    await Promise.race([all, after(CATCHING_UP)]);
    this.#batches.emit();
  }

  postMessage(data) {
    if (data !== "stop") return void (this.#batches.spare = data);
    this.#batches.stop(() => this.close());
    this.#wake();
  }

  close() {
    this.#reader.cancel().catch(() => {});
  }

  #caughtUp() {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  async #read() {
    this.#isReading = true;
    const batches = this.#batches;
    let surveyed = -Infinity;
    try {
      for (;;) {
        const asked = performance.now();
        const { value, done } = await this.#reader.read();
        if (done) break;
        // What had to be waited for is the newest there is.
        if (performance.now() - asked > WAITED) surveyed = performance.now();
        const isNewest = batches.send && batches.take(value);
        value.close();
        if (!isNewest) continue;
        this.#caughtUp();
        // The next is not there yet. To wait for it would be to wake up for it.
        const pause = batches.pause();
        if (pause > 0 && performance.now() < surveyed + SURVEY) await Promise.race([after(pause), new Promise((resolve) => (this.#wake = resolve))]);
      }
    } catch {
      // A source that failed has nothing more to say; that its track has ended the page hears by itself.
    }
    this.#caughtUp();
    batches.close();
  }
}

/** Collects frames until they are wanted. Times are in milliseconds, by the clock that page and worker both have. */
class Batches {
  constructor(send) {
    this.send = send;
    this.spare = null;
    this.batch = null;
    this.size = this.filled = this.channels = this.rate = 0;
    /** When the last frame was captured, how much one holds, and by how much timestamps are behind the clock. */
    this.time = this.length = 0;
    this.behind = Infinity;
    this.last = -Infinity;
    /** Until when frames are to be captured before they are wanted. */
    this.wanted = -Infinity;
    this.stopped = null;
    /** How often in a row nothing came, since it is to stop. */
    this.quiet = 0;
  }

  /** Takes what was read; whether that is all that there can be by now. */
  take(data) {
    this.quiet = 0;
    const { numberOfFrames: count, numberOfChannels: channels, sampleRate: rate, timestamp } = data;
    const length = (count / rate) * 1e3;
    const began = this.captured(timestamp / 1e3 + length, length) - length;
    // What is missing lies between batches, not within one.
    if (channels !== this.channels || rate !== this.rate || Math.abs(began - this.time) > 5 || this.filled + count > this.size) this.emit();
    Object.assign(this, { channels, rate, length });
    if (!this.batch) {
      this.size = Math.max(count, Math.round((rate * MOST) / 1e3));
      [this.batch, this.spare] = [this.spare, null];
      if (this.batch?.length !== this.size * channels) this.batch = new Float32Array(this.size * channels);
    }
    for (let planeIndex = 0; planeIndex < channels; planeIndex++) {
      const at = planeIndex * this.size + this.filled;
      data.copyTo(this.batch.subarray(at, at + count), { planeIndex, format: "f32-planar" });
    }
    this.filled += count;
    this.time = began + length;
    if (this.filled === this.size) this.emit();
    const isNewest = this.time + length > Date.now();
    if (this.stopped && this.time >= this.stopped.at) this.close();
    // Half a frame is more than clocks are read wrong by.
    if (isNewest && this.time + length / 2 > this.wanted) this.emit();
    return isNewest;
  }

  /** When the frame of that timestamp was captured, the last of so much: this worker may be busy, the source is not. */
  captured(timestamp, length) {
    // What was on its way to the page when the worker took over has the page's clock, which is ahead of the worker's own.
    if (timestamp < this.last) this.behind = Infinity;
    this.last = timestamp;
    this.behind = Math.min(Date.now() - timestamp, this.behind + DRIFT * length);
    return timestamp + this.behind;
  }

  /** So many milliseconds more may be captured before they are wanted: whole frames, the last of which completes them. */
  wait(milliseconds) {
    const { length, time } = this;
    this.wanted = time + (length ? Math.ceil(milliseconds / length - 0.01) * length : 0);
  }

  /** How long to leave them where they are: until what is wanted has been captured, and is there. */
  pause() {
    return this.wanted - Date.now() + 1;
  }

  emit() {
    const { batch, channels, filled, size, rate, time } = this;
    this.batch = null;
    this.filled = 0;
    if (filled > 0) this.send?.({ samples: batch, channels, filled, frames: size, rate, time });
  }

  /** Nothing is wanted that is captured from here on; what was before is still on its way. */
  stop(then) {
    this.stopped ??= { at: Date.now(), then };
    this.wanted = -Infinity;
    const look = () => {
      this.quiet += 1;
      if (this.quiet > QUIET_TIMES) this.close();
      else if (this.send) setTimeout(look, CATCHING_UP);
    };
    look();
  }

  /** The last message says that nothing follows. */
  close() {
    if (!this.send) return;
    this.emit();
    this.send(null);
    this.send = null;
    this.stopped?.then();
  }
}
