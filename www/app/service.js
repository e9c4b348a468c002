// The page's way to the service: its settings, its token, the client, and what the client tells once (the groups of facts).
//
// The address may choose the encoding: ?encoding=auto (the default), opus, flac or pcm.
//
// For prototyping and tests, in the sandbox alone, these parameters of the page's address replace a place of the service:
//   ?base=http://127.0.0.1:9/v2   REST        ?wss=ws://127.0.0.1:9/audio-bridge/v2   the stream's socket
// Outside the sandbox they are ignored, and in it they must name the loopback: a link must not be able to send a
// clinician's token elsewhere.

import init, { OssicleClient } from "/pkg/ossicle.js";
import { title } from "./dom.js";

const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);

/** Loads the package and the page's settings. Answers `{ client, audio, sandbox, pace, groups, loadGroups }`. */
export async function openService() {
  const [response] = await Promise.all([fetch("/settings.json"), init()]);
  if (!response.ok) throw new TypeError(`settings.json answered ${response.status}`);
  const { environment, tenantName, sandbox, pace = 1 } = await response.json();

  const client = new OssicleClient({
    environment: sandbox ? { ...environment, ...places() } : environment,
    tenantName,
    auth: token,
    timeoutInSeconds: 20, // a clinician waits for the answer: sooner than the package's own default
  });

  const encoding = new URLSearchParams(location.search).get("encoding") ?? "auto";
  const service = {
    client,
    audio: { encoding },
    sandbox,
    pace,
    /** Those of the service, in its order, once it has answered. */
    groups: [],
    async loadGroups() {
      const { data } = await client.facts.factGroupsList();
      if (data.length > 0) service.groups = data.map((group) => ({ key: group.key, name: groupName(group) }));
      return service.groups;
    },
  };
  return service;
}

/** The hospital's own server holds the credentials; the page asks it for a token that lives some minutes. */
async function token() {
  const response = await fetch("/token", { method: "POST" });
  if (!response.ok) throw new Error(`the token endpoint answered ${response.status}`);
  return response.json();
}

function places() {
  const parameters = new URLSearchParams(location.search);
  const places = {};
  for (const name of ["base", "wss"]) {
    const value = parameters.get(name);
    if (value && URL.canParse(value) && LOOPBACK.has(new URL(value).hostname)) places[name] = value;
  }
  return places;
}

function groupName({ key, translations = [] }) {
  const english = translations.find(({ languagesId }) => String(languagesId).toLowerCase().startsWith("en"));
  return english?.name ?? translations[0]?.name ?? title(key);
}
