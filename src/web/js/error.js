/** What every failure of the package is. `code` is for programs, `message` for people. */
export class OssicleError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {boolean} retryable
   * @param {{ statusCode?: number, requestId?: string, body?: unknown, cause?: unknown }} details
   */
  constructor(code, message, retryable, details) {
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
