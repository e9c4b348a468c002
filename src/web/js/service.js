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
  /** `half` answers a promise of the second half. */
  constructor(options, half) {
    if (typeof options !== "object" || !options) invalid("new OssicleClient needs { environment, tenantName, auth }");
    const { environment, tenantName, auth, streamAuth, fetch, logger, timeoutInSeconds = TIMEOUT, maxRetries = MAX_RETRIES } = options;
    Object.assign(this, addresses(environment));
    if (typeof tenantName !== "string" || !tenantName) invalid("tenantName is missing");
    if (fetch !== undefined && typeof fetch !== "function") invalid("fetch must be a function");
    // As many as a Duration holds.
    if (!(isNumber(timeoutInSeconds) && timeoutInSeconds < 2 ** 64)) invalid("timeoutInSeconds must be a number of seconds");
    if (logger !== undefined && (typeof logger !== "object" || !logger)) {
      invalid("logger must be an object with the functions debug, info or warn");
    }
    Object.assign(this, { tenant: tenantName, fetch, timeoutInSeconds, maxRetries, half });
    this.log = (level, line) => tell(logger, level, line);
    const tokens = (name, given) => {
      return new Provider(name, given, { login: this.login, seconds: timeoutInSeconds, log: this.log, half });
    };
    this.auth = tokens("auth", auth);
    this.streamAuth = streamAuth === undefined ? this.auth : tokens("streamAuth", streamAuth);
    this.headers = plainData("headers", options.headers);
    if (!isNumber(maxRetries)) invalid("maxRetries must be a number, 0 or more");
  }

  /** The address of an interaction's stream, with a fresh token. It holds that: it is not to be told to anybody. */
  async streamUrl(interaction) {
    const token = encodeURIComponent(`Bearer ${await this.streamAuth.fresh()}`);
    return `${this.wss}/interactions/${interaction}/streams?tenant-name=${encodeURIComponent(this.tenant)}&token=${token}`;
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
