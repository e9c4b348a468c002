// A server of files for pages that are not the sandbox's: any folders, with headers of the test's choice.

import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".wasm": "application/wasm" };

/**
 * Serves a folder, and others below paths such as `/pkg/`. Answers `{ url, posted, close() }`: the address without a last slash, and
 * the bodies of all POST requests, whose answer is empty.
 */
export async function serve(folder, headers = {}, others = {}) {
  const found = (path) => {
    const [below, other] = Object.entries(others).find(([below]) => path.startsWith(below)) ?? ["/", folder];
    return join(other, normalize(path.slice(below.length)));
  };
  const posted = [];
  const server = createServer(async (request, response) => {
    if (request.method === "POST") {
      const parts = [];
      for await (const part of request) parts.push(part);
      posted.push(Buffer.concat(parts).toString());
      return response.writeHead(204).end();
    }
    const file = found(new URL(request.url, "http://localhost").pathname.replace(/\/$/, "/index.html"));
    if (!statSync(file, { throwIfNoEntry: false })?.isFile()) return response.writeHead(404).end();
    response.writeHead(200, { "Content-Type": TYPES[extname(file)] ?? "application/octet-stream", ...headers });
    createReadStream(file).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${server.address().port}`, posted, close };
}
