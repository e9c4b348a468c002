// Listeners: any number for an event, called in the order in which they came.

/** Those of an object that tells something. */
export class Listeners {
  #list = [];

  /** Adds one, for the next event only if `once`. What it answers takes it off, however often it is called. */
  add(type, call, once) {
    const entry = { type, call, once };
    this.#list.push(entry);
    return () => this.#keep((other) => other !== entry);
  }

  /** Takes a function off an event; all functions without one. */
  off(type, call) {
    this.#keep((entry) => entry.type !== type || (call && entry.call !== call));
  }

  has(type) {
    return this.#list.some((entry) => entry.type === type);
  }

  clear() {
    this.#list = [];
  }

  /**
   * Calls those who listen now: one that is taken off by an earlier one is still called, as the DOM would not; one that is added is
   * not. What one throws is shown as the exception of an event handler, and stops no other.
   */
  emit(type, payload) {
    const due = this.#list.filter((entry) => entry.type === type);
    this.#keep((entry) => entry.type !== type || !entry.once);
    for (const { call } of due) {
      try {
        call(payload);
      } catch (exception) {
        reportError(exception);
      }
    }
  }

  #keep(stays) {
    this.#list = this.#list.filter(stays);
  }
}

/** Listens to something of the browser's. What it answers takes the listener off again. */
export function listen(target, type, act) {
  target.addEventListener(type, act);
  return () => target.removeEventListener(type, act);
}
