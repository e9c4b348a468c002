// Where tokens come from, as far as a page that streams needs it; and a client's options. The modules as they are written: what they
// need of a page, Node has too.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Provider } from "../../src/web/js/provider.js";
import { Service } from "../../src/web/js/service.js";
import { LIMIT } from "./limits.mjs";

const CANARY = "canary";

/** A provider of what an app gave, with what its logger was told. */
function provider(given, { login = "https://login", seconds = 1, half } = {}) {
  const told = [];
  const log = (level, line) => told.push(`${level}: ${line}`);
  return { tokens: new Provider("auth", given, { login, seconds, log, half }), told };
}

const options = (more) => ({ environment: "eu", tenantName: "a b", auth: { accessToken: "a.b+c" }, ...more });
/** A client's service, of whose tokens none names a region or a tenant. */
const service = (more, half) => new Service(options(more), half, () => undefined);

test("a fixed token is used for every connection", async () => {
  const { tokens } = provider({ accessToken: " a ", expiresIn: 1, clientId: "c" });
  assert.deepEqual([await tokens.fresh(), await tokens.fresh(), tokens.hasFunction], ["a", "a", false]);
});

test("a function is asked for each connection, once however many wait", async () => {
  let asked = 0;
  const { tokens, told } = provider(async () => ({ accessToken: `t${(asked += 1)}`, expiresIn: 300 }));
  assert.deepEqual(await Promise.all([tokens.fresh(), tokens.fresh(), tokens.fresh()]), ["t1", "t1", "t1"]);
  assert.equal(await tokens.fresh(), "t2");
  assert.deepEqual(told, ["debug: there is a new token", "debug: there is a new token"]);
});

test("a function gets its last refresh token, as long as that is good", async (context) => {
  let now = 0;
  context.mock.method(performance, "now", () => now);
  const answers = ["b", { access_token: "c", refresh_token: "r2", refresh_expires_in: 60 }, { accessToken: "d" }, { accessToken: "e" }];
  const got = [];
  const refreshAccessToken = (token) => (got.push(token), answers.shift());
  const { tokens } = provider({ accessToken: "a", refreshToken: "r1", refreshAccessToken });
  assert.equal(tokens.answer.accessToken, "a", "what was given serves requests until then");
  for (const expected of ["b", "c"]) assert.equal(await tokens.fresh(), expected);
  now = 59_999;
  assert.equal(await tokens.fresh(), "d");
  now = 60_000;
  await tokens.fresh();
  assert.deepEqual(got, ["r1", "r1", "r2", undefined]);
});

test("a function that fails, answers no token or never answers is told of, without what it said", async () => {
  const cause = new Error(CANARY);
  const cases = [
    [() => { throw cause; }, "unauthorized", "the token provider failed", true],
    [() => Promise.reject(cause), "unauthorized", "the token provider failed", true],
    [() => ({ token: CANARY }), "unauthorized", "no token was given: answer a text, or { accessToken, expiresIn }", false],
    [() => new Promise(() => {}), "timeout", "the token provider did not answer within 0.05 s", true],
  ];
  for (const [given, code, message, retryable] of cases) {
    const { tokens, told } = provider(given, { seconds: 0.05 });
    const error = await tokens.fresh().catch((error) => error);
    assert.deepEqual([error.name, error.code, error.message, error.retryable], ["OssicleError", code, message, retryable]);
    assert.deepEqual(told, [`warn: there is no new token: ${code}`]);
    assert.equal(await tokens.fresh().catch(({ code }) => code), code, "it is asked again");
  }
  const { tokens } = provider(cases[0][0]);
  assert.equal((await tokens.fresh().catch((error) => error)).cause, cause);
});

test("what needs the sign-in service is asked of the second half", async () => {
  const half = async () => ({ token: async () => "signed in" });
  for (const given of [
    { clientId: "c", clientSecret: "s" },
    { clientId: "c", username: "u", password: "p", scopes: ["streams"] },
    { clientId: "c", code: "x", redirectUri: "https://a", codeVerifier: "v" },
    { clientId: "c", clientSecret: "s", code: "x", redirectUri: "https://a" },
    { accessToken: "a", refreshToken: "r", clientId: "c" },
  ]) {
    assert.equal(await provider(given, { half }).tokens.fresh(), "signed in");
    assert.throws(() => new Provider("auth", given, {}), { code: "invalid_request", message: /^environment\.login is missing/ });
  }
  assert.equal(await provider({ accessToken: "a", refreshToken: "r" }, { half }).tokens.fresh(), "a", "nobody could exchange it");
});

test("what nothing can be made of is refused at once, by name and unquoted", () => {
  const cyclic = {};
  cyclic.self = cyclic;
  for (const [given, message] of [
    [undefined, "auth must be a function"], [null, "auth must be"], [CANARY, "auth must be"], [{}, "auth must be"], [{ clientId: CANARY }, "auth must be"],
    [cyclic, "auth must be plain data, as JSON has it"],
    [{ accessToken: "" }, "auth.accessToken must be a text that is not empty"], [{ accessToken: [CANARY] }, "auth.accessToken"],
    [{ accessToken: 7, refreshAccessToken: () => CANARY }, "auth.accessToken"],
    [{ clientSecret: CANARY }, "auth.clientId is missing"], [{ clientId: "", clientSecret: CANARY }, "auth.clientId must be"],
    [{ clientId: "c", username: CANARY }, "auth.password is missing"], [{ clientId: "c", code: CANARY }, "auth.redirectUri is missing"],
    [{ clientId: "c", code: CANARY, redirectUri: "https://a" }, "auth.codeVerifier is missing"],
    [{ clientId: "c", clientSecret: CANARY, scopes: "streams" }, "auth.scopes must be a list of texts"],
  ]) {
    assert.throws(() => provider(given), ({ code, message: told }) => code === "invalid_request" && told.startsWith(message) && !told.includes(CANARY), message);
  }
});

test("a region has the addresses of the service, a stand-in those that it says", async () => {
  const expected = "wss://api.eu.corti.app/audio-bridge/v2/interactions/42/streams?tenant-name=a%20b&token=Bearer%20a.b%2Bc";
  assert.equal(await service().streamUrl("42"), expected);
  for (const region of ["us", "beta-eu"]) {
    const { base, login } = service({ environment: region });
    assert.deepEqual([base, login], [`https://api.${region}.corti.app/v2`, `https://auth.${region}.corti.app/realms`]);
  }
  // A host alone stands for its /realms; to any other address the tenant is appended as it is.
  for (const [given, expected] of [["", "/realms"], ["/", "/realms"], ["/realms/", "/realms"], ["/auth", "/auth"], ["/auth/realms", "/auth/realms"]]) {
    const own = service({ environment: { base: "http://x/v2/", wss: "ws://x/s/", login: `http://x${given}` } });
    assert.deepEqual([own.base, own.wss, own.login], ["http://x/v2", "ws://x/s", `http://x${expected}`]);
  }
  for (const wrong of ["ma rs", "", null, {}, 7, { base: "https://x", wss: "https://x" }, { base: "https://x", wss: "wss://x", login: "x/realms" }]) {
    assert.throws(() => service({ environment: wrong }), { code: "invalid_request", message: /^environment/ });
  }
});

test("a proxy's base goes before the environment's, and is that of its sockets", () => {
  for (const environment of [undefined, "eu", { base: "https://x", wss: "wss://x" }]) {
    const { base, wss } = service({ environment, baseUrl: "https://clinic.example/api/" });
    assert.deepEqual([base, wss], ["https://clinic.example/api", "wss://clinic.example/api"]);
  }
  assert.throws(() => service({ baseUrl: "clinic.example" }), { code: "invalid_request", message: /^baseUrl/ });
});

test("a proxy may bring tenant and token, where both are left out", async () => {
  const environment = { base: "https://x/v2", wss: "wss://x/s" };
  const proxied = service({ environment, tenantName: undefined, auth: undefined });
  assert.equal(await proxied.streamUrl("42"), "wss://x/s/interactions/42/streams");
  assert.deepEqual([...(await proxied.headersOfAuth())], []);
  assert.throws(() => service({ environment, auth: undefined }), { code: "invalid_request", message: /^auth must be/ });
  assert.throws(() => service({ environment, tenantName: undefined }), { code: "invalid_request", message: /^tenantName is missing/ });
  assert.throws(() => service({ tenantName: undefined, auth: undefined }), { code: "invalid_request", message: /^tenantName is missing/ });
});

test("why a socket did not open is asked of the second half, and not waited for without end", LIMIT, async (context) => {
  const asked = [];
  await service({}, async () => ({ diagnose: async (id) => void asked.push(id) })).diagnose("42");
  assert.deepEqual(asked, ["42"]);
  context.mock.timers.enable({ apis: ["setTimeout"] });
  let outcome;
  const late = service({}, () => new Promise(() => {})).diagnose("42").catch(({ code }) => (outcome = code));
  context.mock.timers.tick(4_999);
  await new Promise(setImmediate);
  assert.equal(outcome, undefined);
  context.mock.timers.tick(1);
  await late;
  assert.equal(outcome, "timeout");
});

test("a number is a number, and not less than none", () => {
  for (const key of ["timeoutInSeconds", "maxRetries"]) {
    for (const wrong of [-1, NaN, "5", null]) assert.throws(() => service({ [key]: wrong }), ({ message }) => message.startsWith(key));
    assert.equal(service({ [key]: 0.5 })[key], 0.5);
  }
  assert.deepEqual([service().timeoutInSeconds, service().maxRetries], [60, 2]);
});

test("a logger may lack a level, and may throw", () => {
  const told = [];
  const { log } = service({ logger: { info: (text) => told.push(text), warn() { throw new Error("full"); } } });
  for (const level of ["debug", "info", "warn"]) log(level, "a stream is over");
  service().log("info", "nobody hears it");
  assert.deepEqual(told, ["ossicle: a stream is over"]);
});
