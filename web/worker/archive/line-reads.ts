import type { Clock, Timer } from "../../../shared/lib/clock.ts";
import { millis } from "../../../shared/lib/time.ts";
import { TokenBucket } from "../../../shared/lib/token-bucket.ts";
import {
  MAX_READS,
  type PlaybackClientMessage,
  type PlaybackServerMessage,
  VIEWER_SENDS,
} from "../../../shared/wire/playback-messages.ts";
import type { SealedFrame } from "../../../shared/wire/sealed-frame.ts";
import { ReadQueue } from "./read-queue.ts";

export type ReadRequest = Omit<Extract<PlaybackClientMessage, { type: "read" }>, "type" | "requestId">;
export type SourceMessage = Extract<PlaybackServerMessage, { type: "source" }>;
export type EndMessage = Extract<PlaybackServerMessage, { type: "end" }>;

/** One of `onEnd` and `onFailed` is called, once and last, unless the read was cancelled. */
export interface ReadEvents {
  onSource(source: SourceMessage): void;
  onFrames(frames: readonly SealedFrame[]): void;
  onEnd(end: EndMessage): void;
  /** `archive.lost` when the line went; `denied`; else the server's code. */
  onFailed(code: string, denied: boolean): void;
}

export interface ReadHandle {
  /** False while it waits for its turn: nothing is lost by giving it up for another one. */
  readonly asked: boolean;
  /** Nothing more is told of this read. */
  cancel(): void;
}

/** Messages for one read: itself, and its cancel, which must not wait. */
const READ_COST = 2;
/** A read of which nothing was heard for this long is given up: it may be asked again. */
const READ_SILENCE_MS = 15_000;

interface Read {
  readonly request: ReadRequest;
  readonly events: ReadEvents;
  lastHeardMs: number;
}

/**
 * The reads of one line after another. Those beyond the server's limits, at once and in a second, and those that come
 * while the line is down, wait for their turn; what is given up meanwhile is never sent.
 */
export class LineReads {
  readonly #clock: Clock;
  readonly #send: (message: PlaybackClientMessage) => void;
  readonly #running = new Map<number, Read>();
  readonly #waiting = new ReadQueue<Read>();
  /** Of the line that is open. */
  #budget: TokenBucket | undefined;
  #later: Timer | undefined;
  #nextId = 1;

  /** `send`: on the open line. */
  constructor(clock: Clock, send: (message: PlaybackClientMessage) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  add(request: ReadRequest, events: ReadEvents): ReadHandle {
    const id = this.#nextId;
    this.#nextId = (this.#nextId + 1) >>> 0;
    this.#waiting.add(id, { request, events, lastHeardMs: 0 });
    this.#pump();
    const waiting = this.#waiting;
    return {
      get asked() {
        return !waiting.has(id);
      },
      cancel: () => {
        if (this.#waiting.delete(id) || !this.#running.delete(id)) return;
        this.#send({ type: "cancel", requestId: id });
        this.#pump();
      },
    };
  }

  /** The line is open. */
  opened(): void {
    this.#budget = new TokenBucket(VIEWER_SENDS.perSecond, VIEWER_SENDS.burst, this.#clock);
    this.#pump();
  }

  /** The line is gone. Returns the events of the reads that were under way, which are not told of it here. */
  closed(): readonly ReadEvents[] {
    this.#budget = undefined;
    this.#later?.cancel();
    this.#later = undefined;
    const failed = [...this.#running.values()].map(({ events }) => events);
    this.#running.clear();
    return failed;
  }

  /** Forgets all of them without a word. */
  clear(): void {
    this.#waiting.clear();
    this.closed();
  }

  /** Something came for this read. */
  heard(requestId: number): ReadEvents | undefined {
    const read = this.#running.get(requestId);
    if (read) read.lastHeardMs = this.#clock.monotonicMs();
    return read?.events;
  }

  /** The read is over. */
  over(requestId: number, tell: (events: ReadEvents) => void): void {
    const read = this.#running.get(requestId);
    if (read) {
      this.#running.delete(requestId);
      // It needs no cancel any more.
      this.#budget?.give(READ_COST - 1);
      tell(read.events);
    }
    this.#pump();
  }

  giveUpSilent(): void {
    const now = this.#clock.monotonicMs();
    for (const [requestId, read] of [...this.#running]) {
      if (now - read.lastHeardMs < READ_SILENCE_MS) continue;
      this.#running.delete(requestId);
      this.#send({ type: "cancel", requestId });
      read.events.onFailed("archive.timeout", false);
    }
    this.#pump();
  }

  #pump(): void {
    const budget = this.#budget;
    while (budget && this.#waiting.size > 0 && this.#running.size < MAX_READS) {
      if (!budget.take(READ_COST)) {
        this.#later ??= this.#clock.after(millis(budget.waitMs(READ_COST)), () => {
          this.#later = undefined;
          this.#pump();
        });
        return;
      }
      const next = this.#waiting.take();
      if (!next) return;
      this.#running.set(next.id, next.read);
      next.read.lastHeardMs = this.#clock.monotonicMs();
      this.#send({ type: "read", requestId: next.id, ...next.read.request });
    }
  }
}
