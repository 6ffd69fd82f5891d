import type { Clock } from "../../shared/lib/clock.ts";
import type { Logger } from "../core/log.ts";

const ONCE_PER_MS = 60_000;
const MAX_KEPT = 10_000;

/** Writes down that something was used, once a minute at most. Never makes a caller wait, and never fails one. */
export class LastUse {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #write: (id: string, at: Date, ip: string) => Promise<unknown>;
  readonly #writtenMs = new Map<string, number>();
  readonly #pending = new Set<Promise<unknown>>();

  constructor(clock: Clock, log: Logger, write: (id: string, at: Date, ip: string) => Promise<unknown>) {
    this.#clock = clock;
    this.#log = log;
    this.#write = write;
  }

  used(id: string, ip: string): void {
    const now = this.#clock.monotonicMs();
    const written = this.#writtenMs.get(id);
    if (written !== undefined && now - written < ONCE_PER_MS) return;
    if (this.#writtenMs.size >= MAX_KEPT) this.#writtenMs.clear();
    this.#writtenMs.set(id, now);
    const work = this.#write(id, new Date(this.#clock.utcMicros() / 1000), ip).catch((err: unknown) => {
      this.#log.warn({ err }, "the last use of a token could not be stored");
    });
    this.#pending.add(work);
    void work.finally(() => this.#pending.delete(work));
  }

  /** After what is under way. */
  async close(): Promise<void> {
    await Promise.all(this.#pending);
  }
}
