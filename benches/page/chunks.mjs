// What each message of audio holds: which part of the decoded sound is complete only when it has come.

import assert from "node:assert/strict";

/**
 * Of each message, in their order, `{ from, to }`, in seconds of the decoded audio; empty where no packet ends in it. `sizes` are
 * the bytes of each, and `bytes` all of them.
 */
export function contents(bytes, sizes, format) {
  const packets = /^audio\/pcm/.test(format) ? pcm(sizes, format) : /ogg/.test(format) ? ogg(bytes) : webm(bytes);
  let [end, next] = [0, 0];
  return sizes.map((size) => {
    end += size;
    const first = next;
    while (next < packets.length && packets[next].end <= end) next += 1;
    const [from, to] = [packets[first]?.from ?? 0, packets[next - 1]?.to ?? 0];
    return next > first ? { from, to } : { from: to, to };
  });
}

/** Where raw PCM of 16 bits and one channel is cut is in its messages alone. */
function pcm(sizes, format) {
  const seconds = (length) => length / 2 / Number(/rate=(\d+)/.exec(format)[1]);
  let end = 0;
  return sizes.map((size) => ({ from: seconds(end), to: seconds((end += size)), end }));
}

/** The pages of Opus in Ogg (RFC 3533, section 6; RFC 7845, section 5): `{ from, to, end }`, the last being its last byte. */
function ogg(bytes) {
  const pages = [];
  let [skip, last] = [0, 0];
  for (let at = 0; at + 27 <= bytes.length; ) {
    assert.equal(bytes.toString("latin1", at, at + 4), "OggS");
    const table = bytes.subarray(at + 27, at + 27 + bytes[at + 26]);
    const content = at + 27 + table.length;
    const end = table.reduce((sum, length) => sum + length, content);
    const granule = Number(bytes.readBigInt64LE(at + 6));
    if (bytes.toString("latin1", content, content + 8) === "OpusHead") skip = bytes.readUInt16LE(content + 10);
    else if (granule > 0) {
      const seconds = (granule) => Math.max(0, granule - skip) / 48_000;
      pages.push({ from: seconds(last), to: seconds(granule), end });
      last = granule;
    }
    at = end;
  }
  return pages;
}

/** Elements of WebM (RFC 9559): those that hold others that are wanted, and those. */
const [HOLDERS, BLOCKS, CODEC_DELAY] = [[0x18538067, 0x1654ae6b, 0xae, 0x1f43b675, 0xa0], [0xa3, 0xa1], 0x56aa];

/** The blocks of Opus in WebM, one packet each. Their times are to the millisecond of the clock: what is decoded has none. */
function webm(bytes) {
  const blocks = [];
  let [clock, delay] = [0, 0];
  for (let at = 0; at < bytes.length; ) {
    const id = variable(bytes, at, true);
    const size = variable(bytes, id.end, false);
    if (size.end > bytes.length) break;
    at = size.end;
    if (HOLDERS.includes(id.value)) continue; // its own content follows
    const end = at + size.value;
    if (id.value === CODEC_DELAY) delay = bytes.readUIntBE(at, size.value) / 1e9;
    if (BLOCKS.includes(id.value) && end <= bytes.length) {
      // Before the packet: the number of the track, two bytes of time and one of flags.
      const length = duration(bytes.subarray(variable(bytes, at, false).end + 3, end));
      const seconds = (clock) => Math.max(0, clock - delay);
      blocks.push({ from: seconds(clock), to: seconds(clock + length), end });
      clock += length;
    }
    at = end;
  }
  return blocks;
}

/** A number of EBML (RFC 8794, section 4): of an element's id the marker is a part. */
function variable(bytes, at, keepsMarker) {
  const length = Math.clz32(bytes[at]) - 23;
  let value = keepsMarker ? bytes[at] : bytes[at] & (0xff >> length);
  for (let n = 1; n < length; n += 1) value = value * 256 + bytes[at + n];
  return { value, end: at + length };
}

/** Seconds of a packet of Opus (RFC 6716, section 3.1). */
function duration(packet) {
  const configuration = packet[0] >> 3;
  const frames = [1, 2, 2, packet[1] & 63][packet[0] & 3];
  const [silk, hybrid, celt] = [[10, 20, 40, 60], [10, 20], [2.5, 5, 10, 20]];
  const lengths = configuration < 12 ? silk : configuration < 16 ? hybrid : celt;
  return (frames * lengths[configuration % lengths.length]) / 1_000;
}
