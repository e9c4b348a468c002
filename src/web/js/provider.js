// What an app gave as `auth` or `streamAuth`. A token that is fixed and the app's own function need nothing else, and streams ask here;
// when one is asked for that a request needs, and what the sign-in service is asked, the second half decides (`src/rest/tokens.rs`).

import { plainData, within } from "./check.js";
import { OssicleError, fail, invalid } from "./error.js";

/** What is there to sign in with, in the order in which it is told apart; and what must be there then. As `src/rest/grant.rs` has it. */
const FORMS = [
  [["username", "password"], ["clientId", "username", "password"]],
  [["code"], ["clientId", "code", "redirectUri"]],
  [["clientSecret"], ["clientId"]],
];

export class Provider {
  /** `auth` or `streamAuth`. */
  name;
  /** What was given, without its functions, and when, by the page's clock. */
  given;
  givenAt = performance.now();
  /** The function's last answer, and when it came; before there is one, what was given. */
  answer;
  answeredAt = this.givenAt;
  #service;
  #function;
  #isFixed;
  #asked;
  /** `[token, end]`: what the function is called with, until that ends. */
  #refresh;

  /** `service` has `login`, `seconds` that an answer may take, `log` and `half`. */
  constructor(name, given, service) {
    this.name = name;
    this.#service = service;
    const own = typeof given === "function" ? given : given?.refreshAccessToken;
    this.#function = typeof own === "function" ? own : undefined;
    this.given = this.#function === given ? null : plainData(name, given);
    this.#isFixed = check(name, Object(this.given), this.hasFunction, service.login);
    if (this.hasFunction && this.given) this.#keep(this.given);
    if (this.hasFunction && this.given?.accessToken) this.#hold(this.given);
  }

  get hasFunction() {
    return this.#function !== undefined;
  }

  /** A token for a connection that will outlast it. */
  async fresh() {
    if (this.#isFixed) return this.given.accessToken.trim();
    if (!this.hasFunction) return (await this.#service.half()).token();
    await this.ask();
    return this.answer.accessToken;
  }

  /** Asks the app's function, once however many wait for it. */
  ask() {
    this.#asked ??= this.#ask().finally(() => (this.#asked = undefined));
    return this.#asked;
  }

  async #ask() {
    const { log, seconds } = this.#service;
    try {
      this.#hold(await within(seconds, "the token provider", this.#call()));
      log("debug", "there is a new token");
    } catch (error) {
      const status = error.statusCode ? ` (${error.statusCode})` : "";
      log("warn", `there is no new token: ${error.code}${status}`);
      throw error;
    }
  }

  async #call() {
    const [token, end] = this.#refresh ?? [];
    try {
      return await (0, this.#function)(performance.now() < end ? token : undefined);
    } catch (cause) {
      if (cause instanceof OssicleError) throw cause;
      // The app's own endpoint may be out of reach for a moment, so this is worth another try.
      throw new OssicleError("unauthorized", "the token provider failed", true, { cause });
    }
  }

  /** Takes an answer. */
  #hold(answer) {
    const accessToken = filled(typeof answer === "string" ? answer : either(answer, "accessToken", "access_token"));
    if (!accessToken) {
      fail("unauthorized", "no token was given: answer a text, or { accessToken, expiresIn }");
    }
    this.answer = { accessToken, expiresIn: either(answer, "expiresIn", "expires_in") };
    this.answeredAt = performance.now();
    this.#keep(answer);
  }

  /** Keeps the refresh token for the next call; without one that before goes on being good. */
  #keep(answer) {
    const token = filled(either(answer, "refreshToken", "refresh_token"));
    const seconds = either(answer, "refreshExpiresIn", "refresh_expires_in");
    // One whose life is 0 has no end: Keycloak says so of an offline one.
    if (token) this.#refresh = [token, seconds > 0 ? performance.now() + seconds * 1e3 : Infinity];
  }
}

/** The names of OAuth are as good as ours: an app's endpoint may pass on what it got. */
const either = (answer, name, wire) => answer?.[name] ?? answer?.[wire];

const filled = (text) => (typeof text === "string" ? text.trim() : "");

/** Refuses what nothing can be made of; answers whether it is a token that nothing brings another for. */
function check(name, given, hasFunction, login) {
  const has = (key) => (given[key] ?? undefined) !== undefined;
  const text = (key) => {
    if (has(key) && (typeof given[key] !== "string" || !given[key])) invalid(`${name}.${key} must be a text that is not empty`);
    return has(key);
  };
  const needed = (key) => {
    if (!text(key)) invalid(`${name}.${key} is missing`);
  };
  if (has("accessToken") && !filled(given.accessToken)) invalid(`${name}.accessToken must be a text that is not empty`);
  if (hasFunction) return false;
  if (has("scopes") && !(Array.isArray(given.scopes) && given.scopes.every((scope) => typeof scope === "string"))) {
    invalid(`${name}.scopes must be a list of texts`);
  }
  text("clientSecret");
  text("clientId");
  if (has("accessToken")) {
    if (!has("clientId") || !filled(given.refreshToken ?? given.refresh_token)) return true;
  } else {
    const [, keys] = FORMS.find(([some]) => some.some(has)) ?? [];
    if (!keys) {
      invalid(`${name} must be a function that answers a token, or { accessToken }, { refreshAccessToken }, or ` +
        "{ clientId } with clientSecret, username and password, or code and redirectUri");
    }
    keys.forEach(needed);
    if (keys.includes("code") && !text("codeVerifier") && !has("clientSecret")) needed("codeVerifier");
  }
  if (login === undefined) invalid("environment.login is missing: it says where these credentials become tokens");
  return false;
}
