import { Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } from "@zip.js/zip.js";
import { expect, it } from "vitest";
import { crc32 } from "../lib/crc32.ts";
import type { ByteFile } from "./byte-file.ts";
import { openZip } from "./package-files.ts";
import { hiddenIn } from "./zip-layout.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

function fileOf(bytes: Uint8Array): ByteFile {
  return { name: "p.zip", bytes: bytes.length, readAt: async (at, length) => bytes.slice(at, at + length) };
}

async function zip(options: object = {}): Promise<Buffer> {
  const writer = new ZipWriter(new Uint8ArrayWriter(), { level: 0, extendedTimestamp: false, ...options });
  await writer.add("가/media.mp4", new Uint8ArrayReader(text("the footage")));
  await writer.add("manifest.json", new Uint8ArrayReader(text("{}")));
  return Buffer.from(await writer.close());
}

const hiddenOf = (bytes: Uint8Array): Promise<number[]> => hiddenIn(fileOf(bytes));

it.each([
  {},
  { zip64: true },
  { dataDescriptor: false },
  { zip64: true, dataDescriptor: false },
  { dataDescriptorSignature: false },
])("passes what is whole: %j", async (options) => {
  const whole = await zip(options);
  expect(await hiddenOf(whole)).toEqual([]);
  expect((await openZip(fileOf(whole))).hidden).toEqual([]);
});

/** Puts bytes before the directory and moves its place along. */
function insert(whole: Buffer, extra: Uint8Array): { bytes: Buffer; at: number } {
  const end = whole.length - 22;
  const at = whole.readUInt32LE(end + 16);
  const bytes = Buffer.concat([whole.subarray(0, at), extra, whole.subarray(at)]);
  bytes.writeUInt32LE(at + extra.length, end + extra.length + 16);
  return { bytes, at };
}

function localEntry(name: string, data: Uint8Array): Buffer {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(20, 4);
  header.writeUInt16LE(0x800, 6);
  header.writeUInt32LE(crc32(data), 14);
  header.writeUInt32LE(data.length, 18);
  header.writeUInt32LE(data.length, 22);
  header.writeUInt16LE(text(name).length, 26);
  return Buffer.concat([header, text(name), data]);
}

it("finds an entry that only readers of headers see", async () => {
  const whole = await zip();
  const { bytes } = insert(whole, localEntry("가/media.mp4", text("this is not the footage")));
  const { files, hidden } = await openZip(fileOf(bytes));
  expect(files.map(({ name }) => name)).toEqual(["가/media.mp4", "manifest.json"]);
  expect(hidden).toEqual([whole.indexOf(text("manifest.json")) - 30]);
});

it.each([
  ["a name", (bytes: Buffer) => bytes.write("X", bytes.indexOf("media"))],
  ["a checksum", (bytes: Buffer) => bytes.writeUInt32LE(7, 14)],
  ["a size", (bytes: Buffer) => bytes.writeUInt32LE(3, 18)],
  ["a method", (bytes: Buffer) => bytes.writeUInt16LE(8, 8)],
  ["a flag", (bytes: Buffer) => bytes.writeUInt16LE(0, 6)],
])("finds %s that the header has otherwise", async (_, change) => {
  const whole = await zip();
  change(whole);
  expect(await hiddenOf(whole)).toEqual([0]);
});

it("finds what stands before, behind and between", async () => {
  const whole = await zip();
  const before = Buffer.concat([text("MZ"), whole]);
  expect(await hiddenOf(before)).not.toEqual([]);
  expect(await hiddenOf(Buffer.concat([whole, text("more")]))).toEqual([whole.length - 22 + 4]);
  const comment = Buffer.concat([whole, text("hi")]);
  comment.writeUInt16LE(2, whole.length - 2);
  expect(await hiddenOf(comment)).toEqual([whole.length - 20]);
  // Between the directory and its end.
  const between = Buffer.concat([whole.subarray(0, whole.length - 22), text("PAD"), whole.subarray(whole.length - 22)]);
  expect(await hiddenOf(between)).not.toEqual([]);
  // Entries that the end record does not count.
  const fewer = Buffer.from(whole);
  fewer.writeUInt16LE(1, whole.length - 12);
  expect(await hiddenOf(fewer)).toEqual([whole.readUInt32LE(whole.length - 6)]);
});

it("finds a folder that holds bytes", async () => {
  const whole = await zip();
  for (let at = whole.indexOf("mp4"); at >= 0; at = whole.indexOf("mp4", at)) whole.write("mp/", at);
  const { files, hidden } = await openZip(fileOf(whole));
  expect(files.map(({ name }) => name)).toEqual(["manifest.json"]);
  expect(hidden).toEqual([0]);
});

/** What a writer makes of a file beyond 4 GiB, its zeros only imagined. */
function huge(bytes: number): ByteFile {
  const name = text("media.mp4");
  const sizes = Buffer.alloc(20);
  sizes.writeUInt16LE(1, 0);
  sizes.writeUInt16LE(16, 2);
  sizes.writeBigUInt64LE(BigInt(bytes), 4);
  sizes.writeBigUInt64LE(BigInt(bytes), 12);
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(0x808, 6);
  local.fill(0xff, 18, 26);
  local.writeUInt16LE(name.length, 26);
  local.writeUInt16LE(sizes.length, 28);
  const head = Buffer.concat([local, name, sizes]);
  const descriptor = Buffer.alloc(24);
  descriptor.writeUInt32LE(0x08074b50, 0);
  descriptor.writeUInt32LE(0x1234, 4);
  descriptor.writeBigUInt64LE(BigInt(bytes), 8);
  descriptor.writeBigUInt64LE(BigInt(bytes), 16);
  const listed = Buffer.alloc(46);
  listed.writeUInt32LE(0x02014b50, 0);
  listed.writeUInt16LE(0x808, 8);
  listed.writeUInt32LE(0x1234, 16);
  listed.fill(0xff, 20, 28);
  listed.writeUInt16LE(name.length, 28);
  listed.writeUInt16LE(sizes.length, 30);
  const start = head.length + bytes + descriptor.length;
  const directory = Buffer.concat([listed, name, sizes]);
  const end = Buffer.alloc(98);
  end.writeUInt32LE(0x06064b50, 0);
  end.writeBigUInt64LE(44n, 4);
  end.writeBigUInt64LE(1n, 24);
  end.writeBigUInt64LE(1n, 32);
  end.writeBigUInt64LE(BigInt(directory.length), 40);
  end.writeBigUInt64LE(BigInt(start), 48);
  end.writeUInt32LE(0x07064b50, 56);
  end.writeBigUInt64LE(BigInt(start + directory.length), 64);
  end.writeUInt32LE(1, 72);
  end.writeUInt32LE(0x06054b50, 76);
  end.fill(0xff, 80, 96);
  const tail = Buffer.concat([descriptor, directory, end]);
  const tailAt = head.length + bytes;
  return {
    name: "p.zip",
    bytes: tailAt + tail.length,
    async readAt(offset, length) {
      const out = new Uint8Array(Math.max(0, Math.min(length, tailAt + tail.length - offset)));
      for (const [at, piece] of [
        [0, head],
        [tailAt, tail],
      ] as const) {
        const from = Math.max(offset, at);
        const to = Math.min(offset + out.length, at + piece.length);
        if (from < to) out.set(piece.subarray(from - at, to - at), from - offset);
      }
      return out;
    },
  };
}

it("reads sizes and places beyond 4 GiB", async () => {
  const bytes = 5 * 1024 ** 3 + 7;
  expect(await hiddenIn(huge(bytes))).toEqual([]);
  const { files, hidden } = await openZip(huge(bytes));
  expect(files.map((file) => file.bytes)).toEqual([bytes]);
  expect(hidden).toEqual([]);
});
