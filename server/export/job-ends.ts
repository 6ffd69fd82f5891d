import type { Clock, Timer } from "../../shared/lib/clock.ts";
import { millis } from "../../shared/lib/time.ts";
import type { Logger } from "../core/log.ts";
import type { ExportStore, JobRow } from "./export-store.ts";

const FIRST_RETRY_MS = 1000;
const SLOWEST_RETRY_MS = 60_000;

/** How jobs ended, kept until the database knows: it may be away at that moment. */
export class JobEnds {
  readonly #store: ExportStore;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #waiting = new Map<string, Partial<JobRow>>();
  #failures = 0;
  #timer: Timer | undefined;
  #closed = false;

  constructor(store: ExportStore, clock: Clock, log: Logger) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
  }

  /** Its end is known here and not yet in the database. */
  has(id: string): boolean {
    return this.#waiting.has(id);
  }

  /** Says how a running job ended, now or as soon as it can be said. Never rejects. */
  async write(id: string, end: Partial<JobRow>): Promise<void> {
    this.#waiting.set(id, end);
    await this.retry();
  }

  /** Tries again at once. Never rejects. */
  async retry(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    try {
      for (const [id, end] of [...this.#waiting]) {
        await this.#store.move(id, ["running"], end);
        this.#waiting.delete(id);
      }
      this.#failures = 0;
    } catch (err) {
      this.#log.warn({ err, exports: this.#waiting.size }, "how an export ended could not be stored yet");
      this.#later();
    }
  }

  /** One last try. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#waiting.size > 0) await this.retry();
  }

  #later(): void {
    this.#timer?.cancel();
    if (this.#closed) return;
    const wait = Math.min(SLOWEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(this.#failures++, 10));
    this.#timer = this.#clock.after(millis(wait), () => void this.retry());
  }
}
