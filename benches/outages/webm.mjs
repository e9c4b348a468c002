// What can be read of WebM that was cut into sockets: only the first has the headers, and the others begin anywhere.

import { spawn } from "node:child_process";
import { read } from "../../tests/support/slots.mjs";

const RATE = 16_000; // Hz, of what is decoded

/** The id of a cluster, before which are the headers. */
const CLUSTER = Buffer.from([0x1f, 0x43, 0xb6, 0x75]);

/** The head of a cluster of unknown size, at time 0, for blocks that come without one. */
const HEAD = Buffer.concat([CLUSTER, Buffer.from([0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xe7, 0x81, 0x00])]);

/** The slots of each socket, by its own bytes. */
export const alone = (sockets) => Promise.all(sockets.map(slots));

/** The slots of each socket, with the headers of the first that has any, and with the head of a cluster where that gives more. */
export async function withHeader(sockets) {
  const at = sockets.map((bytes) => bytes.indexOf(CLUSTER));
  const first = sockets.findIndex((bytes, n) => at[n] > 0 && bytes[0] === 0x1a); // EBML
  if (first < 0) return alone(sockets);
  const header = sockets[first].subarray(0, at[first]);
  return Promise.all(
    sockets.map(async (bytes) => {
      const ways = [bytes, Buffer.concat([header, bytes]), Buffer.concat([header, HEAD, bytes])];
      const readings = await Promise.all(ways.map(slots));
      return readings.reduce((best, reading) => (reading.length > best.length ? reading : best));
    }),
  );
}

/** The slots that ffmpeg makes of some bytes; none, if it makes nothing of them. */
async function slots(bytes) {
  if (bytes.length === 0) return [];
  const ffmpeg = spawn("ffmpeg", ["-v", "quiet", "-i", "-", "-f", "f32le", "-ar", String(RATE), "-ac", "1", "-"]);
  ffmpeg.stdin.on("error", () => {}); // it made nothing of them and ended
  ffmpeg.stdin.end(bytes);
  const parts = [];
  for await (const part of ffmpeg.stdout) parts.push(part);
  const whole = Buffer.concat(parts);
  return read(new Float32Array(whole.buffer.slice(whole.byteOffset, whole.byteOffset + whole.length)), RATE);
}
