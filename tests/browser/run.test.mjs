// Every test of this folder, against the built package and a real sandbox: in Chromium and in Firefox, with its streams on the page
// and in workers. A test is an exported async function, which rejects when it fails; bench.js has what it is given.

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { launch, open, pkg } from "../support/browser.mjs";
import { serve } from "../support/files.mjs";
import { openFirefox } from "../support/firefox.mjs";
import { startSandbox } from "../support/sandbox.mjs";
import { HANG, LONGEST } from "./bench.js";

const folder = fileURLToPath(new URL(".", import.meta.url));
const FILES = readdirSync(folder).filter((name) => name.endsWith(".js") && name !== "bench.js");

/** Of these no test opens a stream: they are run once in each browser. */
const WITHOUT_STREAMS = ["client.js", "fetch.js", "rest.js"];

/** The places of streams: what a client's option `worker` is. */
const PLACES = { "on the page": false, "in a worker": undefined };

const NO_CONTEXT = "a track that is read in the worker needs no AudioContext";
const IN_JUMPS = "without a sound card Firefox plays a page's own sound in jumps of up to a quarter of a second";

/** What is not so in a place, and why. */
const NOT_HERE = {
  "Chromium, in a worker": {
    a_capture_that_the_browser_suspends_goes_on: NO_CONTEXT,
    a_stream_that_is_over_takes_no_source: NO_CONTEXT,
    closing_lets_go_of_what_was_attached: NO_CONTEXT,
  },
  "Firefox, in a worker": { what_is_captured_before_an_order_is_taken_before_it: IN_JUMPS },
  "Firefox, on the page": { what_is_captured_before_an_order_is_taken_before_it: IN_JUMPS },
};

/** Each opens a browser. Answers `{ fresh(), close() }`: `fresh` leaves the page that is open, if any, for a new one. */
const BROWSERS = {
  Chromium: async (url) => {
    const browser = await launch("beeps");
    let last;
    const fresh = async () => {
      await last?.close();
      last = await open(browser, url);
      return last.page;
    };
    return { fresh, close: () => browser.close() };
  },
  Firefox: async (url) => {
    const firefox = await openFirefox(url, process.env, "beeps");
    const fresh = async () => {
      await firefox.goto(url);
      return firefox;
    };
    return { fresh, close: firefox.close };
  },
};

/** A page that has loaded the package. */
async function loaded(browser, isOnPage) {
  const page = await browser.fresh();
  await page.evaluate(async (isOnPage) => {
    globalThis.made = { workers: 0, sockets: 0 };
    const counted = (Class, name) => class extends Class {
      constructor(...given) {
        super(...given);
        made[name] += 1;
      }
    };
    globalThis.Worker = counted(Worker, "workers");
    globalThis.WebSocket = counted(WebSocket, "sockets");
    globalThis.bench = await import("/bench.js");
    globalThis.Client = await bench.load(isOnPage ? false : undefined);
  }, isOnPage);
  return page;
}

/** The names of all that a file exports, as it has them. */
const exported = (page, file) => page.evaluate(async (file) => Object.keys(await import(`/${file}`)), file);

// The browsers run beside each other: most of the time a test waits for what takes its time.
describe("the browser tests", { concurrency: true }, () => {
  for (const [name, start] of Object.entries(BROWSERS)) {
    describe(name, { concurrency: false }, () => {
      let sandbox, server, browser;

      before(async () => {
        sandbox = await startSandbox();
        // As an app has it: the service is of another origin than the page.
        server = await serve(folder, {}, { "/pkg/": pkg });
        browser = await start(`${server.url}/`);
      });

      after(async () => {
        await browser?.close();
        await server?.close();
        await sandbox?.stop();
      });

      /** A page in another browser: what a test that failed has left behind, a loop without an end perhaps, is no other's affair. */
      const renewed = async (isOnPage) => {
        await browser.close();
        browser = await start(`${server.url}/`);
        return loaded(browser, isOnPage);
      };

      for (const [place, worker] of Object.entries(PLACES)) {
        const isOnPage = worker === false;
        const notHere = NOT_HERE[`${name}, ${place}`] ?? {};
        const seen = new Set();

        for (const file of FILES.filter((file) => isOnPage || !WITHOUT_STREAMS.includes(file))) {
          test(`${place}: ${file}`, async (context) => {
            let page = await loaded(browser, isOnPage);
            const names = await exported(page, file);
            assert.ok(names.length > 0, "there are tests");
            for (const name of names) {
              seen.add(name);
              await context.test(name, { skip: notHere[name], timeout: (LONGEST + HANG) * 1_000 }, async () => {
                await fetch(`${sandbox.url}/sandbox/faults`, { method: "DELETE" });
                page ??= await renewed(isOnPage);
                const current = page;
                page = undefined;
                const outcome = await current.evaluate(([file, name, url]) => bench.run(file, name, url, Client), [file, name, sandbox.url]);
                assert.equal(outcome, "passed");
                page = current;
              });
            }
            const made = await page?.evaluate(() => made);
            if (!made) return;
            assert.equal(made.workers > 0, !isOnPage, "streams were where they should be");
            assert.equal(made.sockets > 0, isOnPage && !WITHOUT_STREAMS.includes(file), "streams of the page");
          });
        }

        test(`${place}: what is not so is a test`, () => {
          assert.deepEqual(Object.keys(notHere).filter((name) => !seen.has(name)), []);
        });
      }
    });
  }
});
