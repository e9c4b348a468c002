// The sandbox as a child process of a test: started on a free port, its address read from its first line, stopped for good.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { decode, RATE, wav } from "./hearing.mjs";
import { keep } from "./kept.mjs";

const BINARY = process.env.OSSICLE_SANDBOX_BIN ?? fileURLToPath(new URL("../../target/debug/ossicle-sandbox", import.meta.url));
const START_LIMIT = 60_000; // milliseconds; a debug build starts in far less
const STOP_LIMIT = 5_000;

const PAGE_SIZE = 100;
const TRIES = 10;

/** The pace of the service's delays in tests, where 1 is life: first words come after a second, not after twenty. */
export const PACE = 0.05;

/**
 * Starts the sandbox, with the folders of pages and package to serve, at a pace, and with other switches of its behaviour
 * (sandbox/README.md lists them). Answers `{ url, wsUrl, stop() }`: the address without a last
 * slash, the `wss` of a client's environment, and a function that resolves once the process is gone.
 */
export async function startSandbox({ www, pkg, pace = PACE, ...switches } = {}) {
  if (!existsSync(BINARY)) {
    throw new Error(`There is no sandbox at ${BINARY}. Build it with \`cargo build -p ossicle-sandbox\`, or set OSSICLE_SANDBOX_BIN to the path of one.`);
  }
  const folders = [...(www ? ["--www", www] : []), ...(pkg ? ["--pkg", pkg] : [])];
  const behaviour = Object.entries({ pace, ...switches }).flatMap(([key, value]) => ["--set", `${key}=${value}`]);
  // Its standard input is ours to close: should this process die, the sandbox ends too.
  const child = spawn(BINARY, ["--port", "0", "--exit-on-stdin-close", ...folders, ...behaviour], { stdio: ["pipe", "pipe", "pipe"] });
  let complaints = "";
  child.stderr.on("data", (data) => (complaints = (complaints + data).slice(-2_000)));
  child.stdin.on("error", () => {}); // it ended first
  const exited = new Promise((resolve) => child.once("close", resolve));
  const lines = createInterface({ input: child.stdout });

  let release = async () => {};
  const stop = async () => {
    await release();
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT);
    child.kill("SIGTERM");
    child.stdin.end();
    await exited;
    clearTimeout(timer);
  };

  let timer;
  try {
    const url = await new Promise((resolve, reject) => {
      lines.once("line", (line) => {
        const address = /^listening on (http:\/\/\S+)$/.exec(line)?.[1];
        address ? resolve(address) : reject(new Error(`The sandbox's first line is not its address: ${line}`));
      });
      child.once("error", (error) => reject(new Error(`The sandbox cannot be started: ${error.message}`)));
      child.once("close", (code) => reject(new Error(`The sandbox ended with ${code} before it listened. ${complaints}`)));
      timer = setTimeout(() => reject(new Error(`The sandbox did not listen within ${START_LIMIT / 1000} s. ${complaints}`)), START_LIMIT);
    });
    release = keep("sandbox", () => told(url, () => complaints));
    return { url, wsUrl: `${url.replace("http", "ws")}/audio-bridge/v2`, stop };
  } catch (error) {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) await stop();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** What a sandbox has to tell: what it printed, which requests came, and of each socket the report and the audio. */
async function* told(url, complaints) {
  yield ["output.txt", complaints()];
  yield ["requests.json", await (await fetch(`${url}/sandbox/requests`)).json()];
  for (const id of await interactions(url)) {
    const report = await (await fetch(`${url}/sandbox/streams/${id}`)).json();
    if (report.sockets.length + report.refused.length === 0) continue;
    yield [`${id}/report.json`, report];
    for (const [n, { bytes, configuration }] of report.sockets.entries()) {
      if (bytes === 0) continue;
      const audio = Buffer.from(await (await fetch(`${url}/sandbox/streams/${id}/audio/${n}`)).arrayBuffer());
      const format = configuration?.audioFormat ?? "";
      yield [`${id}/socket-${n}.${/^audio\/(\w+)/.exec(format)?.[1] ?? "audio"}`, audio];
      yield [`${id}/socket-${n}.wav`, async () => wav(await decode(audio, format), RATE)];
    }
  }
}

/** The ids of all interactions, as a client lists them. */
async function interactions(url) {
  const { accessToken } = await (await fetch(`${url}/sandbox/token`, { method: "POST" })).json();
  const headers = { Authorization: `Bearer ${accessToken}`, "Tenant-Name": "base" };
  const found = [];
  for (let index = 1; ; index += 1) {
    const page = async () => (await fetch(`${url}/v2/interactions/?pageSize=${PAGE_SIZE}&index=${index}`, { headers })).json();
    // A fault that waits for a request takes this one.
    let { interactions } = await page().catch(() => ({}));
    for (let tries = 0; !interactions && tries < TRIES; tries += 1) ({ interactions } = await page().catch(() => ({})));
    if (!interactions) throw new Error("the sandbox does not list its interactions");
    found.push(...interactions.map(({ id }) => id));
    if (interactions.length < PAGE_SIZE) return found;
  }
}
