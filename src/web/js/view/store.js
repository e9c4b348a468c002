// What a user interface is drawn from: plain state that is exchanged as a whole, so that who has seen an object has seen all
// that is in it. Nothing here knows what draws it.

/** State and its listeners. `get` and `subscribe` are bound: they can be handed on. */
export class Store {
  #state;
  #listeners = new Set();

  constructor(state) {
    this.#state = Object.freeze(state);
  }

  get = () => this.#state;

  /** Adds a listener, which is told of changes without a value; what it returns takes it off. */
  subscribe = (listener) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  /** Changes what differs; nobody is told if nothing does. */
  set(change) {
    if (Object.entries(change).every(([name, value]) => Object.is(this.#state[name], value))) return;
    this.#state = Object.freeze({ ...this.#state, ...change });
    for (const listener of [...this.#listeners]) listener();
  }
}

/**
 * Whether somebody is there for whom something is kept open. Who leaves and comes back in the same task has not left: so it
 * is with React's StrictMode, and with an element that is moved. `left` is called when it is for good.
 */
export class Presence {
  #left;
  #isHere = false;

  constructor(left) {
    this.#left = left;
  }

  come() {
    this.#isHere = true;
  }

  leave() {
    this.#isHere = false;
    queueMicrotask(() => this.#isHere || this.#left());
  }
}
