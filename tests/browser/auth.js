// Tokens from the token endpoint and from the app, of every form; and that nobody is told them.

const REALM = "/realms/base/protocol/openid-connect";

/** What a client needs to sign in to the sandbox. */
function place({ sandbox, environment }) {
  return { ...environment, login: `${sandbox}/realms` };
}

/** A `fetch` that writes down the forms that went to the token endpoint. */
function watched() {
  const forms = [];
  const watch = async (request) => {
    if (request.url.includes("/openid-connect/token")) forms.push(new URLSearchParams(await request.clone().text()));
    return fetch(request);
  };
  return { fetch: watch, kinds: () => forms.map((form) => form.get("grant_type")), forms };
}

const base64Url = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** A code of the sandbox's sign-in, and what goes with it. */
async function signIn(sandbox, withPkce, scopes = "openid profile") {
  const redirectUri = `${sandbox}/settings.json`;
  const codeVerifier = base64Url(crypto.getRandomValues(new Uint8Array(32)));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(codeVerifier));
  const challenge = { code_challenge: base64Url(new Uint8Array(digest)), code_challenge_method: "S256" };
  const query = new URLSearchParams({ response_type: "code", client_id: "app", redirect_uri: redirectUri, scope: scopes, ...(withPkce && challenge) });
  const back = new URL((await fetch(`${sandbox}${REALM}/auth?${query}`)).url);
  return { clientId: "app", code: back.searchParams.get("code"), redirectUri, ...(withPkce ? { codeVerifier } : { clientSecret: "s" }) };
}

/** A pair of tokens, as a sign-in somewhere else would have given it. */
async function pair(sandbox) {
  const body = new URLSearchParams({ grant_type: "client_credentials", client_id: "app", client_secret: "s" });
  const answer = await (await fetch(`${sandbox}${REALM}/token`, { method: "POST", body })).json();
  return { accessToken: answer.access_token, expiresIn: answer.expires_in, refreshToken: answer.refresh_token, refreshExpiresIn: answer.refresh_expires_in };
}

const faults = (sandbox, requests) =>
  fetch(`${sandbox}/sandbox/faults`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ requests }) });

export async function every_form_reaches_the_service_and_a_stream({ sandbox, environment, client, connect, token, equal }) {
  const given = await pair(sandbox);
  for (const [form, auth, kinds] of [
    ["client credentials", { clientId: "app", clientSecret: "s" }, ["client_credentials", "refresh_token"]],
    ["password", { clientId: "app", username: "u", password: "p" }, ["password", "refresh_token"]],
    ["code", await signIn(sandbox, false), ["authorization_code", "refresh_token"]],
    ["PKCE", await signIn(sandbox, true), ["authorization_code", "refresh_token"]],
    ["token and refresh token", { ...given, clientId: "app" }, ["refresh_token"]],
    ["token and function", { ...given, refreshAccessToken: () => token() }, []],
    ["function alone", { refreshAccessToken: () => token() }, []],
    ["function", () => token(), []],
    ["token", await token(), []],
  ]) {
    const { fetch, kinds: asked } = watched();
    const all = client({ environment: place({ sandbox, environment }), auth, fetch });
    await all.interactions.list({ pageSize: 1 });
    const { stream } = await connect({}, all);
    stream.close();
    equal(asked(), kinds, `what the token endpoint is asked with ${form}`);
  }
}

export async function scopes_are_asked_for_so_that_the_socket_has_a_token_of_its_own({ sandbox, environment, client, connect, refused, equal }) {
  const credentials = { clientId: "app", clientSecret: "s" };
  const { fetch, forms } = watched();
  const options = { environment: place({ sandbox, environment }), fetch };
  const all = client({ ...options, auth: credentials, streamAuth: { ...credentials, scopes: ["streams"] } });
  const { stream } = await connect({}, all);
  stream.close();
  equal(forms.map((form) => form.get("scope")), ["openid", "openid streams"], "scopes");
  await refused("forbidden", () => client({ ...options, auth: { ...credentials, scopes: ["streams"] } }).interactions.list());
}

export async function a_token_of_the_endpoint_is_exchanged_thirty_seconds_before_its_end_once_for_all({ sandbox, environment, client, still, equal }) {
  const { fetch: ours, kinds } = watched();
  const { interactions } = client({ environment: place({ sandbox, environment }), auth: { clientId: "app", clientSecret: "s" }, fetch: ours });
  const all = () => Promise.all(Array.from({ length: 5 }, () => interactions.list({ pageSize: 1 })));
  await fetch(`${sandbox}/sandbox/faults`, { method: "POST", headers: { "content-type": "application/json" }, body: '{"tokenSeconds":100}' });
  const clock = still();
  try {
    await all();
    clock.pass(69.9);
    await all();
    equal(kinds(), ["client_credentials"], "questions while the token was good");
    clock.pass(0.2);
    await all();
    equal(kinds(), ["client_credentials", "refresh_token"], "questions when it was about to end");
  } finally {
    clock.go();
    await fetch(`${sandbox}/sandbox/faults`, { method: "DELETE" });
  }
}

export async function a_token_that_is_refused_is_exchanged_once_for_all_who_had_it({ sandbox, environment, client, connect, equal }) {
  const { refreshToken } = await pair(sandbox);
  const auth = { accessToken: "not.a.token", expiresIn: 300, refreshToken, clientId: "app" };
  const { fetch, kinds } = watched();
  const { interactions } = client({ environment: place({ sandbox, environment }), auth, fetch });
  await Promise.all(Array.from({ length: 5 }, () => interactions.list({ pageSize: 1 })));
  equal(kinds(), ["refresh_token"], "questions");
  // A socket that is refused says nothing, so each gets a token that begins its life.
  const { refreshToken: another } = await pair(sandbox);
  const stale = { accessToken: "not.a.token", expiresIn: 300, refreshToken: another, clientId: "app" };
  const { stream } = await connect({}, client({ environment: place({ sandbox, environment }), streamAuth: stale }));
  stream.close();
}

export async function the_app_s_function_gets_its_last_refresh_token({ client, token, equal }) {
  const got = [];
  const refreshAccessToken = async (refreshToken) => (got.push(refreshToken), { ...(await token()), expiresIn: 1, refreshToken: `r${got.length}` });
  const { interactions } = client({ auth: { refreshAccessToken, refreshToken: "r0", accessToken: (await token()).accessToken, expiresIn: 1 } });
  for (let n = 0; n < 3; n++) await interactions.list({ pageSize: 1 });
  equal(got, ["r0", "r1", "r2"], "refresh tokens");
}

export async function the_limit_of_one_caller_does_not_fail_the_others({ client, token, refused, equal }) {
  let asked = 0, answer;
  const answered = new Promise((resolve) => (answer = resolve));
  const { interactions } = client({ auth: async () => (asked++, await answered, token()) });
  const controller = new AbortController();
  const calls = [
    refused("timeout", () => interactions.list({}, { timeoutInSeconds: 0.1 })),
    refused("aborted", () => interactions.list({}, { abortSignal: controller.signal })),
    interactions.list(),
  ];
  await calls[0];
  controller.abort();
  await calls[1];
  calls.push(interactions.list());
  answer();
  await Promise.all(calls);
  equal(asked, 1, "questions");
}

export async function a_token_endpoint_that_never_answers_ends_in_a_timeout({ client, environment, sandbox, refused, ok }) {
  const fetch = () => new Promise(() => {});
  const all = client({ environment: place({ sandbox, environment }), auth: { clientId: "app", clientSecret: "s" }, fetch, timeoutInSeconds: 0.3 });
  const error = await refused("timeout", () => all.interactions.list());
  ok(error.message.includes("0.3 s"), `"${error.message}" tells the limit`);
}

export async function what_could_not_get_a_token_was_not_sent_and_is_tried_again({ sandbox, environment, client, encounter, refused, equal }) {
  const auth = { clientId: "app", clientSecret: "s" };
  const path = `${REALM}/token`;
  const create = (options) => client({ environment: place({ sandbox, environment }), auth }).interactions.create({ encounter: encounter() }, options);
  await faults(sandbox, [{ path, status: 503, retryAfter: 0 }, { path, body: "truncated" }]);
  await create();
  await faults(sandbox, [{ path, status: 502 }]);
  const error = await refused("server_error", () => create({ maxRetries: 0 }));
  equal([error.statusCode, error.retryable], [502, true], "status and retryable");
}

export async function a_refusal_of_the_token_endpoint_is_named_and_final({ sandbox, environment, client, refused, equal, ok }) {
  const list = (auth, more) => client({ environment: { ...place({ sandbox, environment }), ...more }, auth }).interactions.list();
  for (const [auth, code, told] of [
    [{ clientId: "wrong", clientSecret: "s" }, "unauthorized", "invalid_client"],
    [{ clientId: "app", clientSecret: "wrong" }, "unauthorized", "unauthorized_client"],
    [{ clientId: "app", username: "u", password: "wrong" }, "unauthorized", "invalid_grant"],
    [{ clientId: "app", clientSecret: "s", scopes: ["wrong"] }, "invalid_request", "invalid_scope"],
    [{ ...(await signIn(sandbox, true)), codeVerifier: "x".repeat(43) }, "unauthorized", "sign in again"],
  ]) {
    const error = await refused(code, () => list(auth));
    ok(error.message.includes(told), `"${error.message}" names ${told}`);
    ok(error.statusCode >= 400 && !error.retryable && error.body === undefined, "status, not retryable, and nothing quoted");
  }
  const nowhere = await refused("not_found", () => list({ clientId: "app", clientSecret: "s" }, { login: `${sandbox}/elsewhere` }));
  ok(nowhere.message.includes("environment.login"), `"${nowhere.message}" says where to look`);
  const missing = await refused("invalid_request", () => list({ clientId: "app", clientSecret: "s" }, { login: undefined }));
  equal(missing.message.includes("environment.login"), true, "it names what is missing");
}

export async function a_code_is_good_once_and_then_the_user_is_asked_to_sign_in({ sandbox, environment, client, refused, ok }) {
  const auth = await signIn(sandbox, true);
  const options = { environment: place({ sandbox, environment }), auth };
  await client(options).interactions.list();
  const { interactions } = client(options);
  for (let n = 0; n < 2; n++) {
    const error = await refused("unauthorized", () => interactions.list());
    ok(error.message.includes("sign in again"), `"${error.message}" says what to do`);
  }
}

export async function a_logger_is_told_of_retries_tokens_and_streams({ sandbox, environment, client, connect, until, refused, equal, ok }) {
  const told = [];
  const logger = Object.fromEntries(["debug", "info", "warn", "error"].map((level) => [level, (text) => told.push(`${level}: ${text}`)]));
  const all = client({ environment: place({ sandbox, environment }), auth: { clientId: "app", clientSecret: "s" }, logger });
  await faults(sandbox, [{ path: "/interactions", status: 503, retryAfter: 0 }]);
  const { id, stream } = await connect({}, all);
  stream.close();
  await until("the end", () => told.includes("info: ossicle: a stream is ended"));
  equal(told.slice(0, 2), ["debug: ossicle: there is a new token", "warn: ossicle: POST interactions: server_error (503); tried again in 0 ms (1 of 2)"], "what is told first");
  for (const state of ["configuring", "streaming"]) ok(told.includes(`info: ossicle: a stream is ${state}`), `${state} of ${told}`);
  ok(!told.join().includes(id), "no id is told");
  // What a logger does is its own affair, and each level may be absent.
  await client({ logger: { debug() { throw new Error("full"); } } }).interactions.list();
  await refused("invalid_request", () => client({ logger: "console" }));
}

export async function nothing_secret_is_told_whatever_fails({ sandbox, environment, client, ok }) {
  const canary = `canary${crypto.randomUUID()}`;
  const told = [];
  const consoles = ["debug", "info", "log", "warn", "error"].map((level) => [level, console[level]]);
  for (const [level] of consoles) console[level] = (...given) => told.push(given.map(String).join());
  const logger = { debug: (text) => told.push(text), info: (text) => told.push(text), warn: (text) => told.push(text) };
  const json = (value) => JSON.stringify(value);
  const echo = (status, body, headers) => async (request) => {
    // A service or a proxy that quotes the whole request.
    const quoted = json({ error: canary, error_description: canary, detail: canary, type: canary, body: await request.text(), headers: [...request.headers] });
    return new Response(body ?? quoted, { status, headers: { "WWW-Authenticate": `Bearer error="${canary}"`, ...headers } });
  };
  const failures = [
    ...[200, 400, 401, 403, 404, 408, 429, 500, 503].map((status) => echo(status)),
    echo(200, `<html>${canary}`), echo(502, `<html>${canary}`, { "Content-Type": "text/html" }), echo(200, `{"access_token":"${canary}`),
    async () => { throw new TypeError("Failed to fetch"); },
    async () => new Response(new ReadableStream({ start: (controller) => controller.error(new Error("cut")) })),
    async () => ({ status: 200, body: canary }),
    // The token endpoint gives a token, and the service refuses it.
    async (request) => (request.url.includes("/token") ? new Response(json({ access_token: canary, expires_in: 300, refresh_token: canary })) : echo(401)(request)),
  ];
  const forms = [
    { accessToken: canary },
    { accessToken: canary, refreshToken: canary, clientId: canary },
    { accessToken: `${canary}\n${canary}` },
    { refreshAccessToken: () => ({ accessToken: canary, refreshToken: canary }) },
    () => canary,
    () => ({ token: canary }),
    { clientId: canary, clientSecret: canary, scopes: [canary] },
    { clientId: canary, username: canary, password: canary },
    { clientId: canary, clientSecret: canary, code: canary, redirectUri: `https://a/${canary}` },
    { clientId: canary, code: canary, redirectUri: "https://a/", codeVerifier: canary },
    // These cannot be right.
    { clientId: canary }, { clientSecret: canary }, { clientId: canary, code: canary }, { accessToken: [canary] }, canary,
  ];
  let errors = 0;
  try {
    for (const auth of forms) {
      for (const fetch of failures) {
        let all;
        try {
          all = client({ environment: place({ sandbox, environment }), auth, fetch, logger, maxRetries: 0, timeoutInSeconds: 1 });
          await all.interactions.create({ encounter: { identifier: "e", status: "planned", type: "consultation" } });
          await all.interactions.list();
        } catch (error) {
          errors++;
          const { message, stack, cause, body } = error;
          ok(error.name === "OssicleError", `${error} is typed`);
          told.push(String(error), message, stack, String(cause), json(cause) ?? "", json(body) ?? "", json(error), json({ ...error }));
        }
        told.push(json(all) ?? "", String(all));
      }
    }
  } finally {
    for (const [level, original] of consoles) console[level] = original;
  }
  ok(errors > 150, `${errors} attempts failed`);
  const leaks = told.filter((text) => text.includes(canary.slice(0, 20)));
  ok(leaks.length === 0, `${leaks.length} leaks, such as ${leaks[0]?.slice(0, 500)}`);
}
