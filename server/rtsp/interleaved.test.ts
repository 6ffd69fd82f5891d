import { describe, expect, it } from "vitest";
import { errorCode } from "../../shared/lib/errors.ts";
import { InterleavedReader } from "./interleaved.ts";
import { header } from "./message.ts";

const LIMITS = { headerBytes: 1024, bodyBytes: 4096, garbageBytes: 2000 };

function frame(channel: number, fill: number, length = 20): Buffer {
  const bytes = Buffer.alloc(4 + length, fill);
  bytes.set([0x24, channel, length >> 8, length & 0xff]);
  if (length > 0) bytes[4] = 0x80;
  return bytes;
}
const ok = Buffer.from("RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 5\r\n\r\nhello");

/** Reads in pieces of a size; frames as `channel:length:last byte`, messages as `status:body`. */
function read(bytes: Buffer, size: number, limits = LIMITS): { seen: string[]; garbage: number } {
  const seen: string[] = [];
  const reader = new InterleavedReader(limits, {
    onFrame: (channel, data, start, end) => seen.push(`${channel}:${end - start}:${end > start ? data[end - 1] : ""}`),
    onMessage: (message) => seen.push(`${header(message, "cseq")}:${Buffer.from(message.body).toString()}`),
  });
  reader.openChannel(0);
  reader.openChannel(1);
  const chunk = new Uint8Array(size);
  for (let at = 0; at < bytes.length; at += size) {
    const piece = bytes.subarray(at, at + size);
    chunk.fill(0xee);
    chunk.set(piece);
    reader.push(chunk, piece.length);
  }
  return { seen, garbage: reader.garbageBytes };
}

describe("interleaved packets and messages", () => {
  const cases = [
    {
      name: "packets and messages",
      bytes: Buffer.concat([ok, frame(0, 7), frame(1, 8, 3000), ok, frame(0, 9)]),
      seen: ["1:hello", "0:20:7", "1:3000:8", "1:hello", "0:20:9"],
      garbage: 0,
    },
    {
      name: "an empty packet",
      bytes: Buffer.concat([frame(0, 0, 0), frame(0, 7)]),
      seen: ["0:0:", "0:20:7"],
      garbage: 0,
    },
    {
      name: "a message with line feeds only",
      bytes: Buffer.from("RTSP/1.0 200 OK\nCSeq: 4\n\n"),
      seen: ["4:"],
      garbage: 0,
    },
    {
      name: "garbage between packets",
      bytes: Buffer.concat([frame(0, 7), Buffer.from("garbage $$ $\u0001 and more"), frame(0, 8), ok]),
      seen: ["0:20:7", "0:20:8", "1:hello"],
      garbage: 22,
    },
    {
      name: "garbage that begins like a message",
      bytes: Buffer.concat([frame(0, 7), Buffer.from("RTSP/9 nonsense\r\n\r\n"), frame(0, 8)]),
      seen: ["0:20:7", "0:20:8"],
      garbage: 19,
    },
    {
      name: "a packet with a wrong length",
      bytes: Buffer.concat([frame(0, 7), Buffer.from([0x24, 0, 0, 9, 1, 2, 3]), frame(0, 8), frame(0, 9)]),
      seen: ["0:20:7", "0:20:8", "0:20:9"],
      garbage: 7,
    },
    {
      name: "a Content-Length that is too small",
      bytes: Buffer.concat([Buffer.from("RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 2\r\n\r\nhello"), frame(0, 8)]),
      seen: ["1:he", "0:20:8"],
      garbage: 3,
    },
  ];

  it.each(cases.flatMap((entry) => [1, 3, 7, 64, 65_536].map((size) => ({ ...entry, size }))))(
    "$name, read $size bytes at a time",
    ({ bytes, size, seen, garbage }) => {
      expect(read(bytes, size)).toEqual({ seen, garbage });
    },
  );

  it("skips packets of channels that nobody asked for", () => {
    expect(read(Buffer.concat([frame(0, 7), frame(9, 1, 500), frame(0, 8)]), 65_536).seen).toEqual([
      "0:20:7",
      "0:20:8",
    ]);
  });

  it.each([
    {
      name: "headers without end",
      bytes: Buffer.from(`RTSP/1.0 200 OK\r\n${"X: y\r\n".repeat(500)}`),
      code: "rtsp.limit",
    },
    {
      name: "a body beyond the limit",
      bytes: Buffer.from("RTSP/1.0 200 OK\r\nContent-Length: 5000\r\n\r\n"),
      code: "rtsp.limit",
    },
    { name: "garbage without end", bytes: Buffer.alloc(5000, 0x61), code: "rtsp.protocol" },
    { name: "HTTP", bytes: Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"), code: "rtsp.protocol" },
  ])("gives up: $name", ({ bytes, code }) => {
    for (const size of [1, 100, 65_536]) {
      let thrown: unknown;
      try {
        read(bytes, size);
      } catch (error) {
        thrown = error;
      }
      // One byte at a time, "HTTP/" cannot be told from other garbage, and is too short to give up.
      if (size > 1 || !bytes.toString().startsWith("HTTP")) expect(errorCode(thrown)).toBe(code);
    }
  });
});
