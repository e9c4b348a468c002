// The edge of the network: what is told when an answer does not come, or not whole; and when to try again.

const PATH = "/templates/";

/** Has the next requests for templates go wrong. */
async function fault(sandbox, ...requests) {
  const body = JSON.stringify({ requests: requests.map((request) => ({ path: PATH, ...request })) });
  const answer = await fetch(`${sandbox}/sandbox/faults`, { method: "POST", headers: { "content-type": "application/json" }, body });
  if (!answer.ok) throw new Error(await answer.text());
}

/** Requests for a path that the sandbox has seen. */
const seen = async (sandbox, path) => (await (await fetch(`${sandbox}/sandbox/requests?path=${path}`)).json()).requests.length;

const once = { maxRetries: 0 };

export async function an_answer_that_breaks_off_says_so_and_is_asked_for_again({ sandbox, client, refused, equal, ok }) {
  const all = client();
  await fault(sandbox, { body: "truncated" });
  const error = await refused("network", () => all.templates.list({}, once));
  ok(error.message.includes("middle of the answer"), `"${error.message}" says what happened`);
  equal([error.statusCode, error.retryable], [200, true], "status and retryable");
  await fault(sandbox, { body: "truncated" });
  ok((await all.templates.list()).data.length > 0, "another try brings the whole");
}

export async function a_file_that_breaks_off_is_not_taken_for_the_whole({ sandbox, client, interaction, refused, ok }) {
  const all = client();
  const id = await interaction(all);
  const { recordingId } = await all.recordings.upload(new Blob([new Uint8Array(5_000)]), id);
  const path = `/interactions/${id}/recordings/${recordingId}`;
  await fault(sandbox, { path, body: "truncated" });
  const error = await refused("network", () => all.recordings.get(id, recordingId, once));
  ok(error.message.includes("middle of the answer"), `"${error.message}" says what happened`);
}

export async function what_a_proxy_puts_in_place_of_an_answer_is_named_and_not_quoted({ sandbox, client, refused, equal, ok }) {
  const { templates } = client();
  for (const [what, code, status, told] of [
    [{ body: "html", status: 502 }, "server_error", 502, "HTML page"],
    [{ body: "html" }, "protocol", 200, "HTML page"],
    [{ body: "notJson" }, "protocol", 200, "not JSON"],
    [{ body: "notJson", status: 503 }, "server_error", 503, "not JSON"],
    [{ body: "empty" }, "protocol", 200, "empty"],
    [{ body: "empty", status: 500 }, "server_error", 500, "without a body"],
  ]) {
    await fault(sandbox, what);
    const error = await refused(code, () => templates.list({}, once));
    ok(error.message.includes(told) && !error.message.includes("Gateway"), `"${error.message}" says ${told}`);
    equal([error.statusCode, error.body], [status, undefined], "status, and no body");
  }
}

export async function no_answer_names_the_place_and_what_it_may_be({ sandbox, environment, client, refused, equal, ok }) {
  const id = crypto.randomUUID();
  const at = (base) => client({ environment: { ...environment, base } });
  // A port that was free a moment ago is as good as one where nothing listens.
  for (const [what, origin, request] of [
    ["an unknown name", "http://nothing.invalid", undefined],
    ["a port where nothing listens", "http://127.0.0.1:47", undefined],
    // A browser tries by itself again on each connection that was used before.
    ["a connection that is cut", sandbox, { drop: true, times: 100 }],
    ["an answer that this page may not read", sandbox, { withoutCors: true }],
    ["a failure that this page may not read", sandbox, { withoutCors: true, status: 500 }],
  ]) {
    const path = `/interactions/${id}`;
    if (request) await fault(sandbox, { path, ...request });
    const error = await refused("network", () => at(`${origin}/v2`).interactions.get(id, { ...once, queryParams: { patient: "p-1" } }));
    ok(error.message.includes(`${origin},`) && !error.message.includes(id) && !error.message.includes("p-1"), `"${error.message}" of ${what} names the origin alone`);
    ok(error.message.includes("CORS") && error.message.includes("name unknown"), `"${error.message}" says what it may be`);
    ok(error.retryable && error.cause instanceof TypeError, "it may be tried again, and the browser's exception is there");
    equal(error.statusCode, undefined, "status");
    await fetch(`${sandbox}/sandbox/faults`, { method: "DELETE" });
  }
}

export async function being_offline_is_told({ environment, client, refused, ok }) {
  Object.defineProperty(navigator, "onLine", { configurable: true, get: () => false });
  try {
    const { templates } = client({ auth: { accessToken: "a" }, environment: { ...environment, base: "http://nothing.invalid/v2" } });
    const error = await refused("network", () => templates.list({}, once));
    ok(error.message.includes("offline") && error.message.includes("http://nothing.invalid"), `"${error.message}" says so`);
  } finally {
    delete navigator.onLine;
  }
}

export async function the_service_says_how_long_to_wait_in_seconds_or_by_a_date({ sandbox, client, until, refused, soon, equal, ok }) {
  const told = [];
  const { templates } = client({ logger: { warn: (text) => told.push(text) } });
  /** How long the client says that it waits, in milliseconds. */
  const pause = () => Number(/tried again in (\d+) ms/.exec(told.at(-1))?.[1]);
  const waits = async (retryAfter, abortSignal) => {
    told.length = 0;
    await fault(sandbox, { status: 503, retryAfter });
    const list = templates.list({}, { abortSignal });
    list.catch(() => {});
    await until("the wait", () => told.length > 0);
    return list;
  };
  await waits(0);
  equal(pause(), 0, "milliseconds after 0 s");
  const start = performance.now();
  await soon("the answer", waits(1));
  equal(pause(), 1_000, "milliseconds after 1 s");
  const waited = performance.now() - start;
  ok(waited >= 999, `it waited for ${waited} ms`);
  await waits("Wed, 21 Oct 2015 07:28:00 GMT");
  equal(pause(), 0, "milliseconds after a date long ago");
  // By the clock of the page, which is stopped here; a date has whole seconds.
  const real = Date.now;
  const at = Math.floor(real() / 1_000) * 1_000;
  const controller = new AbortController();
  Date.now = () => at;
  try {
    const list = waits(new Date(at + 20_000).toUTCString(), controller.signal);
    await until("the wait", () => told.length > 0);
    equal(pause(), 20_000, "milliseconds after a date in 20 s");
    controller.abort();
    await refused("aborted", () => list);
  } finally {
    Date.now = real;
  }
}

export async function what_creates_is_sent_once_if_its_answer_is_lost({ sandbox, client, interaction, refused, equal }) {
  const all = client();
  const id = await interaction(all);
  const path = `/interactions/${id}/facts`;
  for (const [code, lost] of [["network", { body: "truncated" }], ["server_error", { status: 504, processed: true }]]) {
    await fault(sandbox, { path, method: "POST", ...lost });
    await refused(code, () => all.facts.create(id, { facts: [{ text: "a", group: "plan" }] }));
  }
  equal([await seen(sandbox, `/v2${path}/`), (await all.facts.list(id)).facts.length], [2, 2], "requests and facts");
}

export async function a_call_may_set_its_own_tries({ sandbox, client, refused, equal }) {
  const id = crypto.randomUUID();
  const count = async (options, call) => {
    const path = `/interactions/${crypto.randomUUID()}`;
    await fault(sandbox, ...Array.from({ length: 3 }, () => ({ path, status: 503, retryAfter: 0 })));
    await client(options).interactions.get(path.split("/")[2], call).catch(() => {});
    await fetch(`${sandbox}/sandbox/faults`, { method: "DELETE" });
    return seen(sandbox, `/v2${path}`);
  };
  equal([await count(), await count({ maxRetries: 1 }), await count({ maxRetries: 1 }, { maxRetries: 0 })], [3, 2, 1], "requests");
  await refused("invalid_request", () => client().interactions.get(id, { maxRetries: -1 }));
}

export async function what_a_client_s_fetch_answers_must_be_a_response({ client, refused, ok }) {
  for (const answer of [undefined, null, 7, "text", {}, { status: 200, text: async () => "{}" }, Promise.resolve(undefined)]) {
    const error = await refused("invalid_request", () => client({ auth: { accessToken: "a" }, fetch: () => answer }).templates.list());
    ok(error.message.includes("Response"), `"${error.message}" says what is expected`);
  }
  const cause = new Error("sync");
  const error = await refused("network", () => client({ auth: { accessToken: "a" }, fetch: () => { throw cause; } }).templates.list({}, once));
  ok(error.cause === cause, "what it throws is the cause");
}
