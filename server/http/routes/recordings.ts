import { z } from "@hono/zod-openapi";
import { segmentEntry, timeline, timelineDays } from "../../../shared/api/recording.ts";
import { FluxError } from "../../../shared/lib/errors.ts";
import { daysWithFootage } from "../../archive/calendar.ts";
import { findSegments, segmentBody } from "../../archive/queries.ts";
import { isTimeZone } from "../../archive/schedule.ts";
import { timeline as readTimeline } from "../../archive/timeline.ts";
import { withLastingGaps } from "../../archive/timeline-lasting.ts";
import { can, type Principal } from "../../auth/policy.ts";
import { type Api, json, needs } from "../api.ts";
import type { AppDeps } from "../types.ts";

const tags = ["recordings"];
const MOST_CAMERAS = 256;
export const queryMicros = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
/** ISO 8601, or µs since the Unix epoch. */
const instant = z
  .string()
  .max(40)
  .transform((text, context) => {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Date.parse(text) * 1000;
    if (Number.isSafeInteger(value) && value >= 0) return value;
    context.addIssue({ code: "custom", message: "an ISO 8601 time or µs since 1970" });
    return z.NEVER;
  });
export const cameraList = z
  .string()
  .max(20_000)
  .transform((list) => list.split(",").filter((id) => id !== ""))
  .pipe(z.array(z.uuid()).min(1).max(MOST_CAMERAS));
/** Some of the cameras asked for, or `none`. */
const someCameras = z
  .string()
  .max(20_000)
  .transform((list) => (list === "none" ? [] : list.split(",").filter((id) => id !== "")))
  .pipe(z.array(z.uuid()).max(MOST_CAMERAS));

export function recordingRoutes(api: Api, { archive, clock, orm }: AppDeps): void {
  api.add(
    needs("archive.view"),
    {
      method: "get",
      path: "/recordings",
      tags,
      summary: "Segments of a camera that overlap a stretch of time, oldest first",
      request: {
        query: z.object({
          camera: z.uuid(),
          start: instant.optional(),
          end: instant.optional(),
          role: z.enum(["main", "sub"]).optional(),
          limit: z.coerce.number().int().min(1).max(5000).default(1000),
        }),
      },
      responses: { 200: json(z.array(segmentEntry)) },
    },
    async (c) => {
      const { camera: cameraId, start = 0, end = Number.MAX_SAFE_INTEGER, role, limit } = c.req.valid("query");
      mayView(c.get("principal"), [cameraId]);
      const range = { startMicros: start, endMicros: end, direction: "forward" as const };
      const lockedAtMicros = clock.utcMicros();
      const query = { cameraId, role, ...range, limit, lockedAtMicros };
      const found = await findSegments(orm, archive.index.open, query);
      return c.json(found.map(segmentBody), 200);
    },
  );

  api.add(
    needs("archive.view"),
    {
      method: "get",
      path: "/timeline",
      tags,
      summary: "What there is of several cameras, merged to the resolution asked for",
      request: {
        query: z.object({
          cameras: cameraList,
          /** Whose gaps and events are listed one by one; default: every camera's; `none`: nobody's. */
          detail: someCameras.optional(),
          startMicros: queryMicros,
          endMicros: queryMicros,
          /** Default: a thousandth of the stretch. */
          resolutionMicros: queryMicros.optional(),
        }),
      },
      responses: { 200: json(timeline) },
    },
    async (c) => {
      const { cameras: cameraIds, detail, startMicros, endMicros, resolutionMicros } = c.req.valid("query");
      if (endMicros <= startMicros) {
        throw new FluxError("recording.bad_range", "must lie after the start", { field: "endMicros" });
      }
      mayView(c.get("principal"), cameraIds);
      const resolution = Math.max(1, resolutionMicros ?? Math.floor((endMicros - startMicros) / 1000));
      const asked = new Set(cameraIds);
      const query = {
        cameraIds: [...asked],
        detail: detail?.filter((id) => asked.has(id)),
        ...{ startMicros, endMicros, resolutionMicros: resolution, nowMicros: clock.utcMicros() },
      };
      const answer = await readTimeline(orm, archive.index.open, query);
      return c.json(withLastingGaps(answer, archive.gaps.current(), query.detail), 200);
    },
  );

  api.add(
    needs("archive.view"),
    {
      method: "get",
      path: "/timeline/days",
      tags,
      summary: "Days of a month with footage",
      request: {
        query: z.object({
          cameras: cameraList,
          month: z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, "YYYY-MM"),
          timeZone: z.string().max(64).default("UTC"),
        }),
      },
      responses: { 200: json(timelineDays) },
    },
    async (c) => {
      const { cameras: cameraIds, month, timeZone } = c.req.valid("query");
      if (!isTimeZone(timeZone)) {
        throw new FluxError("recording.bad_range", "this time zone is not known", { field: "timeZone" });
      }
      mayView(c.get("principal"), cameraIds);
      const days = await daysWithFootage(orm, archive.index.open, cameraIds, month, timeZone);
      return c.json({ month, timeZone, days }, 200);
    },
  );
}

/** The same answer for a camera that does not exist and one that may not be seen. */
export function mayView(principal: Principal, cameraIds: readonly string[]): void {
  if (cameraIds.every((id) => can(principal, "archive.view", id))) return;
  throw new FluxError("camera.not_found", "there is no such camera", { field: "cameras" });
}
