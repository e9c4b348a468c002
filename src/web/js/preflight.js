/**
 * What this browser lacks for a visit, found without asking the user for anything and without `init`.
 * The entries of `missing` are names a program can match; an empty list means that all is there.
 */
export async function preflight() {
  const missing = [];
  if (!globalThis.isSecureContext) missing.push("secure-context");
  if (typeof globalThis.WebAssembly !== "object") missing.push("webassembly");
  if (typeof globalThis.WebSocket !== "function") missing.push("websocket");
  if (typeof globalThis.AudioWorkletNode !== "function") missing.push("audio-worklet");
  const devices = globalThis.navigator?.mediaDevices;
  if (!devices?.getUserMedia) missing.push("get-user-media");
  let microphone = "unknown";
  try {
    const found = (await devices?.enumerateDevices?.()) ?? [];
    if (devices && !found.some((device) => device.kind === "audioinput")) {
      microphone = "missing";
      missing.push("microphone");
    } else {
      microphone = (await navigator.permissions.query({ name: "microphone" })).state;
      if (microphone === "denied") missing.push("microphone-permission");
    }
  } catch {
    // Firefox before 131 does not know the permission's name: the answer stays unknown until the user is asked.
  }
  return { ok: missing.length === 0, missing, microphone };
}
