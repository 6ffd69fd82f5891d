import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { withPatience } from "../db/deadline.ts";

/** How long another server's change may stay unseen; our own are seen at once (`forget`). */
const FRESH_MS = 5_000;
/** While the database is away, what was read this recently still counts. */
const USABLE_MS = 15 * 60_000;
const MAX_ENTRIES = 5_000;

interface Entry<T> {
  readonly value: T;
  readonly loadedMs: number;
}

/** Rows read a few seconds ago, so that a request costs no query. What does not exist is not kept: it could be anything. */
export class FreshCache<T> {
  readonly #clock: Clock;
  readonly #load: (key: string) => Promise<T | undefined>;
  readonly #entries = new Map<string, Entry<T>>();
  /** Counts changes: what was read before one must not be kept after it. */
  #version = 0;

  constructor(clock: Clock, load: (key: string) => Promise<T | undefined>) {
    this.#clock = clock;
    this.#load = load;
  }

  /** Throws `database.unavailable`. */
  async get(key: string): Promise<T | undefined> {
    const entry = this.#entries.get(key);
    const ageMs = entry ? this.#clock.monotonicMs() - entry.loadedMs : Number.POSITIVE_INFINITY;
    if (entry && ageMs < FRESH_MS) return entry.value;
    const version = this.#version;
    let value: T | undefined;
    try {
      value = await withPatience(this.#clock, this.#load(key));
    } catch (cause) {
      if (entry && ageMs < USABLE_MS && this.#entries.get(key) === entry) return entry.value;
      throw new FluxError("database.unavailable", "the database does not answer", { cause });
    }
    if (version !== this.#version) return value;
    this.#entries.delete(key);
    if (value !== undefined) this.#remember(key, value);
    return value;
  }

  /** Everything is read anew from now on. */
  forget(): void {
    this.#version++;
    this.#entries.clear();
  }

  #remember(key: string, value: T): void {
    this.#entries.set(key, { value, loadedMs: this.#clock.monotonicMs() });
    if (this.#entries.size <= MAX_ENTRIES) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}
