// The REST resources: objects whose methods all call one function with their names.

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

/** All resources; `call(method, arguments, options)` answers a promise. */
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
    // Asked for at once, as by any other method; whoever only iterates has the answer already, or its failure.
    const answer = load();
    const first = async () => new Page(await answer, query?.index ?? 1, load);
    const promise = first();
    promise.catch(() => {});
    return Object.assign(promise, { async *[Symbol.asyncIterator]() { yield* await first(); } });
  };

  const { upload, get } = all.recordings;
  all.recordings.upload = async (file, ...rest) => upload(await readable(file), ...rest);
  all.recordings.get = async (...given) => withBody(await get(...given));

  // The classic methods belong to an interaction, whose id comes first; `@corti/sdk` has them without `classic`.
  const classic = methods("documents.classic", CLASSIC);
  const guided = methods("documents", GUIDED);
  const either = (method, isClassic) => (...given) => (isClassic(given) ? classic : guided)[method](...given);
  const hasTwoIds = ([, second]) => typeof second === "string";
  all.documents = Object.freeze({
    classic: Object.freeze(classic),
    create: classic.create,
    generate: guided.generate,
    list: either("list", ([first]) => typeof first === "string"),
    get: either("get", hasTwoIds),
    update: either("update", hasTwoIds),
    delete: either("delete", hasTwoIds),
  });

  all.transcripts.waitFor = async (interaction, transcript, options = {}) => {
    for (let pause = FIRST_LOOK; ; pause = Math.min(pause * 1.5, LONGEST_LOOK)) {
      const { status } = await all.transcripts.getStatus(interaction, transcript, options);
      if (status !== "processing") return all.transcripts.get(interaction, transcript, options);
      await sleep(pause, options.abortSignal);
    }
  };

  for (const resource of Object.values(all)) Object.freeze(resource);
  return Object.freeze(all);
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

/**
 * A request and its answer: the head, and the body as text, or as a Blob if a file was asked for and came. A body that does not
 * come to its end is absent, and `broken` says why; so is everything if what `fetch` answers is no Response.
 */
export async function exchange(request, fetch, asFile, file, onProgress) {
  const answer = await (onProgress && !fetch ? send(request, file, onProgress) : (fetch ?? globalThis.fetch).call(globalThis, request));
  if (!(answer instanceof Response)) return {};
  const { status, headers, ok } = answer;
  const [authenticate, retryAfter, contentType, contentLength] =
    ["WWW-Authenticate", "Retry-After", "Content-Type", "Content-Length"].map((name) => headers.get(name) ?? undefined);
  const head = { status, authenticate, retryAfter, contentType, contentLength };
  try {
    return { ...head, body: await (asFile && ok ? answer.blob() : answer.text()) };
  } catch (broken) {
    return { ...head, broken };
  }
}

/** As `fetch`, with news of how much of the body has gone out: `fetch` itself has none. */
function send(request, body, onProgress) {
  return new Promise((resolve, reject) => {
    const exchange = new XMLHttpRequest();
    exchange.open(request.method, request.url);
    exchange.responseType = "blob";
    for (const [name, value] of request.headers) exchange.setRequestHeader(name, value);
    exchange.upload.onprogress = ({ loaded, total }) => onProgress({ loaded, total });
    exchange.onload = () => {
      const lines = exchange.getAllResponseHeaders().trim().split(/\r?\n/).filter(Boolean);
      const headers = lines.map((line) => line.split(/:\s*/, 2));
      const hasBody = ![204, 205, 304].includes(exchange.status);
      resolve(new Response(hasBody ? exchange.response : null, { status: exchange.status, headers }));
    };
    exchange.onerror = () => reject(new TypeError("the upload did not get through"));
    exchange.onabort = () => reject(request.signal.reason);
    request.signal.addEventListener("abort", () => exchange.abort());
    exchange.send(body);
  });
}

function sleep(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    // The next call finds that it was aborted, and says so.
    signal?.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}
