// Frames of a track, read in the worker: `MediaStreamTrackProcessor` hands them out where there is one, at a fraction of what
// an `AudioContext` costs. They go on in the shape in which the worklet hands out its own.

/**
 * How often to look for frames: what costs is to wake up for each ten milliseconds of them. As often as levels are told, and
 * less than half of what a message to the service holds.
 */
const BATCH_MILLISECONDS = 100;

/**
 * Which frame is the newest by now is reckoned from when others came. In every so many milliseconds it is found out, by one that has
 * to be waited for: longer than reading one takes that is there.
 */
const SURVEY = 1_000;
const WAITED = 3;

/** No clock of a device is further off, as a part of 1: by so much may the shortest way here that was seen become longer. */
const DRIFT = 500e-6;

/** The frames of `readable`, from what is answered: as a port of `worklet.js`, but nothing waits on its way. */
export function frames(readable) {
  const reader = readable.getReader();
  const port = new Port(reader);
  read(reader, port.batches);
  return port;
}

class Port {
  onmessage = null;

  constructor(reader) {
    this.reader = reader;
    this.batches = new Batches((data) => this.onmessage?.({ data }));
  }

  close() {
    this.reader.cancel().catch(() => {});
  }

  postMessage(data) {
    if (data === "stop") this.batches.stop(() => this.close());
    else this.batches.spare = data;
  }
}

async function read(reader, batches) {
  let surveyed = -Infinity;
  try {
    for (;;) {
      const asked = performance.now();
      const { value, done } = await reader.read();
      if (done) break;
      // What had to be waited for is the newest there is.
      if (performance.now() - asked > WAITED) surveyed = performance.now();
      const isLast = batches.send && batches.take(value);
      value.close();
      // The next is not there yet. To wait for it would be to wake up for it.
      if (isLast && performance.now() < surveyed + SURVEY) await new Promise((resolve) => setTimeout(resolve, BATCH_MILLISECONDS));
    }
  } catch {
    // A source that failed has nothing more to say; that its track has ended the page hears by itself.
  }
  batches.close();
}

/** Collects frames until there are enough. Times are in milliseconds, by the clock that page and worker both have. */
class Batches {
  constructor(send) {
    this.send = send;
    this.spare = null;
    this.batch = null;
    this.size = this.filled = this.channels = this.rate = 0;
    /** When the last frame was captured, and by how much timestamps are behind the clock. */
    this.time = 0;
    this.behind = Infinity;
    this.last = -Infinity;
    this.stopped = null;
  }

  /** Takes what was read; whether it is all that there can be by now. */
  take(data) {
    const { numberOfFrames: count, numberOfChannels: channels, sampleRate: rate, timestamp } = data;
    const length = (count / rate) * 1e3;
    const began = this.captured(timestamp / 1e3 + length, length) - length;
    // What is missing lies between batches, not within one.
    if (channels !== this.channels || rate !== this.rate || Math.abs(began - this.time) > 5 || this.filled + count > this.size) this.emit();
    this.channels = channels;
    this.rate = rate;
    if (!this.batch) {
      this.size = Math.max(count, Math.round((rate * BATCH_MILLISECONDS) / 1e3));
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
    const isLast = this.time + length > Date.now();
    if (this.stopped && this.time >= this.stopped.at) this.close();
    if (isLast) this.emit();
    return isLast && !this.stopped;
  }

  /** When the frame of that timestamp was captured, the last of so much: this worker may be busy, the source is not. */
  captured(timestamp, length) {
    // What was on its way to the page when the worker took over has the page's clock, which is ahead of the worker's own.
    if (timestamp < this.last) this.behind = Infinity;
    this.last = timestamp;
    this.behind = Math.min(Date.now() - timestamp, this.behind + DRIFT * length);
    return timestamp + this.behind;
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
    setTimeout(() => this.close(), 1.5 * BATCH_MILLISECONDS);
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
