import type { Clock, Timer } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import type { Millis } from "../../shared/lib/time.ts";

interface Waiting<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
  readonly timer: Timer;
}

/** Requests to a thread that wait for their answer. */
export class Pending<T> {
  readonly #clock: Clock;
  readonly #waiting = new Map<number, Waiting<T>>();
  #nextId = 1;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `send` with the new request's number. Rejects with `media.timeout`, or with what `rejectAll` is given. */
  request(timeout: Millis, send: (requestId: number) => void): Promise<T> {
    const requestId = this.#nextId++;
    return new Promise<T>((resolve, reject) => {
      const timer = this.#clock.after(timeout, () => {
        this.#waiting.delete(requestId);
        reject(new FluxError("media.timeout", "the media thread did not answer in time"));
      });
      this.#waiting.set(requestId, { resolve, reject, timer });
      send(requestId);
    });
  }

  /** Unknown numbers are late answers: ignored. */
  resolve(requestId: number, value: T): void {
    this.#take(requestId)?.resolve(value);
  }

  reject(requestId: number, error: unknown): void {
    this.#take(requestId)?.reject(error);
  }

  rejectAll(error: unknown): void {
    for (const id of [...this.#waiting.keys()]) this.reject(id, error);
  }

  #take(requestId: number): Waiting<T> | undefined {
    const waiting = this.#waiting.get(requestId);
    this.#waiting.delete(requestId);
    waiting?.timer.cancel();
    return waiting;
  }
}
