// Sources: an AudioNode, a MediaStream, a microphone, each through the package's worklet.
//
// How much was captured is compared with what its source played, by the source's own clock: a busy machine plays late.

import { HANG } from "./bench.js";

/** Seconds by which what is played and captured may be off: a browser hands it on in pieces, of which the last may be on its way. */
const PIECE = 0.25;

/** A context that plays. */
async function running() {
  const context = new AudioContext();
  // Where audio is not allowed to start without a click, it never does.
  await Promise.race([context.resume(), new Promise((resolve) => setTimeout(resolve, HANG * 1_000))]);
  if (context.state !== "running") throw new Error(`this browser does not start audio: it is ${context.state}`);
  return context;
}

/** A moment: how much a context has played until then, and how much time has passed, both in seconds. */
const moment = (context) => ({ played: context.currentTime, passed: performance.now() / 1_000 });

/**
 * Sees to it that as much was captured as a source played that was attached between the first two of four moments, and let go of
 * between the last two. Where it played nothing for a while, as much time as passed may have been captured.
 */
function asPlayed(captured, [before, attached, leaving, left], ok) {
  const least = leaving.played - attached.played - PIECE;
  const most = Math.max(left.played - before.played, left.passed - before.passed) + PIECE;
  ok(captured > least && captured < most, `${captured} s were captured, of ${least} to ${most} s`);
}

/** A context that plays a tone into `node(context)`. */
async function tone(destination = () => null) {
  const context = await running();
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

/** Counts how often each channel of a stream is heard from now on: it is told ten times a second of its sound, if there is any. */
function hearing(stream) {
  const counts = [0, 0];
  stream.on("level", ({ channel, rms }) => (counts[channel] += rms > -40));
  return counts;
}

/**
 * The loudness of each channel of 16-bit samples, from a second to another: the median of the hundredths of a second that are no
 * silence, since a busy machine may fail to play some, and 0 if there are hardly any.
 */
function loudness(samples, channels, from, until) {
  const window = 160;
  const at = (seconds) => Math.round(seconds * 16_000) * channels;
  const frames = samples.subarray(at(from), at(until));
  return Array.from({ length: channels }, (_, channel) => {
    const plane = frames.filter((_, index) => index % channels === channel);
    const windows = Array.from({ length: Math.floor(plane.length / window) }, (_, n) => plane.subarray(n * window, (n + 1) * window));
    const rms = windows.map((part) => Math.sqrt(part.reduce((sum, sample) => sum + sample * sample, 0) / window) / 32_768);
    const heard = rms.filter((one) => one > 0.005).sort((a, b) => a - b);
    return heard.length < 20 ? 0 : heard[Math.floor(heard.length / 2)];
  });
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

export async function an_audio_node_is_captured_for_as_long_as_it_plays({ connect, sockets, samples, until, soon, near, equal, ok, addsUp }) {
  const { id, stream } = await connect();
  const heard = hearing(stream);
  const { context, gain } = await tone();
  const moments = [moment(context)];
  await soon("attaching", stream.attach(gain));
  moments.push(moment(context));
  await until("a second and a half of it", () => context.currentTime > moments[1].played + 1.5 && heard[0] > 5);
  moments.push(moment(context));
  const { stats } = await soon("the end", stream.end());
  moments.push(moment(context));
  asPlayed(stats.capturedSeconds, moments, ok);
  addsUp(stats);
  const [socket] = await sockets(id);
  near(socket.receivedSeconds, stats.capturedSeconds, 1e-4, "received seconds");
  near(loudness(await samples(id, 0), 1, 0.2, stats.capturedSeconds - 0.2)[0], 0.5 / Math.SQRT2, 0.05, "loudness of what was received");
  ok(context.state === "running", "the app's own context is left running");
  equal(stats.droppedSeconds, 0, "dropped seconds");
  await context.close();
}

export async function a_media_stream_is_captured_until_it_is_detached({ connect, sockets, sleep, until, soon, near, ok }) {
  const { id, stream } = await connect();
  const { context, sink } = await tone((of) => new MediaStreamAudioDestinationNode(of));
  const [track] = sink.stream.getAudioTracks();
  for (const source of [sink.stream, track]) {
    const before = stream.stats.capturedSeconds;
    const moments = [moment(context)];
    await soon("attaching", stream.attach(source));
    moments.push(moment(context));
    await until("a second of it", () => context.currentTime > moments[1].played + 1);
    moments.push(moment(context));
    await soon("detaching", stream.detach());
    moments.push(moment(context));
    asPlayed(stream.stats.capturedSeconds - before, moments, ok);
  }
  const { capturedSeconds } = stream.stats;
  // Time for more that must not come.
  await sleep(0.3);
  near(stream.stats.capturedSeconds, capturedSeconds, 1e-9, "captured seconds once detached");
  ok(stream.state === "streaming" && track.readyState === "live", "the stream goes on, and the app's track is left live");
  await soon("the end", stream.end());
  ok((await sockets(id))[0].rms > 0.1, "what was received is not silence");
  await context.close();
}

/** A stream of a slope: each sample tells when it was played, `playedAt(sample)`, by the context's clock. */
async function slope() {
  const context = await running();
  const source = new ConstantSourceNode(context, { offset: 0.1 });
  const sink = new MediaStreamAudioDestinationNode(context);
  source.connect(sink);
  source.start();
  const from = context.currentTime;
  source.offset.setValueAtTime(0.1, from);
  source.offset.linearRampToValueAtTime(0.9, from + HANG);
  return { context, stream: sink.stream, playedAt: (sample) => from + ((sample / 32_768 - 0.1) / 0.8) * HANG };
}

/** When those samples were played that are on the slope, and not at an edge of it, in order. */
function playedTimes(samples, playedAt) {
  const around = 40;
  const isFlat = (n) => Math.abs(samples[n + around] - samples[n - around]) < 12 && samples[n - around] > 3_000;
  return Array.from(samples.keys()).slice(around, -around).filter(isFlat).map((n) => playedAt(samples[n]));
}

export async function what_is_captured_before_an_order_is_taken_before_it({ connect, samples, sleep, until, soon, ok }) {
  const { context, stream: media, playedAt } = await slope();
  const { id, stream } = await connect();
  await soon("attaching", stream.attach(media));
  await until("what is captured", () => stream.stats.capturedSeconds > 0.5);
  const orders = [context.currentTime];
  for (let n = 0; n < 6; n++) {
    for (const order of ["mute", "unmute"]) {
      await sleep(0.25 + 0.02 * n);
      orders.push(context.currentTime);
      stream[order]();
    }
  }
  await until("the sound after the last silence", () => context.currentTime > orders.at(-1) + 0.3);
  orders.push(context.currentTime);
  await soon("the end", stream.end());
  const played = playedTimes(await samples(id, 0), playedAt);
  // By how much what is heard ends later than the order to mute it came, and begins later than that to unmute it: looked for halfway
  // to the orders before and after.
  const shifts = orders.slice(1, -1).map((at, n) => {
    const [from, until] = [orders[n] + at, at + orders[n + 2]].map((sum) => sum / 2);
    const near = played.filter((time) => time > from && time < until);
    return n % 2 === 0 ? Math.max(from, ...near) - at : Math.min(until, ...near) - at;
  });
  const sizes = shifts.map(Math.abs).sort((a, b) => a - b);
  // A busy machine may be late with an order, so the usual one counts. A worker's batches are up to a quarter of a second; on the page
  // the browser's own buffers and one batch of 20 ms are on their way.
  const most = stream.isInWorker ? 0.03 : 0.1;
  ok(sizes[sizes.length / 2] < most, `shifts of ${shifts.map((shift) => shift.toFixed(3))} s`);
  await context.close();
}

export async function a_microphone_is_found_opened_and_captured({ client, connect, until, soon, refused, ok, equal }) {
  const { microphones } = client();
  await refused("invalid_request", () => microphones.open({ preset: "karaoke" }));
  await refused("microphone_missing", () => microphones.open({ deviceId: "no such device" }));
  const microphone = await soon("the microphone", microphones.open());
  const [device] = await microphones.list();
  ok(device.deviceId && device.label && microphone.label, "it has an id and a name");
  const { stream } = await connect();
  await soon("attaching", stream.attach(microphone));
  await until("something that is captured", () => stream.stats.capturedSeconds > 0.3);
  await soon("the end", stream.end());
  ok(microphone.mediaStream === microphone.mediaStream, "there is one stream, not a clone each time");
  const tracks = microphone.mediaStream.getTracks();
  microphone.close();
  equal(tracks.map((track) => track.readyState), ["ended"], "tracks of a closed microphone");
}

export async function two_sources_have_a_channel_each_and_one_may_leave({ connect, samples, until, soon, near, refused, equal }) {
  const { id, stream } = await connect({ audio: { encoding: "pcm", channels: 2 } });
  const [left, right] = [await playing(), await playing()];
  for (const channel of [2, -1, 0.5, "0", null]) {
    await refused("invalid_request", () => stream.attach(left.stream, { channel }));
  }
  await soon("attaching", stream.attach(left.stream, { channel: 0 }));
  await soon("attaching", stream.attach(right.stream, { channel: 1 }));
  await refused("conflict", async () => stream.pushFrame([new Float32Array(480)], 48_000));
  let heard = hearing(stream);
  await until("both", () => heard.every((count) => count > 10));
  await soon("detaching", stream.detach(right.stream));
  const both = stream.stats.capturedSeconds;
  await until("the silence of one", () => stream.stats.capturedSeconds > both + 0.5);
  heard = hearing(stream);
  await until("the other, which goes on", () => heard[0] > 6);
  const { stats } = await soon("the end", stream.end());
  const received = await samples(id, 0);
  near(received.length / 2 / 16_000, stats.capturedSeconds, 1e-4, "received seconds");
  const [a, b] = loudness(received, 2, 0, both);
  near(a, 0.5 / Math.SQRT2, 0.05, "loudness of the first channel");
  near(b, 0.5 / Math.SQRT2, 0.05, "loudness of the second channel");
  const [still] = loudness(received, 2, both + 0.3, stats.capturedSeconds);
  const gone = received.subarray(Math.round((both + 0.3) * 16_000) * 2).filter((_, index) => index % 2 === 1);
  near(still, 0.5 / Math.SQRT2, 0.05, "loudness of the first channel afterwards");
  equal([gone.length > 8_000, gone.some((sample) => sample !== 0)], [true, false], "samples of the channel whose source was detached, and sound");
  await Promise.all([left, right].map(({ context }) => context.close()));
}

export async function a_microphone_that_moves_to_another_device_is_followed({ connect, samples, until, soon, near, equal, ok }) {
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
  const told = (code) => warnings.some(([other]) => other === code);
  const moments = [moment(desk.context)];
  await soon("attaching", stream.attach(microphone));
  moments.push(moment(desk.context));
  const first = hearing(stream);
  await until("the first device", () => first[0] > 10);
  const before = stream.stats.capturedSeconds;
  microphone.mediaStream = headset.stream;
  listeners.get("change")({ label: "Headset" });
  await until("the change", () => told("device-changed"));
  const changed = stream.stats.capturedSeconds;
  await until("the end of what was captured before", () => stream.stats.capturedSeconds > changed + 0.4);
  const second = hearing(stream);
  await until("the second device", () => second[0] > 8);
  listeners.get("lost")();
  await until("the loss", () => told("device-lost"));
  moments.push(moment(desk.context));
  const { stats } = await soon("the end", stream.end());
  moments.push(moment(desk.context));
  equal(warnings.filter(([code]) => code.startsWith("device")), [["device-changed", null], ["device-lost", null]], "warnings");
  equal(listeners.size, 0, "listeners on the microphone afterwards");
  asPlayed(stats.capturedSeconds, moments, ok);
  const received = await samples(id, 0);
  near(loudness(received, 1, 0, before)[0], 0.5 / Math.SQRT2, 0.05, "loudness of the first device");
  near(loudness(received, 1, changed + 0.4, stats.capturedSeconds)[0], 0.25 / Math.SQRT2, 0.03, "loudness of the second device");
  await Promise.all([desk, headset].map(({ context }) => context.close()));
}

export async function of_two_moves_in_a_row_the_last_one_counts({ connect, samples, until, soon, near }) {
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
  const heard = hearing(stream);
  await until("the last device", () => heard[0] > 10);
  const { stats } = await soon("the end", stream.end());
  const received = await samples(id, 0);
  const [loud] = loudness(received, 1, 0, stats.capturedSeconds);
  near(loud, 0.25 / Math.SQRT2, 0.03, "loudness of the last device");
  await Promise.all(devices.map(({ context }) => context.close()));
}

export async function a_capture_that_the_browser_suspends_goes_on({ connect, sleep, until, soon, ok }) {
  const { stream } = await connect();
  const source = await playing();
  const watch = watched();
  const warnings = [];
  stream.on("warning", ({ code, seconds, filled }) => warnings.push({ code, seconds, filled }));
  const moments = [moment(source.context)];
  await soon("attaching", stream.attach(source.stream));
  moments.push(moment(source.context));
  await until("what is captured", () => stream.stats.capturedSeconds > 0.5);
  const [context] = watch.contexts;
  // The browser lets it go on a second later.
  context.resume = async () => {
    await sleep(1);
    return AudioContext.prototype.resume.call(context);
  };
  await context.suspend();
  await until("that the context goes on", () => context.state === "running");
  const resumed = context.currentTime;
  await until("half a second more", () => context.currentTime > resumed + 0.5);
  moments.push(moment(source.context));
  const { stats } = await soon("the end", stream.end());
  moments.push(moment(source.context));
  watch.stop();
  ok(warnings.some(({ code }) => code === "suspended"), `it was told: ${JSON.stringify(warnings)}`);
  // The source has played on, and for the time of the suspension there is silence.
  asPlayed(stats.capturedSeconds, moments, ok);
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

export async function a_stream_that_is_over_takes_no_source({ connect, until, soon, refused, equal }) {
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
  await until("that the context is closed when the stream was closed meanwhile", () => watch.contexts[0].state === "closed");
  await refused("conflict", () => stream.attach(gain));
  await context.close();
}

export async function closing_lets_go_of_what_was_attached({ connect, until, soon, equal, ok }) {
  const { context, sink } = await tone((of) => new MediaStreamAudioDestinationNode(of));
  const watch = watched();
  for (const leave of [(stream) => stream.close(), (stream) => stream.free(), (stream) => stream.end()]) {
    const { stream } = await connect();
    await soon("attaching", stream.attach(sink.stream));
    equal(watch.contexts.at(-1).state, "running", "state of the context");
    await leave(stream);
    await until("that the context is closed afterwards", () => watch.contexts.at(-1).state === "closed");
  }
  watch.stop();
  // A clone would keep the device on after the app has stopped its own tracks.
  ok(watch.streams.every((stream) => stream === sink.stream), "the app's own stream is listened to, not a clone");
  await context.close();
}
