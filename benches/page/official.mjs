// In the page of a run: the app that uses the service's official client, @corti/sdk, with its defaults.
//
// Audio is handed to it as it comes, with nothing done to it on the way: by a `MediaRecorder`, as the client's users have it, or by
// a worklet of the app that posts PCM.

import { CortiClient } from "@corti/sdk";

/** Milliseconds of a message. */
const CHUNK = 250;

/** What a `MediaRecorder` is asked for, and Hz of the PCM: what the service recommends. */
const [RECORDED, PCM_RATE] = ["audio/webm;codecs=opus", 16_000];

const WORKLET = `registerProcessor("pcm", class extends AudioWorkletProcessor {
  filled = 0;
  chunk = new Int16Array(${(PCM_RATE * CHUNK) / 1_000});
  process([[samples = []]]) {
    for (const sample of samples) {
      this.chunk[this.filled++] = 32_767 * Math.max(-1, Math.min(1, sample));
      if (this.filled < this.chunk.length) continue;
      const { buffer, length } = this.chunk;
      this.port.postMessage(buffer, [buffer]);
      [this.filled, this.chunk] = [0, new Int16Array(length)];
    }
    return true;
  }
})`;

/** Each of them sends all that `media` has from now on, and answers what stops it, once all has been sent. */
const SOURCES = {
  recorder: async (media, send) => {
    const recorder = new MediaRecorder(media, { mimeType: RECORDED });
    recorder.ondataavailable = ({ data }) => send(data);
    recorder.start(CHUNK);
    return async () => {
      const stopped = new Promise((resolve) => (recorder.onstop = resolve));
      recorder.stop();
      await stopped;
    };
  },
  worklet: async (media, send) => {
    const context = new AudioContext({ sampleRate: PCM_RATE });
    await context.audioWorklet.addModule(URL.createObjectURL(new Blob([WORKLET], { type: "text/javascript" })));
    const worklet = new AudioWorkletNode(context, "pcm", { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" });
    worklet.port.onmessage = ({ data }) => send(data);
    context.createMediaStreamSource(media).connect(worklet);
    return () => context.close();
  },
};

const FORMATS = { recorder: RECORDED, worklet: `audio/pcm; rate=${PCM_RATE}; channels=1; bits=16` };

export async function start({ media, settings: { environment, tenantName }, token, encounter, source }) {
  const { accessToken, expiresIn } = await token();
  const client = new CortiClient({
    environment: { ...environment, login: environment.base, agents: environment.base },
    tenantName,
    auth: { accessToken, expiresIn, refreshAccessToken: token },
  });
  const { interactionId: id } = await client.interactions.create({ encounter });
  const transcription = { primaryLanguage: "en", participants: [{ channel: 0, role: "multiple" }] };
  const configuration = { transcription, mode: { type: "transcription" }, audioFormat: FORMATS[source] };
  const socket = await client.stream.connect({ id, configuration });
  const said = [];
  const ended = new Promise((resolve) => {
    socket.on("message", ({ type, data }) => {
      if (type === "transcript") said.push(data.length);
      if (type === "ENDED") resolve();
    });
  });
  const stop = await SOURCES[source](media, (data) => socket.sendAudio(data));
  return {
    id,
    encoder: source,
    end: async () => {
      await stop();
      socket.sendEnd({ type: "end" });
      await ended;
      socket.close();
    },
  };
}
