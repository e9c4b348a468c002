// What a script tag puts on `window`: `/// <reference types="ossicle/global" />` tells an editor of it.

export * from "./ossicle.js";
export { default as init } from "./ossicle.js";
export as namespace ossicle;
