// The script of the second half: hands it to the page that asked for it. It exports nothing, because what a bundler makes of a script
// that is found by its address may have no exports; and it imports nothing, so that it can be served as it is.

import * as half from "./rest.js";

globalThis[Symbol.for("ossicle-rest")]?.(half);
