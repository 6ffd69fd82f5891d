import type { StreamRole } from "../../../shared/media/types.ts";
import type { QualityLevel } from "../../../shared/wire/control-messages.ts";

/** Pure rules: how much of a camera a tile deserves. No clock, no state. */

/** One step of the quality ladder. */
export interface Rung {
  readonly level: Exclude<QualityLevel, "paused">;
  readonly role: StreamRole;
  /** Undefined: every frame. */
  readonly maxFps: number | undefined;
  /** Below "thumbnail": reached only when the bandwidth allows no more. */
  readonly keyframesOnly: boolean;
}

/** From least to most. An index into this table is a tile's quality. */
export const LADDER: readonly Rung[] = [
  { level: "thumbnail", role: "sub", maxFps: undefined, keyframesOnly: true },
  { level: "thumbnail", role: "sub", maxFps: 5, keyframesOnly: false },
  { level: "grid", role: "sub", maxFps: 15, keyframesOnly: false },
  { level: "focused", role: "main", maxFps: 25, keyframesOnly: false },
  { level: "fullscreen", role: "main", maxFps: undefined, keyframesOnly: false },
];
export const KEYFRAMES_ONLY = 0;
const THUMBNAIL = 1;

/** Device pixels at which a tile goes from rung 1 to 2, 2 to 3 and 3 to 4. */
const BOUNDS_PX = [100, 400, 800] as const;
/** A tile must pass a bound by this share before its quality changes: resizing by hand must not make it flap. */
const HYSTERESIS = 0.08;

/**
 * A tile's size as one number: the height of the 16:9 picture that fits into it, in device pixels. A tall, narrow tile
 * shows a small picture however tall it is, and 1080p in a full-HD window counts 1080.
 */
export function tilePixels(widthPx: number, heightPx: number): number {
  return Math.min(heightPx, (widthPx * 9) / 16);
}

/** The rung that a tile of `px` deserves, given the rung it has (undefined: none yet). */
export function rungForSize(px: number, current: number | undefined): number {
  let rung = THUMBNAIL;
  for (const [index, bound] of BOUNDS_PX.entries()) {
    const above = index + THUMBNAIL + 1;
    const margin = current === undefined ? 0 : current >= above ? -HYSTERESIS : HYSTERESIS;
    const isLast = index === BOUNDS_PX.length - 1;
    const limit = bound * (1 + margin);
    // 100-400 and 400-800 include their lower bound; fullscreen begins above 800.
    if (isLast ? px > limit : px >= limit) rung = above;
  }
  return rung;
}

/** What a stream costs, measured. */
export interface StreamRate {
  readonly kbps: number;
  readonly fps: number;
  /** Share of `kbps` and `fps` that no other picture refers to, and that may therefore be left out. */
  readonly disposableKbps: number;
  readonly disposableFps: number;
  readonly keyframeKbps: number;
}

/** Assumed until measured, so that a first full-screen view of an unknown camera does not look free. */
export const UNKNOWN_RATE: Record<StreamRole, StreamRate> = {
  main: { kbps: 4000, fps: 25, disposableKbps: 0, disposableFps: 0, keyframeKbps: 400 },
  sub: { kbps: 500, fps: 15, disposableKbps: 0, disposableFps: 0, keyframeKbps: 100 },
};

/** Expected kbit/s of a stream at a rung. Only disposable frames can be thinned away without breaking references. */
export function rungKbps(rung: Rung, rate: StreamRate): number {
  if (rung.keyframesOnly) return Math.min(rate.kbps, rate.keyframeKbps);
  if (rung.maxFps === undefined || rate.fps <= rung.maxFps || rate.disposableFps <= 0) return rate.kbps;
  const leftOut = Math.min(1, (rate.fps - rung.maxFps) / rate.disposableFps);
  return rate.kbps - rate.disposableKbps * leftOut;
}
