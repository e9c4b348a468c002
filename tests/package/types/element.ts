// An app that uses the element. It is compiled, never run: what must not compile says so.

import { OssicleClient } from "ossicle";
import type { WrittenDocument, OssicleError, Visit } from "ossicle";
import { OssicleVisitElement } from "ossicle/element";
import type { OssicleVisitLabels, OssicleVisitLabelsGiven, OssicleVisitOptions, OssicleVisitState } from "ossicle/element";

const element = document.querySelector("ossicle-visit");
if (!(element instanceof OssicleVisitElement)) throw new Error("it is not there");
document.createElement("ossicle-visit").client = undefined;

const options: OssicleVisitOptions = {
  encounter: { identifier: "e", type: "consultation" },
  configuration: {
    transcription: { primaryLanguage: "da", participants: [{ channel: 0, role: "multiple" }] },
    mode: { type: "facts", outputLocale: "da" },
  },
};
element.client = new OssicleClient({ environment: "eu", tenantName: "base", auth: async () => "a" });
element.options = options;
element.options = { interactionId: "i" };
// @ts-expect-error: neither an encounter to make an interaction of, nor an interaction
element.options = { configuration: options.configuration };
element.documentRequest = { templateKey: "corti-soap", outputLanguage: "da" };

const danish: OssicleVisitLabelsGiven = { start: "Start besøg", states: { idle: "Klar" }, errors: { microphone_denied: "Mikrofonen er spærret." } };
element.labels = danish;
const labels: OssicleVisitLabels = element.labels;
// @ts-expect-error: there is no such state
element.labels = { states: { sleeping: "Zzz" } };

element.addEventListener("ossicle-state", ({ detail }) => {
  const state: OssicleVisitState = detail.state;
  return state;
});
element.addEventListener("ossicle-document", ({ detail: { document } }) => {
  const written: WrittenDocument = document;
  return written;
});
element.addEventListener("click", ({ clientX }) => clientX);
element.removeEventListener("ossicle-error", ({ detail: { error } }) => error.code);
// @ts-expect-error: the state is the element's own
element.state = "ended";
const visit: Visit | undefined = await element.start();
const error: OssicleError | undefined = element.error;
const isDone: boolean = await element.complete();

export { error, isDone, labels, visit };
