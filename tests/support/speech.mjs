// Speech to test with: the scripted consultation spoken by two voices of espeak-ng and joined by sox. A file is kept under
// target/speech/, named by what it was made from, so that it is made once.

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { access, mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../", import.meta.url));

const SETTINGS = {
  voices: { doctor: "en-gb", patient: "en-us+f3" },
  wordsPerMinute: 160, // an unhurried conversation, and close to the pace at which the sandbox's script moves on
  pauseSeconds: 0.35,
  leadSeconds: 0.5,
  rate: 48_000, // Chromium's fake microphone plays a file at the rate of the device it imitates
};

/** The path of a WAV file (mono, 16 bit) with the consultation's first `lines` lines, or all of it: some two minutes. */
export async function consultationSpeech({ lines } = {}) {
  const script = JSON.parse(await readFile(join(root, "sandbox/script/consultation.json"), "utf8")).slice(0, lines);
  const folder = join(root, "target/speech");
  const name = createHash("sha256").update(JSON.stringify([script, SETTINGS])).digest("hex").slice(0, 16);
  const path = join(folder, `${name}.wav`);
  if (await exists(path)) return path;

  await mkdir(folder, { recursive: true });
  const work = await mkdtemp(join(folder, "making-"));
  try {
    const spoken = [];
    for (const [index, { role, text }] of script.entries()) {
      const [raw, padded] = [join(work, `${index}.raw.wav`), join(work, `${index}.wav`)];
      await run("espeak-ng", ["-v", SETTINGS.voices[role], "-s", String(SETTINGS.wordsPerMinute), "-w", raw, text]);
      const lead = index === 0 ? SETTINGS.leadSeconds : 0;
      await run("sox", [raw, "-r", String(SETTINGS.rate), "-c", "1", "-b", "16", padded, "gain", "-n", "-4", "pad", String(lead), String(SETTINGS.pauseSeconds)]);
      spoken.push(padded);
    }
    const joined = join(work, "joined.wav");
    await run("sox", [...spoken, joined]);
    await rename(joined, path); // whole or not at all, also with two tests at a time
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return path;
}

/** Seconds of a file made here: a WAV header of 44 bytes, then 16 bit mono samples. */
export async function speechSeconds(path) {
  return ((await readFile(path)).length - 44) / 2 / SETTINGS.rate;
}

const exists = (path) => access(path).then(() => true, () => false);
