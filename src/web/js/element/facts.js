// The facts by group, and what the clinician may do with each. An element is kept for a fact, so that what the service tells
// leaves focus, and an edit in progress, alone.

import { button, h, keyed, title, write } from "./dom.js";

/** Answers `{ element, update(state) }`. */
export function factsPart({ view, labels }) {
  // The functions are the same in every state.
  const { facts } = view;
  const count = h("span", { part: "count", role: "status" });
  const groups = h("div", { part: "groups" });
  const empty = h("p", { part: "empty" }, labels.noFacts);
  const element = h("section", { part: "panel facts", "aria-labelledby": "facts" },
    h("div", { part: "head" }, h("h2", { part: "heading", id: "facts" }, labels.facts), count), empty, groups);
  const show = keyed(groups, ({ group }) => groupPart(group, facts, labels));
  let shown;

  function update({ facts: now }) {
    if (now === shown) return;
    shown = now;
    show(now.groups.map((one) => [one.group, one]));
    write(count, now.items.length ? String(now.kept.length) : "");
    empty.hidden = now.items.length > 0;
  }

  return { element, update };
}

function groupPart(group, facts, labels) {
  const id = `group-${group}`;
  const list = h("ul", { part: "list" });
  const show = keyed(list, () => factPart(facts, labels));
  const heading = h("h3", { part: "group-heading", id });
  return {
    element: h("section", { part: "group", "aria-labelledby": id }, heading, list),
    update({ name, facts: now }) {
      // The service may name its groups after the first facts are there.
      write(heading, labels.groups[group] ?? (name === group ? title(group) : name));
      show(now.map((fact) => [fact.id, fact]));
    },
  };
}

function factPart(facts, labels) {
  let fact;
  const text = h("span", { part: "fact-text" });
  const badge = h("span", { part: "badge" });
  const edit = button("quiet edit", labels.edit, () => open());
  const toggle = button("quiet toggle", labels.discard, () => (fact.isDiscarded ? facts.restore(fact.id) : facts.discard(fact.id)));
  const line = h("div", { part: "fact-line" }, h("p", { part: "fact-words" }, text, " ", badge), h("div", { part: "fact-actions" }, edit, toggle));

  const heard = h("span", { part: "suggestion-text" });
  const answers = [
    button("quiet accept", labels.accept, () => facts.accept(fact.id)),
    button("quiet dismiss", labels.dismiss, () => facts.dismiss(fact.id)),
  ];
  const suggestion = h("p", { part: "suggestion" }, `${labels.suggested} `, heard, ...answers);

  const words = h("textarea", { part: "input", rows: "3", "aria-label": labels.factText });
  const form = h("form", { part: "editor", hidden: true, on: { submit: save, keydown: key } }, words,
    h("button", { type: "submit", part: "button save primary" }, labels.save), button("cancel-edit", labels.cancel, () => close()));
  const element = h("li", { part: "fact" }, line, suggestion, form);

  function open() {
    words.value = fact.text;
    isEdited(true);
    words.focus();
  }

  function close() {
    isEdited(false);
    edit.focus();
  }

  function isEdited(is) {
    line.hidden = is;
    form.hidden = !is;
  }

  function save(event) {
    event.preventDefault();
    const changed = words.value.trim();
    if (!changed) return words.focus();
    close();
    if (changed !== fact.text) void facts.edit(fact.id, { text: changed });
  }

  function key(event) {
    // Composing, Enter is the input method's.
    if (event.key === "Enter" && !event.shiftKey && event.target === words && !event.isComposing) save(event);
    if (event.key !== "Escape") return;
    // Else it closes the dialogue that the element may be in.
    event.stopPropagation();
    event.preventDefault();
    close();
  }

  function update(now) {
    fact = now;
    const { isDiscarded, isPending } = fact;
    write(text, fact.text);
    text.part.toggle("struck", Boolean(isDiscarded));
    write(badge, isDiscarded ? labels.discarded : isPending ? labels.saving : "");
    write(toggle, isDiscarded ? labels.restore : labels.discard);
    edit.hidden = Boolean(isDiscarded);
    for (const one of [edit, toggle, ...answers]) one.setAttribute("aria-label", `${one.textContent}: ${fact.text}`);
    const had = element.getRootNode().activeElement;
    suggestion.hidden = !fact.suggestion;
    write(heard, fact.suggestion?.text ?? "");
    if (!fact.suggestion && answers.includes(had)) toggle.focus();
  }

  return { element, update };
}
