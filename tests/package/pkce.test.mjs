// Signing in from a page: the helpers by themselves, and the whole way round in a browser, against the sandbox's sign-in.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { open, pkg } from "../support/browser.mjs";
import { startSite } from "../support/site.mjs";

// No `init`: none of these needs the wasm.
const { authorizeUrl, createCodeChallenge, createCodeVerifier, OssicleError } = await import(pathToFileURL(join(pkg, "ossicle.js")).href);

const refused = (error) => error instanceof OssicleError && error.code === "invalid_request";

test("a challenge is that of RFC 7636, appendix B", async () => {
  assert.equal(await createCodeChallenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
});

test("a verifier is long enough, of the allowed characters, and never the same", async () => {
  const verifiers = Array.from({ length: 200 }, createCodeVerifier);
  for (const verifier of verifiers) assert.match(verifier, /^[A-Za-z0-9_-]{43}$/);
  assert.equal(new Set(verifiers).size, 200);
  for (const wrong of ["short", "x".repeat(129), `${"x".repeat(43)}!`, undefined]) await assert.rejects(createCodeChallenge(wrong), refused);
});

test("the address of a sign-in holds what was asked for, and only that", () => {
  const options = { environment: "eu", tenantName: "a b", clientId: "ehr", redirectUri: "https://ehr.example/back?a=b" };
  const plain = new URL(authorizeUrl(options));
  assert.equal(plain.origin + plain.pathname, "https://auth.eu.corti.app/realms/a%20b/protocol/openid-connect/auth");
  assert.deepEqual(Object.fromEntries(plain.searchParams), {
    response_type: "code", client_id: "ehr", redirect_uri: options.redirectUri, scope: "openid profile",
  });
  const more = { codeChallenge: "c", scopes: ["streams", "openid"], state: "s", nonce: "n", loginHint: "roe", prompt: "login" };
  const whole = new URL(authorizeUrl({ ...options, ...more })).searchParams;
  for (const [name, value] of Object.entries({
    scope: "openid profile streams", code_challenge: "c", code_challenge_method: "S256", state: "s", nonce: "n", login_hint: "roe", prompt: "login",
  })) assert.equal(whole.get(name), value, name);
  for (const [login, realms] of [["https://sso.example", "/realms"], ["https://sso.example/auth/realms/", "/auth/realms"], ["https://sso.example/auth", "/auth"]]) {
    assert.ok(authorizeUrl({ ...options, environment: { login } }).startsWith(`https://sso.example${realms}/a%20b/protocol/`), login);
  }
  for (const wrong of [{ environment: "ma rs" }, { environment: {} }, { environment: undefined }, { tenantName: "" }, { clientId: undefined }, { redirectUri: 7 }]) {
    assert.throws(() => authorizeUrl({ ...options, ...wrong }), refused);
  }
  assert.throws(() => authorizeUrl(), refused);
});

// As an app would have it: the user leaves for the sign-in and comes back to the same page, with a code.
const PAGE = `<!doctype html><link rel="icon" href="data:,"><title>A page</title><script type="module">
  import init, { OssicleClient, authorizeUrl, createCodeChallenge, createCodeVerifier } from "/pkg/ossicle.js";
  const { environment, tenantName } = await (await fetch("/settings.json")).json();
  const [clientId, redirectUri] = ["ehr", location.origin + "/"];
  const back = new URL(location.href).searchParams;
  if (!back.has("code") && !back.has("error")) {
    const [codeVerifier, state] = [createCodeVerifier(), crypto.randomUUID()];
    window.storedByThePackage = [...Object.keys(sessionStorage), ...Object.keys(localStorage)];
    sessionStorage.setItem("sign-in", JSON.stringify({ codeVerifier, state, stored: window.storedByThePackage }));
    const codeChallenge = await createCodeChallenge(codeVerifier);
    location.href = authorizeUrl({ environment, tenantName, clientId, redirectUri, codeChallenge, state, loginHint: location.hash.slice(1) || undefined });
  } else {
    const { codeVerifier, state, stored } = JSON.parse(sessionStorage.getItem("sign-in"));
    const seen = { stored, state: back.get("state") === state, error: back.get("error") };
    if (!seen.error) {
      await init();
      const auth = { clientId, code: back.get("code"), redirectUri, codeVerifier };
      const client = new OssicleClient({ environment, tenantName, auth });
      const encounter = { identifier: "e-1", status: "planned", type: "consultation" };
      const { interactionId: id } = await client.interactions.create({ encounter });
      const transcription = { primaryLanguage: "en", participants: [{ channel: 0, role: "multiple" }] };
      const stream = await client.stream.connect({ id, configuration: { transcription, mode: { type: "transcription" } } });
      seen.streaming = stream.state;
      stream.close();
      // The code is spent: a client that has nothing else is told what to do.
      const again = await new OssicleClient({ environment, tenantName, auth }).interactions.list().catch((error) => error);
      seen.again = [again.code, again.message.includes("sign in again")];
      seen.kept = Object.keys(sessionStorage).concat(Object.keys(localStorage));
    }
    window.seen = seen;
  }
</script>`;

let site, sandbox, browser;

before(async () => ({ sandbox, browser } = site = await startSite({ "index.html": PAGE })));

after(() => site?.close());

test("a user who signed in has a REST call and a stream, and the package has stored nothing", async () => {
  const { page, complaints, close } = await open(browser, `${sandbox.url}/`);
  const seen = await (await page.waitForFunction(() => window.seen)).jsonValue();
  assert.deepEqual(seen, {
    stored: [], state: true, error: null, streaming: "streaming", again: ["unauthorized", true], kept: ["sign-in"],
  });
  assert.deepEqual(complaints, []);
  await close();
});

test("a user who cannot sign in comes back with the reason", async () => {
  const { page, close } = await open(browser, `${sandbox.url}/#wrong`);
  const { error, state } = await (await page.waitForFunction(() => window.seen)).jsonValue();
  assert.deepEqual([error, state], ["access_denied", true]);
  await close();
});
