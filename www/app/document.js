// The document panel: template, generate, edit, copy. Edits live on the page: they leave it by copying into the record.

import { byId, h, onceAtATime } from "./dom.js";
import { explain } from "./errors.js";

/**
 * Shows a `Visit`'s document. `isEditingFact()` says whether a fact is being edited, and shows the editor: its text would be
 * missing from the document. Answers `{ show(visit), offerTemplates(templates) }`.
 */
export function documentView({ isEditingFact }) {
  const [form, select, generate, copy, status, holder, heading] =
    ["generate-form", "template", "generate", "copy", "document-status", "document-sections", "document-heading"].map(byId);
  let visit;
  let offers = [];
  let edited = false;
  let warned = false;

  function show(shown) {
    visit = shown;
    visit.addEventListener("phase", () => {
      const done = visit.phase === "completed";
      for (const area of holder.querySelectorAll("textarea")) area.readOnly = done;
      if (done) status.textContent = visit.document ? "The visit is completed. The text can still be copied." : "";
    });
    render(null);
  }

  function offerTemplates(templates) {
    // Guided ones come first.
    offers = templates;
    generate.disabled = offers.length === 0;
    select.replaceChildren(...offers.map(({ kind, name, ...offer }) => new Option(kind === "guided" ? name : `${name} (classic)`, idOf(offer))));
  }

  function render(document) {
    edited = warned = false;
    heading.textContent = document?.title || "Document";
    copy.hidden = !document;
    generate.textContent = document ? "Generate again" : "Generate";
    generate.classList.toggle("primary", !document);
    status.textContent = document
      ? "Generated from the facts that were kept. Read it, correct it, then copy it into the record."
      : "Look through the facts, then generate the document. Discarded facts are left out.";
    holder.replaceChildren(...(document?.sections ?? []).map((section) => {
      const id = `section-${section.key}`;
      const area = h("textarea", { id, value: section.text, data: { section: section.key }, on: { input: () => { edited = true; warned = false; } } });
      return h("div", {}, h("label", { htmlFor: id }, section.heading), area);
    }));
  }

  form.addEventListener("submit", onceAtATime(generate, async () => {
    if (isEditingFact()) {
      status.textContent = "A fact is being edited. Save it or cancel, then generate.";
      return;
    }
    if (edited && !warned) {
      warned = true;
      status.textContent = "Generating again replaces your corrections. Press once more to do so.";
      return;
    }
    status.textContent = "Generating…";
    try {
      const { templateId, templateKey } = offers.find((offer) => idOf(offer) === select.value);
      render(await visit.generate(templateId ? { templateId } : { templateKey }));
      heading.focus();
    } catch (error) {
      status.textContent = explain(error).sentence;
    }
  }));

  copy.addEventListener("click", onceAtATime(copy, async () => {
    const parts = [...holder.children].map((part) => `${part.querySelector("label").textContent}\n${part.querySelector("textarea").value.trim()}`);
    try {
      await navigator.clipboard.writeText(parts.join("\n\n"));
      status.textContent = "Copied.";
    } catch {
      status.textContent = "The browser did not allow copying. Select the text and copy it by hand.";
    }
  }));

  return { show, offerTemplates };
}

const idOf = ({ templateId, templateKey }) => templateId ?? templateKey;
