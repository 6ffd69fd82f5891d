import type { Footage } from "./footage.ts";
import type { PictureRef } from "./gop-decoder.ts";

/** How many pictures of a tile may be decoded and kept. */
export interface PictureLimits {
  /** Decoded ahead of the one shown, playing forward. */
  readonly ahead: number;
  /** Kept behind the one shown. */
  readonly behind: number;
  /** Backward, a GOP is decoded in windows of so many pictures, last one first; two windows are held at a time. */
  readonly window: number;
}

/** Memory for decoded pictures of all tiles together. */
const WALL_BYTES = 256 * 1024 * 1024;
/** Surfaces of a hardware decoder that may be held; with all of its 8 to 13 in use it stands still. */
const HARDWARE_AHEAD = 2;

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, Math.floor(value)));

/** `hardware`: pictures that are not copied are surfaces of the decoder. */
export function pictureLimits(width: number, height: number, tiles: number, hardware: boolean): PictureLimits {
  const pictureBytes = Math.max(1, width * height * 1.5);
  const pictures = WALL_BYTES / Math.max(1, tiles) / pictureBytes;
  return {
    ahead: hardware ? HARDWARE_AHEAD : clamp(pictures / 2, 2, 8),
    behind: hardware ? 1 : clamp(pictures / 4, 1, 4),
    window: clamp(pictures / 2, 4, 300),
  };
}

export interface Shown {
  has(ref: PictureRef): boolean;
}

/** What is to be decoded so that forward the next pictures are there before their time. */
export function wantedForward(footage: Footage, target: PictureRef, ahead: number, have: Shown): PictureRef[] {
  const wanted: PictureRef[] = [];
  let ref: PictureRef | undefined = target;
  for (let count = 0; ref && count <= ahead; count++) {
    if (!have.has(ref)) wanted.push(ref);
    ref = nextPicture(footage, ref);
  }
  return wanted;
}

/**
 * Backward: pictures come out of a decoder forward only, so a GOP is decoded in windows, the last one first. A GOP
 * that is longer than the window is decoded from its keyframe once for each window, and only the window is kept. The
 * next window is begun while the one before is shown.
 */
export function wantedBackward(footage: Footage, target: PictureRef, window: number, have: Shown): PictureRef[] {
  let top: PictureRef | undefined = target;
  for (let held = 0; top && have.has(top); held++) {
    if (held >= window) return [];
    top = previousPicture(footage, top);
  }
  if (!top) return [];
  const { gop, order } = top;
  const wanted: PictureRef[] = [];
  for (let index = Math.max(0, order - window + 1); index <= order; index++) {
    const ref = { gop, order: index };
    if (!have.has(ref)) wanted.push(ref);
  }
  return wanted;
}

/** Of keyframes each stands for itself, so that backward they are decoded in the order in which they are shown. */
export function wantedKeysBackward(footage: Footage, target: PictureRef, ahead: number, have: Shown): PictureRef[] {
  const wanted: PictureRef[] = [];
  let ref: PictureRef | undefined = target;
  for (let count = 0; ref && count <= ahead; count++) {
    if (!have.has(ref)) wanted.push(ref);
    ref = previousPicture(footage, ref);
  }
  return wanted;
}

export function nextPicture(footage: Footage, { gop, order }: PictureRef): PictureRef | undefined {
  if (order + 1 < gop.frames.length) return { gop, order: order + 1 };
  const next = footage.next(gop);
  return next && { gop: next, order: 0 };
}

export function previousPicture(footage: Footage, { gop, order }: PictureRef): PictureRef | undefined {
  if (order > 0) return { gop, order: order - 1 };
  const previous = footage.previous(gop);
  return previous && { gop: previous, order: previous.frames.length - 1 };
}
