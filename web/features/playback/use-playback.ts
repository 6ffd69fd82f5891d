import { useCallback, useSyncExternalStore } from "react";
import { useEngineHost } from "../../app/services.ts";
import { LIVE_PLAYBACK, type PlaybackState, type TileStats } from "../../engine/worker-protocol.ts";
import { usePlaybackContext } from "./playback-context.tsx";
import type { PlaybackController } from "./playback-controller.ts";

const nothing = (): void => undefined;

/** A part of what the controller says, which is of the selected tile; renders again only when that part changes. */
export function useTransport<T>(select: (controller: PlaybackController) => T): T {
  const { controller } = usePlaybackContext();
  return useSyncExternalStore(controller.subscribe, () => select(controller));
}

/** A part of what the archive's clocks do now; renders again only when that part changes. */
export function usePlayback<T>(select: (state: PlaybackState) => T): T {
  const engine = useEngineHost()?.engine;
  const subscribe = useCallback((listener: () => void) => engine?.onPlayback(listener) ?? nothing, [engine]);
  return useSyncExternalStore(subscribe, () => select(engine?.playback() ?? LIVE_PLAYBACK));
}

/** Whether the tile shows footage: with SYNC off some tiles can be live beside others in the archive. */
export function useShowsArchive(tileId: string | undefined, stats: TileStats | undefined): boolean {
  return usePlayback(
    ({ mode, free, liveTiles }) =>
      tileId !== undefined &&
      ((mode === "archive" && !liveTiles.includes(tileId)) || free.some((tile) => tile.tileId === tileId)) &&
      // Only a tile of the archive has this field; its camera has no live state.
      (stats === undefined || "captureMicros" in stats || stats.cameraState === undefined),
  );
}
