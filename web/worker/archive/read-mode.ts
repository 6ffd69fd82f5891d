/** `whole`: every picture. `keys`: keyframes at high speeds. `scrub`: the keyframe under the pointer. */
export type ReadMode = "whole" | "keys" | "scrub";

/** Faster than this, and backward faster than once, only keyframes are shown. */
const WHOLE_RATES = { forward: 4, backward: 1 } as const;
/** Keyframes shown per second at high speeds. */
const KEYFRAMES_PER_SECOND = 8;
/** At least how far apart keyframes are read; undefined: every picture. */
export function keyframesApartMicros(mode: ReadMode, rate: number): number | undefined {
  if (mode === "whole") return undefined;
  return mode === "scrub" ? 1 : Math.round((Math.abs(rate) * 1e6) / KEYFRAMES_PER_SECOND);
}

/** `keysOnly`: the decoder is too slow for every picture backward. */
export function modeOf(scrub: boolean, rate: number, keysOnly = false): ReadMode {
  if (scrub) return "scrub";
  if (keysOnly && rate < 0) return "keys";
  return rate > WHOLE_RATES.forward || rate < -WHOLE_RATES.backward ? "keys" : "whole";
}
