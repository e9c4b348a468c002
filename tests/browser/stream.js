// A stream that goes well: listeners, frames, flush, end, close.

export async function listeners_are_called_in_the_order_in_which_they_came({ connect, soon, equal }) {
  const { stream } = await connect();
  const called = [];
  for (let n = 0; n < 4; n++) stream.on("flushed", ({ type }) => called.push(`${type} ${n}`));
  stream.on("flushed", () => stream.on("flushed", () => called.push("too late")));
  await soon("the flush is answered", stream.flush());
  equal(called, ["flushed 0", "flushed 1", "flushed 2", "flushed 3"], "calls");
  stream.close();
}

export async function a_listener_can_be_taken_off_in_three_ways({ connect, soon, equal }) {
  const { stream } = await connect();
  const called = [];
  const named = () => called.push("named");
  const unsubscribe = stream.on("flushed", () => called.push("unsubscribed"));
  stream.on("flushed", named);
  stream.once("flushed", () => called.push("once"));
  stream.on("flushed", () => called.push("stays"));
  await soon("the flush is answered", stream.flush());
  unsubscribe();
  unsubscribe();
  stream.off("flushed", named);
  stream.off("transcript");
  await soon("the flush is answered", stream.flush());
  stream.off("flushed");
  await soon("the flush is answered", stream.flush());
  equal(called, ["unsubscribed", "named", "once", "stays", "stays"], "calls");
  stream.close();
}

export async function a_listener_that_throws_does_not_stop_the_others({ connect, soon, equal, ok }) {
  const { stream } = await connect();
  const mistake = new Error("a listener's mistake");
  const reported = [];
  const onError = (event) => (event.preventDefault(), event.stopImmediatePropagation(), reported.push(event.error));
  addEventListener("error", onError, true);
  let others = 0;
  stream.on("flushed", () => { throw mistake; });
  stream.on("flushed", () => others++);
  await soon("the flush is answered", stream.flush());
  removeEventListener("error", onError, true);
  equal([others, stream.state], [1, "streaming"], "other listeners, and the state");
  ok(reported.length === 1 && reported[0] === mistake, "the browser reports the exception as that of an event handler");
  stream.close();
}

export async function a_listener_may_close_the_stream({ connect, speech, refused, equal }) {
  const { stream } = await connect();
  stream.on("transcript", () => stream.close());
  stream.pushFrame([speech(10)], 48_000);
  await refused("aborted", () => stream.flush());
  equal(stream.state, "ended", "state");
}

export async function a_listener_may_free_the_stream({ connect, speech, sockets, until, ok, equal }) {
  const { id, stream } = await connect();
  const events = [];
  const done = new Promise((resolve) => stream.on("transcript", () => (stream.free(), resolve())));
  stream.on("state", ({ state }) => events.push(state));
  stream.pushFrame([speech(10)], 48_000);
  const flushed = stream.flush().then(() => "answered", ({ code }) => code);
  await done;
  equal(await flushed, "aborted", "what waited");
  const closed = await until("the socket's end", async () => (await sockets(id))[0].closeCode);
  equal([closed, events], [1000, []], "close code of the socket, and events after free()");
  let complaint;
  try { stream.close(); } catch (error) { complaint = error; }
  ok(complaint instanceof Error, "an object that was freed says so, and nothing panics");
}

export async function a_stream_may_be_closed_and_freed_in_any_order_and_more_than_once({ connect, until, sleep, refused, equal }) {
  const free = (stream) => stream.free();
  const close = (stream) => stream.close();
  const dispose = (stream) => stream[Symbol.dispose ?? "free"]();
  for (const acts of [[close, close, free], [free, free], [dispose, free], [close, dispose, dispose]]) {
    const { stream } = await connect();
    const waiting = stream.flush();
    waiting.catch(() => {});
    for (const act of acts) act(stream);
    await refused("aborted", () => waiting);
    for (const act of [() => stream.state, () => stream.close(), () => stream.flush()]) await refused("conflict", async () => act());
  }
  const { stream } = await connect();
  const told = [];
  stream.on("state", ({ state }) => (told.push(state), dispose(stream), free(stream)));
  stream.close();
  await until("the end", () => told.length > 0);
  // Time for another that must not come.
  await sleep(0.1);
  equal(told, ["ended"], "states that were told");
}

export async function frames_become_transcripts_and_facts({ connect, speech, soon, until, ok, equal, addsUp }) {
  const { id, stream } = await connect();
  const heard = { segments: [], replaced: [], facts: [] };
  stream.on("transcript", ({ segments, replaced }) => (heard.segments.push(...segments), heard.replaced.push(...replaced)));
  stream.on("facts", ({ facts }) => heard.facts.push(...facts));
  for (let n = 0; n < 30; n++) {
    stream.pushFrame([speech(1), speech(1)], 48_000);
    addsUp(stream.stats);
  }
  await soon("the flush is answered", stream.flush());
  const finals = heard.segments.filter((segment) => segment.final).sort((a, b) => a.time.start - b.time.start);
  ok(finals.length >= 3, `there are final segments: ${finals.length}`);
  for (const { time, transcript, participant } of finals) {
    ok(time.start >= 0 && time.start < time.end && time.end <= 30.1, `within the visit: ${time.start} to ${time.end} s`);
    ok(transcript.length > 0 && participant.channel === 0, "it has words, and a channel");
  }
  equal(stream.transcript, finals, "the merged transcript");
  await until("facts", () => heard.facts.length > 0);
  ok(heard.facts.every((fact) => fact.id && fact.group && fact.text), "facts came");
  equal(stream.audioFormat, "audio/pcm; rate=16000; channels=1; bits=16", "what was declared");
  stream.close();
  equal(stream.transcript.length, finals.length, "segments after the end");
  ok(id, "the interaction has an id");
}

export async function a_pause_captures_nothing_and_says_where_the_time_stood_still({ connect, sockets, speech, sleep, until, soon, near, ok, equal, addsUp }) {
  const { id, stream } = await connect();
  const events = [];
  for (const type of ["pause", "resume"]) stream.on(type, (event) => events.push(event));
  stream.resume();
  stream.pushFrame([speech(1.1)], 48_000);
  const times = [performance.now()];
  stream.pause();
  stream.pause();
  equal([stream.isPaused, stream.pauses], [true, []], "paused, and pauses");
  await until("the pause", () => events.length > 0);
  times.push(performance.now());
  await until("that nothing waits, once the stream is paused", () => stream.stats.capturedSeconds > 1.08 && stream.stats.bufferedSeconds < 0.011);
  stream.pushFrame([speech(1)], 48_000);
  await sleep(0.3);
  times.push(performance.now());
  stream.resume();
  await until("the end of the pause", () => events.length > 1);
  times.push(performance.now());
  stream.pushFrame([speech(1)], 48_000);
  const { stats } = await soon("the end", stream.end());
  addsUp(stats);
  near(stats.capturedSeconds, 2.1, 0.001, "captured seconds");
  near((await sockets(id))[0].receivedSeconds, 2.1, 0.001, "received seconds");
  equal(events.map(({ type }) => type), ["pause", "resume"], "events");
  const [{ at, seconds }] = stream.pauses;
  near(at, 1.1, 0.01, "where the time stood still");
  // It was taken between the call and the event, and so was its end.
  const [most, least] = [times[3] - times[0], times[2] - times[1]].map((milliseconds) => milliseconds / 1_000);
  ok(seconds > least - 0.005 && seconds < most + 0.005, `the time stood still for ${seconds} s, ${least} to ${most}`);
  equal([events[0].at, events[1].seconds], [at, seconds], "what the events said");
}

export async function a_muted_channel_sends_silence_and_warns_of_nothing({ connect, samples, speech, soon, near, equal, refused }) {
  const { id, stream } = await connect({ audio: { encoding: "pcm", channels: 2 } });
  const warnings = [];
  stream.on("warning", ({ code, channel }) => warnings.push([code, channel]));
  await refused("invalid_request", async () => stream.mute(2));
  const both = (seconds) => stream.pushFrame([speech(seconds), speech(seconds)], 48_000);
  both(1);
  stream.mute(1);
  both(6);
  stream.unmute(1);
  stream.mute();
  both(1);
  stream.unmute();
  both(1);
  await soon("the end", stream.end());
  equal(warnings, [], "warnings");
  const received = await samples(id, 0);
  const loud = (channel, from) => {
    const plane = received.subarray(from * 32_000, (from + 0.8) * 32_000).filter((_, index) => index % 2 === channel);
    return Math.sqrt(plane.reduce((sum, sample) => sum + sample * sample, 0) / plane.length) > 1_000;
  };
  equal([0.1, 1.1, 6.1, 7.1, 8.1].map((from) => loud(0, from)), [true, true, true, false, true], "what the first channel has");
  equal([0.1, 1.1, 6.1, 7.1, 8.1].map((from) => loud(1, from)), [true, false, false, false, true], "what the second channel has");
  near(received.length / 32_000, 9, 0.001, "received seconds");
}

export async function levels_are_told_about_ten_times_a_second({ connect, speech, soon, near }) {
  const { stream } = await connect();
  const levels = [];
  stream.on("level", (level) => levels.push(level));
  stream.pushFrame([speech(2)], 48_000);
  await soon("the flush is answered", stream.flush());
  near(levels.length, 20, 1, "levels in two seconds");
  const { rms, peak } = levels[10];
  near(peak, 20 * Math.log10(0.4), 0.2, "peak in dBFS");
  near(rms, 20 * Math.log10(0.4 / Math.SQRT2), 0.2, "rms in dBFS");
  stream.close();
}

export async function a_flush_leaves_nothing_in_flight({ connect, speech, soon, near, addsUp, equal }) {
  const { stream } = await connect();
  stream.pushFrame([speech(3)], 48_000);
  const { stats } = await soon("the flush is answered", stream.flush());
  addsUp(stats);
  near(stats.acknowledgedSeconds, 3, 0.03, "acknowledged seconds");
  equal([stats.bufferedSeconds, stats.inFlightSeconds, stats.reconnects], [0, 0, 0], "buffered, in flight, reconnects");
  equal(stream.state, "streaming", "state");
  stream.close();
}

export async function the_end_comes_after_everything_was_heard_and_its_figures_add_up({ connect, speech, sockets, until, soon, near, equal, ok, addsUp }) {
  const { id, stream } = await connect();
  const states = [];
  stream.on("state", ({ state }) => states.push(state));
  const ended = new Promise((resolve) => stream.on("ended", resolve));
  stream.pushFrame([speech(5.1, 44_100)], 44_100);
  const { stats, usage } = await soon("the end", stream.end());
  equal(await soon("the event", ended), { type: "ended", usage }, "the event");
  addsUp(stats);
  near(stats.capturedSeconds, 5.1, 0.001, "captured seconds");
  near(stats.acknowledgedSeconds, stats.capturedSeconds, 1e-9, "acknowledged seconds");
  equal([stats.droppedSeconds, stats.replayedSeconds, states], [0, 0, ["ending", "ended"]], "dropped, replayed, states");
  ok(usage > 0, "usage is told");
  await until("the socket's end", async () => (await sockets(id))[0].closeCode);
  const [socket, ...others] = await sockets(id);
  equal([others.length, socket.order, socket.closeCode], [0, ["config", "audio", "flush", "end"], 1000], "the socket's story");
  equal(socket.bytes, stats.bytesSent, "bytes received");
  near(socket.receivedSeconds, stats.capturedSeconds, 1e-4, "received seconds");
  equal(new Set(socket.chunkBytes.slice(0, -1)).size, 1, "sizes of all chunks but the last");
  equal(socket.chunkBytes[0], 8_000, "bytes of 250 ms");
}

export async function closing_rejects_what_waits({ connect, speech, refused, equal, addsUp }) {
  const { stream } = await connect();
  stream.pushFrame([speech(1)], 48_000);
  const waiting = [stream.flush(), stream.flush(), stream.end()];
  stream.on("error", () => equal(true, false, "an error event, when the app itself closes"));
  // `end` lets the sources go before it asks.
  await null;
  stream.close();
  for (const promise of waiting) await refused("aborted", () => promise);
  equal(stream.state, "ended", "state");
  addsUp(stream.stats);
  stream.close();
}

export async function what_is_asked_after_the_end_is_a_conflict({ connect, speech, refused, equal }) {
  const { stream } = await connect();
  const first = stream.end();
  await refused("conflict", () => stream.end());
  await first;
  await refused("conflict", () => stream.flush());
  await refused("conflict", () => stream.end());
  const { capturedSeconds } = stream.stats;
  stream.pushFrame([speech(1)], 48_000);
  equal(stream.stats.capturedSeconds, capturedSeconds, "captured seconds");
  stream.close();
  stream.free();
}

export async function frames_that_cannot_be_right_are_refused({ connect, speech, refused, equal }) {
  const { stream } = await connect();
  const plane = speech(0.02);
  for (const [planes, rate] of [
    [undefined, 48_000], [plane, 48_000], [[], 48_000], [[[0, 0]], 48_000], [[new Float64Array(8)], 48_000],
    [[plane, plane.subarray(1)], 48_000], [[plane], 0], [[plane], NaN], [[plane], undefined], [[plane], 1e9], [[plane], "fast"],
  ]) {
    await refused("invalid_request", () => stream.pushFrame(planes, rate));
  }
  equal([stream.stats.capturedSeconds, stream.state], [0, "streaming"], "captured seconds, and the state");
  // Strange but possible: nothing at all, and samples that are no numbers.
  stream.pushFrame([new Float32Array(0)], 48_000);
  stream.pushFrame([new Float32Array(48_000).fill(NaN)], 48_000);
  await stream.end();
}

export async function every_message_of_the_service_is_passed_on_as_it_came({ client, interaction, configuration, soon, equal }) {
  const all = client();
  const stream = await all.stream.connect({ id: await interaction(all), configuration, awaitConfiguration: false });
  equal(stream.state, "connecting", "state of a stream that nobody waited for");
  const messages = [];
  stream.on("message", (message) => messages.push(message));
  await soon("the end", stream.end());
  equal(messages.map(({ type }) => type), ["CONFIG_ACCEPTED", "usage", "ENDED"], "types");
  const { type, outputLocale } = messages[0].configuration.mode;
  equal([type, outputLocale], ["facts", "en"], "the configuration that the service tells back");
}
