import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import { useEngineHost, useServices } from "../../app/services.ts";
import type { WallEngine } from "../../engine/engine.ts";
import { activeTab } from "../live/layout-reducer.ts";
import { planTiles } from "../live/tile-plan.ts";
import { useWall } from "../live/wall-context.tsx";
import { PlaybackController } from "./playback-controller.ts";
import type { TimelineState } from "./timeline-reducer.ts";
import { createTimelineStore, type TimelineStore } from "./timeline-store.ts";

interface PlaybackValue {
  readonly engine: WallEngine;
  readonly store: TimelineStore;
  readonly controller: PlaybackController;
  /** Cameras of the layout, sorted. */
  readonly cameraIds: readonly string[];
  /** The camera of the selected tile; the first one of the layout while none is selected. */
  readonly selected: { readonly cameraId: string; readonly tileId: string; readonly name: string } | undefined;
}

const PlaybackContext = createContext<PlaybackValue | undefined>(undefined);

export function usePlaybackContext(): PlaybackValue {
  const value = useContext(PlaybackContext);
  if (value === undefined) throw new Error("PlaybackProvider is missing");
  return value;
}

/** A part of the timeline's state; renders again only when that part changes. */
export function useTimelineState<T>(select: (state: TimelineState) => T): T {
  const { store } = usePlaybackContext();
  return useSyncExternalStore(store.subscribe, () => select(store.get()));
}

/** The timeline's state and what its buttons do. Shows nothing until there is an engine. */
export function PlaybackProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const { clock } = useServices();
  const engine = useEngineHost()?.engine;
  const { state: wall, camerasById } = useWall();
  const tab = activeTab(wall);
  // Geometry of a square stands for any size: only which camera is where counts here.
  const cells = useMemo(() => planTiles(tab, undefined, { width: 1600, height: 900, gap: 4, column: false }), [tab]);
  const cameraIds = useMemo(() => {
    const shown = cells.flatMap(({ cameraId }) => (cameraId !== null && camerasById.has(cameraId) ? [cameraId] : []));
    return [...new Set(shown)].sort();
  }, [cells, camerasById]);
  const chosen = wall.large ?? wall.selected;
  const cell =
    (chosen === undefined ? undefined : cells.find((one) => one.cell === chosen && one.cameraId !== null)) ??
    cells.find((one) => one.cameraId !== null);
  const selected = useMemo(() => {
    if (cell === undefined || cell.cameraId === null || cell.tileId === undefined) return undefined;
    return { cameraId: cell.cameraId, tileId: cell.tileId, name: camerasById.get(cell.cameraId)?.name ?? "" };
  }, [cell, camerasById]);

  const tileId = useRef<string | undefined>(undefined);
  tileId.current = selected?.tileId;
  const parts = useMemo(() => {
    if (engine === undefined) return undefined;
    const store = createTimelineStore(clock.utcMicros());
    return {
      engine,
      store,
      controller: new PlaybackController({ engine, clock, store, tileId: () => tileId.current }),
    };
  }, [engine, clock]);
  useEffect(() => parts?.controller.listen(), [parts]);

  const value = useMemo(
    () => (parts === undefined ? undefined : { ...parts, cameraIds, selected }),
    [parts, cameraIds, selected],
  );
  return value === undefined ? null : <PlaybackContext value={value}>{children}</PlaybackContext>;
}
