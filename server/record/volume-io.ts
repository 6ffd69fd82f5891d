import { mkdir, open, readFile, statfs, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";

/** A file that is being written. */
export interface AppendFile {
  /** All of it, or it throws. */
  write(pieces: readonly Uint8Array[], position: number): Promise<void>;
  sync(): Promise<void>;
  /** Cuts off what lies behind. */
  truncate(bytes: number): Promise<void>;
  close(): Promise<void>;
}

/** The file system as the recorder uses it: one seam for faults in tests. */
export interface VolumeIo {
  /** Throws EEXIST when the name is taken. `path` is absolute; its folders are made, mode 0700. */
  create(path: string): Promise<AppendFile>;
  /** Makes the names in a folder durable. */
  syncFolder(path: string): Promise<void>;
  remove(path: string): Promise<void>;
  freeBytes(path: string): Promise<number>;
  /** The volume's id as written in its marker. */
  marker(path: string): Promise<string>;
}

export const MARKER_FILE = ".fluxvision-volume";

const CREATE_TRIES = 10;

export function fileSystem(): VolumeIo {
  return {
    async create(path) {
      const folder = dirname(path);
      const { first, handle } = await openNew(path);
      // The new folders' own names must survive too.
      for (
        let made = first === undefined ? undefined : folder;
        made !== undefined && made.length >= (first?.length ?? 0);
      ) {
        await syncFolder(dirname(made));
        made = dirname(made);
      }
      return {
        async write(pieces, position) {
          let total = 0;
          for (const piece of pieces) total += piece.byteLength;
          const { bytesWritten } = await handle.writev(pieces, position);
          if (bytesWritten === total) return;
          // A disk that is nearly full takes a part: what is left is written, or says why not.
          const rest = Buffer.concat(pieces).subarray(bytesWritten);
          await writeAll(handle, rest, position + bytesWritten);
        },
        sync: () => handle.datasync(),
        truncate: (bytes) => handle.truncate(bytes),
        close: () => handle.close(),
      };
    },
    syncFolder,
    remove: (path) => unlink(path),
    async freeBytes(path) {
      const { bavail, bsize } = await statfs(path);
      return bavail * bsize;
    },
    marker: async (path) => (await readFile(join(path, MARKER_FILE), "utf8")).trim(),
  };
}

/**
 * Makes the folders and the file in them. Whoever removes the last file of a folder removes the folder (LocalStore), in
 * another thread and between any two of our calls: then both are made anew. That takes a removal each time, of which
 * there are few; a disk that is gone fails as often as we ask.
 */
async function openNew(
  path: string,
): Promise<{ readonly first: string | undefined; readonly handle: Awaited<ReturnType<typeof open>> }> {
  let first: string | undefined;
  for (let left = CREATE_TRIES; ; left--) {
    try {
      const made = await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      // Of what an earlier round made the upper part may still be there.
      if (made !== undefined && made.length < (first?.length ?? Number.POSITIVE_INFINITY)) first = made;
      return { first, handle: await open(path, "wx", 0o600) };
    } catch (error) {
      if (left <= 1 || (error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
}

async function writeAll(handle: Awaited<ReturnType<typeof open>>, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.byteLength) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.byteLength - done, position + done);
    if (bytesWritten === 0) throw Object.assign(new Error("the disk takes no more"), { code: "ENOSPC" });
    done += bytesWritten;
  }
}

async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
