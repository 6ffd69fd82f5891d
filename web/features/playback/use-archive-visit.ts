import { useEffect } from "react";
import { useEngineHost } from "../../app/services.ts";

/** Without the timeline there is no way to see or change the time: the wall is live then, so nobody takes old for new. */
export function useArchiveVisit(timelineOpen: boolean): void {
  const engine = useEngineHost()?.engine;
  useEffect(() => {
    if (engine === undefined || timelineOpen) return;
    const { mode, free } = engine.playback();
    if (mode === "live" && free.length === 0) return;
    engine.command({ kind: "sync" });
    engine.command({ kind: "live" });
  }, [engine, timelineOpen]);
}
