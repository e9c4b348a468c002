// In the page of a visit: the app that records it with this package, and keeps account of what the package says.

import init, { OssicleClient } from "/pkg/ossicle.js";

await init();

/** How often the figures are looked at, in milliseconds. */
const LOOK = 250;

export async function start({ node, play }, { id, settings: { environment, tenantName }, token, early, encoding }) {
  const client = new OssicleClient({ environment, tenantName, auth: token });
  const transcription = { primaryLanguage: "en", participants: [{ channel: 0, role: "multiple" }] };
  const configuration = { transcription, mode: { type: "transcription" } };
  const stream = await client.stream.connect({ id, configuration, audio: { encoding }, awaitConfiguration: !early });

  const [saw, told] = [[], []];
  for (const event of ["state", "error", "warning", "audioDropped"]) {
    stream.on(event, (payload) => {
      saw.push(payload.state ?? `${event} ${payload.code ?? payload.reason}`);
      told.push({ event, at: performance.now() / 1_000, payload, stats: stream.stats });
    });
  }
  const finals = () => stream.transcript.filter((segment) => segment.final);

  const looks = [];
  const look = () => looks.push({ at: performance.now() / 1_000, ...stream.stats });
  const timer = setInterval(look, LOOK);
  for (const event of ["state", "transcript", "flushed"]) stream.on(event, look);

  (globalThis.kept ??= {})[`visit-${id}`] = () => ({ told, finals: finals(), looks, stats: stream.stats, encoder: stream.encoder });

  const stop = play?.((samples, rate) => stream.pushFrame([samples], rate));
  if (!play) await stream.attach(node);
  return {
    flush: () => stream.flush().then(() => saw.push("flush answered"), (error) => saw.push(`flush: ${error.code}`)),
    end: async () => {
      const given = stop?.();
      await stream.end().catch((error) => saw.push(`end: ${error.code}: ${error.message}`));
      clearInterval(timer);
      look();
      return { given, saw, finals: finals(), looks, encoder: stream.encoder };
    },
  };
}
