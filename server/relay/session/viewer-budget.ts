/**
 * How much a viewer can take, learned from its lagging: each lag cuts the budget, quiet time gives it back. Pure but
 * for what it remembers; times in ms on any one clock.
 */

const CUT = 0.7;
const FLOOR_KBPS = 200;
/** Lags closer together than this are one. */
const LAG_SPACING_MS = 4000;
const RECOVER_AFTER_MS = 15_000;
const RECOVER_STEP = 1.3;
/** The first lag is forgiven: start-up and one lost Wi-Fi second look the same. */
const FORGIVE_WITHIN_MS = 20_000;

export class ViewerBudget {
  readonly #quotaKbps: number;
  #limitKbps: number | undefined;
  #lastLagMs: number | undefined;
  #lastChangeMs = 0;

  constructor(quotaKbps: number) {
    this.#quotaKbps = quotaKbps;
  }

  get kbps(): number {
    return Math.min(this.#quotaKbps, this.#limitKbps ?? Number.POSITIVE_INFINITY);
  }

  /** The viewer is slower than its quota. */
  get limitedByViewer(): boolean {
    return this.#limitKbps !== undefined && this.#limitKbps < this.#quotaKbps;
  }

  /** `usedKbps`: what was being sent. */
  lagged(nowMs: number, usedKbps: number): void {
    const before = this.#lastLagMs;
    if (before !== undefined && nowMs - before < LAG_SPACING_MS) return;
    this.#lastLagMs = nowMs;
    if (before === undefined || nowMs - before > FORGIVE_WITHIN_MS) return;
    this.#limitKbps = Math.max(FLOOR_KBPS, Math.min(this.kbps, usedKbps) * CUT);
    this.#lastChangeMs = nowMs;
  }

  /** Now and then. */
  recover(nowMs: number): void {
    if (this.#limitKbps === undefined) return;
    const quietSince = Math.max(this.#lastChangeMs, this.#lastLagMs ?? 0);
    if (nowMs - quietSince < RECOVER_AFTER_MS) return;
    this.#limitKbps *= RECOVER_STEP;
    this.#lastChangeMs = nowMs;
    if (this.#limitKbps >= this.#quotaKbps) this.#limitKbps = undefined;
  }
}
