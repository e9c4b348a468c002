// A stream that goes wrong: refusals, silence, dropped connections, aborts. Every one ends within its time limit.

import { HANG } from "./bench.js";

export async function a_configuration_that_cannot_be_right_is_refused_before_a_socket_opens({ configuration, interaction, client, sockets, refused, ok, equal }) {
  const all = client();
  const id = await interaction(all);
  for (const [named, options] of [
    ["id", { id: "42" }],
    ["configuration", { configuration: undefined }],
    ["configuration.mode.outputLocale", { configuration: { ...configuration, mode: { type: "facts" } } }],
    ["audio.chunkMs", { audio: { chunkMs: 5 } }],
    ["connectionTimeoutInSeconds", { connectionTimeoutInSeconds: 0 }],
    ["proxy.url", { proxy: {} }],
  ]) {
    const error = await refused("invalid_request", () => all.stream.connect({ id, configuration, ...options }));
    ok(error.message.includes(named), `"${error.message}" names ${named}`);
  }
  for (const nothing of [undefined, null, 7]) await refused("invalid_request", () => all.stream.connect(nothing));
  equal(await sockets(id), [], "sockets");
}

export async function a_configuration_that_the_service_refuses_is_rejected({ client, interaction, configuration, fault, sockets, refused, equal, ok }) {
  const all = client();
  for (const status of ["CONFIG_DENIED", "CONFIG_REJECTED", "CONFIG_MISSING", "CONFIG_NOT_PROVIDED", "CONFIG_TIMEOUT"]) {
    const id = await interaction(all);
    await fault(id, { configuration: status });
    const error = await refused("config_rejected", () => all.stream.connect({ id, configuration }));
    ok(error.message.includes(status), `"${error.message}" names ${status}`);
    equal([error.retryable, (await sockets(id)).length], [false, 1], "retryable, and sockets");
  }
}

/** Connects with a long time limit: it is still waiting when one that began later, with a short one, has been refused. */
function patiently(client, options) {
  const controller = new AbortController();
  const connecting = client.stream.connect({ ...options, connectionTimeoutInSeconds: 2 * HANG, abortSignal: controller.signal });
  connecting.catch(() => {});
  return { abort: () => (controller.abort(), connecting) };
}

export async function a_service_that_says_nothing_ends_in_a_timeout({ client, interaction, configuration, fault, sockets, until, refused, ok }) {
  const all = client();
  const [id, other] = [await interaction(all), await interaction(all)];
  for (const each of [id, other]) await fault(each, { configuration: "silent", times: 5 });
  const patient = patiently(all, { id: other, configuration });
  await until("the socket of the other", async () => (await sockets(other)).length > 0);
  const start = performance.now();
  await refused("timeout", () => all.stream.connect({ id, configuration, connectionTimeoutInSeconds: 1 }));
  ok(performance.now() - start >= 999, "it is not refused before its time");
  await refused("aborted", () => patient.abort());
}

export async function a_service_that_is_not_there_ends_within_the_time_limit({ client, token, configuration, until, refused, ok }) {
  const environment = { base: "http://127.0.0.1:49151/v2", wss: "ws://127.0.0.1:49151" };
  const given = await token();
  let asked = 0;
  const nowhere = client({ environment, auth: async () => (asked++, given), maxRetries: 0 });
  const id = crypto.randomUUID();
  const patient = patiently(nowhere, { id, configuration });
  await until("the other's first try", () => asked > 0);
  const start = performance.now();
  const error = await refused("network", () => nowhere.stream.connect({ id, configuration, connectionTimeoutInSeconds: 1.5 }));
  ok(performance.now() - start >= 1_499, "it is tried again until its time is over");
  ok(error.retryable, "it is worth another try");
  await refused("aborted", () => patient.abort());
  await refused("network", () => nowhere.interactions.list());
}

export async function a_wrong_token_is_unauthorized({ client, interaction, configuration, refused, equal, ok }) {
  const id = await interaction();
  const error = await refused("unauthorized", () => client({ auth: { accessToken: "s3cret" } }).stream.connect({ id, configuration }));
  equal(error.statusCode, 401, "status");
  ok(!error.message.includes("s3cret"), "the token is not told");
}

export async function an_unknown_interaction_is_not_found({ client, configuration, refused, equal }) {
  const id = crypto.randomUUID();
  const error = await refused("not_found", () => client().stream.connect({ id, configuration }));
  equal([error.statusCode, error.retryable], [404, false], "status and retryable");
}

export async function the_caller_s_signal_ends_the_attempt_to_connect_and_the_stream({ client, interaction, configuration, fault, sockets, until, refused, equal }) {
  const all = client();
  const id = await interaction(all);
  await refused("aborted", () => all.stream.connect({ id, configuration, abortSignal: AbortSignal.abort() }));

  await fault(id, { configuration: "silent" });
  const first = new AbortController();
  const connecting = all.stream.connect({ id, configuration, abortSignal: first.signal });
  connecting.catch(() => {});
  await until("the socket", async () => (await sockets(id)).length > 0);
  first.abort();
  await refused("aborted", () => connecting);

  // What is asked is not answered before the signal comes, however busy this machine is.
  await fault(id, { delaySeconds: 2 * HANG });
  const second = new AbortController();
  const stream = await all.stream.connect({ id, configuration, abortSignal: second.signal });
  const flush = stream.flush();
  second.abort();
  await refused("aborted", () => flush);
  equal(stream.state, "ended", "state");
}

export async function the_socket_has_a_token_of_its_own_if_there_is_one({ client, interaction, configuration, token, refused, equal }) {
  let asked = 0;
  const limited = () => (asked++, token("?scope=openid%20streams"));
  const all = client({ streamAuth: limited });
  const id = await interaction(all);
  equal(asked, 0, "questions for REST");
  const stream = await all.stream.connect({ id, configuration });
  equal([asked, stream.state], [1, "streaming"], "questions, and the state");
  stream.close();
  await refused("forbidden", () => client({ auth: limited }).interactions.list());
}

export async function nothing_is_lost_when_the_connection_drops({ client, interaction, configuration, token, fault, sockets, samples, sleep, until, soon, equal, near, ok, addsUp }) {
  let asked = 0;
  const all = client({ streamAuth: () => (asked++, token()) });
  const id = await interaction(all);
  await fault(id, { events: [{ afterAudioSeconds: 1, do: "drop" }] });
  const stream = await all.stream.connect({ id, configuration, catchUpRate: 10, audio: { encoding: "pcm" } });
  const states = [], finals = [];
  stream.on("state", ({ state }) => states.push(state));
  stream.on("transcript", ({ segments }) => finals.push(...segments.filter((segment) => segment.final)));

  // Four seconds of a ramp: each sample tells which one it is.
  const rate = 16_000, seconds = 4, step = 0.1;
  const value = (n) => (n - 32_000) / 32_768;
  for (let from = 0; from < seconds * rate; from += step * rate) {
    stream.pushFrame([Float32Array.from({ length: step * rate }, (_, n) => value(from + n))], rate);
    addsUp(stream.stats);
    await sleep(step / 5);
  }
  await until("the second connection", () => states.includes("streaming"));
  const { stats } = await soon("the end", stream.end());

  equal(states, ["reconnecting", "streaming", "ending", "ended"], "states");
  equal([stats.reconnects, stats.droppedSeconds, asked], [1, 0, 2], "reconnects, dropped seconds, questions for a token");
  addsUp(stats);
  near(stats.capturedSeconds, seconds, 1e-6, "captured seconds");
  near(stats.acknowledgedSeconds, seconds, 1e-6, "acknowledged seconds");
  const stories = await sockets(id);
  equal(stories.map((socket) => socket.order), [["config", "audio"], ["config", "audio", "flush", "end"]], "what the sockets were told");

  const [first, second] = await Promise.all([0, 1].map((n) => samples(id, n)));
  near(first[0], -32_000, 2, "the first sample");
  near(second.at(-1), 31_999, 2, "the last sample");
  // What the first socket was sent and the service did not confirm, it may not have heard: it is sent again, and counted.
  const again = (first.at(-1) + 1 - second[0]) / rate;
  ok(again > 0.4, `the second socket repeats what is not confirmed: ${again} s`);
  // On its way to the first socket there may have been more than it received.
  ok(stats.replayedSeconds > again - 0.01, `${stats.replayedSeconds} s were replayed`);
  near(stats.sentSeconds, seconds, 1e-6, "sent seconds");
  for (const part of [first, second]) {
    ok(part.every((sample, n) => n === 0 || Math.abs(sample - part[n - 1]) <= 2), "no sample within a socket is missing");
  }
  finals.forEach(({ time }, n) => {
    ok(finals.findIndex((other) => other.time.start === time.start) === n, "the app sees no final segment twice");
    ok(n === 0 || time.start >= finals[n - 1].time.end - 0.01, "their times are on one timeline");
  });
  ok(finals.length > 0 && finals.at(-1).time.end > seconds - 0.5, "the transcript reaches to the end");
}

export async function a_visit_that_nobody_waits_for_starts_before_there_is_a_connection({ client, interaction, configuration, token, fault, speech, sockets, until, soon, equal, near }) {
  // Nothing is connected before this is answered.
  let answer;
  const answered = new Promise((resolve) => (answer = resolve));
  const all = client({ streamAuth: async () => (await answered, token()) });
  const id = await interaction(all);
  // The first socket never answers, and ends when it should.
  await fault(id, { events: [{ during: "configuration", do: "drop" }] });
  const usual = { id, configuration, audio: { encoding: "pcm" }, catchUpRate: 100 };
  const stream = await all.stream.connect({ ...usual, awaitConfiguration: false });
  equal(stream.state, "connecting", "state");
  stream.pushFrame([speech(3)], 48_000);
  await until("what waits", () => stream.stats.capturedSeconds > 2.98);
  near(stream.stats.bufferedSeconds, 3, 0.02, "seconds that wait");
  answer();
  await until("the connection", () => stream.state === "streaming");
  const { stats } = await soon("the end", stream.end());
  near(stats.acknowledgedSeconds, 3, 0.001, "acknowledged seconds");
  const received = (await sockets(id)).map(({ receivedSeconds }) => Math.round(receivedSeconds * 1_000) / 1_000);
  equal(received, [0, 3], "seconds that the sockets received");
}

export async function after_a_failure_the_unsent_audio_is_a_file({ client, interaction, configuration, token, fault, speech, soon, equal, near, ok }) {
  let access = () => token();
  const all = client({ auth: () => access() });
  const id = await interaction(all);
  await fault(id, { events: [{ afterAudioSeconds: 1, do: "drop" }] });
  const usual = { id, configuration, audio: { encoding: "pcm" }, catchUpRate: 100, bufferSeconds: 10 };
  const stream = await all.stream.connect(usual);
  const failed = new Promise((resolve) => stream.on("error", resolve));
  access = async () => "no.such.token";
  stream.pushFrame([speech(2)], 48_000);
  const { code } = await soon("the failure", failed);
  equal([code, stream.state], ["unauthorized", "failed"], "code of the error, and the state");
  const { acknowledgedSeconds, capturedSeconds } = stream.stats;
  const file = stream.unsentAudio();
  equal(file.type, stream.audioFormat, "type of the file");
  near(file.size / 32_000, capturedSeconds - acknowledgedSeconds, 0.001, "seconds of the file");
  ok(capturedSeconds > 1.9, `${capturedSeconds} s were captured`);
  equal(stream.dropped, [], "what was dropped");
}

export async function what_does_not_fit_into_the_buffer_is_named({ client, interaction, configuration, speech, until, near, equal, addsUp }) {
  const all = client({ streamAuth: () => new Promise(() => {}) });
  const id = await interaction(client());
  const stream = await all.stream.connect({ id, configuration, awaitConfiguration: false, bufferSeconds: 5, audio: { encoding: "pcm" } });
  const spans = [];
  stream.on("audioDropped", ({ start, end, reason }) => spans.push({ start, end, reason }));
  stream.pushFrame([speech(12)], 48_000);
  await until("what was dropped", () => stream.stats.capturedSeconds > 11.98 && spans.length > 0);
  addsUp(stream.stats);
  equal(stream.dropped.length, 1, "spans");
  const [{ start, end }] = stream.dropped;
  near(start, 0, 1e-9, "start");
  near(end, 7, 0.51, "end");
  near(stream.stats.droppedSeconds, end, 1e-6, "dropped seconds");
  equal([spans[0].start, spans.at(-1).end], [start, end], "what was told");
  stream.close();
}

export async function a_proxy_gets_its_own_query_and_no_token({ client, interaction, configuration, environment, token, equal }) {
  const id = await interaction();
  const { accessToken } = await token();
  let asked = 0;
  const behind = client({ streamAuth: () => (asked++, token()) });
  const stream = await behind.stream.connect({
    id,
    configuration,
    proxy: {
      url: `${environment.wss}/interactions/${id}/streams`,
      queryParameters: { "tenant-name": "base", token: `Bearer ${accessToken}` },
    },
  });
  equal([asked, stream.state], [0, "streaming"], "questions for a token, and the state");
  stream.close();
}
