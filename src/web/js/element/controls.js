// The bar at the top: which microphone, how loud, how it stands, and the buttons that bring the visit on.

import { button, h, keyed, write } from "./dom.js";

/** Where the meter begins, in dBFS: below it a room is silent. */
const FLOOR = -60;

/** Milliseconds for which a warning is shown. */
const WARNING = 10_000;

const LIVE = ["connecting", "configuring", "streaming", "reconnecting"];

/** Answers `{ element, update(state), level(level) }`. */
export function controls({ view, start, close, microphones, labels }) {
  const options = h("select", { id: "microphone", part: "select", on: { change: () => microphones.select(options.value) } });
  const choice = h("div", { part: "microphone" }, h("label", { for: "microphone", part: "label" }, labels.microphone), options);
  const list = keyed(options, ([, text]) => ({ element: h("option", {}, text) }));

  const bar = h("div", { part: "level-bar" });
  const meter = h("div", {
    part: "level", role: "meter", "aria-label": labels.level, "aria-valuemin": String(FLOOR), "aria-valuemax": "0", hidden: true,
  }, bar);

  const status = h("p", { part: "state", role: "status", tabindex: "-1" });
  const warning = h("p", { part: "warning", role: "status" });
  const alert = h("p", { part: "error", role: "alert" });

  const buttons = {
    start: button("start primary", labels.start, start),
    cancel: button("cancel", labels.cancel, close),
    pause: button("pause", labels.pause, () => (isPaused ? view.resume() : view.pause())),
    end: button("end primary", labels.end, () => view.end()),
    complete: button("complete primary", labels.complete, () => view.complete()),
  };
  const actions = h("div", { part: "actions" }, ...Object.values(buttons));
  const row = h("div", { part: "controls" }, choice, h("div", { part: "status" }, status, meter), actions);
  const element = h("div", {}, row, warning, alert);

  let isPaused = false;
  let warned;

  function warn(next) {
    if (next === warned?.warning) return;
    clearTimeout(warned?.timer);
    write(warning, (next && labels.warnings[next.code]) ?? "");
    warned = { warning: next, timer: next && setTimeout(() => write(warning, ""), WARNING) };
  }

  function update(now) {
    isPaused = now.isPaused;
    const { state, visit, error } = now;
    const isLive = LIVE.includes(state);
    const isBefore = ["idle", "failed"].includes(state);
    const shown = {
      start: isBefore,
      cancel: state === "starting",
      pause: isLive,
      end: isLive || state === "ending",
      complete: Boolean(visit) && ["ended", "failed"].includes(state),
    };
    const had = element.getRootNode().activeElement;
    for (const [name, one] of Object.entries(buttons)) one.hidden = !shown[name];
    write(buttons.start, visit ? labels.goOn : state === "failed" ? labels.retry : labels.start);
    write(buttons.pause, isPaused ? labels.resume : labels.pause);
    buttons.start.toggleAttribute("disabled", !now.isReady);
    // Not disabled: focus stays where it is.
    buttons.end.setAttribute("aria-disabled", String(state === "ending"));
    write(status, labels.states[isPaused && isLive ? "paused" : state] ?? state);
    status.part.toggle("recording", !isPaused && ["streaming", "reconnecting"].includes(state));
    write(alert, error ? (labels.errors[error.code] ?? sentence(error.message)) : "");
    warn(isLive ? now.warning : undefined);
    choose(now, isBefore);
    meter.hidden = !isLive;
    // Who has pressed a button that is gone goes on from the one in its place.
    if (had?.hidden && actions.contains(had)) (Object.values(buttons).find((one) => !one.hidden) ?? status).focus();
  }

  function choose({ microphones: { microphones: found, deviceId }, hasSource }, isBefore) {
    choice.hidden = hasSource;
    const named = found.filter((one) => one.deviceId && one.deviceId !== "default");
    const entries = [["", labels.systemDefault], ...named.map((one, n) => [one.deviceId, one.label || `${labels.unnamed} ${n + 1}`])];
    list(entries.map((entry) => [entry.join("\n"), entry]));
    for (const [index, [id]] of entries.entries()) options.options[index].value = id;
    options.value = deviceId ?? "";
    options.disabled = !isBefore;
  }

  function level(now) {
    const rms = now && Number.isFinite(now.rms) ? Math.min(0, Math.max(FLOOR, now.rms)) : FLOOR;
    // By the object model, which no policy forbids.
    bar.style.setProperty("--_level", String(1 - rms / FLOOR));
    bar.part.toggle("clipped", Boolean(now?.clipped));
    meter.setAttribute("aria-valuenow", String(Math.round(rms)));
    meter.setAttribute("aria-valuetext", rms === FLOOR ? labels.silent : `${Math.round(rms)} ${labels.decibels}`);
  }

  level(undefined);
  return { element, update, level };
}

/** A message as a sentence of its own. */
const sentence = (message) => message.charAt(0).toUpperCase() + message.slice(1) + (/[.!?]$/.test(message) ? "" : ".");
