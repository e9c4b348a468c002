// From an error to one sentence that a clinician can act on. The sentence never repeats what a server said: that may hold
// anything. The reference below it (code, status, request id) is for whoever supports the page.

const SENTENCES = {
  unauthorized: "Your sign-in was not accepted. Sign in again, then retry.",
  forbidden: "Your sign-in does not allow this. Ask the administrator for access to visit recording.",
  not_found: "This visit is not known to the service. Check that it was opened from the right record, or start a new visit.",
  conflict: "The visit was changed somewhere else meanwhile. Retry.",
  invalid_request: "The service did not accept these details. Check the fields, then retry.",
  rate_limited: "The service is busy. Wait a moment, then retry.",
  server_error: "The service has a problem of its own. Retry in a moment.",
  timeout: "The service did not answer in time. Check the network, then retry.",
  network: "The service cannot be reached. Check the network, then retry.",
  connection_lost: "The connection for the recording failed. Check the network, then retry.",
  config_rejected: "The service refused the recording settings. Choose another spoken language, then retry.",
  protocol: "The service answered something unexpected. Retry, and report this if it comes again.",
  audio_unsupported: "This browser cannot record sound. Use a current Chrome, Edge, Firefox or Safari.",
  not_initialised: "The page did not load completely. Reload it.",
  microphone_denied: "The browser does not allow this page to use the microphone. Allow it beside the address, then retry.",
  microphone_missing: "No microphone was found. Connect one, then retry.",
  microphone_busy: "The microphone is in use by another application. Close that application, then retry.",
  insecure_page: "The browser gives the microphone to secure pages only. Open this page over https.",
  unsent: "The last {seconds} seconds of the recording may not have reached the service. Check the network, and note down what was said last.",
  audio_dropped: "The connection was away for too long: {seconds} seconds of the recording are lost. Note down what matters of them.",
};

/** An error of the page's own, with one of the codes above; `seconds` is for the sentence that speaks of them. */
export class PageError extends Error {
  constructor(code, { cause, seconds = 0 } = {}) {
    super(code, { cause });
    this.code = code;
    this.seconds = seconds;
  }
}

/** True for what the user asked for: nothing to report. */
export const isAborted = (error) => error?.code === "aborted" || error?.name === "AbortError";

/** `{ code, sentence, reference }` of any error. */
export function explain(error) {
  // fetch() of the page's own server rejects with TypeError when nobody answers. A DOMException's code is a number.
  const code = typeof error?.code === "string" ? error.code : error instanceof TypeError ? "network" : "protocol";
  const reference = [code, error?.statusCode, error?.requestId && `request ${error.requestId}`].filter(Boolean).join(" · ");
  const sentence = (SENTENCES[code] ?? SENTENCES.protocol).replace("{seconds}", String(Math.round(error?.seconds ?? 0)));
  return { code, sentence, reference };
}
