import type { Clock } from "../../shared/lib/clock.ts";
import { millis } from "../../shared/lib/time.ts";

/** Rejects with the signal's reason as soon as it is aborted. */
export function wait(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = (): void => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.after(millis(ms), () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** What `work` comes to, or `late` once so long has passed; the work itself goes on. */
export async function within<T, L>(clock: Clock, ms: number, work: Promise<T>, late: () => L): Promise<T | L> {
  let stop = (): void => undefined;
  const tooLate = new Promise<L>((resolve, reject) => {
    const timer = clock.after(millis(ms), () => {
      try {
        resolve(late());
      } catch (error) {
        reject(error);
      }
    });
    stop = () => timer.cancel();
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    stop();
  }
}
