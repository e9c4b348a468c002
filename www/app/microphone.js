// Microphones: which there are, opening one, and a level for trying it out before the visit.

import { byId, drawLevel, onceAtATime } from "./dom.js";
import { PageError } from "./errors.js";

/** Opens the microphone; `deviceId` "" is the system's default. `microphones` is the client's. */
export async function openMicrophone(microphones, deviceId) {
  if (!navigator.mediaDevices) throw new PageError("insecure_page");
  return microphones.open({ preset: "conversation", deviceId: deviceId || undefined });
}

/** The choice and the check in the form. Answers `{ deviceId, refresh(), stop() }`. */
export function microphoneChoice(microphones, { onProblem }) {
  const [select, button, meter, hint] = ["microphone", "check-microphone", "check-level", "check-hint"].map(byId);
  let check; // { opened, context, timer } while one runs

  async function refresh() {
    const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    const chosen = select.value;
    const named = devices.filter(({ kind, deviceId }) => kind === "audioinput" && deviceId && deviceId !== "default");
    // Browsers name the devices only once the page was allowed to record.
    const options = named.map(({ deviceId, label }, index) => new Option(label || `Microphone ${index + 1}`, deviceId));
    select.replaceChildren(new Option("System default", ""), ...options);
    select.value = named.some(({ deviceId }) => deviceId === chosen) ? chosen : "";
  }

  async function start() {
    const opened = await openMicrophone(microphones, select.value);
    const context = new AudioContext();
    // 8192 samples are 170 ms at 48 kHz: more than lies between two readings, so that no sound falls between them.
    const analyser = new AnalyserNode(context, { fftSize: 8192 });
    context.createMediaStreamSource(opened.mediaStream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      const rms = 10 * Math.log10(power);
      drawLevel(meter, { rms });
      if (rms > -45) hint.textContent = "The microphone hears you.";
    }, 100);
    check = { opened, context, timer };
    hint.textContent = "Say something: the bar should move.";
    showChecking(true);
    await refresh();
  }

  function stop() {
    if (!check) return;
    clearInterval(check.timer);
    check.opened.close();
    void check.context.close();
    check = undefined;
    hint.textContent = "";
    showChecking(false);
  }

  function showChecking(on) {
    meter.hidden = !on;
    button.textContent = on ? "Stop the check" : "Check the microphone";
    button.setAttribute("aria-pressed", String(on));
  }

  button.addEventListener("click", onceAtATime(button, async () => {
    onProblem(null);
    if (check) return stop();
    try {
      await start();
    } catch (error) {
      onProblem(error);
    }
  }));
  select.addEventListener("change", async () => {
    if (!check) return;
    stop();
    await start().catch(onProblem);
  });
  navigator.mediaDevices?.addEventListener("devicechange", () => void refresh());
  void refresh();

  return { get deviceId() { return select.value; }, refresh, stop };
}
