import { type Micros, type Millis, micros, millis } from "./time.ts";

/** A pending timer. Cancelling twice is harmless. */
export interface Timer {
  cancel(): void;
}

/** The only source of time and timers. Injected everywhere, so that tests never sleep. */
export interface Clock {
  /** Wall clock, UTC. May step. Use for stamps, never for durations. */
  utcMicros(): Micros;
  /** Monotonic, arbitrary origin. Use for durations and deadlines. */
  monotonicMs(): Millis;
  after(delay: Millis, run: () => void): Timer;
  every(period: Millis, run: () => void): Timer;
}

/** So much the system's clock may differ from the one that runs smoothly: reading both takes time, and one has whole milliseconds. */
const STEP_MS = 50;

/**
 * Real time. Between steps of the system's clock (set by hand, by NTP after a start without battery, a machine that slept) the
 * wall clock runs as smoothly as the monotonic one. Timers do not keep a Node process alive by themselves.
 */
export function systemClock(): Clock {
  let steppedMs = 0;
  const release = (timer: unknown): void => {
    if (typeof timer === "object" && timer !== null && "unref" in timer) (timer as { unref(): void }).unref();
  };
  return {
    utcMicros: () => {
      const smoothMs = performance.timeOrigin + performance.now();
      const stepMs = Date.now() - (smoothMs + steppedMs);
      if (Math.abs(stepMs) > STEP_MS) steppedMs += stepMs;
      return micros((smoothMs + steppedMs) * 1000);
    },
    monotonicMs: () => millis(performance.now()),
    after(delay, run) {
      const timer = setTimeout(run, delay);
      release(timer);
      return { cancel: () => clearTimeout(timer) };
    },
    every(period, run) {
      const timer = setInterval(run, period);
      release(timer);
      return { cancel: () => clearInterval(timer) };
    },
  };
}
