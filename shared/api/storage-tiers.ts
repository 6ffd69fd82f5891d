import { z } from "zod";

/** What moves between the tiers of storage now, what waits, and what went wrong. */
export const tierStatus = z.object({
  moving: z.array(
    z.object({
      cameraId: z.uuid(),
      startMicros: z.number(),
      fromVolumeId: z.uuid(),
      toVolumeId: z.uuid(),
      bytes: z.number(),
      doneBytes: z.number(),
    }),
  ),
  /** By their settings they belong on that tier, and are not there yet. */
  waiting: z.array(z.object({ tier: z.enum(["warm", "cold"]), files: z.number(), bytes: z.number() })),
  /** Since the server's start. */
  moved: z.object({ files: z.number(), bytes: z.number() }),
  /** Volumes that failed, and after how many seconds they are tried again. */
  paused: z.array(z.object({ volumeId: z.uuid(), seconds: z.number() })),
  /** The newest first, at most 20. */
  errors: z.array(
    z.object({
      at: z.iso.datetime(),
      volumeId: z.uuid(),
      path: z.string().nullable(),
      code: z.string(),
      message: z.string(),
    }),
  ),
});
export type TierStatus = z.infer<typeof tierStatus>;
