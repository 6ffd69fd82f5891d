import type { Clock, Timer } from "../../../shared/lib/clock.ts";
import { millis } from "../../../shared/lib/time.ts";

/** A stream goes on this long after its last viewer left: going back and forth costs no new RTSP session. */
const LINGER_MS = millis(10_000);

/** Which streams some viewer wants, counted, and told to the ingest side on change. */
export class StreamDemand {
  readonly #tell: (streamId: number, wanted: boolean) => void;
  readonly #clock: Clock;
  readonly #counts = new Map<number, number>();
  readonly #lingering = new Map<number, Timer>();

  constructor(tell: (streamId: number, wanted: boolean) => void, clock: Clock) {
    this.#tell = tell;
    this.#clock = clock;
  }

  /** Wanted or lingering: what a new ingest worker must be told. */
  get wanted(): number[] {
    return [...this.#counts.keys(), ...this.#lingering.keys()];
  }

  acquire(streamId: number): void {
    const count = this.#counts.get(streamId) ?? 0;
    this.#counts.set(streamId, count + 1);
    if (count > 0) return;
    const lingering = this.#lingering.get(streamId);
    this.#lingering.delete(streamId);
    if (lingering) lingering.cancel();
    else this.#tell(streamId, true);
  }

  release(streamId: number): void {
    const count = this.#counts.get(streamId) ?? 0;
    if (count > 1) {
      this.#counts.set(streamId, count - 1);
    } else if (count === 1) {
      this.#counts.delete(streamId);
      const timer = this.#clock.after(LINGER_MS, () => {
        this.#lingering.delete(streamId);
        this.#tell(streamId, false);
      });
      this.#lingering.set(streamId, timer);
    }
  }

  close(): void {
    for (const timer of this.#lingering.values()) timer.cancel();
    this.#lingering.clear();
    this.#counts.clear();
  }
}
