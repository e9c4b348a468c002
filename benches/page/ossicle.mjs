// In the page of a run: the app that uses this package, with its defaults but for where its engine is.

import init, { OssicleClient } from "/pkg/ossicle.js";

/**
 * Opens a stream, and attaches the microphone unless audio is to be pushed. `{ absent }` where this package's engine cannot be
 * where `worker` says.
 */
export async function start({ media, settings: { environment, tenantName }, token, encounter, worker, audio, pushed = false }) {
  await init();
  const client = new OssicleClient({ environment, tenantName, auth: token });
  const { interactionId: id } = await client.interactions.create({ encounter });
  const transcription = { primaryLanguage: "en", participants: [{ channel: 0, role: "multiple" }] };
  const configuration = { transcription, mode: { type: "transcription" } };
  // What is pushed comes faster than in life, and is to go out so.
  const pace = pushed ? { catchUpRate: 100 } : {};
  const stream = await client.stream.connect({ id, configuration, worker, audio, ...pace });
  if (Boolean(stream.isInWorker) !== worker) {
    stream.close();
    return { absent: worker ? "the engine is on the page" : "the engine is in a worker" };
  }
  const said = [];
  stream.on("transcript", ({ segments }) => said.push(segments.length));
  if (!pushed) await stream.attach(media);
  return { id, encoder: stream.encoder, stream, end: () => stream.end() };
}
