import { setTimeout as pause } from "node:timers/promises";

const EVERY_MS = 100;

/** Asks a real server until the answer is so; fails with the last answer after `timeoutMs`. */
export async function until<T>(ask: () => Promise<T>, isSo: (answer: T) => boolean, timeoutMs = 30_000): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (isSo(answer)) return answer;
    if (performance.now() > deadline) throw new Error(`still ${JSON.stringify(answer)}`);
    await pause(EVERY_MS);
  }
}
