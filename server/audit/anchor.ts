import { randomBytes } from "node:crypto";
import { open, readFile, rename, rm } from "node:fs/promises";
import { z } from "zod";
import type { Logger } from "../core/log.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { parseBody } from "./checkpoint.ts";

const anchorFile = z.object({ body: z.string().max(4000), signature: z.string().max(200) });

/** What somebody outside the database knows of the chain: a row and its hash. */
export interface Anchor {
  readonly seq: number;
  /** Hex. */
  readonly hash: string;
  /** Number of the checkpoint that said so, if it is known. */
  readonly number?: number | undefined;
}

/**
 * The newest checkpoint, in a file of the data folder: whoever can only change the database cannot take off the chain's end,
 * or put back an older copy of it, without being found out.
 */
export class AnchorFile {
  readonly #path: string | undefined;
  readonly #log: Logger;

  /** Undefined path: none is kept. */
  constructor(path: string | undefined, log: Logger) {
    this.#path = path;
    this.#log = log;
  }

  /** The signed checkpoint as it was written; the caller checks its signature. */
  async read(): Promise<Checkpoint | undefined> {
    if (this.#path === undefined) return undefined;
    try {
      const { body, signature } = anchorFile.parse(JSON.parse(await readFile(this.#path, "utf8")));
      const parsed = parseBody(body);
      if (!parsed) return undefined;
      return { number: parsed.number, seq: parsed.seq, at: new Date(parsed.at), body, signature };
    } catch (err) {
      if ((err as NodeJS.ErrnoException).code !== "ENOENT") this.#log.warn({ err }, "the audit anchor cannot be read");
      return undefined;
    }
  }

  /** Never rejects: the chain in the database is complete without it. */
  async write({ body, signature }: Checkpoint): Promise<void> {
    if (this.#path === undefined) return;
    const unfinished = `${this.#path}.${randomBytes(6).toString("hex")}`;
    try {
      const handle = await open(unfinished, "wx", 0o600);
      try {
        await handle.writeFile(`${JSON.stringify({ body, signature })}\n`);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(unfinished, this.#path);
    } catch (err) {
      this.#log.warn({ err }, "the audit anchor cannot be written");
      await rm(unfinished, { force: true }).catch(() => undefined);
    }
  }
}
