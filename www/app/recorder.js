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

/** What the stream warns of, in words, and for how many seconds they stand. */
const WARNINGS = {
  "silent-input": ["The microphone sends nothing at all. Is it switched off?", 15],
  clipping: ["It is too loud for the microphone. Move it away, or turn it down.", 10],
  muted: ["The system has muted the microphone.", 15],
  "device-changed": ["The recording goes on with another microphone.", 10],
  "device-lost": ["The microphone is gone. Plug one in, and the recording goes on with it.", 60],
  suspended: ["The browser has paused the recording. Click anywhere to go on.", 15],
  stalled: ["Nothing comes from the microphone at the moment.", 10],
  "buffer-high": ["The connection has been away for long. Soon the oldest of what was said will be lost.", 30],
};

const SILENT_DBFS = -55;
const SILENT_SECONDS = 15; // longer than the pauses of an ordinary conversation

/** Shows a `Visit`. Answers `{ show(visit) }`. */
export function recorderView() {
  const [state, elapsed, meter, hint, holder] = ["visit-state", "elapsed", "level", "sound-hint", "visit"].map(byId);
  let visit;
  let heardAt = 0; // performance.now() of the last sound
  let warning = { words: "", until: 0 }; // performance.now()

  function show(shown) {
    visit = shown;
    heardAt = performance.now();
    visit.addEventListener("phase", phase);
    visit.addEventListener("level", ({ detail }) => {
      drawLevel(meter, detail);
      if (detail.rms > SILENT_DBFS) heardAt = performance.now();
    });
    visit.addEventListener("warning", ({ detail: { code } }) => {
      const [words, seconds] = WARNINGS[code] ?? [];
      if (words) warning = { words, until: performance.now() + seconds * 1000 };
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
    const quiet = silent ? "Nothing has been heard for a while. Check that the microphone is on and near enough." : "";
    const words = visit.recording && performance.now() < warning.until ? warning.words : quiet;
    if (hint.textContent !== words) hint.textContent = words;
  }

  setInterval(tick, 250);
  return { show };
}
