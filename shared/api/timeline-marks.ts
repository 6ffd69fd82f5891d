import { z } from "zod";

/** GET /timeline/marks/nearest: what lies next on the timelines of some cameras. Times: µs since the Unix epoch, UTC. */

const micros = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

export const MARK_KINDS = ["event", "gap", "bookmark"] as const;
export const markKind = z.enum(MARK_KINDS);
export type MarkKind = z.infer<typeof markKind>;

/** `next`: the first that begins after the time; `previous`: the last that begins before it. */
export const markDirection = z.enum(["next", "previous"]);
export type MarkDirection = z.infer<typeof markDirection>;

export const timelineMark = z.object({ kind: markKind, cameraId: z.uuid(), startMicros: micros, endMicros: micros });
export type TimelineMark = z.infer<typeof timelineMark>;

/** null: there is none. */
export const nearestMark = z.object({ mark: timelineMark.nullable() });
export type NearestMark = z.infer<typeof nearestMark>;
