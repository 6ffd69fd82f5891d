import { useCallback, useSyncExternalStore } from "react";
import { useEngineHost } from "../../app/services.ts";
import type { PlaybackState, TileStats } from "../../engine/worker-protocol.ts";

const LIVE: PlaybackState = {
  mode: "live",
  positionMicros: undefined,
  rate: 1,
  buffering: false,
  loop: undefined,
  free: [],
};
const nothing = (): void => undefined;

/** A part of what the archive's clock does now; renders again only when that part changes. */
export function usePlayback<T>(select: (state: PlaybackState) => T): T {
  const engine = useEngineHost()?.engine;
  const subscribe = useCallback((listener: () => void) => engine?.onPlayback(listener) ?? nothing, [engine]);
  return useSyncExternalStore(subscribe, () => select(engine?.playback() ?? LIVE));
}

/** Whether the tile shows footage: with SYNC off some tiles can be live beside others in the archive. */
export function useShowsArchive(tileId: string | undefined, stats: TileStats | undefined): boolean {
  return usePlayback(
    ({ mode, free }) =>
      (mode === "archive" || free.some((tile) => tile.tileId === tileId)) &&
      // Only a tile of the archive has this field; its camera has no live state.
      (stats === undefined || "captureMicros" in stats || stats.cameraState === undefined),
  );
}
