// The REST resources: objects whose methods all call one function with their names. What an app sees of them is in `client.js`.

/** Methods, and how many arguments each has before its options. */
const METHODS = {
  interactions: { create: 1, get: 1, update: 2, delete: 1 },
  facts: { factGroupsList: 0, list: 1, create: 2, update: 3, batchUpdate: 2, extract: 1 },
  templates: { list: 1, get: 1, sectionList: 1 },
  recordings: { list: 1, upload: 2, get: 2, delete: 2 },
  transcripts: { create: 2, list: 2, get: 2, getStatus: 2, delete: 2 },
  languages: { list: 1 },
};
const CLASSIC = { create: 2, list: 1, get: 2, update: 3, delete: 2 };
const GUIDED = { generate: 1, list: 1, get: 1, update: 2, delete: 1 };

/** Milliseconds between looks at a transcript that is being made, and the longest; each is half as long again. */
const FIRST_LOOK = 1_000;
const LONGEST_LOOK = 10_000;

/** All resources; `call(method, arguments, options)` answers a promise. A list of interactions is `{ first }`, which answers a page. */
export function resources(call) {
  const methods = (name, counts) =>
    Object.fromEntries(Object.entries(counts).map(([method, count]) => [
      method,
      async (...given) => {
        const answer = await call(`${name}.${method}`, given.slice(0, count), given[count]);
        if (method !== "delete") return answer;
      },
    ]));
  const all = Object.fromEntries(Object.entries(METHODS).map(([name, counts]) => [name, methods(name, counts)]));

  all.interactions.list = (query, options) => {
    const load = (index) => call("interactions.list", [index ? { ...query, index } : query], options);
    // Asked for at once, as by any other method.
    const answer = load();
    return { first: async () => new Page(await answer, query?.index ?? 1, load) };
  };

  const { upload, get } = all.recordings;
  all.recordings.upload = async (file, ...rest) => upload(await readable(file), ...rest);
  all.recordings.get = async (...given) => withBody(await get(...given));

  // The classic methods belong to an interaction, whose id comes first; `@corti/sdk` has them without `classic`.
  const classic = methods("documents.classic", CLASSIC);
  const guided = methods("documents", GUIDED);
  const either = (method, isClassic) => (...given) => (isClassic(given) ? classic : guided)[method](...given);
  const hasTwoIds = ([, second]) => typeof second === "string";
  all.documents = {
    classic,
    create: classic.create,
    generate: guided.generate,
    list: either("list", ([first]) => typeof first === "string"),
    get: either("get", hasTwoIds),
    update: either("update", hasTwoIds),
    delete: either("delete", hasTwoIds),
  };

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
