// The figures as a section of docs/benchmarks.md, and what they are beside the targets.

/** What a figure of this package may be at most. */
const TARGETS = {
  /** Milliseconds by which the p95 of ages on a blocked page may be later than on one that is not. */
  later: 30,
  /** Parts of what the official client has: of what it adds to the main thread, to the process, and of what it sends. */
  task: 0.25,
  script: 0.25,
  process: 1,
  bytes: 0.25,
  /**
   * Bytes by which heap and wasm may grow between the first look at the hour and the last beyond the visit's transcript, which the page
   * keeps: a page of wasm there and one in the worker, and what the garbage collector leaves.
   */
  memory: 200_000,
};

/** The age below which so many parts of all are. */
function percentile(ages, part) {
  const sorted = [...ages].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)];
}

const p95 = ({ ages }) => percentile(ages, 0.95);
const spread = ({ ages }) => [percentile(ages, 0.5), percentile(ages, 0.95), Math.max(...ages)].map(whole);
const whole = (figure) => String(Math.round(figure));
const mega = (bytes) => (Math.round(bytes / 1e5) / 10 || 0).toFixed(1); // without a −0
const kilo = (bytes) => whole(bytes / 1e3);
const percent = (part) => `${whole(100 * part)} %`;

/** A table of Markdown whose first column is of words and the others are figures. */
function table(head, rows) {
  const widths = head.map((title, column) => Math.max(...[title, ...rows.map((row) => row[column])].map((cell) => cell.length)));
  const line = (cells) => `| ${cells.map((cell, n) => (n > 0 ? cell.padStart(widths[n]) : cell.padEnd(widths[n]))).join(" | ")} |`;
  const rule = `| ${widths.map((width, n) => (n > 0 ? `${"-".repeat(width - 1)}:` : "-".repeat(width))).join(" | ")} |`;
  return [line(head), rule, ...rows.map(line)].join("\n");
}

/** A row of figures, or of what is there in their place. */
const cells = (name, absent, count, figures) => [name, ...(absent ? ["not there", ...Array(count - 1).fill("")] : figures())];

function arrivals(results) {
  const head = ["ms", "p50", "p95", "max", "blocked: p50", "p95", "max", "p95 later by", "missing"];
  const rows = results.filter(({ app }) => app === "ossicle" || app === "official").map(({ name, costs: { absent }, free, blocked }) =>
    cells(name, absent, 8, () => {
      const missing = 10 * Math.round(100 * Math.max(0, blocked.missing)); // it is read to some ms
      return [...spread(free), ...spread(blocked), whole(p95(blocked) - p95(free)), whole(missing)];
    }));
  return table(head, rows);
}

function minute(results) {
  const [{ costs: floor }] = results;
  const head = ["a minute of audio", "tasks, ms", "above floor", "scripts, ms", "above floor", "process, ms", "above floor", "sent, kB", "heap, MB"];
  const rows = results.map(({ name, app, costs }) => cells(name, costs.absent, 8, () => [
    ...["task", "script", "process"].flatMap((key) => [whole(costs[key]), app === "idle" ? "" : whole(costs[key] - floor[key])]),
    costs.bytes === undefined ? "" : kilo(costs.bytes),
    mega(costs.heap),
  ]));
  return table(head, rows);
}

function hours(results) {
  const ours = results.filter(({ app }) => app === "ossicle");
  const minutes = ours.find(({ hour }) => hour)?.hour.looks.map((look) => look.minutes) ?? [];
  const head = ["MB: heap + wasm", "encoder", ...minutes.map((minute) => `${minute} min`), "transcript, MB"];
  const rows = ours.map(({ name, costs: { absent }, hour }) => cells(name, absent, head.length - 1, () => [
    hour.encoder,
    ...hour.looks.map(({ heap, wasm }) => `${mega(heap)} + ${mega(wasm)}`),
    (hour.looks.at(-1).transcript / 1e6).toFixed(2),
  ]));
  return table(head, rows);
}

/** Every target beside the figure that it is for. */
function targets(results) {
  const [{ costs: floor }] = results;
  // The engine on the page is for pages that can have no worker: it cannot do what the worker is there for.
  const ours = results.filter(({ app, worker }) => app === "ossicle" && worker);
  const official = Object.fromEntries(results.filter(({ app }) => app === "official").map(({ source, costs }) => [source, costs]));
  const judge = (figure, limit, shown) => `${shown}: ${figure <= limit ? "met" : "not met"}`;
  const later = ({ free, blocked }) => p95(blocked) - p95(free);
  const growth = ({ hour: { looks } }) => {
    const grown = (key) => looks.at(-1)[key] - looks[0][key];
    return grown("heap") + grown("wasm") - grown("transcript");
  };
  const added = (key) => (costs) => costs[key] - (floor[key] ?? 0);
  const part = (key, source) => ({ costs }) => added(key)(costs) / added(key)(official[source]);
  const rows = [
    ["blocked page: p95 later by", `${TARGETS.later} ms`, later, TARGETS.later, (figure) => `${whole(figure)} ms`],
    ...[["task", "main thread, tasks"], ["script", "main thread, scripts"], ["process", "process"], ["bytes", "bytes sent"]].flatMap(
      ([key, what]) => [["recorder", "MediaRecorder"], ["worklet", "worklet"]].map(([source, whose]) =>
        [`${what}, of @corti/sdk's with a ${whose}`, percent(TARGETS[key]), part(key, source), TARGETS[key], percent]),
    ),
    ["heap and wasm, more after an hour by, the transcript aside", `${mega(TARGETS.memory)} MB`, growth, TARGETS.memory, (bytes) => `${mega(bytes)} MB`],
  ];
  const head = ["what", "at most", ...ours.map(({ name }) => name)];
  return table(head, rows.map(([what, most, figure, limit, shown]) =>
    [what, most, ...ours.map((row) => (row.costs.absent ? "not there" : judge(figure(row), limit, shown(figure(row)))))]));
}

/** The section, as Markdown. */
export function section({ date, machine, versions, seconds: { counted, free, blocked, block } }, results) {
  return `## A page with a visit

Written by \`cargo xtask bench --only page\`, which measures all of it again.

${date}: ${machine}; ${versions}.

Each row had a Chromium of its own, one after the other on the same machine as the sandbox that it sent to. The microphone plays a
file. \`@corti/sdk\` has its defaults: with a \`MediaRecorder\` whose blobs of 250 ms it is handed as they come, and with a worklet that
posts it 250 ms of PCM at 16 kHz. ossicle has its defaults too: 250 ms of Opus in Ogg.

### How old audio is when it arrives

The age of the oldest sample of each 250 ms of audio when the message that completes it is at the sandbox, in milliseconds: on a page
that does nothing else (${free} s), and on one that is blocked for ${block.busy / 1e3} s in every ${block.every / 1e3} s (${blocked} s). It cannot be less than what
the message holds. *Missing* is what never arrived of the latter.

${arrivals(results)}

The microphone plays a sweep, whose frequency tells how far it is, to 2 ms; the browser stamps when the device handed over each
10 ms of it, and a worker keeps the stamps; the sandbox says when a message came, to 1 ms. Samples of one 10 ms have one age, so an age is
exact to 5 ms either way, and the same for all rows.

### What a minute costs

A consultation, ${counted} s of it. *Tasks* and *scripts* are processor time of the page's main thread, *process* that of all threads of its
process, workers included; above the floor is what is more than on a page that only has the microphone open. *Heap* is JavaScript's
at the end, cleaned, workers included. *Four messages a second* are empty ones that a worker sends and nobody looks into: so often a page
must hear from a worker whose figures are to be current to a quarter of a second. Where they alone cost more than a quarter of what a client
adds, a target of a quarter of its tasks is out of reach.

${minute(results)}

### An hour

Speech pushed with \`pushFrame\` as fast as it is sent and heard, and what is held after so many minutes of it. What is kept is the
visit's transcript: its bytes as JSON are in the last column.

${hours(results)}

### The targets

${targets(results)}
`;
}
