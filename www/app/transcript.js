// The transcript panel: final lines in time order, interim lines below them until they are replaced.

import { byId, clock, h } from "./dom.js";

/** Seconds of speech that are always on their way: less is not worth a word. */
const USUAL_SECONDS = 5;

/** Answers `{ take({ segments, replaced, offset, part }), listen(stats), finish() }`. */
export function transcriptView() {
  const [lines, interim, empty, wait, scroll, latest] =
    ["transcript", "interim", "transcript-empty", "transcript-wait", "transcript-scroll", "latest"].map(byId);
  const shown = new Map(); // key → <li>

  /**
   * Takes the items of one `transcript` event. `offset` (seconds) is where this recording started in the visit's time, and
   * `part` its number: a visit that was continued has several, and each counts keys and seconds for itself.
   */
  function take({ segments, replaced = [], offset = 0, part = 0 }) {
    const following = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 48;
    for (const key of replaced) remove(`${part}:${key}`);
    for (const segment of segments) {
      const key = `${part}:${segment.key}`;
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

  function render({ transcript, speaker, time, final }, offset) {
    const start = offset + time.start;
    const name = speaker >= 0 ? `Speaker ${speaker + 1}` : "Speaker";
    return h("li", { data: { start: String(start), final: String(final) } },
      h("time", { dateTime: `PT${start.toFixed(1)}S` }, clock(start)),
      h("div", {}, h("b", { className: `speaker-${speaker}` }, name), h("p", {}, transcript)));
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

  /** The recording goes on: says what is still to come. Words come many seconds after they were said. */
  function listen({ untranscribedSeconds: seconds = 0 }) {
    const isFirst = shown.size === 0;
    if (isFirst) empty.textContent = "Listening. The first words usually take about 20 seconds.";
    wait.textContent = !isFirst && seconds > USUAL_SECONDS ? `The words of the last ${Math.round(seconds)} s are still to come.` : "";
  }

  /** The recording is over: what was never made final goes. */
  function finish() {
    for (const [key, line] of shown) if (line.parentElement === interim) remove(key);
    empty.hidden = shown.size > 0;
    empty.textContent = "Nothing was transcribed.";
    wait.textContent = "";
  }

  return { take, listen, finish };
}
