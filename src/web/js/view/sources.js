// What is recorded, before a visit or a stream has it: microphones to choose from, and one that is opened.

import { Store } from "./store.js";

/**
 * Opens what is not open: `"microphone"`, or the options of `microphones.open`. Anything else is a source itself. The
 * `microphone` that was opened, if one was, is the caller's to close.
 */
export async function open(client, source) {
  if (source !== "microphone" && source?.constructor !== Object) return { source };
  const microphone = await client.microphones.open(source === "microphone" ? {} : source);
  return { source: microphone, microphone };
}

/** The microphones of this machine, and the one that is chosen. */
export class MicrophonesView {
  #store;
  #client;
  #unwatch;

  constructor() {
    this.#store = new Store({
      microphones: Object.freeze([]),
      isAllowed: false,
      deviceId: undefined,
      source: Object.freeze({}),
      error: undefined,
      select: (deviceId) => this.select(deviceId),
      ask: () => this.ask(),
      refresh: () => this.refresh(),
    });
    this.get = this.#store.get;
    this.subscribe = this.#store.subscribe;
  }

  /** Keeps the list up to date from now on, until `close`. */
  watch(client) {
    if (client === this.#client) return;
    this.close();
    this.#client = client;
    if (!client) return;
    const { mediaDevices } = navigator;
    const refresh = () => void this.refresh();
    mediaDevices?.addEventListener("devicechange", refresh);
    this.#unwatch = () => mediaDevices?.removeEventListener("devicechange", refresh);
    refresh();
  }

  close() {
    this.#unwatch?.();
    this.#unwatch = this.#client = undefined;
  }

  /** Chooses a device by its id; the system's default one without. */
  select(deviceId) {
    const chosen = deviceId || undefined;
    this.#store.set({ deviceId: chosen, source: Object.freeze(chosen ? { deviceId: chosen } : {}) });
  }

  async refresh() {
    await this.#tried(async () => {
      const client = this.#client;
      const found = (await client?.microphones.list()) ?? [];
      if (client !== this.#client) return;
      const { microphones } = this.#store.get();
      const isSame = JSON.stringify(found) === JSON.stringify(microphones);
      this.#store.set({
        microphones: isSame ? microphones : Object.freeze(found),
        isAllowed: found.some(({ label }) => label !== ""),
        error: undefined,
      });
    });
  }

  /** Has the browser ask the user for leave, if it must: only then microphones have names. */
  async ask() {
    return this.#tried(async () => {
      const microphone = await this.#client?.microphones.open(this.#store.get().source);
      microphone?.close();
      await this.refresh();
      return this.#store.get().isAllowed;
    });
  }

  async #tried(action) {
    try {
      return await action();
    } catch (error) {
      this.#store.set({ error });
      return false;
    }
  }
}
