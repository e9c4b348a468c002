// The document that is written of the facts that are kept, where the app says which.

import { button, h } from "./dom.js";

/** Answers `{ element, update(state) }`. */
export function notePart({ view, labels, tell }) {
  let request;
  let visit;
  let isBusy = false;
  const start = button("write primary", labels.write, write);
  const paper = h("article", { part: "document", hidden: true });
  const element = h("section", { part: "note", "aria-busy": "false", hidden: true }, start, paper);

  async function write() {
    if (isBusy) return;
    busy(true);
    const written = visit;
    const document = await view.document(request);
    busy(false);
    if (!document || visit !== written) return;
    show(document);
    tell("ossicle-document", { document });
  }

  function busy(is) {
    isBusy = is;
    // Not disabled: focus stays where it is.
    start.setAttribute("aria-disabled", String(is));
    element.setAttribute("aria-busy", String(is));
    start.textContent = is ? labels.writing : labels.write;
  }

  function show({ title, sections }) {
    const heading = h("h2", { part: "heading", tabindex: "-1" }, title);
    paper.replaceChildren(heading, ...sections.map((section) => h("section", { part: "document-section" },
      h("h3", { part: "group-heading" }, section.heading), h("p", { part: "document-text" }, section.text))));
    paper.hidden = false;
    heading.focus();
  }

  function update(now) {
    request = now.documentRequest;
    if (now.visit !== visit) {
      visit = now.visit;
      paper.hidden = true;
      paper.replaceChildren();
    }
    const isOver = Boolean(visit) && ["ended", "failed", "completed"].includes(now.state);
    element.hidden = !request || !isOver;
  }

  return { element, update };
}
