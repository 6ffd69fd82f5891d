/** What a sequence parameter set says, in common for H.264 and H.265. */
export interface VideoFormat {
  /** The parameter set's own id. */
  readonly id: number;
  readonly codecString: string;
  /** After cropping. */
  readonly width: number;
  readonly height: number;
  /** From the VUI; undefined where it says nothing or nonsense. */
  readonly fps: number | undefined;
  /** Pictures that may come before, in decoding order, and after, in output order; undefined where not stated. */
  readonly reorderDepth: number | undefined;
  /** Fields may be coded as pictures of their own (H.264 `frame_mbs_only_flag` 0). */
  readonly interlaced: boolean;
  /** H.265 `sps_max_sub_layers_minus1 + 1`; 1 for H.264. */
  readonly subLayers: number;
}

/** Larger than any sensor; a camera that says more is lying or broken. */
export const MAX_DIMENSION = 16_384;

/** A frame rate that a camera may really have, else undefined. */
export function plausibleFps(timeScale: number, unitsPerFrame: number): number | undefined {
  if (unitsPerFrame === 0 || timeScale === 0) return undefined;
  const fps = timeScale / unitsPerFrame;
  return fps >= 0.1 && fps <= 240 ? Math.round(fps * 1000) / 1000 : undefined;
}

export function hexByte(value: number): string {
  return value.toString(16).toUpperCase().padStart(2, "0");
}
