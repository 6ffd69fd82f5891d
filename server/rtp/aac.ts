import { FluxError } from "../../shared/lib/errors.ts";
import { BitReader } from "./bit-reader.ts";
import type { RtpPacket } from "./packet.ts";

const SAMPLE_RATES = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350];
/** ADTS says a frame's length in 13 bits. */
const MAX_FRAME_BYTES = 8191 - 7;
const MAX_FRAMES_PER_PACKET = 64;
export const AAC_FRAME_SAMPLES = 1024;

export interface AacConfig {
  /** MPEG-4 audio object type of the core: 2 is AAC-LC. */
  readonly objectType: number;
  readonly rateIndex: number;
  readonly sampleRate: number;
  readonly channels: number;
}

/** AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1). Throws `rtp.unsupported` for what ADTS cannot carry. */
export function parseAacConfig(bytes: Uint8Array): AacConfig {
  const reader = new BitReader(bytes);
  try {
    let objectType = reader.bits(5);
    let rateIndex = reader.bits(4);
    const channels = reader.bits(4);
    if (objectType === 5 || objectType === 29) {
      // SBR: the core's rate goes into ADTS, decoders find the extension by themselves.
      if (reader.bits(4) === 15) reader.skip(24);
      objectType = reader.bits(5);
    }
    if (rateIndex === 15) rateIndex = -1;
    const sampleRate = SAMPLE_RATES[rateIndex];
    if (objectType < 1 || objectType > 4 || sampleRate === undefined || channels < 1 || channels > 7) {
      throw new FluxError("rtp.unsupported", "AAC configuration that ADTS cannot carry");
    }
    return { objectType, rateIndex, sampleRate, channels: channels === 7 ? 8 : channels };
  } catch (error) {
    if (error instanceof FluxError && error.code === "rtp.parameter_set") {
      throw new FluxError("rtp.unsupported", "AAC configuration is too short", { cause: error });
    }
    throw error;
  }
}

/** The 7-byte ADTS header (ISO/IEC 13818-7, 6.2) of a frame of `payloadBytes`. */
export function adtsHeader(config: AacConfig, payloadBytes: number): Uint8Array {
  const length = payloadBytes + 7;
  const channels = config.channels === 8 ? 7 : config.channels;
  return Uint8Array.of(
    0xff,
    0xf1,
    ((config.objectType - 1) << 6) | (config.rateIndex << 2) | (channels >> 2),
    ((channels & 3) << 6) | (length >> 11),
    (length >> 3) & 0xff,
    ((length & 7) << 5) | 0x1f,
    0xfc,
  );
}

export interface AacFraming {
  readonly sizeLength: number;
  readonly indexLength: number;
  readonly indexDeltaLength: number;
}

/** One AAC frame: `bytes[start, end)`, `index` frames after the packet's timestamp. */
export type AacFrameTaker = (bytes: Uint8Array, start: number, end: number, timestamp: number) => void;

/** mpeg4-generic in AAC-hbr and AAC-lbr modes (RFC 3640): several frames in a packet, or one frame in several. */
export class AacDepacketizer {
  readonly #framing: AacFraming;
  readonly #take: AacFrameTaker;
  #fragment: Uint8Array | undefined;
  #fragmentLength = 0;
  #fragmentTimestamp = 0;

  constructor(framing: AacFraming, take: AacFrameTaker) {
    this.#framing = framing;
    this.#take = take;
  }

  /** False for a payload that is not well formed. */
  push(packet: RtpPacket): boolean {
    const { bytes, payloadStart: start, payloadEnd: end } = packet;
    if (end - start < 2) return false;
    const headerBits = ((bytes[start] as number) << 8) | (bytes[start + 1] as number);
    let data = start + 2 + Math.ceil(headerBits / 8);
    if (headerBits === 0 || data > end) return false;
    const headers = new BitReader(bytes.subarray(start + 2, data));
    const { sizeLength, indexLength, indexDeltaLength } = this.#framing;
    let bitsLeft = headerBits;
    for (let index = 0; index < MAX_FRAMES_PER_PACKET; index++) {
      const indexBits = index === 0 ? indexLength : indexDeltaLength;
      if (bitsLeft < sizeLength + indexBits) break;
      bitsLeft -= sizeLength + indexBits;
      const size = headers.bits(sizeLength);
      headers.skip(indexBits);
      if (size === 0 || size > MAX_FRAME_BYTES) return false;
      if (data + size > end) return index === 0 && this.#gather(packet, data, size);
      this.#fragment = undefined;
      this.#take(bytes, data, data + size, (packet.timestamp + index * AAC_FRAME_SAMPLES) >>> 0);
      data += size;
    }
    return true;
  }

  reset(): void {
    this.#fragment = undefined;
  }

  /** A fragment: each carries the whole frame's size; the marker is on the last. */
  #gather(packet: RtpPacket, data: number, size: number): boolean {
    if (
      this.#fragment === undefined ||
      this.#fragmentTimestamp !== packet.timestamp ||
      this.#fragment.length !== size
    ) {
      this.#fragment = new Uint8Array(size);
      this.#fragmentLength = 0;
      this.#fragmentTimestamp = packet.timestamp;
    }
    const count = Math.min(packet.payloadEnd - data, size - this.#fragmentLength);
    this.#fragment.set(packet.bytes.subarray(data, data + count), this.#fragmentLength);
    this.#fragmentLength += count;
    if (this.#fragmentLength < size) return true;
    const whole = this.#fragment;
    this.#fragment = undefined;
    this.#take(whole, 0, size, packet.timestamp);
    return true;
  }
}
