import type { Clock, Timer } from "../../../shared/lib/clock.ts";
import { millis } from "../../../shared/lib/time.ts";
import type { SealedFrame, SealedHeader } from "../../../shared/wire/sealed-frame.ts";

/** The rest of a GOP is awaited this long after the next GOP began to arrive. */
const LATE_GOP_MS = millis(400);
/** A timer so late means that this thread stood still: what arrived meanwhile is read before anything is given up. */
const STOOD_STILL_MS = 50;
const READ_UP_MS = millis(100);
const MAX_WAITING_BYTES = 16 * 1024 * 1024;

export interface GopHandle {
  frame(frame: SealedFrame): void;
  /** The stream is over. `complete`: by its proper end, with all of its frames. */
  end(complete: boolean): void;
}

/** Where a GOP begins. Sequences of different generations cannot be compared. */
interface Start {
  readonly generation: number;
  readonly sequence: number;
}

interface Gop {
  readonly streamId: number;
  readonly start: Start;
  readonly waiting: SealedFrame[];
  waitingBytes: number;
  ended: "no" | "complete" | "cut";
  readonly abandon: () => void;
}

interface Lane {
  readonly gops: Gop[];
  lateTimer: Timer | undefined;
}

export interface GopOrderOptions {
  readonly clock: Clock;
  readonly deliver: (frame: SealedFrame) => void;
  readonly onReset: (streamId: number) => void;
  /** A GOP was passed over: its first frame came when a later GOP had begun. What is delivered has no gap by that. */
  readonly onLate: (streamId: number) => void;
}

/**
 * GOPs of one camera stream come on transport streams of their own, may overlap and may overtake one another. Delivers
 * them one after the other, never backwards (W72), and gives up what is left of one when the next has been waiting too
 * long.
 */
export class GopOrder {
  readonly #options: GopOrderOptions;
  readonly #lanes = new Map<number, Lane>();
  /** Of the newest GOP that was begun, per camera stream. */
  readonly #begun = new Map<number, Start>();

  constructor(options: GopOrderOptions) {
    this.#options = options;
  }

  /** A GOP that begins with the frame of this header. `abandon` stops reading its transport stream. */
  open(first: SealedHeader, abandon: () => void): GopHandle {
    const { streamId } = first;
    const start = startOf(first);
    const begun = this.#begun.get(streamId);
    if (begun && isBefore(start, begun)) {
      // Others may share its transport stream (W75): that one is read on.
      this.#options.onLate(streamId);
      return IGNORED;
    }
    const lane = this.#lanes.get(streamId) ?? { gops: [], lateTimer: undefined };
    this.#lanes.set(streamId, lane);
    const gop: Gop = { streamId, start, waiting: [], waitingBytes: 0, ended: "no", abandon };
    const later = lane.gops.findIndex((other) => isBefore(start, other.start));
    if (later < 0) lane.gops.push(gop);
    else lane.gops.splice(later, 0, gop);
    if (lane.gops.length === 1) this.#begun.set(streamId, start);
    if (lane.gops.length === 2) this.#limit(lane);
    return {
      frame: (frame) => {
        if (gop.ended !== "no") return;
        if (lane.gops[0] === gop) this.#options.deliver(frame);
        else {
          gop.waiting.push(frame);
          gop.waitingBytes += frame.bytes.byteLength;
          if (gop.waitingBytes > MAX_WAITING_BYTES) this.#giveUpFirst(lane);
        }
      },
      end: (complete) => {
        if (gop.ended !== "no") return;
        gop.ended = complete ? "complete" : "cut";
        if (lane.gops[0] === gop) this.#advance(lane);
      },
    };
  }

  close(): void {
    for (const lane of this.#lanes.values()) {
      lane.lateTimer?.cancel();
      for (const gop of lane.gops) if (gop.ended === "no") gop.abandon();
    }
    this.#lanes.clear();
    this.#begun.clear();
  }

  #limit(lane: Lane): void {
    const { clock } = this.#options;
    const dueMs = clock.monotonicMs() + LATE_GOP_MS;
    lane.lateTimer = clock.after(LATE_GOP_MS, () => {
      if (clock.monotonicMs() - dueMs < STOOD_STILL_MS) this.#giveUpFirst(lane);
      else lane.lateTimer = clock.after(READ_UP_MS, () => this.#giveUpFirst(lane));
    });
  }

  #giveUpFirst(lane: Lane): void {
    const first = lane.gops[0];
    if (!first || lane.gops.length < 2) return;
    if (first.ended === "no") first.abandon();
    first.ended = "cut";
    this.#advance(lane);
  }

  /** The first GOP is over: goes on with the next ones, as far as they are there. */
  #advance(lane: Lane): void {
    for (;;) {
      const first = lane.gops[0];
      if (!first || first.ended === "no") break;
      lane.gops.shift();
      lane.lateTimer?.cancel();
      lane.lateTimer = undefined;
      if (first.ended === "cut") this.#options.onReset(first.streamId);
      const next = lane.gops[0];
      if (!next) break;
      this.#begun.set(next.streamId, next.start);
      for (const frame of next.waiting) this.#options.deliver(frame);
      next.waiting.length = 0;
      next.waitingBytes = 0;
      if (lane.gops.length >= 2) this.#limit(lane);
    }
    if (lane.gops.length === 0) this.#deleteLane(lane);
  }

  #deleteLane(lane: Lane): void {
    for (const [streamId, known] of this.#lanes) {
      if (known === lane) this.#lanes.delete(streamId);
    }
  }
}

const IGNORED: GopHandle = { frame: () => undefined, end: () => undefined };

function startOf({ nonce, sequence }: SealedHeader): Start {
  const [a = 0, b = 0, c = 0, d = 0] = nonce;
  return { generation: ((a << 24) | (b << 16) | (c << 8) | d) >>> 0, sequence };
}

function isBefore(one: Start, other: Start): boolean {
  return one.generation === other.generation && one.sequence < other.sequence;
}
