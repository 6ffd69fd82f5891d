import { z } from "zod";

/** REST bodies of what people do with cases and locks, beside those of `recording.ts`. */

const reason = z
  .string()
  .trim()
  .min(1)
  .max(500)
  .regex(/^[^\p{Cc}\p{Cf}]*$/u, "must not contain control characters");

/** POST /cases/{id}/locks: every range of the case is kept. */
export const caseLockRequest = z.object({ reason, expiresAt: z.iso.datetime().nullable().default(null) });
export type CaseLockRequest = z.input<typeof caseLockRequest>;

/** POST /evidence-locks/{id}/release */
export const lockReleaseRequest = z.object({ reason });
