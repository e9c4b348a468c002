// The package as one classic script: `window.ossicle`, with everything inside.

export * from "./inline.js";
export { default, default as init } from "./inline.js";
