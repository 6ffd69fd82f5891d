import type { Clock } from "../../../shared/lib/clock.ts";

/** The error body of the REST interface. */
export function errorBody(code: string, message: string, clock: Clock): string {
  const timestamp = new Date(clock.utcMicros() / 1000).toISOString();
  return JSON.stringify({ success: false, error: { code, message, details: null, timestamp, requestId: null } });
}
