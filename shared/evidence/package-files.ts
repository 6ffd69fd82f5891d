import { configure, Reader, ZipReader } from "@zip.js/zip.js";
import { FluxError } from "../lib/errors.ts";
import type { ByteFile } from "./byte-file.ts";
import { hiddenIn } from "./zip-layout.ts";

export type { ByteFile } from "./byte-file.ts";

export interface PackageFiles {
  readonly files: readonly ByteFile[];
  /** Names that occur more than once: which of them counts would depend on the reader. */
  readonly duplicates: readonly string[];
  /** Of a .zip: byte positions of what its directory does not list, or lists otherwise. */
  readonly hidden: readonly number[];
}

const LOCAL_HEADER_BYTES = 30;
const LOCAL_HEADER_MAGIC = 0x504b0304;
const STORED = 0;

class RangeReader extends Reader<ByteFile> {
  readonly #file: ByteFile;
  constructor(file: ByteFile) {
    super(file);
    this.#file = file;
    this.size = file.bytes;
  }
  override async readUint8Array(index: number, length: number): Promise<Uint8Array> {
    return this.#file.readAt(index, Math.min(length, this.#file.bytes - index));
  }
}

/**
 * The files of a .zip that an export made: stored, so that each is a stretch of the whole and nothing is unpacked.
 * Throws `evidence.no_zip`, `evidence.compressed`.
 */
export async function openZip(whole: ByteFile): Promise<PackageFiles> {
  configure({ useWebWorkers: false });
  const files: ByteFile[] = [];
  const seen = new Set<string>();
  const duplicates: string[] = [];
  const hidden: number[] = [];
  const reader = new ZipReader(new RangeReader(whole));
  try {
    for await (const entry of reader.getEntriesGenerator()) {
      const { filename: name, directory, compressionMethod, uncompressedSize, offset, encrypted } = entry;
      if (directory) {
        // A folder by its attributes alone is a file to others.
        if (!name.endsWith("/") || entry.compressedSize > 0) hidden.push(offset);
        continue;
      }
      // Folded: two names that differ in case are one file on many systems.
      const folded = name.toLowerCase();
      if (seen.has(folded)) duplicates.push(name);
      seen.add(folded);
      if (compressionMethod !== STORED || encrypted) {
        throw new FluxError("evidence.compressed", "the package was packed anew: unpack it and check the folder");
      }
      files.push(await storedFile(whole, name, offset, uncompressedSize));
    }
    hidden.push(...(await hiddenIn(whole)));
  } catch (cause) {
    if (cause instanceof FluxError) throw cause;
    throw new FluxError("evidence.no_zip", "this is no readable .zip file", { cause });
  } finally {
    await reader.close();
  }
  return { files, duplicates, hidden };
}

async function storedFile(whole: ByteFile, name: string, offset: number, bytes: number): Promise<ByteFile> {
  const header = await whole.readAt(offset, LOCAL_HEADER_BYTES);
  if (header.byteLength < LOCAL_HEADER_BYTES) throw new FluxError("evidence.no_zip", "the .zip file is cut off");
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  if (view.getUint32(0) !== LOCAL_HEADER_MAGIC) throw new FluxError("evidence.no_zip", `the entry ${name} is damaged`);
  const start = offset + LOCAL_HEADER_BYTES + view.getUint16(26, true) + view.getUint16(28, true);
  const there = Math.max(0, Math.min(bytes, whole.bytes - start));
  return slice(whole, name, start, there);
}

function slice(whole: ByteFile, name: string, start: number, bytes: number): ByteFile {
  const { blob } = whole;
  return {
    name,
    bytes,
    ...(blob ? { blob: (from: number, to: number, type: string) => blob(start + from, start + to, type) } : {}),
    readAt: (at, length) => whole.readAt(start + at, Math.max(0, Math.min(length, bytes - at))),
  };
}

export async function readWhole(file: ByteFile, limitBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  if (file.bytes > limitBytes) throw new FluxError("evidence.too_large", `${file.name} is too large`);
  return file.readAt(0, file.bytes);
}
