import { CODEC_IDS, type VideoCodec } from "../../../shared/media/types.ts";
import { FLAG, type SealedFrame } from "../../../shared/wire/sealed-frame.ts";
import type { SourceMessage } from "./line-reads.ts";

const VIDEO_CODECS = new Map<number, VideoCodec>([
  [CODEC_IDS.h264, "h264"],
  [CODEC_IDS.h265, "h265"],
  [CODEC_IDS.mjpeg, "mjpeg"],
]);

/** Between pictures where a single one says nothing. */
const USUAL_INTERVAL_MICROS = 40_000;

/**
 * A keyframe and what follows up to the next one, still sealed until it is decoded for the first time. With
 * `keyframesApartMicros` just the keyframe. Pictures are numbered in the order in which they are shown.
 */
export interface Gop {
  readonly source: SourceMessage;
  readonly codec: VideoCodec;
  /** In decode order. */
  readonly frames: readonly GopFrame[];
  /** When each picture is to be shown, µs UTC, strictly growing: capture times, made to agree with the order. */
  readonly times: Float64Array;
  readonly startMicros: number;
  /** Time of the last picture. */
  readonly lastMicros: number;
  /** The usual time between pictures; 0 with a single one. */
  readonly intervalMicros: number;
  readonly bytes: number;
}

export interface GopFrame {
  readonly sealed: SealedFrame;
  readonly keyframe: boolean;
  readonly codecChange: boolean;
  /** Which picture it becomes. */
  readonly order: number;
  /** In clear once it has been opened, which happens in place. */
  payload: Uint8Array | undefined;
}

/** Undefined for frames that are no video or do not begin with a keyframe. */
export function makeGop(source: SourceMessage, sealed: readonly SealedFrame[]): Gop | undefined {
  const first = sealed[0];
  if (!first || (first.header.flags & FLAG.keyframe) === 0) return undefined;
  const codec = VIDEO_CODECS.get(first.header.codec);
  if (!codec) return undefined;
  const shown = sealed.map((_, index) => index).sort((a, b) => ptsOf(sealed, a) - ptsOf(sealed, b) || a - b);
  const order = new Array<number>(sealed.length).fill(0);
  const times = new Float64Array(sealed.length);
  let before = Number.NEGATIVE_INFINITY;
  shown.forEach((index, place) => {
    order[index] = place;
    before = Math.max(sealed[index]?.header.captureTime ?? 0, before + 1);
    times[place] = before;
  });
  const frames = sealed.map((frame, index) => ({
    sealed: frame,
    keyframe: (frame.header.flags & FLAG.keyframe) !== 0,
    codecChange: (frame.header.flags & FLAG.codecChange) !== 0,
    order: order[index] ?? 0,
    payload: undefined,
  }));
  const startMicros = times[0] ?? 0;
  const lastMicros = times.at(-1) ?? startMicros;
  return {
    source,
    codec,
    frames,
    times,
    startMicros,
    lastMicros,
    intervalMicros: times.length > 1 ? (lastMicros - startMicros) / (times.length - 1) : 0,
    bytes: sealed.reduce((sum, { bytes }) => sum + bytes.byteLength, 0),
  };
}

function ptsOf(sealed: readonly SealedFrame[], index: number): number {
  return sealed[index]?.header.pts ?? 0;
}

/** Until when the GOP's last picture is worth showing when nothing is known of what follows; whole µs. */
export function gopEndMicros({ lastMicros, intervalMicros, source }: Gop): number {
  const usual = lastMicros + Math.floor(intervalMicros || USUAL_INTERVAL_MICROS);
  return Math.max(lastMicros + 1, Math.min(source.spanEndMicros, usual));
}

/** The picture at or before a time; the first one for earlier times. */
export function pictureAt(gop: Gop, micros: number): number {
  let low = 0;
  let high = gop.times.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((gop.times[middle] ?? 0) <= micros) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Which frame becomes the picture. */
export function decodeIndexOf({ frames }: Gop, order: number): number {
  // Without B-frames, which is most of the time, decode order is the order of showing.
  if (frames[order]?.order === order) return order;
  return frames.findIndex((frame) => frame.order === order);
}

/** Far above any camera's: what a server may make the browser hold of one GOP. */
const MAX_GOP_BYTES = 64 * 1024 * 1024;
const MAX_GOP_FRAMES = 4096;

/** Cuts a read's frames into GOPs; audio is left aside. */
export class GopAssembler {
  readonly #onGop: (gop: Gop) => void;
  #source: SourceMessage | undefined;
  #frames: SealedFrame[] = [];
  #bytes = 0;

  constructor(onGop: (gop: Gop) => void) {
    this.#onGop = onGop;
  }

  source(source: SourceMessage): void {
    this.finish();
    this.#source = source;
  }

  push(frames: readonly SealedFrame[]): void {
    for (const frame of frames) {
      const { flags } = frame.header;
      if ((flags & FLAG.audio) !== 0) continue;
      if ((flags & FLAG.keyframe) !== 0) this.finish();
      if (this.#frames.length >= MAX_GOP_FRAMES || this.#bytes >= MAX_GOP_BYTES) continue;
      this.#frames.push(frame);
      this.#bytes += frame.bytes.byteLength;
    }
  }

  /** No more frames of the GOP follow. */
  finish(): void {
    const frames = this.#frames;
    this.#frames = [];
    this.#bytes = 0;
    const gop = this.#source && frames.length > 0 ? makeGop(this.#source, frames) : undefined;
    if (!gop || !this.#source) return;
    // What was announced is what was there when the read began; of a recording that goes on more may follow.
    const endMicros = gop.lastMicros + (gop.intervalMicros || USUAL_INTERVAL_MICROS);
    if (endMicros > this.#source.spanEndMicros) this.#source = { ...this.#source, spanEndMicros: Math.ceil(endMicros) };
    this.#onGop({ ...gop, source: this.#source });
  }
}
