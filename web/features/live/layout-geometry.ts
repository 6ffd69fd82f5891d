import type { Layout } from "../../../shared/api/schemas.ts";

/** Where each cell of a layout lies. Pure: numbers in, numbers out. */

export type LayoutKind = Layout["kind"];
export type Direction = "left" | "right" | "up" | "down";

export interface GridCell {
  readonly column: number;
  readonly row: number;
  readonly span: number;
}

export interface LayoutGrid {
  readonly columns: number;
  readonly rows: number;
  /** Cell 0 is the large one where there is one. */
  readonly cells: readonly GridCell[];
}

/** Device pixels, whole numbers. */
export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Space between tiles, CSS pixels. */
export const TILE_GAP = 4;

function uniform(side: number): LayoutGrid {
  const cells = Array.from({ length: side * side }, (_, index) => ({
    column: index % side,
    row: Math.floor(index / side),
    span: 1,
  }));
  return { columns: side, rows: side, cells };
}

/** One large cell; the rest of the square in reading order. */
function withLarge(side: number, large: GridCell): LayoutGrid {
  const inLarge = (cell: GridCell): boolean =>
    cell.column >= large.column &&
    cell.column < large.column + large.span &&
    cell.row >= large.row &&
    cell.row < large.row + large.span;
  return { columns: side, rows: side, cells: [large, ...uniform(side).cells.filter((cell) => !inLarge(cell))] };
}

/** In the order of the picker. Adding a kind to the API without a grid here does not compile. */
export const LAYOUT_GRIDS: { readonly [K in LayoutKind]: LayoutGrid } = {
  "1": uniform(1),
  "2x2": uniform(2),
  "3x3": uniform(3),
  "4x4": uniform(4),
  "5x5": uniform(5),
  "6x6": uniform(6),
  "8x8": uniform(8),
  "1+5": withLarge(3, { column: 0, row: 0, span: 2 }),
  "1+7": withLarge(4, { column: 0, row: 0, span: 3 }),
  "1+12": withLarge(4, { column: 1, row: 1, span: 2 }),
};

export const LAYOUT_KINDS = Object.keys(LAYOUT_GRIDS) as LayoutKind[];

export function isLayoutKind(value: unknown): value is LayoutKind {
  return typeof value === "string" && Object.hasOwn(LAYOUT_GRIDS, value);
}

export function cellCount(kind: LayoutKind): number {
  return LAYOUT_GRIDS[kind].cells.length;
}

/** The smallest even grid that shows `cameras` at once; 8x8 beyond that. */
export function kindFor(cameras: number): LayoutKind {
  const even: LayoutKind[] = ["1", "2x2", "3x3", "4x4", "5x5", "6x6", "8x8"];
  return even.find((kind) => cellCount(kind) >= cameras) ?? "8x8";
}

/**
 * Tiles over an area of `width` x `height` device pixels with `gap` between them. Columns differ by at most one pixel,
 * and neighbours share exact edges, however the area divides.
 */
export function tileRects(kind: LayoutKind, width: number, height: number, gap: number): Rect[] {
  const { columns, rows, cells } = LAYOUT_GRIDS[kind];
  const edge = (size: number, count: number, index: number): number => Math.round(((size + gap) * index) / count);
  return cells.map(({ column, row, span }) => {
    const x = edge(width, columns, column);
    const y = edge(height, rows, row);
    return {
      x,
      y,
      width: Math.max(0, edge(width, columns, column + span) - gap - x),
      height: Math.max(0, edge(height, rows, row + span) - gap - y),
    };
  });
}

/** One column of 16:9 tiles, for a phone. `y` counts from the top of the column, not of the screen. */
export function columnRects(count: number, width: number, gap: number): Rect[] {
  const height = Math.round((width * 9) / 16);
  return Array.from({ length: count }, (_, index) => ({ x: 0, y: index * (height + gap), width, height }));
}

export function columnHeight(count: number, width: number, gap: number): number {
  return count === 0 ? 0 : count * (Math.round((width * 9) / 16) + gap) - gap;
}

/** Whether any part of `rect`, moved up by `scrollTop`, lies in a viewport of `height`. */
export function isInView(rect: Rect, scrollTop: number, height: number): boolean {
  return rect.y + rect.height > scrollTop && rect.y < scrollTop + height;
}

/** The tile that an arrow key reaches from `index`; `index` itself at the edge. */
export function neighbour(rects: readonly Rect[], index: number, direction: Direction): number {
  const from = rects[index];
  if (from === undefined) return rects.length > 0 ? 0 : index;
  const middle = (rect: Rect) => ({ x: rect.x + rect.width / 2, y: rect.y + rect.height / 2 });
  const start = middle(from);
  let best = index;
  let bestScore = Number.POSITIVE_INFINITY;
  for (const [candidate, rect] of rects.entries()) {
    if (candidate === index) continue;
    const beyond = {
      left: from.x - (rect.x + rect.width),
      right: rect.x - (from.x + from.width),
      up: from.y - (rect.y + rect.height),
      down: rect.y - (from.y + from.height),
    }[direction];
    if (beyond < 0) continue;
    const to = middle(rect);
    const aside = direction === "left" || direction === "right" ? Math.abs(to.y - start.y) : Math.abs(to.x - start.x);
    const score = beyond + aside * 2;
    if (score < bestScore) {
      best = candidate;
      bestScore = score;
    }
  }
  return best;
}
