// A reporter for `node --test` that programs read: one line of JSON, `{ passed, skipped, failed }`. `failed` has one entry for each test that
// failed by itself, not because of a test inside it: `{ file, names, run, message, kept }`. `names` are its own name after those of the
// tests and suites around it; `run` is the name that `--test-name-pattern` must be given to run it again; `kept` is where that which
// it recorded is, if it is anywhere (see kept.mjs).

/** What node says of a test that was left out by `--test-name-pattern`. */
const LEFT_OUT = "test name does not match pattern";

export default async function* results(events) {
  const [names, failed] = [[], []];
  let [passed, skipped] = [0, 0];
  for await (const { type, data } of events) {
    // In the order in which the tests are written: what comes between a start and its end lies inside.
    if (type === "test:start") names.splice(data.nesting, Infinity, data.name);
    const isSuite = data?.details?.type === "suite";
    if (type === "test:pass" && !isSuite) {
      if (data.skip === undefined) passed += 1;
      else if (data.skip !== LEFT_OUT) skipped += 1;
    }
    if (type !== "test:fail") continue;
    const { error } = data.details;
    if (error.failureType !== "subtestsFailed") {
      failed.push({ file: data.file, names: [...names.slice(0, data.nesting), data.name], run: data.name, ...words(error) });
    } else if (!isSuite) {
      // Only a test that stands in a file or a suite can be chosen: those inside it come to be while it runs.
      for (const failure of failed) if (failure.file === data.file && failure.names[data.nesting] === data.name) failure.run = data.name;
    }
  }
  yield `${JSON.stringify({ passed, skipped, failed })}\n`;
}

/** The first line of what an error says, and the place that it names. */
function words({ cause, message }) {
  const text = String(cause?.message ?? cause ?? message).trim();
  return { message: text.split("\n")[0], kept: /^kept in (.+)$/m.exec(text)?.[1] };
}
