// A request over the network and its answer, read to its end.

/**
 * A request and its answer: the head, and the body as text, or as a Blob if a file was asked for and came. A body that does not
 * come to its end is absent, and `broken` says why; so is everything if what `fetch` answers is no Response.
 */
export async function exchange(request, fetch, asFile, file, onProgress) {
  const answer = await (onProgress && !fetch ? send(request, file, onProgress) : (fetch ?? globalThis.fetch).call(globalThis, request));
  if (!(answer instanceof Response)) return {};
  const { status, headers, ok } = answer;
  const [authenticate, retryAfter, contentType, contentLength] =
    ["WWW-Authenticate", "Retry-After", "Content-Type", "Content-Length"].map((name) => headers.get(name) ?? undefined);
  const head = { status, authenticate, retryAfter, contentType, contentLength };
  try {
    return { ...head, body: await (asFile && ok ? answer.blob() : answer.text()) };
  } catch (broken) {
    return { ...head, broken };
  }
}

/** As `fetch`, with news of how much of the body has gone out: `fetch` itself has none. */
function send(request, body, onProgress) {
  return new Promise((resolve, reject) => {
    const exchange = new XMLHttpRequest();
    exchange.open(request.method, request.url);
    exchange.responseType = "blob";
    exchange.withCredentials = request.credentials === "include";
    for (const [name, value] of request.headers) exchange.setRequestHeader(name, value);
    exchange.upload.onprogress = ({ loaded, total }) => onProgress({ loaded, total });
    exchange.onload = () => {
      const lines = exchange.getAllResponseHeaders().trim().split(/\r?\n/).filter(Boolean);
      const headers = lines.map((line) => line.split(/:\s*/, 2));
      const hasBody = ![204, 205, 304].includes(exchange.status);
      resolve(new Response(hasBody ? exchange.response : null, { status: exchange.status, headers }));
    };
    exchange.onerror = () => reject(new TypeError("the upload did not get through"));
    exchange.onabort = () => reject(request.signal.reason);
    request.signal.addEventListener("abort", () => exchange.abort());
    exchange.send(body);
  });
}
