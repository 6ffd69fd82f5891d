import type { Rect } from "./layout-geometry.ts";

/** The window of the picture that a zoomed tile shows, 0..1 of the picture. Square in these units, so nothing is stretched. */
export interface View {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export const WHOLE: View = { x: 0, y: 0, width: 1, height: 1 };
export const MAX_ZOOM = 16;

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

export function isZoomed(view: View): boolean {
  return view.width < 0.999;
}

export function zoomFactor(view: View): number {
  return 1 / view.width;
}

/** Zooms by `factor` (> 1: closer) and keeps the point (`atX`, `atY`), 0..1 of what is shown, where it is. */
export function zoomAt(view: View, factor: number, atX: number, atY: number): View {
  const size = clamp(view.width / factor, 1 / MAX_ZOOM, 1);
  const pointX = view.x + view.width * clamp(atX, 0, 1);
  const pointY = view.y + view.height * clamp(atY, 0, 1);
  return {
    x: clamp(pointX - size * clamp(atX, 0, 1), 0, 1 - size),
    y: clamp(pointY - size * clamp(atY, 0, 1), 0, 1 - size),
    width: size,
    height: size,
  };
}

/** Moves the picture with the pointer by (`dx`, `dy`), 0..1 of what is shown. */
export function panBy(view: View, dx: number, dy: number): View {
  return {
    ...view,
    x: clamp(view.x - dx * view.width, 0, 1 - view.width),
    y: clamp(view.y - dy * view.height, 0, 1 - view.height),
  };
}

/** Where the picture lies in a tile, in the tile's units. `aspect` 0 (not known yet): the whole tile. */
export function pictureRect(width: number, height: number, aspect: number, fit: "contain" | "cover"): Rect {
  if (aspect <= 0 || width <= 0 || height <= 0) return { x: 0, y: 0, width, height };
  const wide = width / height > aspect;
  const byHeight = fit === "contain" ? wide : !wide;
  const pictureWidth = byHeight ? height * aspect : width;
  const pictureHeight = byHeight ? height : width / aspect;
  return { x: (width - pictureWidth) / 2, y: (height - pictureHeight) / 2, width: pictureWidth, height: pictureHeight };
}
