import type { Clock } from "../../shared/lib/clock.ts";
import { type AccessUnit, CODEC_IDS } from "../../shared/media/types.ts";
import { epochAt } from "../../shared/wire/epoch.ts";
import { MAX_PAYLOAD_BYTES, sealedFrameBytes } from "../../shared/wire/sealed-frame.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import { type NonceCounters, payloadBytes, StreamSealer } from "../seal/sealer.ts";
import { CaptureClock } from "./capture-clock.ts";
import type { Forwarder } from "./forwarder.ts";

export interface SealingTotals {
  framesSealed: number;
  bytesSealed: number;
  framesDropped: number;
}

export interface StreamSealingOptions {
  readonly clock: Clock;
  readonly cameraId: string;
  readonly streamId: number;
  readonly keys: KeyRing;
  readonly counters: NonceCounters;
  readonly forwarder: Forwarder;
  /** Shared by all streams of the worker. */
  readonly totals: SealingTotals;
  /** A frame had to be dropped because there is no key for its epoch. */
  readonly onKeyMissing: () => void;
}

/** Seals one stream's units into the forwarder. Whatever is lost, the stream resumes at the next keyframe. */
export class StreamSealing {
  readonly #options: StreamSealingOptions;
  readonly #sealer: StreamSealer;
  readonly #captureClock = new CaptureClock();
  #waiting = true;
  #started = false;
  #dropped = 0;

  constructor(options: StreamSealingOptions) {
    this.#options = options;
    this.#sealer = new StreamSealer(options.counters, options.streamId);
  }

  get droppedFrames(): number {
    return this.#dropped;
  }

  get clockOffsetMs(): number | undefined {
    return this.#captureClock.offsetMs;
  }

  hasKey(): boolean {
    const { keys, cameraId, clock } = this.#options;
    return keys.has(cameraId, epochAt(clock.utcMicros()));
  }

  /** Throws `seal.exhausted` and crypto faults; other units of this or any stream are not affected by it. */
  onUnit(unit: AccessUnit): void {
    const { clock, cameraId, keys, forwarder, totals } = this.#options;
    const stamp = this.#captureClock.stamp(unit.cameraTime, unit.arrivalTime);
    if (!forwarder.attached) {
      this.#waiting = true;
      return;
    }
    const startsPicture = unit.keyframe && CODEC_IDS[unit.codec] < CODEC_IDS.aac;
    if (this.#waiting && !startsPicture) {
      this.#drop();
      return;
    }
    const key = keys.get(cameraId, epochAt(clock.utcMicros()));
    if (!key) {
      this.#drop();
      this.#options.onKeyMissing();
      return;
    }
    const payload = payloadBytes(unit);
    const room = payload > MAX_PAYLOAD_BYTES ? undefined : forwarder.reserve(sealedFrameBytes(payload));
    if (!room) {
      this.#drop();
      return;
    }
    try {
      const bytes = this.#sealer.seal(unit, stamp, key, room.out, room.offset);
      forwarder.commit(bytes);
      totals.framesSealed++;
      totals.bytesSealed += bytes;
      this.#waiting = false;
      this.#started = true;
    } catch (error) {
      this.#waiting = true;
      this.#dropped++;
      totals.framesDropped++;
      throw error;
    }
  }

  #drop(): void {
    this.#waiting = true;
    // Before the first keyframe nothing was owed, so nothing is lost.
    if (!this.#started) return;
    this.#dropped++;
    this.#options.totals.framesDropped++;
    this.#sealer.skip();
  }
}
