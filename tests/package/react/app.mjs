// The page of the tests of `ossicle/react`. What a test may ask is on globalThis: `show(name, { props, strict })` shows one of the components,
// `gone()` takes it away, `seen[name]` is what its hook answered last, `renders[name]` how often it was drawn; and `counts` has what was
// made and asked for, and `starts`, what the starts by an effect came to.

import { createElement, StrictMode, useEffect } from "react";
import { createRoot } from "react-dom/client";
import init, { OssicleClient } from "ossicle";
import { useClient, useLevel, useMicrophones, useStream, useVisit } from "ossicle/react";

const counts = { tracks: [], starts: [], clients: 0, rejections: [], complaints: [] };

const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (constraints) => {
  const stream = await open(constraints);
  counts.tracks.push(...stream.getTracks());
  return stream;
};
addEventListener("unhandledrejection", ({ reason }) => counts.rejections.push(String(reason)));
console.error = (...given) => counts.complaints.push(given.map(String).join(" "));

const configuration = () => ({
  transcription: { primaryLanguage: "en", diarize: true, participants: [{ channel: 0, role: "multiple" }] },
  mode: { type: "facts", outputLocale: "en", factGenerationInterval: "fast_init" },
});

async function make() {
  counts.clients += 1;
  await init();
  const { environment, tenantName } = await (await fetch("/settings.json")).json();
  const auth = async () => (await fetch("/token", { method: "POST" })).json();
  return new OssicleClient({ environment, tenantName, auth, maxRetries: 0 });
}

const [seen, renders] = [{}, {}];

/** Notes what a hook answered, and that its component was drawn. */
function note(name, answer) {
  renders[name] = (renders[name] ?? 0) + 1;
  useEffect(() => void (seen[name] = answer));
  return answer;
}

function Client({ children }) {
  const { client, error } = note("client", useClient(() => make()));
  return error ? String(error) : client ? children(client) : null;
}

function Visit({ client, identifier = "e-1", auto, ...options }) {
  // Everything of it is new in each render.
  const encounter = { identifier, type: "consultation" };
  const visit = note("visit", useVisit(client, { encounter, configuration: configuration(), source: "microphone", ...options }));
  const { start } = visit;
  useEffect(() => void (seen.identifier = identifier));
  useEffect(() => void (auto && counts.starts.push(start())), [auto, start]);
  return createElement("div", null,
    createElement("button", { id: "start", onClick: visit.start }, "Start"),
    createElement("p", { id: "state" }, visit.state),
    createElement(Meter, { stream: visit.stream }));
}

function Meter({ stream }) {
  note("level", useLevel(stream));
  return null;
}

function Stream({ client, id, ...options }) {
  note("stream", useStream(client, { id, configuration: configuration(), source: {}, ...options }));
  return null;
}

function Microphones({ client }) {
  note("microphones", useMicrophones(client));
  return null;
}

const components = { Visit, Stream, Microphones };
let root;

/** Shows a component, or other properties of the one that is shown. */
function show(name, { props = {}, strict = true } = {}) {
  root ??= createRoot(document.querySelector("main"));
  const page = createElement(Client, null, (client) => createElement(components[name], { client, ...props }));
  root.render(strict ? createElement(StrictMode, null, page) : page);
}

function gone() {
  root.unmount();
  root = undefined;
}

Object.assign(globalThis, { show, gone, seen, renders, counts });
