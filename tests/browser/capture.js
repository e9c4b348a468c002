// Sources: an AudioNode, a MediaStream, a microphone, each through the package's worklet.

/** A context that plays a tone into `node(context)`. */
async function tone(destination = () => null) {
  const context = new AudioContext();
  // Where audio is not allowed to start without a click, it never does.
  await Promise.race([context.resume(), new Promise((resolve) => setTimeout(resolve, 3_000))]);
  if (context.state !== "running") throw new Error(`this browser does not start audio: it is ${context.state}`);
  const oscillator = new OscillatorNode(context, { frequency: 440 });
  const gain = new GainNode(context, { gain: 0.5 });
  oscillator.connect(gain);
  const sink = destination(context);
  if (sink) gain.connect(sink);
  oscillator.start();
  return { context, gain, sink };
}

/** A stream that plays a tone, in a context of its own. */
async function playing() {
  const { context, gain, sink } = await tone((of) => new MediaStreamAudioDestinationNode(of));
  return { context, gain, stream: sink.stream };
}

/**
 * The loudness of each channel of 16-bit samples, from a second to another: that of the hundredths of a second that only
 * a fifth outdo, since a busy machine may fail to play some; with `share` 1, of the loudest.
 */
function loudness(samples, channels, from, until, share = 0.8) {
  const window = 160;
  const at = (seconds) => Math.round(seconds * 16_000) * channels;
  const frames = samples.subarray(at(from), at(until));
  return Array.from({ length: channels }, (_, channel) => {
    const plane = frames.filter((_, index) => index % channels === channel);
    const windows = Array.from({ length: Math.floor(plane.length / window) }, (_, n) => plane.subarray(n * window, (n + 1) * window));
    const rms = windows.map((part) => Math.sqrt(part.reduce((sum, sample) => sum + sample * sample, 0) / window) / 32_768);
    return rms.sort((a, b) => a - b)[Math.ceil(rms.length * share) - 1];
  });
}

/** Whether a context is closed, once closing has had its time. */
async function isClosed(context) {
  for (let tries = 0; context.state !== "closed" && tries < 20; tries++) await new Promise((resolve) => setTimeout(resolve, 50));
  return context.state === "closed";
}

/** Watches which streams are listened to in which contexts, until `stop()`. */
function watched() {
  const { prototype } = AudioContext;
  const original = prototype.createMediaStreamSource;
  const contexts = [], streams = [];
  prototype.createMediaStreamSource = function (stream) {
    contexts.push(this);
    streams.push(stream);
    return original.call(this, stream);
  };
  return { contexts, streams, stop: () => (prototype.createMediaStreamSource = original) };
}

export async function an_audio_node_is_captured_for_as_long_as_it_plays({ connect, sockets, sleep, soon, near, equal, ok, addsUp }) {
  const { id, stream } = await connect();
  const { context, gain } = await tone();
  await soon("attaching", stream.attach(gain));
  const start = context.currentTime;
  await sleep(1.5);
  const passed = context.currentTime - start;
  const { stats } = await soon("the end", stream.end());
  near(stats.capturedSeconds, passed, 0.25, "captured seconds");
  addsUp(stats);
  const [socket] = await sockets(id);
  near(socket.receivedSeconds, stats.capturedSeconds, 1e-4, "received seconds");
  near(socket.rms, 0.5 / Math.SQRT2, 0.06, "rms of what was received");
  ok(context.state === "running", "the app's own context is left running");
  equal(stats.droppedSeconds, 0, "dropped seconds");
  await context.close();
}

export async function a_media_stream_is_captured_until_it_is_detached({ connect, sockets, sleep, soon, near, ok }) {
  const { id, stream } = await connect();
  const { context, sink } = await tone((of) => new MediaStreamAudioDestinationNode(of));
  const [track] = sink.stream.getAudioTracks();
  for (const source of [sink.stream, track]) {
    const before = stream.stats.capturedSeconds;
    await soon("attaching", stream.attach(source));
    const start = performance.now();
    await sleep(1);
    const passed = (performance.now() - start) / 1_000;
    await soon("detaching", stream.detach());
    near(stream.stats.capturedSeconds - before, passed, 0.25, "captured seconds");
  }
  const { capturedSeconds } = stream.stats;
  await sleep(0.3);
  near(stream.stats.capturedSeconds, capturedSeconds, 1e-9, "captured seconds once detached");
  ok(stream.state === "streaming" && track.readyState === "live", "the stream goes on, and the app's track is left live");
  await soon("the end", stream.end());
  ok((await sockets(id))[0].rms > 0.1, "what was received is not silence");
  await context.close();
}

/** How long it is silent in samples at 16 kHz each time, in seconds: for a moment a busy machine may fail to play something. */
function silences(samples) {
  const moment = 0.08 * 16_000;
  const lengths = [];
  let since = 0;
  for (const [at, sample] of [...samples, 1].entries()) {
    if (Math.abs(sample) < 1) continue;
    if (at - since > moment) lengths.push((at - since) / 16_000);
    since = at + 1;
  }
  return lengths;
}

export async function what_is_captured_before_an_order_is_taken_before_it({ connect, samples, sleep, soon, equal }) {
  const { context, stream: media } = await playing();
  const take = async () => {
    const { id, stream } = await connect();
    await soon("attaching", stream.attach(media));
    await sleep(0.7);
    const muted = [];
    for (const seconds of [0.12, 0.21, 0.16, 0.23, 0.13, 0.18]) {
      stream.mute();
      const from = performance.now();
      await sleep(seconds);
      stream.unmute();
      muted.push((performance.now() - from) / 1_000);
      await sleep(0.19);
    }
    await soon("the end", stream.end());
    const heard = silences(await samples(id, 0));
    const isRight = heard.length === muted.length && heard.every((seconds, n) => Math.abs(seconds - muted[n]) < 0.05);
    return isRight ? "right" : `silences: ${heard} s, for ${muted} s`;
  };
  // A busy machine may play nothing for longer, too; were orders a batch early or late, a take in five hundred would be right.
  const takes = [];
  while (takes.length < 3 && takes.at(-1) !== "right") takes.push(await take());
  equal(takes.at(-1), "right", takes.join("; "));
  await context.close();
}

export async function a_microphone_is_found_opened_and_captured({ client, connect, sleep, soon, refused, ok, equal }) {
  const { microphones } = client();
  await refused("invalid_request", () => microphones.open({ preset: "karaoke" }));
  await refused("microphone_missing", () => microphones.open({ deviceId: "no such device" }));
  const microphone = await soon("the microphone", microphones.open());
  const [device] = await microphones.list();
  ok(device.deviceId && device.label && microphone.label, "it has an id and a name");
  const { stream } = await connect();
  await soon("attaching", stream.attach(microphone));
  await sleep(0.6);
  const { stats } = await soon("the end", stream.end());
  ok(stats.capturedSeconds > 0.3, `something was captured: ${stats.capturedSeconds} s`);
  ok(microphone.mediaStream === microphone.mediaStream, "there is one stream, not a clone each time");
  const tracks = microphone.mediaStream.getTracks();
  microphone.close();
  equal(tracks.map((track) => track.readyState), ["ended"], "tracks of a closed microphone");
}

export async function two_sources_have_a_channel_each_and_one_may_leave({ connect, samples, sleep, soon, near, ok, refused, equal }) {
  const { id, stream } = await connect({ audio: { encoding: "pcm", channels: 2 } });
  const [left, right] = [await playing(), await playing()];
  for (const channel of [2, -1, 0.5, "0", null]) {
    await refused("invalid_request", () => stream.attach(left.stream, { channel }));
  }
  await soon("attaching", stream.attach(left.stream, { channel: 0 }));
  await soon("attaching", stream.attach(right.stream, { channel: 1 }));
  await refused("conflict", async () => stream.pushFrame([new Float32Array(480)], 48_000));
  await sleep(2);
  await soon("detaching", stream.detach(right.stream));
  const both = stream.stats.capturedSeconds;
  await sleep(1.2);
  const { stats } = await soon("the end", stream.end());
  ok(stats.capturedSeconds > both + 1, "the other goes on");
  const received = await samples(id, 0);
  near(received.length / 2 / 16_000, stats.capturedSeconds, 1e-4, "received seconds");
  const [a, b] = loudness(received, 2, 1, 1.8);
  near(a, 0.5 / Math.SQRT2, 0.05, "loudness of the first channel");
  near(b, 0.5 / Math.SQRT2, 0.05, "loudness of the second channel");
  const [still] = loudness(received, 2, both + 0.3, both + 0.9);
  const [, gone] = loudness(received, 2, both + 0.3, both + 0.9, 1);
  near(still, 0.5 / Math.SQRT2, 0.05, "loudness of the first channel afterwards");
  equal(gone, 0, "loudness of the channel whose source was detached");
  await Promise.all([left, right].map(({ context }) => context.close()));
}

export async function a_microphone_that_moves_to_another_device_is_followed({ connect, samples, sleep, soon, near, equal, ok }) {
  const { id, stream } = await connect();
  const [desk, headset] = [await playing(), await playing()];
  headset.gain.gain.value = 0.25;
  // As a microphone of the package looks to the stream.
  const listeners = new Map();
  const microphone = {
    mediaStream: desk.stream,
    on(event, listener) {
      listeners.set(event, listener);
      return () => listeners.delete(event);
    },
  };
  const warnings = [];
  stream.on("warning", ({ code, channel }) => warnings.push([code, channel]));
  await soon("attaching", stream.attach(microphone));
  const start = performance.now();
  await sleep(1.5);
  microphone.mediaStream = headset.stream;
  listeners.get("change")({ label: "Headset" });
  await sleep(1.5);
  listeners.get("lost")();
  const passed = (performance.now() - start) / 1_000;
  const { stats } = await soon("the end", stream.end());
  equal(warnings.filter(([code]) => code.startsWith("device")), [["device-changed", null], ["device-lost", null]], "warnings");
  equal(listeners.size, 0, "listeners on the microphone afterwards");
  near(stats.capturedSeconds, passed, 0.25, "captured seconds");
  const received = await samples(id, 0);
  near(loudness(received, 1, 0.5, 1.3)[0], 0.5 / Math.SQRT2, 0.05, "loudness of the first device");
  near(loudness(received, 1, passed - 0.7, passed - 0.2)[0], 0.25 / Math.SQRT2, 0.03, "loudness of the second device");
  await Promise.all([desk, headset].map(({ context }) => context.close()));
}

export async function of_two_moves_in_a_row_the_last_one_counts({ connect, samples, sleep, soon, near }) {
  const { id, stream } = await connect();
  const devices = [await playing(), await playing(), await playing()];
  [0.5, 0.1, 0.25].forEach((gain, n) => (devices[n].gain.gain.value = gain));
  let changed;
  const microphone = {
    mediaStream: devices[0].stream,
    on(event, listener) {
      if (event === "change") changed = listener;
      return () => {};
    },
  };
  // One while the first device is still being opened, one right after it.
  const attaching = stream.attach(microphone);
  for (let turns = 0; !changed && turns < 100; turns++) await null;
  for (const { stream: media } of devices.slice(1)) {
    microphone.mediaStream = media;
    changed({ label: "Another" });
  }
  await soon("attaching", attaching);
  await sleep(2);
  const { stats } = await soon("the end", stream.end());
  const received = await samples(id, 0);
  const [loud] = loudness(received, 1, stats.capturedSeconds - 0.8, stats.capturedSeconds - 0.2);
  near(loud, 0.25 / Math.SQRT2, 0.03, "loudness of the last device");
  await Promise.all(devices.map(({ context }) => context.close()));
}

export async function a_capture_that_the_browser_suspends_goes_on({ connect, sleep, soon, near, ok, equal }) {
  const { stream } = await connect();
  const source = await playing();
  const watch = watched();
  const warnings = [];
  stream.on("warning", ({ code, seconds, filled }) => warnings.push({ code, seconds, filled }));
  await soon("attaching", stream.attach(source.stream));
  const start = performance.now();
  await sleep(0.8);
  const [context] = watch.contexts;
  await context.suspend();
  for (let tries = 0; context.state !== "running" && tries < 40; tries++) await sleep(0.05);
  equal(context.state, "running", "state of the context");
  await sleep(0.8);
  const passed = (performance.now() - start) / 1_000;
  const { stats } = await soon("the end", stream.end());
  watch.stop();
  ok(warnings.some(({ code }) => code === "suspended"), `it was told: ${JSON.stringify(warnings)}`);
  near(stats.capturedSeconds, passed, 0.3, "captured seconds, silence for the time of the suspension included");
  await source.context.close();
}

export async function what_is_no_source_is_refused({ connect, refused, equal }) {
  const { stream } = await connect();
  for (const nothing of [undefined, null, {}, "microphone", new MediaStream(), { mediaStream: {} }]) {
    await refused("invalid_request", () => stream.attach(nothing));
  }
  equal(stream.state, "streaming", "state");
  stream.close();
}

export async function a_stream_that_is_over_takes_no_source({ connect, soon, refused, equal, ok }) {
  const { stream } = await connect();
  const { context, gain, sink } = await tone((of) => new MediaStreamAudioDestinationNode(of));
  const watch = watched();
  const attaching = stream.attach(sink.stream);
  // Close while the worklet is loading.
  for (let turns = 0; watch.contexts.length === 0 && turns < 100; turns++) await null;
  stream.close();
  await refused("conflict", () => soon("attaching", attaching));
  watch.stop();
  equal(watch.contexts.length, 1, "contexts that were made");
  ok(await isClosed(watch.contexts[0]), "the context is closed when the stream was closed meanwhile");
  await refused("conflict", () => stream.attach(gain));
  await context.close();
}

export async function closing_lets_go_of_what_was_attached({ connect, soon, equal, ok }) {
  const { context, sink } = await tone((of) => new MediaStreamAudioDestinationNode(of));
  const watch = watched();
  for (const leave of [(stream) => stream.close(), (stream) => stream.free(), (stream) => stream.end()]) {
    const { stream } = await connect();
    await soon("attaching", stream.attach(sink.stream));
    equal(watch.contexts.at(-1).state, "running", "state of the context");
    await leave(stream);
    ok(await isClosed(watch.contexts.at(-1)), "the context is closed afterwards");
  }
  watch.stop();
  // A clone would keep the device on after the app has stopped its own tracks.
  ok(watch.streams.every((stream) => stream === sink.stream), "the app's own stream is listened to, not a clone");
  await context.close();
}
