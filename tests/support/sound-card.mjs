// A virtual sound card: a PulseAudio of a test's own, with a house of rooms and microphones that are plugged in and pulled out.
//
// The house is one silent sink with a channel for each room (and one for the speakers), so a sound for all rooms is one file whose channels are heard at
// the very same sample. A microphone hears the channel of its room, at the rate of the house: nothing is resampled on the way.
// A browser that is started with the card's `env` finds these microphones and no others.

import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { keep } from "./kept.mjs";

const run = promisify(execFile);

/** Hz of the house, the usual rate of sound hardware. */
export const CARD_RATE = 48_000;

const POSITIONS = ["front-left", "front-right", "rear-left", "rear-right"];
const SPEAKERS = "front-center";
const START_LIMIT = 60_000; // milliseconds
const COMPLAINTS = 200_000; // characters of what the server says

// Its standard input is the test's to close: should that die, the server ends too, and its folder with it.
const KEEPER = `"$@" <&- & server=$!; cat; kill "$server" 2>&-; wait "$server"; rm -rf "$CARD_FOLDER"`;

/**
 * Starts a card with up to four rooms, named. Answers
 *
 * - `env`: the environment of programs that are to use the card;
 * - `plug(name, room)`: a new microphone in a room; whether it becomes the default is the sound server's choice;
 * - `unplug(name)`: pulls it out;
 * - `setDefault(name)`: what a user does in the system's settings;
 * - `undock()`: pulls out everything at once, the speakers too; with them there, a system without a microphone offers what
 *   they play for one;
 * - `dock(name, room)`: the speakers are there again, and the rooms, and a new microphone in one: all at once for whoever looks;
 * - `play(file)`: the channels of a WAV file, one a room; answers `{ ended, stop() }`;
 * - `close()`: ends it and whatever still plays.
 */
export async function startSoundCard(rooms) {
  const folder = await mkdtemp(join(tmpdir(), "ossicle-card-"));
  const [socket, commands] = [join(folder, "native"), join(folder, "commands")];
  const env = { ...process.env, PULSE_SERVER: `unix:${socket}`, PULSE_COOKIE: join(folder, "cookie") };
  const server = ["pulseaudio", "--daemonize=no", "--exit-idle-time=-1", "-n", "--use-pid-file=no", "--disable-shm", "--log-level=info", "--log-time"];
  // A browser takes the server's default rate for that of any device.
  const settings = join(folder, "daemon.conf");
  await writeFile(settings, `default-sample-rate = ${CARD_RATE}\n`);
  const own = { CARD_FOLDER: folder, HOME: folder, XDG_RUNTIME_DIR: folder, PULSE_RUNTIME_PATH: folder, PULSE_STATE_PATH: folder };
  const entrance = `module-native-protocol-unix socket=${socket} auth-anonymous=1`;
  const keeper = spawn("sh", ["-c", KEEPER, "keeper", ...server, "-L", entrance, "-L", `module-cli-protocol-unix socket=${commands}`], {
    env: { ...process.env, ...own, PULSE_CONFIG: settings },
    stdio: ["pipe", "ignore", "pipe"],
  });
  let complaints = "";
  keeper.stderr.on("data", (data) => (complaints = (complaints + data).slice(-COMPLAINTS)));
  keeper.stdin.on("error", () => {}); // it ended first
  const gone = new Promise((resolve) => keeper.once("close", resolve));
  const map = POSITIONS.slice(0, rooms.length).join(",");
  const playing = new Set();

  // What sounded in the rooms, whatever a browser had of it: one file from a docking to an undocking.
  const recordings = [];
  const record = () => {
    const file = join(folder, `house-${recordings.length}.wav`);
    const shape = [`--channels=${rooms.length}`, `--channel-map=${map}`, `--rate=${CARD_RATE}`, "--format=s16le", "--no-remix"];
    const child = spawn("parec", ["--device=house.monitor", "--file-format=wav", ...shape, file], { env, stdio: "ignore" });
    const ended = new Promise((resolve) => child.once("close", resolve).once("error", resolve));
    recordings.push({ file, stop: () => (child.kill("SIGINT"), ended) });
  };
  const release = keep("sound-card", async function* () {
    yield ["server.txt", complaints];
    for (const { file, stop } of recordings) {
      await stop();
      yield [basename(file), await readFile(file)];
    }
  });

  const close = async () => {
    await release();
    for (const { stop } of recordings) await stop();
    for (const sound of [...playing]) await sound.stop();
    keeper.stdin.end();
    await gone;
    await rm(folder, { recursive: true, force: true });
  };
  const control = async (...words) => (await run("pactl", words, { env })).stdout.trim();

  /** Commands that the server carries out before anybody sees what came of the first. */
  const atOnce = (lines) => new Promise((resolve, reject) => {
    const connection = connect(commands, () => connection.end(lines.map((words) => `${words}\n`).join("")));
    connection.resume().once("error", reject).once("close", resolve);
  });

  const plugged = new Map();
  const microphone = (name, room) => {
    const position = POSITIONS[rooms.indexOf(room)];
    const shape = [`master_channel_map=${position}`, "channels=1", "channel_map=mono", "remix=no"];
    return ["module-remap-source", "master=house.monitor", `source_name=${name}`, `source_properties=device.description=${name}`, ...shape];
  };
  const plug = async (name, room) => plugged.set(name, await control("load-module", ...microphone(name, room)));
  const unplug = async (name) => {
    await control("unload-module", plugged.get(name));
    plugged.delete(name);
  };
  const dock = async (name, room) => {
    // Without rewinds a sink works in blocks of 50 ms at most, as hardware does, and not of two seconds.
    const shape = ["format=float32le", `rate=${CARD_RATE}`, "norewinds=1", `channels=${rooms.length + 1}`, `channel_map=${map},${SPEAKERS}`];
    const modules = [["module-null-sink", "sink_name=house", ...shape]];
    // What the browser plays itself goes to the speakers, in no room, and by the same clock: Firefox takes the clocks of two
    // devices for two, and mends the sound of one.
    const speakers = [`master_channel_map=${SPEAKERS}`, "channels=1", "channel_map=mono", "remix=no"];
    modules.push(["module-remap-sink", "master=house", "sink_name=speakers", ...speakers]);
    if (name) modules.push(microphone(name, room));
    await atOnce([...modules.map((module) => `load-module ${module.join(" ")}`), "set-default-sink speakers"]);
    if (name) {
      const loaded = (await control("list", "short", "modules")).split("\n").find((line) => line.includes(`source_name=${name} `));
      plugged.set(name, loaded.split("\t")[0]);
    }
    record();
  };
  const undock = async () => {
    for (const sound of [...playing]) await sound.stop();
    for (const name of [...plugged.keys()]) await unplug(name);
    for (const module of ["module-remap-sink", "module-null-sink"]) await control("unload-module", module);
  };
  const play = (file) => {
    const child = spawn("paplay", ["--device=house", `--channel-map=${map}`, file], { env, stdio: ["ignore", "ignore", "inherit"] });
    const ended = new Promise((resolve) => child.once("close", resolve));
    const sound = { ended, stop: () => (child.kill("SIGKILL"), ended) };
    playing.add(sound);
    void ended.then(() => playing.delete(sound));
    return sound;
  };

  try {
    await tool("pactl");
    for (const end = Date.now() + START_LIMIT; !existsSync(socket) || !existsSync(commands); await sleep(20)) {
      if (keeper.exitCode !== null || Date.now() > end) throw new Error(`The virtual sound card did not start. ${complaints}`);
    }
    await dock();
  } catch (error) {
    await close();
    throw error;
  }
  return { env, plug, unplug, setDefault: (name) => control("set-default-source", name), dock, undock, play, close };
}

async function tool(name) {
  await run(name, ["--version"]).catch(() => {
    throw new Error(`${name} is missing: run \`cargo xtask setup\`, or install pulseaudio and pulseaudio-utils.`);
  });
}
