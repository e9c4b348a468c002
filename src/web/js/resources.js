// The REST resources: objects whose methods all call one function with their names. What an app sees of them is in `client.js`.

/** Their methods. What each takes, and which of two is meant where that tells, is the core's to say (`src/rest/calls.rs`). */
const METHODS = {
  interactions: "create get update delete",
  facts: "factGroupsList list create update batchUpdate extract",
  documents: "generate list get update delete",
  "documents.classic": "create list get update delete",
  "documents.templates": "list create get update delete",
  "documents.templates.versions": "list create get delete publish",
  "documents.sections": "list create get update delete",
  "documents.sections.versions": "list create get delete publish",
  templates: "list get sectionList",
  recordings: "list upload get delete",
  transcripts: "create list get getStatus delete",
  languages: "list",
};

/** Milliseconds between looks at a transcript that is being made, and the longest; each is half as long again. */
const FIRST_LOOK = 1_000;
const LONGEST_LOOK = 10_000;

/**
 * All resources; `call(method, given)` answers a promise, of what the app gave with its options at the end. A list of interactions is
 * `{ first }`, which answers a page.
 */
export function resources(call) {
  const all = {};
  for (const [path, methods] of Object.entries(METHODS)) {
    const place = path.split(".").reduce((one, name) => (one[name] ??= {}), all);
    for (const method of methods.split(" ")) {
      place[method] = async (...given) => {
        const answer = await call(`${path}.${method}`, given);
        if (method !== "delete") return answer;
      };
    }
  }
  // `@corti/sdk` 1.0 has the classic methods without `classic`.
  all.documents.create = all.documents.classic.create;

  all.interactions.list = (query, options) => {
    const load = (index) => call("interactions.list", [index ? { ...query, index } : query, options]);
    // Asked for at once, as by any other method.
    const answer = load();
    return { first: async () => new Page(await answer, query?.index ?? 1, load) };
  };

  const { upload, get } = all.recordings;
  all.recordings.upload = async (file, ...rest) => upload(await readable(file), ...rest);
  all.recordings.get = async (...given) => withBody(await get(...given));

  all.transcripts.waitFor = async (interaction, transcript, options = {}) => {
    for (let pause = FIRST_LOOK; ; pause = Math.min(pause * 1.5, LONGEST_LOOK)) {
      const { status } = await all.transcripts.getStatus(interaction, transcript, options);
      if (status !== "processing") return all.transcripts.get(interaction, transcript, options);
      await sleep(pause, options.abortSignal);
    }
  };

  return all;
}

/** A page of a list: what the service answered, and the way to the next. */
class Page {
  #index;
  #load;

  constructor(response, index, load) {
    this.#index = index;
    this.#load = load;
    this.#take(response);
  }

  #take(response) {
    Object.assign(this, response);
    this.response = response;
    this.data = this.interactions = response?.interactions ?? [];
  }

  /** The service may give fewer than were asked for on a page that is not the last: only an empty one is. */
  hasNextPage() {
    return this.data.length > 0;
  }

  /** Turns to the next page, as that of `@corti/sdk` does. */
  async getNextPage() {
    this.#take(await this.#load(this.#index + 1));
    this.#index += 1;
    return this;
  }

  async *[Symbol.asyncIterator]() {
    for (;;) {
      yield* this.data;
      if (!this.hasNextPage()) return;
      await this.getNextPage();
    }
  }
}

/**
 * What to upload: a Blob or bytes, also as `data` of an object and as a stream, which is read to its end, since it may have to be
 * sent again. `undefined` for anything else.
 */
async function readable(file) {
  const data = file?.data ?? file;
  if (data instanceof ReadableStream) return new Response(data).blob();
  if (data instanceof Blob || data instanceof ArrayBuffer || ArrayBuffer.isView(data)) return data;
}

/** A Blob that has the methods of a body too: `@corti/sdk` answers such a body, which can be read once, this as often as one likes. */
function withBody(blob) {
  return Object.assign(blob, { blob: async () => blob, bodyUsed: false });
}

function sleep(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    // The next call finds that it was aborted, and says so.
    signal?.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}
