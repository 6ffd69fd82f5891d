import type { Clock } from "../../shared/lib/clock.ts";
import { type AccessUnit, CODEC_IDS } from "../../shared/media/types.ts";
import { epochAt } from "../../shared/wire/epoch.ts";
import { MAX_PAYLOAD_BYTES, readHeader, sealedFrameBytes } from "../../shared/wire/sealed-frame.ts";
import type { ChunkPool } from "../record/chunk-pool.ts";
import type { Recorder } from "../record/recorder.ts";
import type { EpochKey, KeyRing } from "../seal/key-ring.ts";
import { type CaptureStamp, type NonceCounters, payloadBytes, StreamSealer } from "../seal/sealer.ts";
import { CaptureClock } from "./capture-clock.ts";
import type { Forwarder } from "./forwarder.ts";
import { HeldGop } from "./held-gop.ts";

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
  readonly recorder: Recorder;
  /** Memory for a frame that the forwarder does not take. */
  readonly scratch: Scratch;
  readonly gopPool: ChunkPool;
  /** The relay shall have it: a viewer wants it, or may at any moment and is not to wait. */
  readonly relayed: () => boolean;
  /** Shared by all streams of the worker. */
  readonly totals: SealingTotals;
  /** A frame had to be dropped because there is no key for its epoch. */
  readonly onKeyMissing: () => void;
}

interface FrameNeeds {
  readonly bytes: number;
  readonly startsPicture: boolean;
  readonly recorded: boolean;
}

/** Memory for one frame at a time, grown to the largest seen: shared by all streams of a worker. */
export class Scratch {
  #bytes = new Uint8Array(0);

  /** Valid until the next call. */
  take(bytes: number): Uint8Array {
    if (this.#bytes.byteLength < bytes) this.#bytes = new Uint8Array(bytes);
    return this.#bytes;
  }
}

/**
 * Seals one stream's units, once, for relay and recorder. Each of the two goes on without the other. Whatever is lost,
 * whoever lost it resumes at the next keyframe.
 */
export class StreamSealing {
  readonly #options: StreamSealingOptions;
  readonly #sealer: StreamSealer;
  readonly #captureClock = new CaptureClock();
  #waiting = true;
  /** The relay has missed a frame: it gets nothing that needs it. */
  #relayWaiting = true;
  /** While the relay does not get the stream. */
  readonly #gop: HeldGop;
  /** Since it was attached the relay has had a keyframe: what it misses now is a loss. */
  #relayStarted = false;
  #started = false;
  #dropped = 0;

  constructor(options: StreamSealingOptions) {
    this.#options = options;
    this.#gop = new HeldGop(options.gopPool);
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

  /** A viewer may have come, or the last one gone: the relay begins with the GOP that is running. */
  relayChanged(): void {
    const { forwarder, relayed } = this.#options;
    if (!forwarder.attached || !relayed()) {
      this.#missesRelay();
      return;
    }
    const all = this.#gop.handOver((bytes) => {
      const room = forwarder.reserve(bytes.byteLength);
      room?.out.set(bytes, room.offset);
      if (room) forwarder.commit(bytes.byteLength);
      return room !== undefined;
    });
    if (!all) return;
    this.#relayWaiting = false;
    this.#relayStarted = true;
  }

  /** Nothing comes any more: what is held is history, and must not pass for live. */
  streamDown(): void {
    this.#gop.clear();
  }

  /** Throws `seal.exhausted` and crypto faults; other units of this or any stream are not affected by it. */
  onUnit(unit: AccessUnit): void {
    const { clock, cameraId, streamId, keys, forwarder, recorder } = this.#options;
    const stamp = this.#captureClock.stamp(unit.cameraTime, unit.arrivalTime);
    const recorded = recorder.wants(streamId);
    if (!forwarder.attached) this.#missesRelay();
    if (!forwarder.attached && !recorded) {
      this.#waiting = true;
      this.#gop.clear();
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
      recorder.interrupted(streamId, "no-key");
      this.#options.onKeyMissing();
      return;
    }
    const payload = payloadBytes(unit);
    if (payload > MAX_PAYLOAD_BYTES) {
      this.#drop();
      return;
    }
    this.#seal(unit, stamp, key, { bytes: sealedFrameBytes(payload), startsPicture, recorded });
  }

  #seal(unit: AccessUnit, stamp: CaptureStamp, key: EpochKey, frame: FrameNeeds): void {
    const { streamId, forwarder, recorder, scratch, totals } = this.#options;
    const relayed = forwarder.attached && this.#options.relayed();
    const room = relayed && (!this.#relayWaiting || frame.startsPicture) ? forwarder.reserve(frame.bytes) : undefined;
    if (relayed && !room) this.#missFrame(frame.recorded);
    if (relayed && !room && !frame.recorded) {
      this.#drop();
      return;
    }
    const { out, offset } = room ?? { out: scratch.take(frame.bytes), offset: 0 };
    try {
      const length = this.#sealer.seal(unit, stamp, key, out, offset);
      const bytes = out.subarray(offset, offset + length);
      const header = frame.recorded || !relayed ? readHeader(bytes) : undefined;
      // Before the forwarder, which may hand the buffer on to another thread.
      if (frame.recorded) recorder.onFrame(streamId, bytes, header);
      if (header && !relayed) this.#gop.add(header, bytes);
      this.#passOn(room !== undefined, length);
      totals.framesSealed++;
      totals.bytesSealed += length;
      this.#waiting = false;
      this.#started = true;
    } catch (error) {
      this.#waiting = true;
      this.#missesRelay();
      this.#gop.clear();
      this.#dropped++;
      totals.framesDropped++;
      throw error;
    }
  }

  #passOn(reserved: boolean, bytes: number): void {
    const { forwarder } = this.#options;
    if (reserved) {
      forwarder.commit(bytes);
      this.#relayWaiting = false;
      this.#relayStarted = true;
    } else forwarder.count();
  }

  #missesRelay(): void {
    this.#relayWaiting = true;
    this.#relayStarted = false;
  }

  /** The relay alone loses this frame; whoever else has it sees no loss. */
  #missFrame(recorded: boolean): void {
    this.#relayWaiting = true;
    // A frame that nobody gets is counted once, where it is dropped.
    if (!recorded || !this.#relayStarted) return;
    this.#dropped++;
    this.#options.totals.framesDropped++;
  }

  #drop(): void {
    this.#waiting = true;
    this.#relayWaiting = true;
    this.#gop.clear();
    // Before the first keyframe nothing was owed, so nothing is lost.
    if (!this.#started) return;
    this.#dropped++;
    this.#options.totals.framesDropped++;
    this.#sealer.skip();
  }
}
