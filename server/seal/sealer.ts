import { FluxError } from "../../shared/lib/errors.ts";
import type { Micros } from "../../shared/lib/time.ts";
import { type AccessUnit, CODEC_IDS } from "../../shared/media/types.ts";
import {
  FLAG,
  HEADER_BYTES,
  MAX_PAYLOAD_BYTES,
  NONCE_BYTES,
  sealedFrameBytes,
  writeHeader,
} from "../../shared/wire/sealed-frame.ts";
import type { EpochKey } from "./key-ring.ts";

/** What the header says about time besides the unit's own stamps. */
export interface CaptureStamp {
  readonly captureTime: Micros;
  /** `captureTime` is the camera's own clock, not corrected. */
  readonly cameraClock: boolean;
}

/** A counter value is spent by being read: never put back, whatever happens to the frame. */
const LAST_COUNTER = 0xffffffff;

/**
 * Nonce counters of one generation, one per stream. They live as long as the generation: a camera removed and added
 * again continues where it stopped (SPEC W14).
 */
export class NonceCounters {
  readonly generation: number;
  readonly #first: number;
  readonly #next = new Map<number, number>();

  /** `generation` must come from a `GenerationStore` and belong to this thread alone. `first`: for tests of the end. */
  constructor(generation: number, first = 0) {
    if (!Number.isInteger(generation) || generation < 1 || generation > 0xffffffff) {
      throw new FluxError("seal.bad_generation", `seal generation ${generation} is not a number from 1 to 2^32 - 1`);
    }
    this.generation = generation;
    this.#first = first;
  }

  /** Throws `seal.exhausted` after 2^32 frames of one stream: the worker then needs a new generation. */
  take(streamId: number): number {
    const value = this.#next.get(streamId) ?? this.#first;
    if (value > LAST_COUNTER) {
      throw new FluxError("seal.exhausted", `stream ${streamId} used up every nonce of generation ${this.generation}`);
    }
    this.#next.set(streamId, value + 1);
    return value;
  }
}

/** Seals the frames of one stream. */
export class StreamSealer {
  readonly #counters: NonceCounters;
  readonly #streamId: number;
  readonly #nonce = new Uint8Array(NONCE_BYTES);
  readonly #nonceView = new DataView(this.#nonce.buffer);

  constructor(counters: NonceCounters, streamId: number) {
    if (!Number.isInteger(streamId) || streamId < 0 || streamId > 0xffffffff) {
      throw new FluxError("seal.bad_stream", `stream id ${streamId} is not a u32`);
    }
    this.#counters = counters;
    this.#streamId = streamId;
    this.#nonceView.setUint32(0, counters.generation);
    this.#nonceView.setUint32(4, streamId);
  }

  /** Spends a sequence number without a frame, so that readers see the loss. */
  skip(): void {
    this.#counters.take(this.#streamId);
  }

  /**
   * Writes the sealed frame at `offset` and returns its length. `out` must have room for
   * `sealedFrameBytes(payloadBytes(unit))`.
   * Throws `seal.too_long` (more than 8 MiB), `seal.exhausted`, `crypto.*`; the counter is spent all the same.
   */
  seal(unit: AccessUnit, stamp: CaptureStamp, key: EpochKey, out: Uint8Array, offset: number): number {
    const counter = this.#counters.take(this.#streamId);
    const length = payloadBytes(unit);
    if (length > MAX_PAYLOAD_BYTES) {
      throw new FluxError("seal.too_long", `frame of ${length} bytes is over the limit of ${MAX_PAYLOAD_BYTES}`);
    }
    this.#nonceView.setUint32(8, counter);
    writeHeader(
      {
        suite: key.suiteId,
        flags: flagsOf(unit, stamp),
        codec: CODEC_IDS[unit.codec],
        streamId: this.#streamId,
        keyId: key.keyId,
        epoch: key.epoch,
        length,
        sequence: counter,
        captureTime: stamp.captureTime,
        pts: unit.pts,
        ptsMinusDts: (unit.pts - unit.dts) as Micros,
        arrivalTime: unit.arrivalTime,
        nonce: this.#nonce,
      },
      out,
      offset,
    );
    const aad = out.subarray(offset, offset + HEADER_BYTES);
    key.aead.sealInto(this.#nonce, aad, unit.data, out, offset + HEADER_BYTES);
    return sealedFrameBytes(length);
  }
}

export function payloadBytes(unit: AccessUnit): number {
  let bytes = 0;
  for (const piece of unit.data) bytes += piece.byteLength;
  return bytes;
}

function flagsOf(unit: AccessUnit, stamp: CaptureStamp): number {
  let flags = 0;
  if (unit.keyframe) flags |= FLAG.keyframe;
  if (unit.disposable) flags |= FLAG.disposable;
  if (unit.discontinuity) flags |= FLAG.discontinuity;
  if (unit.codecChange) flags |= FLAG.codecChange;
  if (CODEC_IDS[unit.codec] >= CODEC_IDS.aac) flags |= FLAG.audio;
  if (stamp.cameraClock) flags |= FLAG.cameraClock;
  return flags;
}
