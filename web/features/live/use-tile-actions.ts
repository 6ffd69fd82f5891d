import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { useEngineHost, useServices } from "../../app/services.ts";
import { useCameraDialogs } from "../cameras/camera-dialogs.tsx";
import { saveBlob, snapshotName } from "./save-blob.ts";
import { useWall } from "./wall-context.tsx";

export interface TileActions {
  toggleLarge(): void;
  toggleFit(): void;
  remove(): void;
  snapshot(): void;
  edit(): void;
  readonly mayEdit: boolean;
}

interface Tile {
  readonly cell: number;
  readonly cameraId: string | null;
  readonly tileId: string | undefined;
  readonly name: string;
}

export function useTileActions({ cell, cameraId, tileId, name }: Tile): TileActions {
  const { t } = useTranslation();
  const { state, dispatch, prefs, setPrefs, camerasById } = useWall();
  const dialogs = useCameraDialogs();
  const engine = useEngineHost()?.engine;
  const { clock } = useServices();
  return useMemo(
    () => ({
      mayEdit: dialogs.mayEdit,
      toggleLarge: () => {
        if (cameraId !== null) dispatch({ type: "large", cell: state.large === cell ? undefined : cell });
      },
      toggleFit: () => {
        if (cameraId === null) return;
        const others = prefs.filled.filter((id) => id !== cameraId);
        setPrefs({ filled: others.length === prefs.filled.length ? [...others, cameraId] : others });
      },
      remove: () => dispatch({ type: "clear", cell }),
      edit: () => {
        const camera = cameraId === null ? undefined : camerasById.get(cameraId);
        if (camera !== undefined) dialogs.edit(camera);
      },
      snapshot: () => {
        if (tileId === undefined || engine === undefined) return;
        void engine.snapshot(tileId, "image/png").then((blob) => {
          if (blob === undefined) {
            toast.error(t("wall.snapshotFailed"));
            return;
          }
          saveBlob(blob, snapshotName(name, new Date(clock.utcMicros() / 1000)));
          toast.success(t("wall.snapshotDone"));
        });
      },
    }),
    [
      cell,
      cameraId,
      tileId,
      name,
      state.large,
      prefs.filled,
      dispatch,
      setPrefs,
      camerasById,
      dialogs,
      engine,
      clock,
      t,
    ],
  );
}
