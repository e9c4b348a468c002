// How much of a visit reaches the service when the network fails: with ossicle, and with the service's official client,
// @corti/sdk, and the usual MediaRecorder. Both record the same signal in the same Chromium under the same schedules of faults
// (tests/support/outages/schedules.mjs), one after the other. Prints tables, and writes them to docs/outages.md. Takes seven minutes.
//
//   cargo xtask build && cargo build -p ossicle-sandbox && node benches/outages/run.mjs
//
// Needs ffmpeg and a Chromium, which `cargo xtask setup` brings. Not part of the tests: what others' software does is measured
// here, not asserted. `official.mjs` is the app, and `webm.mjs` reads what came of it.

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { launch, pkg } from "../../tests/support/browser.mjs";
import { SCHEDULES, SECONDS } from "../../tests/support/outages/schedules.mjs";
import { account, received, record } from "../../tests/support/outages/visits.mjs";
import { alone, withHeader } from "./webm.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const version = async (folder) => JSON.parse(await readFile(join(folder, "package.json"), "utf8")).version;

/** A list of what an app saw, with "×3" for the same three times in a row. */
function inShort(saw) {
  const runs = [];
  for (const what of saw) {
    if (runs.at(-1)?.what === what) runs.at(-1).times += 1;
    else runs.push({ what, times: 1 });
  }
  return runs.map(({ what, times }) => (times > 1 ? `${what} ×${times}` : what)).join(", ");
}

/** What came of one reading of a visit. */
function told(played, sockets) {
  const { missing, twice } = account(played, sockets);
  return { came: `${played.length - missing.length} of ${played.length}`, twice: String(twice.length) };
}

async function ofOssicle({ error, played, saw, ...visit }) {
  if (error) return { came: "", twice: "", saw: error.message };
  return { ...told(played, await received(visit)), saw: inShort(saw) };
}

async function ofOfficial({ error, played, saw, unsent, audio }) {
  if (error) return { alone: "", came: "", twice: "", saw: error.message };
  const refused = unsent > 0 ? [`${unsent} pieces could not be sent`] : [];
  return { alone: told(played, await alone(audio)).came, ...told(played, await withHeader(audio)), saw: inShort([...saw, ...refused]) };
}

/** A table of Markdown whose first column is of words and the others are of `align`. */
function table(head, rows, align = "right") {
  const widths = head.map((title, column) => Math.max(...[title, ...rows.map((row) => row[column])].map((cell) => cell.length)));
  const line = (cells) => `| ${cells.map((cell, n) => (n > 0 && align === "right" ? cell.padStart(widths[n]) : cell.padEnd(widths[n]))).join(" | ")} |`;
  const rule = `| ${widths.map((width, n) => (n > 0 && align === "right" ? `${"-".repeat(width - 1)}:` : "-".repeat(width))).join(" | ")} |`;
  return [line(head), rule, ...rows.map(line)].join("\n");
}

const folder = await mkdtemp(join(tmpdir(), "ossicle-outages-"));
try {
  const official = join(folder, "official.mjs");
  await build({ entryPoints: [here("official.mjs")], bundle: true, format: "esm", platform: "browser", outfile: official, logLevel: "error" });
  const visits = async (app, options) => {
    console.error(`${app} ${options.sends ?? ""}`);
    return record(SCHEDULES.map((schedule) => ({ schedule: { ...schedule, ...options }, app })), { apps: [official] });
  };
  const all = async (results, tell) => {
    const rows = [];
    for (const result of results) rows.push(await tell(result));
    return rows;
  };
  const ours = await all(await visits("ossicle", {}), ofOssicle);
  const theirs = await all(await visits("official", { sends: "sendAudio" }), ofOfficial);
  const queued = await all(await visits("official", { sends: "send" }), ofOfficial);

  const browser = await launch();
  const chromium = browser.version();
  await browser.close();
  const names = SCHEDULES.map(({ name }) => name);
  const slots = table(
    ["what goes wrong", "ossicle", "twice", "@corti/sdk", "alone", "twice", "with `send`", "alone", "twice"],
    names.map((name, n) => [
      name, ours[n].came, ours[n].twice,
      theirs[n].came, theirs[n].alone, theirs[n].twice,
      queued[n].came, queued[n].alone, queued[n].twice,
    ]),
  );
  const apps = table(
    ["what goes wrong", "what the app saw of ossicle", "what the app saw of @corti/sdk"],
    names.map((name, n) => [name, ours[n].saw, theirs[n].saw]),
    "left",
  );
  const date = new Date().toISOString().slice(0, 10);
  const versions = `ossicle ${await version(pkg)}, @corti/sdk ${await version(here("../../node_modules/@corti/sdk"))}`;
  const { model } = cpus()[0] ?? { model: "unknown processor" };
  const document = `# What reaches the service when the network fails

Written by \`node benches/outages/run.mjs\`, which measures all of it again.

${date}: ${versions}, Chromium ${chromium}, headless; ${model.trim()}, ${cpus().length} cores.

A microphone plays a signal whose every quarter of a second, a *slot*, says by its tones which one it is. Apps record ${SECONDS} s of it
and send it to the sandbox, which fails as the schedule says. Then all bytes that it received, over all sockets, are decoded with
ffmpeg and the slots read. Counted are the slots that the page's microphone played in full from 0.1 s after the app had begun
until 0.1 s before it was told to end.

- *ossicle*: its defaults (Opus in Ogg, a buffer of 120 s; one visit with PCM).
- *@corti/sdk*: its defaults, its own reconnecting, and \`MediaRecorder\` with pieces of 250 ms of \`audio/webm;codecs=opus\`, which also
  where ossicle sends PCM. The app waits for \`connect\`, hands each piece to \`sendAudio\` and, where that throws, goes on with the next;
  at the end it waits for a connection, sends \`end\`, and waits for \`ENDED\`, for up to a minute in all. Before it
  connects again the client waits for 1 to 5 s, a time that it draws by chance once a page: what is lost meanwhile varies from run to run.
- *with \`send\`*: the same with the client's \`send\`, which keeps what is sent without a connection for the next one, and sends it
  there before the configuration. The sandbox takes no audio without a configuration: it answers \`CONFIG_MISSING\` and closes.
- *alone*: slots that can be decoded from the bytes of each socket by themselves, as a service that begins a new decoder
  with each connection has them. WebM has its headers once, at the very beginning. The column before it gives every socket but the
  first the first one's headers, and the head of a cluster if that helps: what a service could make of it at best. Audio counts
  there also if it came on a socket whose configuration was never answered.
- *twice*: slots that the service heard whole more than once. After a reconnect ossicle sends again what the service has not
  acknowledged; transcripts that come twice are dropped by their time.

${slots}

## What the apps saw

${apps}
`;
  await writeFile(here("../../docs/outages.md"), document);
  console.log(`${slots}\n\n${apps}`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
