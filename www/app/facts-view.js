// The facts panel: groups in the service's order, each fact with its source and what can be done with it. Elements are kept
// per fact, so that an update from the socket leaves focus, and an edit in progress, alone.

import { byId, h, onceAtATime, title } from "./dom.js";
import { explain } from "./errors.js";

const SOURCES = {
  core: ["Heard", "Taken from the conversation"],
  system: ["Record", "Known before the visit"],
  user: ["You", "Written or changed by you"],
};

/** Shows a `Facts`; `groups()` answers `[{ key, name }]`. Answers `{ show(facts), fillGroups(), … }`. */
export function factsView({ groups }) {
  const [holder, count, empty, news, form, group, text] =
    ["fact-groups", "facts-count", "facts-empty", "facts-news", "add-fact", "add-group", "add-text"].map(byId);
  const submit = form.querySelector("button");
  let facts;
  let rows = new Map(); // fact id → <li>
  let newsTimer;
  let editing; // id of the fact whose editor is open

  function show(shown) {
    facts = shown;
    rows = new Map();
    editing = undefined;
    holder.replaceChildren();
    news.textContent = "";
    facts.addEventListener("change", ({ detail }) => facts === shown && update(detail));
    update(facts.items.map(({ id }) => id));
  }

  function update(ids) {
    const before = rows.size;
    for (const id of ids) if (id !== editing) place(facts.get(id));
    for (const section of [...holder.children]) {
      const size = section.querySelectorAll(".fact").length;
      if (size === 0) section.remove();
    }
    const kept = facts.kept.length;
    const discarded = facts.items.length - kept;
    count.textContent = facts.items.length ? `${kept}${discarded ? ` · ${discarded} discarded` : ""}` : "";
    empty.hidden = facts.items.length > 0;
    const added = rows.size - before;
    if (before > 0 && added > 0) {
      news.textContent = added === 1 ? "1 new" : `${added} new`;
      clearTimeout(newsTimer);
      newsTimer = setTimeout(() => { news.textContent = ""; }, 8000);
    }
  }

  function place(fact) {
    const old = rows.get(fact.id);
    const focused = old?.contains(document.activeElement) && document.activeElement.dataset.action;
    const row = render(fact);
    const list = listOf(fact.group);
    if (old?.parentElement === list) old.replaceWith(row);
    else {
      old?.remove();
      list.append(row);
    }
    row.classList.toggle("new", !old);
    rows.set(fact.id, row);
    // The pressed button is drawn anew as its opposite: focus goes to what stands in its place.
    if (focused) (row.querySelector(`[data-action="${focused}"]`) ?? row.querySelector("[data-action]"))?.focus();
  }

  function listOf(key) {
    const there = [...holder.children].find((section) => section.dataset.group === key);
    if (there) return there.lastElementChild;
    const known = groups();
    const order = (k) => { const at = known.findIndex((entry) => entry.key === k); return at < 0 ? known.length : at; };
    const name = known.find((entry) => entry.key === key)?.name ?? title(key);
    const id = `group-${key}`;
    const section = h("section", { className: "group", data: { group: key }, aria: { labelledby: id } },
      h("h3", { id }, name), h("ul"));
    const next = [...holder.children].find((other) => order(other.dataset.group) > order(key));
    holder.insertBefore(section, next ?? null);
    return section.lastElementChild;
  }

  function render(fact) {
    const [source, meaning] = SOURCES[fact.source] ?? [title(fact.source ?? "unknown"), ""];
    const action = (name, label, run) => h("button", {
      type: "button", className: "quiet small", data: { action: name }, on: { click: run }, aria: { label: `${label}: ${fact.text}` },
    }, label);
    const { saving, error, isDiscarded, id } = fact;
    return h("li", { className: `fact${isDiscarded ? " discarded" : ""}${saving ? " saving" : ""}`, data: { fact: id, source: fact.source } },
      h("p", {}, h("span", {}, fact.text), " ", isDiscarded
        ? h("span", { className: "badge", title: "Left out of the document" }, "Discarded")
        : h("span", { className: `badge ${fact.source}`, title: meaning }, source)),
      h("span", { className: "fact-actions" }, ...(isDiscarded
        ? [action("toggle", "Restore", () => facts.restore(id))]
        : [action("edit", "Edit", () => edit(id)), action("toggle", "Discard", () => facts.discard(id))])),
      error && h("span", { className: "fact-error", role: "alert" }, `Not saved. ${explain(error).sentence}`));
  }

  function edit(id) {
    if (editing) close(editing);
    editing = id;
    const fact = facts.get(id);
    const words = h("textarea", { value: fact.text, aria: { label: "Text of the fact" } });
    const choice = h("select", { aria: { label: "Group of the fact" } }, ...options(fact.group));
    choice.value = fact.group;
    const save = (event) => {
      event.preventDefault();
      const change = { text: words.value.trim(), group: choice.value };
      if (!change.text) return words.focus();
      close(id);
      const { text, group } = facts.get(id);
      if (change.text !== text || change.group !== group) void facts.edit(id, change);
    };
    const editor = h("form", {
      className: "fact-edit",
      aria: { label: "Edit the fact" },
      on: {
        submit: save,
        keydown: (event) => {
          if (event.key === "Escape") close(id);
          if (event.key === "Enter" && !event.shiftKey && event.target === words) save(event);
        },
      },
    }, words, choice, h("button", { type: "submit", className: "primary" }, "Save"),
    h("button", { type: "button", on: { click: () => close(id) } }, "Cancel"));
    rows.get(id).replaceChildren(editor);
    words.focus();
  }

  function close(id) {
    const focus = rows.get(id)?.contains(document.activeElement);
    editing = undefined;
    place(facts.get(id));
    if (focus) rows.get(id).querySelector('[data-action="edit"]')?.focus();
  }

  function options(extra) {
    const known = groups();
    const all = !extra || known.some(({ key }) => key === extra) ? known : [...known, { key: extra, name: title(extra) }];
    return all.map(({ key, name }) => new Option(name, key));
  }

  function fillGroups() {
    const chosen = group.value || "history-of-present-illness";
    group.replaceChildren(...options());
    group.value = chosen;
    if (group.selectedIndex < 0) group.selectedIndex = 0;
  }

  form.addEventListener("submit", onceAtATime(submit, async () => {
    const words = text.value.trim();
    if (!words) return text.focus();
    form.querySelector(".fact-error")?.remove();
    try {
      await facts.add([{ text: words, group: group.value, source: "user" }]);
      text.value = "";
    } catch (error) {
      form.append(h("p", { className: "fact-error", role: "alert" }, `Not added. ${explain(error).sentence}`));
    }
    text.focus();
  }));

  /** Closes an editor without saving. */
  const closeEditor = () => { if (editing) close(editing); };

  /** Goes to the open editor, if there is one, and says whether. */
  const focusEditor = () => {
    if (editing) rows.get(editing).querySelector("textarea").focus();
    return Boolean(editing);
  };

  fillGroups();
  return { show, fillGroups, closeEditor, focusEditor };
}
