// The other ways in have the same types: of the module that has the wasm inside, and of what a script tag puts on `window`. It is
// compiled where the package is installed: paths in a tsconfig.json do not lead to `/// <reference types>`.

/// <reference types="ossicle/global" />

import init, { OssicleClient } from "ossicle";
import initInline, { OssicleClient as InlineClient } from "ossicle/inline";

const inits: (typeof init)[] = [initInline, window.ossicle.init];
const clients: (typeof OssicleClient)[] = [InlineClient, window.ossicle.OssicleClient];
void [inits, clients];

await init({ baseUrl: "/ossicle/" });
// @ts-expect-error: the script tag's names are on `window`, and have no other.
window.ossicle.start();
