import { z } from "zod";
import { caseBody, caseItem } from "./recording.ts";

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

/** PATCH /cases/{id}: what is left out stays. */
export const caseChangeRequest = caseBody
  .pick({ title: true })
  .extend({ reference: z.string().trim().max(100) })
  .partial();
export type CaseChangeRequest = z.input<typeof caseChangeRequest>;

/** POST /cases/{id}/items: more ranges. */
export const caseItemsRequest = z.object({
  items: z
    .array(caseItem.omit({ id: true }))
    .min(1)
    .max(500),
});
export type CaseItemsRequest = z.input<typeof caseItemsRequest>;

/** POST /evidence-locks/{id}/release */
export const lockReleaseRequest = z.object({ reason });
