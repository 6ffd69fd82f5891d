import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { millis } from "../../shared/lib/time.ts";

/** A database that hangs is as good as away: whoever has something to fall back on waits no longer than this. */
export const PATIENCE_MS = 2_000;

/** The query's result, or `database.unavailable` after two seconds. The query itself goes on; its end is ignored. */
export async function withPatience<T>(clock: Clock, query: Promise<T>): Promise<T> {
  let giveUp: (error: FluxError) => void = () => undefined;
  const late = new Promise<never>((_, reject) => {
    giveUp = reject;
  });
  const timer = clock.after(millis(PATIENCE_MS), () =>
    giveUp(new FluxError("database.unavailable", `the database did not answer within ${PATIENCE_MS / 1000} s`)),
  );
  try {
    return await Promise.race([query, late]);
  } finally {
    timer.cancel();
  }
}
