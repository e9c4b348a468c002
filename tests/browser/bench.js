// What every browser test is given: clients of the sandbox, its faults and reports, speech, and assertions.

/** Seconds that only what hangs takes: for these anything is waited for, and no test says that something was quicker. */
export const HANG = 30;

/** Seconds for a whole test. */
export const LONGEST = 3 * HANG;

/** Milliseconds, also while a test has stopped the page's clock. */
const now = performance.now.bind(performance);

const STREAM = {
  transcription: { primaryLanguage: "en", diarize: true, participants: [{ channel: 0, role: "multiple" }] },
  mode: { type: "facts", outputLocale: "en", factGenerationInterval: "fast_init" },
};

/**
 * Loads the package. Answers the class of its clients, whose streams are where `worker` says, as the option of that name, unless a
 * test says otherwise.
 */
export async function load(worker) {
  const { default: init, OssicleClient } = await import("/pkg/ossicle.js");
  await init();
  const placed = (options) => (options instanceof Object ? { worker, ...options } : options);
  return class extends OssicleClient {
    constructor(options) {
      super(options);
      const { stream, visits } = this;
      const connect = (options) => stream.connect(placed(options));
      const start = (options) => visits.start(placed(options));
      const resume = (id, options) => visits.resume(id, placed(options));
      Object.defineProperties(this, { stream: { value: { connect } }, visits: { value: { start, resume } } });
    }
  };
}

/** Runs an exported test of a file, with the sandbox at a URL and a class of clients. Answers what became of it. */
export async function run(file, test, sandbox, Client) {
  try {
    const body = (await import(`./${file}`))[test];
    const late = sleep(LONGEST).then(() => ok(false, `it ends within ${LONGEST} s`));
    await Promise.race([late, body(tools(sandbox, Client))]);
    return "passed";
  } catch (error) {
    // A stack without the message, as Firefox has it, says less than both.
    const { message, stack } = Object(error);
    return stack?.includes(message) ? stack : `${error}\n${stack}`;
  }
}

function tools(sandbox, Client) {
  const environment = { base: `${sandbox}/v2`, wss: `${sandbox.replace("http", "ws")}/audio-bridge/v2` };

  const ask = async (path, init) => {
    const answer = await fetch(sandbox + path, init);
    ok(answer.ok, `the sandbox answers ${path} with ${answer.status}`);
    return answer;
  };
  const json = (body) => ({ method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

  /** A token, as the page's own back end would answer it; `query` as the sandbox takes it. */
  const token = async (query = "") => {
    const { accessToken, expiresIn } = await (await ask(`/sandbox/token${query}`, { method: "POST" })).json();
    return { accessToken, expiresIn };
  };

  const client = (options) => new Client({ environment, tenantName: "base", auth: () => token(), ...options });

  const encounter = () => ({ identifier: crypto.randomUUID(), status: "planned", type: "consultation" });

  const interaction = async (of = client()) => (await of.interactions.create({ encounter: encounter() })).interactionId;

  /** Has the next sockets of an interaction go wrong. */
  const fault = async (interactionId, what) => void (await ask("/sandbox/faults", json({ interactionId, ...what })));

  /** What each socket of an interaction received. */
  const sockets = async (id) => (await (await ask(`/sandbox/streams/${id}`)).json()).sockets;

  /** The audio that socket `n` of an interaction received, as it came; of PCM its samples. */
  const audio = async (id, n) => (await ask(`/sandbox/streams/${id}/audio/${n}`)).arrayBuffer();
  const bytes = async (id, n) => new Uint8Array(await audio(id, n));
  const samples = async (id, n) => new Int16Array(await audio(id, n));

  /** A stream of a new interaction; as PCM, so that its samples can be looked at. */
  const connect = async (options, of = client()) => {
    const id = await interaction(of);
    const usual = { id, configuration: STREAM, catchUpRate: 100, audio: { encoding: "pcm" } };
    return { id, stream: await of.stream.connect({ ...usual, ...options }) };
  };

  /** What socket `n` of an interaction received, decoded by the browser: an `AudioBuffer`. */
  const decoded = async (id, n) => new OfflineAudioContext(1, 1, 48_000).decodeAudioData(await audio(id, n));

  return {
    sandbox, environment, Client, configuration: STREAM,
    token, client, encounter, interaction, fault, sockets, bytes, samples, decoded, connect,
    speech, sleep, until, soon, still, ok, equal, near, refused, addsUp,
  };
}

/** Seconds of something that counts as speech. */
function speech(seconds, rate = 48_000, amplitude = 0.4) {
  return Float32Array.from({ length: Math.round(seconds * rate) }, (_, n) => Math.sin((2 * Math.PI * 440 * n) / rate) * amplitude);
}

const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1_000));

/** A promise's result, if it comes at all. */
async function soon(what, promise) {
  const late = {};
  const result = await Promise.race([promise, sleep(HANG).then(() => late)]);
  ok(result !== late, `${what} within ${HANG} s`);
  return result;
}

/** What `found` answers once that is something, if it ever is. */
async function until(what, found) {
  for (const end = now() + HANG * 1_000; ; await sleep(0.02)) {
    const result = await found();
    if (result) return result;
    ok(now() < end, `${what} within ${HANG} s`);
  }
}

/** Stops the clock by which the page's durations are measured: it is moved on by `pass(seconds)`, until `go()`. */
function still() {
  let at = now();
  performance.now = () => at;
  return { pass: (seconds) => (at += seconds * 1_000), go: () => delete performance.now };
}

function ok(holds, what) {
  if (!holds) throw new Error(`it should be so: ${what}`);
}

function equal(actual, expected, what = "value") {
  const [is, should] = [actual, expected].map((value) => JSON.stringify(value));
  if (is !== should) throw new Error(`${what} is ${is}, not ${should}`);
}

function near(actual, expected, tolerance, what) {
  ok(Math.abs(actual - expected) <= tolerance, `${what} ${actual} is within ${tolerance} of ${expected}`);
}

/** The error of what must fail with a code. */
async function refused(code, attempt) {
  const outcome = (async () => ({ result: await attempt() }))().catch((error) => ({ error }));
  const { error, result } = await soon(`a refusal with ${code}`, outcome);
  ok(error !== undefined, `there is an error with the code ${code}, not the result ${JSON.stringify(result)}`);
  ok(error instanceof Error && error.name === "OssicleError", `this is an OssicleError: ${error?.stack ?? error}`);
  equal(error.code, code, `code of "${error.message}"`);
  ok(error.message.length > 10 && typeof error.retryable === "boolean", "it has a sentence, and says whether to retry");
  return error;
}

/** The figures of a stream account for every captured second. */
function addsUp(stats) {
  const { acknowledgedSeconds, inFlightSeconds, bufferedSeconds, droppedSeconds } = stats;
  near(stats.capturedSeconds, acknowledgedSeconds + inFlightSeconds + bufferedSeconds + droppedSeconds, 1e-6, "captured");
}
