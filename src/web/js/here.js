// A stream's engine on the page itself, for pages that can have no worker: imported only by those.

import start from "#glue";
import { Host } from "./host.js";

/**
 * Answers the line to an engine here. `first` is what a worker's first message would be; the wasm is compiled already, and this
 * instance of it is for engines alone. Why there can be none is thrown as an error's plain data.
 */
export async function open(first) {
  await start(first.module);
  return Host.start(first);
}
