// The page of the tests of `ossicle/element`. On globalThis: `element`, `told` (its events), `counts` (microphones that were opened), and `violations`
// of the page's policy.

import init, { OssicleClient } from "/pkg/ossicle.js";

const counts = { tracks: [] };
const violations = [];
const told = [];

document.addEventListener("securitypolicyviolation", ({ violatedDirective, sample }) => violations.push(`${violatedDirective} ${sample}`));
const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (constraints) => {
  const stream = await open(constraints);
  counts.tracks.push(...stream.getTracks());
  return stream;
};

const element = document.querySelector("ossicle-visit");
for (const type of ["ossicle-state", "ossicle-error", "ossicle-document"]) {
  document.addEventListener(type, ({ detail: { state, error, document } }) => told.push(state ?? error?.code ?? document.title));
}
// Before the element is defined: an app need not wait.
element.options = {
  encounter: { identifier: "e-1", type: "consultation" },
  knownFacts: [{ text: "Allergic to penicillin", group: "allergies" }, { text: "Smokes", group: "social-history" }],
  configuration: {
    transcription: { primaryLanguage: "en", diarize: true, participants: [{ channel: 0, role: "multiple" }] },
    mode: { type: "facts", outputLocale: "en", factGenerationInterval: "fast_init" },
  },
};
element.documentRequest = { templateKey: "corti-soap", outputLanguage: "en" };
await import("/pkg/ossicle-element.js");

await init();
const { environment, tenantName } = await (await fetch("/settings.json")).json();
const auth = async () => (await fetch("/token", { method: "POST" })).json();
element.client = new OssicleClient({ environment, tenantName, auth, maxRetries: 0 });
Object.assign(globalThis, { element, told, counts, violations });
