// What a page has open: sockets, as the sandbox sees them, wherever in the page they are; and tracks of microphones, of which the page
// keeps a list, `counts.tracks`.

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { HANG } from "./browser.mjs";

/** The sockets that there ever were at a sandbox, of all interactions, as it reports them. */
export async function sockets(url) {
  const { accessToken } = await (await fetch(`${url}/sandbox/token`, { method: "POST" })).json();
  const headers = { Authorization: `Bearer ${accessToken}`, "Tenant-Name": "base" };
  const { interactions } = await (await fetch(`${url}/v2/interactions/?pageSize=100`, { headers })).json();
  const all = await Promise.all(interactions.map(async ({ id }) => (await (await fetch(`${url}/sandbox/streams/${id}`)).json()).sockets));
  return all.flat();
}

/**
 * Watches a page from now on. Answers `{ ever(), isOpen(expected) }`: how many sockets and tracks it has opened; and a promise that what is
 * open comes to be as expected.
 */
export async function watch(page, url) {
  const before = (await sockets(url)).length;
  const tracks = (isLive) => page.evaluate((isLive) => counts.tracks.filter(({ readyState }) => !isLive || readyState === "live").length, isLive);
  const ever = async () => ({ sockets: (await sockets(url)).length - before, tracks: await tracks(false) });
  const open = async () => ({ sockets: (await sockets(url)).filter(({ closedAt }) => !closedAt).length, tracks: await tracks(true) });
  const isOpen = async (expected) => {
    const start = performance.now();
    for (let found; ; await sleep(100)) {
      found = await open();
      const isAsExpected = found.sockets === expected.sockets && found.tracks === expected.tracks;
      if (isAsExpected || performance.now() - start > HANG) return assert.deepEqual(found, expected);
    }
  };
  return { ever, isOpen };
}
