// Batches the microphone's 128-frame quanta into messages of about 20 ms, all channels.
//
// It imports nothing and touches no global but the worklet's own, so that it can be served as it is under a strict
// Content-Security-Policy. A batch is one Float32Array, channel after channel, whose buffer is transferred; whoever
// receives it sends it back, so that in steady state no memory for samples is allocated. With it goes the time at which
// it was captured: a page that is busy finds it late, and only so knows whether anything is missing.

const BATCH_SECONDS = 0.02;
const QUANTUM = 128;

/** Batches that are kept for somebody to take them: five seconds. */
const MOST_WAITING = 250;

class OssicleCapture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.frames = Math.max(1, Math.round((sampleRate * BATCH_SECONDS) / QUANTUM)) * QUANTUM;
    this.channels = 0;
    this.filled = 0;
    this.batch = null;
    this.spare = [];
    this.running = true;
    this.out = null;
    this.waiting = [];
    // The page says where the batches go: to a port of its own, or one that is in a worker.
    this.port.onmessage = ({ data }) => (data === "stop" ? this.stop() : this.use(data));
  }

  /** Batches go out here from now on, those that waited first. */
  use(port) {
    this.out = port;
    port.onmessage = ({ data }) => {
      if (data === "stop") this.stop();
      else if (data.length === this.channels * this.frames && this.spare.length < 8) this.spare.push(data);
    };
    for (const message of this.waiting.splice(0)) this.send(message);
  }

  send(message) {
    if (this.out) this.out.postMessage(message, message ? [message.samples.buffer] : []);
    else if (this.waiting.push(message) > MOST_WAITING) this.waiting.shift();
  }

  /** Hands out what is in the batch, full or not. */
  emit() {
    if (this.filled > 0) {
      const { batch, channels, filled, frames } = this;
      this.send({ samples: batch, channels, filled, frames, time: Date.now() });
    }
    this.batch = null;
    this.filled = 0;
  }

  /** The last message says that nothing follows. */
  stop() {
    if (!this.running) return;
    this.running = false;
    this.emit();
    this.send(null);
  }

  process([input]) {
    if (!this.running) return false;
    // A source that has ended or is not yet connected has no channels: time goes on all the same, as silence.
    const channels = Math.max(1, input.length);
    const quantum = input[0]?.length ?? QUANTUM;
    if (channels !== this.channels || this.filled + quantum > this.frames) {
      this.emit();
      if (channels !== this.channels) this.spare.length = 0;
      this.channels = channels;
    }
    this.batch ??= this.spare.pop() ?? new Float32Array(channels * this.frames);
    for (let channel = 0; channel < channels; channel++) {
      const at = channel * this.frames + this.filled;
      if (input[channel]) this.batch.set(input[channel], at);
      else this.batch.fill(0, at, at + quantum);
    }
    this.filled += quantum;
    if (this.filled === this.frames) this.emit();
    return true;
  }
}

registerProcessor("ossicle-capture", OssicleCapture);
