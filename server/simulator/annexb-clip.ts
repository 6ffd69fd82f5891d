import { FluxError } from "../../shared/lib/errors.ts";

/** One picture of a clip: its NAL units without start codes, as views into the clip's bytes. */
export interface ClipFrame {
  readonly nals: readonly Uint8Array[];
  readonly keyframe: boolean;
}

/** A looping H.264 clip without B-frames: decode order is display order. */
export interface Clip {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly framesPerSecond: number;
  readonly frames: readonly ClipFrame[];
  /** First sequence and picture parameter set, for the SDP. */
  readonly sps: Uint8Array;
  readonly pps: Uint8Array;
}

export interface ClipFacts {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly framesPerSecond: number;
}

const nalType = { slice: 1, idr: 5, sps: 7, pps: 8, delimiter: 9, filler: 12 } as const;

export const nalTypeOf = (nal: Uint8Array): number => (nal[0] ?? 0) & 0x1f;

/** Splits an Annex B byte stream (H.264 annex B) at its start codes; trailing zero bytes belong to no NAL unit. */
export function splitAnnexB(bytes: Uint8Array): Uint8Array[] {
  const nals: Uint8Array[] = [];
  let start = -1;
  const push = (end: number): void => {
    let last = end;
    while (last > start && bytes[last - 1] === 0) last -= 1;
    if (start >= 0 && last > start) nals.push(bytes.subarray(start, last));
  };
  for (let at = 0; at + 2 < bytes.length; at += 1) {
    if (bytes[at + 2] === 1 && bytes[at + 1] === 0 && bytes[at] === 0) {
      push(at);
      start = at + 3;
      at += 2;
    }
  }
  push(bytes.length);
  return nals;
}

/** `first_mb_in_slice` is the first field of a slice header; the value 0 is the single bit 1 (H.264 7.3.3). */
const startsPicture = (nal: Uint8Array): boolean => ((nal[1] ?? 0) & 0x80) !== 0;
const isSlice = (type: number): boolean => type >= nalType.slice && type <= nalType.idr;

/**
 * Groups a clip's NAL units into pictures. Delimiters and filler are dropped: RTP marks picture ends itself.
 * @throws FluxError `simulator.bad_clip` when there is no parameter set or the clip does not start with a keyframe.
 */
export function indexClip(bytes: Uint8Array, facts: ClipFacts): Clip {
  const frames: ClipFrame[] = [];
  let nals: Uint8Array[] = [];
  let hasSlice = false;
  let keyframe = false;
  const finish = (): void => {
    if (hasSlice) frames.push({ nals, keyframe });
    nals = [];
    hasSlice = false;
    keyframe = false;
  };
  let sps: Uint8Array | undefined;
  let pps: Uint8Array | undefined;
  for (const nal of splitAnnexB(bytes)) {
    const type = nalTypeOf(nal);
    if (hasSlice && (!isSlice(type) || startsPicture(nal)) && type !== nalType.filler) finish();
    if (type === nalType.delimiter || type === nalType.filler) continue;
    if (type === nalType.sps) sps ??= nal;
    if (type === nalType.pps) pps ??= nal;
    if (isSlice(type)) hasSlice = true;
    if (type === nalType.idr) keyframe = true;
    nals.push(nal);
  }
  finish();
  if (!sps || !pps) throw new FluxError("simulator.bad_clip", `Clip ${facts.name} has no parameter sets`);
  if (!frames[0]?.keyframe)
    throw new FluxError("simulator.bad_clip", `Clip ${facts.name} does not start with a keyframe`);
  return { ...facts, frames, sps, pps };
}
