// The visit page: what a clinician sees inside a record system. This module puts the parts together; `visit.js` has the flow,
// `service.js` the settings and the address parameters ?base and ?wss.
//
// ?interaction=UUID opens an interaction that the record system has created already.
//
// For tests and tools the page says about itself:
//   body[data-phase]         loading, broken, or a phase of visit.js
//   body[data-problem]       the code of the error shown, absent when there is none
//   #visit[data-interaction] the interaction's id
//   #visit[data-stats]       JSON of the package's stream.stats: 4 times a second while recording, and once after its end

import { byId, h, onceAtATime } from "./dom.js";
import { documentView } from "./document.js";
import { explain } from "./errors.js";
import { factsView } from "./facts-view.js";
import { describePatient, visitForm } from "./form.js";
import { microphoneChoice } from "./microphone.js";
import { recorderView } from "./recorder.js";
import { openService } from "./service.js";
import { transcriptView } from "./transcript.js";
import { Visit } from "./visit.js";

const STEPS = ["prepare", "record", "review", "document", "done"];
const STEP_OF = {
  idle: 0, microphone: 0, connecting: 0, live: 1, reconnecting: 1, ending: 1, review: 2, document: 3, completed: 4,
};
const STARTING = {
  microphone: "Waiting for the microphone: the browser asks for your permission.",
  connecting: "Connecting to the service…",
};

/** Shows an error, in place of an earlier one of the same kind; without an error, takes all away. */
function problem(error, retry, label = "Retry") {
  const holder = byId("problem");
  if (!error) {
    holder.replaceChildren();
    delete document.body.dataset.problem;
    return;
  }
  const { code, sentence, reference } = explain(error);
  document.body.dataset.problem = code;
  const leave = () => {
    shown.remove();
    if (holder.children.length === 0) problem(null);
  };
  const shown = h("div", { data: { code } },
    h("p", {}, sentence, h("small", {}, reference)),
    retry && h("button", { type: "button", on: { click: () => { leave(); void retry(); } } }, label),
    h("button", { type: "button", on: { click: leave } }, "Dismiss"));
  const former = [...holder.children].find((other) => other.dataset.code === code);
  if (former) former.replaceWith(shown);
  else holder.append(shown);
}

async function run() {
  let service;
  try {
    service = await openService();
  } catch (error) {
    document.body.dataset.phase = "broken";
    return problem(error, () => location.reload(), "Reload");
  }

  const { client } = service;
  const visit = new Visit(client, service.audio);
  const groups = () => service.groups;
  const form = visitForm({ groups });
  const microphone = microphoneChoice(client.microphones, { onProblem: problem });
  const facts = factsView({ groups });
  const transcript = transcriptView();
  const paper = documentView({ isEditingFact: () => facts.focusEditor() });
  recorderView().show(visit);
  paper.show(visit);

  if (service.pace < 1) {
    const factor = Math.round(10 / service.pace) / 10;
    byId("sandbox-pace").textContent = `Words and facts come ${factor} times as fast as from the service, where the first take about 20 seconds.`;
  }
  byId("sandbox-note").hidden = byId("example").hidden = !service.sandbox;

  visit.addEventListener("problem", ({ detail }) => {
    // A failed start leaves the form open: retrying sends it as it is by then.
    problem(detail?.error, visit.phase === "idle" ? () => byId("prepare").requestSubmit() : detail?.retry);
  });
  visit.addEventListener("transcript", ({ detail }) => transcript.take(detail));
  setInterval(() => { if (visit.phase === "live") transcript.listen(visit.stats ?? {}); }, 500);
  visit.addEventListener("usage", ({ detail }) => { byId("credits").textContent = `Credits used: ${detail.credits.toFixed(2)}`; });
  visit.addEventListener("phase", showPhase);

  let shownFacts;
  let before = "loading";
  function showPhase() {
    const { phase, recording } = visit;
    document.body.dataset.phase = phase;
    document.body.classList.toggle("after", STEP_OF[phase] >= STEP_OF.review);
    const step = shownFacts && phase in STARTING ? STEP_OF.live : STEP_OF[phase];
    for (const item of byId("steps").children) {
      const index = STEPS.indexOf(item.dataset.step);
      item.classList.toggle("past", index < step);
      if (index === step) item.setAttribute("aria-current", "step");
      else item.removeAttribute("aria-current");
    }

    // Continuing a recording passes through the starting phases with the visit on screen; a first start keeps the form.
    const starting = phase in STARTING;
    const first = !shownFacts && (starting || phase === "idle");
    byId("prepare").hidden = !first;
    byId("visit").hidden = first;
    byId("prepare-fields").disabled = starting;
    byId("start").setAttribute("aria-disabled", String(starting));
    byId("cancel-start").hidden = !starting;
    byId("prepare-status").textContent = STARTING[phase] ?? "";
    byId("flush").setAttribute("aria-disabled", String(phase === "reconnecting"));
    byId("end").setAttribute("aria-disabled", String(phase === "ending"));
    byId("complete").classList.toggle("primary", phase === "document"); // before that, generating comes first
    if (visit.interactionId) byId("visit").dataset.interaction = visit.interactionId;

    if (recording && !shownFacts) showVisit();
    if (phase === "review" && before !== phase) {
      transcript.finish();
      void prepareReview();
      byId("document-heading").focus({ preventScroll: true });
    }
    if (phase === "completed") {
      facts.closeEditor();
      byId("visit-title").focus({ preventScroll: true });
    }
    before = phase;
  }

  function showVisit() {
    const { encounter, patient } = visit.details;
    shownFacts = visit.facts;
    byId("prepare").hidden = true;
    byId("visit").hidden = false;
    byId("visit-title").textContent = patient?.name ?? encounter.title ?? encounter.identifier;
    const about = [...describePatient(patient), encounter.title, encounter.identifier].filter(Boolean);
    byId("visit-subtitle").replaceChildren(...about.map((part) => h("span", {}, part)));
    document.title = "Visit in progress · ossicle"; // no name: titles end up in histories and on shared screens
    facts.show(shownFacts);
    byId("visit-title").focus({ preventScroll: true });
    scrollTo({ top: 0 });
  }

  async function loadGroups() {
    try {
      await service.loadGroups();
      form.fillGroups();
      facts.fillGroups();
    } catch (error) {
      problem(error, loadGroups);
    }
  }

  /** What the review needs from the service: facts that came by another way, and the templates. */
  async function prepareReview() {
    try {
      await visit.facts.reload();
      if (byId("template").options.length === 0) paper.offerTemplates(await visit.templates());
    } catch (error) {
      problem(error, prepareReview);
    }
  }

  byId("prepare").addEventListener("submit", async (event) => {
    event.preventDefault();
    if (visit.phase !== "idle") return;
    const details = form.read();
    if (!details) return;
    microphone.stop();
    await visit.start(details, microphone.deviceId);
    void microphone.refresh(); // the devices have names now
  });
  byId("example").addEventListener("click", () => form.example());
  byId("cancel-start").addEventListener("click", () => {
    visit.cancel();
    byId("start").focus();
  });
  for (const [id, action] of Object.entries({
    flush: () => visit.flush(),
    end: () => visit.end(),
    resume: () => visit.resume(microphone.deviceId),
    complete: () => visit.complete(),
    "new-visit": () => location.assign(location.pathname),
  })) byId(id).addEventListener("click", onceAtATime(byId(id), action));

  // Leaving the page would end the recording: the browser asks first.
  addEventListener("beforeunload", (event) => { if (visit.recording) event.preventDefault(); });

  showPhase();
  void loadGroups();

  const existing = new URLSearchParams(location.search).get("interaction");
  if (existing) {
    try {
      form.fill(await visit.open(existing));
    } catch (error) {
      problem(error, () => location.assign(location.pathname), "Start a new visit");
    }
  }
}

void run();
