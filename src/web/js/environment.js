// Where the service is, as an app says it: a region, or the addresses of a proxy or a stand-in.

import { invalid } from "./error.js";

const REGION = /^[a-z0-9-]+$/i;

/** The addresses of a region, by its name; `undefined` if it can be no region's. */
export function ofRegion(region) {
  if (typeof region !== "string" || !REGION.test(region)) return undefined;
  return {
    base: `https://api.${region}.corti.app/v2`,
    wss: `wss://api.${region}.corti.app/audio-bridge/v2`,
    login: `https://auth.${region}.corti.app/realms`,
  };
}

/** `{ base, wss, login? }` of an environment, each without a slash at its end. `baseUrl`, of a proxy, goes before the environment's. */
export function addresses(environment, baseUrl) {
  const url = (name, text, ...schemes) => {
    if (typeof text === "string" && schemes.some((scheme) => text.startsWith(scheme))) return withoutSlash(text);
    return invalid(`${name} must be a full URL (${schemes.join(" or ")})`);
  };
  const known = ofRegion(environment) ?? (baseUrl !== undefined && environment === undefined ? {} : undefined);
  if (!known && (typeof environment !== "object" || !environment)) {
    invalid('environment must be the name of a region, such as "eu", or { base, wss }');
  }
  const given = known ?? environment;
  // As the official client has it, `baseUrl` is that of sockets too.
  const base = baseUrl === undefined ? given.base : url("baseUrl", baseUrl, "https://", "http://");
  return {
    login: (given.login ?? undefined) === undefined ? undefined : withRealms(url("environment.login", given.login, "https://", "http://")),
    base: url("environment.base", base, "https://", "http://"),
    wss: url("environment.wss", baseUrl === undefined ? given.wss : base.replace(/^http/, "ws"), "wss://", "ws://"),
  };
}

const withoutSlash = (url) => url.replace(/\/+$/, "");

/**
 * The base of a sign-in, to which the tenant is appended, as the official client does. The service's own is `/realms` of a host, so a
 * host alone stands for that. As `src/rest/environment.rs` has it.
 */
export const withRealms = (login) => (/^https?:\/\/[^/]+$/.test(withoutSlash(login)) ? `${withoutSlash(login)}/realms` : withoutSlash(login));
