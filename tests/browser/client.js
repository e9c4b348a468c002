// A client's options, and where its tokens come from.

export async function what_a_client_lacks_is_named_in_a_typed_error({ Client, environment, refused, ok }) {
  const whole = { environment, tenantName: "base", auth: { accessToken: "a" } };
  for (const [key, wrong] of [
    ["environment", undefined], ["environment", 7], ["environment.wss", { base: environment.base }],
    ["tenantName", undefined], ["tenantName", ""],
    ["auth", undefined], ["auth", {}], ["auth", "a token"], ["streamAuth", {}],
    ["timeoutInSeconds", -1], ["timeoutInSeconds", "soon"], ["maxRetries", "often"], ["fetch", "https://example.org"],
  ]) {
    const error = await refused("invalid_request", () => new Client({ ...whole, [key.split(".")[0]]: wrong }));
    ok(error.message.includes(key), `"${error.message}" names ${key}`);
  }
  for (const nothing of [undefined, null, 7]) await refused("invalid_request", () => new Client(nothing));
  new Client(whole).free();
}

export async function what_a_client_hands_out_outlives_it({ Client, environment, token, equal }) {
  const client = new Client({ environment, tenantName: "base", auth: token });
  const { interactions } = client;
  // As the garbage collector does once nothing holds the client itself.
  client.free();
  equal((await interactions.list({ pageSize: 1 })).hasNextPage !== undefined, true, "a page comes");
}

export async function one_question_for_a_token_serves_all_calls_that_wait({ client, token, equal }) {
  let asked = 0;
  const { interactions } = client({ auth: async () => (asked++, (await token()).accessToken) });
  const pages = await Promise.all(Array.from({ length: 5 }, () => interactions.list()));
  equal([pages.length, asked], [5, 1], "calls and questions");
}

export async function a_token_is_used_until_thirty_seconds_before_its_end({ client, token, still, equal }) {
  let asked = 0;
  const clock = still();
  try {
    const { interactions } = client({ auth: async () => (asked++, { ...(await token()), expiresIn: 100 }) });
    await interactions.list();
    clock.pass(69.9);
    await interactions.list();
    equal(asked, 1, "questions while the token was good");
    clock.pass(0.2);
    await interactions.list();
    equal(asked, 2, "questions when it was about to end");
  } finally {
    clock.go();
  }
}

export async function a_token_that_does_not_say_when_it_ends_is_asked_for_each_time({ client, token, equal }) {
  let asked = 0;
  const { interactions } = client({ auth: async () => (asked++, (await token()).accessToken) });
  await interactions.list();
  await interactions.list();
  equal(asked, 2, "questions");
}

export async function a_provider_that_fails_is_unauthorized_and_worth_another_try({ client, token, refused, equal, ok }) {
  const cause = new Error("the back end is away");
  const failures = [() => { throw cause; }, () => Promise.reject(cause)];
  const { interactions } = client({ auth: () => (failures.shift() ?? token)() });
  for (let left = failures.length; left > 0; left--) {
    const error = await refused("unauthorized", () => interactions.list());
    equal(error.retryable, true, "retryable");
    ok(error.cause === cause, "the provider's own exception is the cause");
  }
  await interactions.list();
}

export async function a_provider_that_answers_no_token_is_unauthorized_and_not_quoted({ client, refused, ok }) {
  for (const answer of [undefined, "", 42, { token: "s3cret" }, { accessToken: null, note: "s3cret" }]) {
    const error = await refused("unauthorized", () => client({ auth: () => answer }).interactions.list());
    ok(!`${error.message} ${error.cause} ${JSON.stringify(error)}`.includes("s3cret"), "what it answered is not told");
  }
}

export async function a_provider_that_never_answers_ends_in_a_timeout({ client, refused, ok }) {
  const { interactions } = client({ auth: () => new Promise(() => {}) });
  await refused("timeout", () => interactions.list({}, { timeoutInSeconds: 0.2 }));
  const controller = new AbortController();
  const call = interactions.list({}, { abortSignal: controller.signal });
  controller.abort();
  await refused("aborted", () => call);
}

export async function a_token_that_is_refused_is_replaced_once({ client, token, refused, equal }) {
  let asked = 0;
  const wrong = { accessToken: "nonsense", expiresIn: 300 };
  await client({ auth: () => (asked++ ? token() : wrong) }).interactions.list();
  equal(asked, 2, "questions until a token was good");
  asked = 0;
  const error = await refused("unauthorized", () => client({ auth: () => (asked++, wrong) }).interactions.list());
  equal([error.statusCode, error.retryable, asked], [401, false, 2], "status, retryable and questions");
  await refused("unauthorized", () => client({ auth: wrong }).interactions.list());
}

/** A token that names where it is from, as the service's do; nobody looks at its signature. */
function tokenOf(iss) {
  const part = (value) => btoa(JSON.stringify(value)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return `${part({ alg: "none" })}.${part({ iss, exp: 1 })}.c2ln`;
}

export async function region_and_tenant_that_are_left_out_are_those_that_the_token_names({ Client, refused, equal }) {
  const accessToken = tokenOf("https://auth.beta-eu.corti.app/realms/harbour");
  let sent;
  const fetch = async (request) => ((sent = [request.url, request.headers.get("Tenant-Name")]), Response.json({ interactions: [] }));
  for (const auth of [{ accessToken }, async () => accessToken, { refreshAccessToken: async () => ({ accessToken, expiresIn: 300 }) }]) {
    const client = new Client({ auth, fetch });
    await client.interactions.list();
    equal(sent, ["https://api.beta-eu.corti.app/v2/interactions/", "harbour"], "where it went, and whose it is");
    const headers = await client.getAuthHeaders();
    equal([headers.get("Authorization"), headers.get("Tenant-Name")], [`Bearer ${accessToken}`, "harbour"], "headers of one's own");
  }
  // What is given goes before what the token names.
  await new Client({ environment: "us", tenantName: "own", auth: { accessToken }, fetch }).interactions.list();
  equal(sent, ["https://api.us.corti.app/v2/interactions/", "own"], "where it went");
  const silent = tokenOf("https://sso.example/realms/harbour");
  await refused("invalid_request", () => new Client({ auth: { accessToken: silent }, fetch }));
  await refused("invalid_request", () => new Client({ auth: async () => silent, fetch }).interactions.list());
}

export async function a_proxy_may_bring_tenant_and_token_and_cookies_go_with_requests_where_that_is_asked_for({ Client, equal }) {
  let sent;
  const fetch = async (request) => {
    sent = [request.url, request.credentials, request.headers.has("Authorization"), request.headers.has("Tenant-Name")];
    return Response.json({ interactions: [] });
  };
  await new Client({ baseUrl: "https://clinic.example/api", withCredentials: true, fetch }).interactions.list();
  equal(sent, ["https://clinic.example/api/interactions/", "include", false, false], "what was sent");
  await new Client({ environment: { base: "https://x/v2", wss: "wss://x" }, fetch }).interactions.list();
  equal(sent, ["https://x/v2/interactions/", "same-origin", false, false], "what was sent");
}
