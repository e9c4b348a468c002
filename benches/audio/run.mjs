// Times the audio path in a headless Chromium: the stages, compiled to wasm, and the package as it ships, streaming real speech
// to a sandbox. Prints lines of figures with tabs between, for `cargo xtask bench`, which sets up, builds and starts this:
//
//   node benches/audio/run.mjs ROUNDS GLUE     GLUE: the folder of the stages' wasm and the glue that wasm-bindgen wrote

import { readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { launch, open, pkg } from "../../tests/support/browser.mjs";
import { startSandbox } from "../../tests/support/sandbox.mjs";
import { consultationSpeech } from "../../tests/support/speech.mjs";
import { streamed } from "./stream.mjs";

const [rounds, glue] = [Number(process.argv[2]), process.argv[3]];

/** Lines of the consultation: half a minute of speech with its pauses. */
const LINES = 6;

/** Milliseconds that a quick stage is run for in a row, as in `main.rs`. */
const LEAST = 20;

const print = (...fields) => console.log(fields.join("\t"));

/** The times of the wasm stages in milliseconds, in rounds as `main.rs` has them. */
async function timeStages({ rounds, least }) {
  const { default: start, namesOfStages, PreparedStage, secondsOfARun } = await import("/stages.js");
  await start(await WebAssembly.compileStreaming(fetch("/ossicle_bench_audio_bg.wasm")));
  const stages = namesOfStages().map((name, index) => ({ name, stage: new PreparedStage(index), times: [] }));
  // Untimed: tables are built, buffers grow, and the browser replaces its quick compilation by its good one.
  for (const one of stages) {
    const started = performance.now();
    let runs = 0;
    for (; performance.now() - started < 300; runs++) one.amount = one.stage.run();
    one.repeats = Math.ceil((least * runs) / (performance.now() - started));
  }
  for (let round = 0; round < rounds; round++) {
    for (const { stage, repeats, times } of stages) {
      const started = performance.now();
      for (let run = 0; run < repeats; run++) stage.run();
      times.push((performance.now() - started) / repeats);
    }
    await new Promise((resolve) => setTimeout(resolve));
  }
  return { seconds: secondsOfARun(), stages: stages.map(({ name, amount, times }) => ({ name, amount, times })) };
}

// The crate brings what the package's engine imports.
const border = fileURLToPath(new URL("../../src/web/js/border.js", import.meta.url));
const [entry, outfile] = ["ossicle_bench_audio.js", "stages.js"].map((name) => join(glue, name));
await build({ entryPoints: [entry], outfile, bundle: true, format: "esm", alias: { "#border": border }, logLevel: "error" });
await writeFile(join(glue, "index.html"), '<!doctype html><link rel="icon" href="data:,"><title>Stages</title>');
const sandbox = await startSandbox({ www: glue, pkg });
const browser = await launch();
try {
  const { model } = cpus()[0] ?? { model: "unknown processor" };
  print("machine", `${model.trim()}, ${cpus().length} cores`);
  print("browser", `Chromium ${browser.version()}`);
  print("date", new Date().toISOString().slice(0, 10));

  const { page, close } = await open(browser, `${sandbox.url}/`);
  page.setDefaultTimeout(300_000);
  const { seconds, stages } = await page.evaluate(timeStages, { rounds, least: LEAST });
  await close();
  print("seconds", seconds);
  for (const { name, amount, times } of stages) print("wasm", name, amount, ...times.map((time) => time.toFixed(5)));

  const wav = await readFile(await consultationSpeech({ lines: LINES }));
  for (const [name, wanted, options] of [
    ["PCM", "pcm", { encoding: "pcm" }],
    ["Opus, the package's", "opus-wasm", { encoding: "opus", native: false }],
    ["Opus, the browser's", "opus-native", { encoding: "opus" }],
    ["FLAC", "flac", { encoding: "flac" }],
  ]) {
    const { encoder, figures } = await streamed(browser, sandbox, wav, { rounds, ...options });
    if (encoder !== wanted) throw new Error(`${name} got the encoder ${encoder}`);
    for (const [figure, times] of Object.entries(figures)) {
      print("stream", name, encoder, figure, ...times.map((time) => time.toFixed(4)));
    }
  }
} finally {
  await browser.close();
  await sandbox.stop();
}
