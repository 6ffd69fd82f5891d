import type { Clock } from "../../shared/lib/clock.ts";
import { type Millis, millis } from "../../shared/lib/time.ts";

export interface ForwarderOptions {
  readonly clock: Clock;
  /** Runs at the end of this turn of the event loop: `setImmediate`. */
  readonly defer: (run: () => void) => void;
  /**
   * Puts the thread to sleep. While it sleeps the kernel collects what the cameras send, and the next turn handles it
   * together: with 84 streams a turn then serves several sockets instead of one, which halves the cost of waking up.
   */
  readonly sleep: (duration: Millis) => void;
  readonly creditBytes?: number;
  readonly stagingBytes?: number;
}

/** `buffer` is exactly as long as its frames and may be transferred. */
export type PostBatch = (buffer: ArrayBuffer) => void;

/** On the way to the relay thread and not yet taken: more than this is a relay that stands still. */
const CREDIT_BYTES = 32 * 1024 * 1024;
const STAGING_BYTES = 1024 * 1024;
/** Under load, turns begin at least this far apart; alone, a frame leaves in the turn in which it came. */
const TURN_GAP_MS = 8;
/** A turn with so many frames serves many cameras: one frame's share of what a turn costs is then worth more waiting. */
const BUSY_FRAMES = 4;
const BUSY_TURN_GAP_MS = 16;

/**
 * Collects sealed frames in one reused staging buffer and posts them as one message.
 *
 * Frames are sealed straight into the staging buffer; a flush copies it once into a buffer of exactly that size. Sealing
 * into buffers that are then transferred would save that copy (0.3 % of the cost of sealing), but each would have to be
 * sized before its frames are known, and the receiver's GOP cache would keep the slack alive: tens of MB for 84 streams.
 */
export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #creditBytes: number;
  readonly #staging: Uint8Array<ArrayBuffer>;
  #post: PostBatch | undefined;
  #used = 0;
  #large: Uint8Array<ArrayBuffer> | undefined;
  #unacked = 0;
  #deferred = false;
  #framesInTurn = 0;
  #turnBeganMs = Number.NEGATIVE_INFINITY;

  constructor(options: ForwarderOptions) {
    this.#options = options;
    this.#creditBytes = options.creditBytes ?? CREDIT_BYTES;
    this.#staging = new Uint8Array(options.stagingBytes ?? STAGING_BYTES);
  }

  get attached(): boolean {
    return this.#post !== undefined;
  }

  /** Posted, not yet acknowledged. */
  get unackedBytes(): number {
    return this.#unacked;
  }

  /** A new receiver starts with full credit. */
  attach(post: PostBatch): void {
    this.detach();
    this.#post = post;
  }

  detach(): void {
    this.#post = undefined;
    this.#used = 0;
    this.#unacked = 0;
    this.#large = undefined;
  }

  /**
   * Room for one frame, or undefined when the receiver is out of credit or there is none.
   * Valid until the next call on this object; `commit` takes what was written there.
   */
  reserve(bytes: number): { out: Uint8Array; offset: number } | undefined {
    this.#large = undefined;
    if (!this.#post || this.#unacked + this.#used + bytes > this.#creditBytes) return undefined;
    if (bytes > this.#staging.byteLength) {
      this.flush();
      this.#large = new Uint8Array(bytes);
      return { out: this.#large, offset: 0 };
    }
    if (this.#used + bytes > this.#staging.byteLength) this.flush();
    return { out: this.#staging, offset: this.#used };
  }

  /** A frame that this turn has cost, though it goes elsewhere: turns are paced by all of them. */
  count(): void {
    this.#framesInTurn++;
    this.#schedule();
  }

  commit(bytes: number): void {
    this.#framesInTurn++;
    if (this.#large) {
      const { buffer } = this.#large;
      this.#large = undefined;
      this.#send(buffer);
      return;
    }
    this.#used += bytes;
    this.#schedule();
  }

  ack(bytes: number): void {
    if (bytes > 0) this.#unacked = Math.max(0, this.#unacked - bytes);
  }

  flush(): void {
    if (this.#used === 0) return;
    // Unlike `slice`, not filled with zeros before it is filled with frames.
    const batch = Buffer.allocUnsafeSlow(this.#used);
    batch.set(this.#staging.subarray(0, this.#used));
    this.#used = 0;
    this.#send(batch.buffer);
  }

  close(): void {
    this.detach();
    // What was sealed is not secret; what a late write might leave is not ours to keep.
    this.#staging.fill(0);
  }

  #send(buffer: ArrayBuffer): void {
    this.#unacked += buffer.byteLength;
    this.#post?.(buffer);
  }

  #schedule(): void {
    if (this.#deferred) return;
    this.#deferred = true;
    this.#options.defer(() => {
      this.#deferred = false;
      this.flush();
      this.#endTurn();
    });
  }

  /** Sleeps out the rest of the turn. The next one is counted from when this thread wakes, so that it sleeps again. */
  #endTurn(): void {
    const { clock, sleep } = this.#options;
    const gapMs = this.#framesInTurn >= BUSY_FRAMES ? BUSY_TURN_GAP_MS : TURN_GAP_MS;
    this.#framesInTurn = 0;
    const tookMs = clock.monotonicMs() - this.#turnBeganMs;
    if (tookMs < gapMs) sleep(millis(gapMs - tookMs));
    this.#turnBeganMs = clock.monotonicMs();
  }
}
