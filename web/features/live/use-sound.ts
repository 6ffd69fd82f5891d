import { useEffect } from "react";
import { useCan } from "../../app/permissions.ts";
import { useEngineHost } from "../../app/services.ts";
import { activeTab } from "./layout-reducer.ts";
import { planTiles } from "./tile-plan.ts";
import { useWall } from "./wall-context.tsx";

export interface SoundChoice {
  /** Whether the user may hear cameras at all. */
  readonly possible: boolean;
  readonly on: boolean;
  toggle(): void;
  set(on: boolean): void;
}

/** Sound of the selected tile, live or recorded: off until somebody wants it, and of one camera at a time. */
export function useSound(): SoundChoice {
  const { sound, setSound } = useWall();
  const possible = useCan()("audio.hear");
  return { possible, on: possible && sound, toggle: () => setSound(!sound), set: setSound };
}

/** The tile that is heard; undefined: silence. */
export function useHeardCell(): number | undefined {
  const { state } = useWall();
  const { on } = useSound();
  return on ? (state.large ?? state.selected) : undefined;
}

/** Tells the engine whose sound is wanted, for as long as the wall is there. */
export function useHearing(): void {
  const engine = useEngineHost()?.engine;
  const { state } = useWall();
  const cell = useHeardCell();
  // Geometry of a square stands for any size: only which camera is where counts here.
  const tiles = planTiles(activeTab(state), undefined, { width: 1600, height: 900, gap: 4, column: false });
  const tileId = cell === undefined ? undefined : tiles[cell]?.tileId;
  useEffect(() => {
    if (engine === undefined || tileId === undefined) return;
    engine.command({ kind: "hear", tileId });
    return () => engine.command({ kind: "hear" });
  }, [engine, tileId]);
}
