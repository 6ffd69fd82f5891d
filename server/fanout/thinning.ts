import type { SealedHeader } from "../../shared/wire/sealed-frame.ts";
import { isAudio, isDisposable, isKeyframe } from "./frames.ts";

/**
 * What a reader leaves out on purpose.
 * - `all`: nothing.
 * - `reference`: disposable frames.
 * - `keyframes`: everything but keyframes.
 * - `fps`: keeps at most `maxFps`, first by leaving out disposable frames, then the rest of a GOP.
 */
export type Thinning =
  | { readonly mode: "all" | "reference" | "keyframes" }
  | { readonly mode: "fps"; readonly maxFps: number };

export const NO_THINNING: Thinning = { mode: "all" };

/**
 * Decides frame by frame, in stream order. Never keeps a frame whose references it left out (SPEC W40): it leaves out
 * single disposable frames, or everything up to the next keyframe.
 */
export class Thinner {
  #thinning: Thinning;
  /** Leaving out the rest of this GOP. */
  #tail = false;
  #keyframePts: number | undefined;
  #gopMicros = 0;
  #keptInGop = 0;
  #lastKeptPts = 0;

  constructor(thinning: Thinning = NO_THINNING) {
    this.#thinning = thinning;
  }

  get thinning(): Thinning {
    return this.#thinning;
  }

  /** Takes effect at once where that breaks no reference, else at the next keyframe. */
  set(thinning: Thinning): void {
    this.#thinning = thinning;
  }

  keep(header: SealedHeader): boolean {
    if (isAudio(header)) return true;
    if (isKeyframe(header)) return this.#startGop(header);
    if (this.#tail) return false;
    if (this.#decide(header)) {
      this.#keptInGop++;
      this.#lastKeptPts = header.pts;
      return true;
    }
    if (!isDisposable(header)) this.#tail = true;
    return false;
  }

  #startGop(header: SealedHeader): boolean {
    if (this.#keyframePts !== undefined) {
      const lasted = header.pts - this.#keyframePts;
      this.#gopMicros = lasted > 0 && lasted < 60_000_000 ? lasted : 0;
    }
    this.#keyframePts = header.pts;
    this.#lastKeptPts = header.pts;
    this.#keptInGop = 1;
    this.#tail = false;
    return true;
  }

  #decide(header: SealedHeader): boolean {
    const thinning = this.#thinning;
    switch (thinning.mode) {
      case "all":
        return true;
      case "reference":
        return !isDisposable(header);
      case "keyframes":
        return false;
      case "fps": {
        if (isDisposable(header)) {
          // 0.9: a nominal 15 fps stream has jitter; do not halve a stream that is at its cap.
          return Math.abs(header.pts - this.#lastKeptPts) >= (0.9 * 1_000_000) / thinning.maxFps;
        }
        if (this.#gopMicros === 0) return true;
        return this.#keptInGop + 1 <= Math.ceil((1.1 * this.#gopMicros * thinning.maxFps) / 1_000_000);
      }
    }
  }
}
