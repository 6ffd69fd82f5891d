import { Secret, TOTP } from "otpauth";
import type { Clock } from "../../../shared/lib/clock.ts";

/** What the authenticator app shows now. */
export function totpCode(secret: string, clock: Pick<Clock, "utcMicros">): string {
  return new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: clock.utcMicros() / 1000 });
}
