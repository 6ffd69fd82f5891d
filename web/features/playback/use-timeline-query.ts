import type { UseQueryResult } from "@tanstack/react-query";
import { useRef } from "react";
import type { Timeline } from "../../../shared/api/recording.ts";
import { useTimelineData } from "../../api/queries.ts";
import { useServices } from "../../app/services.ts";
import { usePlaybackContext, useTimelineState } from "./playback-context.tsx";
import { type TimelineWindow, windowFor } from "./viewport.ts";

/** What there is in and around the view; asks again only when the view has left the stretch that is loaded. */
export function useTimelineQuery(): UseQueryResult<Timeline> {
  const { api, clock } = useServices();
  const { cameraIds } = usePlaybackContext();
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
  return useTimelineData(api, { cameraIds, ...window }, { enabled: true, growing });
}
