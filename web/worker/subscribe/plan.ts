import type { TileSpec } from "../../engine/worker-protocol.ts";

/** What the server is told of a camera: device pixels of the largest tile that shows it. */
export interface Wish {
  readonly cameraId: string;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly visible: boolean;
  /** With its sound. */
  readonly audio?: boolean;
}

const MAX_PX = 32_768;
/** A zoomed tile deserves more resolution, up to this factor. */
const MAX_ZOOM = 8;

/** One wish per camera, however many tiles show it. `heardCamera`: whose sound is wanted. */
export function planWishes(
  tiles: readonly TileSpec[],
  isVisible: (tile: TileSpec) => boolean,
  heardCamera?: string,
): Map<string, Wish> {
  const wishes = new Map<string, Wish>();
  for (const tile of tiles) {
    const { cameraId, width, height, view } = tile;
    const zoom = (part: number | undefined): number => (part && part > 0 ? Math.min(MAX_ZOOM, 1 / part) : 1);
    const before = wishes.get(cameraId);
    wishes.set(cameraId, {
      cameraId,
      widthPx: Math.min(MAX_PX, Math.max(before?.widthPx ?? 0, Math.round(width * zoom(view?.width)))),
      heightPx: Math.min(MAX_PX, Math.max(before?.heightPx ?? 0, Math.round(height * zoom(view?.height)))),
      visible: width > 0 && height > 0 && isVisible(tile) ? true : (before?.visible ?? false),
      ...(cameraId === heardCamera ? { audio: true } : {}),
    });
  }
  return wishes;
}

export interface WishChanges {
  readonly subscribe: readonly Wish[];
  readonly unsubscribe: readonly string[];
}

/** What must be said so that a server that knows `said` knows `wanted`. */
export function diffWishes(said: ReadonlyMap<string, Wish>, wanted: ReadonlyMap<string, Wish>): WishChanges {
  const same = (a: Wish | undefined, b: Wish): boolean =>
    a?.widthPx === b.widthPx && a.heightPx === b.heightPx && a.visible === b.visible && a.audio === b.audio;
  return {
    subscribe: [...wanted.values()].filter((wish) => !same(said.get(wish.cameraId), wish)),
    unsubscribe: [...said.keys()].filter((cameraId) => !wanted.has(cameraId)),
  };
}
