// What a test recorded is kept when it fails, and named in what the runner prints: by a run of tests that fail on purpose.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

const FIXTURE = fileURLToPath(new URL("../support/fixtures/fails.test.mjs", import.meta.url));

/** Where the fixture's tests are kept, below the folder of all. */
const PLACE = "support/fixtures/fails";

const CHROMIUM = `${PLACE}/a-page-that-was-closed-and-what-it-had-to-do-with-Chromium`;
const FIREFOX = `${PLACE}/a-page-that-was-closed-Firefox`;
const SEVERAL = `${PLACE}/a-browser-for-several-tests`;

let folder, output;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "ossicle-kept-"));
  for (const path of [FIREFOX, `${SEVERAL}/it-passes`]) {
    await mkdir(join(folder, path), { recursive: true });
    await writeFile(join(folder, path, "of-another-run.txt"), "old");
  }
  const env = { ...process.env, OSSICLE_KEPT: folder };
  delete env.NODE_TEST_CONTEXT; // a runner of its own
  output = await new Promise((resolve) => {
    execFile(process.execPath, ["--test", "--test-reporter=spec", FIXTURE], { env }, (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr }));
  });
});

after(() => rm(folder, { recursive: true }));

const text = (...path) => readFile(join(folder, ...path), "utf8");

/** The audio of the only stream that a sandbox tells of. */
async function streamed(path) {
  const [id] = (await readdir(join(folder, path))).filter((name) => /^[0-9a-f-]{36}$/.test(name));
  const report = JSON.parse(await text(path, id, "report.json"));
  const [raw, wav] = await Promise.all(["socket-0.pcm", "socket-0.wav"].map((name) => readFile(join(folder, path, id, name))));
  return { report, raw, wav };
}

test("the runner's output names the folder of each test that failed, among its errors", () => {
  assert.equal(output.code, 1, output.stderr);
  const [, failures] = output.stdout.split("failing tests:");
  for (const path of [CHROMIUM, FIREFOX, `${SEVERAL}/it-takes-too-long-with-a-page-that-is-open`, `${SEVERAL}/a-test-in-a-test/fails`]) {
    assert.ok(failures.includes(`kept in ${join(folder, path)}`), `${path} is not in ${failures}`);
  }
});

test("pages and sandboxes that were closed have told what they had: Chromium", async () => {
  assert.match(await text(CHROMIUM, "error.txt"), /they are not the same/);
  assert.match(await text(CHROMIUM, "chromium/console.txt"), /warning: the page says so/);
  assert.match(await text(CHROMIUM, "chromium/page.html"), /what the page shows/);
  assert.equal((await readFile(join(folder, CHROMIUM, "chromium/page.png"))).subarray(1, 4).toString(), "PNG");
  assert.equal(JSON.parse(await text(CHROMIUM, "chromium/stats.json")).capturedSeconds, 2);
  const { report, raw, wav } = await streamed(`${CHROMIUM}/sandbox`);
  assert.equal(report.sockets[0].receivedSeconds, 2);
  assert.equal(raw.length, 64_000);
  assert.deepEqual(wav.subarray(44), raw, "what is decoded from PCM is the PCM");
  const played = await readFile(join(folder, CHROMIUM, "chromium/played.wav"));
  assert.equal(played.length, wav.length);
  assert.ok(existsSync(join(folder, CHROMIUM, "sandbox-2/requests.json")), "and of the sandbox that all tests share");
});

test("and Firefox, over its driver", async () => {
  assert.match(await text(FIREFOX, "error.txt"), /a failure with Firefox/);
  assert.match(await text(FIREFOX, "firefox/console.txt"), /warn: the page says so/);
  assert.match(await text(FIREFOX, "firefox/page.html"), /what the page shows/);
  assert.equal((await readFile(join(folder, FIREFOX, "firefox/page.png"))).subarray(1, 4).toString(), "PNG");
  assert.equal(JSON.parse(await text(FIREFOX, "firefox/stats.json")).capturedSeconds, 2);
  assert.equal((await streamed(`${FIREFOX}/sandbox`)).raw.length, 64_000);
});

test("a test that takes too long has kept what was open then", async () => {
  const path = `${SEVERAL}/it-takes-too-long-with-a-page-that-is-open`;
  assert.match(await text(path, "error.txt"), /timed out/);
  assert.match(await text(path, "chromium/page.html"), /it is open/);
});

test("nothing is kept of a test that passes, nor of a run before", async () => {
  assert.ok(!existsSync(join(folder, SEVERAL, "it-passes")));
  assert.ok(!existsSync(join(folder, FIREFOX, "of-another-run.txt")));
  assert.deepEqual((await readdir(join(folder, PLACE))).sort(), [CHROMIUM, FIREFOX, SEVERAL].map((path) => path.slice(PLACE.length + 1)).sort());
});
