// A page's script, bundled as an app would: the package's optional entries by their names, the SDK itself as the file beside its
// wasm, and React of the version that is asked for.

import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { pkg } from "./browser.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The folders from which each React is found. */
export const REACTS = { 18: join(root, "tests/package/react-18"), 19: root };

/**
 * Bundles `entry`, a file, to `name` in `folder`. `react` is one of `REACTS`; `options` are esbuild's. The development version of React
 * is taken: the other one has no StrictMode. Answers the path of what was written.
 */
export async function bundle(entry, folder, name, { react = 19, ...options } = {}) {
  await mkdir(join(folder, "node_modules"), { recursive: true });
  await symlink(pkg, join(folder, "node_modules", "ossicle"), "junction").catch((error) => {
    if (error.code !== "EEXIST") throw error;
  });
  const resolve = {
    name: "resolve",
    setup({ onResolve, resolve }) {
      onResolve({ filter: /^ossicle$/ }, () => ({ path: "/pkg/ossicle.js", external: true }));
      onResolve({ filter: /^ossicle\// }, ({ path, kind, pluginData }) => (pluginData ? undefined : resolve(path, { kind, resolveDir: folder, pluginData: true })));
      onResolve({ filter: /^react(-dom)?(\/|$)/ }, ({ path, kind, pluginData }) =>
        (pluginData ? undefined : resolve(path, { kind, resolveDir: REACTS[react], pluginData: true })));
    },
  };
  const outfile = join(folder, name);
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    format: "esm",
    logLevel: "error",
    define: { "process.env.NODE_ENV": '"development"' },
    plugins: [resolve],
    ...options,
  });
  return outfile;
}
