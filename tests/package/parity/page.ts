// What the page runs: `begin` makes the package ready, where there is something to make ready.

import { visit, type Setup } from "./visit.js";

/** A request that went out. */
interface Sent {
  method: string;
  path: string;
  query: string;
  type: string | null;
  body: unknown;
}

declare global {
  interface Window {
    visit(setup: Pick<Setup, "environment" | "accessToken" | "foreignToken"> & { sandbox: string; speech: number[] }): Promise<{
      steps: unknown;
      /** By the visit's parts. */
      sent: Record<string, Sent[]>;
    }>;
  }
}

/** As JSON can say it: a `Date` is told apart from a text, and `undefined` from `null`. */
function plain(value: unknown): unknown {
  if (value instanceof Date) return { date: value.toISOString() };
  if (Array.isArray(value)) return value.map(plain);
  if (value === undefined) return { undefined: true };
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)]));
}

window.visit = async ({ sandbox, speech, ...setup }) => {
  let part: Sent[] = [];
  const sent: Record<string, Sent[]> = {};
  const steps = await visit({
    ...setup,
    speech: Uint8Array.from(speech).buffer,
    fetch: async (input, init) => {
      // Made here, so that a request of either client can be looked at: one passes a Request, the other an address and what goes with it.
      const request = new Request(input, init);
      const type = request.headers.get("content-type");
      const text = type?.startsWith("application/json") ? await request.clone().text() : "";
      const { pathname, search } = new URL(request.url);
      part.push({ method: request.method, path: pathname, query: search, type, body: text ? JSON.parse(text) : null });
      return fetch(request);
    },
    fault: async (what) => {
      const body = JSON.stringify({ requests: [what] });
      await fetch(`${sandbox}/sandbox/faults`, { method: "POST", headers: { "content-type": "application/json" }, body });
    },
    begin: (name) => (part = sent[name] = []),
  });
  return { steps: plain(steps), sent };
};
