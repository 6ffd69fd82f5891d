import type { Clock, Timer } from "../../../shared/lib/clock.ts";
import { type Millis, millis } from "../../../shared/lib/time.ts";

/**
 * Sends are this far apart at least, so that frames of many cameras go out together: with 42 cameras at 15 fps a frame
 * comes every 1.6 ms. A frame that comes after a longer pause leaves at once.
 */
const GAP_MS = 4;
/** Every viewer costs a system call per turn: the more there are, the more a little waiting saves. */
const GAP_PER_VIEWER_MS = 0.5;
const LONGEST_GAP_MS = 12;

export interface Flushable {
  flush(): void;
}

export interface FlushSchedulerOptions {
  readonly clock: Clock;
  /** Runs once what this thread has received is handled: `setImmediate`. */
  readonly defer: (run: () => void) => void;
}

/** Runs every viewer that has something to send: at once after a pause, together under load. */
export class FlushScheduler {
  readonly #options: FlushSchedulerOptions;
  #waiting = new Set<Flushable>();
  #running = new Set<Flushable>();
  #planned = false;
  #timer: Timer | undefined;
  #nextMs = Number.NEGATIVE_INFINITY;

  constructor(options: FlushSchedulerOptions) {
    this.#options = options;
  }

  schedule(target: Flushable): void {
    this.#waiting.add(target);
    if (this.#planned) return;
    this.#planned = true;
    const waitMs = this.#nextMs - this.#options.clock.monotonicMs();
    if (waitMs <= 0) this.#options.defer(this.#run);
    else this.#timer = this.#options.clock.after(millis(waitMs), this.#run);
  }

  remove(target: Flushable): void {
    this.#waiting.delete(target);
    this.#running.delete(target);
  }

  close(): void {
    this.#timer?.cancel();
    this.#waiting.clear();
  }

  readonly #run = (): void => {
    this.#planned = false;
    const targets = this.#waiting;
    this.#waiting = this.#running;
    this.#running = targets;
    this.#nextMs = this.#options.clock.monotonicMs() + gapAfter(targets.size);
    for (const target of targets) target.flush();
    targets.clear();
  };
}

function gapAfter(viewers: number): Millis {
  return millis(Math.min(LONGEST_GAP_MS, GAP_MS + GAP_PER_VIEWER_MS * viewers));
}
