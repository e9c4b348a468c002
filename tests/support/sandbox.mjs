// The sandbox as a child process of a test: started on a free port, its address read from its first line, stopped for good.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const BINARY = process.env.OSSICLE_SANDBOX_BIN ?? fileURLToPath(new URL("../../target/debug/ossicle-sandbox", import.meta.url));
const START_LIMIT = 15_000; // milliseconds; a debug build starts in far less
const STOP_LIMIT = 5_000;

/**
 * Starts the sandbox, with the folders of pages and package to serve. Answers `{ url, wsUrl, stop() }`: the address without a last
 * slash, the `wss` of a client's environment, and a function that resolves once the process is gone.
 */
export async function startSandbox({ www, pkg } = {}) {
  if (!existsSync(BINARY)) {
    throw new Error(`There is no sandbox at ${BINARY}. Build it with \`cargo build -p ossicle-sandbox\`, or set OSSICLE_SANDBOX_BIN to the path of one.`);
  }
  const folders = [...(www ? ["--www", www] : []), ...(pkg ? ["--pkg", pkg] : [])];
  // Its standard input is ours to close: should this process die, the sandbox ends too.
  const child = spawn(BINARY, ["--port", "0", "--exit-on-stdin-close", ...folders], { stdio: ["pipe", "pipe", "pipe"] });
  let complaints = "";
  child.stderr.on("data", (data) => (complaints = (complaints + data).slice(-2_000)));
  child.stdin.on("error", () => {}); // it ended first
  const exited = new Promise((resolve) => child.once("close", resolve));
  const lines = createInterface({ input: child.stdout });

  const stop = async () => {
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
    return { url, wsUrl: `${url.replace("http", "ws")}/audio-bridge/v2`, stop };
  } catch (error) {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) await stop();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
