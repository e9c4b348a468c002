// Small tools for the element's tree. Text always enters as text, never as markup, and no element has a style of its own: so a page
// may have the strictest policy.

/**
 * Makes an element. `properties` are attributes, except `on`: listeners by event type. What is `undefined` or `false` is left out, `true`
 * is an attribute without a value.
 */
export function h(tag, { on = {}, ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  for (const [type, listener] of Object.entries(on)) element.addEventListener(type, listener);
  element.append(...children);
  return element;
}

/** A button that runs an action. */
export const button = (part, text, action) => h("button", { type: "button", part: `button ${part}`, on: { click: action } }, text);

/** Sets a text, if it is another one: a live region tells of each that is set. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Answers a function that shows a list in `parent`, `[key, item]` each: there is one element for a key for as long as the key is there, so
 * that focus and scrolling stay. `make(item)` answers `{ element, update?(item) }`.
 */
export function keyed(parent, make) {
  const rows = new Map();
  return (entries) => {
    const keys = new Set(entries.map(([key]) => key));
    for (const [key, { element }] of rows) {
      if (keys.has(key)) continue;
      element.remove();
      rows.delete(key);
    }
    let place = parent.firstElementChild;
    for (const [key, item] of entries) {
      let row = rows.get(key);
      if (!row) rows.set(key, (row = make(item)));
      if (row.item !== item) row.update?.(item);
      row.item = item;
      if (row.element === place) place = place.nextElementSibling;
      else parent.insertBefore(row.element, place);
    }
  };
}

/** "history-of-present-illness" as "History of present illness". */
export function title(key) {
  const words = key.replaceAll(/[-_]+/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
