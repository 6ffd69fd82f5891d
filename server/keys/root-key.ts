import { randomBytes } from "node:crypto";
import { link, mkdir, open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { FluxError } from "../../shared/lib/errors.ts";
import { printedBy } from "./root-key-command.ts";

const ROOT_KEY_BYTES = 32;

export interface RootKey {
  readonly key: Uint8Array;
  readonly origin: "environment" | "command" | "file" | "created";
  /** The file can be read by others than its owner. */
  readonly exposed: boolean;
}

interface RootKeySource {
  /** The data folder's `root.key`. */
  readonly file: string;
  readonly environment?: string | undefined;
  /** Program and arguments that print the key. */
  readonly command?: readonly string[] | undefined;
  /** False: a file that is not there is an error. */
  readonly create?: boolean;
}

/** Name of the file in the data folder. */
export const ROOT_KEY_FILE = "root.key";

/**
 * The key above all keys: from the environment, else printed by a program (a client of a KMS, HSM or TPM), else from `file`,
 * which is created with mode 0600 at the first start. Whoever loses it loses every recording.
 * Throws `keys.root_key_unreadable`.
 */
export async function findRootKey({
  file,
  environment,
  command,
  create: mayCreate = true,
}: RootKeySource): Promise<RootKey> {
  if (command !== undefined) {
    return { key: decode(await printedBy(command), "what the command printed"), origin: "command", exposed: false };
  }
  if (environment === undefined && !mayCreate && !(await read(file))) {
    throw new FluxError("keys.root_key_unreadable", `there is no ${file}`);
  }
  return loadRootKey(file, environment);
}

/** As `findRootKey`, without a program. */
export async function loadRootKey(file: string, fromEnvironment: string | undefined): Promise<RootKey> {
  if (fromEnvironment !== undefined) {
    return { key: decode(fromEnvironment, "FLUXVISION_ROOT_KEY"), origin: "environment", exposed: false };
  }
  const existing = await read(file);
  if (existing) return { ...existing, origin: "file" };
  await create(file);
  const created = await read(file);
  if (!created) throw new FluxError("keys.root_key_unreadable", `${file} could not be created`);
  return { ...created, origin: "created" };
}

function decode(text: string, source: string): Uint8Array {
  const key = /^[0-9a-fA-F]{64}$/.test(text) ? Buffer.from(text, "hex") : Buffer.from(text, "base64");
  if (key.byteLength !== ROOT_KEY_BYTES) {
    throw new FluxError("keys.root_key_unreadable", `${source} does not hold a key of ${ROOT_KEY_BYTES} bytes`);
  }
  return new Uint8Array(key);
}

async function read(file: string): Promise<{ key: Uint8Array; exposed: boolean } | undefined> {
  const handle = await open(file, "r").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw new FluxError("keys.root_key_unreadable", `cannot read ${file}`, { cause: error });
  });
  if (!handle) return undefined;
  try {
    const { mode } = await handle.stat();
    return { key: decode((await handle.readFile("utf8")).trim(), file), exposed: (mode & 0o077) !== 0 };
  } finally {
    await handle.close();
  }
}

/** Written aside and linked into place: of two servers starting at once one wins, and no half-written key is ever seen. */
async function create(file: string): Promise<void> {
  const folder = dirname(file);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const unfinished = `${file}.${randomBytes(6).toString("hex")}`;
  const handle = await open(unfinished, "wx", 0o600);
  try {
    await handle.writeFile(`${randomBytes(ROOT_KEY_BYTES).toString("base64")}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    await link(unfinished, file);
    await syncFolder(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    await rm(unfinished, { force: true });
  }
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
