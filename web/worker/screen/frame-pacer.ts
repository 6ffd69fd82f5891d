import type { Clock, Timer } from "../../../shared/lib/clock.ts";
import { millis } from "../../../shared/lib/time.ts";

export interface FramePacerDeps {
  readonly clock: Clock;
  /** requestAnimationFrame. */
  requestFrame(run: () => void): void;
  /** Uploads and draws. Never rejects. */
  present(): Promise<void>;
}

/** Draws when something changed, at most once per animation frame and no more often than `minIntervalMs`. */
export class FramePacer {
  readonly #deps: FramePacerDeps;
  #minIntervalMs = 0;
  #wanted = false;
  #busy = false;
  #lastMs = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;
  #closed = false;

  constructor(deps: FramePacerDeps) {
    this.#deps = deps;
  }

  set minIntervalMs(value: number) {
    this.#minIntervalMs = value;
  }

  /** Something changed. */
  request(): void {
    if (this.#closed || this.#wanted) return;
    this.#wanted = true;
    if (!this.#busy) this.#schedule();
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #schedule(): void {
    const waitMs = this.#lastMs + this.#minIntervalMs - this.#deps.clock.monotonicMs();
    if (waitMs > 1) this.#timer = this.#deps.clock.after(millis(waitMs), () => this.#frame());
    else this.#frame();
  }

  #frame(): void {
    this.#deps.requestFrame(() => {
      if (!this.#closed) void this.#present();
    });
  }

  async #present(): Promise<void> {
    this.#busy = true;
    this.#wanted = false;
    this.#lastMs = this.#deps.clock.monotonicMs();
    try {
      await this.#deps.present();
    } finally {
      this.#busy = false;
      if (this.#wanted && !this.#closed) this.#schedule();
    }
  }
}
