// Where the service is, as an app says it: a region, or the addresses of a proxy or a stand-in.

import { invalid } from "./error.js";

/** The addresses of a region; `undefined` if there is no such region. */
export function ofRegion(region) {
  if (region !== "eu" && region !== "us") return undefined;
  return {
    base: `https://api.${region}.corti.app/v2`,
    wss: `wss://api.${region}.corti.app/audio-bridge/v2`,
    login: `https://auth.${region}.corti.app`,
  };
}

/** `{ base, wss, login? }` of an environment, each without a slash at its end. */
export function addresses(environment) {
  const known = ofRegion(environment);
  if (known) return known;
  if (typeof environment !== "object" || !environment) invalid('environment must be "eu", "us" or { base, wss }');
  const url = (key, ...schemes) => {
    const text = environment[key];
    if (typeof text === "string" && schemes.some((scheme) => text.startsWith(scheme))) return withoutSlash(text);
    return invalid(`environment.${key} must be a full URL (${schemes.join(" or ")})`);
  };
  const hasLogin = (environment.login ?? undefined) !== undefined;
  return {
    login: hasLogin ? withoutRealms(url("login", "https://", "http://")) : undefined,
    base: url("base", "https://", "http://"),
    wss: url("wss", "wss://", "ws://"),
  };
}

const withoutSlash = (url) => url.replace(/\/+$/, "");

/** The base of the sign-in; the official client's has the `/realms`. */
export const withoutRealms = (login) => withoutSlash(login).replace(/\/realms$/, "");
