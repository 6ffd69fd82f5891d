import { availableParallelism } from "node:os";
import type { Clock } from "../../shared/lib/clock.ts";

/** CPU of the whole process since the last sample, as a share of all cores: 0 to 1. */
export class CpuMeter {
  readonly #clock: Clock;
  #usage = process.cpuUsage();
  #atMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#atMs = clock.monotonicMs();
  }

  sample(): number {
    const now = this.#clock.monotonicMs();
    const usage = process.cpuUsage(this.#usage);
    const elapsedMs = now - this.#atMs;
    this.#usage = process.cpuUsage();
    this.#atMs = now;
    return elapsedMs > 0 ? (usage.user + usage.system) / 1000 / elapsedMs / availableParallelism() : 0;
  }
}
