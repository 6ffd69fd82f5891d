import type { Clock, Timer } from "../../shared/lib/clock.ts";
import { type Millis, millis } from "../../shared/lib/time.ts";

/**
 * Lets connects through one at a time with a gap between them, so that a start with many cameras is no burst of
 * handshakes. It waits for no connect to finish: a dead camera delays nobody.
 */
export class ConnectGate {
  readonly #clock: Clock;
  readonly #gap: Millis;
  readonly #waiting = new Set<() => void>();
  #openAt = 0;
  #timer: Timer | undefined;

  constructor(clock: Clock, gap: Millis = millis(25)) {
    this.#clock = clock;
    this.#gap = gap;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Runs `go` at its turn, never inside this call. The returned function leaves the queue. */
  enter(go: () => void): () => void {
    const entry = (): void => go();
    this.#waiting.add(entry);
    this.#schedule();
    return () => void this.#waiting.delete(entry);
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#waiting.clear();
  }

  #schedule(): void {
    if (this.#timer || this.#waiting.size === 0) return;
    const delay = Math.max(0, this.#openAt - this.#clock.monotonicMs());
    this.#timer = this.#clock.after(millis(delay), () => {
      this.#timer = undefined;
      this.#next();
    });
  }

  #next(): void {
    const [first] = this.#waiting;
    if (!first) return;
    this.#waiting.delete(first);
    this.#openAt = this.#clock.monotonicMs() + this.#gap;
    this.#schedule();
    first();
  }
}
