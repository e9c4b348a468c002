// What of a client its streams and its second half need: the options, checked at once, and where tokens come from.

import { plainData, within } from "./check.js";
import { addresses } from "./environment.js";
import { invalid } from "./error.js";
import { Provider } from "./provider.js";

/** Tries after the first one. */
const MAX_RETRIES = 2;

/** Seconds for one attempt of a request. */
const TIMEOUT = 60;

/** Seconds that the REST API may take to say why a socket was refused, what asks it included. */
const DIAGNOSIS = 5;

export class Service {
  #environment;
  #baseUrl;
  #issuer;

  /** `half` answers a promise of the second half; `issuer(token)` the region and the tenant that a token names, if it does. */
  constructor(options, half, issuer) {
    if (typeof options !== "object" || !options) invalid("new OssicleClient needs { environment, tenantName, auth }");
    const { environment, baseUrl, tenantName, auth, streamAuth, fetch, logger, withCredentials } = options;
    const { timeoutInSeconds = TIMEOUT, maxRetries = MAX_RETRIES } = options;
    if (fetch !== undefined && typeof fetch !== "function") invalid("fetch must be a function");
    // As many as a Duration holds.
    if (!(isNumber(timeoutInSeconds) && timeoutInSeconds < 2 ** 64)) invalid("timeoutInSeconds must be a number of seconds");
    if (logger !== undefined && (typeof logger !== "object" || !logger)) {
      invalid("logger must be an object with the functions debug, info or warn");
    }
    if (tenantName !== undefined && (typeof tenantName !== "string" || !tenantName)) invalid("tenantName must be a text that is not empty");
    Object.assign(this, { tenant: tenantName, fetch, timeoutInSeconds, maxRetries, half, withCredentials: withCredentials === true });
    [this.#environment, this.#baseUrl, this.#issuer] = [environment, baseUrl, issuer];
    this.log = (level, line) => tell(logger, level, line);
    // Both left out, with addresses: a proxy brings the tenant and the token.
    const isProxied = auth === undefined && tenantName === undefined && (typeof environment === "object" || baseUrl !== undefined);
    if (!isProxied) this.#learn(typeof auth?.accessToken === "string" ? auth.accessToken : undefined);
    const isAsked = typeof auth === "function" || typeof auth?.refreshAccessToken === "function";
    if (this.#place() || !isAsked) Object.assign(this, addresses(this.#environment, this.#baseUrl));
    if (!isProxied && !isAsked && this.tenant === undefined) invalid("tenantName is missing, and no token names it");
    const tokens = (name, given) => {
      return new Provider(name, given, { login: this.login, seconds: timeoutInSeconds, log: this.log, half });
    };
    this.auth = isProxied ? undefined : tokens("auth", auth);
    this.streamAuth = streamAuth === undefined ? this.auth : tokens("streamAuth", streamAuth);
    this.headers = plainData("headers", options.headers);
    if (!isNumber(maxRetries)) invalid("maxRetries must be a number, 0 or more");
  }

  /** Takes what a token names of what was left out. */
  #learn(token) {
    if (token === undefined || (this.#place() && this.tenant !== undefined)) return;
    const named = this.#issuer(token);
    this.#environment ??= this.#baseUrl === undefined ? named?.environment : undefined;
    this.tenant ??= named?.tenant;
  }

  /** Whether it is known where the service is. */
  #place() {
    return this.#environment !== undefined || this.#baseUrl !== undefined;
  }

  /** Makes sure that region and tenant are known, where the app's function must be asked for a token first; with one that is there. */
  async located(token) {
    if (this.base !== undefined && (this.tenant !== undefined || !this.auth)) return;
    this.#learn(token ?? (await this.auth.fresh()));
    if (!this.#place()) invalid("environment is missing, and the token does not name it");
    if (this.tenant === undefined) invalid("tenantName is missing, and the token does not name it");
    Object.assign(this, addresses(this.#environment, this.#baseUrl));
  }

  /** The address of an interaction's stream, with a fresh token. It holds that: it is not to be told to anybody. */
  async streamUrl(interaction) {
    const fresh = await this.streamAuth?.fresh();
    await this.located(fresh);
    const query = [
      this.tenant !== undefined && `tenant-name=${encodeURIComponent(this.tenant)}`,
      fresh !== undefined && `token=${encodeURIComponent(`Bearer ${fresh}`)}`,
    ];
    const address = `${this.wss}/interactions/${interaction}/streams`;
    return [address, query.filter(Boolean).join("&")].filter(Boolean).join("?");
  }

  /** What a request of the app's own to the service is to have: its token and its tenant. */
  async headersOfAuth() {
    const token = this.auth && (await (await this.half()).authToken());
    const pairs = [token !== undefined && ["Authorization", `Bearer ${token}`], this.tenant !== undefined && ["Tenant-Name", this.tenant]];
    return new Headers(pairs.filter(Boolean));
  }

  /** Asks the REST API why the socket of an interaction did not open: rejects with that, if it tells. */
  async diagnose(interaction) {
    const half = await within(DIAGNOSIS, "the package's second half", this.half());
    return half.diagnose(interaction);
  }
}

const isNumber = (value) => typeof value === "number" && value >= 0;

/** What a logger throws is its own affair, and each of its functions may be absent. */
function tell(logger, level, line) {
  try {
    logger?.[level]?.(`ossicle: ${line}`);
  } catch {
    // As said.
  }
}
