import { useCallback, useRef, useSyncExternalStore } from "react";
import { useEngineHost } from "../../app/services.ts";
import { NO_STATS, type TileStats, type WallStats } from "../../engine/worker-protocol.ts";

const nothing = (): void => undefined;

/** A part of the engine's latest figures. Renders again only when that part changes by `isEqual`. */
export function useWallStats<T>(select: (stats: WallStats) => T, isEqual: (a: T, b: T) => boolean = Object.is): T {
  const engine = useEngineHost()?.engine;
  const last = useRef<{ readonly value: T } | undefined>(undefined);
  const snapshot = useCallback((): T => {
    const value = select(engine?.current() ?? NO_STATS);
    if (last.current === undefined || !isEqual(last.current.value, value)) last.current = { value };
    return last.current.value;
  }, [engine, select, isEqual]);
  const subscribe = useCallback((listener: () => void) => engine?.subscribe(listener) ?? nothing, [engine]);
  return useSyncExternalStore(subscribe, snapshot);
}

/** Equal in every field: the engine makes new objects for unchanged tiles. */
export function sameFields<T extends object>(a: T | undefined, b: T | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  const keys = Object.keys(a) as (keyof T)[];
  return keys.length === Object.keys(b).length && keys.every((key) => Object.is(a[key], b[key]));
}

export function useTileStats(tileId: string | undefined): TileStats | undefined {
  const select = useCallback((stats: WallStats) => stats.tiles.find((tile) => tile.tileId === tileId), [tileId]);
  return useWallStats(select, sameFields);
}
