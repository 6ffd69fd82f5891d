import { useDraggable, useDroppable } from "@dnd-kit/core";
import { Plus, Volume2, VolumeOff } from "lucide-react";
import { type CSSProperties, type MouseEvent, memo, type ReactNode, useCallback, useRef } from "react";
import { useTranslation } from "react-i18next";
import { cn } from "../../ui/cn.ts";
import { RightClickMenu } from "../../ui/menu.tsx";
import { ArchiveFrame, ArchiveMark } from "../playback/archive-mark.tsx";
import { useShowsArchive } from "../playback/use-playback.ts";
import { isZoomed, pictureRect, type View, WHOLE, zoomFactor } from "./digital-zoom.ts";
import type { DragItem } from "./drag-and-drop.ts";
import { TileMenuItems } from "./tile-menu.tsx";
import { TileReasonView } from "./tile-reason.tsx";
import { TileStatistics } from "./tile-statistics.tsx";
import { TileToolbar } from "./tile-toolbar.tsx";
import { useTileActions } from "./use-tile-actions.ts";
import { useTileStats } from "./use-wall-stats.ts";
import { useZoomGestures } from "./use-zoom-gestures.ts";
import { useWall } from "./wall-context.tsx";

interface TileProps {
  readonly cell: number;
  readonly cameraId: string | null;
  readonly tileId: string | undefined;
  /** CSS pixels. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly view: View | undefined;
  readonly large: boolean;
  readonly scrolls: boolean;
  readonly bare: boolean;
  readonly onView: (tileId: string, view: View) => void;
}

/** What lies over one tile of the canvas: name, state, reason, figures and controls. The picture is never in the DOM. */
export const TileOverlay = memo(function TileOverlay(props: TileProps): ReactNode {
  const { cell, cameraId, tileId, x, y, width, height, view = WHOLE, large, scrolls, bare, onView } = props;
  const { t } = useTranslation();
  const { state, dispatch, prefs, camerasById, cameras } = useWall();
  const stats = useTileStats(tileId);
  const archive = useShowsArchive(tileId, stats) && cameraId !== null;
  const camera = cameraId === null ? undefined : camerasById.get(cameraId);
  const gone = cameraId !== null && camera === undefined && cameras.isSuccess;
  const name = camera?.name ?? (gone ? t("tile.removedCamera") : "");
  const fit = cameraId !== null && prefs.filled.includes(cameraId) ? "cover" : "contain";
  const selected = state.selected === cell;
  const zoomed = isZoomed(view);
  const actions = useTileActions({ cell, cameraId, tileId, name });

  const element = useRef<HTMLDivElement | null>(null);
  const aspect = stats !== undefined && stats.height > 0 ? stats.width / stats.height : 0;
  const picture = pictureRect(width, height, aspect, fit);
  const setView = useCallback((next: View) => tileId !== undefined && onView(tileId, next), [tileId, onView]);
  const gestures = useZoomGestures(element, {
    view,
    picture,
    enabled: tileId !== undefined && stats?.state === "live",
    onView: setView,
    onDoubleTap: actions.toggleLarge,
  });

  const item: DragItem = { type: "tile", cell, cameraId: cameraId ?? "", name };
  const drop = useDroppable({ id: `cell-${cell}`, data: { cell, cameraId } });
  const drag = useDraggable({ id: `tile-${cell}`, data: item, disabled: cameraId === null || zoomed || large });
  const setElement = useCallback(
    (node: HTMLDivElement | null) => {
      element.current = node;
      drop.setNodeRef(node);
      drag.setNodeRef(node);
    },
    [drop.setNodeRef, drag.setNodeRef],
  );

  const dragged = drop.active?.data.current as DragItem | undefined;
  const refused = dragged !== undefined && dragged.type === "camera" && dragged.cameraId === cameraId;
  const style: CSSProperties = {
    // Not a transform: drag and drop measures boxes without their transforms.
    left: x,
    top: y,
    width,
    height,
    touchAction: scrolls && !zoomed ? "pan-y" : "none",
  };
  const onDoubleClick = (event: MouseEvent): void => {
    if (!gestures.wasTouch() && cameraId !== null && event.button === 0) actions.toggleLarge();
  };

  const tile = (
    <div
      {...drag.listeners}
      ref={setElement}
      role="group"
      aria-label={
        cameraId === null ? t("wall.emptyTile", { number: cell + 1 }) : t("wall.region", { number: cell + 1, name })
      }
      aria-describedby={drag.attributes["aria-describedby"]}
      aria-current={selected}
      tabIndex={selected || (state.selected === undefined && cell === 0) ? 0 : -1}
      data-tile={cell}
      style={style}
      onPointerDownCapture={() => dispatch({ type: "select", cell })}
      onFocus={() => dispatch({ type: "select", cell })}
      onDoubleClick={onDoubleClick}
      className={cn(
        "group @container absolute overflow-hidden outline-none",
        cameraId === null && "bg-panel",
        drag.isDragging && "opacity-50",
      )}
    >
      {cameraId === null ? (
        <EmptyTile hint={scrolls ? t("wall.emptyHintTouch") : t("wall.emptyHint")} bare={bare} />
      ) : (
        <>
          <TileReasonView stats={stats} gone={gone} camera={camera} />
          {/* Bottom left: the corner that cameras leave free when they burn in their clock and name. */}
          <div className="pointer-events-none absolute inset-x-0 bottom-0 flex h-10 items-end gap-1.5 bg-linear-to-t from-black/60 to-transparent px-2 pb-1 @max-[110px]:px-1">
            {stats?.recording && !archive && (
              <span
                role="img"
                aria-label={t("wall.recording")}
                title={t("wall.recording")}
                className="mb-1.5 size-2 shrink-0 rounded-full bg-record"
              />
            )}
            {archive && <ArchiveMark captureMicros={stats?.captureMicros} />}
            <span className="on-video min-w-0 truncate font-medium text-white text-xs leading-5">{name}</span>
            {actions.sound && <SoundMark none={!archive && stats?.sound === false} />}
            {zoomed && (
              <span className="on-video nums mb-0.5 shrink-0 rounded-sm bg-accent-strong px-1 text-2xs text-white">
                {t("wall.zoom", { factor: zoomFactor(view).toFixed(1) })}
              </span>
            )}
          </div>
          {prefs.statistics && stats?.state === "live" && <TileStatistics stats={stats} />}
          {!bare && (
            <TileToolbar actions={actions} fit={fit} large={large} zoomed={zoomed} onResetZoom={() => setView(WHOLE)} />
          )}
        </>
      )}
      {archive && <ArchiveFrame />}
      <div
        aria-hidden="true"
        className={cn(
          "pointer-events-none absolute inset-0",
          selected && !bare && !large && "ring-2 ring-accent ring-inset",
          "group-focus-visible:ring-2 group-focus-visible:ring-accent group-focus-visible:ring-inset",
          drop.isOver && !refused && "bg-ok/20 ring-2 ring-ok ring-inset",
          drop.isOver && refused && "bg-danger/25 ring-2 ring-danger ring-inset",
        )}
      />
    </div>
  );

  return (
    <RightClickMenu trigger={tile} disabled={cameraId === null || bare}>
      <TileMenuItems
        actions={actions}
        camera={camera}
        fit={fit}
        large={large}
        zoomed={zoomed}
        onResetZoom={() => setView(WHOLE)}
      />
    </RightClickMenu>
  );
});

/** This tile is the one that is heard. */
function SoundMark({ none }: { readonly none: boolean }): ReactNode {
  const { t } = useTranslation();
  const label = none ? t("wall.soundNone") : t("wall.soundOn");
  const Icon = none ? VolumeOff : Volume2;
  return (
    <span role="img" aria-label={label} title={label} className="on-video mb-0.5 shrink-0 text-white [&_svg]:size-4">
      <Icon aria-hidden="true" />
    </span>
  );
}

function EmptyTile({ hint, bare }: { readonly hint: string; readonly bare: boolean }): ReactNode {
  if (bare) return null;
  return (
    <div className="pointer-events-none flex size-full flex-col items-center justify-center gap-1 p-2 text-center text-fg-muted">
      <Plus className="size-4 opacity-60" aria-hidden="true" />
      <span className="text-xs opacity-0 transition-opacity group-hover:opacity-100 group-aria-[current=true]:opacity-100 @max-[150px]:hidden">
        {hint}
      </span>
    </div>
  );
}
