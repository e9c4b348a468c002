// The app of `corti.mjs`, moved by the rows of docs/moving.md alone: no other line is another.

import init, { OssicleClient, authorizeUrl, createCodeChallenge, createCodeVerifier } from "ossicle";

const configuration = {
  transcription: { primaryLanguage: "en", diarize: true, isMultichannel: false, participants: [{ channel: 0, role: "multiple" }] },
  mode: { type: "facts", outputLocale: "en" },
};

/** Where the user signs in. */
export async function signInUrl({ environment, tenantName, clientId, redirectUri }) {
  const codeVerifier = createCodeVerifier();
  sessionStorage.setItem("codeVerifier", codeVerifier);
  const codeChallenge = await createCodeChallenge(codeVerifier);
  return authorizeUrl({ environment, tenantName, clientId, redirectUri, codeChallenge });
}

/** What a client is given, once the user is back with a code. */
export async function signedIn({ environment, tenantName, clientId, redirectUri, code }) {
  return { clientId, code, redirectUri, codeVerifier: sessionStorage.getItem("codeVerifier") };
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
  await init();
  const client = new OssicleClient({ environment, tenantName, auth });
  const encounter = { identifier: `moving-${Date.now()}`, status: "planned", type: "consultation" };
  const { interactionId: id } = await client.interactions.create({ encounter });
  const { waiting, come } = expect("CONFIG_ACCEPTED", "flushed", "ENDED");

  const socket = await client.stream.connect({ id, configuration, awaitConfiguration: false });
  socket.on("state", ({ state }) => state === "configuring" && show("open"));
  socket.on("state", ({ state }) => ["ended", "failed"].includes(state) && show("close"));
  socket.on("error", (error) => show("error", error.message));
  hear(socket, show, waiting);
  await come.CONFIG_ACCEPTED;

  const microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
  await socket.attach(microphone);
  await sleep(seconds * 1e3);
  socket.pause();
  await sleep(500);
  socket.resume();
  await sleep(1_000);
  await socket.detach(microphone);
  await sleep(500);
  microphone.getTracks().forEach((track) => track.stop());

  await socket.flush();
  await come.flushed;
  await socket.end();
  await come.ENDED;
  socket.close();
  await sleep(500);

  const headers = await client.getAuthHeaders();
  return { id, hasToken: headers.get("Authorization").startsWith("Bearer "), tenant: headers.get("Tenant-Name") };
}

/** A stream through a proxy, which has tenant and token of its own. */
export async function proxied({ id, url, queryParameters, show }) {
  const { waiting, come } = expect("ENDED");
  await init();
  const client = new OssicleClient({ baseUrl: location.origin });
  const socket = await client.stream.connect({ id, proxy: { url, queryParameters }, configuration });
  hear(socket, show, waiting);
  await socket.end();
  await come.ENDED;
  socket.close();
  return id;
}

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
