import { useEffect, useState } from "react";
import { useCan } from "../../app/permissions.ts";
import { usePlaybackContext } from "./playback-context.tsx";

export interface SoundChoice {
  /** Whether the user may hear cameras at all. */
  readonly possible: boolean;
  readonly on: boolean;
  toggle(): void;
}

/** Sound of the selected camera in the archive: off until somebody wants it, and of one camera at a time. */
export function useSound(): SoundChoice {
  const { engine, selected } = usePlaybackContext();
  const possible = useCan()("audio.hear");
  const [on, setOn] = useState(false);
  const tileId = possible && on ? selected?.tileId : undefined;
  useEffect(() => {
    if (tileId === undefined) return;
    engine.command({ kind: "hear", tileId });
    return () => engine.command({ kind: "hear" });
  }, [engine, tileId]);
  return { possible, on, toggle: () => setOn((before) => !before) };
}
