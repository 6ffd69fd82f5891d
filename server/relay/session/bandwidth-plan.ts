/** Pure: shares a viewer's bandwidth among its tiles. */

export interface PlanTile {
  readonly cameraId: string;
  /** Size as `tilePixels`: the smaller, the less important. */
  readonly px: number;
  /** The rung that the tile's size deserves. */
  readonly desired: number;
  /** Granted by the last plan; undefined for a new tile. */
  readonly granted: number | undefined;
  /** kbit/s per rung, index 0 to `desired`. */
  readonly kbpsByRung: readonly number[];
}

/** A plan that steps up must leave this share free, else a tile would go up and down with every bitrate change. */
const STEP_UP_SHARE = 0.85;

/**
 * Rung per camera, none above `desired`. Over the budget it steps down tile by tile: where most is saved per pixel of
 * importance first. Steps up only with `mayStepUp`, and only as far as 85 % of the budget reaches. When even keyframes
 * of every tile exceed the budget it grants keyframes: the transport's back-pressure decides the rest.
 */
export function planBandwidth(tiles: readonly PlanTile[], budgetKbps: number, mayStepUp: boolean): Map<string, number> {
  const hold = fitBudget(tiles, budgetKbps);
  const up = mayStepUp ? fitBudget(tiles, budgetKbps * STEP_UP_SHARE) : undefined;
  const plan = new Map<string, number>();
  for (const [index, tile] of tiles.entries()) {
    const held = hold[index] ?? 0;
    if (tile.granted === undefined || tile.granted >= held) plan.set(tile.cameraId, held);
    else plan.set(tile.cameraId, Math.max(tile.granted, up?.[index] ?? 0));
  }
  return plan;
}

function fitBudget(tiles: readonly PlanTile[], budgetKbps: number): number[] {
  const rungs = tiles.map((tile) => tile.desired);
  let total = tiles.reduce((sum, tile, index) => sum + kbpsAt(tile, rungs[index] ?? 0), 0);
  while (total > budgetKbps) {
    let best = -1;
    let bestScore = 0;
    let bestRung = 0;
    for (const [index, tile] of tiles.entries()) {
      const rung = rungs[index] ?? 0;
      const lower = nextCheaper(tile, rung);
      if (lower === undefined) continue;
      const score = (kbpsAt(tile, rung) - kbpsAt(tile, lower)) / Math.max(1, tile.px);
      if (score > bestScore) {
        best = index;
        bestScore = score;
        bestRung = lower;
      }
    }
    const chosen = tiles[best];
    if (!chosen) break;
    total -= kbpsAt(chosen, rungs[best] ?? 0) - kbpsAt(chosen, bestRung);
    rungs[best] = bestRung;
  }
  return rungs;
}

/** The highest lower rung that saves anything: a stream without disposable frames costs the same at several rungs. */
function nextCheaper(tile: PlanTile, rung: number): number | undefined {
  const now = kbpsAt(tile, rung);
  for (let lower = rung - 1; lower >= 0; lower--) {
    if (kbpsAt(tile, lower) < now) return lower;
  }
  return undefined;
}

function kbpsAt(tile: PlanTile, rung: number): number {
  return tile.kbpsByRung[rung] ?? 0;
}
