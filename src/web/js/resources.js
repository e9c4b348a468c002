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
      (...given) => call(`${name}.${method}`, given.slice(0, count), given[count]),
    ]));
  const all = Object.fromEntries(Object.entries(METHODS).map(([name, counts]) => [name, methods(name, counts)]));

  all.interactions.list = (query, options) =>
    new Pages((index) => call("interactions.list", [index ? { ...query, index } : query], options), query);

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

/** Pages as they are asked for: awaited it is the first one, iterated it is every entry of all. */
class Pages {
  #first;
  #load;
  #size;

  constructor(load, query) {
    this.#size = query?.pageSize ?? 10;
    this.#load = async (index) => new Page(await load(index), index, this.#size, this.#load);
    // Asked for at once, as any other method does; whoever only iterates has it already.
    this.#first = load().then((response) => new Page(response, query?.index ?? 1, this.#size, this.#load));
    this.#first.catch(() => {});
  }

  then(...handlers) {
    return this.#first.then(...handlers);
  }

  catch(handler) {
    return this.#first.catch(handler);
  }

  finally(handler) {
    return this.#first.finally(handler);
  }

  async *[Symbol.asyncIterator]() {
    yield* await this.#first;
  }
}

/** One page: what the service answered, and the way to the next. */
class Page {
  #next;

  constructor(response, index, size, load) {
    Object.assign(this, response);
    this.data = response?.interactions ?? [];
    this.#next = this.data.length < size ? null : () => load(index + 1);
  }

  hasNextPage() {
    return this.#next !== null;
  }

  /** The next page; an empty one after the last. */
  async getNextPage() {
    return this.#next ? this.#next() : new Page({ interactions: [] }, 0, 1);
  }

  async *[Symbol.asyncIterator]() {
    for (let page = this; ; page = await page.getNextPage()) {
      yield* page.data;
      if (!page.hasNextPage()) return;
    }
  }
}

/** As `fetch`, with news of how much of the body has gone out: `fetch` itself has none. */
export function send(request, body, onProgress) {
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
