import { Camera, Crop, Expand, Scan, Shrink, Volume2, VolumeX, X, ZoomOut } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { cn } from "../../ui/cn.ts";
import { Tooltip } from "../../ui/tooltip.tsx";
import type { TileActions } from "./use-tile-actions.ts";

interface TileToolbarProps {
  readonly actions: TileActions;
  readonly fit: "contain" | "cover";
  readonly large: boolean;
  readonly zoomed: boolean;
  readonly onResetZoom: () => void;
}

/** Appears on hover, with the keyboard focus inside, and on the selected tile of a touch screen. */
export function TileToolbar({ actions, fit, large, zoomed, onResetZoom }: TileToolbarProps): ReactNode {
  const { t } = useTranslation();
  return (
    <div className="absolute top-1 right-1 flex items-center gap-0.5 rounded-md bg-black/65 p-0.5 opacity-0 transition-opacity focus-within:opacity-100 group-hover:opacity-100 coarse:group-aria-[current=true]:opacity-100 coarse:not-group-aria-[current=true]:hidden @max-[120px]:hidden">
      {zoomed && (
        <ToolButton label={t("wall.zoomReset")} shortcut="0" onClick={onResetZoom}>
          <ZoomOut />
        </ToolButton>
      )}
      <ToolButton
        label={fit === "contain" ? t("wall.fill") : t("wall.fit")}
        shortcut="C"
        onClick={actions.toggleFit}
        small={false}
      >
        {fit === "contain" ? <Crop /> : <Scan />}
      </ToolButton>
      {actions.sound !== undefined && (
        <ToolButton
          label={actions.sound ? t("playback.soundOff") : t("wall.soundOn")}
          shortcut="U"
          onClick={actions.toggleSound}
          small={false}
        >
          {actions.sound ? <Volume2 /> : <VolumeX />}
        </ToolButton>
      )}
      <ToolButton label={t("wall.snapshot")} onClick={actions.snapshot} small={false}>
        <Camera />
      </ToolButton>
      <ToolButton
        label={large ? t("wall.backToWall") : t("wall.fullscreenTile")}
        shortcut={large ? "Esc" : "Enter"}
        onClick={actions.toggleLarge}
      >
        {large ? <Shrink /> : <Expand />}
      </ToolButton>
      {!large && (
        <ToolButton label={t("wall.removeTile")} shortcut="Del" onClick={actions.remove}>
          <X />
        </ToolButton>
      )}
    </div>
  );
}

interface ToolButtonProps {
  readonly label: string;
  readonly shortcut?: string;
  /** Kept on small tiles too. */
  readonly small?: boolean;
  readonly onClick: () => void;
  readonly children: ReactNode;
}

function ToolButton({ label, shortcut, small = true, onClick, children }: ToolButtonProps): ReactNode {
  return (
    <Tooltip label={label} shortcut={shortcut}>
      <button
        type="button"
        aria-label={label}
        tabIndex={-1}
        onClick={onClick}
        onDoubleClick={(event) => event.stopPropagation()}
        className={cn(
          "grid size-6 place-items-center rounded-sm text-white/85 hover:bg-white/20 hover:text-white coarse:size-10 [&_svg]:size-3.5 coarse:[&_svg]:size-5",
          !small && "@max-[220px]:hidden",
        )}
      >
        {children}
      </button>
    </Tooltip>
  );
}
