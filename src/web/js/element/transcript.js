// The transcript. What is final is a live region, read out as it comes; what may still change stands below it and is not.

import { h, keyed, write } from "./dom.js";

/** Pixels from the end up to which somebody who scrolls is taken to follow. */
const NEAR = 48;

/** Answers `{ element, update(state) }`. */
export function transcriptPart({ labels }) {
  const make = (final) => (segment) => {
    const words = h("span", { part: "words" });
    const element = h("p", { part: final ? "segment" : "segment interim" }, h("b", { part: "speaker" }, who(segment, labels)), " ", words);
    return { element, update: ({ transcript }) => write(words, transcript) };
  };
  const [log, interim] = [h("div", { part: "log", role: "log", "aria-labelledby": "transcript" }), h("div", { part: "interim-log" })];
  const [lines, drafts] = [keyed(log, make(true)), keyed(interim, make(false))];
  const empty = h("p", { part: "empty" }, labels.noTranscript);
  const scroll = h("div", { part: "scroll", role: "group", tabindex: "0", "aria-labelledby": "transcript" }, empty, log, interim);
  const element = h("section", { part: "panel transcript", "aria-labelledby": "transcript" },
    h("h2", { part: "heading", id: "transcript" }, labels.transcript), scroll);
  let shown;

  function update({ transcript }) {
    if (transcript === shown) return;
    shown = transcript;
    const isFollowing = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR;
    // An id may come again on another socket.
    const entries = (final) => transcript.filter((one) => one.final === final).map((one) => [`${one.id} ${one.time.start}`, one]);
    lines(entries(true));
    drafts(entries(false));
    empty.hidden = transcript.length > 0;
    if (isFollowing) scroll.scrollTop = scroll.scrollHeight;
  }

  return { element, update };
}

function who({ participant, speakerId }, labels) {
  const role = participant?.role;
  if (role === "doctor" || role === "patient") return labels[role];
  return speakerId >= 0 ? `${labels.speaker} ${speakerId + 1}` : labels.speaker;
}
