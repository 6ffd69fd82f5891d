import type { Clock, Timer } from "../../shared/lib/clock.ts";
import { millis } from "../../shared/lib/time.ts";
import type { GapFact, RecorderEvent, SegmentFact } from "../ingest/protocol.ts";

/** How far a gap that lasts is known to after a crash. */
const GROW_EVERY_MS = millis(10_000);

/**
 * Gaps that are not over: at most one per stream. A recorder tells those of its streams, and when they are over; those
 * that it cannot tell, as it did not run, begin here and are over with the first footage.
 */
export class LastingGaps {
  readonly #clock: Clock;
  readonly #write: (gap: GapFact) => void;
  readonly #timer: Timer;
  readonly #gaps = new Map<number, { readonly gap: GapFact; orphan: boolean }>();

  /** `write`: into the index; the same start and reason replace what is there. */
  constructor(clock: Clock, write: (gap: GapFact) => void) {
    this.#clock = clock;
    this.#write = write;
    this.#timer = clock.every(GROW_EVERY_MS, () => this.#grow());
  }

  /** All of them, up to now. */
  current(): GapFact[] {
    return [...this.#gaps.values()].map(({ gap }) => this.#untilNow(gap));
  }

  of(streamId: number): GapFact | undefined {
    return this.#gaps.get(streamId)?.gap;
  }

  /** A gap that no recorder knows of. */
  begin(gap: GapFact): void {
    this.#put(gap, true);
  }

  take(event: RecorderEvent): void {
    if (event.type === "gap") this.#told(event.gap);
    if (event.type === "segment-opened" || event.type === "segment-grown") this.#footage(event.segment);
  }

  /** Nobody will say when these streams' gaps are over: their recorder is gone. */
  orphan(cameraIds: ReadonlySet<string>): void {
    for (const one of this.#gaps.values()) if (cameraIds.has(one.gap.cameraId)) one.orphan = true;
  }

  /** Only these streams are to be recorded: what nobody would end otherwise is over. */
  keepOnly(streamIds: ReadonlySet<number>): void {
    for (const [streamId, { orphan }] of this.#gaps) {
      if (orphan && !streamIds.has(streamId)) this.#end(streamId, this.#clock.utcMicros());
    }
  }

  /** As far as they are known: the next start goes on from there. */
  close(): void {
    this.#timer.cancel();
    this.#grow();
    this.#gaps.clear();
  }

  #told(gap: GapFact): void {
    const known = this.#gaps.get(gap.streamId);
    const same = known?.gap.startMicros === gap.startMicros && known.gap.reason === gap.reason;
    if (gap.open === true) this.#put(gap, false);
    else {
      if (same) this.#gaps.delete(gap.streamId);
      else if (known?.orphan) this.#end(gap.streamId, gap.startMicros);
      this.#write(gap);
    }
  }

  /** A recorder ends its own gaps with the very frame. */
  #footage({ streamId, startMicros, endMicros }: SegmentFact): void {
    const known = this.#gaps.get(streamId);
    if (known?.orphan && endMicros > known.gap.startMicros) this.#end(streamId, startMicros);
  }

  #put(gap: GapFact, orphan: boolean): void {
    const known = this.#gaps.get(gap.streamId)?.gap;
    if (known && (known.startMicros !== gap.startMicros || known.reason !== gap.reason)) {
      this.#end(gap.streamId, gap.startMicros);
    }
    this.#gaps.set(gap.streamId, { gap, orphan });
    this.#write(this.#untilNow(gap));
  }

  #end(streamId: number, endMicros: number): void {
    const gap = this.#gaps.get(streamId)?.gap;
    this.#gaps.delete(streamId);
    if (gap) this.#write({ ...gap, endMicros: Math.max(gap.startMicros, endMicros), open: false });
  }

  #grow(): void {
    for (const { gap } of this.#gaps.values()) this.#write(this.#untilNow(gap));
  }

  #untilNow(gap: GapFact): GapFact {
    return { ...gap, endMicros: Math.max(gap.endMicros, this.#clock.utcMicros()), open: true };
  }
}
