import type { Clock } from "../../shared/lib/clock.ts";

/** CPU of the whole process since the last sample, in cores (1 = one core busy). */
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
    return elapsedMs > 0 ? (usage.user + usage.system) / 1000 / elapsedMs : 0;
  }
}
