// In the page of a visit: the app that records it with the service's official client, @corti/sdk, and the usual MediaRecorder.
//
// All options of the client are at their defaults, and reconnecting is its own. What the app adds is what it can know: pieces
// that cannot be sent are counted, and the end waits for a connection that is on its way.

import { CortiClient } from "@corti/sdk";

/** Milliseconds of a piece, and what it is. */
const TIMESLICE = 250;
const TYPE = "audio/webm;codecs=opus";

/** Seconds in which the end must come about, a connection before it included. */
const END_LIMIT = 60;

/** `sends`: by which of the client's methods; `sendAudio` throws while there is no connection, `send` keeps for the next. */
export async function start({ media }, { id, settings: { environment, tenantName }, token, early, sends = "sendAudio" }) {
  const { accessToken, expiresIn } = await token();
  const client = new CortiClient({
    environment: { ...environment, login: environment.base, agents: environment.base },
    tenantName,
    auth: { accessToken, expiresIn, refreshAccessToken: token },
  });
  const transcription = { primaryLanguage: "en", participants: [{ channel: 0, role: "multiple" }] };
  const configuration = { transcription, mode: { type: "transcription" }, audioFormat: TYPE };
  const socket = await client.stream.connect({ id, configuration, awaitConfiguration: !early });

  const saw = [];
  let [isOver, unsent] = [false, 0];
  socket.on("open", () => saw.push("open"));
  socket.on("error", (error) => saw.push(`error ${error.message || "without a message"}`));
  socket.on("close", ({ code }) => {
    saw.push(`close ${code}`);
    isOver ||= code === 1000;
  });
  socket.on("message", ({ type }) => {
    if (/^CONFIG|^error$|^ENDED$/.test(type)) saw.push(type);
    isOver ||= type === "ENDED";
  });

  const recorder = new MediaRecorder(media, { mimeType: TYPE });
  let pieces = Promise.resolve();
  const send = async (data) => {
    const bytes = await data.arrayBuffer();
    try {
      socket[sends](bytes);
    } catch {
      unsent += 1; // "Socket is not open."
    }
  };
  recorder.ondataavailable = ({ data }) => (pieces = pieces.then(() => send(data)));
  recorder.start(TIMESLICE);

  return {
    flush: () => {
      try {
        socket.sendFlush({ type: "flush" });
      } catch (error) {
        saw.push(`flush: ${error.message}`);
      }
    },
    end: async () => {
      const limit = performance.now() + END_LIMIT * 1_000;
      const until = async (met) => {
        while (!met() && performance.now() < limit) await new Promise((resolve) => setTimeout(resolve, 100));
      };
      const stopped = new Promise((resolve) => (recorder.onstop = resolve));
      recorder.stop();
      await stopped;
      await pieces;
      await until(() => isOver || socket.readyState === WebSocket.OPEN);
      if (!isOver) {
        try {
          socket.sendEnd({ type: "end" });
          await until(() => isOver);
        } catch (error) {
          saw.push(`end: ${error.message}`);
        }
        if (!isOver) saw.push("the end was not answered");
      }
      socket.close();
      return { saw, unsent };
    },
  };
}
