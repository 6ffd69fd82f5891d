import type { Slot } from "./shelf-allocator.ts";

/** The three texture arrays of the atlas: one channel for Y, U and V planes, two for NV12's UV, four for RGBA. */
export const PLANE_KINDS = ["r8", "rg8", "rgba8"] as const;
export type PlaneKind = (typeof PLANE_KINDS)[number];
export const BYTES_PER_TEXEL: Record<PlaneKind, number> = { r8: 1, rg8: 2, rgba8: 4 };

/** What a graphics API must offer to the atlas. */
export interface AtlasTextures {
  readonly maxSide: number;
  readonly maxLayers: number;
  /** Makes the array at least this large, keeping what is in it. */
  resize(kind: PlaneKind, side: number, layers: number): void;
  /** Copies `slot` from `data` (tightly packed rows of `stride` bytes). `data` may be reused as soon as this returns. */
  write(kind: PlaneKind, slot: Slot, data: Uint8Array, stride: number): void;
  /** GPU copy of a hardware frame. Throws, or resolves to false, where the platform cannot. */
  writeFrame(slot: Slot, frame: VideoFrame): void;
}
