import { nextPicture } from "./decode-window.ts";
import type { Footage } from "./footage.ts";
import type { Gop } from "./gop.ts";
import type { PictureRef } from "./gop-decoder.ts";
import { timeOf } from "./stage.ts";

/** A tile that is late by more gives up the rest of its GOP, so that the next keyframe comes in time. */
const GIVE_UP_MS = 200;
/** But only where that comes within this time: of long GOPs late pictures are better than none. */
const FREEZE_MS = 1500;
/** A tile that has shown nothing new for so long holds up the clock after all: its decoder may be broken. */
const HOLD_MS = 3000;
/** Backward: a picture that is waited for so long costs the speed. */
const SLOW_BACKWARD_MS = 300;
/** For so long only keyframes are shown then. */
const KEYS_FOR_MS = 10_000;

interface At {
  readonly positionMicros: number;
  readonly rate: number;
}

/**
 * Whether a tile's decoder keeps up. The clock does not wait for one that does not: it shows what it has, leaves out the
 * rest of a GOP when that would come too late, and backward shows keyframes only.
 */
export class Punctuality {
  #onTime = false;
  #skipped: Gop | undefined;
  #backwardSinceMs: number | undefined;
  #keysUntilMs = Number.NEGATIVE_INFINITY;

  /** Backward only keyframes can be shown at this speed. */
  keysOnly(nowMs: number): boolean {
    return nowMs < this.#keysUntilMs;
  }

  /** Another time: its picture must be there before the clock goes on. */
  reset(): void {
    this.#onTime = false;
    this.#skipped = undefined;
    this.#backwardSinceMs = undefined;
  }

  /** What to decode for: the picture of the time, or the next GOP's first one where the rest of this one is given up. */
  aim(footage: Footage, target: PictureRef): PictureRef | undefined {
    if (target.gop !== this.#skipped) return target;
    const next = footage.next(target.gop);
    return next && { gop: next, order: 0 };
  }

  /** The picture of the time is shown. */
  shownInTime(): void {
    this.#onTime = true;
    this.#backwardSinceMs = undefined;
  }

  /** Playing forward, and the picture of the time is not there. True: the clock need not wait for it. */
  late(footage: Footage, target: PictureRef, offered: PictureRef | undefined, { positionMicros, rate }: At): boolean {
    if (!this.#onTime || !offered || timeOf(offered) > positionMicros) return false;
    const ms = (micros: number): number => micros / 1000 / rate;
    const { gop } = target;
    const next = nextPicture(footage, offered);
    const dueMicros = next ? timeOf(next) : gop.startMicros;
    if (ms(positionMicros - dueMicros) >= HOLD_MS) {
      this.reset();
      return false;
    }
    const keyframe = footage.next(gop)?.startMicros ?? gop.source.spanEndMicros;
    const lateMs = ms(positionMicros - Math.max(dueMicros, gop.startMicros));
    if (lateMs > GIVE_UP_MS && ms(keyframe - positionMicros) < FREEZE_MS) this.#skipped = gop;
    return true;
  }

  /** Playing backward, the footage is there and its picture is not. */
  waitsBackward(nowMs: number): void {
    if (!this.#onTime) return;
    this.#backwardSinceMs ??= nowMs;
    if (nowMs - this.#backwardSinceMs > SLOW_BACKWARD_MS) this.#keysUntilMs = nowMs + KEYS_FOR_MS;
  }
}
