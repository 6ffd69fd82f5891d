import type { Timeline, TimelineCamera } from "../../shared/api/recording.ts";
import type { GapFact } from "../ingest/protocol.ts";

type Gaps = TimelineCamera["gaps"];

/** Gaps that last reach until now, which the index says a little later. `cameraIds`: whose gaps are listed. */
export function withLastingGaps(
  timeline: Timeline,
  lasting: readonly GapFact[],
  cameraIds: readonly string[] | undefined,
): Timeline {
  const { startMicros, endMicros } = timeline;
  const within = lasting.filter((gap) => gap.startMicros < endMicros && gap.endMicros >= startMicros);
  if (within.length === 0) return timeline;
  const cameras = timeline.cameras.map((camera) => {
    const own = within.filter(({ cameraId }) => cameraId === camera.cameraId);
    const listed = cameraIds === undefined || cameraIds.includes(camera.cameraId);
    return own.length === 0 || !listed ? camera : { ...camera, gaps: joined(camera.gaps, own) };
  });
  return { ...timeline, cameras };
}

/** A row of the same gap, or one that was merged with it, becomes one with it. */
function joined(rows: Gaps, lasting: readonly GapFact[]): Gaps {
  let gaps = rows;
  for (const { startMicros, endMicros, reason, frames } of lasting) {
    const same = gaps.filter(
      (gap) => gap.reason === reason && gap.startMicros <= endMicros && gap.endMicros >= startMicros,
    );
    const all = [...same, { startMicros, endMicros, frames }];
    const whole = {
      startMicros: Math.min(...all.map((gap) => gap.startMicros)),
      endMicros: Math.max(...all.map((gap) => gap.endMicros)),
      frames: Math.max(...all.map((gap) => gap.frames)),
      reason,
      open: true,
    };
    gaps = [...gaps.filter((gap) => !same.includes(gap)), whole];
  }
  return [...gaps].sort((a, b) => a.startMicros - b.startMicros);
}
