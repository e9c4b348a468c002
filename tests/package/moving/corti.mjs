// An ambient app in the manner of the official client: it signs in, records a visit and hears what is made of it; and it streams
// through a proxy of its own. `ossicle.mjs` beside it is the same app, moved by the rows of docs/moving.md alone.

import { CortiAuth, CortiClient, CortiWebSocketProxyClient } from "@corti/sdk";

const configuration = {
  transcription: { primaryLanguage: "en", diarize: true, isMultichannel: false, participants: [{ channel: 0, role: "multiple" }] },
  mode: { type: "facts", outputLocale: "en" },
};

/** Where the user signs in. */
export async function signInUrl({ environment, tenantName, clientId, redirectUri }) {
  const auth = new CortiAuth({ environment, tenantName });
  return auth.authorizePkceUrl({ clientId, redirectUri }, { skipRedirect: true });
}

/** What a client is given, once the user is back with a code. */
export async function signedIn({ environment, tenantName, clientId, redirectUri, code }) {
  const { accessToken } = await new CortiAuth({ environment, tenantName }).getPkceFlowToken({ clientId, redirectUri, code });
  return { accessToken };
}

/** Shows each message by its type, and what was said and found. The official client has one listener, so this is it. */
function hear(socket, show, waiting) {
  socket.on("message", (message) => {
    waiting[message.type]?.();
    switch (message.type) {
      case "transcript":
        return message.data.forEach(({ transcript }) => show("transcript", transcript));
      case "facts":
        return message.fact.forEach(({ text }) => show("fact", text));
      default:
        return show(message.type);
    }
  });
}

/** Makes a promise for each of these types of messages, which `waiting` resolves. */
function expect(...types) {
  const waiting = {};
  const come = Object.fromEntries(types.map((type) => [type, new Promise((resolve) => (waiting[type] = resolve))]));
  return { waiting, come };
}

/** A visit: so many seconds of it, with a pause, a flush and an end. */
export async function visit({ environment, tenantName, auth, seconds, show }) {
  const client = new CortiClient({ environment, tenantName, auth });
  const encounter = { identifier: `moving-${Date.now()}`, status: "planned", type: "consultation" };
  const { interactionId: id } = await client.interactions.create({ encounter });
  const { waiting, come } = expect("CONFIG_ACCEPTED", "flushed", "ENDED");

  const socket = await client.stream.connect({ id, configuration, awaitConfiguration: false });
  socket.on("open", () => show("open"));
  socket.on("close", () => show("close"));
  socket.on("error", (error) => show("error", error.message));
  hear(socket, show, waiting);
  await come.CONFIG_ACCEPTED;

  const microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
  const recorder = new MediaRecorder(microphone, { mimeType: "audio/webm;codecs=opus" });
  recorder.ondataavailable = async ({ data }) => data.size > 0 && socket.sendAudio(await data.arrayBuffer());
  recorder.start(250);
  await sleep(seconds * 1e3);
  recorder.pause();
  await sleep(500);
  recorder.resume();
  await sleep(1_000);
  recorder.requestData();
  recorder.stop();
  await sleep(500);
  microphone.getTracks().forEach((track) => track.stop());

  socket.sendFlush({ type: "flush" });
  await come.flushed;
  socket.sendEnd({ type: "end" });
  await come.ENDED;
  socket.close();
  await sleep(500);

  const headers = await client.getAuthHeaders();
  return { id, hasToken: headers.get("Authorization").startsWith("Bearer "), tenant: headers.get("Tenant-Name") };
}

/** A stream through a proxy, which has tenant and token of its own. */
export async function proxied({ id, url, queryParameters, show }) {
  const { waiting, come } = expect("ENDED");
  const socket = await CortiWebSocketProxyClient.stream.connect({ proxy: { url, queryParameters }, configuration });
  hear(socket, show, waiting);
  socket.sendEnd({ type: "end" });
  await come.ENDED;
  socket.close();
  return id;
}

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
