// Frames of a track, read in the worker: `MediaStreamTrackProcessor` hands them out where there is one, at a fraction of what
// an `AudioContext` costs. They go on in the shape in which the worklet hands out its own.

/** Long batches spare work; a message to the service holds five of these. */
const BATCH_MILLISECONDS = 50;

/** Timestamps and the clock may drift apart by a thousandth: what was seen to be the shortest way here is so for no longer. */
const DRIFT = 1e-3;

/** The frames of `readable`, from the port that is answered: see `worklet.js`. */
export function frames(readable) {
  const { port1, port2 } = new MessageChannel();
  const batches = new Batches(port1);
  const reader = readable.getReader();
  port1.onmessage = ({ data }) => {
    if (data === "stop") batches.stop(() => reader.cancel().catch(() => {}));
    else if (batches.spare.length < 8) batches.spare.push(data);
  };
  read(reader, batches);
  return port2;
}

async function read(reader, batches) {
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      if (batches.port) batches.take(value);
      value.close();
    }
  } catch {
    // A source that failed has nothing more to say; that its track has ended the page hears by itself.
  }
  batches.close();
}

/** Collects frames until there are enough. Times are in milliseconds, by the clock that page and worker both have. */
class Batches {
  constructor(port) {
    this.port = port;
    this.spare = [];
    this.batch = null;
    this.size = this.filled = this.channels = this.rate = 0;
    /** When the last frame was captured, and by how much timestamps are behind the clock. */
    this.time = 0;
    this.behind = Infinity;
    this.stopped = null;
  }

  take(data) {
    const { numberOfFrames: count, numberOfChannels: channels, sampleRate: rate, timestamp } = data;
    const end = timestamp / 1e3 + (count / rate) * 1e3;
    const began = this.captured(end) - (count / rate) * 1e3;
    // What is missing lies between batches, not within one.
    if (channels !== this.channels || rate !== this.rate || Math.abs(began - this.time) > 5 || this.filled + count > this.size) this.emit();
    this.channels = channels;
    this.rate = rate;
    if (!this.batch) {
      this.size = Math.max(count, Math.round((rate * BATCH_MILLISECONDS) / 1e3));
      this.batch = this.spare.pop();
      if (this.batch?.length !== this.size * channels) this.batch = new Float32Array(this.size * channels);
    }
    for (let planeIndex = 0; planeIndex < channels; planeIndex++) {
      const at = planeIndex * this.size + this.filled;
      data.copyTo(this.batch.subarray(at, at + count), { planeIndex, format: "f32-planar" });
    }
    this.filled += count;
    this.time = began + (count / rate) * 1e3;
    if (this.filled === this.size) this.emit();
    if (this.stopped && this.time >= this.stopped.at) this.close();
  }

  /** When the frame of that timestamp was captured: this worker may be busy, the source is not. */
  captured(timestamp) {
    const behind = Date.now() - timestamp;
    this.behind = Math.min(behind, this.behind + DRIFT * BATCH_MILLISECONDS);
    return timestamp + this.behind;
  }

  emit() {
    const { batch, channels, filled, size, rate, time } = this;
    if (filled > 0) this.port.postMessage({ samples: batch, channels, filled, frames: size, rate, time }, [batch.buffer]);
    this.batch = null;
    this.filled = 0;
  }

  /** Nothing is wanted that is captured from here on; what was before is still on its way. */
  stop(then) {
    this.stopped ??= { at: Date.now(), then };
    setTimeout(() => this.close(), 2 * BATCH_MILLISECONDS);
  }

  /** The last message says that nothing follows. */
  close() {
    if (!this.port) return;
    this.emit();
    this.port.postMessage(null);
    this.port = null;
    this.stopped?.then();
  }
}
