import { FLAG, type SealedHeader } from "../../../shared/wire/sealed-frame.ts";
import type { StreamRate } from "../session/quality-policy.ts";

/** Weight of the newest second. */
const SMOOTHING = 0.3;
/** Keyframes come seldom: a longer memory, else the figure jumps with every GOP. */
const KEYFRAME_SMOOTHING = 0.1;

/** Measures one stream from clear headers. `count` per frame, `roll` once a second. */
export class RateMeter {
  #bytes = 0;
  #frames = 0;
  #disposableBytes = 0;
  #disposableFrames = 0;
  #keyframeBytes = 0;
  #rate: StreamRate | undefined;

  /** Undefined until a second with frames has passed. */
  get rate(): StreamRate | undefined {
    return this.#rate;
  }

  count(header: SealedHeader, byteLength: number): void {
    this.#bytes += byteLength;
    if (header.flags & FLAG.audio) return;
    this.#frames++;
    if (header.flags & FLAG.keyframe) this.#keyframeBytes += byteLength;
    else if (header.flags & FLAG.disposable) {
      this.#disposableBytes += byteLength;
      this.#disposableFrames++;
    }
  }

  roll(elapsedMs: number): void {
    if (elapsedMs <= 0 || (this.#rate === undefined && this.#frames === 0)) return;
    const kbps = (bytes: number): number => (bytes * 8) / elapsedMs;
    const fps = (frames: number): number => (frames * 1000) / elapsedMs;
    const old = this.#rate;
    const mix = (before: number | undefined, now: number, weight: number): number =>
      before === undefined ? now : before + (now - before) * weight;
    this.#rate = {
      kbps: mix(old?.kbps, kbps(this.#bytes), SMOOTHING),
      fps: mix(old?.fps, fps(this.#frames), SMOOTHING),
      disposableKbps: mix(old?.disposableKbps, kbps(this.#disposableBytes), SMOOTHING),
      disposableFps: mix(old?.disposableFps, fps(this.#disposableFrames), SMOOTHING),
      keyframeKbps: mix(old?.keyframeKbps, kbps(this.#keyframeBytes), KEYFRAME_SMOOTHING),
    };
    this.#bytes = this.#frames = this.#disposableBytes = this.#disposableFrames = this.#keyframeBytes = 0;
  }
}
