// The package's second half: the REST API, sign-in, and visits. It is loaded by the first call that needs it; its wasm comes from
// the page.

import start, * as rest from "#rest";
import { borrow } from "./borrowed.js";
import { resources } from "./resources.js";
import { visits } from "./visits.js";

/** Makes it ready, once: `module` is its compiled wasm. */
export async function begin(module, OssicleError) {
  borrow(OssicleError);
  await start(module);
}

/** The half of one client, whose service, stream and microphones these are. */
export function open(service, stream, microphones) {
  const half = new rest.Half(service);
  const call = (method, given, options) => half.call(method, given, options);
  const all = resources((method, given) => half.invoke(method, given));
  return {
    ...all,
    visits: visits({ call, stream, microphones, rest, templates: [all.documents.templates.list, all.templates.list] }),
    token: () => half.token(),
    authToken: () => half.authToken(),
    diagnose: (interaction) => half.diagnose(interaction),
  };
}
