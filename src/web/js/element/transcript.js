// The transcript. What is final is a live region, read out as it comes; what may still change stands below it and is not.

import { h, keyed, write } from "./dom.js";

/** Pixels from the end up to which somebody who scrolls is taken to follow. */
const NEAR = 48;

/** Answers `{ element, update(state) }`. */
export function transcriptPart({ labels }) {
  const make = (final) => (segment) => {
    const words = h("span", { part: "words" });
    const element = h("p", { part: final ? "segment" : "segment interim" }, h("b", { part: "speaker" }, who(segment, participants, labels)), " ", words);
    return { element, update: ({ transcript }) => write(words, transcript) };
  };
  const [log, interim] = [h("div", { part: "log", role: "log", "aria-labelledby": "transcript" }), h("div", { part: "interim-log" })];
  const [lines, drafts] = [keyed(log, make(true)), keyed(interim, make(false))];
  const empty = h("p", { part: "empty" }, labels.noTranscript);
  const scroll = h("div", { part: "scroll", role: "group", tabindex: "0", "aria-labelledby": "transcript" }, empty, log, interim);
  const element = h("section", { part: "panel transcript", "aria-labelledby": "transcript" },
    h("h2", { part: "heading", id: "transcript" }, labels.transcript), scroll);
  let shown, participants;

  function update({ state, transcript, configuration }) {
    participants = configuration?.transcription?.participants ?? [];
    write(empty, state === "streaming" ? labels.listening : labels.noTranscript);
    if (transcript === shown) return;
    shown = transcript;
    const isFollowing = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR;
    const entries = (final) => transcript.filter((one) => one.final === final).map((one) => [one.key, one]);
    lines(entries(true));
    drafts(entries(false));
    empty.hidden = transcript.length > 0;
    if (isFollowing) scroll.scrollTop = scroll.scrollHeight;
  }

  return { element, update };
}

/** The service does not say who speaks: the app has said who is on a channel, where it is one person. */
function who({ participant, speaker }, participants, labels) {
  const here = participants.filter(({ channel }) => channel === participant.channel);
  const role = here.length === 1 ? here[0].role : undefined;
  if (role === "doctor" || role === "patient") return labels[role];
  return speaker >= 0 ? `${labels.speaker} ${speaker + 1}` : labels.speaker;
}
