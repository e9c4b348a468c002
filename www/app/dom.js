// Small tools for the page's elements. Text always enters as text, never as markup.

/** The element with this id; the page is written so that it is there. */
export const byId = (id) => document.getElementById(id);

/**
 * Makes an element. `properties` are DOM properties, except `on` (listeners by event type), `data` (dataset) and `aria`
 * (attributes without their prefix); null or false children are left out.
 */
export function h(tag, { on = {}, data = {}, aria = {}, ...properties } = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  for (const [type, listener] of Object.entries(on)) element.addEventListener(type, listener);
  Object.assign(element.dataset, data);
  for (const [name, value] of Object.entries(aria)) element.setAttribute(`aria-${name}`, value);
  element.append(...children.filter((child) => child != null && child !== false));
  return element;
}

/** Seconds as m:ss, or h:mm:ss from an hour on. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** "history-of-present-illness" as "History of present illness". */
export function title(key) {
  const words = key.replaceAll(/[-_]+/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Draws a level (`rms` in dBFS, `clipped` samples) into an element with role="meter" and class="level". */
export function drawLevel(meter, { rms, clipped = 0 }) {
  const floor = -60;
  const shown = Math.min(0, Math.max(floor, Number.isFinite(rms) ? rms : floor));
  meter.style.setProperty("--level", String(1 - shown / floor));
  meter.classList.toggle("clipped", Boolean(clipped));
  meter.setAttribute("aria-valuenow", String(Math.round(shown)));
  meter.setAttribute("aria-valuetext", shown === floor ? "silent" : `${Math.round(shown)} decibels`);
}

/** Runs an action of a button once at a time: presses while it runs do nothing, and focus stays where it is. */
export function onceAtATime(button, action) {
  return async (event) => {
    event?.preventDefault();
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    try {
      await action();
    } finally {
      button.removeAttribute("aria-disabled");
    }
  };
}
