import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rmdir, stat, unlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describeError, FluxError } from "../../../shared/lib/errors.ts";
import { type ByteSource, openFileSource } from "../../record/segment-reader.ts";
import { fileSystem, MARKER_FILE } from "../../record/volume-io.ts";
import {
  CAMERA_FOLDER,
  DAY_FOLDER,
  PIECE_BYTES,
  type PutOptions,
  SEGMENT_NAME,
  type SegmentStore,
  type StoredFile,
} from "./segment-store.ts";

/** A copy that is not finished: no segment's name, so nobody takes it for one. */
const PART = /^\.(\d{1,12}-\d{1,10}(-\d{1,3})?)\.part$/;

/** Segments as files of a folder. */
export class LocalStore implements SegmentStore {
  readonly volumeId: string;
  readonly #folder: string;

  constructor(volumeId: string, folder: string) {
    this.volumeId = volumeId;
    this.#folder = folder;
  }

  async probe(): Promise<void> {
    const marker = (await readFile(join(this.#folder, MARKER_FILE), "utf8")).trim();
    if (marker !== this.volumeId) throw new FluxError("storage.other_volume", "another volume is mounted there");
  }

  /** Makes the folder ours: an empty one, or one that is marked with this id already. */
  async claim(): Promise<void> {
    const marker = join(this.#folder, MARKER_FILE);
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      await writeFile(marker, `${this.volumeId}\n`, { flag: "wx", mode: 0o600, flush: true });
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EEXIST") {
        throw new FluxError("storage.bad_location", describeError(cause), { field: "location", cause });
      }
      if ((await readFile(marker, "utf8")).trim() === this.volumeId) return;
      throw new FluxError("storage.other_volume", "the folder belongs to another volume or server", {
        field: "location",
      });
    }
  }

  async *list(): AsyncGenerator<readonly StoredFile[]> {
    for (const [folder, files] of await this.#folders()) {
      const page: StoredFile[] = [];
      for (const name of files.filter((file) => SEGMENT_NAME.test(file))) {
        const path = `${folder}/${name}`;
        const bytes = await this.size(path);
        if (bytes !== undefined) page.push({ path, bytes });
      }
      yield page;
    }
  }

  async size(path: string): Promise<number | undefined> {
    try {
      return (await stat(join(this.#folder, path))).size;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async read(path: string, offset: number, length: number): Promise<Uint8Array> {
    const source = await this.open(path);
    try {
      return await source.readAt(offset, length);
    } finally {
      await source.close();
    }
  }

  async open(path: string): Promise<ByteSource> {
    try {
      return await openFileSource(join(this.#folder, path));
    } catch (cause) {
      if (isMissing(cause)) throw new FluxError("storage.no_object", "the file is gone", { cause });
      throw cause;
    }
  }

  async put(path: string, source: ByteSource, { signal, pace }: PutOptions): Promise<void> {
    const file = join(this.#folder, path);
    const part = partOf(file);
    const io = fileSystem();
    await removeIfThere(part);
    const copy = await io.create(part);
    let hash: string;
    try {
      hash = await eachPiece(source, async (bytes, at) => {
        signal.throwIfAborted();
        await pace(bytes.byteLength);
        await copy.write([bytes], at);
      });
      await copy.sync();
    } finally {
      await copy.close();
    }
    const written = await openFileSource(part);
    try {
      const same =
        written.bytes === source.bytes && (await eachPiece(written, async () => signal.throwIfAborted())) === hash;
      if (!same) throw new FluxError("storage.not_verified", "the copy is not what was copied");
    } finally {
      await written.close();
    }
    await rename(part, file);
    await io.syncFolder(dirname(file));
  }

  async remove(path: string): Promise<void> {
    await removeFile(join(this.#folder, path));
  }

  async leftovers(): Promise<readonly string[]> {
    const found = await this.#folders();
    return found.flatMap(([folder, names]) => {
      return names.flatMap((name) => {
        const [, segment] = PART.exec(name) ?? [];
        return segment === undefined ? [] : [`${folder}/${segment}`];
      });
    });
  }

  async discard(path: string): Promise<void> {
    await removeFile(partOf(join(this.#folder, path)));
  }

  /** `<camera>/<day>` with the names in it. */
  async #folders(): Promise<[string, string[]][]> {
    const found: [string, string[]][] = [];
    for (const camera of await names(this.#folder, CAMERA_FOLDER)) {
      for (const day of await names(join(this.#folder, camera), DAY_FOLDER)) {
        const folder = `${camera}/${day}`;
        found.push([folder, await names(join(this.#folder, folder), /^/)]);
      }
    }
    return found;
  }
}

/** Reads a source to its end; resolves to its SHA-256. */
async function eachPiece(source: ByteSource, take: (bytes: Uint8Array, at: number) => Promise<void>): Promise<string> {
  const hash = createHash("sha256");
  for (let at = 0; at < source.bytes; at += PIECE_BYTES) {
    const length = Math.min(PIECE_BYTES, source.bytes - at);
    const bytes = await source.readAt(at, length);
    if (bytes.byteLength !== length)
      throw new FluxError("segment.short", "the file became shorter while it was copied");
    hash.update(bytes);
    await take(bytes, at);
  }
  return hash.digest("hex");
}

function partOf(file: string): string {
  return join(dirname(file), `.${file.slice(dirname(file).length + 1)}.part`);
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ENOENT";
}

async function removeIfThere(file: string): Promise<void> {
  try {
    await unlink(file);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** Removes a file that may be gone already, and its folders once they are empty. */
export async function removeFile(file: string): Promise<void> {
  await removeIfThere(file);
  for (const folder of [dirname(file), dirname(dirname(file))]) {
    const removed = await rmdir(folder).then(
      () => true,
      () => false,
    );
    if (!removed) return;
  }
}

/** Names in a folder that look as ours do; none when the folder is not there. */
export async function names(folder: string, pattern: RegExp): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => pattern.test(name)).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
