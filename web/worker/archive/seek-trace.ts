import type { Clock } from "../../../shared/lib/clock.ts";

/**
 * `asked`: the read is on its way. `found`: the server has the file. `arrived`: its first frames are here. `whole`: a
 * whole GOP is. `decoded`, `drawn`: the picture of the time that was asked for.
 */
export type SeekStage = "asked" | "found" | "arrived" | "whole" | "decoded" | "drawn";

/** When the stages of the last seek were reached, for support and benchmarks. What was there already is left out. */
export class SeekTrace {
  readonly #clock: Clock;
  #startedMs = 0;
  #stages: Partial<Record<SeekStage, number>> = {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** ms after the seek. */
  get stages(): Readonly<Partial<Record<SeekStage, number>>> {
    return this.#stages;
  }

  begin(): void {
    this.#startedMs = this.#clock.monotonicMs();
    this.#stages = {};
  }

  /** The first time counts; once drawn, the seek is over. */
  note(stage: SeekStage): void {
    if (this.#stages.drawn !== undefined || this.#stages[stage] !== undefined) return;
    this.#stages[stage] = Math.round((this.#clock.monotonicMs() - this.#startedMs) * 10) / 10;
  }
}
