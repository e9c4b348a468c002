// Visits in a real Chromium whose microphone plays the signal of slots, and what the sandbox received of them.

import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { launch, open, pkg } from "../browser.mjs";
import { decode, RATE } from "../hearing.mjs";
import { hurry } from "../hurry.mjs";
import { keepBefore } from "../kept.mjs";
import { startSandbox } from "../sandbox.mjs";
import { make, read, SLOTS } from "../slots.mjs";
import { SECONDS } from "./schedules.mjs";

const INDEX = '<!doctype html><link rel="icon" href="data:,"><title>Visits</title><script type="module" src="/page.mjs"></script>';

/** The modules that a page needs; apps are more. */
const MODULES = ["../slots.mjs", "../witness.mjs", "page.mjs", "ossicle.mjs"].map((path) => fileURLToPath(new URL(path, import.meta.url)));

/** Seconds that a visit may take beyond its own, with the connection before it and all that is made good after it: more is a hang. */
export const GRACE = 240;

/** Seconds of the whole signal. */
const SIGNAL = SLOTS / 4;

/** Seconds for which a slot sounds, less what the reader is unsure of. */
const WHOLE = 0.19;

/** Seconds of a slot that may be missing and are not: what the reader is unsure of where it came in two halves. */
const UNSURE = 0.05;

/**
 * Records visits, all at once, and answers with the results in their order. `visits` are `{ schedule, app, frames }`, `app` being
 * `ossicle` or the name of one of the files `apps`, and `frames` whether it is given frames in place of a microphone. A result is what
 * the app's `end` answered in the page, with
 *
 * - `played`: the numbers of the slots that the app was given, or that the page's microphone played in full, in time, between the
 *   visit's start and end, and
 * - `report` and `audio`: what the sandbox tells of each socket, and the bytes of audio that it received;
 *
 * or `{ error }`.
 */
export async function record(visits, { apps = [] } = {}) {
  hurry();
  const closing = [];
  try {
    const folder = await mkdtemp(join(tmpdir(), "ossicle-visits-"));
    closing.push(() => rm(folder, { recursive: true, force: true }));
    await writeFile(join(folder, "index.html"), INDEX);
    for (const file of [...MODULES, ...apps]) await copyFile(file, join(folder, basename(file)));
    const signal = join(folder, "signal.wav");
    await writeFile(signal, make(SIGNAL)); // it begins when a page opens the microphone
    const sandbox = await startSandbox({ www: folder, pkg });
    closing.push(sandbox.stop);
    const browser = await launch("plays", signal);
    closing.push(() => browser.close());

    // A page for those that can share one, and one for each of the others; not two apps in one.
    const pages = new Map();
    for (const visit of visits) {
      const { schedule, app } = visit;
      const name = schedule.alone ? `${app}: ${schedule.name}` : app;
      pages.set(name, [...(pages.get(name) ?? []), visit]);
    }
    const results = new Map();
    const recorded = await Promise.all([...pages.values()].map((together) => onePage(browser, sandbox, together)));
    for (const [visit, result] of recorded.flat()) results.set(visit, result);
    return visits.map((visit) => results.get(visit));
  } catch (error) {
    throw await keepBefore(error);
  } finally {
    for (const end of closing.reverse()) await end();
  }
}

/** Records visits in one page, in a context of its own: what the browser does to its connections is its own affair. */
async function onePage(browser, sandbox, visits) {
  const { page, close } = await open(browser, `${sandbox.url}/`);
  try {
    page.setDefaultTimeout((SECONDS + GRACE) * 1_000);
    await page.waitForFunction(() => globalThis.ready);
    const results = await Promise.all(
      visits.map(async (visit) => [visit, await one(page, sandbox, visit).catch((error) => ({ error }))]),
    );
    const { heard, held } = await page.evaluate(() => globalThis.witnessed());
    // Where the audio's thread was held up an app may take it for a gap, and put silence into the middle of a slot.
    const isInTime = ({ from, to }) => !held.some((late) => to > late.from - UNSURE && from < late.to + UNSURE);
    const whole = heard.filter((slot) => slot.to - slot.from >= WHOLE && isInTime(slot));
    for (const [, result] of results) {
      const within = ({ from, to }) => from >= result.from && to <= result.to;
      const { given } = result;
      result.played = given === undefined ? whole.filter(within).map(({ slot }) => slot) : numbers(given);
    }
    return results;
  } finally {
    await close();
  }
}

async function one(page, sandbox, { schedule: { sockets, ...schedule }, app, frames }) {
  const id = await interaction(sandbox);
  if (sockets.length > 0) await post(`${sandbox.url}/sandbox/faults`, { interactionId: id, sockets });
  const order = { app, id, length: SECONDS, frames, ...schedule };
  const visit = page.evaluate((order) => globalThis.visit(order), order);
  const [came] = await within(Promise.all([visit, schedule.offline && disconnect(page, schedule.offline)]));
  const report = await (await fetch(`${sandbox.url}/sandbox/streams/${id}`)).json();
  const bytes = async (_, n) => (await fetch(`${sandbox.url}/sandbox/streams/${id}/audio/${n}`)).arrayBuffer();
  const audio = (await Promise.all(report.sockets.map(bytes))).map((bytes) => Buffer.from(bytes));
  return { ...came, report, audio };
}

/** The slots of the first so many seconds of the signal. */
const numbers = (seconds) => Array.from({ length: Math.floor((seconds * SLOTS) / SIGNAL) }, (_, slot) => slot);

/** Has the browser offline from one second of the visit to another. */
async function disconnect(page, [from, to]) {
  await page.waitForFunction(() => globalThis.begun);
  await page.waitForTimeout(from * 1_000);
  await page.context().setOffline(true);
  await page.waitForTimeout((to - from) * 1_000);
  await page.context().setOffline(false);
}

/** Makes an interaction, as the app's own server might. */
async function interaction(sandbox) {
  const { accessToken } = await post(`${sandbox.url}/token`);
  const encounter = { identifier: crypto.randomUUID(), status: "planned", type: "consultation" };
  const headers = { authorization: `Bearer ${accessToken}`, "tenant-name": "base" };
  return (await post(`${sandbox.url}/v2/interactions`, { encounter }, headers)).interactionId;
}

async function post(url, body, headers = {}) {
  const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}: ${text}`);
  return text ? JSON.parse(text) : undefined;
}

async function within(promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it took more than ${SECONDS + GRACE} s`)), (SECONDS + GRACE) * 1_000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** The slots in what the sandbox received of a visit with this package, socket by socket. */
export async function received({ audio, report }) {
  const slots = async (bytes, format) => read((await decode(bytes, format))[0], RATE);
  return Promise.all(audio.map((bytes, n) => (bytes.length === 0 ? [] : slots(bytes, report.sockets[n].configuration.audioFormat))));
}

/**
 * What came of the slots that were played: `missing`, those that were not heard whole, and `twice`, those that were heard whole
 * more than once. A slot may come in two halves, one at the end of a socket and the other at the start of the next.
 */
export function account(played, sockets) {
  const heard = new Map();
  for (const { slot, from, to } of sockets.flat()) heard.set(slot, (heard.get(slot) ?? 0) + to - from);
  const missing = played.filter((slot) => (heard.get(slot) ?? 0) < WHOLE - UNSURE);
  const twice = played.filter((slot) => (heard.get(slot) ?? 0) >= 2 * WHOLE);
  return { missing, twice };
}
