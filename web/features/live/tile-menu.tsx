import {
  Camera as CameraIcon,
  Crop,
  Expand,
  FileImage,
  Pencil,
  Scan,
  Shrink,
  Stamp,
  Volume2,
  X,
  ZoomOut,
} from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Camera } from "../../../shared/api/schemas.ts";
import { MenuItem, MenuLabel, MenuSeparator } from "../../ui/menu.tsx";
import { ManualRecordingItem } from "../recording/manual-recording.tsx";
import type { TileActions } from "./use-tile-actions.ts";

interface TileMenuProps {
  readonly actions: TileActions;
  readonly camera: Camera | undefined;
  readonly fit: "contain" | "cover";
  readonly large: boolean;
  readonly zoomed: boolean;
  readonly onResetZoom: () => void;
}

export function TileMenuItems({ actions, camera, fit, large, zoomed, onResetZoom }: TileMenuProps): ReactNode {
  const { t } = useTranslation();
  return (
    <>
      {camera !== undefined && <MenuLabel>{camera.name}</MenuLabel>}
      <MenuItem
        icon={large ? <Shrink /> : <Expand />}
        shortcut={large ? "Esc" : "Enter"}
        onSelect={actions.toggleLarge}
      >
        {large ? t("wall.backToWall") : t("wall.fullscreenTile")}
      </MenuItem>
      <MenuItem icon={fit === "contain" ? <Crop /> : <Scan />} shortcut="C" onSelect={actions.toggleFit}>
        {fit === "contain" ? t("wall.fill") : t("wall.fit")}
      </MenuItem>
      <MenuItem icon={<ZoomOut />} shortcut="0" disabled={!zoomed} onSelect={onResetZoom}>
        {t("wall.zoomReset")}
      </MenuItem>
      {actions.sound !== undefined && (
        <MenuItem icon={<Volume2 />} shortcut="U" checked={actions.sound} onSelect={actions.toggleSound}>
          {t("wall.soundOn")}
        </MenuItem>
      )}
      <MenuItem icon={<CameraIcon />} onSelect={actions.snapshot}>
        {t("wall.snapshot")}
      </MenuItem>
      <MenuItem icon={<Stamp />} checked={actions.snapshots.burn} onSelect={actions.toggleSnapshotBurn}>
        {t("wall.snapshotBurn")}
      </MenuItem>
      <MenuItem icon={<FileImage />} checked={actions.snapshots.jpeg} onSelect={actions.toggleSnapshotJpeg}>
        {t("wall.snapshotJpeg")}
      </MenuItem>
      {camera !== undefined && <ManualRecordingItem cameraId={camera.id} />}
      <MenuSeparator />
      {actions.mayEdit && camera !== undefined && (
        <MenuItem icon={<Pencil />} onSelect={actions.edit}>
          {t("wall.editCamera")}
        </MenuItem>
      )}
      <MenuItem icon={<X />} shortcut="Del" onSelect={actions.remove}>
        {t("wall.removeTile")}
      </MenuItem>
    </>
  );
}
