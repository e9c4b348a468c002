// `OssicleClient`. Its streams and microphones are here; its resources and visits are in the package's second half, which is loaded at
// the first call that needs it.

import { issuer } from "#glue";
import { unlessAborted } from "./check.js";
import { fail } from "./error.js";
import { current } from "./load.js";
import { microphones } from "./microphones.js";
import { Service } from "./service.js";
import { connect } from "./stream.js";

/** The methods of each resource. */
const RESOURCES = {
  interactions: "create get update delete",
  facts: "factGroupsList list create update batchUpdate extract",
  documents: "create generate list get update delete",
  templates: "list get sectionList",
  recordings: "list upload get delete",
  transcripts: "create list get getStatus delete waitFor",
  languages: "list",
  visits: "start resume",
};
const CLASSIC = "create list get update delete";
/** What documents are written by, guided: templates and sections, and the versions of each. */
const LIBRARY = "list create get update delete";
const VERSIONS = "list create get delete publish";

/** The entry to everything. What it hands out outlives it. */
export class OssicleClient {
  #service;

  constructor(options) {
    const place = current();
    if (!place) fail("not_initialised", "await init() before creating an OssicleClient");
    let opened;
    const half = () => {
      const open = async () => {
        const [half] = await Promise.all([place.rest(), service.located()]);
        return half.open(service, this.stream, microphones);
      };
      opened ??= open().catch((error) => {
        opened = undefined;
        throw error;
      });
      return opened;
    };
    const service = new Service(options, half, named);
    this.#service = service;
    this.stream = Object.freeze({ connect: (options) => connect(service, place, options) });
    this.microphones = microphones;
    for (const [name, methods] of Object.entries(RESOURCES)) this[name] = stubs(half, methods, (all) => all[name]);
    Object.assign(this.interactions, { list: (...given) => pages(later(half, given, (all) => all.interactions.list(...given))) });
    Object.assign(this.documents, { classic: Object.freeze(stubs(half, CLASSIC, (all) => all.documents.classic)) });
    for (const name of ["templates", "sections"]) {
      const versions = Object.freeze(stubs(half, VERSIONS, (all) => all.documents[name].versions));
      this.documents[name] = Object.freeze({ ...stubs(half, LIBRARY, (all) => all.documents[name]), versions });
    }
    Object.assign(this.visits, { prepare: () => quiet(half().then(() => {})) });
    for (const name of Object.keys(RESOURCES)) Object.freeze(this[name]);
  }

  /** The headers that a request of the app's own to the service is to have. */
  getAuthHeaders() {
    return this.#service.headersOfAuth();
  }

  /** There is nothing to free: what the client has is its streams' and its calls'. */
  free() {}
}

if (Symbol.dispose) OssicleClient.prototype[Symbol.dispose] = OssicleClient.prototype.free;

/** The region and the tenant that a token names: `{ environment, tenant }`, or nothing. */
function named(token) {
  const text = issuer(token);
  return text === undefined ? undefined : JSON.parse(text);
}

/** Functions of these names which call those that `of` finds in the second half. */
function stubs(half, methods, of) {
  const stub = (method) => (...given) => later(half, given, (all) => of(all)[method](...given));
  return Object.fromEntries(methods.split(" ").map((method) => [method, stub(method)]));
}

/** Does something with the second half, unless what was given for it has a signal that says otherwise meanwhile. */
async function later(half, given, act) {
  const signal = given.find((one) => one?.abortSignal)?.abortSignal;
  return act(await unlessAborted(signal, half()));
}

/** A promise that somebody may wait for, and need not: its rejection is not unhandled. */
function quiet(promise) {
  promise.catch(() => {});
  return promise;
}

/** A list that can be awaited, for its first page, and iterated, for all that is on its pages. It is asked for at once. */
function pages(asked) {
  const first = async () => (await asked).first();
  // Whoever only iterates has the answer already, or its failure.
  return Object.assign(quiet(first()), { async *[Symbol.asyncIterator]() { yield* await first(); } });
}
