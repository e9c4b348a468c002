// Opus by the browser's own encoder.

const OPUS = { audio: { encoding: "opus" } };

export async function the_best_encoding_is_found_and_declared({ connect, equal, sockets }) {
  const { id, stream } = await connect({ audio: { encoding: "auto" } });
  equal(stream.encoder, "opus-native", "the encoder");
  equal(stream.audioFormat, "audio/ogg; codecs=opus", "the format");
  stream.close();
  const [socket] = await sockets(id);
  equal(socket.configuration.audioFormat, "audio/ogg; codecs=opus", "the declared format");
}

export async function what_is_sent_decodes_to_what_was_pushed({ connect, decoded, speech, near, ok, sockets, addsUp }) {
  const { id, stream } = await connect(OPUS);
  stream.pushFrame([speech(4.005)], 48_000);
  const { stats } = await stream.end();
  addsUp(stats);
  near(stats.acknowledgedSeconds, 4.005, 0.001, "acknowledged seconds");
  const [socket] = await sockets(id);
  ok(socket.bytes < 4.005 * 8_000, `${socket.bytes} bytes are less than a quarter of PCM's`);
  const buffer = await decoded(id, 0);
  // The end is trimmed to the sample; browsers differ in whether they trim to the frame.
  near(buffer.duration, 4.005, 0.021, "decoded seconds");
  const samples = buffer.getChannelData(0);
  const rms = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
  ok(rms > 0.05, `something is heard: ${rms}`);
}

export async function a_flush_comes_after_the_packets_that_the_encoder_owes({ connect, speech, near, ok }) {
  const { stream } = await connect(OPUS);
  stream.pushFrame([speech(3)], 48_000);
  const asked = performance.now();
  await stream.flush();
  const { acknowledgedSeconds } = stream.stats;
  const waited = performance.now() - asked;
  // Less what waits to fill a frame, of 60 ms at most, and the encoder's delay. For one that is slower than its ten seconds, as on a
  // busy machine, nothing waits any longer.
  ok(acknowledgedSeconds > 3 - 0.07 || waited >= 9_995, `${acknowledgedSeconds} s were acknowledged after ${waited} ms`);
  const { stats } = await stream.end();
  near(stats.capturedSeconds, 3, 0.001, "captured seconds");
}

export async function each_socket_gets_a_container_of_its_own({ client, interaction, fault, configuration, speech, sleep, decoded, sockets, equal, near, ok }) {
  const of = client();
  const id = await interaction(of);
  await fault(id, { events: [{ afterAudioSeconds: 2, do: "drop" }] });
  const stream = await of.stream.connect({ id, configuration, catchUpRate: 100, ...OPUS });
  for (let n = 0; n < 40; n++) {
    stream.pushFrame([speech(0.1)], 48_000);
    await sleep(0.02);
  }
  const { stats } = await stream.end();
  equal(stats.reconnects, 1, "reconnects");
  near(stats.acknowledgedSeconds, 4, 0.001, "acknowledged seconds");
  const all = await sockets(id);
  equal(all.length, 2, "sockets");
  const [first, second] = [await decoded(id, 0), await decoded(id, 1)];
  near(second.duration, all[1].receivedSeconds, 0.03, "what the second socket received decodes");
  ok(first.duration + second.duration > 4 - 0.05, "nothing is missing");
}
