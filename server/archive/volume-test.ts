import { randomBytes, randomUUID } from "node:crypto";
import { mkdir, open, rm, rmdir, stat, statfs } from "node:fs/promises";
import { dirname, isAbsolute, join, resolve } from "node:path";
import type { VolumeTestResult } from "../../shared/api/storage-usage.ts";
import type { Clock } from "../../shared/lib/clock.ts";
import { describeError } from "../../shared/lib/errors.ts";

/** Enough to be more than a cache's mood, little enough to be over at once on a card reader. */
const PROBE_BYTES = 8 * 1024 * 1024;

/**
 * Writes, flushes, reads back and removes a file where a volume would be, and leaves nothing behind. What is wrong is in
 * the result; rejects never.
 */
export async function testFolder(given: string, clock: Clock): Promise<VolumeTestResult> {
  const none = { totalBytes: null, freeBytes: null, writeBytesPerSecond: null };
  if (!isAbsolute(given)) return { ok: false, problem: "must be an absolute path", willBeMade: false, ...none };
  const folder = resolve(given);
  const made = await missingFolders(folder).catch(() => []);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const { blocks, bavail, bsize } = await statfs(folder);
    const free = { totalBytes: blocks * bsize, freeBytes: bavail * bsize };
    if (free.freeBytes < 2 * PROBE_BYTES) {
      return { ...none, ok: false, problem: "the disk is full", willBeMade: made.length > 0, ...free };
    }
    const writeBytesPerSecond = await probe(join(folder, `.fluxvision-test-${randomUUID()}`), clock);
    return { ok: true, problem: null, willBeMade: made.length > 0, ...free, writeBytesPerSecond };
  } catch (error) {
    return { ok: false, problem: describeError(error), willBeMade: made.length > 0, ...none };
  } finally {
    // Deepest first; one that somebody else put something into stays.
    for (const path of made) await rmdir(path).catch(() => undefined);
  }
}

/** Folders on the way that are not there, deepest first. */
async function missingFolders(folder: string): Promise<string[]> {
  const missing: string[] = [];
  for (let path = folder; ; path = dirname(path)) {
    const there = await stat(path).then(
      () => true,
      () => false,
    );
    if (there || path === dirname(path)) return missing;
    missing.push(path);
  }
}

/** Bytes per second, written and flushed. Throws what the file system says. */
async function probe(path: string, clock: Clock): Promise<number> {
  const bytes = randomBytes(PROBE_BYTES);
  try {
    const file = await open(path, "wx+", 0o600);
    try {
      const before = clock.monotonicMs();
      await file.writeFile(bytes);
      await file.sync();
      const seconds = Math.max(0.01, clock.monotonicMs() - before) / 1000;
      const back = Buffer.alloc(PROBE_BYTES);
      const { bytesRead } = await file.read(back, 0, PROBE_BYTES, 0);
      if (bytesRead !== PROBE_BYTES || !back.equals(bytes)) throw new Error("what was written did not come back");
      return PROBE_BYTES / seconds;
    } finally {
      await file.close();
    }
  } finally {
    await rm(path, { force: true });
  }
}
