// What a test recorded, kept when it fails: `target/kept/{file}/{test}/`, which the test's error names.
//
// The helpers that start something (a browser, a sandbox, a sound card) register it here, and take down what it has to tell
// before it is closed; a test need do nothing. A folder is emptied when its test starts: what lies in it is of the last run.

import { createHash } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { afterEach, beforeEach } from "node:test";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Where it is kept. */
const FOLDER = resolve(process.env.OSSICLE_KEPT ?? join(root, "target/kept"));

/** Milliseconds for one piece of what there is to tell: who takes longer hangs, and is not waited for. */
const LIMIT = 10_000;

/** Characters of a name of a folder; a longer one is cut. */
const LONGEST = 150;

/** The file of tests that runs here; none where a script uses the same helpers. */
const FILE = /\.test\.mjs$/.test(process.argv[1] ?? "") ? resolve(process.argv[1]) : undefined;

/** What is open now, and what was told by what was closed while no test ran: the tests after it look at that. */
const sources = new Set();
const shared = [];

/** The tests that run now, by their full names: what each was told. */
const running = new Map();

/**
 * Registers something that records. `tell` is an async generator of `[file name, content]`: text, bytes, a function that makes
 * one of these when a test has failed, or anything else, which becomes JSON. Answers a function that is awaited before it is closed.
 */
export function keep(name, tell) {
  if (!FILE) return async () => {};
  const source = { name, tell };
  sources.add(source);
  return async () => {
    if (!sources.delete(source)) return;
    // The tests that run now: by the time that all is told they may be over.
    const lists = running.size > 0 ? [...running.values()] : [shared];
    const told = await all(source);
    for (const list of lists) list.push(told);
  };
}

/** Keeps what was recorded although no test is running, because what went wrong is before them; answers the same error, with the place. */
export async function keepBefore(error) {
  if (!FILE) return error;
  const folder = folderOf("before the tests");
  await rm(folder, { recursive: true, force: true });
  await write(folder, await everything(shared), error);
  return naming(error, folder);
}

if (FILE) {
  beforeEach(async ({ fullName }) => {
    running.set(fullName, []);
    await rm(folderOf(fullName), { recursive: true, force: true });
  });

  afterEach(async (context) => {
    const { fullName, passed, error } = context;
    const told = running.get(fullName) ?? [];
    running.delete(fullName);
    if (passed !== false || !error) return;
    const folder = folderOf(fullName);
    await write(folder, await everything([...shared, ...told]), error.cause ?? error);
    // Of an error that a test threw, the runner shows this one alone.
    if (error.cause instanceof Error) naming(error.cause, folder);
    else error.cause = `${error.cause}\n${place(folder)}`;
  });
}

/** What was told, and what is open tells now. */
async function everything(told) {
  return [...told, ...(await Promise.all([...sources].map(all)))];
}

/** All that a source tells, as far as it comes. */
async function all({ name, tell }) {
  const files = [];
  try {
    const pieces = tell();
    for (;;) {
      const { value, done } = await limited(pieces.next());
      if (done) break;
      files.push(value);
    }
  } catch (error) {
    files.push(["not-all-is-here.txt", inspect(error)]);
  }
  return { name, files };
}

async function limited(promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it did not come within ${LIMIT / 1_000} s`)), LIMIT);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function write(folder, told, error) {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "error.txt"), `${inspect(error)}\n`);
  const times = new Map();
  for (const { name, files } of told) {
    times.set(name, (times.get(name) ?? 0) + 1);
    const own = join(folder, times.get(name) === 1 ? name : `${name}-${times.get(name)}`);
    for (const [file, content] of files) {
      const path = join(own, file);
      await mkdir(dirname(path), { recursive: true });
      await bytes(content).then((bytes) => writeFile(path, bytes), (error) => writeFile(`${path}.txt`, inspect(error)));
    }
  }
}

async function bytes(content) {
  const made = typeof content === "function" ? await content() : content;
  if (typeof made === "string" || ArrayBuffer.isView(made)) return made;
  return `${JSON.stringify(made, null, 1) ?? "undefined"}\n`;
}

/** The folder of a test, or of a test within a test: one for each of the names, of letters that all systems take. */
function folderOf(fullName) {
  const within = relative(join(root, "tests"), FILE);
  const file = (within.startsWith("..") ? FILE.slice(dirname(FILE).length + 1) : within).replace(/\.test\.mjs$/, "");
  return join(FOLDER, ...file.split(sep), ...fullName.split(" > ").map(plain));
}

function plain(name) {
  const letters = name.replace(/[^\p{Letter}\p{Number}.]+/gu, "-").replace(/^[-.]+|[-.]+$/g, "");
  if (letters.length <= LONGEST) return letters;
  return `${letters.slice(0, LONGEST)}-${createHash("sha256").update(name).digest("hex").slice(0, 8)}`;
}

const place = (folder) => `kept in ${folder.startsWith(root) ? relative(root, folder) : folder}`;

/** The error, saying where what was recorded is. */
function naming(error, folder) {
  const { message, stack = "" } = error;
  const said = `${message}\n${place(folder)}`;
  error.message = said;
  error.stack = message && stack.includes(message) ? stack.replace(message, () => said) : `${stack}\n${place(folder)}`;
  return error;
}
