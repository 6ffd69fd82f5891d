import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { useEngineHost, useServices } from "../../app/services.ts";
import { useCameraDialogs } from "../cameras/camera-dialogs.tsx";
import { useLocalTime } from "../playback/use-local-time.ts";
import { burnIn } from "./burn-in.ts";
import { saveBlob, snapshotName } from "./save-blob.ts";
import { useHeardCell, useSound } from "./use-sound.ts";
import { useWall } from "./wall-context.tsx";

export interface TileActions {
  toggleLarge(): void;
  toggleFit(): void;
  remove(): void;
  snapshot(): void;
  edit(): void;
  /** How snapshots are saved; kept by the browser. */
  readonly snapshots: { readonly burn: boolean; readonly jpeg: boolean };
  toggleSnapshotBurn(): void;
  toggleSnapshotJpeg(): void;
  readonly mayEdit: boolean;
  /** Whether this tile is heard; undefined: it may not be. */
  readonly sound: boolean | undefined;
  toggleSound(): void;
}

interface Tile {
  readonly cell: number;
  readonly cameraId: string | null;
  readonly tileId: string | undefined;
  readonly name: string;
}

const mimeOf = (jpeg: boolean): "image/jpeg" | "image/png" => (jpeg ? "image/jpeg" : "image/png");

export function useTileActions({ cell, cameraId, tileId, name }: Tile): TileActions {
  const { t } = useTranslation();
  const { state, dispatch, prefs, setPrefs, camerasById } = useWall();
  const dialogs = useCameraDialogs();
  const engine = useEngineHost()?.engine;
  const { clock } = useServices();
  const time = useLocalTime();
  const { possible, set } = useSound();
  const heard = useHeardCell() === cell;
  return useMemo(
    () => ({
      sound: possible ? heard : undefined,
      toggleSound: () => {
        dispatch({ type: "select", cell });
        set(!heard);
      },
      mayEdit: dialogs.mayEdit,
      snapshots: { burn: prefs.snapshotBurn, jpeg: prefs.snapshotJpeg },
      toggleSnapshotBurn: () => setPrefs({ snapshotBurn: !prefs.snapshotBurn }),
      toggleSnapshotJpeg: () => setPrefs({ snapshotJpeg: !prefs.snapshotJpeg }),
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
        const { snapshotBurn, snapshotJpeg } = prefs;
        const take = async (): Promise<void> => {
          const now = clock.utcMicros();
          // Asked for together: what is burnt in is the time of this picture. Lossless at first: only the last encoding loses.
          const [stats, picture] = await Promise.all([
            engine.stats(),
            engine.snapshot(tileId, snapshotBurn ? "image/png" : mimeOf(snapshotJpeg)),
          ]);
          const tile = stats.tiles.find((one) => one.tileId === tileId);
          const micros = tile?.captureMicros ?? tile?.liveCaptureMicros ?? now;
          if (picture === undefined) {
            toast.error(t("wall.snapshotFailed"));
            return;
          }
          const line = `${name}  ${time.text.full(micros)}`;
          const blob = snapshotBurn ? await burnIn(picture, line, mimeOf(snapshotJpeg)) : picture;
          saveBlob(blob, snapshotName(name, new Date(micros / 1000), snapshotJpeg ? "jpg" : "png"));
          toast.success(t("wall.snapshotDone"));
        };
        take().catch(() => toast.error(t("wall.snapshotFailed")));
      },
    }),
    [
      cell,
      cameraId,
      tileId,
      name,
      state.large,
      prefs,
      dispatch,
      setPrefs,
      camerasById,
      dialogs,
      engine,
      clock,
      time,
      t,
      possible,
      heard,
      set,
    ],
  );
}
