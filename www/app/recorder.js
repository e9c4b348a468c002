// The recorder's line in the banner: what is going on in words, the time, the level, and a hint when nothing is heard.

import { byId, clock, drawLevel } from "./dom.js";

const WORDS = {
  microphone: "Waiting for the microphone",
  connecting: "Connecting",
  live: "Recording",
  reconnecting: "Reconnecting, still recording",
  ending: "Finishing the last words",
  review: "Recording ended",
  document: "Recording ended",
  completed: "Visit completed",
};

const SILENT_DBFS = -55;
const SILENT_SECONDS = 15; // longer than the pauses of an ordinary conversation

/** Shows a `Visit`. Answers `{ show(visit) }`. */
export function recorderView() {
  const [state, elapsed, meter, hint, holder] = ["visit-state", "elapsed", "level", "sound-hint", "visit"].map(byId);
  let visit;
  let heardAt = 0; // performance.now() of the last sound

  function show(shown) {
    visit = shown;
    heardAt = performance.now();
    visit.addEventListener("phase", phase);
    visit.addEventListener("level", ({ detail }) => {
      drawLevel(meter, detail);
      if (detail.rms > SILENT_DBFS) heardAt = performance.now();
    });
    phase();
  }

  function phase() {
    state.textContent = WORDS[visit.phase] ?? "";
    if (visit.phase === "live") heardAt = performance.now();
    if (!visit.recording) drawLevel(meter, { rms: -Infinity });
    tick();
  }

  function tick() {
    if (!visit) return;
    elapsed.textContent = clock(visit.seconds);
    if (visit.stats) holder.dataset.stats = JSON.stringify(visit.stats);
    const silent = visit.phase === "live" && performance.now() - heardAt > SILENT_SECONDS * 1000;
    const words = silent ? "Nothing has been heard for a while. Check that the microphone is on and near enough." : "";
    if (hint.textContent !== words) hint.textContent = words;
  }

  setInterval(tick, 250);
  return { show };
}
