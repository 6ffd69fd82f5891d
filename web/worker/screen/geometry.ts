export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Placement {
  /** Where on the canvas, device pixels. */
  readonly target: Rect;
  /** Which part of the picture, 0..1. */
  readonly source: Rect;
}

const WHOLE: Rect = { x: 0, y: 0, width: 1, height: 1 };

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

/** The digital zoom window, kept within the picture; the whole picture for anything that is not a window. */
function windowOf(view: Rect | undefined): Rect {
  if (!view || !(view.width > 0) || !(view.height > 0)) return WHOLE;
  const width = clamp(view.width, 0.01, 1);
  const height = clamp(view.height, 0.01, 1);
  return { x: clamp(view.x, 0, 1 - width), y: clamp(view.y, 0, 1 - height), width, height };
}

/**
 * Fits a picture into a tile. contain: all of the window is seen, bars at two sides. cover: the tile is filled and
 * the window cropped about its middle. Targets are whole pixels, so that edges of neighbouring tiles never blend.
 */
export function place(
  tile: Rect,
  pictureWidth: number,
  pictureHeight: number,
  fit: "contain" | "cover",
  view?: Rect,
): Placement {
  const window = windowOf(view);
  const aspect = (window.width * pictureWidth) / (window.height * pictureHeight);
  const tileAspect = tile.width / tile.height;
  if (!Number.isFinite(aspect) || aspect <= 0) return { target: tile, source: window };
  if (fit === "contain") {
    const width = aspect >= tileAspect ? tile.width : Math.round(tile.height * aspect);
    const height = aspect >= tileAspect ? Math.round(tile.width / aspect) : tile.height;
    const x = tile.x + Math.floor((tile.width - width) / 2);
    const y = tile.y + Math.floor((tile.height - height) / 2);
    return { target: { x, y, width, height }, source: window };
  }
  const width = aspect >= tileAspect ? window.width * (tileAspect / aspect) : window.width;
  const height = aspect >= tileAspect ? window.height : window.height * (aspect / tileAspect);
  const x = window.x + (window.width - width) / 2;
  const y = window.y + (window.height - height) / 2;
  return { target: tile, source: { x, y, width, height } };
}

/** Cuts a placement at the edges of the canvas, source and target alike; undefined when nothing is left. */
export function clipPlacement({ target, source }: Placement, width: number, height: number): Placement | undefined {
  const left = Math.max(0, Math.round(target.x));
  const top = Math.max(0, Math.round(target.y));
  const right = Math.min(width, Math.round(target.x + target.width));
  const bottom = Math.min(height, Math.round(target.y + target.height));
  if (right <= left || bottom <= top) return undefined;
  const perX = source.width / target.width;
  const perY = source.height / target.height;
  return {
    target: { x: left, y: top, width: right - left, height: bottom - top },
    source: {
      x: source.x + (left - target.x) * perX,
      y: source.y + (top - target.y) * perY,
      width: (right - left) * perX,
      height: (bottom - top) * perY,
    },
  };
}
