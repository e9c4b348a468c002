// The transcript panel: final lines in time order, interim lines below them until they are replaced.

import { byId, clock, h } from "./dom.js";

const ROLES = { doctor: "Doctor", patient: "Patient" };

/** Answers `{ take({ segments, replaced, offset, part }), finish() }`. */
export function transcriptView() {
  const [lines, interim, empty, scroll, latest] =
    ["transcript", "interim", "transcript-empty", "transcript-scroll", "latest"].map(byId);
  const shown = new Map(); // key → <li>

  /**
   * Takes the items of one `transcript` event. `offset` (seconds) is where this recording started in the visit's time, and
   * `part` its number: a visit that was continued has several, and each counts ids and seconds for itself.
   */
  function take({ segments, replaced = [], offset = 0, part = 0 }) {
    const following = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 48;
    for (const id of replaced) remove(`${part}:${id}`);
    for (const segment of segments) {
      const key = `${part}:${segment.id}`;
      remove(key);
      const line = render(segment, offset);
      shown.set(key, line);
      insert(segment.final ? lines : interim, line);
    }
    empty.hidden = shown.size > 0;
    if (following) toLatest();
    else latest.hidden = false;
  }

  function remove(key) {
    shown.get(key)?.remove();
    shown.delete(key);
  }

  function insert(list, line) {
    const later = [...list.children].find((other) => Number(other.dataset.start) > Number(line.dataset.start));
    list.insertBefore(line, later ?? null);
  }

  function render({ transcript, speakerId, participant, time, final }, offset) {
    const start = offset + time.start;
    const role = participant?.role;
    const name = ROLES[role] ?? (speakerId >= 0 ? `Speaker ${speakerId + 1}` : "Speaker");
    return h("li", { data: { start: String(start), final: String(final) } },
      h("time", { dateTime: `PT${start.toFixed(1)}S` }, clock(start)),
      h("div", {}, h("b", { className: ROLES[role] ? role : `speaker-${speakerId}` }, name), h("p", {}, transcript)));
  }

  function toLatest() {
    scroll.scrollTop = scroll.scrollHeight;
    latest.hidden = true;
  }

  latest.addEventListener("click", () => {
    toLatest();
    scroll.focus();
  });
  scroll.addEventListener("scroll", () => {
    if (scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 48) latest.hidden = true;
  });

  /** The recording is over: what was never made final goes. */
  function finish() {
    for (const [key, line] of shown) if (line.parentElement === interim) remove(key);
    empty.hidden = shown.size > 0;
    empty.textContent = "Nothing was transcribed.";
  }

  return { take, finish };
}
