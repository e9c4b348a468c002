// Audio that the app encoded itself.

const PCM = "audio/pcm; rate=16000; channels=1; bits=16";

/** A stream of bytes of such a format, on which such things go wrong. */
async function connected({ client, interaction, configuration, fault }, audioFormat, faults) {
  const of = client();
  const id = await interaction(of);
  if (faults) await fault(id, faults);
  const stream = await of.stream.connect({ id, configuration: { ...configuration, audioFormat }, catchUpRate: 100 });
  return { id, stream };
}

export async function bytes_of_any_kind_are_sent_in_the_order_of_the_calls(bench) {
  const { samples, soon, equal, near } = bench;
  const { id, stream } = await connected(bench, PCM);
  equal([stream.audioFormat, stream.encoder], [PCM, "pcm"], "format and encoder");
  const sent = Int16Array.from({ length: 16_000 }, (_, n) => Math.round(8_000 * Math.sin(n / 6)));
  const piece = (n) => sent.slice(n * 2_000, (n + 1) * 2_000);
  const view = new DataView(sent.buffer, 4 * 4_000, 4_000);
  // Nobody waits for any of them.
  stream.sendAudio(new Blob([piece(0)]));
  stream.sendAudio(piece(1).buffer);
  stream.sendAudio(new Blob([piece(2)]));
  stream.sendAudio(piece(3));
  stream.sendAudio(view);
  // In the middle of a sample.
  stream.sendAudio(sent.buffer.slice(20_000, 20_001));
  stream.sendAudio(sent.buffer.slice(20_001));
  const { stats } = await soon("the end", stream.end());
  near(stats.capturedSeconds, 1, 1e-6, "seconds");
  equal([...(await samples(id, 0))], [...sent], "what was received");
}

export async function bytes_given_after_a_flush_come_after_those_given_before_it(bench) {
  const { samples, soon, equal } = bench;
  const { id, stream } = await connected(bench, PCM);
  const sent = Int16Array.from({ length: 8_000 }, (_, n) => n);
  stream.sendAudio(new Blob([sent.slice(0, 4_000)]));
  const flushed = stream.flush();
  stream.sendAudio(sent.slice(4_000));
  await soon("the flush is answered", flushed);
  await soon("the end", stream.end());
  equal([...(await samples(id, 0))], [...sent], "what was received");
}

export async function a_recorder_s_pieces_begin_with_its_headers_on_every_socket(bench) {
  const { until, soon, sockets, decoded, bytes, addsUp, ok, equal } = bench;
  const mimeType = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus"].find((type) => MediaRecorder.isTypeSupported(type));
  const { id, stream } = await connected(bench, mimeType, { events: [{ afterAudioSeconds: 1, do: "drop" }] });
  const states = [];
  stream.on("state", ({ state }) => states.push(state));
  const context = new AudioContext();
  await context.resume();
  const oscillator = new OscillatorNode(context, { frequency: 440 });
  const sink = new MediaStreamAudioDestinationNode(context);
  oscillator.connect(sink);
  oscillator.start();
  const recorder = new MediaRecorder(sink.stream, { mimeType });
  const pieces = [], times = [];
  recorder.ondataavailable = ({ data }) => {
    pieces.push(data);
    times.push(performance.now());
    stream.sendAudio(data);
  };
  recorder.start(250);
  await until("what is captured", () => stream.stats.capturedSeconds > 0);
  const seen = performance.now();
  await until("the second connection", () => states.includes("streaming"));
  const before = pieces.length;
  await until("more of the recording", () => pieces.length > before + 1);
  const stopped = new Promise((resolve) => (recorder.onstop = resolve));
  recorder.stop();
  await stopped;
  const { stats } = await soon("the end", stream.end());
  const over = performance.now();
  await context.close();
  addsUp(stats);
  equal([stats.reconnects, stats.droppedSeconds], [1, 0], "reconnects and dropped seconds");
  const all = await sockets(id);
  equal(all.map(({ order }) => order), [["config", "audio"], ["config", "audio", "flush", "end"]], "what each socket was sent");
  // Where the first socket broke is not for us to know: what it received is the beginning of what was recorded.
  const recorded = new Uint8Array(await new Blob(pieces).arrayBuffer());
  const [first, second] = [await bytes(id, 0), await bytes(id, 1)];
  ok(first.length > 0 && first.every((byte, n) => byte === recorded[n]), "the first socket received the beginning");
  ok(second.length < recorded.length + 4_000, "the second socket received what was left");
  const end = second.slice(-1_000);
  ok(end.every((byte, n) => byte === recorded[recorded.length - end.length + n]), "the second socket received the end");
  equal([...second.slice(0, 28)], [...first.slice(0, 28)], "both begin with the headers");
  ok((await decoded(id, 0)).duration > 0.5, "the first socket's audio decodes");
  // A piece is as long as the time since the one before it came; the first, which came before it was seen, a quarter of a second.
  const [least, most] = [times.at(-1) - seen, over - times[0]].map((milliseconds) => 0.25 + milliseconds / 1_000);
  ok(stats.capturedSeconds > least - 0.005 && stats.capturedSeconds < most + 0.005, `${stats.capturedSeconds} s were captured, of ${least} to ${most}`);
}

export async function bytes_need_a_declared_format_and_are_not_mixed_with_frames(bench) {
  const { connect, speech, refused, equal } = bench;
  const { stream: undeclared } = await connect();
  await refused("invalid_request", () => undeclared.sendAudio(new Uint8Array(4)));
  undeclared.close();
  const { stream } = await connected(bench, "audio/webm");
  equal(stream.encoder, "given", "encoder");
  for (const nothing of [undefined, null, 7, "text", [1, 2], {}]) await refused("invalid_request", () => stream.sendAudio(nothing));
  await refused("audio_unsupported", async () => stream.pushFrame([speech(0.1)], 48_000));
  await refused("audio_unsupported", () => stream.attach(new MediaStream()));
  await stream.sendAudio(new Uint8Array([0x1a, 0x45, 0xdf, 0xa3]));
  await refused("conflict", async () => stream.pushFrame([speech(0.1)], 48_000));
  stream.close();
  await stream.sendAudio(new Uint8Array(4));
}
