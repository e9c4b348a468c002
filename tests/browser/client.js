// A client's options, and where its tokens come from.

export async function what_a_client_lacks_is_named_in_a_typed_error({ Client, environment, refused, ok }) {
  const whole = { environment, tenantName: "base", auth: { accessToken: "a" } };
  for (const [key, wrong] of [
    ["environment", undefined], ["environment", "mars"], ["environment.wss", { base: environment.base }],
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
