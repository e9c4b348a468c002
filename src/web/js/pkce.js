// Signing in by the authorization code with PKCE (RFC 7636), the page's side: texts are made here, and nothing else. What
// is kept until the user comes back, where, and when the page goes, is the app's to do.

import { ofRegion, withRealms } from "./environment.js";
import { invalid } from "./error.js";

/** Characters of a verifier, 43 to 128 of these: RFC 7636, section 4.1. */
const VERIFIER = /^[A-Za-z0-9\-._~]{43,128}$/;

/** A verifier: 32 random bytes, as RFC 7636 recommends, in 43 characters. */
export function createCodeVerifier() {
  return base64Url(crypto.getRandomValues(new Uint8Array(32)));
}

/** The challenge for a verifier, by the method `S256`. */
export async function createCodeChallenge(verifier) {
  if (!VERIFIER.test(verifier)) invalid("a code verifier has 43 to 128 letters, digits or -._~");
  // Browsers have it only where nobody on the way can change the page.
  if (!globalThis.crypto?.subtle) invalid("a code challenge needs a secure context: HTTPS, or localhost");
  return base64Url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))));
}

/** Where to send the user to sign in. */
export function authorizeUrl({ environment, tenantName, clientId, redirectUri, scopes = [], codeChallenge, ...more } = {}) {
  for (const [name, value] of Object.entries({ tenantName, clientId, redirectUri })) {
    if (typeof value !== "string" || !value) invalid(`${name} is missing`);
  }
  const url = new URL(`${login(environment)}/${encodeURIComponent(tenantName)}/protocol/openid-connect/auth`);
  const { state, nonce, loginHint, prompt } = more;
  const parameters = {
    response_type: "code",
    client_id: clientId,
    redirect_uri: redirectUri,
    // As the official client asks.
    scope: [...new Set(["openid", "profile", ...scopes])].join(" "),
    code_challenge: codeChallenge,
    code_challenge_method: codeChallenge && "S256",
    state, nonce, login_hint: loginHint, prompt,
  };
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  return url.href;
}

/** The base of the sign-in, to which the tenant is appended. */
function login(environment) {
  const known = ofRegion(environment);
  if (known) return known.login;
  if (!/^https?:\/\/./.test(environment?.login)) {
    invalid('environment must be the name of a region, such as "eu", or have a full URL as its login');
  }
  return withRealms(environment.login);
}

function base64Url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
