import { closeSync, constants, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";

/** Descriptor at which a child process started with `inherited` as fourth stdio entry finds the folder. */
const CHILD_DESCRIPTOR = 3;

/**
 * A folder of ours, kept open. On Linux everything in it is named through its descriptor (/proc/self/fd/N): paths stay
 * short enough for sockets (107 bytes), and a child under another account needs no right to walk down to it, so data
 * in /root works without loosening anything. The names work in every thread of this process.
 */
export class OpenFolder {
  readonly path: string;
  readonly #descriptor: number | undefined;

  /** Creates the folder, closed to others, if it is missing. */
  constructor(path: string) {
    this.path = path;
    mkdirSync(path, { recursive: true, mode: 0o700 });
    this.#descriptor =
      process.platform === "linux" ? openSync(path, constants.O_RDONLY | constants.O_DIRECTORY) : undefined;
  }

  /** As this process may open it, until `close`. */
  own(...parts: string[]): string {
    return join(this.#descriptor === undefined ? this.path : `/proc/self/fd/${this.#descriptor}`, ...parts);
  }

  /** As a child process may open it. */
  child(...parts: string[]): string {
    return join(this.#descriptor === undefined ? this.path : `/proc/self/fd/${CHILD_DESCRIPTOR}`, ...parts);
  }

  /** Fourth entry of a child's stdio. */
  get inherited(): number | "ignore" {
    return this.#descriptor ?? "ignore";
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
  }
}
