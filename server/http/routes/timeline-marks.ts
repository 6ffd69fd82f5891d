import { z } from "@hono/zod-openapi";
import {
  MARK_KINDS,
  markDirection,
  markKind,
  nearestMark as nearestMarkBody,
} from "../../../shared/api/timeline-marks.ts";
import { nearestMark } from "../../archive/timeline-marks.ts";
import { type Api, json, needs } from "../api.ts";
import type { AppDeps } from "../types.ts";
import { cameraList, mayView, queryMicros } from "./recordings.ts";

/** Some of the kinds there are. */
const kindList = z
  .string()
  .max(100)
  .transform((list) => [...new Set(list.split(",").filter((kind) => kind !== ""))])
  .pipe(z.array(markKind).min(1));

export function timelineMarkRoutes(api: Api, { archive, orm, clock }: AppDeps): void {
  api.add(
    needs("archive.view"),
    {
      method: "get",
      path: "/timeline/marks/nearest",
      tags: ["recordings"],
      summary: "The event, gap or bookmark of some cameras that begins next after a time, or last before it",
      request: {
        query: z.object({
          cameras: cameraList,
          fromMicros: queryMicros,
          direction: markDirection,
          /** `event`, `gap`, `bookmark`, comma-separated; default: all. */
          kinds: kindList.optional(),
        }),
      },
      responses: { 200: json(nearestMarkBody) },
    },
    async (c) => {
      const { cameras, fromMicros, direction, kinds = MARK_KINDS } = c.req.valid("query");
      mayView(c.get("principal"), cameras);
      const query = { cameraIds: [...new Set(cameras)], kinds, direction, fromMicros, nowMicros: clock.utcMicros() };
      return c.json({ mark: (await nearestMark(orm, archive.gaps.current(), query)) ?? null }, 200);
    },
  );
}
