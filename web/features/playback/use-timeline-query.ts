import { useMemo, useRef } from "react";
import type { Timeline } from "../../../shared/api/recording.ts";
import { useTimelineData } from "../../api/queries.ts";
import { useServices } from "../../app/services.ts";
import { usePlaybackContext, useTimelineState } from "./playback-context.tsx";
import { type TimelineWindow, windowFor } from "./viewport.ts";

export interface TimelineAnswer {
  readonly data: Timeline | undefined;
  readonly error: Error | null;
  readonly isError: boolean;
}

/**
 * What there is in and around the view; asks again only when the view has left the stretch that is loaded. The wall is
 * asked for as a whole, one by one only what happened at the selected camera: marks of sixty cameras over a month are
 * megabytes that nobody sees.
 */
export function useTimelineQuery(): TimelineAnswer {
  const { api, clock } = useServices();
  const { cameraIds, selected } = usePlaybackContext();
  const last = useRef<TimelineWindow | undefined>(undefined);
  const window = useTimelineState(({ view }) => {
    const next = windowFor(view);
    const before = last.current;
    const same = before !== undefined && before.startMicros === next.startMicros && before.endMicros === next.endMicros;
    if (!same) last.current = next;
    return same ? before : next;
  });
  const now = clock.utcMicros();
  const growing = now >= window.startMicros && now <= window.endMicros;
  const wall = useTimelineData(api, { cameraIds, detail: [], ...window }, { enabled: true, growing });
  const one = selected === undefined ? [] : [selected.cameraId];
  const own = useTimelineData(api, { cameraIds: one, ...window }, { enabled: true, growing });
  const data = useMemo(() => withDetail(wall.data, own.data), [wall.data, own.data]);
  return { data, error: wall.error ?? own.error, isError: wall.isError || own.isError };
}

/** The wall's answer with the selected camera's own in the place of its summary. */
function withDetail(wall: Timeline | undefined, own: Timeline | undefined): Timeline | undefined {
  const [camera] = own?.cameras ?? [];
  if (wall === undefined || camera === undefined) return wall;
  const cameras = wall.cameras.map((one) => (one.cameraId === camera.cameraId ? camera : one));
  return { ...wall, cameras };
}
