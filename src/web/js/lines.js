// The way from the page's half of a stream to its engine, in a worker or on this page.

/**
 * Answers a function `(settings, seed, resume, wantsWorker) => Promise<Line | { failed } | null>`. Where there can be no worker, or
 * none is wanted, the engine is on the page: `here` imports what hosts it. Null if one is to go on where another died, and cannot.
 */
export function lines(workers, here, common) {
  return async (settings, seed, resume, wantsWorker) => {
    const there = wantsWorker && (await workers(settings, seed, resume));
    if (there || resume) return there || null;
    try {
      const { open } = await here();
      return new Here(await open({ ...common, settings, seed }));
    } catch ({ code, message, retryable = false }) {
      return { failed: { code, message, retryable } };
    }
  };
}

/** As a line to a worker, but how things stand is known at once, and nothing dies. */
class Here {
  isHere = true;

  constructor(host) {
    this.host = host;
    this.encoder = host.encoder;
    this.audioFormat = host.audioFormat;
  }

  get view() {
    return this.host.view();
  }

  get at() {
    return Date.now();
  }

  get unsent() {
    return this.host.unsent();
  }

  listen(hear) {
    this.host.listen(hear);
    this.host.begin();
  }

  post(order, payload) {
    this.host.post(order, payload);
  }

  leave() {}
}
