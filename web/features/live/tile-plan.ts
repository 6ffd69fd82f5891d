import type { TileSpec } from "../../engine/worker-protocol.ts";
import { isZoomed, type View } from "./digital-zoom.ts";
import { columnRects, isInView, type Rect, tileRects } from "./layout-geometry.ts";
import { visibleCells, type WallTab } from "./layout-reducer.ts";

/** One cell of the wall as it is shown now. */
export interface PlannedTile {
  readonly cell: number;
  readonly cameraId: string | null;
  /** Stays the same while a camera moves between cells and layouts, so that its picture goes on. */
  readonly tileId: string | undefined;
  /** Device pixels, from the top left of the wall's content. */
  readonly rect: Rect;
}

export interface WallArea {
  /** Device pixels. */
  readonly width: number;
  readonly height: number;
  readonly gap: number;
  readonly column: boolean;
}

/** Which cells are shown and where: all of them, one alone, or one under the other on a phone. */
export function planTiles(tab: WallTab, large: number | undefined, area: WallArea): PlannedTile[] {
  const seen = new Map<string, number>();
  const cells = visibleCells(tab).map((cameraId, cell) => {
    if (cameraId === null) return { cell, cameraId, tileId: undefined };
    const nth = seen.get(cameraId) ?? 0;
    seen.set(cameraId, nth + 1);
    return { cell, cameraId, tileId: nth === 0 ? cameraId : `${cameraId}#${nth}` };
  });
  const alone = large === undefined ? undefined : cells[large];
  if (alone !== undefined && alone.cameraId !== null) {
    return [{ ...alone, rect: { x: 0, y: 0, width: area.width, height: area.height } }];
  }
  const shown = area.column ? cells.filter((cell) => cell.cameraId !== null) : cells;
  const rects = area.column
    ? columnRects(shown.length, area.width, area.gap)
    : tileRects(tab.kind, area.width, area.height, area.gap);
  return shown.flatMap((cell, index) => {
    const rect = rects[index];
    return rect === undefined ? [] : [{ ...cell, rect }];
  });
}

/** What the engine draws: tiles with a camera, in view, at their place on the canvas (which does not scroll). */
export function tileSpecs(
  planned: readonly PlannedTile[],
  scrollTop: number,
  height: number,
  filled: ReadonlySet<string>,
  views: Readonly<Record<string, View>>,
): TileSpec[] {
  return planned.flatMap(({ cameraId, tileId, rect }) => {
    if (cameraId === null || tileId === undefined || rect.width < 1 || rect.height < 1) return [];
    if (!isInView(rect, scrollTop, height)) return [];
    const view = views[tileId];
    return [
      {
        tileId,
        cameraId,
        ...rect,
        y: rect.y - scrollTop,
        fit: filled.has(cameraId) ? ("cover" as const) : ("contain" as const),
        ...(view !== undefined && isZoomed(view) ? { view } : {}),
      },
    ];
  });
}
