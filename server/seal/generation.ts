import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { FluxError } from "../../shared/lib/errors.ts";

/** The database's half of the counter. Both halves survive a crash on their own; the larger one wins. */
export interface GenerationRecord {
  /** The largest number ever recorded; 0 when there is none. */
  highest(): Promise<number>;
  /** Durable when it resolves. */
  record(generation: number): Promise<void>;
}

export interface GenerationStore {
  /** A number that was never returned before, in this or any earlier life of the data folder. */
  allocate(): Promise<number>;
}

export interface GenerationStoreOptions {
  /** File of the counter, inside the data folder. */
  readonly path: string;
  readonly record?: GenerationRecord;
}

const MAX_GENERATION = 0xffffffff;

/**
 * Counts seal generations. A number is given out only after it is safely on disk (file written, fsynced, renamed, folder
 * fsynced) and in the database: a crash may lose a number, never repeat one.
 */
export function createGenerationStore(options: GenerationStoreOptions): GenerationStore {
  let queue: Promise<unknown> = Promise.resolve();
  return {
    allocate() {
      const result = queue.then(() => allocate(options));
      queue = result.catch(() => undefined);
      return result;
    },
  };
}

async function allocate({ path, record }: GenerationStoreOptions): Promise<number> {
  const fromFile = await readCounter(path);
  const fromRecord = record ? await record.highest() : 0;
  const next = Math.max(fromFile, fromRecord) + 1;
  if (!Number.isSafeInteger(next) || next > MAX_GENERATION) {
    throw new FluxError("seal.generations_spent", "no seal generation is left; rotate the master key and start anew");
  }
  await writeCounter(path, next);
  if (record) await record.record(next);
  return next;
}

/** 0 when the file does not exist. Throws `seal.generation_unreadable`: guessing would risk a repeat. */
async function readCounter(path: string): Promise<number> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw new FluxError("seal.generation_unreadable", `cannot read ${path}`, { cause: error });
  }
  const match = /^(\d{1,10})\n$/.exec(text);
  const value = Number(match?.[1]);
  if (!match || value < 1 || value > MAX_GENERATION) {
    throw new FluxError("seal.generation_unreadable", `${path} does not hold a generation number`);
  }
  return value;
}

async function writeCounter(path: string, value: number): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = join(folder, `.${process.pid}.generation.tmp`);
  const file = await open(temporary, "w", 0o600);
  try {
    await file.writeFile(`${value}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncFolder(folder);
}

/** Makes the rename durable. Windows cannot fsync a folder; its rename is journalled. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
