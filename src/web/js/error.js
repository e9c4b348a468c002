// The package's one error, and how failures become it.

/** What may pass by itself. */
const RETRYABLE = ["rate_limited", "server_error", "timeout", "network", "connection_lost"];

/** What every failure of the package is. `code` is for programs, `message` for people. */
export class OssicleError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {boolean} [retryable] follows from the code unless given
   * @param {{ statusCode?: number, requestId?: string, body?: unknown, cause?: unknown }} [details]
   */
  constructor(code, message, retryable = RETRYABLE.includes(code), details) {
    super(message, details?.cause === undefined ? undefined : { cause: details.cause });
    this.name = "OssicleError";
    this.code = code;
    this.retryable = retryable;
    if (details?.statusCode !== undefined) this.statusCode = details.statusCode;
    if (details?.requestId !== undefined) this.requestId = details.requestId;
    // The answer may quote what was sent: it is there for the program, but a log that prints the error shows none of it.
    if (details?.body !== undefined) Object.defineProperty(this, "body", { value: details.body, enumerable: false });
  }
}

export function fail(code, message, cause) {
  throw new OssicleError(code, message, undefined, { cause });
}

/** The most frequent failure: an argument that cannot be right. */
export function invalid(message) {
  fail("invalid_request", message);
}

/** An error that came as plain data, from the core or a worker. */
export function revive({ code, message, retryable, status, requestId, body, cause }) {
  // What is not there is null in a text.
  const details = { statusCode: status ?? undefined, requestId: requestId ?? undefined, body: body ?? undefined, cause };
  return new OssicleError(code, message, retryable, details);
}

/** An exception as plain data for the core, which decides whether to try again. One that is not ours is not quoted. */
export function plain(exception) {
  if (!(exception instanceof OssicleError)) return plain(new OssicleError("network", "the browser refused the connection"));
  const { code, message, retryable, statusCode: status, requestId } = exception;
  return { code, message, retryable, status, requestId };
}

/** What was thrown, as an exception: the engine's own errors are JSON, or plain data. */
export function thrown(failure) {
  if (failure instanceof Error) return failure;
  return revive(typeof failure === "string" ? JSON.parse(failure) : failure);
}

/** Calls into the wasm. */
export function attempt(act) {
  try {
    return act();
  } catch (failure) {
    throw thrown(failure);
  }
}
